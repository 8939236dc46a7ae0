//! Errors of the feed parser.

use crate::model::BreakKind;

/// A body has no entries.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FeedError {
    /// The body is empty, or white space only.
    #[error("the response is empty")]
    Empty,
    /// The body is something else. The text says what.
    #[error("not a feed but {0}")]
    NotAFeed(String),
    /// The body cannot be repaired. The text says where parsing ended.
    #[error("cannot parse the feed: {0}")]
    Unreadable(String),
    /// The body decompresses to more than the limit.
    #[error("the response decompresses to more than {0} bytes")]
    TooBig(usize),
    /// The parser panicked.
    #[error("the parser panicked ({0}); please report this with the feed")]
    Panicked(String),
}

impl FeedError {
    /// Returns the kind under which the fault is stored.
    pub fn kind(&self) -> BreakKind {
        match self {
            Self::Empty | Self::NotAFeed(_) => BreakKind::NotAFeed,
            Self::Unreadable(_) => BreakKind::Unreadable,
            Self::TooBig(_) => BreakKind::TooBig,
            Self::Panicked(_) => BreakKind::Internal,
        }
    }
}
