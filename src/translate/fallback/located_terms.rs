//! The second chance of terms that an engine calls otherwise, for engines that are sent them as words: the same text is sent with a
//! pair of marks around each, so that the answer shows what became of them. They are replaced if nothing else has changed.

use crate::model::{Lang, Marked, Piece};
use crate::translate::engine::Outgoing;
use crate::translate::glossary::can_replace;

/// Returns the text with a pair of marks around each of these terms, which are given by their marks. The others stay as they are.
pub fn locate_terms(text: &Outgoing, marks: &[u16]) -> Outgoing {
    let (located, terms): (Vec<_>, Vec<_>) = text.terms.iter().cloned().partition(|term| marks.contains(&term.mark));
    let pieces = text.text.pieces().iter().flat_map(|piece| {
        let term = if let Piece::Single(mark) = piece { located.iter().find(|term| term.mark == *mark) } else { None };
        match term {
            Some(term) => vec![Piece::Open(term.mark), Piece::Text(term.source.clone()), Piece::Close(term.mark)],
            None => vec![piece.clone()],
        }
    });
    Outgoing { text: Marked::new(pieces), terms, ..text.clone() }
}

/// Returns `answer`, an answer to [`locate_terms`], with a single mark in the place of each term that can stand there, and without
/// the other pairs. Returns nothing if its words are not those of `first`, the answer to the text as it was: then the marks have
/// changed the sentence.
pub fn read_located(first: &Marked, answer: &Marked, text: &Outgoing, marks: &[u16], to: &Lang) -> Option<Marked> {
    let words = |text: &Marked| {
        let plain = text.plain().to_lowercase();
        let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    if words(first) != words(answer) {
        return None;
    }
    let mut pieces = answer.pieces().to_vec();
    for term in text.terms.iter().filter(|term| marks.contains(&term.mark)) {
        let at = pieces.iter().position(|piece| *piece == Piece::Open(term.mark))?;
        let end = pieces.iter().position(|piece| *piece == Piece::Close(term.mark)).filter(|end| *end > at)?;
        let was = plain(&pieces[at + 1..end]);
        // A mark that has moved into the phrase tells of it by a space: `L'estadi <x1> olímpic</x1>`.
        let is_whole =
            !was.is_empty() && was.trim() == was && pieces[at + 1..end].iter().all(|piece| matches!(piece, Piece::Text(_)));
        let (before, after) = (plain(&pieces[..at]), plain(&pieces[end + 1..]));
        if is_whole && (term.is_name() || can_replace(&before, &was, &after, &term.target, to)) {
            pieces.splice(at..=end, [Piece::Single(term.mark)]);
        } else {
            pieces.remove(end);
            pieces.remove(at);
        }
    }
    Some(Marked::new(pieces))
}

fn plain(pieces: &[Piece]) -> String {
    Marked::new(pieces.iter().cloned()).plain()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SegmentKind;
    use crate::translate::{SegmentContext, Term};

    fn read(tagged: &str) -> Marked {
        Marked::from_tagged(tagged).expect("well-formed")
    }

    fn outgoing() -> Outgoing {
        let term = |mark, source: &str, target: &str| Term {
            mark,
            source: source.to_owned(),
            target: target.to_owned(),
            is_held: false,
        };
        Outgoing {
            text: read("Le <x2/> du <x1><x3/></x1> ouvre."),
            terms: vec![term(2, "village olympique", "villa olímpica"), term(3, "CIO", "COI")],
            kind: SegmentKind::Paragraph,
            context: SegmentContext::default(),
        }
    }

    fn located(first: &str, answer: &str) -> Option<String> {
        let to = Lang::new("es").expect("a tag");
        read_located(&read(first), &read(answer), &outgoing(), &[2], &to).map(|text| text.to_tagged())
    }

    #[test]
    fn terms_are_sent_inside_pairs_of_marks() {
        let sent = locate_terms(&outgoing(), &[2]);
        assert_eq!(sent.text.to_tagged(), "Le <x2>village olympique</x2> du <x1><x3/></x1> ouvre.");
        assert_eq!(sent.terms.len(), 1);
    }

    #[test]
    fn term_is_placed_where_the_answer_is_the_first_one_but_for_marks() {
        for (first, answer, expected) in [
            (
                "El pueblo olímpico del <x1>COI</x1> abre.",
                "El <x2>pueblo olímpico</x2> del <x1>COI</x1> abre.",
                Some("El <x2/> del <x1>COI</x1> abre."),
            ),
            ("El pueblo olímpico abre.", "Abrir el <x2>pueblo olímpico</x2>.", None),
            ("El pueblo olímpico abre.", "El pueblo olímpico abre.", None),
            ("El pueblo olímpico abre.", "El pueblo<x2> olímpico</x2> abre.", Some("El pueblo olímpico abre.")),
            (
                "El pueblo olímpico está abierto.",
                "El <x2>pueblo olímpico</x2> está abierto.",
                Some("El pueblo olímpico está abierto."),
            ),
        ] {
            assert_eq!(located(first, answer).as_deref(), expected, "{answer}");
        }
    }
}
