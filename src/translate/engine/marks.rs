//! How marks travel. Which shape an engine keeps best was measured where that was possible (each client says so).

use super::types::{Outgoing, Term};
use crate::model::{Marked, Piece, Usage};

/// Why an answer with other markup than ours is no translation.
const FOREIGN: &str = "it holds markup that was not in the text";

/// Reads an answer in the canonical form. What it does not know as a mark is no text either.
pub(super) fn read_tagged(answer: &str, source: &Marked) -> Result<Marked, String> {
    Ok(shaped(Marked::from_tagged(answer).ok_or(FOREIGN)?, source))
}

/// Marks between characters that are not escaped, for engines that know no markup.
pub(super) fn raw(text: &Marked) -> String {
    text.pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            mark => Marked::new([mark.clone()]).to_tagged(),
        })
        .collect()
}

/// Reads what [`raw`] wrote: a `<` that begins no mark is a character. A text that has something like a mark in itself gets
/// one too many here, which the checks find.
pub(super) fn read_raw(answer: &str, source: &Marked) -> Marked {
    let mut pieces = Vec::new();
    let mut rest = answer;
    while let Some(at) = rest.find('<') {
        pieces.push(Piece::Text(rest[..at].to_owned()));
        let mark = rest[at..].find('>').map(|end| &rest[at..=at + end]);
        let mark = mark.and_then(|mark| Some((mark.len(), Marked::from_tagged(mark)?)));
        let (length, found) = mark.unwrap_or_else(|| (1, Marked::text("<")));
        pieces.extend(found.pieces().iter().cloned());
        rest = &rest[at + length..];
    }
    pieces.push(Piece::Text(rest.to_owned()));
    shaped(Marked::new(pieces), source)
}

/// A translation with marks of the shape that they had, and the white space at the ends that its source has: some servers
/// strip it, and models drop it or add some.
pub(super) fn shaped(text: Marked, source: &Marked) -> Marked {
    with_ends(&text.shaped_like(source), source)
}

fn with_ends(text: &Marked, source: &Marked) -> Marked {
    let (Some(first), Some(last)) = (source.pieces().first(), source.pieces().last()) else { return text.clone() };
    let mut pieces = text.pieces().to_vec();
    if let Piece::Text(first) = first {
        let space = &first[..first.len() - first.trim_start().len()];
        match pieces.first_mut() {
            Some(Piece::Text(text)) => *text = format!("{space}{}", text.trim_start()),
            _ => pieces.insert(0, Piece::Text(space.to_owned())),
        }
    }
    if let Piece::Text(last) = last {
        let space = &last[last.trim_end().len()..];
        if let Some(Piece::Text(text)) = pieces.last_mut() {
            text.truncate(text.trim_end().len());
        }
        pieces.push(Piece::Text(space.to_owned()));
    }
    Marked::new(pieces)
}

/// The term of a mark that stands for one.
pub(super) fn term(text: &Outgoing, mark: u16) -> Option<&Term> {
    text.terms.iter().find(|term| term.mark == mark)
}

/// As many characters as this text has.
pub(super) fn characters(text: &str) -> Usage {
    Usage { characters: text.chars().count() as u64, ..Usage::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_at_the_ends_is_that_of_the_source() {
        let read = |tagged| Marked::from_tagged(tagged).expect("a text");
        for (source, answer, whole) in [
            (" Le chat ", "El gat", " El gat "),
            ("Le <x1>chat</x1> ", "El <x1>gat</x1>", "El <x1>gat</x1> "),
            ("\u{a0}Le chat", "El gat ", "\u{a0}El gat"),
            (" ", "", " "),
            ("<x1/>", "<x1/>", "<x1/>"),
        ] {
            assert_eq!(read_tagged(answer, &read(source)).expect("a translation").to_tagged(), whole, "{source:?}");
        }
    }

    #[test]
    fn unescaped_text_is_text_and_marks_are_marks() {
        let source = Marked::from_tagged("a &lt; b &amp;lt; <x1>&lt;script&gt;</x1> <x2/>").expect("a text");
        assert_eq!(raw(&source), "a < b &lt; <x1><script></x1> <x2/>");
        assert_eq!(read_raw(&raw(&source), &source), source);
        assert_eq!(read_raw("<<x2></x2><", &source).to_tagged(), "&lt;<x2/>&lt;");
        assert_eq!(read_tagged("<script>", &source).expect_err("no mark"), FOREIGN);
    }
}
