//! Entries that are translated in the place of those that should lead their stories and could not be translated, for editions that skip
//! what is not translated: else readers of these would hear nothing of the event, although another source has told it.

use std::collections::{HashMap, HashSet};

use tokio::time::Instant;

use super::Translate;
use super::plan::{ExpectedEntries, RenditionRequest, RenditionRequests, newest_entries};
use crate::config::Edition;
use crate::model::{EntryId, EntryRow, Lang, Show, UntranslatedPolicy};
use crate::pipeline::edition_rows::RowReader;
use crate::pipeline::error::PipelineError;
use crate::pipeline::full_text::{Pages, is_page_missing};
use crate::store::{StoreError, TranslationRow};

/// The most entries that are tried for one story beside its leader.
const MOST_STAND_INS: usize = 3;

/// The renditions that a pass has tried to make.
pub(in crate::pipeline) type Tried = HashSet<(EntryId, Lang)>;

impl Translate<'_> {
    /// Returns true if entries may be translated in the place of some that were tried: an edition wants them, time is left, and an engine
    /// has answered and can be asked again. One that is down would fail for them, too.
    pub(in crate::pipeline) fn has_stand_ins(&self, until: Instant) -> bool {
        self.wanted_editions().any(skips_stories)
            && Instant::now() < until
            && self.stop.is_none_or(|stop| !stop.is_cancelled())
            && self.engines.iter().any(|engine| engine.usage().sent > 0 && engine.unavailable_for_all().is_none())
    }

    /// Adds the renditions of entries in the place of those of `newest` that could not be translated before, or were `tried` in vain. Returns
    /// false if the page of an article of theirs is still to be fetched.
    pub(super) async fn add_stand_ins<'s>(
        &'s self,
        edition: &'s Edition,
        newest: &[EntryRow],
        (reader, pages, tried): (&mut RowReader<'s>, &mut Pages<'_>, &Tried),
        requests: &mut RenditionRequests<'_>,
    ) -> Result<bool, PipelineError> {
        let mut is_final = true;
        if !skips_stories(edition) {
            return Ok(is_final);
        }
        for lang in &edition.langs {
            let mut failed = self.find_failed(newest, lang, tried).await?;
            for _ in 0..MOST_STAND_INS {
                if failed.is_empty() {
                    break;
                }
                let rows = newest_entries(Some(self.store), reader, edition, &ExpectedEntries::default(), &failed).await?;
                let full_texts = pages.load_or_fetch(&rows, edition.show == Show::Full).await?;
                is_final &= !is_page_missing(&rows, &full_texts, self.paged);
                requests.add_stand_ins((edition, lang), &rows, &full_texts);
                let more = self.find_failed(&rows, lang, tried).await?;
                if more.is_subset(&failed) {
                    break;
                }
                failed.extend(more);
            }
        }
        Ok(is_final)
    }

    /// Returns those of these entries of which nothing could be translated into a language, and those that were tried in vain.
    async fn find_failed(&self, rows: &[EntryRow], lang: &Lang, tried: &Tried) -> Result<HashSet<EntryId>, StoreError> {
        let ids: Vec<EntryId> = rows.iter().map(|row| row.id).collect();
        let kept = self.store.find_translation_rows(&ids, lang).await?;
        let kept: HashMap<EntryId, TranslationRow> = kept.into_iter().map(|row| (row.entry, row)).collect();
        let has_failed = |id: &EntryId| match kept.get(id) {
            Some(row) if row.inputs.is_finished() => row.is_left,
            _ => tried.contains(&(*id, lang.clone())),
        };
        Ok(ids.into_iter().filter(has_failed).collect())
    }
}

/// Returns what a pass tries.
pub(in crate::pipeline) fn tried(requests: &[RenditionRequest]) -> Tried {
    requests.iter().map(|request| (request.known.id, request.to.clone())).collect()
}

/// Returns true if an edition leaves out what is not translated, and shows one entry of each story.
fn skips_stories(edition: &Edition) -> bool {
    edition.untranslated == UntranslatedPolicy::Skip && edition.stories.is_some()
}
