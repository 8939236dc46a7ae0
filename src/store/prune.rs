//! Retention: forgetting what is old and no longer shown by its source.

use std::collections::HashSet;

use serde::Deserialize;
use sqlx::{Any, Connection, Row, Transaction};

use super::json::items;
use super::sql::{Sql, sql};
use super::{Pruned, Store, StoreError};
use crate::model::{EntryId, Time};

/// How many entries one transaction looks at: others get their turn between two.
const BATCH: i64 = 1000;

/// How much longer than entries what was paid for is kept, in milliseconds: the same words come back with the same event.
const YEAR: i64 = 366 * 24 * 60 * 60 * 1000;

const FORGET: [&str; 3] =
    ["delete from ledger where since < $1", "delete from spending where day < $1", "delete from host where at < $1"];

/// How many runs are kept.
const RUNS: i64 = 1000;

const LISTS: Sql = sql!("select doc from source_state where id" in_names);

const DELETE: [Sql; 2] = [sql!("delete from rendition where entry" in_keys), sql!("delete from entry where id" in_keys)];

/// Pages in which no text is anybody's any more: all their entries are gone, or have come again with another text.
const PAGES: &str = "delete from page where id not in (select page from entry)";

/// The one part of `model::SourceState` that is asked for here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Listed {
    listed: Vec<EntryId>,
}

/// An entry that may go, by its place in time.
struct Old {
    at: i64,
    id: EntryId,
    source: String,
}

impl Store {
    /// Deletes entries that stand in time before `before` and were first seen before it, but for those that their source
    /// still shows: they would come back as new. Deletes outcomes before `before`, and all but the last 1,000 runs. What was
    /// paid for is kept a year longer: translations from when they were last asked for, what was spent from its day.
    pub async fn prune(&self, before: Time) -> Result<Pruned, StoreError> {
        let failed = self.failed("delete what is old");
        let mut pruned = Pruned::default();
        let mut from = (i64::MIN, i64::MIN);
        loop {
            let mut held = self.hold().await.map_err(&failed)?;
            let mut tx = held.begin_with(self.dialect.begin()).await.map_err(&failed)?;
            let old = old_entries(&mut tx, before, from).await.map_err(&failed)?;
            let Some(last) = old.last() else { break };
            from = (last.at, last.id.0);
            let listed = self.listed(&mut tx, &old).await?;
            let gone: Vec<EntryId> = old.iter().map(|entry| entry.id).filter(|id| !listed.contains(id)).collect();
            for sql in &DELETE {
                sqlx::query(sql.of(self.dialect)).bind(items(&gone)).execute(&mut *tx).await.map_err(&failed)?;
            }
            tx.commit().await.map_err(&failed)?;
            pruned.entries += gone.len() as u64;
        }
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query(PAGES).execute(&mut *held).await.map_err(&failed)?;
        let outcomes = sqlx::query("delete from outcome where at < $1").bind(before.millis());
        pruned.outcomes = outcomes.execute(&mut *held).await.map_err(&failed)?.rows_affected();
        let runs = sqlx::query("delete from run where id < (select id from run order by id desc limit 1 offset $1)");
        pruned.runs = runs.bind(RUNS - 1).execute(&mut *held).await.map_err(&failed)?.rows_affected();
        let long_ago = before.millis().saturating_sub(YEAR);
        let memories = sqlx::query("delete from memory where used < $1").bind(long_ago);
        pruned.memories = memories.execute(&mut *held).await.map_err(&failed)?.rows_affected();
        for forget in FORGET {
            sqlx::query(forget).bind(long_ago).execute(&mut *held).await.map_err(&failed)?;
        }
        Ok(pruned)
    }

    /// What the sources of these entries showed last.
    async fn listed(&self, tx: &mut Transaction<'_, Any>, old: &[Old]) -> Result<HashSet<EntryId>, StoreError> {
        let failed = self.failed("read what sources show");
        let sources: HashSet<&str> = old.iter().map(|entry| entry.source.as_str()).collect();
        let sources: Vec<&str> = sources.into_iter().collect();
        let rows = sqlx::query(LISTS.of(self.dialect)).bind(items(&sources)).fetch_all(&mut **tx).await.map_err(&failed)?;
        let mut all = HashSet::new();
        for row in &rows {
            let state: Listed = self.read_doc("the state of a source", row.try_get(0).map_err(&failed)?)?;
            all.extend(state.listed);
        }
        Ok(all)
    }
}

/// The oldest entries before `before`, from a place in time on.
async fn old_entries(tx: &mut Transaction<'_, Any>, before: Time, (at, id): (i64, i64)) -> Result<Vec<Old>, sqlx::Error> {
    let rows = sqlx::query(
        "select at, id, source from entry
         where at < $1 and first_seen < $1 and (at, id) > ($2, $3) order by at, id limit $4",
    )
    .bind(before.millis())
    .bind(at)
    .bind(id)
    .bind(BATCH)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|row| Ok(Old { at: row.try_get(0)?, id: EntryId(row.try_get(1)?), source: row.try_get(2)? })).collect()
}
