//! What is left of a document when its text is taken out: the tags, the white space between segments, and where each goes.

use crate::model::{Marked, SegmentKind};

/// A document taken apart: its segments in the order of the text, and all else that is needed to build it again.
#[derive(Clone, Debug, Default)]
pub struct Segmented {
    pub(super) parts: Vec<Part>,
    pub(super) segments: Vec<Segment>,
    /// For each segment, what stands behind its marks: mark 1 first.
    pub(super) inlays: Vec<Vec<Inlay>>,
}

/// A translatable run of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it is in its document.
    pub kind: SegmentKind,
    /// Its text with marks.
    pub text: Marked,
}

impl Segmented {
    /// The segments in the order of the text.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

/// A part of a template.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// HTML as it was.
    Raw(String),
    /// A start tag, written anew.
    Tag(TemplateTag),
    /// Where the text of a segment goes.
    Segment(usize),
}

/// A start tag.
#[derive(Clone, Debug)]
pub(super) struct TemplateTag {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, Value)>,
    /// Whether the element has no end tag.
    pub(super) void: bool,
    /// Whether it is a block that has text of its own, not only in blocks inside it.
    pub(super) has_text: bool,
    /// The segments inside the element: from the first, and before the second.
    pub(super) holds: (usize, usize),
}

/// The value of an attribute.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Fixed(String),
    Segment(usize),
}

/// What stands behind a mark.
#[derive(Clone, Debug)]
pub(super) enum Inlay {
    /// An element around text: its start tag; the name tells the end tag.
    Pair(TemplateTag),
    /// Something opaque.
    Single(Vec<Part>),
}

/// Text as the cleaner writes it, so that what is put back is byte for byte what was taken out.
pub(super) fn escape_text(text: &str) -> String {
    escaped(text, false)
}

/// The value of an attribute as the cleaner writes it.
pub(super) fn escape_value(value: &str) -> String {
    escaped(value, true)
}

fn escaped(text: &str, quotes: bool) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            '"' if quotes => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
