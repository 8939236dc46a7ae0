//! Marks in the texts of requests and replies. Each client says which form its engine keeps best, where that was measured.

use super::types::{Outgoing, Term, UnusableText};
use crate::model::{Marked, Piece, Usage};

/// The reason to refuse a translation with other markup than ours.
pub(super) const FOREIGN: &str = "it holds markup that was not in the text";

/// Parses a translation in the canonical form, which allows no markup but marks.
pub(super) fn parse_tagged(answer: &str, source: &Marked) -> Result<Marked, UnusableText> {
    Ok(reshape(Marked::from_tagged(answer).ok_or_else(|| UnusableText::new(FOREIGN))?, source))
}

/// Writes a text with marks and without escapes, for engines that know no markup.
pub(super) fn write_unescaped(text: &Marked) -> String {
    text.pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            mark => Marked::new([mark.clone()]).to_tagged(),
        })
        .collect()
}

/// Parses a translation of what [`write_unescaped`] wrote: a `<` that begins no mark is a character. A text that itself holds
/// something like a mark gets one too many here; the checks find that.
pub(super) fn parse_unescaped(answer: &str, source: &Marked) -> Marked {
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
    reshape(Marked::new(pieces), source)
}

/// Gives a translation the shape of its source: single marks and pairs as they were, and the same white space at the ends.
/// Some servers strip white space; models drop or add some.
pub(super) fn reshape(text: Marked, source: &Marked) -> Marked {
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

/// Returns the term of a mark, if the mark stands for one.
pub(super) fn find_term(text: &Outgoing, mark: u16) -> Option<&Term> {
    text.terms.iter().find(|term| term.mark == mark)
}

/// Counts the characters of a text.
pub(super) fn count_characters(text: &str) -> Usage {
    Usage { characters: text.chars().count() as u64, ..Usage::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translation_gets_the_white_space_of_its_source_at_the_ends() {
        let read = |tagged| Marked::from_tagged(tagged).expect("a text");
        for (source, answer, whole) in [
            (" Le chat ", "El gat", " El gat "),
            ("Le <x1>chat</x1> ", "El <x1>gat</x1>", "El <x1>gat</x1> "),
            ("\u{a0}Le chat", "El gat ", "\u{a0}El gat"),
            (" ", "", " "),
            ("<x1/>", "<x1/>", "<x1/>"),
        ] {
            assert_eq!(parse_tagged(answer, &read(source)).expect("a translation").to_tagged(), whole, "{source:?}");
        }
    }

    #[test]
    fn unescaped_text_keeps_angle_brackets_that_are_no_marks() {
        let source = Marked::from_tagged("a &lt; b &amp;lt; <x1>&lt;script&gt;</x1> <x2/>").expect("a text");
        assert_eq!(write_unescaped(&source), "a < b &lt; <x1><script></x1> <x2/>");
        assert_eq!(parse_unescaped(&write_unescaped(&source), &source), source);
        assert_eq!(parse_unescaped("<<x2></x2><", &source).to_tagged(), "&lt;<x2/>&lt;");
        assert_eq!(parse_tagged("<script>", &source).expect_err("no mark").to_string(), FOREIGN);
    }
}
