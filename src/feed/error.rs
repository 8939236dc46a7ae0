//! Why a body gave no entries.

use crate::model::BreakKind;

/// Why a body gave no entries.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FeedError {
    /// Nothing but white space.
    #[error("the answer is empty")]
    Empty,
    /// Something else than a feed; the text says what.
    #[error("not a feed but {0}")]
    NotAFeed(String),
    /// A feed that no repair makes readable; the text says where reading ended.
    #[error("the feed cannot be read: {0}")]
    Unreadable(String),
    /// A compressed body that grows beyond all measure.
    #[error("the answer unpacks to more than {0} bytes")]
    TooBig(usize),
    /// The parser panicked.
    #[error("the feed made the parser fail ({0}); please report it with the feed")]
    Panicked(String),
}

impl FeedError {
    /// The kind under which the fault is told.
    pub fn kind(&self) -> BreakKind {
        match self {
            Self::Empty | Self::NotAFeed(_) => BreakKind::NotAFeed,
            Self::Unreadable(_) => BreakKind::Unreadable,
            Self::TooBig(_) => BreakKind::TooBig,
            Self::Panicked(_) => BreakKind::Internal,
        }
    }
}
