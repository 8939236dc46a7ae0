//! Segments for people to look at.

use serde::Serialize;

use super::{EntryId, Lang, Marked, SegmentKey, SegmentKind, SourceId, Text, Time};

/// The state of a segment that a person may want to look at, the most urgent first. The names, in kebab case, are promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewState {
    /// It stays in its language: every answer was refused.
    Left,
    /// A translation is published in spite of a doubt.
    Doubted,
    /// A translation is published that was not the first answer.
    AskedAgain,
    /// A translation is published that its second reader has not read.
    Unread,
    /// It is in its language until a run gets a translation.
    Waiting,
}

impl ReviewState {
    /// Returns the name in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Doubted => "doubted",
            Self::AskedAgain => "asked-again",
            Self::Unread => "unread",
            Self::Waiting => "waiting",
        }
    }
}

/// The reason to look at a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewVerdict {
    /// The state.
    pub state: ReviewState,
    /// The names of the reasons, those of the first engine first.
    pub reasons: Vec<String>,
    /// The finding itself, where it is known.
    pub finding: Option<String>,
    /// The time from which an engine that has refused it is asked again.
    pub asked_again_after: Option<Time>,
}

/// A segment of the entries that editions show, as readers see it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenSegment {
    /// The key of a translation by a person.
    pub key: SegmentKey,
    /// The language of the source.
    pub from: Lang,
    /// The language of the translation.
    pub to: Lang,
    /// The reason to look at it, if there is one.
    pub verdict: Option<ReviewVerdict>,
    /// The text, with marks.
    pub source: Marked,
    /// The translation as readers see it, with marks; nothing if they see the source.
    pub target: Option<Marked>,
    /// The identity of the maker of the translation.
    pub by: Option<String>,
    /// The part of the entry.
    pub part: &'static str,
    /// The kind of text.
    pub kind: SegmentKind,
    /// The newest entry that holds it.
    pub entry: EntryId,
    /// The source of that entry.
    pub feed: SourceId,
    /// The headline of that entry.
    pub headline: Text,
    /// The page of that entry.
    pub link: Option<String>,
    /// The editions that show it.
    pub editions: Vec<String>,
    /// The number of entries that hold it.
    pub entries: usize,
}
