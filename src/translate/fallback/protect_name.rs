//! For a text in which an engine has altered a name: the name becomes a protected term, and the text is sent again. An engine
//! that makes `Boscos` of `Woods` cannot do so with a word that it does not see.

use std::collections::BTreeSet;

use crate::model::{Marked, Piece};
use crate::translate::engine::{Outgoing, Term};

/// Replaces the altered name `was` with a mark, together with the capitalised words right beside it: all of `Tiger Woods` for
/// `Woods`. Returns nothing if the text does not hold it, or only as the first word of a sentence, which has its capital for that
/// and is to be translated.
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
        while let Some((from, to)) = find_name(line, done, was, begins && done == 0) {
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

/// The forms in which a text may be sent while some of its names are protected.
pub struct NameVariants {
    /// The number of names that can be protected.
    pub names: usize,
    /// A text that no variant costs more than: it has a mark for each name beside the name.
    pub longest: Outgoing,
    /// A text that no variant costs less than: it has no names.
    pub shortest: Outgoing,
}

/// Returns the variants of a text, for an estimate of their cost; nothing if no name can be protected.
pub fn name_variants(text: &Outgoing) -> Option<NameVariants> {
    let texts = || text.text.pieces().iter().filter_map(|piece| if let Piece::Text(line) = piece { Some(line) } else { None });
    let words = texts().flat_map(|line| word_ranges(line, 0).into_iter().map(|(from, to)| &line[from..to]));
    let names: BTreeSet<&str> = words.filter(|word| has_capital(word)).collect();
    let own = text.terms.len();
    let protected: Vec<Outgoing> = names.iter().filter_map(|name| protect_name(text, name)).collect();
    if protected.is_empty() {
        return None;
    }
    let (mut pieces, mut terms) = (text.text.pieces().to_vec(), text.terms.clone());
    let first = protected.iter().flat_map(|variant| &variant.terms[own..]).map(|term| term.mark).min()?;
    for (mark, term) in (first..).zip(protected.iter().flat_map(|variant| &variant.terms[own..])) {
        pieces.push(Piece::Single(mark));
        terms.push(Term { mark, ..term.clone() });
    }
    let shortest = text.text.pieces().iter().map(|piece| match piece {
        Piece::Text(line) => Piece::Text(without_names(line)),
        mark => mark.clone(),
    });
    Some(NameVariants {
        names: protected.len(),
        longest: Outgoing { text: Marked::new(pieces), terms, ..text.clone() },
        shortest: Outgoing { text: Marked::new(shortest), ..text.clone() },
    })
}

/// Returns a line without its words with capitals, and without what may join them to one name.
fn without_names(line: &str) -> String {
    let names: Vec<_> = word_ranges(line, 0).into_iter().filter(|(from, to)| has_capital(&line[*from..*to])).collect();
    let is_kept = |(at, c): &(usize, char)| !is_joint(*c) && !names.iter().any(|(from, to)| (*from..*to).contains(at));
    line.char_indices().filter(is_kept).map(|(_, c)| c).collect()
}

/// Returns true for what stands between the words of a name.
fn is_joint(c: char) -> bool {
    matches!(c, ' ' | '-' | '\u{a0}' | '\u{202f}')
}

/// Finds the next name in `line` that `was` is a part of, from byte `from` on. `begins` tells that a sentence begins there.
fn find_name(line: &str, from: usize, was: &str, begins: bool) -> Option<(usize, usize)> {
    let words = word_ranges(line, from);
    let mut at = 0;
    while let Some(place) = words[at..].iter().position(|(start, end)| &line[*start..*end] == was).map(|place| place + at) {
        let is_beside = |one: usize, other: usize| {
            let between = &line[words[one].1..words[other].0];
            let mut letters = between.chars();
            letters.next().is_some_and(is_joint)
                && letters.next().is_none()
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

/// Returns the words of a line from byte `from` on, as byte ranges.
fn word_ranges(line: &str, from: usize) -> Vec<(usize, usize)> {
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
    use proptest::prelude::*;

    use super::*;
    use crate::model::SegmentKind;
    use crate::translate::SegmentContext;

    fn protect(tagged: &str, was: &str) -> Option<(String, Vec<String>)> {
        let text = Marked::from_tagged(tagged).expect("a text");
        let terms = Vec::new();
        let text = Outgoing { text, terms, kind: SegmentKind::Paragraph, context: SegmentContext::default() };
        protect_name(&text, was)
            .map(|protected| (protected.text.to_tagged(), protected.terms.into_iter().map(|term| term.target).collect()))
    }

    #[test]
    fn altered_name_is_protected_with_the_capitalised_words_beside_it() {
        let (text, terms) = protect("Hier, Tiger Woods a joué avec <x1>Torrey Pines</x1>.", "Woods").expect("held");
        assert_eq!((text.as_str(), terms), ("Hier, <x2/> a joué avec <x1>Torrey Pines</x1>.", vec!["Tiger Woods".to_owned()]));
        let (text, terms) = protect("L'hôtel Trafalgar Square, puis Square.", "Square").expect("held");
        assert_eq!((text.as_str(), terms.len()), ("L'hôtel <x1/>, puis <x2/>.", 2));
        assert_eq!(protect("Épinay-sur-Orge attend.", "Orge").expect("held").0, "Épinay-sur-<x1/> attend.");
        assert_eq!(protect("Jean-Olivier Pain est là.", "Pain").expect("held").0, "<x1/> est là.");
    }

    #[test]
    fn first_word_of_a_sentence_is_no_name() {
        assert_eq!(protect("Poulet au citron.", "Poulet"), None);
        assert_eq!(protect("Fini. Poulet au citron.", "Poulet"), None);
        assert_eq!(protect("<x1>Poulet</x1> au citron.", "Poulet"), None);
        assert_eq!(protect("Un plat.", "Woods"), None);
        assert_eq!(protect("Un Woodstock.", "Woods"), None);
        assert!(protect("Poulet Yassa au citron.", "Poulet").is_some());
    }

    fn outgoing(tagged: &str) -> Outgoing {
        let text = Marked::from_tagged(tagged).expect("a text");
        Outgoing { text, terms: Vec::new(), kind: SegmentKind::Paragraph, context: SegmentContext::default() }
    }

    #[test]
    fn names_are_counted_as_often_as_they_can_be_protected_one_after_the_other() {
        let names = |tagged| name_variants(&outgoing(tagged)).map(|variants| variants.names);
        assert_eq!(names("Poulet au citron."), None);
        assert_eq!(names("Hier, Tiger Woods a battu Rory."), Some(3));
    }

    proptest! {
        #[test]
        fn no_variant_is_longer_than_the_longest_or_shorter_than_the_shortest(text in "([A-Z]?[a-z]{1,4}[ .-]{1,2}){1,8}") {
            let text = outgoing(&text);
            let Some(variants) = name_variants(&text) else { return Ok(()) };
            let length = |text: &Outgoing| text.text.to_tagged().len();
            let (least, most) = (length(&variants.shortest), length(&variants.longest));
            let plain = text.text.plain();
            let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| has_capital(word));
            let mut sent = text.clone();
            for word in words {
                sent = protect_name(&sent, word).unwrap_or(sent);
                prop_assert!(least <= length(&sent) && length(&sent) <= most, "{}", sent.text.to_tagged());
            }
        }
    }
}
