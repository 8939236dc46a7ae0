//! A visit: one attempt to fetch a source, and its outcome.

use serde::{Deserialize, Serialize};

use super::{ArticleKey, BreakKind, DueReason, Entry, EntryId, FaultKind, Revision, SourceId, SourceState, StoryKey, Time};

/// The entries of a body, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// New entries.
    pub new: u32,
    /// Known entries with another revision.
    pub changed: u32,
    /// Known entries that the source has removed.
    pub withdrawn: u32,
    /// Entries that could not be used (no title, no link, no text).
    pub dropped: u32,
    /// Entries that the rules of the source left out.
    #[serde(default)]
    pub by_rule: u32,
}

/// The outcome of a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// The server sent a new body.
    Fresh(Found),
    /// The server answered 304, or sent the last body again.
    Same,
    /// The server asked to come back later (429, or 503 with Retry-After).
    Later {
        /// The earliest time of the next visit.
        until: Time,
        /// The reason, in one sentence.
        message: String,
    },
    /// The server redirected permanently, for the first time. The body at the target was parsed.
    Moved {
        /// The target.
        to: String,
        /// The entries of the body.
        found: Found,
    },
    /// The server answered 410: the source is retired.
    Gone {
        /// The reason, in one sentence.
        message: String,
    },
    /// The visit failed. The entries of the last good visit stay.
    Broken {
        /// The kind of failure.
        #[serde(rename = "why")]
        kind: BreakKind,
        /// The reason, in one sentence.
        message: String,
    },
}

impl Outcome {
    /// Returns the name of the outcome: `fresh`, `same`, `later`, `moved`, `gone`, `broken`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fresh(_) => "fresh",
            Self::Same => "same",
            Self::Later { .. } => "later",
            Self::Moved { .. } => "moved",
            Self::Gone { .. } => "gone",
            Self::Broken { .. } => "broken",
        }
    }

    /// Returns the entries of the body, if one was parsed.
    pub fn found(&self) -> Option<&Found> {
        match self {
            Self::Fresh(found) | Self::Moved { found, .. } => Some(found),
            _ => None,
        }
    }

    /// Returns the kind of a failure and a sentence about it; nothing if the visit was in order.
    pub fn failure(&self) -> Option<(FaultKind, &str)> {
        match self {
            Self::Fresh(_) | Self::Same | Self::Moved { .. } => None,
            Self::Later { message, .. } => Some((FaultKind::Later, message)),
            Self::Gone { message } => Some((FaultKind::Gone, message)),
            Self::Broken { kind, message } => Some(((*kind).into(), message)),
        }
    }
}

/// A new or changed entry, with the columns of its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The id under which it is stored: that of its key, unless its source has renamed it.
    pub id: EntryId,
    /// The entry as it was parsed.
    pub entry: Entry,
    /// The revision.
    pub revision: Revision,
    /// The place in time. A known entry keeps the one that it had when it was first seen.
    pub at: Time,
    /// The time at which it was first seen.
    pub first_seen: Time,
    /// The facts that tell the article.
    pub article: ArticleKey,
    /// The fingerprint of the event that it is about.
    pub story: StoryKey,
}

/// The result of one attempt to fetch a source. The store settles it in one transaction.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The source.
    pub source: SourceId,
    /// The time at which the visit began.
    pub at: Time,
    /// The duration, without the time of waiting for the host's turn.
    pub duration_ms: u64,
    /// The outcome.
    pub outcome: Outcome,
    /// The state for the next visit; nothing if it has not changed.
    pub state: Option<SourceState>,
    /// The new and changed entries.
    pub changes: Vec<Change>,
    /// The entries that the source has removed.
    pub withdrawn: Vec<EntryId>,
    /// The entries that it had removed and lists again, unchanged.
    pub restored: Vec<EntryId>,
    /// The time of the next visit.
    pub due: Time,
    /// The reason for that time; nothing if the one of the visit before holds.
    pub due_reason: Option<DueReason>,
}
