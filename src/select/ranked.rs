//! The entries of a window by their rank: which of them an edition takes, depending on how many it has places for.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::places::Places;
use super::window_rules::WindowRules;
use crate::model::{EntryId, EntryRow, SourceId, Time};

/// Pinned entries have at most this part of all places: a pinned source must not take the edition.
const PINNED_PART: usize = 4;

/// An entry that may have a place.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) entry: EntryRow,
    pub(super) is_pinned: bool,
}

/// The entries of a window, with the places of their sources.
pub(super) struct RankedEntries<'p> {
    pub(super) entries: Vec<Candidate>,
    pub(super) places: &'p HashMap<SourceId, Places>,
}

impl RankedEntries<'_> {
    /// Returns the entries, newest first.
    fn sorted(&self) -> Vec<Candidate> {
        let mut entries = self.entries.clone();
        entries.sort_by_key(|shown| Reverse((shown.entry.at, shown.entry.id)));
        entries
    }
}

/// Returns the places of entries in their list by their rank: pinned ones first, then by the places of their sources, then the newest.
fn rank(entries: &[Candidate], places: &HashMap<SourceId, Places>) -> Vec<usize> {
    let mut counts: HashMap<&SourceId, usize> = HashMap::new();
    let mut ranks: Vec<(bool, u8, usize)> = Vec::with_capacity(entries.len());
    for (at, Candidate { entry, is_pinned }) in entries.iter().enumerate() {
        let count = counts.entry(&entry.source).or_default();
        *count += 1;
        ranks.push((!is_pinned, places.get(&entry.source).map_or(0, |places| places.rank(*count)), at));
    }
    ranks.sort_unstable();
    ranks.into_iter().map(|(.., at)| at).collect()
}

/// The entries of a window. Where entries become stories, an edition takes more of them than it has places (`extra`), so that it shows as
/// many items as it can.
#[derive(Debug)]
pub struct Ranked {
    rules: WindowRules,
    entries: Vec<Candidate>,
    /// The places of the entries in this list, by rank.
    order: Vec<usize>,
    newest: Option<Time>,
    /// True if a larger reserve may have more entries.
    is_cut: bool,
}

impl Ranked {
    /// Ranks the entries of a window: pinned ones first, then by the places of their sources, then the newest. Those in reserve follow.
    pub(super) fn new(
        rules: WindowRules,
        (own, reserve): (RankedEntries<'_>, Option<RankedEntries<'_>>),
        newest: Option<Time>,
        is_cut: bool,
    ) -> Self {
        let mut entries = own.sorted();
        let most_pinned = (rules.limit / PINNED_PART).max(1);
        entries.iter_mut().filter(|shown| shown.is_pinned).skip(most_pinned).for_each(|shown| shown.is_pinned = false);
        let mut order = rank(&entries, own.places);
        if let Some(reserve) = reserve {
            let known: HashSet<EntryId> = entries.iter().map(|shown| shown.entry.id).collect();
            let mut others = reserve.sorted();
            others.retain(|other| !known.contains(&other.entry.id));
            for other in &mut others {
                other.is_pinned = false;
            }
            order.extend(rank(&others, reserve.places).into_iter().map(|at| at + entries.len()));
            entries.extend(others);
        }
        Self { rules, entries, order, newest, is_cut }
    }

    /// Returns all entries that may have a place, in no order.
    pub fn all(&self) -> impl Iterator<Item = &EntryRow> {
        self.entries.iter().map(|candidate| &candidate.entry)
    }

    /// Returns the entries that are taken with so many more than there are places: the pinned ones, then the others, each newest first; and
    /// the number of pinned ones.
    pub fn take(&self, extra: usize) -> (Vec<EntryRow>, usize) {
        let (taken, pinned) = self.find_taken(extra);
        (taken.into_iter().map(|candidate| candidate.entry.clone()).collect(), pinned)
    }

    /// Returns how many more entries than places are taken so that there are as many items as places. `count_items` returns the items that
    /// entries make, of which the first are pinned: fewer than entries, if some are about one event.
    pub fn find_extra(&self, count_items: impl Fn(&[&EntryRow], usize) -> usize) -> usize {
        let mut extra = 0;
        while let Some(goal) = self.goal(extra) {
            let (taken, pinned) = self.find_taken(extra);
            let taken: Vec<&EntryRow> = taken.into_iter().map(|candidate| &candidate.entry).collect();
            let items = count_items(&taken, pinned);
            if items >= goal {
                break;
            }
            extra += goal - items;
        }
        extra
    }

    /// Returns true if the edition, which takes `extra` more entries than it has places, lacks items, while a larger reserve may have them.
    pub fn is_short(&self, extra: usize, items: usize) -> bool {
        let is_all_recent = self.all().all(|entry| self.is_recent(entry));
        let wanted = if is_all_recent { self.rules.limit } else { self.rules.at_least };
        self.is_cut && items < wanted && self.goal(extra).is_none()
    }

    /// Returns the number of items that the edition wants to have; nothing if there are no more entries.
    fn goal(&self, extra: usize) -> Option<usize> {
        let rest = self.order.get(self.rules.limit + extra..).unwrap_or_default();
        if rest.iter().any(|at| self.is_recent(&self.entries[*at].entry)) {
            return Some(self.rules.limit);
        }
        (self.find_taken(extra).0.len() < self.entries.len()).then_some(self.rules.at_least)
    }

    fn find_taken(&self, extra: usize) -> (Vec<&Candidate>, usize) {
        let mut shown: Vec<&Candidate> = self.order.iter().take(self.rules.limit + extra).map(|at| &self.entries[*at]).collect();
        shown.sort_by_key(|shown| Reverse((shown.entry.at, shown.entry.id)));
        let shown = shown.into_iter();
        let (mut leading, others): (Vec<&Candidate>, Vec<&Candidate>) = shown.partition(|shown| shown.is_pinned);
        let pinned = leading.len();
        let rest = (self.rules.at_least + extra).saturating_sub(pinned);
        let others = others.into_iter().enumerate();
        leading.extend(others.filter(|(at, shown)| *at < rest || self.is_recent(&shown.entry)).map(|(_, shown)| shown));
        (leading, pinned)
    }

    fn is_recent(&self, entry: &EntryRow) -> bool {
        self.newest.is_none_or(|newest| newest.since(entry.at) <= self.rules.within)
    }
}
