//! Translated renditions of entries, and how they were made.

use serde::{Deserialize, Serialize};

use super::{Clean, Show, Text, Time};

/// An entry in another language than its own, translated segment by segment. Segments without a good translation stay in the
/// language of the original, and are counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// The headline.
    pub title: Text,
    /// True if the headline is (in part) in the language of the original.
    #[serde(default)]
    pub title_left: bool,
    /// The summary.
    pub summary: Option<Clean>,
    /// The content.
    pub content: Option<Clean>,
    /// The content (or else the summary) as plain text.
    #[serde(default)]
    pub text: String,
    /// The provenance. The stored name is older than the field's.
    #[serde(rename = "made")]
    pub provenance: RenditionProvenance,
}

/// The identity of people among those of engines.
pub const PERSON: &str = "person";

/// Returns true if an identity is that of people. Earlier versions wrote another one.
pub fn is_person(identity: &str) -> bool {
    identity == PERSON || identity == "memory"
}

/// The provenance of a rendition: who translated how much of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenditionProvenance {
    /// The identities of the engines that translated it, each once, sorted.
    pub engines: Vec<String>,
    /// The time at which it was made.
    pub at: Time,
    /// The number of segments that an engine translated for it.
    pub translated: u32,
    /// The number of segments that were recalled from the memory.
    pub recalled: u32,
    /// The number of segments left in the language of the original, because every translation was refused.
    pub left: u32,
    /// The number of segments that wait, because no engine was available: the rendition is not finished.
    #[serde(default)]
    pub waiting: u32,
    /// The reasons for which segments were left or wait, each once, sorted.
    #[serde(default)]
    pub reasons: Vec<String>,
}

/// The inputs of a rendition beside the entry. When they differ from those that are wanted now, it is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RenditionInputs {
    /// A hash of everything, beside the entry's revision, that it depends on; [`RenditionInputs::UNFINISHED`] while segments wait.
    pub hash: i64,
    /// The part of the entry that it holds: as much as an edition translates.
    pub show: Show,
}

impl RenditionInputs {
    /// The hash of a rendition that is not finished. No finished one has it.
    pub const UNFINISHED: i64 = 0;

    /// Returns true if no segment waits for an engine any more.
    pub fn is_finished(self) -> bool {
        self.hash != Self::UNFINISHED
    }
}

/// The result of translating a segment, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemoryResult {
    /// The translation, with the marks of its segment in canonical form ([`super::Marked::to_tagged`]).
    Translation(String),
    /// Every answer of the engine was refused.
    Refused(Refusal),
}

/// The refusal of every answer of an engine to a segment. Until it expires, the engine is not asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the reason.
    pub reason: String,
    /// The number of refusals of the segment in a row.
    pub times: u32,
    /// The time at which it expires.
    pub until: Time,
}
