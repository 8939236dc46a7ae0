//! The window of an edition: its newest entries, each article once, and places for all of its sources.

use std::collections::{HashMap, HashSet};

use super::copies::{Precedence, judge_copies};
use super::places::Places;
use super::window_rules::WindowRules;
use crate::model::{EntryRow, SourceId, Time};

/// The most entries that are looked at.
const MAX_SEEN: usize = 20_000;

/// The newest entries, filled from rows in order, newest first. It depends on nothing but these rows: not on the time at which a
/// source answered within a run, nor on the present.
///
/// Where there are more entries than places, each source first gets its equal part of them, then the entries within its share (a
/// quarter) stand before those beyond it, and of each kind the newest come first.
#[derive(Debug)]
pub struct Window {
    rules: WindowRules,
    places: HashMap<SourceId, Places>,
    /// The facts that tell the articles that were pushed.
    facts: HashSet<(u8, u64)>,
    entries: Vec<EntryRow>,
    /// The number of entries within the equal part of their source, and of those within its share.
    within_part: usize,
    within_share: usize,
    /// True once there were so many within their shares, or of all kinds, that they filled the window.
    is_share_full: bool,
    has_enough: bool,
    seen: usize,
    newest: Option<Time>,
    /// True once an entry is older than `within`: it takes no place of a newer one.
    is_old: bool,
}

impl Window {
    /// Makes an empty window.
    pub fn new(rules: WindowRules) -> Self {
        let total = rules.sources.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let places = |weight: &u32| Places::new(&rules, *weight, total);
        let places = rules.sources.iter().map(|(id, weight)| (id.clone(), places(weight))).collect();
        Self {
            rules,
            places,
            facts: HashSet::new(),
            entries: Vec::new(),
            within_part: 0,
            within_share: 0,
            is_share_full: false,
            has_enough: false,
            seen: 0,
            newest: None,
            is_old: false,
        }
    }

    /// Returns true if the window takes no more entries.
    pub fn is_full(&self) -> bool {
        self.within_part >= self.rules.limit || self.is_old && self.entries.len() >= self.rules.at_least || self.seen >= MAX_SEEN
    }

    /// Returns true if the window still takes entries of a source: those that would have a place if there were no older ones.
    pub fn is_open(&self, source: &SourceId) -> bool {
        self.places.get(source).is_some_and(|places| !self.is_closed(places))
    }

    /// Returns the sources of which entries are still taken, in the order of the rules. Rows of others need not be pushed.
    pub fn open_sources(&self) -> Vec<SourceId> {
        self.rules.sources.iter().map(|(id, _)| id).filter(|id| self.is_open(id)).cloned().collect()
    }

    /// Returns the date of the oldest entries that are still taken; nothing if that does not depend on dates.
    pub fn oldest(&self) -> Option<Time> {
        let newest = self.newest.filter(|_| self.entries.len() >= self.rules.at_least)?;
        Some(newest.minus(self.rules.within))
    }

    /// Adds the next older entry. An article that several feeds have is shown once; see `judge_copies`. Entries of sources that are
    /// not in the rules are ignored.
    pub fn push(&mut self, entry: EntryRow) {
        self.seen += 1;
        let newest = *self.newest.get_or_insert(entry.at);
        self.is_old |= newest.since(entry.at) > self.rules.within;
        if self.is_full() || !self.is_open(&entry.source) {
            return;
        }
        // Nearly no entry has a copy, and is compared with the others.
        let known = entry.article.facts().filter(|fact| !self.facts.insert(*fact)).count();
        if known > 0 && !self.give_way(&entry) {
            return;
        }
        if let Some(places) = self.places.get_mut(&entry.source)
            && places.take()
        {
            self.within_part += usize::from(places.taken <= places.part);
            self.within_share += usize::from(places.taken <= places.share);
            self.entries.push(entry);
            self.is_share_full |= self.within_share >= self.rules.limit;
            self.has_enough |= self.entries.len() >= self.rules.limit;
        }
    }

    /// Removes the copies of an article that give way to `entry`. Returns false if it gives way to one of them.
    fn give_way(&mut self, entry: &EntryRow) -> bool {
        let judge = |shown: &EntryRow| judge_copies(shown, entry);
        if self.entries.iter().any(|shown| judge(shown) == Some(Precedence::Shown)) {
            return false;
        }
        let places = &mut self.places;
        let before = self.entries.len();
        self.entries.retain(|shown| {
            let stays = judge(shown) != Some(Precedence::Other);
            if !stays && let Some(places) = places.get_mut(&shown.source) {
                places.taken -= 1;
            }
            stays
        });
        if self.entries.len() < before {
            let count = |most: fn(&Places) -> usize| places.values().map(|places| places.taken.min(most(places))).sum();
            (self.within_part, self.within_share) = (count(|places| places.part), count(|places| places.share));
        }
        true
    }

    /// Returns true if no further entry of a source could have a place. It stays so if copies give way meanwhile: what is shown must not
    /// depend on when this is asked.
    fn is_closed(&self, places: &Places) -> bool {
        places.is_refused(self.rules.limit)
            || self.is_share_full && places.most >= places.part
            || self.has_enough && places.most >= places.share
    }

    /// Returns the entries, newest first.
    pub fn into_entries(self) -> Vec<EntryRow> {
        let Self { rules, places, entries, newest, .. } = self;
        let mut counts: HashMap<&SourceId, usize> = HashMap::new();
        let mut ranked: Vec<(u8, usize)> = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let count = counts.entry(&entry.source).or_default();
            *count += 1;
            ranked.push((places.get(&entry.source).map_or(0, |places| places.rank(*count)), at));
        }
        ranked.sort_unstable();
        let chosen: HashSet<usize> = ranked.into_iter().take(rules.limit).map(|(_, at)| at).collect();
        let entries = entries.into_iter().enumerate().filter(|(at, _)| chosen.contains(at)).map(|(_, entry)| entry);
        let is_recent = |entry: &EntryRow| newest.is_none_or(|newest| newest.since(entry.at) <= rules.within);
        entries.enumerate().filter(|(at, entry)| *at < rules.at_least || is_recent(entry)).map(|(_, entry)| entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{ArticleKey, EntryId, LinkOrigin, Revision, StoryKey};

    fn entry(n: i64, page: Option<&str>) -> EntryRow {
        EntryRow {
            id: EntryId(n),
            source: SourceId::new("s"),
            revision: Revision(0),
            at: Time::from_millis(n),
            first_seen: Time::EPOCH,
            lang: None,
            article: ArticleKey::new(page, "Un titre", None, LinkOrigin::Elsewhere),
            story: StoryKey::default(),
            is_withdrawn: false,
        }
    }

    const HOUR: i64 = 60 * 60 * 1000;

    fn rules(limit: usize, sources: &[&str]) -> WindowRules {
        let sources = sources.iter().map(|id| (SourceId::new(id), 1000)).collect();
        WindowRules { limit, at_least: limit, within: Duration::from_hours(48), per_source: None, sources }
    }

    fn show(rules: &WindowRules, rows: impl IntoIterator<Item = EntryRow>) -> Vec<EntryRow> {
        let mut rows: Vec<EntryRow> = rows.into_iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
        let mut window = Window::new(rules.clone());
        for row in rows {
            window.push(row);
        }
        window.into_entries()
    }

    fn shown(rows: impl IntoIterator<Item = EntryRow>) -> Vec<i64> {
        show(&rules(2, &["s", "a"]), rows).iter().map(|row| row.id.0).collect()
    }

    #[test]
    fn duplicate_is_dropped_and_older_entries_move_up() {
        let copies = [entry(9, Some("https://a.fr/1")), entry(8, Some("http://www.a.fr/1/"))];
        assert_eq!(shown(copies.into_iter().chain([entry(7, None), entry(6, None)])), [9, 7]);
    }

    #[test]
    fn original_that_comes_late_takes_the_place_of_its_copy() {
        let copy = entry(9, Some("https://a.fr/1"));
        let article = ArticleKey::new(Some("https://a.fr/1"), "Un titre", None, LinkOrigin::FeedHost);
        let original = EntryRow { source: SourceId::new("a"), article, ..entry(8, None) };
        assert_eq!(shown([copy, original, entry(7, None)]), [8, 7]);
    }

    /// An entry of a source, so many hours old.
    fn of(source: &str, hours: i64, number: i64) -> EntryRow {
        let at = Time::from_millis((1000 - hours) * HOUR - number);
        EntryRow { id: EntryId(hours * 1000 + number), source: SourceId::new(source), at, ..entry(0, None) }
    }

    fn many(source: &str, hours: i64, count: i64) -> Vec<EntryRow> {
        (0..count).map(|number| of(source, hours, number)).collect()
    }

    /// The number of entries of the sources a and b that are shown.
    fn places(rules: &WindowRules, rows: Vec<EntryRow>) -> (usize, usize) {
        let entries = show(rules, rows);
        assert!(entries.is_sorted_by_key(|row| std::cmp::Reverse(row.at)) && entries.len() <= rules.limit);
        let count = |name: &str| entries.iter().filter(|row| row.source.as_str() == name).count();
        (count("a"), count("b"))
    }

    /// Places for 8 entries of four sources.
    fn eight() -> WindowRules {
        rules(8, &["a", "b", "c", "d"])
    }

    #[test]
    fn source_that_floods_leaves_the_recent_entries_of_others_in() {
        assert_eq!(places(&eight(), [many("a", 0, 500), many("b", 40, 3)].concat()), (6, 2));
    }

    #[test]
    fn several_sources_that_flood_leave_each_other_source_its_equal_part() {
        let floods = ["a", "c", "d", "e"].map(|source| many(source, 0, 500)).concat();
        let rules = rules(10, &["a", "b", "c", "d", "e"]);
        assert_eq!(places(&rules, [floods, many("b", 40, 9)].concat()).1, 2);
    }

    #[test]
    fn heavier_source_has_more_places_than_others_that_flood() {
        let mut rules = rules(12, &["a", "b", "c", "d"]);
        rules.sources[0].1 = 3000;
        let floods = ["a", "b", "c", "d"].map(|source| many(source, 1, 500)).concat();
        assert_eq!(places(&rules, floods), (6, 2));
    }

    #[test]
    fn old_entries_of_others_take_no_place_of_new_ones() {
        assert_eq!(places(&eight(), [many("a", 0, 500), many("b", 60, 3)].concat()), (8, 0));
    }

    #[test]
    fn only_source_takes_all_places() {
        assert_eq!(places(&eight(), many("a", 0, 500)), (8, 0));
    }

    #[test]
    fn source_gets_no_more_than_per_source() {
        let rules = WindowRules { per_source: Some(3), ..eight() };
        assert_eq!(places(&rules, many("a", 0, 500)), (3, 0));
        assert_eq!(places(&rules, [many("a", 0, 500), many("b", 400, 9)].concat()), (3, 3));
    }

    #[test]
    fn older_entries_are_taken_up_to_at_least() {
        let rules = WindowRules { at_least: 4, ..eight() };
        assert_eq!(places(&rules, [many("a", 0, 2), many("b", 400, 9)].concat()), (2, 2));
        assert_eq!(places(&rules, [many("a", 0, 6), many("b", 400, 9)].concat()), (6, 0));
        assert_eq!(places(&rules, [many("a", 0, 4), many("b", 48, 1), many("b", 49, 9)].concat()), (4, 1));
    }

    #[test]
    fn rows_of_a_source_that_floods_need_not_be_read_to_the_end() {
        let mut window = Window::new(eight());
        for row in many("a", 0, 20) {
            window.push(row);
        }
        assert_eq!(window.open_sources(), ["b", "c", "d"].map(SourceId::new));
        assert_eq!(window.oldest(), Some(of("a", 48, 0).at));
        assert!(!window.is_full(), "others have their places");
    }

    /// Rows of some sources, articles and hours, with few of each so that there are copies and ties.
    fn any_rows() -> impl Strategy<Value = Vec<EntryRow>> {
        let link = prop::sample::select(vec![LinkOrigin::Elsewhere, LinkOrigin::Site, LinkOrigin::FeedHost]);
        let row = ("[a-d]", 0..4_i64, 0..60_i64, link, 0..3_i64);
        prop::collection::vec(row, 0..40).prop_map(|rows| {
            let rows = rows.into_iter().enumerate().map(|(n, (source, page, hours, link, seen))| {
                let page = format!("https://p.example/{page}");
                EntryRow {
                    article: ArticleKey::new(Some(&page), "Un titre", Some("<p>Un texte.</p>"), link),
                    first_seen: Time::from_millis((2000 + seen) * HOUR),
                    ..of(&source, hours, i64::try_from(n).unwrap_or_default())
                }
            });
            rows.collect()
        })
    }

    proptest! {
        #[test]
        fn order_of_answers_within_a_run_changes_nothing(rows in any_rows(), late in prop::collection::vec(0..599_999_i64, 40)) {
            let again = rows.iter().zip(late).map(|(row, late)| {
                EntryRow { first_seen: Time::from_millis(row.first_seen.millis() + late), ..row.clone() }
            });
            let ids = |rows: Vec<EntryRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
            prop_assert_eq!(ids(show(&eight(), again)), ids(show(&eight(), rows.clone())));
        }

        #[test]
        fn rows_that_a_window_does_not_ask_for_change_nothing(rows in any_rows(), page in 1..9_usize) {
            let mut sorted = rows.clone();
            sorted.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
            let mut window = Window::new(eight());
            let mut rest = sorted.as_slice();
            while !window.is_full() {
                let (open, oldest) = (window.open_sources(), window.oldest());
                let is_wanted = |row: &&EntryRow| open.contains(&row.source) && oldest.is_none_or(|oldest| row.at >= oldest);
                let asked: Vec<(usize, &EntryRow)> = rest.iter().enumerate().filter(|(_, row)| is_wanted(row)).take(page).collect();
                let Some((last, _)) = asked.last() else { break };
                let after = last + 1;
                for (_, row) in asked {
                    window.push(row.clone());
                }
                rest = &rest[after..];
            }
            let ids = |rows: Vec<EntryRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
            prop_assert_eq!(ids(window.into_entries()), ids(show(&eight(), rows)));
        }
    }
}
