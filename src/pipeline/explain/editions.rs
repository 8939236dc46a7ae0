//! Explains the place of an entry in an edition.

use super::Explainer;
use crate::config::Edition;
use crate::model::{
    Entry, EntryId, EntryRow, ExplainedEdition, ExplainedMember, ExplainedTranslation, Lang, Show, Time, UntranslatedPolicy,
};
use crate::pipeline::edition_rows::RowReader;
use crate::pipeline::edition_rules::EditionRules;
use crate::pipeline::error::PipelineError;
use crate::pipeline::originals::{load_originals, make_original};
use crate::pipeline::publish::{Joined, Known, file_stem, select_items};
use crate::pipeline::translate::{SegmentExplainer, source_language};
use crate::select::{Admission, Rule, decide_admission, is_same_article, story_likeness};
use crate::store::TranslationRow;

/// The longest part of a headline in a sentence.
const LONGEST_TITLE: usize = 60;

impl Explainer<'_> {
    /// Explains an entry in all editions that take its source, in each of their languages.
    pub(super) async fn explain_editions(&self, row: &EntryRow, entry: &Entry) -> Result<Vec<ExplainedEdition>, PipelineError> {
        let (mut explained, mut reader) = (Vec::new(), RowReader::new(false));
        for edition in self.plan.editions.iter().filter(|edition| edition.from.contains(&row.source)) {
            // Of one edition for each tag, only those of its tags are meant for it.
            if edition.family.is_some()
                && EditionRules::new(edition, false).explain(self.store, row).await?.rule == Some(Rule::Tags)
            {
                continue;
            }
            let all = edition.langs.is_empty().then_some(None);
            for lang in edition.langs.iter().map(Some).chain(all) {
                explained.push(self.explain_edition(&mut reader, (edition, lang), row, entry).await?);
            }
        }
        Ok(explained)
    }

    async fn explain_edition<'s>(
        &'s self,
        reader: &mut RowReader<'s>,
        (edition, lang): (&'s Edition, Option<&Lang>),
        row: &EntryRow,
        entry: &Entry,
    ) -> Result<ExplainedEdition, PipelineError> {
        let nothing_known = Known { shown: &[], stories: &[] };
        let (selected, joined) = select_items(self.store, reader, edition, (lang, self.now), nothing_known).await?;
        let stored = match lang {
            Some(lang) => self.store.find_translation_rows(&[row.id], lang).await?.into_iter().next(),
            None => None,
        };
        let stored = stored.filter(|stored| stored.inputs.show >= edition.translated());
        let newest = selected.ranked.all().map(|newest| newest.at).max();
        let admission = self.admission(edition, lang, row, stored.as_ref());
        let place = joined.entries.iter().position(|shown| shown.id == row.id);
        let reason = match place {
            Some(_) => reason_to_show(edition, admission),
            None => self.reason_to_leave(edition, row, (admission, newest), &joined).await?,
        };
        let stem = file_stem(edition, lang);
        let files = edition.formats.iter().map(|format| format!("{stem}.{}", format.extension()));
        Ok(ExplainedEdition {
            edition: edition.id.clone(),
            lang: lang.cloned(),
            place: place.map(|place| place + 1),
            items: joined.entries.len(),
            reason,
            story: explain_story(edition, row, &joined),
            files: if place.is_some() { files.collect() } else { Vec::new() },
            translation: self.explain_translation(edition, lang, (row, entry), stored).await?,
        })
    }

    fn admission(&self, edition: &Edition, lang: Option<&Lang>, row: &EntryRow, stored: Option<&TranslationRow>) -> Admission {
        let is_translated = stored.is_some_and(|stored| stored.is_translation(edition.untranslated));
        decide_admission(row, lang, is_translated, edition.untranslated, self.now)
    }

    async fn reason_to_leave(
        &self,
        edition: &Edition,
        row: &EntryRow,
        (admission, newest): (Admission, Option<Time>),
        joined: &Joined,
    ) -> Result<String, PipelineError> {
        if row.is_withdrawn {
            return Ok("not shown: its source has removed it".to_owned());
        }
        let mut rules = EditionRules::new(edition, false);
        rules.note_newest(newest.max(Some(row.at)));
        let decision = rules.explain(self.store, row).await?;
        if let Some(rule) = decision.rule.filter(|_| !decision.is_kept()) {
            return Ok(format!("not shown: `{rule}` of the edition leaves it out"));
        }
        // What does not lead its story is not translated, and waits for nothing.
        if let Some(reason) = self.reason_of_story(edition, row, joined).await? {
            return Ok(reason);
        }
        if let Some(reason) = reason_to_wait(edition, row, admission) {
            return Ok(reason);
        }
        let is_older = joined.entries.last().is_some_and(|last| row.at < last.at);
        let count = joined.entries.len();
        Ok(if is_older {
            format!("not shown: it is older than the {count} items that have a place")
        } else {
            format!("not shown: its source has had its places among the {count} items, and others go before it, or it is muted")
        })
    }

    /// Returns the reason of an entry that is not shown because another one of its article or event is.
    async fn reason_of_story(&self, edition: &Edition, row: &EntryRow, joined: &Joined) -> Result<Option<String>, PipelineError> {
        let story = joined.remembered.iter().find(|story| story.members.contains(&row.id));
        let leader = story.and_then(|story| joined.entries.iter().find(|shown| is_leader(shown, story.id, joined)));
        let same = leader.or_else(|| joined.entries.iter().find(|shown| is_same_article(shown, row)));
        let Some(shown) = same else { return Ok(None) };
        let title = self.store.load_entries(&[shown.id]).await?.into_iter().next().map(|(.., entry)| entry.title);
        let title: String = title.unwrap_or_default().as_str().chars().take(LONGEST_TITLE).collect();
        let likeness = edition.stories.map_or(1.0, |rules| story_likeness(shown, row, &rules));
        let what = if likeness >= 1.0 { "the same article as" } else { "about the same event as" };
        let score = if likeness < 1.0 { format!(" (likeness {likeness:.2})") } else { String::new() };
        Ok(Some(format!("not shown by itself: it is {what} {} of {}, “{title}”{score}", shown.id, shown.source)))
    }

    async fn explain_translation(
        &self,
        edition: &Edition,
        lang: Option<&Lang>,
        (row, entry): (&EntryRow, &Entry),
        stored: Option<TranslationRow>,
    ) -> Result<Option<ExplainedTranslation>, PipelineError> {
        let Some((to, from)) = lang.and_then(|to| Some((to, source_language(row, to)?))) else { return Ok(None) };
        let made = match &stored {
            Some(_) => self.store.load_translations(&[row.id], to).await?.into_iter().next().map(|(_, made)| made.provenance.at),
            None => None,
        };
        let kept = load_originals(self.store, std::slice::from_ref(row), self.paged).await?.remove(&row.id);
        let original = kept.unwrap_or_else(|| make_original(entry.clone()));
        let explainer = SegmentExplainer { engines: self.engines, glossary: self.glossary, store: self.store, now: self.now };
        let segments = explainer.explain(edition, row, original, (from, to)).await?;
        let is_outdated = stored.is_some_and(|stored| stored.revision != row.revision);
        Ok(Some(ExplainedTranslation { made, is_outdated, segments }))
    }
}

/// Returns the reason of an entry that is not shown for want of a translation.
fn reason_to_wait(edition: &Edition, row: &EntryRow, admission: Admission) -> Option<String> {
    match (admission, edition.untranslated) {
        (Admission::Waits, UntranslatedPolicy::Hold(time)) => {
            let until = row.first_seen.plus(time);
            Some(format!("not shown yet: it waits for its translation, until {until} at most"))
        }
        (Admission::Waits | Admission::Left, _) => {
            Some("not shown: it has no translation, and untranslated = \"skip\"".to_owned())
        }
        _ => None,
    }
}

/// Returns true if an entry leads the story of this id.
fn is_leader(shown: &EntryRow, story: EntryId, joined: &Joined) -> bool {
    joined.stories.get(&shown.id).is_some_and(|own| own.id == story)
}

/// Returns the other entries of the story that an entry leads.
fn explain_story(edition: &Edition, row: &EntryRow, joined: &Joined) -> Vec<ExplainedMember> {
    let (Some(story), Some(rules)) = (joined.stories.get(&row.id), edition.stories) else { return Vec::new() };
    let member = |other: &EntryRow| ExplainedMember {
        id: other.id.to_string(),
        source: other.source.clone(),
        likeness: (story_likeness(row, other, &rules) * 100.0).round() / 100.0,
    };
    story.others.iter().map(member).collect()
}

fn reason_to_show(edition: &Edition, admission: Admission) -> String {
    let how = match admission {
        Admission::Translated if edition.translated() < edition.show => match edition.translated() {
            Show::Title => "with a translated headline, and its text as it is (`translate`)",
            Show::Summary | Show::Full => "with headline and summary translated, and its content as it is (`translate`)",
        },
        Admission::Shown => "in its own language",
        Admission::Translated => "in translation",
        Admission::Foreign | Admission::Waits | Admission::Left => "untranslated, as there is no whole translation",
    };
    format!("shown {how}")
}
