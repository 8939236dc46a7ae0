//! The window of an edition: its newest entries, each article once.

use std::collections::HashSet;

use crate::model::{DedupKey, EntryRow, Lang, LinkOrigin, Time, UntranslatedPolicy};

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

/// The newest entries, filled from rows in order, newest first.
#[derive(Debug)]
pub struct Window {
    limit: usize,
    articles: HashSet<u64>,
    entries: Vec<EntryRow>,
}

impl Window {
    /// Makes an empty window for `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self { limit, articles: HashSet::new(), entries: Vec::new() }
    }

    /// Returns true if the window takes no more entries.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= self.limit
    }

    /// Adds the next older entry. An article (a page under a headline) that several feeds have is shown once; see `judge_copies`.
    pub fn push(&mut self, entry: EntryRow) {
        if self.is_full() {
            return;
        }
        if let Some(key) = entry.dedup_key
            && !self.articles.insert(key.article())
        {
            let judge = |shown: &EntryRow| {
                let shown_key = shown.dedup_key.filter(|shown_key| shown_key.article() == key.article())?;
                judge_copies((shown, shown_key), (&entry, key))
            };
            if self.entries.iter().any(|shown| judge(shown) == Some(Precedence::Shown)) {
                return;
            }
            self.entries.retain(|shown| judge(shown) != Some(Precedence::Other));
        }
        self.entries.push(entry);
    }

    /// Returns the entries, newest first.
    pub fn into_entries(self) -> Vec<EntryRow> {
        self.entries
    }
}

/// The original of two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precedence {
    Shown,
    Other,
}

/// Decides which of two entries with the same page and the same headline is shown; nothing if they may not be the same article,
/// and both are.
///
/// Anybody can copy a headline and a link and write another text under them. So the entry that was seen first keeps its place,
/// and is the original only if it is the publisher's own, or if the texts agree. An entry whose page lies on the host of its feed
/// is the original wherever it comes late.
fn judge_copies((shown, shown_key): (&EntryRow, DedupKey), (other, other_key): (&EntryRow, DedupKey)) -> Option<Precedence> {
    if shown.source == other.source {
        return Some(Precedence::Shown);
    }
    let is_publishers = |key: DedupKey| key.link() == LinkOrigin::FeedHost;
    match (is_publishers(shown_key), is_publishers(other_key)) {
        (true, false) => return Some(Precedence::Shown),
        (false, true) => return Some(Precedence::Other),
        _ => {}
    }
    let (first, key) =
        if other.first_seen < shown.first_seen { (Precedence::Other, other_key) } else { (Precedence::Shown, shown_key) };
    (shown_key.agrees_with(other_key) || key.link() > LinkOrigin::Elsewhere).then_some(first)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{EntryId, Revision, SourceId};

    fn entry(n: i64, dedup_key: Option<DedupKey>, lang: Option<&str>) -> EntryRow {
        EntryRow {
            id: EntryId(n),
            source: SourceId::new("s"),
            revision: Revision(0),
            at: Time::from_millis(n),
            first_seen: Time::EPOCH,
            lang: lang.and_then(Lang::new),
            dedup_key,
            is_withdrawn: false,
        }
    }

    #[test]
    fn duplicate_is_dropped_and_older_entries_move_up() {
        let mut window = Window::new(2);
        for row in
            [entry(9, Some(DedupKey(1)), None), entry(8, Some(DedupKey(1)), None), entry(7, None, None), entry(6, None, None)]
        {
            window.push(row);
        }
        assert!(window.is_full());
        assert_eq!(window.into_entries().iter().map(|known| known.id.0).collect::<Vec<_>>(), [9, 7]);
    }

    /// An entry of a source, first seen at a time; the text is a number.
    fn copy(n: i64, source: &str, first_seen: i64, text: i64, link: LinkOrigin) -> EntryRow {
        let dedup_key = DedupKey((7 << 24) | (text << 2) | link as i64);
        let (source, first_seen) = (SourceId::new(source), Time::from_millis(first_seen));
        EntryRow { source, first_seen, ..entry(n, Some(dedup_key), None) }
    }

    fn shown(copies: [EntryRow; 2]) -> Vec<i64> {
        let mut window = Window::new(9);
        for copy in copies {
            window.push(copy);
        }
        window.into_entries().iter().map(|row| row.id.0).collect()
    }

    #[test]
    fn article_seen_first_is_not_replaced_by_a_newer_text_under_its_link() {
        let (site, elsewhere) = (LinkOrigin::Site, LinkOrigin::Elsewhere);
        assert_eq!(shown([copy(9, "z", 5, 1, elsewhere), copy(8, "a", 1, 2, site)]), [8]);
        assert_eq!(shown([copy(9, "z", 5, 1, site), copy(8, "a", 1, 2, site)]), [8], "whatever site the other names");
    }

    #[test]
    fn copy_with_the_same_text_is_shown_once() {
        let elsewhere = LinkOrigin::Elsewhere;
        assert_eq!(shown([copy(9, "z", 1, 1, elsewhere), copy(8, "a", 5, 1, elsewhere)]), [9]);
        assert_eq!(shown([copy(9, "z", 5, 1, elsewhere), copy(8, "a", 1, 1, elsewhere)]), [8]);
    }

    #[test]
    fn texts_that_differ_are_both_shown_if_neither_is_surely_the_publishers() {
        let (site, elsewhere) = (LinkOrigin::Site, LinkOrigin::Elsewhere);
        assert_eq!(shown([copy(9, "z", 5, 1, elsewhere), copy(8, "a", 1, 2, elsewhere)]), [9, 8]);
        assert_eq!(shown([copy(9, "z", 1, 1, elsewhere), copy(8, "a", 5, 2, site)]), [9, 8]);
    }

    #[test]
    fn article_on_the_host_of_its_feed_comes_before_a_copy_seen_earlier() {
        assert_eq!(shown([copy(9, "z", 1, 1, LinkOrigin::Site), copy(8, "a", 5, 2, LinkOrigin::FeedHost)]), [8]);
        assert_eq!(shown([copy(9, "a", 5, 2, LinkOrigin::FeedHost), copy(8, "z", 1, 1, LinkOrigin::Site)]), [9]);
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
