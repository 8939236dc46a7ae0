//! Articles that their source takes back.

use std::collections::HashSet;

use crate::model::{EntryId, EntryRow, Time};

/// The last body of a feed, and what is known of its entries.
#[derive(Clone, Copy)]
pub struct LastBody<'a> {
    /// Its entries.
    pub listed: &'a [EntryId],
    /// The entries that were missing in it above all others.
    pub missing_newest: &'a [EntryId],
    /// The rows of all of them.
    pub rows: &'a [EntryRow],
}

/// The entries that a body lacks, other than those that newer ones have pushed out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withdrawals {
    /// The withdrawn ones.
    pub withdrawn: Vec<EntryId>,
    /// The newest of the last body, if everything else is as it was: withdrawn when they are missing once more.
    pub missing_newest: Vec<EntryId>,
}

/// Returns the entries that the source has withdrawn: those that were in its last body and are not in this one, except the
/// oldest, which newer entries push out. `now` are the entries of this body with their dates; `is_as_before` is true if none of them
/// is new or changed.
///
/// This works only for a feed sorted by date. An entry is withdrawn if its date lies between the oldest and the newest of
/// the present body. Above the newest it may be an old copy of the feed that was sent, so that an entry must be missing twice.
/// If half of the last body or more were withdrawn, the feed has changed its selection, and nothing is.
pub fn find_withdrawn(last: LastBody<'_>, now: &[(EntryId, Option<Time>)], is_as_before: bool) -> Withdrawals {
    let dates: Option<Vec<Time>> = now.iter().map(|(_, date)| *date).collect();
    let Some(dates) = dates.filter(|dates| dates.is_sorted_by(|a, b| a >= b)) else { return Withdrawals::default() };
    let (Some(newest), Some(oldest)) = (dates.first(), dates.last()) else { return Withdrawals::default() };
    let present: HashSet<EntryId> = now.iter().map(|(id, _)| *id).collect();
    let [listed, missing] = [last.listed, last.missing_newest].map(|ids| ids.iter().copied().collect::<HashSet<EntryId>>());
    let gone = || last.rows.iter().filter(|row| !row.is_withdrawn && !present.contains(&row.id));
    let withdrawn: Vec<EntryId> = gone()
        .filter(|row| missing.contains(&row.id) || listed.contains(&row.id) && row.at > *oldest && row.at < *newest)
        .map(|row| row.id)
        .collect();
    let first: HashSet<EntryId> = last.listed.iter().copied().take_while(|id| !present.contains(id)).collect();
    let above = gone().filter(|row| first.contains(&row.id) && row.at >= *newest).map(|row| row.id);
    // An old copy of the feed has older entries again.
    let is_shorter = is_as_before && withdrawn.is_empty() && present.iter().all(|id| listed.contains(id));
    let missing_newest: Vec<EntryId> = above.filter(|_| is_shorter).collect();
    Withdrawals {
        withdrawn: if withdrawn.len() * 2 >= listed.len() { Vec::new() } else { withdrawn },
        missing_newest: if missing_newest.len() * 2 > listed.len() { Vec::new() } else { missing_newest },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArticleKey, Revision, SourceId, StoryKey};

    fn row(n: i64) -> EntryRow {
        EntryRow {
            id: EntryId(n),
            source: SourceId::new("s"),
            revision: Revision(0),
            at: Time::from_millis(n),
            first_seen: Time::EPOCH,
            lang: None,
            article: ArticleKey::default(),
            story: StoryKey::default(),
            is_withdrawn: false,
        }
    }

    fn ids(numbers: &[i64]) -> Vec<EntryId> {
        numbers.iter().copied().map(EntryId).collect()
    }

    /// Compares a body with the last one, whose entries are 1 to 5; each is dated by its number.
    fn compare(missing: &[i64], now: &[i64], is_as_before: bool) -> (Vec<i64>, Vec<i64>) {
        let rows: Vec<EntryRow> = (0..=9).map(row).collect();
        let (listed, missing) = (ids(&[5, 4, 3, 2, 1]), ids(missing));
        let now: Vec<_> = now.iter().map(|n| (EntryId(*n), Some(Time::from_millis(*n)))).collect();
        let last = LastBody { listed: &listed, missing_newest: &missing, rows: &rows };
        let Withdrawals { withdrawn, missing_newest } = find_withdrawn(last, &now, is_as_before);
        let numbers = |ids: Vec<EntryId>| ids.into_iter().map(|id| id.0).collect();
        (numbers(withdrawn), numbers(missing_newest))
    }

    #[test]
    fn entry_missing_between_others_is_withdrawn_and_one_missing_at_the_end_is_not() {
        assert_eq!(compare(&[], &[6, 5, 3, 2], false), (vec![4], vec![]), "4 was withdrawn, 1 was pushed out");
    }

    #[test]
    fn nothing_is_withdrawn_if_the_feed_changes_its_selection() {
        assert_eq!(compare(&[], &[5, 3, 2, 6], false), (vec![], vec![]), "it is not sorted by date");
        assert_eq!(compare(&[], &[6, 1], false), (vec![], vec![]), "half of the entries are gone");
        assert_eq!(compare(&[], &[], false), (vec![], vec![]));
    }

    #[test]
    fn newest_entry_is_withdrawn_when_it_is_missing_twice() {
        assert_eq!(compare(&[], &[4, 3, 2, 1], true), (vec![], vec![5]));
        assert_eq!(compare(&[6], &[5, 4, 3, 2, 1], true), (vec![6], vec![]));
        assert_eq!(compare(&[6], &[7, 5, 4, 3, 2], false), (vec![6], vec![]), "and a newer one has come");
    }

    #[test]
    fn newest_entry_that_returns_is_not_withdrawn() {
        assert_eq!(compare(&[6], &[6, 5, 4, 3, 2, 1], true), (vec![], vec![]));
    }

    #[test]
    fn newest_entry_is_not_missing_if_others_have_changed() {
        assert_eq!(compare(&[], &[4, 3, 2, 1], false), (vec![], vec![]));
        assert_eq!(compare(&[], &[2, 1], true), (vec![], vec![]), "more than half of the entries are gone");
    }

    #[test]
    fn newest_entry_is_not_missing_in_an_old_copy_of_the_feed() {
        assert_eq!(compare(&[], &[4, 3, 2, 1, 0], true), (vec![], vec![]), "0 was pushed out before");
    }
}
