//! Marked text as the model sees it: characters, and beside them the places of the marks.

use std::ops::Range;

use super::super::types::Outgoing;
use crate::model::Piece;

/// The text of a segment without its marks, and where they stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FlatText {
    pub(super) text: String,
    /// The marks as a tree, in the order of the source.
    pub(super) marks: Vec<MarkNode>,
}

/// A mark, or a pair with what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MarkNode {
    pub(super) kind: MarkKind,
    /// Its place in the text, in bytes.
    pub(super) place: Range<usize>,
    pub(super) children: Vec<MarkNode>,
}

/// The kinds of marks, with their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MarkKind {
    /// A pair around text.
    Pair(u16),
    /// A mark between two characters.
    Point(u16),
    /// A mark that stands for the text at its place: a name that may not be altered. The model reads the name.
    Instead(u16),
}

impl FlatText {
    /// Makes one of a text. Terms are words in it; those that are held back stand at their places.
    pub(super) fn of(outgoing: &Outgoing) -> Self {
        let mut flat = Self { text: String::new(), marks: Vec::new() };
        let mut open: Vec<(u16, usize, Vec<MarkNode>)> = Vec::new();
        for piece in outgoing.in_words().pieces() {
            let start = flat.text.len();
            let node = match piece {
                Piece::Text(text) => {
                    flat.text.push_str(text);
                    continue;
                }
                Piece::Open(number) => {
                    open.push((*number, start, Vec::new()));
                    continue;
                }
                Piece::Close(number) => {
                    // The text of a segment is well nested; an end without a start is left out, which the checks find.
                    let Some((opened, from, children)) = open.pop().filter(|(opened, ..)| opened == number) else { continue };
                    MarkNode { kind: MarkKind::Pair(opened), place: from..start, children }
                }
                Piece::Single(number) => match outgoing.terms.iter().find(|term| term.mark == *number) {
                    Some(term) => {
                        flat.text.push_str(&term.source);
                        MarkNode { kind: MarkKind::Instead(*number), place: start..flat.text.len(), children: Vec::new() }
                    }
                    None => MarkNode { kind: MarkKind::Point(*number), place: start..start, children: Vec::new() },
                },
            };
            open.last_mut().map_or(&mut flat.marks, |(.., children)| children).push(node);
        }
        flat
    }
}
