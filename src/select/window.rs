//! The newest entries of an edition, each article once.

use std::collections::HashSet;

use crate::model::{EntryRow, Lang, Time, UntranslatedPolicy};

/// Whether an entry may be shown in an edition now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// In its own words, which are in the edition's language, or the edition takes all languages.
    Shown,
    /// Translated.
    Translated,
    /// In its own words, although they are in another language.
    Foreign,
    /// Not yet: it waits for a translation.
    Waits,
    /// Never.
    Left,
}

/// Whether `entry` may be shown at `now` in an edition in `lang` (nothing: every entry in its own language), and as what.
/// `is_translated` tells whether there is a finished rendition in that language.
pub fn admission(
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

/// The newest entries, filled from rows that come newest first.
#[derive(Debug)]
pub struct Window {
    limit: usize,
    dedup_keys: HashSet<i64>,
    entries: Vec<EntryRow>,
}

impl Window {
    /// An empty window for so many entries.
    pub fn new(limit: usize) -> Self {
        Self { limit, dedup_keys: HashSet::new(), entries: Vec::new() }
    }

    /// Whether no more fits in.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= self.limit
    }

    /// Takes the next older entry. One article in two feeds (the same page under the same headline) is taken once: from the
    /// feed in which it stands as the newest.
    pub fn take(&mut self, entry: EntryRow) {
        if !self.is_full() && entry.dedup_key.is_none_or(|dedup_key| self.dedup_keys.insert(dedup_key)) {
            self.entries.push(entry);
        }
    }

    /// The entries, newest first.
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
    fn an_article_in_two_feeds_is_taken_once_and_the_rest_moves_up() {
        let mut window = Window::new(2);
        for row in [entry(9, Some(1), None), entry(8, Some(1), None), entry(7, None, None), entry(6, None, None)] {
            window.take(row);
        }
        assert!(window.is_full());
        assert_eq!(window.into_entries().iter().map(|known| known.id.0).collect::<Vec<_>>(), [9, 7]);
    }

    #[test]
    fn an_entry_in_another_language_follows_the_policy() {
        let english = Lang::new("en");
        let hold = UntranslatedPolicy::Hold(Duration::from_secs(60));
        let (early, late) = (Time::from_millis(59_999), Time::from_millis(60_000));
        let french = entry(1, None, Some("fr"));
        assert_eq!(admission(&french, None, false, hold, early), Admission::Shown);
        assert_eq!(admission(&french, english.as_ref(), false, hold, early), Admission::Waits);
        assert_eq!(admission(&french, english.as_ref(), false, hold, late), Admission::Foreign);
        assert_eq!(admission(&french, english.as_ref(), false, UntranslatedPolicy::Skip, late), Admission::Left);
        assert_eq!(admission(&french, english.as_ref(), true, UntranslatedPolicy::Skip, late), Admission::Translated);
        assert_eq!(admission(&entry(1, None, Some("en-GB")), english.as_ref(), false, hold, early), Admission::Shown);
        assert_eq!(
            admission(&entry(1, None, None), english.as_ref(), false, UntranslatedPolicy::Original, early),
            Admission::Foreign
        );
    }
}
