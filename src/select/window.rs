//! The window of an edition: its newest entries, each article once, and places for all of its sources.

use std::collections::{HashMap, HashSet};

use super::copies::{Precedence, judge_copies};
use super::places::Places;
use super::ranked::{Candidate, Ranked, RankedEntries};
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
pub(super) struct Window {
    rules: WindowRules,
    places: HashMap<SourceId, Places>,
    /// The facts that tell the articles that were pushed.
    facts: HashSet<(u8, u64)>,
    entries: Vec<Candidate>,
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
    pub(super) fn new(rules: WindowRules) -> Self {
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
    pub(super) fn is_full(&self) -> bool {
        self.within_part >= self.rules.limit || self.is_old && self.entries.len() >= self.rules.at_least || self.seen >= MAX_SEEN
    }

    /// Returns true if the window still takes entries of a source: those that would have a place if there were no older ones.
    pub(super) fn is_open(&self, source: &SourceId) -> bool {
        self.places.get(source).is_some_and(|places| !self.is_closed(places))
    }

    /// Returns the sources of which entries are still taken, in the order of the rules. Rows of others need not be pushed.
    pub(super) fn open_sources(&self) -> Vec<SourceId> {
        self.rules.sources.iter().map(|(id, _)| id).filter(|id| self.is_open(id)).cloned().collect()
    }

    /// Returns the sources of the rules.
    pub(super) fn sources(&self) -> impl Iterator<Item = &SourceId> {
        self.rules.sources.iter().map(|(id, _)| id)
    }

    /// Returns the date of the oldest entries that are still taken; nothing if that does not depend on dates.
    pub(super) fn oldest(&self) -> Option<Time> {
        let newest = self.newest.filter(|_| self.entries.len() >= self.rules.at_least)?;
        Some(newest.minus(self.rules.within))
    }

    /// Returns true if there may be entries that a larger window would have taken.
    pub(super) fn is_cut(&self) -> bool {
        let is_cut = |places: &Places| self.is_closed(places) && !places.is_capped(self.rules.per_source);
        self.is_full() || self.oldest().is_some() || self.places.values().any(is_cut)
    }

    /// Adds the next older entry. An article that several feeds have is shown once; see `judge_copies`. Entries of sources that are
    /// not in the rules are ignored. A pinned entry leads the others, if it has a place and is not older than `within`.
    pub(super) fn push(&mut self, entry: EntryRow, is_pinned: bool) {
        self.seen += 1;
        let newest = *self.newest.get_or_insert(entry.at);
        self.is_old |= newest.since(entry.at) > self.rules.within;
        if self.is_full() || !self.is_open(&entry.source) {
            return;
        }
        let Some(was_pinned) = self.give_way(&entry, is_pinned) else { return };
        let is_pinned = is_pinned && !self.is_old || was_pinned;
        if let Some(places) = self.places.get_mut(&entry.source)
            && places.take()
        {
            self.within_part += usize::from(places.taken <= places.part);
            self.within_share += usize::from(places.taken <= places.share);
            self.entries.push(Candidate { entry, is_pinned });
            self.is_share_full |= self.within_share >= self.rules.limit;
            self.has_enough |= self.entries.len() >= self.rules.limit;
        }
    }

    /// Pins an entry of any age, after all others were added: it has a place in any case.
    pub(super) fn pin(&mut self, entry: EntryRow) {
        if let Some(shown) = self.entries.iter_mut().find(|shown| shown.entry.id == entry.id) {
            shown.is_pinned = true;
        } else if self.give_way(&entry, true).is_some() {
            self.entries.push(Candidate { entry, is_pinned: true });
        }
    }

    /// Removes the copies of an article that give way to `entry`. Returns true if one of them was pinned, and nothing if `entry` gives
    /// way to one of them, which is pinned in its place.
    fn give_way(&mut self, entry: &EntryRow, is_pinned: bool) -> Option<bool> {
        // Nearly no entry has a copy, and is compared with the others.
        if entry.article.facts().filter(|fact| !self.facts.insert(*fact)).count() == 0 {
            return Some(false);
        }
        let judge = |shown: &Candidate| judge_copies(&shown.entry, entry);
        if let Some(shown) = self.entries.iter_mut().find(|shown| judge(shown) == Some(Precedence::Shown)) {
            shown.is_pinned |= is_pinned;
            return None;
        }
        let removed: Vec<Candidate> = self.entries.extract_if(.., |shown| judge(shown) == Some(Precedence::Other)).collect();
        for Candidate { entry, .. } in &removed {
            if let Some(places) = self.places.get_mut(&entry.source) {
                places.taken = places.taken.saturating_sub(1);
            }
        }
        if !removed.is_empty() {
            let count = |most: fn(&Places) -> usize| self.places.values().map(|places| places.taken.min(most(places))).sum();
            (self.within_part, self.within_share) = (count(|places| places.part), count(|places| places.share));
        }
        Some(removed.iter().any(|removed| removed.is_pinned))
    }

    /// Returns true if no further entry of a source could have a place. It stays so if copies give way meanwhile: what is shown must not
    /// depend on when this is asked.
    fn is_closed(&self, places: &Places) -> bool {
        places.is_refused(self.rules.limit)
            || self.is_share_full && places.most >= places.part
            || self.has_enough && places.most >= places.share
    }

    /// Returns the entries by their rank. Those of `wide` that are not among them stand behind.
    pub(super) fn into_ranked(self, wide: Option<&Self>) -> Ranked {
        let own = RankedEntries { entries: self.entries, places: &self.places };
        let reserve = wide.map(|wide| RankedEntries { entries: wide.entries.clone(), places: &wide.places });
        Ranked::new(self.rules, (own, reserve), self.newest, wide.is_some_and(Self::is_cut))
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
            window.push(row, false);
        }
        entries(window)
    }

    fn entries(window: Window) -> Vec<EntryRow> {
        window.into_ranked(None).take(0).0
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

    /// The ids of a window into which these rows were pushed, with those that are pinned.
    fn with_pins(rules: WindowRules, rows: Vec<EntryRow>, is_pinned: impl Fn(&EntryRow) -> bool, pins: &[EntryRow]) -> Vec<i64> {
        let mut window = Window::new(rules);
        for row in rows {
            let is_pinned = is_pinned(&row);
            window.push(row, is_pinned);
        }
        for row in pins {
            window.pin(row.clone());
        }
        entries(window).into_iter().map(|row| row.id.0).collect()
    }

    #[test]
    fn pinned_entries_lead_a_quarter_of_the_places_at_most() {
        let rows = [many("a", 0, 4), many("b", 1, 4)].concat();
        assert_eq!(with_pins(eight(), rows, |row| row.source.as_str() == "b", &[]), [1000, 1001, 0, 1, 2, 3, 1002, 1003]);
    }

    #[test]
    fn entry_that_is_pinned_by_its_source_leads_within_the_time_of_the_window() {
        let rows = [many("a", 0, 2), many("b", 49, 1)].concat();
        assert_eq!(with_pins(eight(), rows, |row| row.source.as_str() == "b", &[]), [0, 1, 49_000]);
    }

    #[test]
    fn entry_that_is_pinned_itself_has_a_place_at_any_age() {
        let pins = [of("a", 500, 0), of("a", 0, 3)];
        assert_eq!(with_pins(eight(), many("a", 0, 20), |_| false, &pins), [3, 500_000, 0, 1, 2, 4, 5, 6]);
    }

    #[test]
    fn original_of_a_pinned_copy_is_pinned() {
        let article = |link| ArticleKey::new(Some("https://a.fr/1"), "Un titre", None, link);
        let copy = EntryRow { article: article(LinkOrigin::Elsewhere), ..of("b", 1, 0) };
        let original = EntryRow { article: article(LinkOrigin::FeedHost), ..of("a", 2, 0) };
        let rows = [vec![of("a", 0, 0)], vec![copy.clone(), original.clone()]].concat();
        assert_eq!(with_pins(eight(), rows.clone(), |row| row.source.as_str() == "b", &[]), [2000, 0]);
        assert_eq!(with_pins(eight(), rows, |_| false, &[copy]), [2000, 0]);
    }

    #[test]
    fn rows_of_a_source_that_floods_need_not_be_read_to_the_end() {
        let mut window = Window::new(eight());
        for row in many("a", 0, 20) {
            window.push(row, false);
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
                    window.push(row.clone(), false);
                }
                rest = &rest[after..];
            }
            let ids = |rows: Vec<EntryRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
            prop_assert_eq!(ids(entries(window)), ids(show(&eight(), rows)));
        }
    }
}
