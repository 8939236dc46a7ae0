//! Which sources are due, and who has them: one worker at a time, until it settles or its time runs out.

use sqlx::Connection;

use super::read::items;
use super::sql::{Sql, sql};
use super::{Claimed, Lease, Store, StoreError, doc};
use crate::model::{SourceId, Time};

const REGISTER: Sql = sql!(
    "insert into source (id, due_at) select value, $2 from" items "where true on conflict (id) do nothing"
);

/// The lock makes another worker's claim pass over these rows. The inner select stands apart, once: as a plain subquery
/// PostgreSQL may run it again for every row, and lock more than its limit.
const FREE: Sql = sql!(
    "with free as materialized (
         select id, due_at, visited_at from source
         where id" in_names "
           and (lease_until is null or lease_until <= $2)
           and ($3 or due_at <= $2)
         order by due_at, id limit $4" lock ")
     select" gather "free.id, due_at, visited_at, doc" gathered "from free left join source_state on source_state.id = free.id"
);

const LEASE: Sql = sql!("update source set lease_by = $2, lease_until = $3 where id" in_names);

/// A source that is free: its name, due when, last visited when, its state.
type Free = (SourceId, i64, Option<i64>, Option<String>);

impl Store {
    /// Makes rows for sources that have none yet, due at once. When all have one, this writes nothing.
    pub async fn register(&self, sources: &[SourceId], now: Time) -> Result<(), StoreError> {
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
    pub async fn claim(
        &self,
        sources: &[SourceId],
        lease: &Lease,
        force: bool,
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        let failed = self.failed("lease sources");
        let mut held = self.hold().await.map_err(&failed)?;
        let mut tx = held.begin_with(self.dialect.begin()).await.map_err(&failed)?;
        let free = sqlx::query(FREE.of(self.dialect))
            .bind(items(sources))
            .bind(lease.now.millis())
            .bind(force)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_one(&mut *tx)
            .await
            .map_err(&failed)?;
        let mut claimed: Vec<Claimed> = self
            .gathered::<Free>(&free, "what is known of sources")?
            .into_iter()
            .map(|(source, due, visited, doc)| {
                Ok(Claimed {
                    source,
                    state: doc.map(|doc| self.read_doc("the state of a source", &doc)).transpose()?.unwrap_or_default(),
                    due: Time::from_millis(due),
                    visited: visited.map(Time::from_millis),
                })
            })
            .collect::<Result<_, StoreError>>()?;
        let ids: Vec<&SourceId> = claimed.iter().map(|claimed| &claimed.source).collect();
        if !ids.is_empty() {
            sqlx::query(LEASE.of(self.dialect))
                .bind(items(&ids))
                .bind(doc::plain(&lease.worker))
                .bind(lease.until.millis())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
        }
        tx.commit().await.map_err(&failed)?;
        claimed.sort_by(|a, b| (a.due, &a.source).cmp(&(b.due, &b.source)));
        Ok(claimed)
    }

    /// Gives back what `worker` has taken and not settled.
    pub async fn release(&self, worker: &str) -> Result<(), StoreError> {
        let failed = self.failed("give back leases");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query("update source set lease_by = null, lease_until = null where lease_by = $1")
            .bind(doc::plain(worker))
            .execute(&mut *held)
            .await
            .map(|_| ())
            .map_err(failed)
    }
}
