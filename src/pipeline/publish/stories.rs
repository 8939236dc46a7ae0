//! Joins the entries of an edition into stories: which entry leads, under which id and date, and which others there are.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::config as plan;
use crate::model::{EntryId, EntryRow, SourceId, Time};
use crate::pipeline::blocking::spawn_cpu;
use crate::pipeline::edition_rows::RowReader;
use crate::pipeline::error::PipelineError;
use crate::pipeline::leaders::{MAX_ROWS, leader, preferences};
use crate::pipeline::story_places::{StoryPlaces, oldest_of};
use crate::select::{Ranked, Stories};
use crate::store::Store;

/// The most other sources that an item lists.
const MAX_OTHERS: usize = 20;

/// A story as readers have had it. It keeps id and date as long as the edition shows one of its entries, whichever join or go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::pipeline) struct PublishedStory {
    pub(in crate::pipeline) id: EntryId,
    pub(in crate::pipeline) at: Time,
    pub(in crate::pipeline) members: Vec<EntryId>,
}

/// The story that an item shows.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Story {
    /// The id of the item.
    pub(in crate::pipeline) id: EntryId,
    /// The date of the entry that leads.
    pub(in crate::pipeline) leader_at: Time,
    /// Entries of other sources, the oldest first, one of each source.
    pub(in crate::pipeline) others: Vec<EntryRow>,
}

/// The entries of an edition, joined.
pub(in crate::pipeline) struct Joined {
    /// The entries that lead, newest first, each at the place of its story.
    pub(in crate::pipeline) entries: Vec<EntryRow>,
    /// The stories of more than one entry, by the entry that leads.
    pub(in crate::pipeline) stories: HashMap<EntryId, Story>,
    /// The stories that the edition has to remember.
    pub(in crate::pipeline) remembered: Vec<PublishedStory>,
    /// The number of entries that will lead their stories once they are translated.
    pub(super) waiting: u64,
    /// True if it lacks items, and a larger reserve of entries may have them.
    pub(super) is_short: bool,
}

impl Joined {
    /// Leaves out the oldest items behind the first `limit`: several old stories may come in with one more entry.
    fn truncate(mut self, limit: usize) -> Self {
        for row in self.entries.split_off(limit.min(self.entries.len())) {
            if let Some(story) = self.stories.remove(&row.id) {
                self.remembered.retain(|remembered| remembered.id != story.id);
            }
        }
        self
    }

    /// Returns the ids of the items.
    pub(super) fn item_ids(&self) -> Vec<EntryId> {
        self.entries.iter().map(|row| self.stories.get(&row.id).map_or(row.id, |story| story.id)).collect()
    }
}

/// The items that readers have had of an edition.
#[derive(Clone, Copy)]
pub(in crate::pipeline) struct Known<'a> {
    /// The items that it has shown.
    pub(in crate::pipeline) shown: &'a [EntryId],
    pub(in crate::pipeline) stories: &'a [PublishedStory],
}

/// Joins the entries that an edition shows with all entries of its sources that may belong to the same stories. It takes so many entries
/// that there are `limit` items. `waiting` are entries that would be shown if they were translated.
pub(in crate::pipeline) async fn join_stories<'e>(
    store: &'e Store,
    reader: &mut RowReader<'e>,
    edition: &'e plan::Edition,
    (ranked, mut waiting): (&Ranked, HashMap<EntryId, EntryRow>),
    known: Known<'_>,
) -> Result<Joined, PipelineError> {
    let oldest = oldest_of(ranked).or_else(|| waiting.values().map(|row| row.at).min());
    let (Some(rules), Some(oldest)) = (edition.stories, oldest) else {
        let (entries, stories, remembered) = (ranked.take(0).0, HashMap::new(), Vec::new());
        return Ok(Joined { entries, stories, remembered, waiting: waiting.len() as u64, is_short: false });
    };
    let rows = reader.open(store, edition).read_back_to(oldest.minus(rules.window), MAX_ROWS).await?;
    let stories = spawn_cpu("joining stories", move || Stories::of(rules, rows)).await?;
    let places = StoryPlaces::new(&stories, known.begin_of());
    let extra = ranked.find_extra(|taken, pinned| places.count(taken, pinned, edition.at_least));
    let (entries, pinned) = ranked.take(extra);
    let prefer = preferences(edition);
    let is_full = entries.len() >= edition.limit;
    let floor = places.floor(&entries, pinned, edition.at_least);
    waiting.retain(|_, row| !is_full || floor.is_none_or(|floor| row.at >= floor));
    let is_short = ranked.is_short(extra, places.count(&entries, pinned, edition.at_least));
    let joined = Shelf::new((entries, pinned), floor, (known, waiting), &prefer).put(stories).truncate(edition.limit);
    Ok(Joined { is_short, ..joined })
}

impl Known<'_> {
    /// Returns the date at which readers have a story, if they know it.
    fn begin_of(&self) -> impl Fn(&[EntryRow]) -> Option<Time> + use<> {
        let members = self.stories.iter().flat_map(|story| story.members.iter().map(move |member| (*member, story.at)));
        let remembered: HashMap<EntryId, Time> = members.collect();
        let shown: HashSet<EntryId> = self.shown.iter().copied().collect();
        move |story| {
            let dates = story.iter().filter_map(|row| remembered.get(&row.id).copied());
            dates.chain(story.iter().filter(|row| shown.contains(&row.id)).map(|row| row.at)).min()
        }
    }
}

/// Puts stories into the place that their id and date give them.
struct Shelf<'a> {
    entries: HashMap<EntryId, EntryRow>,
    /// Those of them that lead.
    pinned: HashSet<EntryId>,
    /// The place in time behind which the edition has no room.
    floor: Option<Time>,
    shown: HashSet<EntryId>,
    stories: HashMap<EntryId, &'a PublishedStory>,
    waiting: HashMap<EntryId, EntryRow>,
    prefer: &'a HashMap<&'a SourceId, i64>,
    taken: HashSet<EntryId>,
}

impl<'a> Shelf<'a> {
    fn new(
        (entries, pinned): (Vec<EntryRow>, usize),
        floor: Option<Time>,
        (known, waiting): (Known<'a>, HashMap<EntryId, EntryRow>),
        prefer: &'a HashMap<&'a SourceId, i64>,
    ) -> Self {
        let members = known.stories.iter().flat_map(|story| story.members.iter().map(move |member| (*member, story)));
        Self {
            floor,
            pinned: entries[..pinned].iter().map(|row| row.id).collect(),
            entries: entries.into_iter().map(|row| (row.id, row)).collect(),
            shown: known.shown.iter().copied().collect(),
            stories: members.collect(),
            waiting,
            prefer,
            taken: HashSet::new(),
        }
    }

    fn put(mut self, stories: Vec<Vec<EntryRow>>) -> Joined {
        let (entries, stories_by_leader, remembered) = (Vec::new(), HashMap::new(), Vec::new());
        let mut joined = Joined { entries, stories: stories_by_leader, remembered, waiting: 0, is_short: false };
        for members in stories {
            let shown: Vec<EntryRow> = members.iter().filter_map(|row| self.entries.remove(&row.id)).collect();
            joined.waiting += u64::from(self.is_leader_waiting(&members, &shown));
            if shown.is_empty() {
                continue;
            }
            let (id, at) = self.place(&members);
            let is_pinned = shown.iter().any(|row| self.pinned.contains(&row.id));
            if !is_pinned && self.floor.is_some_and(|floor| at < floor) {
                // It began before the oldest entry that the edition has room for: readers have had it.
                continue;
            }
            let leader = leader(&shown, self.prefer).clone();
            if is_pinned {
                self.pinned.insert(leader.id);
            }
            if members.len() > 1 || id != leader.id {
                let others = others(&members, &leader);
                joined.remembered.push(PublishedStory { id, at, members: members.iter().map(|row| row.id).collect() });
                joined.stories.insert(leader.id, Story { id, leader_at: leader.at, others });
            }
            joined.entries.push(EntryRow { at, ..leader });
        }
        // Rows beyond the most that are read.
        joined.waiting += self.waiting.len() as u64;
        joined.entries.extend(std::mem::take(&mut self.entries).into_values());
        joined.entries.sort_by_key(|row| (!self.pinned.contains(&row.id), Reverse((row.at, row.id))));
        joined
    }

    /// Returns true if the entry that will lead a story waits for its translation. The others are not translated, and wait for nothing.
    fn is_leader_waiting(&mut self, members: &[EntryRow], shown: &[EntryRow]) -> bool {
        let waiting: Vec<EntryRow> = members.iter().filter_map(|row| self.waiting.remove(&row.id)).collect();
        let all: Vec<EntryRow> = shown.iter().chain(&waiting).cloned().collect();
        !waiting.is_empty() && waiting.contains(leader(&all, self.prefer))
    }

    /// Returns id and date of a story: those that readers know it by, of several the oldest; else those of its oldest entry.
    fn place(&mut self, members: &[EntryRow]) -> (EntryId, Time) {
        let remembered = members.iter().filter_map(|row| self.stories.get(&row.id)).map(|story| (story.at, story.id));
        let shown = members.iter().filter(|row| self.shown.contains(&row.id)).map(|row| (row.at, row.id));
        let known = remembered.chain(shown).filter(|(_, id)| !self.taken.contains(id)).min();
        let own = || members.iter().map(|row| (row.at, row.id)).find(|(_, id)| !self.taken.contains(id));
        let (at, id) = known.or_else(own).unwrap_or((members[0].at, members[0].id));
        self.taken.insert(id);
        (id, at)
    }
}

/// Returns the entries of other sources than the leader's, the oldest of each.
fn others(members: &[EntryRow], leader: &EntryRow) -> Vec<EntryRow> {
    let mut sources = HashSet::from([&leader.source]);
    members.iter().filter(|row| sources.insert(&row.source)).take(MAX_OTHERS).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArticleKey, Revision, StoryKey};

    fn row(id: i64, source: &str, size: u8) -> EntryRow {
        EntryRow {
            id: EntryId(id),
            source: SourceId::new(source),
            revision: Revision(0),
            at: Time::from_millis(id),
            first_seen: Time::EPOCH,
            lang: None,
            article: ArticleKey::default(),
            story: StoryKey { size, ..StoryKey::default() },
            is_withdrawn: false,
        }
    }

    /// Joins stories of entries, of which the edition shows those from `oldest` on. Returns id, leader and date of each item.
    fn put(stories: &[&[EntryRow]], oldest: i64, shown: &[i64], known: &[PublishedStory]) -> (Vec<(i64, i64, i64)>, Joined) {
        let mut entries: Vec<EntryRow> = stories.concat().into_iter().filter(|row| row.id.0 >= oldest).collect();
        entries.sort_by_key(|row| Reverse(row.at));
        let shown: Vec<EntryId> = shown.iter().copied().map(EntryId).collect();
        let prefer = HashMap::new();
        let floor = (oldest > 0).then_some(Time::from_millis(oldest));
        let shelf = Shelf::new((entries, 0), floor, (Known { shown: &shown, stories: known }, HashMap::new()), &prefer);
        let joined = shelf.put(stories.iter().map(|story| story.to_vec()).collect());
        let items = joined.item_ids().into_iter().zip(&joined.entries).map(|(id, row)| (id.0, row.id.0, row.at.millis()));
        (items.collect(), joined)
    }

    #[test]
    fn story_has_the_id_and_date_of_its_oldest_entry_and_the_richest_text() {
        let (items, joined) = put(&[&[row(5, "a", 3), row(6, "b", 9), row(7, "c", 3)], &[row(9, "a", 1)]], 0, &[], &[]);
        assert_eq!(items, [(9, 9, 9), (5, 6, 5)]);
        let others: Vec<i64> = joined.stories[&EntryId(6)].others.iter().map(|row| row.id.0).collect();
        assert_eq!(others, [5, 7]);
    }

    #[test]
    fn entry_that_comes_late_changes_neither_id_nor_date() {
        let before = [row(6, "b", 1), row(7, "c", 1)];
        let (_, joined) = put(&[&before], 0, &[], &[]);
        let late = [&[row(5, "a", 1)], before.as_slice()].concat();
        let (items, _) = put(&[&late], 0, &[6], &joined.remembered);
        assert_eq!(items, [(6, 5, 6)]);
        let (items, _) = put(&[&late], 0, &[7], &[]);
        assert_eq!(items, [(7, 5, 7)], "it was alone when it was published");
    }

    #[test]
    fn story_keeps_its_id_when_its_first_entry_is_withdrawn() {
        let known = PublishedStory { id: EntryId(5), at: Time::from_millis(5), members: vec![EntryId(5), EntryId(6)] };
        let (items, joined) = put(&[&[row(6, "b", 1)]], 0, &[5], &[known]);
        assert_eq!(items, [(5, 6, 5)]);
        assert_eq!(joined.remembered.len(), 1, "and in the next run, too");
    }

    #[test]
    fn story_that_has_left_the_edition_does_not_return_with_a_late_entry() {
        let (items, _) = put(&[&[row(5, "a", 1), row(9, "b", 1)], &[row(8, "c", 1)]], 8, &[], &[]);
        assert_eq!(items, [(8, 8, 8)]);
    }

    #[test]
    fn story_of_a_pinned_entry_leads_however_old_it_is() {
        let (old, new) = ([row(5, "a", 1), row(6, "b", 9)], row(9, "c", 1));
        let shown = vec![old[0].clone(), old[1].clone(), new.clone()];
        let prefer = HashMap::new();
        let shelf =
            Shelf::new((shown, 1), Some(Time::from_millis(8)), (Known { shown: &[], stories: &[] }, HashMap::new()), &prefer);
        let joined = shelf.put(vec![old.to_vec(), vec![new]]);
        assert_eq!(joined.entries.iter().map(|row| row.id.0).collect::<Vec<_>>(), [6, 9]);
    }

    #[test]
    fn two_stories_never_have_one_id() {
        let known = PublishedStory { id: EntryId(1), at: Time::from_millis(1), members: vec![EntryId(5), EntryId(6)] };
        let (items, _) = put(&[&[row(5, "a", 1)], &[row(6, "b", 1)]], 0, &[], &[known]);
        assert_eq!(items, [(6, 6, 6), (1, 5, 1)]);
    }

    /// The number of entries that wait, of a story of which some are shown and some wait.
    fn waiting(story: &[EntryRow], shown: &[i64]) -> u64 {
        let (shown, waiting): (Vec<EntryRow>, Vec<EntryRow>) = story.iter().cloned().partition(|row| shown.contains(&row.id.0));
        let waiting = waiting.into_iter().map(|row| (row.id, row)).collect();
        let prefer = HashMap::new();
        let shelf = Shelf::new((shown, 0), None, (Known { shown: &[], stories: &[] }, waiting), &prefer);
        shelf.put(vec![story.to_vec()]).waiting
    }

    #[test]
    fn entry_that_will_lead_a_story_that_is_shown_waits() {
        let story = [row(5, "a", 3), row(6, "b", 9), row(7, "c", 3)];
        assert_eq!(waiting(&story, &[5]), 1, "the richest text is not translated yet");
        assert_eq!(waiting(&story, &[6]), 0, "the others wait for nothing");
    }

    #[test]
    fn story_that_waits_counts_once() {
        assert_eq!(waiting(&[row(5, "a", 3), row(6, "b", 9), row(7, "c", 3)], &[]), 1);
    }
}
