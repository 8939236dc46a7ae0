//! The skeleton of a document: its tags, the white space between segments, and the place of each segment.

use crate::model::{Marked, SegmentKind};

/// A document taken apart: its segments in the order of the text, and all else that is needed to build it again.
#[derive(Clone, Debug, Default)]
pub struct Segmented {
    pub(super) parts: Vec<Part>,
    pub(super) segments: Vec<Segment>,
    /// For each segment, the markup that its marks stand for: mark 1 first.
    pub(super) inlays: Vec<Vec<Inlay>>,
}

/// A translatable run of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The role of the text in its document.
    pub kind: SegmentKind,
    /// Its text with marks.
    pub text: Marked,
}

impl Segmented {
    /// The segments in the order of the text.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns for each segment if it stands behind the one before in one text, with nothing but white space between them.
    pub fn continuations(&self) -> Vec<bool> {
        let mut continues = vec![false; self.segments.len()];
        let mut last = None;
        for part in &self.parts {
            match part {
                Part::Segment(at) => {
                    continues[*at] = last.is_some();
                    last = Some(*at);
                }
                Part::Raw(html) if html.trim().is_empty() => {}
                Part::Raw(_) | Part::Tag(_) => last = None,
            }
        }
        continues
    }
}

/// A part of a template.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// HTML as it was.
    Raw(String),
    /// A start tag, written anew.
    Tag(TemplateTag),
    /// The place of a segment, by its index.
    Segment(usize),
}

/// A start tag.
#[derive(Clone, Debug)]
pub(super) struct TemplateTag {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, Value)>,
    /// True if the element has no end tag.
    pub(super) void: bool,
    /// True if it is a block that has text of its own, not only in blocks inside it.
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

/// The markup that a mark stands for.
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
