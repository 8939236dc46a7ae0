//! Retention: deleting what is old and no longer listed by its source.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::changes::{ENTRIES, count_change};
use super::connection::OperationResult;
use super::json::list;
use super::row::{count, document};
use super::sql::{Dialect, Sql, begin, sql};
use super::{Pruned, Store, StoreError};
use crate::model::{EntryId, SourceId, Time};

/// The number of entries that one transaction reads: other operations get their turn between two.
const BATCH: i64 = 1000;

/// The time for which paid translations and their cost are kept longer than entries, in milliseconds: the same words come back
/// with the same event.
const YEAR: i64 = 366 * 24 * 60 * 60 * 1000;

/// The number of runs that are kept.
const RUNS: i64 = 1000;

const LIST_OLD: Sql = sql!(
    "select at, id, source from entry
     where source" in_names "and at < $2 and first_seen < $2 and (at, id) > ($3, $4) order by at, id limit $5"
);

const LOAD_STATES: Sql = sql!("select doc from source_state where id" in_names);

const DELETE_ENTRIES: [Sql; 3] = [
    sql!("delete from rendition where entry" in_ids),
    sql!("delete from rule_facts where entry" in_ids),
    sql!("delete from entry where id" in_ids),
];

/// Deletes the pages of which no text is used any more: all their entries are deleted, or have another text since.
const DELETE_PAGES: &str = "delete from page where id not in (select page from entry)";

/// The rows of outcomes, runs and the memory that are old.
const OLD_OUTCOMES: &str = "from outcome where at < $1";
const OLD_RUNS: &str = "from run where id < (select id from run order by id desc limit 1 offset $1)";
const OLD_MEMORY: &str = "from memory where used < $1";

const DELETE_BESIDE: [&str; 6] = [
    "delete from ledger where since < $1",
    "delete from spending where day < $1",
    "delete from host where at < $1",
    "delete from reading where used < $1",
    "delete from vendor_batch_text where batch in (select name from vendor_batch where submitted < $1)",
    "delete from vendor_batch where submitted < $1",
];

/// The days of visits are kept as long as outcomes are.
const DELETE_DAYS: &str = "delete from visit_day where day < $1";

/// Deletes from the index what leads nowhere any more.
const DELETE_SIMILAR: &str = "delete from similar_segment
     where key not in (select key from memory) and key not in (select key from correction)";

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

/// A step of retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PruneMode {
    /// Deletes.
    Delete,
    /// Only counts what would be deleted.
    Count,
}

/// The entries of some sources that are old.
struct OldEntries {
    sources: Vec<SourceId>,
    before: i64,
}

/// The place in time behind which a batch begins.
type Place = (i64, i64);

impl Store {
    /// Deletes the entries of these sources that are dated before `before` and were first seen before it, except those that their source
    /// still lists: they would come back as new. Returns their number by source.
    pub async fn prune_entries(
        &self,
        sources: &[SourceId],
        before: Time,
        mode: PruneMode,
    ) -> Result<BTreeMap<SourceId, u64>, StoreError> {
        let dialect = self.dialect;
        let old = Arc::new(OldEntries { sources: sources.to_vec(), before: before.millis() });
        let mut counts = BTreeMap::new();
        let mut from = (i64::MIN, i64::MIN);
        loop {
            let old = Arc::clone(&old);
            let prune = self.run("delete old entries", move |connection| {
                Box::pin(async move {
                    match mode {
                        PruneMode::Count => find_deletable(connection, dialect, &old, from).await,
                        PruneMode::Delete => delete_batch(connection, dialect, &old, from).await,
                    }
                })
            });
            let Some((entries, next)) = prune.await? else { break };
            for entry in entries {
                *counts.entry(SourceId::from(entry.source)).or_default() += 1;
            }
            from = next;
        }
        if mode == PruneMode::Delete {
            self.execute("delete old pages", sqlx::query(DELETE_PAGES)).await?;
        }
        Ok(counts)
    }

    /// Deletes outcomes before `before`, and all but the last 1,000 runs. Translations are kept for a year after their last use beside that,
    /// and the spending for a year after its day.
    pub async fn prune_history(&self, before: Time, mode: PruneMode) -> Result<Pruned, StoreError> {
        let long_ago = before.millis().saturating_sub(YEAR);
        let prune = self.run("delete old rows", move |connection| {
            Box::pin(async move {
                let outcomes = prune_rows(connection, OLD_OUTCOMES, before.millis(), mode).await?;
                let runs = prune_rows(connection, OLD_RUNS, RUNS - 1, mode).await?;
                let memories = prune_rows(connection, OLD_MEMORY, long_ago, mode).await?;
                if mode == PruneMode::Delete {
                    for sql in DELETE_BESIDE {
                        sqlx::query(sql).bind(long_ago).execute(&mut *connection).await?;
                    }
                    sqlx::query(DELETE_DAYS).bind(before.millis()).execute(&mut *connection).await?;
                    sqlx::query(DELETE_SIMILAR).execute(&mut *connection).await?;
                }
                Ok(Pruned { outcomes, runs, memories })
            })
        });
        prune.await
    }
}

/// Deletes one batch. Returns it, and the place from which the next one goes on; nothing if this was the last one.
async fn delete_batch(
    connection: &mut AnyConnection,
    dialect: Dialect,
    old: &OldEntries,
    from: Place,
) -> OperationResult<Option<(Vec<OldEntry>, Place)>> {
    let mut tx = begin(connection, dialect).await?;
    let Some((entries, next)) = find_deletable(&mut tx, dialect, old, from).await? else { return Ok(None) };
    let ids: Vec<EntryId> = entries.iter().map(|entry| entry.id).collect();
    for sql in &DELETE_ENTRIES {
        sql.query(dialect).bind(list(&ids)).execute(&mut *tx).await?;
    }
    if !ids.is_empty() {
        count_change(&mut tx, ENTRIES).await?;
    }
    tx.commit().await?;
    Ok(Some((entries, next)))
}

/// Returns a batch of old entries without those that their sources list, and the place from which the next one goes on.
async fn find_deletable(
    connection: &mut AnyConnection,
    dialect: Dialect,
    old: &OldEntries,
    from: Place,
) -> OperationResult<Option<(Vec<OldEntry>, Place)>> {
    let mut entries = list_old_entries(connection, dialect, old, from).await?;
    let Some(last) = entries.last() else { return Ok(None) };
    let next = (last.at, last.id.0);
    let listed = load_listed_entries(connection, dialect, &entries).await?;
    entries.retain(|entry| !listed.contains(&entry.id));
    Ok(Some((entries, next)))
}

/// Lists the oldest entries from a place in time on.
async fn list_old_entries(
    connection: &mut AnyConnection,
    dialect: Dialect,
    old: &OldEntries,
    (at, id): Place,
) -> Result<Vec<OldEntry>, sqlx::Error> {
    let query = LIST_OLD.query(dialect).bind(list(&old.sources)).bind(old.before).bind(at).bind(id).bind(BATCH);
    let rows = query.fetch_all(connection).await?;
    let entries =
        rows.iter().map(|row| Ok(OldEntry { at: row.try_get(0)?, id: EntryId(row.try_get(1)?), source: row.try_get(2)? }));
    entries.collect()
}

/// Deletes or counts rows. Returns their number.
async fn prune_rows(connection: &mut AnyConnection, rows: &str, bound: i64, mode: PruneMode) -> OperationResult<u64> {
    let query = |what: &str| AssertSqlSafe(format!("{what} {rows}"));
    match mode {
        PruneMode::Delete => Ok(sqlx::query(query("delete")).bind(bound).execute(connection).await?.rows_affected()),
        PruneMode::Count => Ok(count(&sqlx::query(query("select count(*)")).bind(bound).fetch_one(connection).await?, 0)?),
    }
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
