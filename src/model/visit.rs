//! A visit: what one look at a source found.

use serde::{Deserialize, Serialize};

use super::{Entry, EntryId, FaultKind, Revision, SourceId, SourceState, Time};

/// What kind of failure a broken visit was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakKind {
    /// The name does not resolve.
    Dns,
    /// No connection.
    Connect,
    /// The certificate or the handshake is wrong.
    Tls,
    /// Too slow, at whatever stage.
    Timeout,
    /// An answer that is no success.
    Http,
    /// 404: there is nothing at this address.
    NotFound,
    /// More than `max_bytes`.
    TooBig,
    /// An address that must not be fetched.
    PrivateAddress,
    /// Redirects without end, or to nowhere.
    Redirect,
    /// A page, a challenge, nothing at all: no feed.
    NotAFeed,
    /// A feed that cannot be read.
    Unreadable,
    /// relais itself could not go on with it: a parser that panicked.
    Internal,
}

/// How many entries of a body were what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Entries never seen before.
    pub new: u32,
    /// Known entries with another revision.
    pub changed: u32,
    /// Known entries that the source has taken back.
    pub withdrawn: u32,
    /// Entries that could not be used (no title, no link, no text).
    pub dropped: u32,
}

/// How a visit ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// A body that was not the last one.
    Fresh(Found),
    /// 304, or the last body again.
    Same,
    /// The server asks to come back later (429, 503 with Retry-After).
    Later {
        /// When.
        until: Time,
        /// In one sentence.
        message: String,
    },
    /// A permanent redirect seen for the first time; the body behind it was read.
    Moved {
        /// Where to.
        to: String,
        /// What the body brought.
        found: Found,
    },
    /// 410: it will not come back.
    Gone {
        /// In one sentence.
        message: String,
    },
    /// Nothing could be read. The last good entries stay.
    Broken {
        /// Of which kind.
        #[serde(rename = "why")]
        kind: BreakKind,
        /// In one sentence.
        message: String,
    },
}

impl Outcome {
    /// The outcome's name: `fresh`, `same`, `later`, `moved`, `gone`, `broken`.
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

    /// What the body brought, if one was read.
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

/// A new or changed entry, with what the store's slim row says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The entry as it was read.
    pub entry: Entry,
    /// Its revision.
    pub revision: Revision,
    /// Where it stands in time; kept from the first sight of it when the entry is a known one.
    pub at: Time,
    /// When it was first seen.
    pub first_seen: Time,
}

/// What one look at a source found: settled by the store in one transaction.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The source.
    pub source: SourceId,
    /// When the visit began.
    pub at: Time,
    /// How long it took, waiting for its turn not counted.
    pub duration_ms: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What the next visit starts from; nothing when that is word for word what the last one left.
    pub state: Option<SourceState>,
    /// New and changed entries.
    pub changes: Vec<Change>,
    /// Entries that the source has taken back.
    pub withdrawn: Vec<EntryId>,
    /// Entries that it had taken back and shows again, unchanged.
    pub restored: Vec<EntryId>,
    /// When to come back.
    pub due: Time,
}
