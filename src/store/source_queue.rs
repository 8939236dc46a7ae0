//! Which sources are due, and who has them: one worker at a time, until it settles or its time runs out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, Connection, Row};

use super::json::items;
use super::sql::{Dialect, Sql, sql};
use super::{Lease, LeasedSource, Store, StoreError, json};
use crate::model::{SourceId, SourceState, Time};

const REGISTER: Sql = sql!(
    "insert into source (id, due_at) select value, $2 from" items "where true on conflict (id) do nothing"
);

/// The longest that anything here is good for. What lies further ahead was written by a clock that was wrong, and has been put
/// right since: a source that was visited tomorrow is due, and a lease until next week is none.
const AHEAD: Duration = Duration::from_secs(60 * 60);

/// When the first of these that nobody has is due.
const NEXT: Sql = sql!(
    "select min(case when visited_at > $3 then $2 else due_at end) from source
     where id" in_names "and (lease_until is null or lease_until <= $2 or lease_until > $3)"
);

/// The lock makes another worker's claim pass over these rows. The inner select stands apart, once: as a plain subquery
/// PostgreSQL may run it again for every row, and lock more than its limit.
const FREE: Sql = sql!(
    "with free as materialized (
         select id, due_at, visited_at from source
         where id" in_names "
           and (lease_until is null or lease_until <= $2 or lease_until > $5)
           and ($3 or due_at <= $2 or visited_at > $5)
         order by due_at, id limit $4" lock ")
     select" gather_docs "free.id, due_at, visited_at" with_doc "doc" docs_gathered "
     from free left join source_state on source_state.id = free.id"
);

const LEASE: Sql = sql!("update source set lease_by = $2, lease_until = $3 where id" in_names);

const POSTPONE: Sql = sql!("update source set due_at = $2 where due_at < $2 and id" in_names);

const HASTEN: Sql = sql!("update source set due_at = $2 where due_at > $2 and id" in_names);

const GIVE_BACK: Sql = sql!("update source set lease_by = null, lease_until = null where lease_by = $2 and id" in_names);

/// The leases of a SQLite store: kept in memory, as the lock on its file keeps other processes out. Written to the database
/// they were a quarter of what a run costs in which nothing is new.
#[derive(Default)]
pub(super) struct Leases(Mutex<HashMap<SourceId, (String, Time)>>);

impl Leases {
    /// Those of `sources` that nobody has at `now`.
    fn free(&self, sources: &[SourceId], now: Time) -> Vec<SourceId> {
        let leases = self.lock();
        let is_free = |source: &&SourceId| leases.get(*source).is_none_or(|(_, until)| *until <= now || *until > now.plus(AHEAD));
        sources.iter().filter(is_free).cloned().collect()
    }

    /// Gives sources to a worker.
    fn take(&self, sources: &[&SourceId], lease: &Lease) {
        self.lock().extend(sources.iter().map(|source| ((*source).clone(), (lease.worker.clone(), lease.until))));
    }

    /// Frees what `worker` has of `sources`.
    pub(super) fn settle<'s>(&self, worker: &str, sources: impl Iterator<Item = &'s SourceId>) {
        let mut leases = self.lock();
        for source in sources {
            if leases.get(source).is_some_and(|(holder, _)| holder == worker) {
                leases.remove(source);
            }
        }
    }

    /// Until when somebody has a source.
    pub(super) fn until(&self, source: &SourceId) -> Option<Time> {
        self.lock().get(source).map(|(_, until)| *until)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SourceId, (String, Time)>> {
        // What is kept is whole after each line: a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A source that is free: its name, due when, last visited when, its state.
type Free = ((SourceId, i64, Option<i64>), Option<SourceState>);

impl Store {
    /// Makes rows for sources that have none yet, due at once. When all have one, this writes nothing.
    pub async fn register_sources(&self, sources: &[SourceId], now: Time) -> Result<(), StoreError> {
        let failed = self.failed("register sources");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query(REGISTER.of(self.dialect))
            .bind(items(sources))
            .bind(now.millis())
            .execute(&mut *held)
            .await
            .map(|_| ())
            .map_err(failed)
    }

    /// Takes up to `limit` of these sources that are due (with `force`, due or not) and that no worker has, those first
    /// that have been due for longest.
    pub async fn lease_due_sources(
        &self,
        sources: &[SourceId],
        lease: &Lease,
        force: bool,
        limit: usize,
    ) -> Result<Vec<LeasedSource>, StoreError> {
        let failed = self.failed("lease sources");
        let mut held = self.hold().await.map_err(&failed)?;
        if let Some(leases) = &self.leases {
            // The connection is held from the look to the lease: nobody else claims meanwhile.
            let row = free(self.dialect, &leases.free(sources, lease.now), lease, force, limit).fetch_one(&mut *held).await;
            let claimed = self.claimed(&row.map_err(&failed)?)?;
            leases.take(&claimed.iter().map(|claimed| &claimed.source).collect::<Vec<_>>(), lease);
            return Ok(claimed);
        }
        let mut tx = held.begin_with(self.dialect.begin()).await.map_err(&failed)?;
        let row = free(self.dialect, sources, lease, force, limit).fetch_one(&mut *tx).await.map_err(&failed)?;
        let claimed = self.claimed(&row)?;
        let ids: Vec<&SourceId> = claimed.iter().map(|claimed| &claimed.source).collect();
        if !ids.is_empty() {
            sqlx::query(LEASE.of(self.dialect))
                .bind(items(&ids))
                .bind(json::plain(&lease.worker))
                .bind(lease.until.millis())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
        }
        tx.commit().await.map_err(&failed)?;
        Ok(claimed)
    }

    /// What the query for free sources gave, those first that have been due for longest.
    fn claimed(&self, row: &AnyRow) -> Result<Vec<LeasedSource>, StoreError> {
        let mut claimed: Vec<LeasedSource> = self
            .gathered_docs::<Free>(row, "what is known of sources")?
            .into_iter()
            .map(|((source, due, visited), state)| LeasedSource {
                source,
                state: state.unwrap_or_default(),
                due: Time::from_millis(due),
                visited: visited.map(Time::from_millis),
            })
            .collect();
        claimed.sort_by(|a, b| (a.due, &a.source).cmp(&(b.due, &b.source)));
        Ok(claimed)
    }

    /// When the first of these sources that no worker has is due: in the past if it is due already, nothing if all are taken.
    pub async fn next_due(&self, sources: &[SourceId], now: Time) -> Result<Option<Time>, StoreError> {
        let failed = self.failed("see what is due next");
        let mut held = self.hold().await.map_err(&failed)?;
        let free = match &self.leases {
            Some(leases) => items(&leases.free(sources, now)),
            None => items(sources),
        };
        let row = sqlx::query(NEXT.of(self.dialect))
            .bind(free)
            .bind(now.millis())
            .bind(now.plus(AHEAD).millis())
            .fetch_one(&mut *held)
            .await
            .map_err(&failed)?;
        Ok(row.try_get::<Option<i64>, _>(0).map_err(failed)?.map(Time::from_millis))
    }

    /// Has these sources wait until a time, if they were due before it: their host wants to be left alone.
    pub async fn postpone_sources(&self, sources: &[SourceId], until: Time) -> Result<(), StoreError> {
        let failed = self.failed("postpone sources");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query(POSTPONE.of(self.dialect))
            .bind(items(sources))
            .bind(until.millis())
            .execute(&mut *held)
            .await
            .map(|_| ())
            .map_err(failed)
    }

    /// Makes all that a worker has last as long as this lease.
    pub async fn renew_leases(&self, lease: &Lease) -> Result<(), StoreError> {
        if let Some(leases) = &self.leases {
            leases.lock().values_mut().filter(|(holder, _)| *holder == lease.worker).for_each(|(_, until)| *until = lease.until);
            return Ok(());
        }
        let failed = self.failed("renew leases");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query("update source set lease_until = $2 where lease_by = $1")
            .bind(json::plain(&lease.worker))
            .bind(lease.until.millis())
            .execute(&mut *held)
            .await
            .map(|_| ())
            .map_err(failed)
    }

    /// Makes these sources due at once.
    pub async fn make_due_now(&self, sources: &[SourceId], now: Time) -> Result<(), StoreError> {
        let failed = self.failed("make sources due");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query(HASTEN.of(self.dialect))
            .bind(items(sources))
            .bind(now.millis())
            .execute(&mut *held)
            .await
            .map(|_| ())
            .map_err(failed)
    }

    /// Gives back these, which `worker` has taken and did not visit after all: they are as due as they were.
    pub async fn release_sources(&self, worker: &str, sources: &[SourceId]) -> Result<(), StoreError> {
        if let Some(leases) = &self.leases {
            leases.settle(worker, sources.iter());
            return Ok(());
        }
        let failed = self.failed("give back leases");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query(GIVE_BACK.of(self.dialect))
            .bind(items(sources))
            .bind(json::plain(worker))
            .execute(&mut *held)
            .await
            .map(|_| ())
            .map_err(failed)
    }

    /// Gives back what `worker` has taken and not settled.
    pub async fn release_all(&self, worker: &str) -> Result<(), StoreError> {
        if let Some(leases) = &self.leases {
            leases.lock().retain(|_, (holder, _)| holder != worker);
            return Ok(());
        }
        let failed = self.failed("give back leases");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query("update source set lease_by = null, lease_until = null where lease_by = $1")
            .bind(json::plain(worker))
            .execute(&mut *held)
            .await
            .map(|_| ())
            .map_err(failed)
    }
}

/// The query for sources that are free.
fn free(dialect: Dialect, sources: &[SourceId], lease: &Lease, force: bool, limit: usize) -> Query<'static, Any, AnyArguments> {
    sqlx::query(FREE.of(dialect))
        .bind(items(sources))
        .bind(lease.now.millis())
        .bind(force)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(lease.now.plus(AHEAD).millis())
}
