//! The window of an edition: its newest entries, each article once.

use std::collections::HashSet;

use super::copies::{Precedence, judge_copies};
use crate::model::{EntryRow, Lang, Time, UntranslatedPolicy};

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
    /// The facts that tell the articles that were pushed.
    facts: HashSet<(u8, u64)>,
    entries: Vec<EntryRow>,
}

impl Window {
    /// Makes an empty window for `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self { limit, facts: HashSet::new(), entries: Vec::new() }
    }

    /// Returns true if the window takes no more entries.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= self.limit
    }

    /// Adds the next older entry. An article that several feeds have is shown once; see `judge_copies`.
    pub fn push(&mut self, entry: EntryRow) {
        if self.is_full() {
            return;
        }
        // Nearly no entry has a copy, and is compared with the others.
        let known = entry.article.facts().filter(|fact| !self.facts.insert(*fact)).count();
        if known > 0 {
            if self.entries.iter().any(|shown| judge_copies(shown, &entry) == Some(Precedence::Shown)) {
                return;
            }
            self.entries.retain(|shown| judge_copies(shown, &entry) != Some(Precedence::Other));
        }
        self.entries.push(entry);
    }

    /// Returns the entries, newest first.
    pub fn into_entries(self) -> Vec<EntryRow> {
        self.entries
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{ArticleKey, EntryId, LinkOrigin, Revision, SourceId};

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
        let mut window = Window::new(2);
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
