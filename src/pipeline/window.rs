//! The window of an edition, and its reading from the store.

use crate::config as plan;
use crate::model::{EntryId, EntryRow, Time};
use crate::select::{WideWindow, WindowRules};
use crate::store::{Store, StoreError};

/// The number of rows per query, in addition to the limit of the edition.
const PAGE: usize = 100;

/// Makes the empty window of an edition.
pub(super) fn open_window(edition: &plan::Edition) -> WideWindow {
    let rules = WindowRules {
        limit: edition.limit,
        at_least: edition.at_least,
        within: edition.within,
        per_source: edition.per_source,
        sources: edition.from.iter().cloned().zip(edition.weights.iter().copied()).collect(),
    };
    WideWindow::new(rules, extra(edition))
}

/// Returns the number of entries that are kept ready beyond `limit`: of ten reports in an edition of general news one or two are joined.
fn extra(edition: &plan::Edition) -> usize {
    if edition.stories.is_some() { edition.limit / 2 } else { 0 }
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
        Self { store, size: edition.limit + extra(edition) + PAGE, before: None, oldest: None, is_short: false }
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
