//! Renditions: kept by the revision of the entry that they were made of.

use sqlx::{Connection, Row};

use super::json::items;
use super::json::rows;
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{EntryId, FullText, Original, Revision};

const ORIGINALS: Sql = sql!(
    "select entry, revision, doc from rendition where lang = '' and entry" in_keys
);

/// A small part of each document: the texts stay in the database.
const FULL_TEXTS: Sql = sql!(
    "select entry, revision," full_text "from rendition where lang = '' and entry" in_keys
);

/// Of an entry that was pruned meanwhile nothing is kept.
const KEEP: Sql = sql!(
    "insert into rendition (entry, lang, revision, doc)
     select v.entry, '', v.revision, v.doc
     from (select cast(value ->> 0 as bigint) as entry, cast(value ->> 1 as bigint) as revision,
                  cast(value -> 2 as text) as doc from" rows ") as v
     where v.entry in (select id from entry)
     on conflict (entry, lang) do update set revision = excluded.revision, doc = excluded.doc"
);

impl Store {
    /// The original renditions of these entries, each with the revision that it was made of, in no order; those that were
    /// not made yet are left out.
    pub async fn load_originals(&self, entries: &[EntryId]) -> Result<Vec<(EntryId, Revision, Original)>, StoreError> {
        let failed = self.failed("read renditions");
        let rows = self.fetch(sqlx::query(ORIGINALS.of(self.dialect)).bind(items(entries))).await.map_err(&failed)?;
        let mut originals = Vec::with_capacity(rows.len());
        for row in &rows {
            let original = self.read_doc("a rendition", row.try_get(2).map_err(&failed)?)?;
            originals.push((EntryId(row.try_get(0).map_err(&failed)?), Revision(row.try_get(1).map_err(&failed)?), original));
        }
        Ok(originals)
    }

    /// What became of the pages of these entries, each with the revision of the original rendition that says so, in no order;
    /// those of which there is no such rendition, or whose page was never asked for, are left out.
    pub async fn load_full_texts(&self, entries: &[EntryId]) -> Result<Vec<(EntryId, Revision, FullText)>, StoreError> {
        let failed = self.failed("read what became of pages");
        let rows = self.fetch(sqlx::query(FULL_TEXTS.of(self.dialect)).bind(items(entries))).await.map_err(&failed)?;
        let mut full_texts = Vec::with_capacity(rows.len());
        for row in &rows {
            let Some(json) = row.try_get::<Option<&str>, _>(2).map_err(&failed)? else { continue };
            let full_text = self.read_doc("what became of a page", json)?;
            full_texts.push((EntryId(row.try_get(0).map_err(&failed)?), Revision(row.try_get(1).map_err(&failed)?), full_text));
        }
        Ok(full_texts)
    }

    /// Keeps original renditions, in place of those of other revisions.
    pub async fn save_originals(&self, originals: &[(EntryId, Revision, Original)]) -> Result<(), StoreError> {
        if originals.is_empty() {
            return Ok(());
        }
        self.try_keep_originals(originals).await.map_err(self.failed("keep renditions"))
    }

    async fn try_keep_originals(&self, originals: &[(EntryId, Revision, Original)]) -> Result<(), sqlx::Error> {
        let mut by_key: Vec<_> = originals.iter().collect();
        by_key.sort_by_key(|(id, ..)| *id);
        by_key.dedup_by_key(|(id, ..)| *id);
        let mut held = self.hold().await?;
        let mut tx = held.begin_with(self.dialect.begin()).await?;
        for page in rows(by_key.into_iter()) {
            sqlx::query(KEEP.of(self.dialect)).bind(page).execute(&mut *tx).await?;
        }
        tx.commit().await
    }
}
