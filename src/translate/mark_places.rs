//! Puts the marks of an answer right where an engine has moved them by a little: white space beside them that is lost, and letters
//! that have moved into an index (`CO<sub>2</sub>`).

use super::glossary::has_spaces;
use crate::model::{Lang, Marked, Piece};

/// The most characters of an index. Longer ones are numbers, which each language writes in its way.
const MOST_INDEX: usize = 2;

/// Returns the answer in the language `to` with its marks put right, as they stand in the source. Returns nothing if an index holds
/// other digits than in the source.
pub fn put_marks_right(source: &Marked, answer: &Marked, to: &Lang) -> Option<Marked> {
    let answer = put_indices_right(source, answer)?;
    Some(if has_spaces(to) { add_lost_spaces(source, &answer) } else { answer })
}

/// The sides of a mark, as they show in the text beside it. Marks without text between them stand in one place.
#[derive(Clone, Copy)]
struct Sides {
    before: Option<char>,
    after: Option<char>,
}

impl Sides {
    fn of(pieces: &[Piece], at: usize) -> Self {
        let text = |piece: &Piece| if let Piece::Text(text) = piece { Some(text.clone()) } else { None };
        let before = pieces[..at].iter().rev().find_map(text);
        let after = pieces[at + 1..].iter().find_map(text);
        Self { before: before.and_then(|text| text.chars().next_back()), after: after.and_then(|text| text.chars().next()) }
    }
}

/// Adds a space where the source has one beside a mark, and the answer runs on.
fn add_lost_spaces(source: &Marked, answer: &Marked) -> Marked {
    let is_space = |c: Option<char>| c.is_some_and(char::is_whitespace);
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let own = |mark: &Piece| source.pieces().iter().position(|piece| piece == mark).map(|at| Sides::of(source.pieces(), at));
    let pieces = answer.pieces();
    let mut out = Vec::with_capacity(pieces.len());
    for (at, piece) in pieces.iter().enumerate() {
        let (here, own) = (Sides::of(pieces, at), own(piece));
        let (before, after) = match (piece, own) {
            (Piece::Text(_), _) | (_, None) => (false, false),
            // An image or code is a word of its own.
            (Piece::Single(_), Some(own)) => (
                is_space(own.before) && is_word(here.before) && stands_beside_text(pieces, at, -1),
                is_space(own.after) && is_word(here.after) && stands_beside_text(pieces, at, 1),
            ),
            (mark, Some(own)) => {
                let is_lost = (is_space(own.before) || is_space(own.after)) && is_word(here.before) && is_word(here.after);
                (is_lost && matches!(mark, Piece::Open(_)), is_lost && matches!(mark, Piece::Close(_)))
            }
        };
        out.extend(before.then(|| Piece::Text(" ".to_owned())));
        out.push(piece.clone());
        out.extend(after.then(|| Piece::Text(" ".to_owned())));
    }
    Marked::new(out)
}

/// Returns true if the piece right beside a mark, on one side, is text: of several marks in one place one gets the space.
fn stands_beside_text(pieces: &[Piece], at: usize, side: isize) -> bool {
    at.checked_add_signed(side).and_then(|beside| pieces.get(beside)).is_some_and(|piece| matches!(piece, Piece::Text(_)))
}

/// Moves letters out of the pairs that hold no letter in the source. Returns nothing if such a pair holds something else.
fn put_indices_right(source: &Marked, answer: &Marked) -> Option<Marked> {
    let mut pieces = answer.pieces().to_vec();
    for (number, index) in indices(source) {
        let Some(at) = pieces.iter().position(|piece| *piece == Piece::Open(number)) else { continue };
        let [Piece::Open(_), Piece::Text(inside), Piece::Close(_)] = pieces.get(at..at + 3)? else { return None };
        if inside.trim() == index.trim() {
            continue;
        }
        let (before, after) = inside.split_once(index.trim())?;
        let is_index = |beside: &str| !beside.contains(|c: char| c.is_ascii_digit());
        if !is_index(before) || !is_index(after) {
            return None;
        }
        let (before, after) = (before.to_owned(), after.to_owned());
        let moved = [Piece::Text(before), Piece::Open(number), Piece::Text(index), Piece::Close(number), Piece::Text(after)];
        pieces.splice(at..at + 3, moved);
    }
    Some(Marked::new(pieces))
}

/// Returns the pairs that hold digits and no letter, with their text.
fn indices(source: &Marked) -> Vec<(u16, String)> {
    let found = source.pieces().windows(3).filter_map(|pieces| match pieces {
        [Piece::Open(number), Piece::Text(text), Piece::Close(_)] => Some((*number, text.clone())),
        _ => None,
    });
    let is_index = |text: &str| text.contains(|c: char| c.is_ascii_digit()) && !text.contains(char::is_alphabetic);
    found.filter(|(_, text)| is_index(text) && text.chars().count() <= MOST_INDEX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(tagged: &str) -> Marked {
        Marked::from_tagged(tagged).expect("well-formed")
    }

    fn lang(tag: &str) -> Lang {
        Lang::new(tag).expect("a tag")
    }

    fn right(source: &str, answer: &str) -> Option<String> {
        put_marks_right(&read(source), &read(answer), &lang("ca")).map(|text| text.to_tagged())
    }

    #[test]
    fn lost_space_beside_a_mark_is_added() {
        for (source, answer, expected) in [
            ("Appuyer sur <x1/> puis", "Press <x1/>then", "Press <x1/> then"),
            ("Le fichier <x1/> est là", "The file<x1/>is there", "The file <x1/> is there"),
            ("le <x1>plan</x1> du stade", "the<x1>plan</x1>of the stadium", "the <x1>plan</x1> of the stadium"),
            ("le <x1>plan </x1>du stade", "the <x1>plan</x1>of it", "the <x1>plan</x1> of it"),
            ("le <x1>stade</x1> là", "l'<x1>estadi</x1> aquí", "l'<x1>estadi</x1> aquí"),
            ("l'<x1>arc</x1>-en-ciel", "l'<x1>arc</x1> de Sant", "l'<x1>arc</x1> de Sant"),
            ("un<x1/>deux", "one<x1/>two", "one<x1/>two"),
            ("dit <x1/>, non", "says <x1/>, no", "says <x1/>, no"),
        ] {
            assert_eq!(right(source, answer).as_deref(), Some(expected), "{answer}");
        }
        assert_eq!(put_marks_right(&read("le <x1/> mot"), &read("词<x1/>词"), &lang("zh")), Some(read("词<x1/>词")));
    }

    #[test]
    fn letters_move_out_of_an_index() {
        assert_eq!(right("de CO<x1>2</x1> ici", "of <x1>CO2</x1> here").as_deref(), Some("of CO<x1>2</x1> here"));
        assert_eq!(right("de CO<x1>2</x1>", "of CO<x1>3</x1>"), None);
        assert_eq!(right("de CO<x1>2 </x1>ici", "of CO<x1>2 </x1>here").as_deref(), Some("of CO<x1>2 </x1>here"));
        assert_eq!(right("un <x1>mot</x1>", "a <x1>word</x1>").as_deref(), Some("a <x1>word</x1>"));
    }

    proptest! {
        #[test]
        fn source_is_right_for_itself(text in "([a-z2]{0,3}(<x1>|</x1>|<x2/>| |é)?){0,8}") {
            let text = read(&text);
            prop_assume!(text.is_well_nested() && text.marks().windows(2).all(|pair| pair[0] != pair[1]));
            if let Some(same) = put_marks_right(&text, &text, &lang("en")) {
                prop_assert_eq!(same, text);
            }
        }
    }
}
