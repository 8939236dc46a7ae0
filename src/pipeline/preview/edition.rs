//! Previews what other rules would change in an edition.

use std::collections::HashSet;

use crate::config::Edition;
use crate::model::{EntryId, EntryRow, Lang, Time};
use crate::pipeline::edition_rows::RowReader;
use crate::pipeline::error::PipelineError;
use crate::pipeline::explain::{FoundEntry, with_titles};
use crate::pipeline::publish::select_entries;
use crate::pipeline::window::Reserve;
use crate::store::Store;

/// The change of an edition in one language.
#[derive(Debug)]
pub struct ChangedEdition {
    /// The language; nothing if it takes all.
    pub lang: Option<Lang>,
    /// The entries that it would show, and does not show now.
    pub appears: Vec<FoundEntry>,
    /// The entries that it shows, and would not show.
    pub disappears: Vec<FoundEntry>,
    /// The number of entries that stay.
    pub stays: usize,
}

/// Compares the stored entries that an edition shows at `now` with those that it would show with the rules of `tried`.
pub async fn preview_edition(
    store: &Store,
    edition: &Edition,
    tried: &Edition,
    now: Time,
) -> Result<Vec<ChangedEdition>, PipelineError> {
    let mut changed = Vec::new();
    let all = edition.langs.is_empty().then_some(None);
    for lang in edition.langs.iter().map(Some).chain(all) {
        // Both may be of one family, and their rules differ.
        let before =
            select_entries(store, &mut RowReader::new(false), edition, (lang, now), Reserve::FIRST).await?.ranked.take(0).0;
        let after = select_entries(store, &mut RowReader::new(false), tried, (lang, now), Reserve::FIRST).await?.ranked.take(0).0;
        let (appears, disappears) = (missing(&after, &before), missing(&before, &after));
        changed.push(ChangedEdition {
            lang: lang.cloned(),
            stays: after.len() - appears.len(),
            appears: with_titles(store, appears).await?,
            disappears: with_titles(store, disappears).await?,
        });
    }
    Ok(changed)
}

/// Returns the rows that are not among others.
fn missing(rows: &[EntryRow], others: &[EntryRow]) -> Vec<EntryRow> {
    let others: HashSet<EntryId> = others.iter().map(|row| row.id).collect();
    rows.iter().filter(|row| !others.contains(&row.id)).cloned().collect()
}
