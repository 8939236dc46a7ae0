//! WebSub subscriptions: a small table, read and written a row at a time.

use std::time::Duration;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::connection::OperationResult;
use super::json::{list, without_nul};
use super::row::{optional_time, time};
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{Hub, SourceId, Subscription, Time};

const LOAD: Sql = sql!(
    "select source, token, callback, hub, topic, secret, asked, failures, until, lease, reason
     from subscription where source" in_names
);

const FIND: &str = "select source, token, callback, hub, topic, secret, asked, failures, until, lease, reason
     from subscription where token = $1";

/// The row is written only if it is as it was when the request was decided on: of two workers one sends the request.
const RECORD_REQUEST: &str = "insert into subscription (source, token, callback, hub, topic, secret, asked, failures)
     values ($1, $2, $3, $4, $5, $6, $7, 1)
     on conflict (source) do update set
         until = case when subscription.token = excluded.token then subscription.until end,
         lease = case when subscription.token = excluded.token then subscription.lease end,
         failures = case when subscription.token = excluded.token then subscription.failures + 1 else 1 end,
         reason = case when subscription.token = excluded.token then subscription.reason end,
         token = excluded.token, callback = excluded.callback, hub = excluded.hub, topic = excluded.topic,
         secret = excluded.secret, asked = excluded.asked
     where subscription.asked = $8";

const RECORD_AGREEMENT: &str = "update subscription set until = $2, lease = $3, failures = 0, reason = null where token = $1";

const RECORD_REFUSAL: &str = "update subscription set reason = $2, until = case when $3 then null else until end,
         failures = case when failures = 0 then 1 else failures end
     where token = $1";

impl Store {
    /// Returns the subscriptions of these sources.
    pub async fn load_subscriptions(&self, sources: &[SourceId]) -> Result<Vec<Subscription>, StoreError> {
        let attempt = "read subscriptions";
        let rows = self.fetch_all(attempt, LOAD.query(self.dialect).bind(list(sources))).await?;
        self.decode(attempt, rows.iter().map(read_subscription).collect())
    }

    /// Returns the subscription whose callback address ends in `token`.
    pub async fn find_subscription(&self, token: &str) -> Result<Option<Subscription>, StoreError> {
        let attempt = "read a subscription";
        let row = self.fetch_optional(attempt, sqlx::query(FIND).bind(without_nul(token))).await?;
        self.decode(attempt, row.as_ref().map(read_subscription).transpose())
    }

    /// Records that a request is sent to the hub of a source now. Returns false if another worker has done so since `before`,
    /// the time of the last request as this worker has read it. A new token makes a new subscription.
    pub async fn record_hub_request(&self, request: &Subscription, before: Option<Time>) -> Result<bool, StoreError> {
        let query = sqlx::query(RECORD_REQUEST)
            .bind(without_nul(request.source.as_str()))
            .bind(without_nul(&request.token))
            .bind(without_nul(&request.callback))
            .bind(without_nul(&request.hub.url))
            .bind(without_nul(&request.hub.topic))
            .bind(without_nul(&request.secret))
            .bind(request.asked.millis())
            .bind(before.map_or(-1, Time::millis));
        Ok(self.execute("record a request to a hub", query).await? > 0)
    }

    /// Records that the hub has agreed, until a time, for the length of a lease.
    pub async fn record_hub_agreement(&self, token: &str, until: Time, lease: Duration) -> Result<(), StoreError> {
        let query = sqlx::query(RECORD_AGREEMENT)
            .bind(without_nul(token))
            .bind(until.millis())
            .bind(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
        self.execute("record the agreement of a hub", query).await.map(|_| ())
    }

    /// Records the reason for which a hub refused. With `is_over` the hub has ended a subscription that it had agreed to.
    pub async fn record_hub_refusal(&self, token: &str, reason: &str, is_over: bool) -> Result<(), StoreError> {
        let query = sqlx::query(RECORD_REFUSAL).bind(without_nul(token)).bind(without_nul(reason)).bind(is_over);
        self.execute("record the refusal of a hub", query).await.map(|_| ())
    }
}

fn read_subscription(row: &AnyRow) -> OperationResult<Subscription> {
    let lease = row.try_get::<Option<i64>, _>(9)?;
    Ok(Subscription {
        source: SourceId::new(row.try_get(0)?),
        token: row.try_get(1)?,
        callback: row.try_get(2)?,
        hub: Hub { url: row.try_get(3)?, topic: row.try_get(4)? },
        secret: row.try_get(5)?,
        asked: time(row, 6)?,
        failures: u32::try_from(row.try_get::<i64, _>(7)?).unwrap_or(u32::MAX),
        until: optional_time(row, 8)?,
        lease: lease.map(|lease| Duration::from_millis(u64::try_from(lease).unwrap_or(0))),
        reason: row.try_get(10)?,
    })
}
