//! What is taken off an answer before it is verified, because it is safe to: white space, and quotation marks around the whole.

use crate::model::{Marked, Piece};

/// An answer without white space at its ends that the source had not, and without a pair of quotation marks around the whole of
/// it, which models like to add.
pub fn tidied(source: &Marked, answer: &Marked) -> Marked {
    const PAIRS: [(char, char); 5] = [('"', '"'), ('“', '”'), ('«', '»'), ('„', '“'), ('`', '`')];
    let text = source.plain();
    let own = text.trim();
    let mut pieces = answer.pieces().to_vec();
    trim(&mut pieces, &text);
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
    Marked::new(pieces)
}

/// Takes white space off the ends, where `like` has none.
fn trim(pieces: &mut [Piece], like: &str) {
    if let Some(Piece::Text(first)) = pieces.first_mut().filter(|_| !like.starts_with(char::is_whitespace)) {
        *first = first.trim_start().to_owned();
    }
    if let Some(Piece::Text(last)) = pieces.last_mut().filter(|_| !like.ends_with(char::is_whitespace)) {
        *last = last.trim_end().to_owned();
    }
}
