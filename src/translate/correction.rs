//! The words of a person, fitted to the marks of the segment that they translate. Nothing of the words is ever lost by it.

use crate::model::{Marked, Piece};

/// A translation by a person whose marks fit its segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FittedCorrection {
    /// The translation.
    pub text: Marked,
    /// The marks of the segment that it leaves out: that markup will be missing.
    pub lost: Vec<u16>,
    /// True if marks that it did not have were put in.
    pub has_placed: bool,
}

/// Reads a text as people write it: `<x1>`, `</x1>` and `<x2/>` are marks where `source` has them, and everything else stands for
/// itself, other angle brackets and ampersands too.
pub fn read_written(source: &Marked, written: &str) -> Marked {
    let marks = source.marks();
    let (mut pieces, mut rest) = (Vec::new(), written);
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').map(|end| at + end + 1);
        let mark = end.and_then(|end| Marked::from_tagged(&rest[at..end])).and_then(|mark| match mark.pieces() {
            [piece] if !matches!(piece, Piece::Text(_)) => Some(piece.clone()),
            _ => None,
        });
        match (mark, end) {
            (Some(mark), Some(end)) if marks.contains(&mark) => {
                pieces.extend([Piece::Text(rest[..at].to_owned()), mark]);
                rest = &rest[end..];
            }
            _ => {
                pieces.push(Piece::Text(rest[..=at].to_owned()));
                rest = &rest[at + 1..];
            }
        }
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Marked::new(pieces).normalised()
}

/// Fits a translation by a person to its segment. Marks that the segment does not have, that stand twice or cross others are taken
/// out. Missing ones are put in where their place is beyond doubt: around a text that both have once, around the whole, at an end.
pub fn fit_marks(source: &Marked, written: &Marked) -> FittedCorrection {
    let mut text = take_out_faulty(source, &written.clone().shaped_like(source));
    let mut has_placed = false;
    for mark in missing(source, &text) {
        if let Some(placed) = place(source, &text, &mark).filter(Marked::is_well_nested) {
            (text, has_placed) = (placed, true);
        }
    }
    let lost = missing(source, &text).iter().filter_map(number).collect();
    FittedCorrection { text: text.normalised(), lost, has_placed }
}

/// Returns the number of a mark that begins something.
fn number(mark: &Piece) -> Option<u16> {
    match mark {
        Piece::Open(number) | Piece::Single(number) => Some(*number),
        Piece::Text(_) | Piece::Close(_) => None,
    }
}

/// Returns the pairs and single marks of the source that a text does not have, in the order of the source.
fn missing(source: &Marked, text: &Marked) -> Vec<Piece> {
    let is_missing = |mark: &&Piece| number(mark).is_some() && !text.pieces().contains(mark);
    source.pieces().iter().filter(is_missing).cloned().collect()
}

fn take_out_faulty(source: &Marked, text: &Marked) -> Marked {
    let own = source.marks();
    let is_once = |mark: &Piece| text.pieces().iter().filter(|piece| *piece == mark).count() == 1;
    let is_fit = |mark: &Piece| match mark {
        Piece::Text(_) => true,
        Piece::Open(n) | Piece::Close(n) => {
            [Piece::Open(*n), Piece::Close(*n)].iter().all(|mark| own.contains(mark) && is_once(mark))
        }
        Piece::Single(_) => own.contains(mark) && is_once(mark),
    };
    let mut fit: Vec<Piece> = text.pieces().iter().filter(|piece| is_fit(piece)).cloned().collect();
    // Of pairs that cross each other, or that end before they begin, the first one goes, until none does.
    while let Some(crossed) = first_crossed(&fit) {
        fit.retain(|piece| !matches!(piece, Piece::Open(n) | Piece::Close(n) if *n == crossed));
    }
    Marked::new(fit)
}

fn first_crossed(pieces: &[Piece]) -> Option<u16> {
    let mut open = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Open(n) => open.push(*n),
            Piece::Close(n) if open.pop() != Some(*n) => return Some(*n),
            _ => {}
        }
    }
    open.pop()
}

/// Puts a missing mark into a text; nothing if its place is in doubt.
fn place(source: &Marked, text: &Marked, mark: &Piece) -> Option<Marked> {
    let at = source.pieces().iter().position(|piece| piece == mark)?;
    match mark {
        Piece::Single(_) => {
            let has_text =
                |pieces: &[Piece]| pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if !text.trim().is_empty()));
            let (before, after) = (has_text(&source.pieces()[..at]), has_text(&source.pieces()[at + 1..]));
            let mut pieces = text.pieces().to_vec();
            match (before, after) {
                (false, _) => pieces.insert(0, mark.clone()),
                (true, false) => pieces.push(mark.clone()),
                (true, true) => return None,
            }
            Some(Marked::new(pieces))
        }
        Piece::Open(n) => {
            let close = source.pieces().iter().position(|piece| *piece == Piece::Close(*n))?;
            let inside = Marked::new(source.pieces().get(at + 1..close)?.to_vec()).plain();
            if inside.trim() == source.plain().trim() {
                let around = [vec![Piece::Open(*n)], text.pieces().to_vec(), vec![Piece::Close(*n)]];
                return Some(Marked::new(around.concat()));
            }
            wrap(text, inside.trim(), *n)
        }
        Piece::Text(_) | Piece::Close(_) => None,
    }
}

/// Puts a pair around words that stand in a text once, as whole words.
fn wrap(text: &Marked, words: &str, number: u16) -> Option<Marked> {
    if words.is_empty() || text.plain().matches(words).count() != 1 {
        return None;
    }
    let holds = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains(words));
    let at = text.pieces().iter().position(holds)?;
    let Piece::Text(around) = &text.pieces()[at] else { return None };
    let (before, after) = around.split_once(words)?;
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    if is_letter(before.chars().next_back()) || is_letter(after.chars().next()) {
        return None;
    }
    let wrapped = [
        Piece::Text(before.to_owned()),
        Piece::Open(number),
        Piece::Text(words.to_owned()),
        Piece::Close(number),
        Piece::Text(after.to_owned()),
    ];
    let mut pieces = text.pieces().to_vec();
    pieces.splice(at..=at, wrapped);
    Some(Marked::new(pieces))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(tagged: &str) -> Marked {
        Marked::from_tagged(tagged).expect("well-formed")
    }

    fn fit(source: &str, written: &str) -> (String, Vec<u16>) {
        let source = read(source);
        let fitted = fit_marks(&source, &read_written(&source, written));
        (fitted.text.to_tagged(), fitted.lost)
    }

    #[test]
    fn only_marks_of_the_source_are_read_as_marks() {
        let source = read("Le <x1>CIO</x1><x2/>");
        let written = read_written(&source, "a < b & <x1>IOC</x1> <x3>c</x3> <b>d</b> &amp; <x2/> <x1/>");
        assert_eq!(written.plain(), "a < b & IOC <x3>c</x3> <b>d</b> &amp;  <x1/>");
        assert_eq!(written.marks(), source.marks());
    }

    #[test]
    fn missing_mark_is_put_where_its_place_is_beyond_doubt() {
        for (source, written, fitted, lost) in [
            ("<x1>Le CIO a voté.</x1>", "The IOC voted.", "<x1>The IOC voted.</x1>", vec![]),
            ("Par <x1>Léon Marchand</x1>.", "By Léon Marchand.", "By <x1>Léon Marchand</x1>.", vec![]),
            ("<x1/> Le stade", "The stadium", "<x1/>The stadium", vec![]),
            ("Le stade <x1/>", "The stadium", "The stadium<x1/>", vec![]),
            ("Le <x1>texte</x1> du CIO.", "The text of the IOC.", "The text of the IOC.", vec![1]),
            ("Le <x1>or</x1> de Dorval", "Gold or silver, or Dorval", "Gold or silver, or Dorval", vec![1]),
            ("Le <x1>or</x1> ici", "Victory here", "Victory here", vec![1]),
            ("Un<x1/>deux", "One two", "One two", vec![1]),
        ] {
            assert_eq!(fit(source, written), (fitted.to_owned(), lost), "{written}");
        }
    }

    #[test]
    fn doubled_and_crossed_marks_are_taken_out() {
        assert_eq!(fit("a <x1>b</x1>", "A <x1>B</x1> <x1>C</x1>"), ("A B C".to_owned(), vec![1]));
        assert_eq!(fit("<x1>a</x1> <x2>b</x2>", "<x1>A <x2>B</x1></x2>"), ("A <x2>B</x2>".to_owned(), vec![1]));
    }

    proptest! {
        #[test]
        fn no_word_of_a_person_is_lost_and_the_marks_always_fit(
            source in "([a-c ]{0,3}(<x1>|</x1>|<x2>|</x2>|<x3/>)?){0,6}",
            written in "([a-c <&]{0,3}(<x1>|</x1>|<x2>|</x2>|<x3/>|<x4>)?){0,8}",
        ) {
            let source = read(&source);
            prop_assume!(source.is_well_nested() && source.marks().windows(2).all(|pair| pair[0] != pair[1]));
            let read = read_written(&source, &written);
            let fitted = fit_marks(&source, &read);
            let letters = |text: &Marked| text.plain().replace(' ', "");
            prop_assert_eq!(letters(&fitted.text), letters(&read));
            prop_assert!(fitted.text.is_well_nested());
            prop_assert!(fitted.text.marks().iter().all(|mark| source.marks().contains(mark)));
            prop_assert!(fitted.text.marks().windows(2).all(|pair| pair[0] != pair[1]));
        }
    }
}
