//! Original renditions: made the first time that an edition needs them, and stored per revision.

mod make;

use std::collections::{HashMap, HashSet};

use crate::model::{Entry, EntryId, EntryRow, Original, Revision, Show, SourceId};
use crate::store::{Store, StoreError};

use super::blocking::spawn_cpu;
use super::error::PipelineError;
pub(super) use make::{make_original, make_original_from_page};

/// The number of entries whose texts are in memory while their renditions are made: each may have megabytes.
const MADE_AT_ONCE: usize = 8;
/// The bytes of text from which on no more renditions are made before they are saved: saving them takes several times as much.
const SAVED_AT_ONCE: usize = 1 << 20;
/// The number of original renditions that are in memory with more text than an edition shows.
const LOADED_AT_ONCE: usize = 8;
/// The most bytes of HTML in an edition, without its markup as a feed. To write it and to read it back takes ten times as much.
const MOST_EDITION_BYTES: usize = 8 << 20;

/// Returns the original renditions of these entries; missing ones are made and stored. `paged` are the sources whose article pages
/// are fetched.
pub(super) async fn load_or_make_originals(
    store: &Store,
    entries: &[EntryRow],
    paged: &HashSet<SourceId>,
) -> Result<HashMap<EntryId, Original>, PipelineError> {
    let mut originals = load_originals(store, entries, paged).await?;
    let missing = entries.iter().map(|known| known.id).filter(|id| !originals.contains_key(id));
    let missing: Vec<EntryId> = missing.collect();
    for missing in missing.chunks(MADE_AT_ONCE) {
        let mut entries = store.load_entries(missing).await?;
        while !entries.is_empty() {
            let batch = take_batch(&mut entries);
            let made = spawn_cpu("making original renditions", move || {
                batch.into_iter().map(|(id, revision, entry)| (id, revision, make_original(entry))).collect::<Vec<_>>()
            })
            .await?;
            store.save_originals(&made).await?;
            originals.extend(made.into_iter().map(|(id, _, original)| (id, original)));
        }
    }
    Ok(originals)
}

/// Returns the original renditions of these entries that are stored and not outdated.
pub(super) async fn load_originals(
    store: &Store,
    entries: &[EntryRow],
    paged: &HashSet<SourceId>,
) -> Result<HashMap<EntryId, Original>, StoreError> {
    let ids: Vec<EntryId> = entries.iter().map(|known| known.id).collect();
    let rows: HashMap<EntryId, &EntryRow> = entries.iter().map(|known| (known.id, known)).collect();
    let mut originals: HashMap<EntryId, Original> = HashMap::with_capacity(ids.len());
    for (id, revision, mut original) in store.load_originals(&ids).await? {
        // A rendition made from a page is outdated once the pages of its source are no longer fetched.
        let is_current =
            |row: &&EntryRow| row.revision == revision && (original.full_text.is_none() || paged.contains(&row.source));
        if rows.get(&id).is_some_and(is_current) {
            // Earlier versions kept summaries of any length.
            make::bound(&mut original);
            originals.insert(id, original);
        }
    }
    Ok(originals)
}

/// Takes as many entries as are made and saved at once: one at least.
fn take_batch(entries: &mut Vec<(EntryId, Revision, Entry)>) -> Vec<(EntryId, Revision, Entry)> {
    let mut bytes = 0;
    let fitting = entries.iter().take_while(|(.., entry)| {
        let is_full = bytes >= SAVED_AT_ONCE;
        bytes += [&entry.summary, &entry.content].into_iter().flatten().map(|html| html.0.len()).sum::<usize>();
        !is_full
    });
    let count = fitting.count();
    entries.drain(..count).collect()
}

/// Loads or makes what an edition shows of these entries, a few at a time, until there are more bytes than an edition may have. The
/// entries behind that are left out; their number is the second result.
pub(super) async fn load_shown_originals(
    store: &Store,
    entries: &[EntryRow],
    paged: &HashSet<SourceId>,
    show: Show,
) -> Result<(HashMap<EntryId, Original>, usize), PipelineError> {
    let (mut shown, mut bytes) = (HashMap::with_capacity(entries.len()), 0);
    for (number, rows) in entries.chunks(LOADED_AT_ONCE).enumerate() {
        let mut originals = load_or_make_originals(store, rows, paged).await?;
        for (place, row) in rows.iter().enumerate() {
            let Some(mut original) = originals.remove(&row.id) else { continue };
            if show < Show::Full {
                (original.content, original.text) = (None, String::new());
            }
            bytes += [&original.summary, &original.content].into_iter().flatten().map(|html| html.as_str().len()).sum::<usize>();
            if bytes > MOST_EDITION_BYTES {
                return Ok((shown, entries.len() - number * LOADED_AT_ONCE - place));
            }
            shown.insert(row.id, original);
        }
    }
    Ok((shown, 0))
}
