//! A rendition of an entry in another language than its own, with how it was made.

use serde::{Deserialize, Serialize};

use super::{Clean, Show, Text, Time};

/// An entry translated. Made segment by segment; what could not be translated well stands in it as it was written, and says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// The headline.
    pub title: Text,
    /// Whether the headline is (in part) still in the language of the original.
    #[serde(default)]
    pub title_left: bool,
    /// The summary.
    pub summary: Option<Clean>,
    /// The content.
    pub content: Option<Clean>,
    /// The content (or else the summary) as plain text.
    #[serde(default)]
    pub text: String,
    /// How it was made.
    #[serde(rename = "made")]
    pub provenance: RenditionProvenance,
}

/// How a rendition was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenditionProvenance {
    /// The engines whose work is in it (their identities), each once, sorted.
    pub engines: Vec<String>,
    /// When.
    pub at: Time,
    /// Segments that an engine translated for it.
    pub translated: u32,
    /// Segments that were in the memory.
    pub recalled: u32,
    /// Segments that stand as they were written, for want of a good translation.
    pub left: u32,
    /// Segments that no engine was to be had for: the rendition is not finished.
    #[serde(default)]
    pub waiting: u32,
    /// Why segments were left or wait, in the words of the checks, each once, sorted.
    #[serde(default)]
    pub reasons: Vec<String>,
}

/// What a rendition was made of: when it differs from what is wanted now, the rendition is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RenditionInputs {
    /// A hash of what, beside the entry's revision, it depends on; [`RenditionInputs::UNFINISHED`] while segments of it wait.
    pub hash: i64,
    /// How much of the entry it holds.
    pub show: Show,
}

impl RenditionInputs {
    /// The hash of a rendition that is not finished; no finished one has it.
    pub const UNFINISHED: i64 = 0;

    /// Whether nothing in it waits for an engine any more.
    pub fn is_finished(self) -> bool {
        self.hash != Self::UNFINISHED
    }
}

/// A translation in the memory, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemoryResult {
    /// The translation, with the marks of its segment in canonical form ([`super::Marked::to_tagged`]).
    Translation(String),
    /// The engine was asked and every answer was refused, for this reason: it is not paid for again.
    Refused(String),
}
