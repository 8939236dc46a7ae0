//! The window of an edition: its newest entries, each article once.

use std::collections::HashSet;

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
    dedup_keys: HashSet<i64>,
    entries: Vec<EntryRow>,
}

impl Window {
    /// Makes an empty window for `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self { limit, dedup_keys: HashSet::new(), entries: Vec::new() }
    }

    /// Returns true if the window takes no more entries.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= self.limit
    }

    /// Adds the next older entry. A duplicate (the same page under the same headline) of an entry in the window is dropped: an
    /// article in two feeds is shown once, from the feed in which it is newest.
    pub fn push(&mut self, entry: EntryRow) {
        if !self.is_full() && entry.dedup_key.is_none_or(|dedup_key| self.dedup_keys.insert(dedup_key)) {
            self.entries.push(entry);
        }
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
    use crate::model::{EntryId, Revision, SourceId};

    fn entry(n: i64, dedup_key: Option<i64>, lang: Option<&str>) -> EntryRow {
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
        for row in [entry(9, Some(1), None), entry(8, Some(1), None), entry(7, None, None), entry(6, None, None)] {
            window.push(row);
        }
        assert!(window.is_full());
        assert_eq!(window.into_entries().iter().map(|known| known.id.0).collect::<Vec<_>>(), [9, 7]);
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
