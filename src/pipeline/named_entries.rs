//! The entries that an edition pins and mutes, found among rows of the store.

use std::collections::{HashMap, HashSet};

use crate::config as plan;
use crate::model::{EntryId, EntryRow};
use crate::select::{EntryFilter, FoldedTitle};
use crate::store::{Store, StoreError};

/// The most entries that are pinned by their pages: copies included.
const MAX_PINNED: usize = 500;

/// A row that is not muted.
pub(super) struct MarkedRow {
    pub(super) row: EntryRow,
    /// True if its source or its headline is pinned.
    pub(super) is_pinned: bool,
}

/// The entries that an edition pins and mutes.
pub(super) struct PinsAndMutes<'a> {
    edition: &'a plan::Edition,
    pin: EntryFilter,
    mute: EntryFilter,
}

impl<'a> PinsAndMutes<'a> {
    /// Prepares the filters of an edition. An id that is muted stands for the page of its entry, so that copies are muted too.
    pub(super) async fn load(store: Option<&Store>, edition: &'a plan::Edition) -> Result<Self, StoreError> {
        let plan::NamedEntries { sources, terms, addresses, ids } = &edition.mute;
        let muted = match store {
            Some(store) if !ids.is_empty() => store.find_entry_rows(ids).await?,
            _ => Vec::new(),
        };
        let addresses = addresses.iter().copied().chain(muted.iter().filter_map(|row| row.article.address));
        Ok(Self {
            edition,
            pin: EntryFilter::new(&edition.pin.sources, &edition.pin.terms),
            mute: EntryFilter::new(sources, terms).with_entries(addresses, ids),
        })
    }

    /// Returns the rows that are not muted, in their order.
    pub(super) async fn mark(&self, store: &Store, rows: Vec<EntryRow>) -> Result<Vec<MarkedRow>, StoreError> {
        let mut titles: HashMap<EntryId, FoldedTitle> = HashMap::new();
        if (self.pin.has_terms() || self.mute.has_terms()) && !rows.is_empty() {
            let ids: Vec<EntryId> = rows.iter().map(|row| row.id).collect();
            let loaded = store.load_titles(&ids).await?;
            titles.extend(loaded.into_iter().map(|(id, title)| (id, FoldedTitle::new(title.as_str()))));
        }
        Ok(rows.into_iter().filter_map(|row| self.mark_row(titles.get(&row.id), row)).collect())
    }

    /// Returns the row of an entry with this headline, if it is not muted.
    pub(super) fn mark_row(&self, title: Option<&FoldedTitle>, row: EntryRow) -> Option<MarkedRow> {
        let is_pinned = self.pin.matches(&row, title);
        (!self.mute.matches(&row, title)).then_some(MarkedRow { row, is_pinned })
    }

    /// Returns the rows of the entries that are pinned by their pages or ids, if their sources are those of the edition.
    pub(super) async fn load_pinned(&self, store: &Store) -> Result<Vec<MarkedRow>, StoreError> {
        let plan::NamedEntries { addresses, ids, .. } = &self.edition.pin;
        let mut rows = if ids.is_empty() { Vec::new() } else { store.find_entry_rows(ids).await? };
        if !addresses.is_empty() {
            rows.extend(store.find_entry_rows_at(addresses, MAX_PINNED).await?);
        }
        let mut seen = HashSet::new();
        rows.retain(|row| !row.is_withdrawn && self.edition.from.contains(&row.source) && seen.insert(row.id));
        rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
        self.mark(store, rows).await
    }
}
