//! A parsed body, and what is stored of its source.

use std::collections::{HashMap, HashSet};

use crate::feed::Feed;
use crate::model::{Entry, EntryId, EntryRow, Revision, Time};
use crate::net;
use crate::select::RuleFailure;

/// A body, parsed and not yet compared.
pub(super) struct ParsedBody {
    /// The feed without its entries.
    pub(super) feed: Feed,
    pub(super) entries: Vec<(Entry, Revision)>,
    /// The ids of those entries, in the same order.
    pub(super) ids: Vec<EntryId>,
    /// The entries that are stored under another id than their guid or address gives: that id, and the stored one.
    pub(super) renamed: Vec<(EntryId, EntryId)>,
    pub(super) dropped: u32,
    pub(super) links: Vec<net::Link>,
    pub(super) url: String,
    /// True if entries may be missing that the source still has: a delta, or a body that broke off within the feed.
    pub(super) is_part: bool,
    /// The entries that the rules of the source drop.
    pub(super) left_out: Vec<LeftOut>,
    /// The first rule that could not be evaluated.
    pub(super) failure: Option<RuleFailure>,
}

/// An entry that a rule drops.
#[derive(Clone, Copy)]
pub(super) struct LeftOut {
    pub(super) id: EntryId,
    /// Its date, if it has one.
    pub(super) date: Option<Time>,
}

/// The stored state of a source and its entries.
#[derive(Default)]
pub(super) struct StoredFeed {
    /// The rows of the entries of the body and of the last one.
    pub(super) rows: Vec<EntryRow>,
    /// The others as in [`crate::model::SourceState`].
    pub(super) listed: Vec<EntryId>,
    pub(super) missing_newest: Vec<EntryId>,
    pub(super) renamed: Vec<(EntryId, EntryId)>,
}

impl ParsedBody {
    /// Gives the entries that their source has renamed the ids under which they are stored. An entry that still bears such an id
    /// itself keeps it.
    pub(super) fn apply_renamed(&mut self, renamed: &[(EntryId, EntryId)]) {
        if renamed.is_empty() {
            return;
        }
        let mut taken: HashSet<EntryId> = self.ids.iter().copied().collect();
        let stored: HashMap<EntryId, EntryId> = renamed.iter().copied().collect();
        for id in &mut self.ids {
            if let Some(stored) = stored.get(id).filter(|stored| taken.insert(**stored)) {
                self.renamed.push((*id, *stored));
                *id = *stored;
            }
        }
    }

    /// Returns true if every entry is stored as it is.
    pub(super) fn is_stored(&self, rows: &[EntryRow]) -> bool {
        let rows: HashMap<EntryId, Revision> = rows.iter().map(|row| (row.id, row.revision)).collect();
        self.entries.iter().zip(&self.ids).all(|((_, revision), id)| rows.get(id) == Some(revision))
    }

    /// Returns the entries of the last body that are not in this one and may have been renamed, but of which an older version has
    /// not stored what tells them.
    pub(super) fn vanished_without_key(&self, rows: &[EntryRow], listed: &[EntryId]) -> Vec<EntryId> {
        let stored: HashSet<EntryId> = rows.iter().map(|row| row.id).collect();
        if self.ids.iter().all(|id| stored.contains(id)) {
            return Vec::new();
        }
        let (present, listed): (HashSet<_>, HashSet<_>) = (self.ids.iter().collect(), listed.iter().collect());
        let is_wanted =
            |row: &&EntryRow| row.article.is_of_older_version() && listed.contains(&row.id) && !present.contains(&row.id);
        rows.iter().filter(is_wanted).map(|row| row.id).collect()
    }
}
