//! Removes from an answer, before it is verified, what is safe to remove: white space, quotation marks around the whole, and the notes
//! of rule-based engines before words.

mod debris;
mod ending;
mod quotes;
mod spaces;

pub(super) use debris::has_reference;

use crate::model::{Marked, Piece};

/// The notes of Apertium, and of engines that use it, before a word that it does not know (`*`) or could translate but not inflect
/// (`#`): the word is the best it has. (`@` marks a word that was not translated: the checks refuse that.)
const NOTES: [char; 2] = ['*', '#'];

/// Removes white space at the ends that the source does not have, notes before words, and a pair of quotation marks around the whole,
/// which models like to add; debris of Markdown and escapes. White space beside marks is put back, and so are a lost quotation mark and
/// a lost full stop.
pub fn tidy(source: &Marked, answer: &Marked) -> Marked {
    const PAIRS: [(char, char); 5] = [('"', '"'), ('“', '”'), ('«', '»'), ('„', '“'), ('`', '`')];
    let text = source.plain();
    let own = text.trim();
    let mut pieces = answer.pieces().to_vec();
    for (place, piece) in pieces.iter_mut().enumerate() {
        if let Piece::Text(line) = piece {
            *line = debris::remove_debris(line, &text, place == 0);
        }
    }
    trim(&mut pieces, &text);
    for note in NOTES.into_iter().filter(|note| !text.contains(*note)) {
        for piece in &mut pieces {
            match piece {
                Piece::Text(line) if line.contains(note) => *line = remove_note(line, note),
                _ => {}
            }
        }
    }
    let plain = Marked::new(pieces.iter().cloned()).plain();
    for (open, close) in PAIRS {
        let quoted = plain.chars().count() > 1 && plain.starts_with(open) && plain.ends_with(close);
        let inside = plain.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).unwrap_or("");
        let had = own.starts_with(['"', '“', '«', '„', '`', '”']) || own.ends_with(['"', '”', '»', '“', '`', '«']);
        let (Some(Piece::Text(_)), Some(Piece::Text(_))) = (pieces.first(), pieces.last()) else { continue };
        if quoted && !had && !inside.contains([open, close]) {
            if let Some(Piece::Text(first)) = pieces.first_mut() {
                first.remove(0);
            }
            if let Some(Piece::Text(last)) = pieces.last_mut() {
                last.pop();
            }
            trim(&mut pieces, own);
        }
    }
    quotes::mend_quotes(&text, &mut pieces);
    ending::restore_stop(&text, &mut pieces);
    Marked::new(spaces::restore_spaces(source, &pieces))
}

/// Removes a note that stands before words.
fn remove_note(line: &str, note: char) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let begins = !out.ends_with(|before: char| before.is_alphanumeric() || before == note);
        if c != note || !begins || !chars.peek().is_some_and(|next| next.is_alphabetic()) {
            out.push(c);
        }
    }
    out
}

/// Removes white space at the ends where `like` has none.
fn trim(pieces: &mut [Piece], like: &str) {
    if let Some(Piece::Text(first)) = pieces.first_mut().filter(|_| !like.starts_with(char::is_whitespace)) {
        *first = first.trim_start().to_owned();
    }
    if let Some(Piece::Text(last)) = pieces.last_mut().filter(|_| !like.ends_with(char::is_whitespace)) {
        *last = last.trim_end().to_owned();
    }
}
