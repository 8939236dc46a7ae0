//! Original renditions: the entries in their own language, cleaned. They are stored by the revision that they were made of.

use serde::Serialize;
use sqlx::Row;

use super::connection::OperationResult;
use super::json::{arrays, from_json, list};
use super::row::document;
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{EntryId, FullText, Original, Revision};

const LOAD: Sql = sql!("select entry, revision, doc from rendition where lang = '' and entry" in_ids);

/// A small part of each document: the texts stay in the database.
const LOAD_FULL_TEXTS: Sql = sql!(
    "select entry, revision," full_text_field "from rendition where lang = '' and entry" in_ids
);

/// Entries that were pruned meanwhile are skipped.
const SAVE: Sql = sql!(
    "insert into rendition (entry, lang, revision, doc)
     select v.entry, '', v.revision, v.doc
     from (select cast(value ->> 'entry' as bigint) as entry, cast(value ->> 'revision' as bigint) as revision,
                  cast(value -> 'doc' as text) as doc from" json_rows ") as v
     where v.entry in (select id from entry)
     on conflict (entry, lang) do update set revision = excluded.revision, doc = excluded.doc"
);

/// A row of [`SAVE`].
#[derive(Serialize)]
struct OriginalRow<'o> {
    entry: EntryId,
    revision: Revision,
    doc: &'o Original,
}

impl Store {
    /// Returns the original renditions of these entries, each with the revision that it was made of, in no order. Entries without
    /// one are left out.
    pub async fn load_originals(&self, entries: &[EntryId]) -> Result<Vec<(EntryId, Revision, Original)>, StoreError> {
        let attempt = "read renditions";
        let rows = self.fetch_all(attempt, LOAD.query(self.dialect).bind(list(entries))).await?;
        // One by one: a document may have megabytes, and is not needed beside what was read of it.
        let originals: OperationResult<_> = rows
            .into_iter()
            .map(|row| Ok((EntryId(row.try_get(0)?), Revision(row.try_get(1)?), document("a rendition", &row, 2)?)))
            .collect();
        self.decode(attempt, originals)
    }

    /// Returns the results of fetching the pages of these entries, each with the revision of the original rendition, in no
    /// order. Entries without an original rendition, and those whose page was never fetched, are left out.
    pub async fn load_full_texts(&self, entries: &[EntryId]) -> Result<Vec<(EntryId, Revision, FullText)>, StoreError> {
        let attempt = "read the results of fetching pages";
        let rows = self.fetch_all(attempt, LOAD_FULL_TEXTS.query(self.dialect).bind(list(entries))).await?;
        let mut full_texts = Vec::with_capacity(rows.len());
        let read: OperationResult<()> = rows.iter().try_for_each(|row| {
            if let Some(json) = row.try_get::<Option<&str>, _>(2)? {
                let full_text = from_json("the result of fetching a page", json)?;
                full_texts.push((EntryId(row.try_get(0)?), Revision(row.try_get(1)?), full_text));
            }
            Ok(())
        });
        self.decode(attempt, read)?;
        Ok(full_texts)
    }

    /// Saves original renditions. They replace those of other revisions.
    pub async fn save_originals(&self, originals: &[(EntryId, Revision, Original)]) -> Result<(), StoreError> {
        if originals.is_empty() {
            return Ok(());
        }
        // In the order of the ids: two workers that lock rows in different orders would block each other.
        let mut by_id: Vec<_> = originals.iter().collect();
        by_id.sort_by_key(|(entry, ..)| *entry);
        by_id.dedup_by_key(|(entry, ..)| *entry);
        let rows = by_id.into_iter().map(|(entry, revision, doc)| OriginalRow { entry: *entry, revision: *revision, doc });
        self.execute_pages("save renditions", &SAVE, arrays(rows).collect()).await
    }
}
