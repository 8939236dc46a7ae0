//! The number of items that the entries of an edition make once they are joined, and the time back to which it has room for them.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};

use crate::model::{EntryId, EntryRow, Time};
use crate::select::Ranked;

/// Returns the date of the oldest entry that an edition may show.
pub(super) fn oldest_of(ranked: &Ranked) -> Option<Time> {
    let (taken, pinned) = ranked.take(ranked.all().count());
    oldest(&taken, pinned)
}

/// The stories of an edition's entries, and when each began.
pub(super) struct StoryPlaces {
    story_of: HashMap<EntryId, usize>,
    begins: Vec<Time>,
}

impl StoryPlaces {
    /// Takes stories, each with its oldest entry first. `known` returns the date at which readers have one, if they know it.
    pub(super) fn new(stories: &[Vec<EntryRow>], known: impl Fn(&[EntryRow]) -> Option<Time>) -> Self {
        let begin = |story: &Vec<EntryRow>| known(story).or(story.first().map(|row| row.at)).unwrap_or(Time::EPOCH);
        let numbered = stories.iter().enumerate();
        let story_of = numbered.flat_map(|(number, story)| story.iter().map(move |row| (row.id, number))).collect();
        Self { story_of, begins: stories.iter().map(begin).collect() }
    }

    /// Returns the number of items that entries make, of which the first `pinned` lead: one for each story, but those that began before the
    /// oldest entry of an edition that has no free places. Readers have had them.
    pub(super) fn count<R: Borrow<EntryRow>>(&self, taken: &[R], pinned: usize, at_least: usize) -> usize {
        let floor = oldest(taken, pinned).filter(|_| taken.len() >= at_least);
        let mut counted = HashSet::new();
        let mut is_item = |(place, row): (usize, &R)| match self.story_of.get(&row.borrow().id) {
            Some(story) => (place < pinned || floor.is_none_or(|floor| self.begins[*story] >= floor)) && counted.insert(*story),
            None => true,
        };
        taken.iter().enumerate().filter(|entry| is_item(*entry)).count()
    }

    /// Returns the time before which an edition with these entries has no room for a story that began then; nothing if it has free places.
    pub(super) fn floor(&self, taken: &[EntryRow], pinned: usize, at_least: usize) -> Option<Time> {
        oldest(taken, pinned).filter(|_| self.count(taken, pinned, at_least) >= at_least)
    }
}

/// Returns the date of the oldest of some entries. What is pinned may be of any age, and counts only if there is nothing else.
fn oldest<R: Borrow<EntryRow>>(entries: &[R], pinned: usize) -> Option<Time> {
    let date = |entry: &R| entry.borrow().at;
    entries[pinned..].iter().map(date).min().or_else(|| entries.iter().map(date).max())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArticleKey, Revision, SourceId, StoryKey};

    fn row(at: i64) -> EntryRow {
        EntryRow {
            id: EntryId(at),
            source: SourceId::new("a"),
            revision: Revision(0),
            at: Time::from_millis(at),
            first_seen: Time::EPOCH,
            lang: None,
            article: ArticleKey::default(),
            story: StoryKey::default(),
            is_withdrawn: false,
        }
    }

    /// The stories of the entries 1 and 9, 7 and 8, and 6.
    fn places() -> StoryPlaces {
        StoryPlaces::new(&[vec![row(1), row(9)], vec![row(7), row(8)], vec![row(6)]], |_| None)
    }

    #[test]
    fn story_that_began_before_the_oldest_entry_has_no_room_in_a_full_edition() {
        let taken = [row(9), row(8), row(7), row(6)];
        assert_eq!(places().count(&taken, 0, 2), 2);
        assert_eq!(places().floor(&taken, 0, 2), Some(Time::from_millis(6)));
    }

    #[test]
    fn edition_with_free_places_has_room_for_a_story_that_began_before_its_oldest_entry() {
        let taken = [row(9), row(8)];
        assert_eq!(places().count(&taken, 0, 2), 0, "further entries come first");
        assert_eq!(places().floor(&taken, 0, 2), None);
        assert_eq!(places().count(&taken, 0, 3), 2);
    }

    #[test]
    fn pinned_entry_has_room_whenever_its_story_began() {
        assert_eq!(places().count(&[row(9), row(8), row(7)], 1, 2), 2);
    }
}
