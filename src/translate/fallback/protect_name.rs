//! The second chance of a text in which an engine has altered a name: the name is held back, as a term that stands for itself,
//! and the text is asked for again. An engine that makes `Boscos` of `Woods` will not do so with a word that it does not see.

use crate::model::{Marked, Piece};
use crate::translate::engine::{Outgoing, Term};

/// A text whose altered name `was` is a mark, together with the words with capitals right beside it: of `Woods` all of
/// `Tiger Woods`. Nothing where the text does not hold it, or where it is but the first word of a sentence, which has its
/// capital for that and is to be translated.
pub fn protect_name(text: &Outgoing, was: &str) -> Option<Outgoing> {
    let used = text.text.pieces().iter().map(|piece| match piece {
        Piece::Text(_) => 0,
        Piece::Open(number) | Piece::Close(number) | Piece::Single(number) => *number,
    });
    let mut next = used.max().unwrap_or(0).checked_add(1)?;
    let (mut pieces, mut terms, mut begins) = (Vec::new(), text.terms.clone(), true);
    for piece in text.text.pieces() {
        let Piece::Text(line) = piece else {
            begins &= !matches!(piece, Piece::Single(_));
            pieces.push(piece.clone());
            continue;
        };
        let mut done = 0;
        while let Some((from, to)) = name_in(line, done, was, begins && done == 0) {
            pieces.push(Piece::Text(line[done..from].to_owned()));
            pieces.push(Piece::Single(next));
            terms.push(Term { mark: next, source: line[from..to].to_owned(), target: line[from..to].to_owned() });
            next = next.checked_add(1)?;
            done = to;
        }
        pieces.push(Piece::Text(line[done..].to_owned()));
        begins &= line.trim().is_empty();
    }
    (terms.len() > text.terms.len()).then(|| Outgoing { text: Marked::new(pieces), terms, ..text.clone() })
}

/// Where the next name stands in `line` that `was` is a part of, looked for from a place on. `begins` tells that a sentence does
/// there.
fn name_in(line: &str, from: usize, was: &str, begins: bool) -> Option<(usize, usize)> {
    let words = words(line, from);
    let mut at = 0;
    while let Some(place) = words[at..].iter().position(|(start, end)| &line[*start..*end] == was).map(|place| place + at) {
        let is_beside = |one: usize, other: usize| {
            let between = &line[words[one].1..words[other].0];
            matches!(between, " " | "-" | "\u{a0}" | "\u{202f}")
                && has_capital(&line[words[one].0..words[one].1])
                && has_capital(&line[words[other].0..words[other].1])
        };
        let (mut first, mut last) = (place, place);
        while first > 0 && is_beside(first - 1, first) {
            first -= 1;
        }
        while last + 1 < words.len() && is_beside(last, last + 1) {
            last += 1;
        }
        let before = line[..words[first].0].trim_end();
        let is_first =
            if before.is_empty() { begins && from == 0 } else { before.ends_with(['.', '!', '?', ':', '…', '«', '“', '"']) };
        if !is_first || last > first {
            return Some((words[first].0, words[last].1));
        }
        at = place + 1;
    }
    None
}

/// The words of a line from a place on.
fn words(line: &str, from: usize) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in line.char_indices().filter(|(at, _)| *at >= from).chain([(line.len(), ' ')]) {
        match (start, c.is_alphanumeric()) {
            (None, true) => start = Some(at),
            (Some(begun), false) => {
                words.push((begun, at));
                start = None;
            }
            _ => {}
        }
    }
    words
}

fn has_capital(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SegmentKind;
    use crate::translate::Context;

    fn holding(tagged: &str, was: &str) -> Option<(String, Vec<String>)> {
        let text = Marked::from_tagged(tagged).expect("a text");
        let terms = Vec::new();
        let text = Outgoing { text, terms, kind: SegmentKind::Paragraph, context: Context::default() };
        protect_name(&text, was).map(|held| (held.text.to_tagged(), held.terms.into_iter().map(|term| term.target).collect()))
    }

    #[test]
    fn a_name_is_held_with_what_belongs_to_it() {
        let (text, terms) = holding("Hier, Tiger Woods a joué avec <x1>Torrey Pines</x1>.", "Woods").expect("held");
        assert_eq!((text.as_str(), terms), ("Hier, <x2/> a joué avec <x1>Torrey Pines</x1>.", vec!["Tiger Woods".to_owned()]));
        let (text, terms) = holding("L'hôtel Trafalgar Square, puis Square.", "Square").expect("held");
        assert_eq!((text.as_str(), terms.len()), ("L'hôtel <x1/>, puis <x2/>.", 2));
        assert_eq!(holding("Épinay-sur-Orge attend.", "Orge").expect("held").0, "Épinay-sur-<x1/> attend.");
        assert_eq!(holding("Jean-Olivier Pain est là.", "Pain").expect("held").0, "<x1/> est là.");
    }

    #[test]
    fn the_first_word_of_a_sentence_is_no_name_by_that() {
        assert_eq!(holding("Poulet au citron.", "Poulet"), None);
        assert_eq!(holding("Fini. Poulet au citron.", "Poulet"), None);
        assert_eq!(holding("<x1>Poulet</x1> au citron.", "Poulet"), None);
        assert_eq!(holding("Un plat.", "Woods"), None);
        assert_eq!(holding("Un Woodstock.", "Woods"), None);
        assert!(holding("Poulet Yassa au citron.", "Poulet").is_some());
    }
}
