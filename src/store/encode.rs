//! Entries and visits in the form that the database takes, made before they are settled.

use std::sync::Arc;

use super::text_page;
use crate::model::{Change, EntryId, SourceId, Time, Visit};

/// The row of an entry, without its texts.
pub(super) struct EntryColumns {
    pub(super) id: i64,
    pub(super) source: SourceId,
    pub(super) revision: i64,
    pub(super) at: i64,
    pub(super) first_seen: i64,
    pub(super) lang: Option<String>,
    pub(super) dedup_key: Option<i64>,
    pub(super) address: Option<i64>,
    pub(super) headline: Option<i64>,
    pub(super) story: Option<String>,
    pub(super) page: i64,
}

/// A compressed page of texts.
pub(super) struct EncodedPage {
    pub(super) id: i64,
    pub(super) doc: Arc<Vec<u8>>,
}

/// The new and changed entries of a visit: rows, and compressed pages of texts. Encoding takes time and can be done on a thread
/// for blocking work.
#[derive(Default)]
pub struct EncodedEntries {
    pub(super) entries: Vec<EntryColumns>,
    pub(super) pages: Vec<EncodedPage>,
}

impl EncodedEntries {
    /// Encodes the changes that a visit to `source` at `at` has found.
    pub fn encode(source: &SourceId, at: Time, changes: &[Change]) -> Self {
        let changes: Vec<(EntryId, &Change)> = changes.iter().map(|change| (change.id, change)).collect();
        let mut encoded = Self { entries: Vec::with_capacity(changes.len()), pages: Vec::new() };
        for (number, (entries, doc)) in text_page::encode_pages(&changes).enumerate() {
            let page = page_id(source, at, number);
            encoded.pages.push(EncodedPage { id: page, doc: Arc::new(doc) });
            encoded.entries.extend(entries.iter().map(|(id, change)| encode_entry(*id, change, page)));
        }
        encoded
    }
}

fn encode_entry(id: EntryId, change: &Change, page: i64) -> EntryColumns {
    let entry = &change.entry;
    EntryColumns {
        id: id.0,
        source: entry.key.source.clone(),
        revision: change.revision.0,
        at: change.at.millis(),
        first_seen: change.first_seen.millis(),
        lang: entry.head.lang.as_ref().map(ToString::to_string),
        dedup_key: change.article.dedup.map(|key| key.0),
        address: change.article.address.map(|key| key.0),
        headline: change.article.headline.map(|key| key.0),
        story: change.story.encode(),
        page,
    }
}

/// Returns the id of a page: a hash of its source, the time of the visit and its number, so that settling a visit again writes
/// the same pages.
fn page_id(source: &SourceId, at: Time, number: usize) -> i64 {
    let name = format!("{source} {} {number}", at.millis());
    i64::from_le_bytes(*blake3::hash(name.as_bytes()).as_bytes().first_chunk().expect("a hash has 32 bytes"))
}

/// A visit that is ready to be settled: its entries are encoded. Cheap to clone.
#[derive(Clone)]
pub struct SettledVisit {
    visit: Arc<Visit>,
    encoded: Arc<EncodedEntries>,
}

impl SettledVisit {
    /// Encodes the changes of a visit.
    pub fn encode(mut visit: Visit) -> Self {
        let changes = std::mem::take(&mut visit.changes);
        let encoded = EncodedEntries::encode(&visit.source, visit.at, &changes);
        Self::new(visit, encoded)
    }

    /// Joins a visit with its changes, which were encoded before.
    pub fn new(visit: Visit, encoded: EncodedEntries) -> Self {
        Self { visit: Arc::new(visit), encoded: Arc::new(encoded) }
    }

    /// Returns the visit, without its changes.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Returns the encoded changes.
    pub(super) fn encoded(&self) -> &EncodedEntries {
        &self.encoded
    }
}
