//! Leases on segments that are to be translated: of two workers that want the same one gets it, so that nothing is paid for
//! twice.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::connection::OperationResult;
use super::error::OperationError;
use super::json::{list, without_nul};
use super::memory_leases::MAX_LEASE;
use super::sql::{Dialect, OwnedQuery, Sql, begin, sql};
use super::{Store, StoreError};
use crate::model::{Lang, SegmentKey, Time};

/// The number of keys in one query.
pub(super) const KEYS_AT_ONCE: usize = 2000;

/// Deletes expired leases, of workers that are late or dead, and those of a clock that was ahead (after `$3`). Rows that another transaction has locked are skipped: waiting for
/// them in another order than others do would block both.
const DELETE_EXPIRED: Sql = sql!(
    "delete from segment_claim where key in (select key from segment_claim where (until <= $2 or until > $3) and key" in_names skip_locked ")"
);

const LEASE: Sql = sql!(
    "insert into segment_claim (key, worker, until) select value, $2, $3 from" json_values "where true
     on conflict (key) do nothing"
);

/// Finds what nobody may lease: what is translated, and what a vendor works on.
const FIND_TRANSLATED: Sql = sql!(
    "select key from memory where target is not null and key" in_names
    "union all select key from vendor_batch_text where state = 'out' and key" in_names
);

/// Returns also the segments that the worker had leased before: their leases are extended.
const EXTEND_OWN: Sql = sql!(
    "update segment_claim set until = $3
     where key in (select key from segment_claim where worker = $2 and key" in_names skip_locked ")
     returning key"
);

const RELEASE: Sql = sql!(
    "delete from segment_claim where key in (select key from segment_claim where worker = $2 and key" in_names skip_locked ")"
);

/// The terms of a lease on segments.
#[derive(Clone)]
struct SegmentLease {
    worker: String,
    now: Time,
    until: Time,
}

impl Store {
    /// Leases segments until `until`: those of the keys that are not translated, and that no other worker has leased at `now`.
    /// Returns their keys.
    pub async fn lease_segments(
        &self,
        keys: &[SegmentKey],
        worker: &str,
        now: Time,
        until: Time,
    ) -> Result<Vec<SegmentKey>, StoreError> {
        let attempt = "lease segments";
        // In one order for all workers: two that lock rows in different orders would wait for each other.
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let lease = SegmentLease { worker: without_nul(worker), now, until };
        let mut leased = Vec::new();
        for keys in sorted.chunks(KEYS_AT_ONCE) {
            let (dialect, keys, lease) = (self.dialect, key_list(keys), lease.clone());
            let own = self
                .run(attempt, move |connection| Box::pin(async move { Ok(lease_keys(connection, dialect, keys, lease).await?) }))
                .await?;
            leased.extend(self.decode(attempt, own.iter().map(|key| parse_key(key)).collect::<OperationResult<Vec<_>>>())?);
        }
        tracing::debug!(
            worker.id = %worker,
            lease.until = %until,
            count = leased.len(),
            requested = sorted.len(),
            "leased {} of {} segments until {until}",
            leased.len(),
            sorted.len()
        );
        Ok(leased)
    }

    /// Releases the leases of `worker` on these segments.
    pub async fn release_segments(&self, keys: &[SegmentKey], worker: &str) -> Result<(), StoreError> {
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let query = release_segments(self.dialect, key_list(keys), without_nul(worker));
            let count = self.execute("release segments", query).await?;
            tracing::debug!(worker.id = %worker, count, "released {count} segments");
        }
        Ok(())
    }
}

async fn lease_keys(
    connection: &mut AnyConnection,
    dialect: Dialect,
    keys: String,
    lease: SegmentLease,
) -> Result<Vec<String>, sqlx::Error> {
    let SegmentLease { worker, now, until } = lease;
    let first = |row: &AnyRow| row.try_get::<String, _>(0);
    let mut tx = begin(connection, dialect).await?;
    let expired = DELETE_EXPIRED.query(dialect).bind(keys.clone()).bind(now.millis()).bind(now.plus(MAX_LEASE).millis());
    expired.execute(&mut *tx).await?;
    LEASE.query(dialect).bind(keys.clone()).bind(worker.clone()).bind(until.millis()).execute(&mut *tx).await?;
    // A worker saves its translations and releases the segments in one transaction. So a segment that could be leased because it
    // was just translated is seen as translated by a statement that comes after.
    let translated = FIND_TRANSLATED.query(dialect).bind(keys.clone()).fetch_all(&mut *tx).await?;
    if !translated.is_empty() {
        let translated: Vec<String> = translated.iter().map(first).collect::<Result<_, _>>()?;
        release_segments(dialect, list(&translated), worker.clone()).execute(&mut *tx).await?;
    }
    let own = EXTEND_OWN.query(dialect).bind(keys).bind(worker).bind(until.millis()).fetch_all(&mut *tx).await?;
    let own = own.iter().map(first).collect::<Result<_, _>>()?;
    tx.commit().await?;
    Ok(own)
}

/// Makes the query that releases the leases of `worker` on a list of keys.
pub(super) fn release_segments(dialect: Dialect, keys: String, worker: String) -> OwnedQuery {
    RELEASE.query(dialect).bind(keys).bind(worker)
}

/// Binds the languages, the last key before the page and the number of rows of a statement that lists segments in the order of their keys.
pub(super) fn page_of_keys(
    sql: &'static str,
    (from, to): (Option<&Lang>, Option<&Lang>),
    after: Option<SegmentKey>,
    limit: usize,
) -> OwnedQuery {
    sqlx::query(sql)
        .bind(after.map(|key| key.to_string()).unwrap_or_default())
        .bind(from.map(Lang::to_string).unwrap_or_default())
        .bind(to.map(Lang::to_string).unwrap_or_default())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// Writes keys as a JSON array.
pub(super) fn key_list(keys: &[SegmentKey]) -> String {
    list(&keys.iter().map(SegmentKey::to_string).collect::<Vec<_>>())
}

/// Reads the key of a segment.
pub(super) fn parse_key(text: &str) -> OperationResult<SegmentKey> {
    SegmentKey::parse(text).ok_or_else(|| OperationError::damaged("the memory", &format!("{text:?} is no key of a segment")))
}
