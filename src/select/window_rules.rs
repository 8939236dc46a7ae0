//! The rules of a window.

use std::time::Duration;

use crate::model::SourceId;

/// The rules by which an edition takes entries.
#[derive(Clone, Debug)]
pub struct WindowRules {
    /// The most entries.
    pub limit: usize,
    /// The number of entries up to which older ones than `within` are taken.
    pub at_least: usize,
    /// The time, counted back from the newest entry, whose entries are all taken, up to `limit`.
    pub within: Duration,
    /// The most entries of one source.
    pub per_source: Option<usize>,
    /// The sources of the edition with their weights in thousandths.
    pub sources: Vec<(SourceId, u32)>,
}
