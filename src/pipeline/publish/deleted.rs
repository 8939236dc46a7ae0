//! The entries that an edition has published and that their sources have withdrawn since: readers keep what they have once read, so that
//! the Atom feed tells them (RFC 6721).

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{EntryId, Time};
use crate::store::{Store, StoreError};

use super::stories::{Known, PublishedStory};

/// The time for which it is told: a reader that asks once a month hears it.
const TOLD_FOR: Duration = Duration::from_hours(31 * 24);
/// The most that are told at once, the last ones.
const MAX_TOLD: usize = 200;

/// The entries that an edition has published, as far as they matter when they are withdrawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PublishedEntries {
    /// The entries that it shows, and as many of those that it showed before as it has places.
    #[serde(default)]
    shown: Vec<EntryId>,
    /// Those that were withdrawn, each with the time at which that was seen, the last one first.
    #[serde(default)]
    pub(super) withdrawn: Vec<(EntryId, Time)>,
    /// The stories that it shows.
    #[serde(default)]
    stories: Vec<PublishedStory>,
}

impl PublishedEntries {
    /// Returns what readers have had.
    pub(super) fn known(&self) -> Known<'_> {
        Known { shown: &self.shown, stories: &self.stories }
    }

    /// Returns what is published once the edition shows these items and stories.
    pub(super) async fn update(
        self,
        store: &Store,
        (shown, stories): (Vec<EntryId>, Vec<PublishedStory>),
        limit: usize,
        now: Time,
    ) -> Result<Self, StoreError> {
        let left = self.left(&shown);
        let states = if left.is_empty() { HashMap::new() } else { store.find_withdrawal_times(&left).await? };
        Ok(Self { stories, ..self.merge(shown, &left, &states, (limit, now)) })
    }

    /// Returns the time at which the first withdrawal is told no more.
    pub(super) fn forgets_at(&self) -> Option<Time> {
        self.withdrawn.iter().map(|(_, at)| at.plus(TOLD_FOR)).min()
    }

    /// Returns the known entries that the edition does not show any more.
    fn left(&self, shown: &[EntryId]) -> Vec<EntryId> {
        let shown: HashSet<EntryId> = shown.iter().copied().collect();
        let known = self.withdrawn.iter().map(|(id, _)| id).chain(&self.shown);
        known.copied().filter(|id| !shown.contains(id)).collect()
    }

    /// Sorts out what became of the entries that have left: `states` has the time at which each was withdrawn, if it was and if the store
    /// still has it.
    fn merge(
        self,
        mut shown: Vec<EntryId>,
        left: &[EntryId],
        states: &HashMap<EntryId, Option<Time>>,
        (limit, now): (usize, Time),
    ) -> Self {
        let told: HashMap<EntryId, Time> = self.withdrawn.into_iter().collect();
        let withdrawal = |id: &EntryId| match states.get(id) {
            Some(at) => at.map(|at| at.min(now)),
            // It was pruned since.
            None => told.get(id).copied(),
        };
        let withdrawn = left.iter().filter_map(|id| Some((*id, withdrawal(id)?)));
        let mut withdrawn: Vec<(EntryId, Time)> = withdrawn.filter(|(_, at)| now.since(*at) < TOLD_FOR).collect();
        withdrawn.sort_by_key(|(id, at)| (Reverse(*at), *id));
        withdrawn.truncate(MAX_TOLD);
        shown.extend(left.iter().filter(|id| states.get(id) == Some(&None)).take(limit));
        Self { shown, withdrawn, stories: self.stories }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::EPOCH;

    fn ids(numbers: &[i64]) -> Vec<EntryId> {
        numbers.iter().copied().map(EntryId).collect()
    }

    /// Goes on from what was published (shown; withdrawn days ago) to what is shown now; `states` are the entries in the store, with the
    /// days since they were withdrawn. Returns what is kept and what is told.
    fn after(before: (&[i64], &[(i64, u64)]), shown: &[i64], states: &[(i64, Option<u64>)]) -> (Vec<i64>, Vec<i64>) {
        let days = |days: u64| NOW.minus(Duration::from_hours(days * 24));
        let withdrawn = before.1.iter().map(|(id, at)| (EntryId(*id), days(*at))).collect();
        let before = PublishedEntries { shown: ids(before.0), withdrawn, stories: Vec::new() };
        let states = states.iter().map(|(id, at)| (EntryId(*id), at.map(days))).collect();
        let left = before.left(&ids(shown));
        let after = before.merge(ids(shown), &left, &states, (2, NOW));
        (after.shown.iter().map(|id| id.0).collect(), after.withdrawn.iter().map(|(id, _)| id.0).collect())
    }

    #[test]
    fn only_what_is_withdrawn_is_told() {
        let states = [(1, Some(0)), (2, None)];
        assert_eq!(after((&[3, 2, 1], &[]), &[4, 3], &states), (vec![4, 3, 2], vec![1]), "2 was pushed out by 4");
    }

    #[test]
    fn withdrawal_is_told_for_a_month() {
        let states = [(1, Some(31)), (2, Some(30))];
        assert_eq!(after((&[], &[(2, 30), (1, 30)]), &[3], &states), (vec![3], vec![2]));
    }

    #[test]
    fn withdrawn_entry_that_returns_is_not_told() {
        assert_eq!(after((&[], &[(1, 2), (2, 2)]), &[1], &[(2, None)]), (vec![1, 2], vec![]));
    }

    #[test]
    fn withdrawal_is_told_after_the_entry_is_pruned() {
        assert_eq!(after((&[2], &[(1, 2)]), &[], &[]), (vec![], vec![1]), "2 was pruned, and nobody withdrew it");
    }

    #[test]
    fn what_was_shown_long_ago_is_forgotten() {
        let states = [(1, None), (2, None), (3, None)];
        assert_eq!(after((&[3, 2, 1], &[]), &[5, 4], &states).0, [5, 4, 3, 2]);
    }
}
