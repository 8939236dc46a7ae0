//! Retention: deleting what is old and no longer listed by its source.

use std::collections::HashSet;

use serde::Deserialize;
use sqlx::{AnyConnection, Connection, Row};

use super::connection::OperationResult;
use super::json::list;
use super::row::document;
use super::sql::{Dialect, Sql, sql};
use super::{Pruned, Store, StoreError};
use crate::model::{EntryId, Time};

/// The number of entries that one transaction reads: other operations get their turn between two.
const BATCH: i64 = 1000;

/// The time for which paid translations and their cost are kept longer than entries, in milliseconds: the same words come back
/// with the same event.
const YEAR: i64 = 366 * 24 * 60 * 60 * 1000;

/// The number of runs that are kept.
const RUNS: i64 = 1000;

const LIST_OLD: &str = "select at, id, source from entry
     where at < $1 and first_seen < $1 and (at, id) > ($2, $3) order by at, id limit $4";

const LOAD_STATES: Sql = sql!("select doc from source_state where id" in_names);

const DELETE_ENTRIES: [Sql; 2] = [sql!("delete from rendition where entry" in_ids), sql!("delete from entry where id" in_ids)];

/// Deletes the pages of which no text is used any more: all their entries are deleted, or have another text since.
const DELETE_PAGES: &str = "delete from page where id not in (select page from entry)";

const DELETE_OUTCOMES: &str = "delete from outcome where at < $1";

const DELETE_RUNS: &str = "delete from run where id < (select id from run order by id desc limit 1 offset $1)";

const DELETE_MEMORY: &str = "delete from memory where used < $1";

const DELETE_SPENDING: [&str; 3] =
    ["delete from ledger where since < $1", "delete from spending where day < $1", "delete from host where at < $1"];

/// The part of `model::SourceState` that is needed here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ListedEntries {
    listed: Vec<EntryId>,
}

/// An old entry.
struct OldEntry {
    at: i64,
    id: EntryId,
    source: String,
}

/// The result of one batch.
struct Batch {
    deleted: u64,
    /// The place in time from which the next batch goes on; nothing if this was the last one.
    next: Option<(i64, i64)>,
}

impl Store {
    /// Deletes entries that are dated before `before` and were first seen before it, except those that their source still lists:
    /// they would come back as new. Deletes outcomes before `before`, and all but the last 1,000 runs. Translations are kept for a
    /// year after their last use, and the spending for a year after its day.
    pub async fn prune(&self, before: Time) -> Result<Pruned, StoreError> {
        let dialect = self.dialect;
        let mut entries = 0;
        let mut from = (i64::MIN, i64::MIN);
        loop {
            let prune = self
                .run("delete old entries", move |connection| Box::pin(prune_batch(connection, dialect, before.millis(), from)));
            let batch = prune.await?;
            entries += batch.deleted;
            let Some(next) = batch.next else { break };
            from = next;
        }
        let rest = self.run("delete old rows", move |connection| Box::pin(prune_rest(connection, before.millis())));
        Ok(Pruned { entries, ..rest.await? })
    }
}

async fn prune_batch(connection: &mut AnyConnection, dialect: Dialect, before: i64, from: (i64, i64)) -> OperationResult<Batch> {
    let mut tx = connection.begin_with(dialect.begin()).await?;
    let old = list_old_entries(&mut tx, before, from).await?;
    let Some(last) = old.last() else { return Ok(Batch { deleted: 0, next: None }) };
    let next = (last.at, last.id.0);
    let listed = load_listed_entries(&mut tx, dialect, &old).await?;
    let deleted: Vec<EntryId> = old.iter().map(|entry| entry.id).filter(|id| !listed.contains(id)).collect();
    for sql in &DELETE_ENTRIES {
        sql.query(dialect).bind(list(&deleted)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(Batch { deleted: deleted.len() as u64, next: Some(next) })
}

/// Lists the oldest entries before `before`, from a place in time on.
async fn list_old_entries(
    connection: &mut AnyConnection,
    before: i64,
    (at, id): (i64, i64),
) -> Result<Vec<OldEntry>, sqlx::Error> {
    let rows = sqlx::query(LIST_OLD).bind(before).bind(at).bind(id).bind(BATCH).fetch_all(connection).await?;
    let old = rows.iter().map(|row| Ok(OldEntry { at: row.try_get(0)?, id: EntryId(row.try_get(1)?), source: row.try_get(2)? }));
    old.collect()
}

/// Returns the entries that the sources of these entries listed last.
async fn load_listed_entries(
    connection: &mut AnyConnection,
    dialect: Dialect,
    old: &[OldEntry],
) -> OperationResult<HashSet<EntryId>> {
    let sources: HashSet<&str> = old.iter().map(|entry| entry.source.as_str()).collect();
    let sources: Vec<&str> = sources.into_iter().collect();
    let rows = LOAD_STATES.query(dialect).bind(list(&sources)).fetch_all(connection).await?;
    let mut listed = HashSet::new();
    for row in &rows {
        listed.extend(document::<ListedEntries>("the state of a source", row, 0)?.listed);
    }
    Ok(listed)
}

/// Deletes everything old but entries.
async fn prune_rest(connection: &mut AnyConnection, before: i64) -> OperationResult<Pruned> {
    let long_ago = before.saturating_sub(YEAR);
    sqlx::query(DELETE_PAGES).execute(&mut *connection).await?;
    let outcomes = sqlx::query(DELETE_OUTCOMES).bind(before).execute(&mut *connection).await?.rows_affected();
    let runs = sqlx::query(DELETE_RUNS).bind(RUNS - 1).execute(&mut *connection).await?.rows_affected();
    let memories = sqlx::query(DELETE_MEMORY).bind(long_ago).execute(&mut *connection).await?.rows_affected();
    for sql in DELETE_SPENDING {
        sqlx::query(sql).bind(long_ago).execute(&mut *connection).await?;
    }
    Ok(Pruned { entries: 0, outcomes, runs, memories })
}
