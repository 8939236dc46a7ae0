//! The items that editions with an archive have published.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::connection::OperationResult;
use super::json::{arrays, list, without_nul};
use super::row::{count, document, time};
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{EntryId, Time};

const FIND: Sql = sql!(
    "select item, document, leader, others, at, added from archive_item where target = $2 and stem = $3 and item" in_ids
);

const LIST: &str = "select item, document, leader, others, at, added from archive_item
     where target = $1 and stem = $2 and document = $3 order by at desc, item desc";

const LIST_DOCUMENTS: &str =
    "select document, count(*), max(added) from archive_item where target = $1 and stem = $2 group by document";

const FIND_WITHDRAWN: &str = "select document, count(*), max(entry.withdrawn_at)
     from archive_item join entry on entry.id = archive_item.leader
     where target = $1 and stem = $2 and entry.withdrawn_at is not null group by document";

/// What is known stays in its document.
const SAVE: Sql = sql!(
    "insert into archive_item (target, stem, item, document, leader, others, at, added)
     select $2, $3, cast(value ->> 'item' as bigint), value ->> 'document', cast(value ->> 'leader' as bigint),
            cast(value -> 'others' as text), cast(value ->> 'at' as bigint), cast(value ->> 'added' as bigint)
     from" json_rows "where true
     on conflict (target, stem, item) do update set leader = excluded.leader, others = excluded.others, at = excluded.at"
);

const DELETE: &str = "delete from archive_item where target = $1 and stem = $2 and document = $3";

/// A row of [`SAVE`].
#[derive(Serialize)]
struct ItemRow<'i> {
    item: EntryId,
    document: &'i str,
    leader: EntryId,
    others: &'i [EntryId],
    at: i64,
    added: i64,
}

/// An item of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedItem {
    /// The entry whose id the item has.
    pub item: EntryId,
    /// The name of the document that it stays in, such as `2026-11`.
    pub document: String,
    /// The entry that it shows.
    pub leader: EntryId,
    /// The entries that it lists beside that.
    pub others: Vec<EntryId>,
    /// Its date.
    pub at: Time,
    /// The time at which it was first published.
    pub added: Time,
}

/// The size of a document of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveSize {
    /// The number of its items.
    pub items: u64,
    /// The time at which the last one was added.
    pub last_added: Time,
}

/// The items of a document whose entries were withdrawn: their number, and the time at which the last one was.
pub type Withdrawals = (u64, Time);

impl Store {
    /// Returns these items of an edition (`stem`) at an output, by their ids, as far as they were published.
    pub async fn find_archived(
        &self,
        (target, stem): (&str, &str),
        items: &[EntryId],
    ) -> Result<HashMap<EntryId, ArchivedItem>, StoreError> {
        let attempt = "look up archived items";
        let query = FIND.query(self.dialect).bind(list(items)).bind(without_nul(target)).bind(without_nul(stem));
        let rows = self.fetch_all(attempt, query).await?;
        let items: OperationResult<Vec<ArchivedItem>> = rows.iter().map(read_item).collect();
        Ok(self.decode(attempt, items)?.into_iter().map(|item| (item.item, item)).collect())
    }

    /// Returns the items of a document, newest first.
    pub async fn list_archived(&self, (target, stem): (&str, &str), document: &str) -> Result<Vec<ArchivedItem>, StoreError> {
        let attempt = "list archived items";
        let query = sqlx::query(LIST).bind(without_nul(target)).bind(without_nul(stem)).bind(without_nul(document));
        let rows = self.fetch_all(attempt, query).await?;
        self.decode(attempt, rows.iter().map(read_item).collect())
    }

    /// Returns the documents of an edition by their names.
    pub async fn list_archive_documents(&self, (target, stem): (&str, &str)) -> Result<HashMap<String, ArchiveSize>, StoreError> {
        let attempt = "list the documents of an archive";
        let query = sqlx::query(LIST_DOCUMENTS).bind(without_nul(target)).bind(without_nul(stem));
        let rows = self.fetch_all(attempt, query).await?;
        let read = |row: &AnyRow| Ok((row.try_get(0)?, ArchiveSize { items: count(row, 1)?, last_added: time(row, 2)? }));
        self.decode(attempt, rows.iter().map(read).collect())
    }

    /// Returns the documents of an edition that have items whose entries were withdrawn.
    pub async fn find_archived_withdrawals(
        &self,
        (target, stem): (&str, &str),
    ) -> Result<HashMap<String, Withdrawals>, StoreError> {
        let attempt = "look for withdrawn entries in an archive";
        let query = sqlx::query(FIND_WITHDRAWN).bind(without_nul(target)).bind(without_nul(stem));
        let rows = self.fetch_all(attempt, query).await?;
        let read = |row: &AnyRow| Ok((row.try_get(0)?, (count(row, 1)?, time(row, 2)?)));
        self.decode(attempt, rows.iter().map(read).collect())
    }

    /// Saves items. Those that are known keep their document.
    pub async fn save_archived(&self, (target, stem): (&str, &str), items: &[ArchivedItem]) -> Result<(), StoreError> {
        let rows = items.iter().map(|item| ItemRow {
            item: item.item,
            document: &item.document,
            leader: item.leader,
            others: &item.others,
            at: item.at.millis(),
            added: item.added.millis(),
        });
        for page in arrays(rows).collect::<Vec<_>>() {
            let query = SAVE.query(self.dialect).bind(page).bind(without_nul(target)).bind(without_nul(stem));
            self.execute("save archived items", query).await?;
        }
        Ok(())
    }

    /// Deletes the items of a document.
    pub async fn delete_archived(&self, (target, stem): (&str, &str), document: &str) -> Result<(), StoreError> {
        let query = sqlx::query(DELETE).bind(without_nul(target)).bind(without_nul(stem)).bind(without_nul(document));
        self.execute("delete archived items", query).await.map(|_| ())
    }
}

fn read_item(row: &AnyRow) -> OperationResult<ArchivedItem> {
    Ok(ArchivedItem {
        item: EntryId(row.try_get(0)?),
        document: row.try_get(1)?,
        leader: EntryId(row.try_get(2)?),
        others: document("the entries of an archived item", row, 3)?,
        at: time(row, 4)?,
        added: time(row, 5)?,
    })
}
