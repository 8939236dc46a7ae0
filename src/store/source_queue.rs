//! The queue of sources: which are due, and who has leased them. A source is leased to one worker at a time, until the worker
//! settles its visit or the lease expires.

use std::sync::Arc;

use serde::Deserialize;
use sqlx::any::AnyRow;

use super::connection::OperationResult;
use super::json::{list, without_nul};
use super::memory_leases::{MAX_LEASE, MemoryLeases};
use super::row::{collected_documents, optional_time};
use super::sql::{Dialect, OwnedQuery, Sql, begin, sql};
use super::{Lease, LeasedSource, Store, StoreError};
use crate::model::{SourceId, SourceState, Time};
use crate::policy::{ClockJump, MAX_CLOCK_SKEW};

const REGISTER: Sql = sql!(
    "insert into source (id, due_at) select value, $2 from" json_values "where true on conflict (id) do nothing"
);

/// `$3` is the end of the longest possible lease. Times after it were written by a clock that was wrong and has been corrected
/// since: a source that was visited tomorrow is due, and a lease until next week is void.
const NEXT_DUE: Sql = sql!(
    "select min(case when visited_at > $3 then $2 else due_at end) from source
     where id" in_names "and (lease_until is null or lease_until <= $2 or lease_until > $3)"
);

/// Rows that another worker leases at this moment are skipped. The inner select is materialized: as a plain subquery PostgreSQL
/// may run it again for every row, and lock more than its limit.
const FIND_DUE: Sql = sql!(
    "with free as materialized (
         select id, due_at, visited_at, lease_until from source
         where id" in_names "
           and (lease_until is null or lease_until <= $2 or lease_until > $5)
           and ($3 or due_at <= $2 or visited_at > $5)
         order by due_at, id limit $4" skip_locked ")
     select" collect_documents "free.id, due_at, visited_at, lease_until" with_document "doc" end_documents "
     from free left join source_state on source_state.id = free.id"
);

const LEASE: Sql = sql!("update source set lease_by = $2, lease_until = $3 where id" in_names);

const RENEW: Sql = sql!("update source set lease_until = $3 where lease_by = $2 and id" in_names);

const POSTPONE: Sql = sql!("update source set due_at = $2, due_reason = 'host' where due_at < $2 and id" in_names);

const MAKE_DUE: Sql = sql!("update source set due_at = $2, due_reason = 'push-pending' where due_at > $2 and id" in_names);

const RELEASE: Sql = sql!("update source set lease_by = null, lease_until = null where lease_by = $2 and id" in_names);

const RELEASE_ALL: &str = "update source set lease_by = null, lease_until = null where lease_by = $1";

/// The columns of [`FIND_DUE`].
#[derive(Deserialize)]
struct DueColumns {
    id: SourceId,
    due_at: i64,
    visited_at: Option<i64>,
    lease_until: Option<i64>,
}

/// The sources that a worker has just leased.
struct Leased {
    sources: Vec<LeasedSource>,
    /// The number of them that another worker had leased until its lease expired.
    expired: usize,
}

impl Store {
    /// Adds the sources that have no row yet; they are due at once. If all have one, nothing is written.
    pub async fn register_sources(&self, sources: &[SourceId], now: Time) -> Result<(), StoreError> {
        let query = REGISTER.query(self.dialect).bind(list(sources)).bind(now.millis());
        self.execute("register sources", query).await.map(|_| ())
    }

    /// Leases up to `limit` of these sources that are due (with `force`, due or not) and that nobody has leased. Returns them
    /// with those that have been due for longest first.
    pub async fn lease_due_sources(
        &self,
        sources: &[SourceId],
        lease: &Lease,
        force: bool,
        limit: usize,
    ) -> Result<Vec<LeasedSource>, StoreError> {
        let Leased { sources: mut leased, expired } = match &self.memory_leases {
            Some(leases) => self.lease_in_memory(Arc::clone(leases), sources.to_vec(), lease.clone(), force, limit).await?,
            None => self.lease_in_database(find_due(self.dialect, sources, lease, force, limit), lease.clone()).await?,
        };
        let is_visited_later = |source: &LeasedSource| source.visited.is_some_and(|at| at > lease.now.plus(MAX_CLOCK_SKEW));
        if leased.iter().any(is_visited_later)
            && let Some(jump) = self.correct_clock_jump(lease.now).await?
        {
            for source in &mut leased {
                source.correct(&jump);
            }
        }
        if !leased.is_empty() {
            tracing::debug!(
                worker.id = %lease.worker,
                lease.until = %lease.until,
                count = leased.len(),
                expired,
                "leased {} sources until {}, {expired} of them after the lease of another worker expired",
                leased.len(),
                lease.until
            );
        }
        Ok(leased)
    }

    async fn lease_in_memory(
        &self,
        in_memory: Arc<MemoryLeases>,
        sources: Vec<SourceId>,
        lease: Lease,
        force: bool,
        limit: usize,
    ) -> Result<Leased, StoreError> {
        let dialect = self.dialect;
        // One operation from the look to the lease: no other can lease the same sources in between.
        self.run("lease sources", move |connection| {
            Box::pin(async move {
                let free = in_memory.free(&sources, lease.now);
                let row = find_due(dialect, &free, &lease, force, limit).fetch_one(connection).await?;
                let mut due = read_due(&row)?;
                due.expired = in_memory.lease(due.sources.iter().map(|row| &row.source), &lease.worker, lease.until);
                Ok(due)
            })
        })
        .await
    }

    async fn lease_in_database(&self, find: OwnedQuery, lease: Lease) -> Result<Leased, StoreError> {
        let dialect = self.dialect;
        self.run("lease sources", move |connection| {
            Box::pin(async move {
                let mut tx = begin(connection, dialect).await?;
                let leased = read_due(&find.fetch_one(&mut *tx).await?)?;
                let ids: Vec<&SourceId> = leased.sources.iter().map(|row| &row.source).collect();
                if !ids.is_empty() {
                    let query = LEASE.query(dialect).bind(list(&ids)).bind(without_nul(&lease.worker));
                    query.bind(lease.until.millis()).execute(&mut *tx).await?;
                }
                tx.commit().await?;
                Ok(leased)
            })
        })
        .await
    }

    /// Returns the time at which the first of these sources is due that nobody has leased. It is in the past if one is due
    /// already; nothing if all are leased.
    pub async fn next_due(&self, sources: &[SourceId], now: Time) -> Result<Option<Time>, StoreError> {
        let attempt = "read when a source is due next";
        let free = match &self.memory_leases {
            Some(leases) => list(&leases.free(sources, now)),
            None => list(sources),
        };
        let query = NEXT_DUE.query(self.dialect).bind(free).bind(now.millis()).bind(now.plus(MAX_LEASE).millis());
        let row = self.fetch_one(attempt, query).await?;
        self.decode(attempt, optional_time(&row, 0).map_err(Into::into))
    }

    /// Postpones those of these sources that are due before `until`: their host has asked to be left alone.
    pub async fn postpone_sources(&self, sources: &[SourceId], until: Time) -> Result<(), StoreError> {
        let query = POSTPONE.query(self.dialect).bind(list(sources)).bind(until.millis());
        let count = self.execute("postpone sources", query).await?;
        tracing::debug!(count, due = %until, "postponed {count} sources until {until}");
        Ok(())
    }

    /// Makes these sources due at once.
    pub async fn make_due_now(&self, sources: &[SourceId], now: Time) -> Result<(), StoreError> {
        let query = MAKE_DUE.query(self.dialect).bind(list(sources)).bind(now.millis());
        self.execute("make sources due", query).await.map(|_| ())
    }

    /// Extends the leases that the worker holds on these sources to the end of `lease`.
    pub async fn renew_leases(&self, lease: &Lease, sources: &[SourceId]) -> Result<(), StoreError> {
        let count = if let Some(leases) = &self.memory_leases {
            leases.renew(&lease.worker, sources, lease.until) as u64
        } else {
            let query = RENEW.query(self.dialect).bind(list(sources)).bind(without_nul(&lease.worker)).bind(lease.until.millis());
            self.execute("renew leases", query).await?
        };
        let until = lease.until;
        tracing::debug!(worker.id = %lease.worker, lease.until = %until, count, "renewed {count} leases until {until}");
        Ok(())
    }

    /// Releases the leases of `worker` on these sources. They are as due as they were.
    pub async fn release_sources(&self, worker: &str, sources: &[SourceId]) -> Result<(), StoreError> {
        let count = if let Some(leases) = &self.memory_leases {
            leases.release(worker, sources.iter()) as u64
        } else {
            let query = RELEASE.query(self.dialect).bind(list(sources)).bind(without_nul(worker));
            self.execute("release leases", query).await?
        };
        tracing::debug!(worker.id = %worker, count, "released {count} leases");
        Ok(())
    }

    /// Releases all leases of `worker`.
    pub async fn release_all(&self, worker: &str) -> Result<(), StoreError> {
        let count = match &self.memory_leases {
            Some(leases) => leases.release_all(worker) as u64,
            None => self.execute("release leases", sqlx::query(RELEASE_ALL).bind(without_nul(worker))).await?,
        };
        tracing::debug!(worker.id = %worker, count, "released {count} leases, all that the worker had");
        Ok(())
    }
}

impl LeasedSource {
    /// Corrects what was stored while the clock was ahead.
    fn correct(&mut self, jump: &ClockJump) {
        jump.correct_source(&mut self.state);
        (self.due, self.visited) = (jump.correct(self.due), self.visited.map(|at| jump.correct(at)));
    }
}

fn find_due(dialect: Dialect, sources: &[SourceId], lease: &Lease, force: bool, limit: usize) -> OwnedQuery {
    FIND_DUE
        .query(dialect)
        .bind(list(sources))
        .bind(lease.now.millis())
        .bind(force)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(lease.now.plus(MAX_LEASE).millis())
}

/// Reads the result of [`FIND_DUE`]; the database gives it in no order.
fn read_due(row: &AnyRow) -> OperationResult<Leased> {
    let due = collected_documents::<DueColumns, SourceState>("the state of sources", row)?;
    let expired = due.iter().filter(|(columns, _)| columns.lease_until.is_some()).count();
    let leased = due.into_iter().map(|(columns, state)| LeasedSource {
        source: columns.id,
        state: state.unwrap_or_default(),
        due: Time::from_millis(columns.due_at),
        visited: columns.visited_at.map(Time::from_millis),
    });
    let mut sources: Vec<LeasedSource> = leased.collect();
    sources.sort_by(|a, b| (a.due, &a.source).cmp(&(b.due, &b.source)));
    Ok(Leased { sources, expired })
}
