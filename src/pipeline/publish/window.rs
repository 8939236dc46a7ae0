//! Chooses the entries that an edition shows, and the renditions that they are shown in.

use std::collections::{HashMap, HashSet};

use crate::config as plan;
use crate::model::{EntryId, EntryRow, Fault, Lang, Show, Time};
use crate::pipeline::edition_rules::EditionRules;
use crate::pipeline::error::PipelineError;
use crate::pipeline::translate::source_language;
use crate::pipeline::window::{WindowRows, open_window};
use crate::select::{Admission, decide_admission};
use crate::store::{Store, StoreError, TranslationRow};

/// The content of an edition.
pub(in crate::pipeline) struct Selected {
    /// The newest first.
    pub(in crate::pipeline) entries: Vec<EntryRow>,
    /// The renditions that entries are shown in, each with a hash of what it says.
    pub(in crate::pipeline) renditions: HashMap<EntryId, i64>,
    /// The number of entries that wait for a translation.
    pub(in crate::pipeline) waiting: u64,
    /// A rule that could not be evaluated.
    pub(in crate::pipeline) fault: Option<Fault>,
}

/// Chooses the entries of an edition in a language. With `saves`, what its rules read from texts is stored.
pub(in crate::pipeline) async fn select_entries(
    store: &Store,
    edition: &plan::Edition,
    lang: Option<&Lang>,
    now: Time,
    saves: bool,
) -> Result<Selected, PipelineError> {
    let (mut window, mut rows) = (open_window(edition), WindowRows::new(store, edition));
    let mut rules = EditionRules::new(edition, saves);
    let mut renditions = HashMap::new();
    let mut waiting = 0;
    loop {
        let rows = rows.next(&window).await?;
        if rows.is_empty() || rules.is_exhausted() {
            break;
        }
        let rows = rules.taken(store, rows).await?;
        let kept = find_renditions(store, &rows, lang, edition.show).await?;
        for row in rows {
            let rendition = kept.get(&row.id);
            let is_translated = rendition.is_some_and(|kept| kept.inputs.is_finished());
            let admission = decide_admission(&row, lang, is_translated, edition.untranslated, now);
            match admission {
                Admission::Shown => window.push(row),
                // A partial translation is better than none.
                Admission::Translated | Admission::Foreign => {
                    let rendition = rendition.filter(|kept| is_translated || kept.revision == row.revision);
                    renditions.extend(rendition.map(|kept| (row.id, kept.stamp)));
                    window.push(row);
                }
                Admission::Waits => {
                    tracing::debug!(entry.id = %row.id, source.id = %row.source, "the entry waits for a translation");
                    waiting += u64::from(!window.is_full() && window.is_open(&row.source));
                }
                Admission::Left => {
                    tracing::debug!(entry.id = %row.id, source.id = %row.source, "skipped the entry: there is no translation");
                }
            }
        }
    }
    let entries = window.into_entries();
    let shown: HashSet<EntryId> = entries.iter().map(|row| row.id).collect();
    renditions.retain(|id, _| shown.contains(id));
    Ok(Selected { entries, renditions, waiting, fault: rules.fault() })
}

/// Returns the renditions of those rows that are in another language, as far as they hold what the edition shows. One of an older
/// revision does until the new one is translated: an entry that has been published does not go away meanwhile.
async fn find_renditions(
    store: &Store,
    rows: &[EntryRow],
    lang: Option<&Lang>,
    show: Show,
) -> Result<HashMap<EntryId, TranslationRow>, StoreError> {
    let Some(lang) = lang else { return Ok(HashMap::new()) };
    let foreign: Vec<EntryId> = rows.iter().filter(|row| source_language(row, lang).is_some()).map(|row| row.id).collect();
    if foreign.is_empty() {
        return Ok(HashMap::new());
    }
    let kept = store.find_translation_rows(&foreign, lang).await?;
    Ok(kept.into_iter().filter(|kept| kept.inputs.show >= show).map(|kept| (kept.entry, kept)).collect())
}
