//! Settling visits: a batch is one transaction of a handful of statements, however many visits it has.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::{Any, AnyConnection, Transaction};

use super::connection::OperationResult;
use super::encode::{EncodedPage, EntryColumns, SettledVisit};
use super::entry_statement::{BATCH_SIZES, PAGES_AT_ONCE, bind_entries, entry_statements, insert_pages};
use super::json::{arrays, objects, without_nul};
use super::sql::{Dialect, Sql, begin, sql};
use super::visit_day::COUNT_VISITS;
use super::{Store, StoreError};
use crate::model::{DueReason, EntryId, Outcome, Period, SourceId, SourceState, Visit};

const WITHDRAW: Sql = sql!(
    "update entry set withdrawn_at = v.at
     from (select cast(value ->> 'id' as bigint) as id, cast(value ->> 'at' as bigint) as at from" json_rows ") as v
     where entry.id = v.id and entry.withdrawn_at is null"
);

const RESTORE: Sql = sql!("update entry set withdrawn_at = null where withdrawn_at is not null and id" in_ids);

pub(super) const SAVE_STATES: Sql = sql!(
    "insert into source_state (id, doc) select key, value from" json_pairs "where true
     on conflict (id) do update set doc = excluded.doc"
);

/// Releases the lease of the worker `$2`. A source that another worker has leased meanwhile stays leased. The changes of entries are
/// counted by the statement that every visit needs.
const SAVE_DUE_TIMES: Sql = sql!(
    "insert into source (id, due_at, visited_at, entry_changes, due_reason, shown)
     select value ->> 'source', cast(value ->> 'due' as bigint), cast(value ->> 'at' as bigint),
            cast(value ->> 'changes' as bigint), value ->> 'due_reason', cast(value ->> 'shown' as bigint) from" json_rows "where true
     on conflict (id) do update set
         due_at = excluded.due_at, visited_at = excluded.visited_at,
         entry_changes = source.entry_changes + excluded.entry_changes,
         due_reason = coalesce(excluded.due_reason, source.due_reason),
         shown = case when excluded.shown = 0 then source.shown else excluded.shown end,
         lease_by = case when source.lease_by = $2 then null else source.lease_by end,
         lease_until = case when source.lease_by = $2 then null else source.lease_until end"
);

const SAVE_OUTCOMES: Sql = sql!(
    "insert into outcome (source, at, duration_ms, doc)
     select value ->> 'source', cast(value ->> 'at' as bigint), cast(value ->> 'duration_ms' as bigint),
            cast(value -> 'doc' as text)
     from" json_rows "where true
     on conflict (source, at) do nothing"
);

/// A row of [`WITHDRAW`].
#[derive(Serialize)]
struct WithdrawnRow {
    id: EntryId,
    at: i64,
}

/// A row of [`SAVE_DUE_TIMES`] and [`COUNT_VISITS`]: the visits to a source in a batch.
#[derive(Serialize)]
struct DueRow<'v> {
    source: &'v SourceId,
    due: i64,
    at: i64,
    due_reason: Option<DueReason>,
    /// The number of visits that changed entries.
    changes: u32,
    /// The first instant of the day of the last visit.
    day: i64,
    visits: u32,
    failed: u32,
    entries: u32,
    /// A hash of what readers are told of the source; 0 if its state is as it was.
    shown: i64,
}

/// A row of [`SAVE_OUTCOMES`].
#[derive(Serialize)]
struct OutcomeRow<'v> {
    source: &'v SourceId,
    at: i64,
    duration_ms: u64,
    doc: &'v Outcome,
}

impl Store {
    /// Saves the results of these visits, all of them or nothing: entries, states, outcomes, due times; and releases the leases
    /// of `worker` on their sources. Settling the same visits again changes nothing but the counts.
    pub async fn settle_visits(&self, worker: &str, visits: &[SettledVisit]) -> Result<(), StoreError> {
        if visits.is_empty() {
            return Ok(());
        }
        let (dialect, worker, batch) = (self.dialect, worker.to_owned(), visits.to_vec());
        let (memory_leases, parameters) = (self.memory_leases.clone(), Parameters::write(visits));
        self.run("settle visits", move |connection| {
            Box::pin(async move {
                settle_batch(connection, dialect, &worker, &batch, parameters).await?;
                if let Some(leases) = memory_leases {
                    leases.release(&worker, batch.iter().map(|settled| &settled.visit().source));
                }
                Ok(())
            })
        })
        .await?;
        tracing::debug!(count = visits.len(), "settled {} visits and released their leases", visits.len());
        Ok(())
    }
}

/// The JSON parameters of a batch. They are written by the caller, so that the connection is not kept waiting.
struct Parameters {
    withdrawn: Vec<String>,
    restored: Vec<String>,
    states: Vec<String>,
    outcomes: Vec<String>,
    due_times: Vec<String>,
}

impl Parameters {
    fn write(batch: &[SettledVisit]) -> Self {
        let visits = || batch.iter().map(SettledVisit::visit);
        let withdrawn =
            visits().flat_map(|visit| visit.withdrawn.iter().map(|id| WithdrawnRow { id: *id, at: visit.at.millis() }));
        let outcomes = visits().filter(|visit| visit.outcome != Outcome::Same).map(outcome_row);
        // By name: the last visit of a source counts.
        let states: BTreeMap<_, _> = visits().filter_map(|visit| Some((visit.source.as_str(), visit.state.as_ref()?))).collect();
        let mut due_times: BTreeMap<&str, DueRow<'_>> = BTreeMap::new();
        for settled in batch {
            let row = due_row(settled);
            let row = match due_times.remove(row.source.as_str()) {
                Some(before) => row.after(&before),
                None => row,
            };
            due_times.insert(row.source.as_str(), row);
        }
        Self {
            withdrawn: arrays(withdrawn).collect(),
            restored: arrays(visits().flat_map(|visit| &visit.restored)).collect(),
            states: objects(states.into_iter()).collect(),
            outcomes: arrays(outcomes).collect(),
            due_times: arrays(due_times.into_values()).collect(),
        }
    }
}

async fn settle_batch(
    connection: &mut AnyConnection,
    dialect: Dialect,
    worker: &str,
    batch: &[SettledVisit],
    parameters: Parameters,
) -> OperationResult<()> {
    let mut tx = begin(connection, dialect).await?;
    insert_all_pages(&mut tx, batch).await?;
    save_entries(&mut tx, dialect, &sorted_entries(batch)).await?;
    execute_all(&mut tx, dialect, &WITHDRAW, parameters.withdrawn).await?;
    execute_all(&mut tx, dialect, &RESTORE, parameters.restored).await?;
    execute_all(&mut tx, dialect, &SAVE_STATES, parameters.states).await?;
    execute_all(&mut tx, dialect, &SAVE_OUTCOMES, parameters.outcomes).await?;
    for page in parameters.due_times {
        COUNT_VISITS.query(dialect).bind(page.as_str()).execute(&mut *tx).await?;
        SAVE_DUE_TIMES.query(dialect).bind(page).bind(without_nul(worker)).execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}

fn outcome_row(visit: &Visit) -> OutcomeRow<'_> {
    OutcomeRow { source: &visit.source, at: visit.at.millis(), duration_ms: visit.duration_ms, doc: &visit.outcome }
}

fn due_row(settled: &SettledVisit) -> DueRow<'_> {
    let visit = settled.visit();
    let is_change = !(settled.encoded().entries.is_empty() && visit.withdrawn.is_empty() && visit.restored.is_empty());
    DueRow {
        source: &visit.source,
        due: visit.due.millis(),
        at: visit.at.millis(),
        due_reason: visit.due_reason,
        changes: u32::from(is_change),
        day: Period::Day.start(visit.at).millis(),
        visits: 1,
        failed: u32::from(visit.outcome.failure().is_some()),
        entries: visit.outcome.found().map_or(0, |found| found.new),
        shown: visit.state.as_ref().map_or(0, SourceState::shown_hash),
    }
}

impl DueRow<'_> {
    /// Adds the counts of an earlier visit of the same batch.
    fn after(self, before: &Self) -> Self {
        Self {
            due_reason: self.due_reason.or(before.due_reason),
            changes: self.changes + before.changes,
            visits: self.visits + before.visits,
            failed: self.failed + before.failed,
            entries: self.entries + before.entries,
            shown: if self.shown == 0 { before.shown } else { self.shown },
            ..self
        }
    }
}

/// Executes a statement once for each JSON parameter.
async fn execute_all(
    tx: &mut Transaction<'_, Any>,
    dialect: Dialect,
    sql: &Sql,
    parameters: Vec<String>,
) -> Result<(), sqlx::Error> {
    for parameter in parameters {
        sql.query(dialect).bind(parameter).execute(&mut **tx).await?;
    }
    Ok(())
}

async fn save_entries(tx: &mut Transaction<'_, Any>, dialect: Dialect, mut rest: &[&EntryColumns]) -> Result<(), sqlx::Error> {
    for (size, count) in BATCH_SIZES.into_iter().enumerate() {
        let statements = entry_statements(dialect, size);
        while let Some((rows, after)) = rest.split_at_checked(count) {
            rest = after;
            if let Some(insert_new) = statements.insert_new
                && bind_entries(insert_new, rows).execute(&mut **tx).await?.rows_affected() == rows.len() as u64
            {
                continue;
            }
            bind_entries(statements.upsert, rows).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

async fn insert_all_pages(tx: &mut Transaction<'_, Any>, batch: &[SettledVisit]) -> Result<(), sqlx::Error> {
    let pages: Vec<&EncodedPage> = batch.iter().flat_map(|settled| &settled.encoded().pages).collect();
    let (eights, rest) = pages.as_chunks::<PAGES_AT_ONCE>();
    for pages in eights.iter().map(<[_; PAGES_AT_ONCE]>::as_slice).chain(rest.chunks(1)) {
        insert_pages(pages).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Returns the rows of all entries, the last one of each, in the order of their ids: two workers that settle the same entries
/// then wait for one another instead of blocking each other.
fn sorted_entries(batch: &[SettledVisit]) -> Vec<&EntryColumns> {
    let mut rows: Vec<&EntryColumns> = batch.iter().flat_map(|settled| &settled.encoded().entries).collect();
    rows.sort_by_key(|row| row.id);
    rows.dedup_by(|later, kept| {
        let is_same = later.id == kept.id;
        if is_same {
            *kept = *later;
        }
        is_same
    });
    rows
}
