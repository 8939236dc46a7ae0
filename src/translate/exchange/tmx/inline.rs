//! The inline elements of TMX as marks.

use std::collections::HashMap;

use crate::model::{Marked, Piece};

/// The name of a mark, the same in both languages: the `x` of its element, else its `i`, else its number among those of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum MarkName {
    X(String),
    I(String),
    Nth(usize),
}

/// A part of a `seg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inline {
    Text(String),
    Open(MarkName),
    Close(MarkName),
    Single(MarkName),
}

/// Makes segments of a source and a target. Marks are numbered from 1 in the order of the source; with `is_ours` they keep their
/// numbers. Returns nothing if a mark of the target is not in the source.
pub(super) fn number_marks(source: &[Inline], target: &[Inline], is_ours: bool) -> Option<(Marked, Marked)> {
    let mut numbers = HashMap::new();
    let read = |name: &MarkName| match name {
        MarkName::X(x) if is_ours => x.parse().ok().filter(|number: &u16| *number > 0),
        _ => None,
    };
    for part in source {
        let (is_pair, name) = match part {
            Inline::Open(name) => (true, name),
            Inline::Single(name) => (false, name),
            Inline::Text(_) | Inline::Close(_) => continue,
        };
        let next = u16::try_from(numbers.len() + 1).ok()?;
        numbers.entry((is_pair, name)).or_insert_with(|| read(name).unwrap_or(next));
    }
    let marked = |parts: &[Inline]| {
        let piece = |part: &Inline| {
            Some(match part {
                Inline::Text(text) => Piece::Text(text.clone()),
                Inline::Open(name) => Piece::Open(*numbers.get(&(true, name))?),
                Inline::Close(name) => Piece::Close(*numbers.get(&(true, name))?),
                Inline::Single(name) => Piece::Single(*numbers.get(&(false, name))?),
            })
        };
        parts.iter().map(piece).collect::<Option<Vec<Piece>>>().map(Marked::new)
    };
    Some((marked(source)?, marked(target)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn x(name: &str) -> MarkName {
        MarkName::X(name.to_owned())
    }

    #[test]
    fn marks_are_numbered_in_the_order_of_the_source() {
        let text = |text: &str| Inline::Text(text.to_owned());
        let source = [Inline::Single(x("9")), Inline::Open(x("7")), text("le "), Inline::Close(x("7"))];
        let target = [Inline::Open(x("7")), text("the "), Inline::Close(x("7")), Inline::Single(x("9"))];
        let tagged = |is_ours| number_marks(&source, &target, is_ours).map(|(a, b)| (a.to_tagged(), b.to_tagged()));
        assert_eq!(tagged(false), Some(("<x1/><x2>le </x2>".to_owned(), "<x2>the </x2><x1/>".to_owned())));
        assert_eq!(tagged(true), Some(("<x9/><x7>le </x7>".to_owned(), "<x7>the </x7><x9/>".to_owned())));
        assert_eq!(number_marks(&source[2..3], &target, false), None, "the source has no such mark");
    }
}
