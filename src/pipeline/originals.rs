//! Original renditions: made the first time that an edition needs them, and stored per revision.

mod make;

use std::collections::{HashMap, HashSet};

use crate::model::{EntryId, EntryRow, Original, SourceId};
use crate::store::Store;

use super::blocking::spawn_cpu;
use super::error::PipelineError;
pub(super) use make::{make_original, make_original_from_page};

/// Returns the original renditions of these entries; missing ones are made and stored. `paged` are the sources whose article pages
/// are fetched.
pub(super) async fn load_or_make_originals(
    store: &Store,
    entries: &[EntryRow],
    paged: &HashSet<SourceId>,
) -> Result<HashMap<EntryId, Original>, PipelineError> {
    let ids: Vec<EntryId> = entries.iter().map(|known| known.id).collect();
    let rows: HashMap<EntryId, &EntryRow> = entries.iter().map(|known| (known.id, known)).collect();
    let mut originals: HashMap<EntryId, Original> = HashMap::with_capacity(ids.len());
    for (id, revision, original) in store.load_originals(&ids).await? {
        // A rendition made from a page is outdated once the pages of its source are no longer fetched.
        let is_current =
            |row: &&EntryRow| row.revision == revision && (original.full_text.is_none() || paged.contains(&row.source));
        if rows.get(&id).is_some_and(is_current) {
            originals.insert(id, original);
        }
    }
    let missing: Vec<EntryId> = ids.into_iter().filter(|id| !originals.contains_key(id)).collect();
    if missing.is_empty() {
        return Ok(originals);
    }
    let entries = store.load_entries(&missing).await?;
    let made = spawn_cpu("making original renditions", move || {
        entries.into_iter().map(|(id, revision, entry)| (id, revision, make_original(entry))).collect::<Vec<_>>()
    })
    .await?;
    store.save_originals(&made).await?;
    originals.extend(made.into_iter().map(|(id, _, original)| (id, original)));
    Ok(originals)
}
