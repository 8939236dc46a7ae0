//! The window of an edition: its newest entries, each article once.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::copies::{Precedence, judge_copies};
use crate::model::{EntryRow, Lang, SourceId, Time, UntranslatedPolicy};

/// The decision whether an entry may be shown in an edition now, and in which rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Shown in the original: its language is the edition's, or the edition takes all languages.
    Shown,
    /// Shown in translation.
    Translated,
    /// Shown in the original, although it is in another language.
    Foreign,
    /// Not shown yet: it waits for a translation.
    Waits,
    /// Never shown.
    Left,
}

/// Decides whether `entry` may be shown at `now` in an edition in `lang` (nothing: every entry in its own language), and in which
/// rendition. `is_translated` is true if there is a finished rendition in that language.
pub fn decide_admission(
    entry: &EntryRow,
    lang: Option<&Lang>,
    is_translated: bool,
    untranslated: UntranslatedPolicy,
    now: Time,
) -> Admission {
    let Some(lang) = lang else { return Admission::Shown };
    if entry.lang.as_ref().is_some_and(|own| own.primary() == lang.primary()) {
        return Admission::Shown;
    }
    if is_translated {
        return Admission::Translated;
    }
    match untranslated {
        UntranslatedPolicy::Original => Admission::Foreign,
        UntranslatedPolicy::Skip => Admission::Left,
        UntranslatedPolicy::Hold(time) if now.since(entry.first_seen) >= time => Admission::Foreign,
        UntranslatedPolicy::Hold(_) => Admission::Waits,
    }
}

/// The time in which the entries of other sources come before those of a source that fills the window: two days of news.
const FAIR_TIME: Duration = Duration::from_secs(48 * 60 * 60);
/// Without `per_source`, a source has this part of the window for sure.
const FAIR_PART: usize = 4;
/// The most entries that are looked at.
const MAX_SEEN: usize = 20_000;

/// The newest entries, filled from rows in order, newest first. No source takes all places: beyond its share, its entries stand back
/// for those of others.
#[derive(Debug)]
pub struct Window {
    limit: usize,
    /// The entries that a source has for sure.
    share: usize,
    /// True if a source gets no more than that.
    is_cap: bool,
    /// The facts that tell the articles that were pushed.
    facts: HashSet<(u8, u64)>,
    entries: Vec<Candidate>,
    /// The entries within the share of each source.
    shares: HashMap<SourceId, usize>,
    /// The number of these.
    certain: usize,
    seen: usize,
    /// True once an entry is so old that it takes no place of a newer one.
    is_old: bool,
}

#[derive(Debug)]
struct Candidate {
    entry: EntryRow,
    /// True if its source has had its share.
    is_extra: bool,
}

impl Window {
    /// Makes an empty window for `limit` entries of so many sources, `per_source` of one source at most. Without it, a source has a
    /// quarter of the places for sure (or its equal part, of fewer sources), and more of them only if others have nothing from the
    /// last two days.
    pub fn new(limit: usize, per_source: Option<usize>, sources: usize) -> Self {
        Self {
            limit,
            share: per_source.unwrap_or(limit.div_ceil(sources.clamp(1, FAIR_PART))),
            is_cap: per_source.is_some(),
            facts: HashSet::new(),
            entries: Vec::new(),
            shares: HashMap::new(),
            certain: 0,
            seen: 0,
            is_old: false,
        }
    }

    /// Returns true if the window takes no more entries.
    pub fn is_full(&self) -> bool {
        self.certain >= self.limit || self.is_old && self.entries.len() >= self.limit || self.seen >= MAX_SEEN
    }

    /// Adds the next older entry. An article that several feeds have is shown once; see `judge_copies`.
    pub fn push(&mut self, entry: EntryRow) {
        self.seen += 1;
        self.is_old |= self.entries.first().is_some_and(|newest| newest.entry.at.since(entry.at) > FAIR_TIME);
        if self.is_full() {
            return;
        }
        // Nearly no entry has a copy, and is compared with the others.
        let known = entry.article.facts().filter(|fact| !self.facts.insert(*fact)).count();
        if known > 0 {
            let judge = |shown: &Candidate| judge_copies(&shown.entry, &entry);
            if self.entries.iter().any(|shown| judge(shown) == Some(Precedence::Shown)) {
                return;
            }
            let (shares, certain) = (&mut self.shares, &mut self.certain);
            self.entries.retain(|shown| {
                let stays = judge(shown) != Some(Precedence::Other);
                if !stays
                    && !shown.is_extra
                    && let Some(share) = shares.get_mut(&shown.entry.source)
                {
                    *share -= 1;
                    *certain -= 1;
                }
                stays
            });
        }
        let is_extra = match self.shares.get_mut(&entry.source) {
            Some(share) if *share >= self.share => true,
            Some(share) => {
                *share += 1;
                false
            }
            None => {
                self.shares.insert(entry.source.clone(), 1);
                false
            }
        };
        self.certain += usize::from(!is_extra);
        if !is_extra || !self.is_cap {
            self.entries.push(Candidate { entry, is_extra });
        }
    }

    /// Returns the entries, newest first.
    pub fn into_entries(self) -> Vec<EntryRow> {
        let mut extra = self.limit.saturating_sub(self.certain);
        let mut entries: Vec<EntryRow> = Vec::with_capacity(self.entries.len().min(self.limit));
        for Candidate { entry, is_extra } in self.entries {
            if !is_extra || extra > 0 {
                extra -= usize::from(is_extra);
                entries.push(entry);
            }
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArticleKey, EntryId, LinkOrigin, Revision};

    fn entry(n: i64, page: Option<&str>, lang: Option<&str>) -> EntryRow {
        EntryRow {
            id: EntryId(n),
            source: SourceId::new("s"),
            revision: Revision(0),
            at: Time::from_millis(n),
            first_seen: Time::EPOCH,
            lang: lang.and_then(Lang::new),
            article: ArticleKey::new(page, "Un titre", None, LinkOrigin::Elsewhere),
            is_withdrawn: false,
        }
    }

    fn shown(rows: impl IntoIterator<Item = EntryRow>) -> Vec<i64> {
        let mut window = Window::new(2, None, 1);
        rows.into_iter().for_each(|row| window.push(row));
        window.into_entries().iter().map(|row| row.id.0).collect()
    }

    #[test]
    fn duplicate_is_dropped_and_older_entries_move_up() {
        let copies = [entry(9, Some("https://a.fr/1"), None), entry(8, Some("http://www.a.fr/1/"), None)];
        assert_eq!(shown(copies.into_iter().chain([entry(7, None, None), entry(6, None, None)])), [9, 7]);
    }

    #[test]
    fn original_that_comes_late_takes_the_place_of_its_copy() {
        let copy = entry(9, Some("https://a.fr/1"), None);
        let article = ArticleKey::new(Some("https://a.fr/1"), "Un titre", None, LinkOrigin::FeedHost);
        let original = EntryRow { source: SourceId::new("a"), article, ..entry(8, None, None) };
        assert_eq!(shown([copy, original, entry(7, None, None)]), [8, 7]);
    }

    const HOUR: i64 = 60 * 60 * 1000;

    /// An entry of a source, so many hours old.
    fn of(source: &str, hours: i64, number: i64) -> EntryRow {
        let at = Time::from_millis((1000 - hours) * HOUR - number);
        EntryRow { id: EntryId(hours * 1000 + number), source: SourceId::new(source), at, ..entry(0, None, None) }
    }

    /// The number of entries of the sources a and b in a window for 8.
    fn places(per_source: Option<usize>, mut rows: Vec<EntryRow>) -> (usize, usize) {
        rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
        let mut window = Window::new(8, per_source, 4);
        for row in rows {
            window.push(row);
        }
        let entries = window.into_entries();
        assert!(entries.is_sorted_by_key(|row| std::cmp::Reverse(row.at)) && entries.len() <= 8);
        let count = |name: &str| entries.iter().filter(|row| row.source.as_str() == name).count();
        (count("a"), count("b"))
    }

    fn many(source: &str, hours: i64, count: i64) -> Vec<EntryRow> {
        (0..count).map(|number| of(source, hours, number)).collect()
    }

    #[test]
    fn source_that_floods_leaves_the_recent_entries_of_others_in() {
        assert_eq!(places(None, [many("a", 0, 500), many("b", 40, 3)].concat()), (6, 2));
    }

    #[test]
    fn old_entries_of_others_take_no_place_of_new_ones() {
        assert_eq!(places(None, [many("a", 0, 500), many("b", 60, 3)].concat()), (8, 0));
    }

    #[test]
    fn only_source_takes_all_places() {
        assert_eq!(places(None, many("a", 0, 500)), (8, 0));
    }

    #[test]
    fn source_gets_no_more_than_per_source() {
        assert_eq!(places(Some(3), many("a", 0, 500)), (3, 0));
        assert_eq!(places(Some(3), [many("a", 0, 500), many("b", 400, 9)].concat()), (3, 3));
    }

    #[test]
    fn entry_in_another_language_follows_the_untranslated_policy() {
        let english = Lang::new("en");
        let hold = UntranslatedPolicy::Hold(Duration::from_secs(60));
        let (early, late) = (Time::from_millis(59_999), Time::from_millis(60_000));
        let french = entry(1, None, Some("fr"));
        assert_eq!(decide_admission(&french, None, false, hold, early), Admission::Shown);
        assert_eq!(decide_admission(&french, english.as_ref(), false, hold, early), Admission::Waits);
        assert_eq!(decide_admission(&french, english.as_ref(), false, hold, late), Admission::Foreign);
        assert_eq!(decide_admission(&french, english.as_ref(), false, UntranslatedPolicy::Skip, late), Admission::Left);
        assert_eq!(decide_admission(&french, english.as_ref(), true, UntranslatedPolicy::Skip, late), Admission::Translated);
        assert_eq!(decide_admission(&entry(1, None, Some("en-GB")), english.as_ref(), false, hold, early), Admission::Shown);
        assert_eq!(
            decide_admission(&entry(1, None, None), english.as_ref(), false, UntranslatedPolicy::Original, early),
            Admission::Foreign
        );
    }
}
