//! For a text in which an engine has altered a name: the name becomes a protected term, and the text is sent again. An engine
//! that makes `Boscos` of `Woods` cannot do so with a word that it does not see.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::{Marked, Piece};
use crate::translate::capitalised::{CapitalisedRun, has_capital, is_joint, word_ranges};
use crate::translate::engine::{Outgoing, Term};

/// Replaces the altered name `was` with a mark, together with the words of the person's name that it is a part of: all of
/// `Tiger Woods` for `Woods`. Returns nothing if the text does not hold it, or if neither its place nor another one, in this text
/// or in those around it, shows that it is a person's name: a common noun is translated, whatever its capital.
pub fn protect_name(text: &Outgoing, was: &str) -> Option<Outgoing> {
    let mut next = next_mark(text)?;
    let is_known = is_named_elsewhere(text, was);
    let (mut pieces, mut terms, mut begins) = (Vec::new(), text.terms.clone(), true);
    for piece in text.text.pieces() {
        let Piece::Text(line) = piece else {
            begins &= !matches!(piece, Piece::Single(_));
            pieces.push(piece.clone());
            continue;
        };
        let mut done = 0;
        for name in find_names(line, was, begins, is_known) {
            pieces.push(Piece::Text(line[done..name.start].to_owned()));
            pieces.push(Piece::Single(next));
            let source = line[name.clone()].to_owned();
            terms.push(Term { mark: next, source: source.clone(), target: source, is_held: true });
            next = next.checked_add(1)?;
            done = name.end;
        }
        pieces.push(Piece::Text(line[done..].to_owned()));
        begins &= line.trim().is_empty();
    }
    (terms.len() > text.terms.len()).then(|| Outgoing { text: Marked::new(pieces), terms, ..text.clone() })
}

/// Returns the first number that no mark of a text has.
fn next_mark(text: &Outgoing) -> Option<u16> {
    let used = text.text.pieces().iter().map(|piece| match piece {
        Piece::Text(_) => 0,
        Piece::Open(number) | Piece::Close(number) | Piece::Single(number) => *number,
    });
    used.max().unwrap_or(0).checked_add(1)
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
    let words = texts().flat_map(|line| word_ranges(line).into_iter().map(|word| &line[word]));
    let names: BTreeSet<&str> = words.filter(|word| has_capital(word)).collect();
    let own = text.terms.len();
    let protected: Vec<Outgoing> = names.iter().filter_map(|name| protect_name(text, name)).collect();
    // Those of the list that an answer has altered are held back together.
    let listed: Vec<&Term> = text.terms.iter().filter(|term| term.is_name() && !term.is_held).collect();
    if protected.is_empty() && listed.is_empty() {
        return None;
    }
    let (mut pieces, mut terms) = (text.text.pieces().to_vec(), text.terms.clone());
    let held = protected.iter().flat_map(|variant| &variant.terms[own..]).chain(listed.iter().copied());
    for (mark, term) in (next_mark(text)?..).zip(held) {
        pieces.push(Piece::Single(mark));
        terms.push(Term { mark, is_held: true, ..term.clone() });
    }
    let shortest = text.text.pieces().iter().filter_map(|piece| match piece {
        Piece::Text(line) => Some(Piece::Text(without_names(line))),
        Piece::Single(mark) if listed.iter().any(|term| term.mark == *mark) => None,
        mark => Some(mark.clone()),
    });
    Some(NameVariants {
        names: protected.len() + usize::from(!listed.is_empty()),
        longest: Outgoing { text: Marked::new(pieces), terms, ..text.clone() },
        shortest: Outgoing { text: Marked::new(shortest), ..text.clone() },
    })
}

/// Returns a line without its words with capitals, and without what may join them to one name.
fn without_names(line: &str) -> String {
    let names: Vec<_> = word_ranges(line).into_iter().filter(|word| has_capital(&line[word.clone()])).collect();
    let is_kept = |(at, c): &(usize, char)| !is_joint(*c) && !names.iter().any(|word| word.contains(at));
    line.char_indices().filter(is_kept).map(|(_, c)| c).collect()
}

/// Finds the names in `line` that `was` is a part of. `begins` tells that a sentence begins there; `is_known` that a single word is
/// known to be a person's name.
fn find_names(line: &str, was: &str, begins: bool, is_known: bool) -> Vec<Range<usize>> {
    let mut names: Vec<Range<usize>> = Vec::new();
    for word in word_ranges(line).into_iter().filter(|word| &line[word.clone()] == was) {
        let Some(run) = CapitalisedRun::around(line, word.start, begins, None) else { continue };
        let alone = (is_known && !run.is_determined_at(word.start)).then(|| word.clone());
        let name = run.person(word.start).or(alone);
        names.extend(name.filter(|name| names.last().is_none_or(|last| last.end <= name.start)));
    }
    names
}

/// Returns true if `was` is a part of a person's name in a text or in those around it.
fn is_named_elsewhere(text: &Outgoing, was: &str) -> bool {
    let context = &text.context;
    let around = [&context.title, &context.before, &context.after].into_iter().flatten().map(|line| &**line);
    let own =
        text.text.pieces().iter().filter_map(|piece| if let Piece::Text(line) = piece { Some(line.as_str()) } else { None });
    own.chain(around).any(|line| !find_names(line, was, true, false).is_empty())
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
        assert_eq!(protect("Jean-Olivier Pain est là.", "Pain").expect("held").0, "<x1/> est là.");
    }

    #[test]
    fn common_noun_with_a_capital_is_not_held_back() {
        assert_eq!(protect("Poulet au citron.", "Poulet"), None);
        assert_eq!(protect("Fini. Poulet au citron.", "Poulet"), None);
        assert_eq!(protect("<x1>Poulet</x1> au citron.", "Poulet"), None);
        assert_eq!(protect("Un plat.", "Woods"), None);
        assert_eq!(protect("Un Woodstock.", "Woods"), None);
        assert_eq!(protect("Poulet Yassa au citron.", "Poulet"), None);
        assert_eq!(protect("La Gauche demande un débat.", "Gauche"), None);
        assert_eq!(protect("Les Jeunes Agriculteurs bloquent la route.", "Agriculteurs"), None);
        assert_eq!(protect("En Semaine olympique.", "Semaine"), None);
    }

    #[test]
    fn single_name_is_held_back_if_a_text_around_names_the_person() {
        let mut text = outgoing("Hier, Woods a gagné.");
        assert!(protect_name(&text, "Woods").is_none());
        text.context.title = Some("Le golfeur Tiger Woods gagne".into());
        assert_eq!(protect_name(&text, "Woods").expect("held").text.to_tagged(), "Hier, <x1/> a gagné.");
    }

    fn outgoing(tagged: &str) -> Outgoing {
        let text = Marked::from_tagged(tagged).expect("a text");
        Outgoing { text, terms: Vec::new(), kind: SegmentKind::Paragraph, context: SegmentContext::default() }
    }

    #[test]
    fn names_are_counted_as_often_as_they_can_be_protected_one_after_the_other() {
        let names = |tagged| name_variants(&outgoing(tagged)).map(|variants| variants.names);
        assert_eq!(names("Poulet au citron."), None);
        assert_eq!(names("Hier, Tiger Woods a battu Rory."), Some(2));
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
