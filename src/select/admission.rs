//! Decides whether an entry may be shown in an edition, and in which language.

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{ArticleKey, EntryId, Revision, SourceId, StoryKey};

    fn entry(lang: Option<&str>) -> EntryRow {
        EntryRow {
            id: EntryId(1),
            source: SourceId::new("s"),
            revision: Revision(0),
            at: Time::EPOCH,
            first_seen: Time::EPOCH,
            lang: lang.and_then(Lang::new),
            article: ArticleKey::default(),
            story: StoryKey::default(),
            is_withdrawn: false,
        }
    }

    #[test]
    fn entry_in_another_language_follows_the_untranslated_policy() {
        let english = Lang::new("en");
        let hold = UntranslatedPolicy::Hold(Duration::from_secs(60));
        let (early, late) = (Time::from_millis(59_999), Time::from_millis(60_000));
        let french = entry(Some("fr"));
        let decide = |entry: &EntryRow, policy, now| decide_admission(entry, english.as_ref(), false, policy, now);
        assert_eq!(decide_admission(&french, None, false, hold, early), Admission::Shown);
        assert_eq!(decide(&french, hold, early), Admission::Waits);
        assert_eq!(decide(&french, hold, late), Admission::Foreign);
        assert_eq!(decide(&french, UntranslatedPolicy::Skip, late), Admission::Left);
        assert_eq!(decide_admission(&french, english.as_ref(), true, UntranslatedPolicy::Skip, late), Admission::Translated);
        assert_eq!(decide(&entry(Some("en-GB")), hold, early), Admission::Shown);
        assert_eq!(decide(&entry(None), UntranslatedPolicy::Original, early), Admission::Foreign);
    }
}
