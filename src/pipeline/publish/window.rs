//! Chooses the entries that an edition shows, and the renditions that they are shown in.

use std::collections::HashMap;

use crate::config as plan;
use crate::model::{EntryId, EntryRow, Fault, Lang, Show, Time, UntranslatedPolicy};
use crate::pipeline::edition_rows::RowReader;
use crate::pipeline::error::PipelineError;
use crate::pipeline::named_entries::{MarkedRow, PinsAndMutes};
use crate::pipeline::translate::source_language;
use crate::pipeline::window::{Reserve, open_window};
use crate::select::{Admission, Ranked, WideWindow, decide_admission};
use crate::store::{Store, StoreError, TranslationRow};

/// The content of an edition.
pub(in crate::pipeline) struct Selected {
    /// The entries that may be shown.
    pub(in crate::pipeline) ranked: Ranked,
    /// The renditions that they are shown in, each with a hash of what it says.
    pub(in crate::pipeline) renditions: HashMap<EntryId, i64>,
    /// The entries that wait for a translation.
    pub(in crate::pipeline) waiting: HashMap<EntryId, EntryRow>,
    /// The time at which the first of all entries that are held is held no more.
    pub(in crate::pipeline) changes_at: Option<Time>,
    /// A rule that could not be evaluated.
    pub(in crate::pipeline) fault: Option<Fault>,
}

/// Chooses the entries of an edition in a language, with so many in reserve.
pub(in crate::pipeline) async fn select_entries<'e>(
    store: &'e Store,
    reader: &mut RowReader<'e>,
    edition: &'e plan::Edition,
    (lang, now): (Option<&Lang>, Time),
    reserve: Reserve,
) -> Result<Selected, PipelineError> {
    let named = PinsAndMutes::load(Some(store), edition).await?;
    let window = open_window(edition, reserve);
    let (renditions, waiting) = (HashMap::new(), HashMap::new());
    let mut selection = Selection { store, edition, lang, now, window, renditions, waiting, changes_at: None };
    let mut rows = reader.open(store, edition);
    while let Some(rows) = rows.next(&selection.window).await? {
        selection.add(named.mark(store, rows).await?, WideWindow::push).await?;
    }
    selection.add(named.load_pinned(store).await?, |window, row, _| window.pin(row)).await?;
    let Selection { window, renditions, waiting, changes_at, .. } = selection;
    Ok(Selected { ranked: window.into_ranked(), renditions, waiting, changes_at, fault: rows.fault() })
}

/// The entries that are chosen so far.
struct Selection<'a> {
    store: &'a Store,
    edition: &'a plan::Edition,
    lang: Option<&'a Lang>,
    now: Time,
    window: WideWindow,
    renditions: HashMap<EntryId, i64>,
    waiting: HashMap<EntryId, EntryRow>,
    changes_at: Option<Time>,
}

impl Selection<'_> {
    /// Adds the rows that may be shown now, by `push`.
    async fn add(&mut self, rows: Vec<MarkedRow>, push: fn(&mut WideWindow, EntryRow, bool)) -> Result<(), StoreError> {
        let kept = find_renditions(self.store, &rows, self.lang, self.edition.translated()).await?;
        for MarkedRow { row, is_pinned } in rows {
            let rendition = kept.get(&row.id);
            let is_translated = rendition.is_some_and(|kept| kept.is_translation(self.edition.untranslated));
            match decide_admission(&row, self.lang, is_translated, self.edition.untranslated, self.now) {
                Admission::Shown => push(&mut self.window, row, is_pinned),
                // A partial translation is better than none.
                Admission::Translated | Admission::Foreign => {
                    let rendition = rendition.filter(|kept| is_translated || kept.revision == row.revision);
                    self.renditions.extend(rendition.map(|kept| (row.id, kept.stamp)));
                    push(&mut self.window, row, is_pinned);
                }
                Admission::Waits => {
                    tracing::debug!(entry.id = %row.id, source.id = %row.source, "the entry waits for a translation");
                    if let UntranslatedPolicy::Hold(time) = self.edition.untranslated {
                        self.changes_at = self.changes_at.into_iter().chain([row.first_seen.plus(time)]).min();
                    }
                    if !self.window.is_full() && self.window.is_open(&row.source) {
                        self.waiting.insert(row.id, row);
                    }
                }
                Admission::Left => {
                    tracing::debug!(entry.id = %row.id, source.id = %row.source, "skipped the entry: there is no translation");
                }
            }
        }
        Ok(())
    }
}

/// Returns the renditions of those rows that are in another language, as far as they hold what the edition translates. One of an older
/// revision does until the new one is translated: an entry that has been published does not go away meanwhile.
async fn find_renditions(
    store: &Store,
    rows: &[MarkedRow],
    lang: Option<&Lang>,
    translated: Show,
) -> Result<HashMap<EntryId, TranslationRow>, StoreError> {
    let Some(lang) = lang else { return Ok(HashMap::new()) };
    let rows = rows.iter().map(|marked| &marked.row);
    let foreign: Vec<EntryId> = rows.filter(|row| source_language(row, lang).is_some()).map(|row| row.id).collect();
    if foreign.is_empty() {
        return Ok(HashMap::new());
    }
    let kept = store.find_translation_rows(&foreign, lang).await?;
    Ok(kept.into_iter().filter(|kept| kept.inputs.show >= translated).map(|kept| (kept.entry, kept)).collect())
}
