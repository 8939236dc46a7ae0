//! The window of an edition, and its reading from the store.

use crate::config as plan;
use crate::model::{EntryId, EntryRow, Time};
use crate::select::{WideWindow, WindowRules};
use crate::store::{Store, StoreError};

/// The number of rows per query, in addition to the limit of the edition.
const PAGE: usize = 100;

/// The number of entries that are kept ready beyond `limit`, for an edition with stories.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reserve {
    /// In halves of `limit`.
    halves: usize,
}

impl Reserve {
    /// As many as nearly every edition needs: of ten reports in an edition of general news one or two are joined.
    pub(super) const FIRST: Self = Self { halves: 1 };
    /// Thirty times `limit`: more than that tell the same events over and over.
    const MOST_HALVES: usize = 64;

    /// Returns the next larger reserve, for an edition whose entries tell so few events that it lacks items.
    pub(super) fn more(self) -> Option<Self> {
        let halves = self.halves * 4;
        (halves <= Self::MOST_HALVES).then_some(Self { halves })
    }

    fn entries(self, edition: &plan::Edition) -> usize {
        if edition.stories.is_some() { edition.limit * self.halves / 2 } else { 0 }
    }
}

/// Makes the empty window of an edition.
pub(super) fn open_window(edition: &plan::Edition, reserve: Reserve) -> WideWindow {
    let rules = WindowRules {
        limit: edition.limit,
        at_least: edition.at_least,
        within: edition.within,
        per_source: edition.per_source,
        sources: edition.from.iter().cloned().zip(edition.weights.iter().copied()).collect(),
    };
    WideWindow::new(rules, reserve.entries(edition))
}

/// Reads the rows that a window needs, page by page.
pub(super) struct WindowRows<'a> {
    store: &'a Store,
    size: usize,
    before: Option<(Time, EntryId)>,
    /// The date back to which the last page went.
    oldest: Option<Time>,
    is_short: bool,
}

impl<'a> WindowRows<'a> {
    pub(super) fn new(store: &'a Store, edition: &plan::Edition) -> Self {
        let size = edition.limit + Reserve::FIRST.entries(edition) + PAGE;
        Self { store, size, before: None, oldest: None, is_short: false }
    }

    /// Returns the next rows, newest first; none if the window needs no more.
    pub(super) async fn next(&mut self, window: &WideWindow) -> Result<Vec<EntryRow>, StoreError> {
        let oldest = window.oldest();
        // A page that ended at a date is not the last one if copies have given way since, and older entries are wanted.
        if window.is_full() || self.is_short && (self.oldest.is_none() || oldest.is_some()) {
            return Ok(Vec::new());
        }
        let open = window.open_sources();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.store.list_newest_entries(&open, self.before, oldest, self.size).await?;
        self.before = rows.last().map(|row| (row.at, row.id)).or(self.before);
        (self.is_short, self.oldest) = (rows.len() < self.size, oldest);
        Ok(rows)
    }
}
