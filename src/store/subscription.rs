//! Subscriptions, and what hosts ask for: small tables, a row at a time.

use std::time::Duration;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::json::items;
use super::sql::{Sql, sql};
use super::{Store, StoreError, json};
use crate::model::{Hub, SourceId, Subscription, Time};
use crate::policy::Robots;

const OF_SOURCES: Sql = sql!(
    "select source, token, callback, hub, topic, secret, asked, failures, until, lease, reason from subscription where source" in_names
);

/// Whoever asks takes the row as it was when the decision was made: of two workers one asks.
const ASK: &str = "insert into subscription (source, token, callback, hub, topic, secret, asked, failures)
     values ($1, $2, $3, $4, $5, $6, $7, 1)
     on conflict (source) do update set
         until = case when subscription.token = excluded.token then subscription.until end,
         lease = case when subscription.token = excluded.token then subscription.lease end,
         failures = case when subscription.token = excluded.token then subscription.failures + 1 else 1 end,
         reason = case when subscription.token = excluded.token then subscription.reason end,
         token = excluded.token, callback = excluded.callback, hub = excluded.hub, topic = excluded.topic, secret = excluded.secret, asked = excluded.asked
     where subscription.asked = $8";

const HOSTS: Sql = sql!("select name, at, doc from host where name" in_names);

const KEEP_HOST: &str = "insert into host (name, at, doc) values ($1, $2, $3)
     on conflict (name) do update set at = excluded.at, doc = excluded.doc";

impl Store {
    /// The subscriptions of these sources.
    pub async fn load_subscriptions(&self, sources: &[SourceId]) -> Result<Vec<Subscription>, StoreError> {
        let failed = self.failed("read subscriptions");
        let rows = self.fetch(sqlx::query(OF_SOURCES.of(self.dialect)).bind(items(sources))).await.map_err(&failed)?;
        rows.iter().map(subscription).collect::<Result<_, _>>().map_err(failed)
    }

    /// The subscription whose hub calls at this address.
    pub async fn find_subscription(&self, token: &str) -> Result<Option<Subscription>, StoreError> {
        let failed = self.failed("read a subscription");
        let query = sqlx::query(
            "select source, token, callback, hub, topic, secret, asked, failures, until, lease, reason from subscription where token = $1",
        );
        let rows = self.fetch(query.bind(json::plain(token))).await.map_err(&failed)?;
        rows.first().map(subscription).transpose().map_err(failed)
    }

    /// Notes that the hub of a source is asked now; false if another worker has done so since the row `before` was read. With
    /// another token than before it is another subscription.
    pub async fn record_hub_request(&self, asked: &Subscription, before: Option<Time>) -> Result<bool, StoreError> {
        let failed = self.failed("note a subscription");
        let mut held = self.hold().await.map_err(&failed)?;
        let done = sqlx::query(ASK)
            .bind(json::plain(asked.source.as_str()))
            .bind(json::plain(&asked.token))
            .bind(json::plain(&asked.callback))
            .bind(json::plain(&asked.hub.url))
            .bind(json::plain(&asked.hub.topic))
            .bind(json::plain(&asked.secret))
            .bind(asked.asked.millis())
            .bind(before.map_or(-1, Time::millis))
            .execute(&mut *held)
            .await
            .map_err(&failed)?;
        Ok(done.rows_affected() > 0)
    }

    /// Notes that a hub has agreed, until a time.
    pub async fn record_hub_agreement(&self, token: &str, until: Time, lease: Duration) -> Result<(), StoreError> {
        let failed = self.failed("note a subscription");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query("update subscription set until = $2, lease = $3, failures = 0, reason = null where token = $1")
            .bind(json::plain(token))
            .bind(until.millis())
            .bind(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
            .execute(&mut *held)
            .await
            .map(|_| ())
            .map_err(failed)
    }

    /// Notes why a hub did not agree. With `is_over` it has ended what it had agreed to.
    pub async fn record_hub_refusal(&self, token: &str, reason: &str, is_over: bool) -> Result<(), StoreError> {
        let failed = self.failed("note a subscription");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query(
            "update subscription set reason = $2, until = case when $3 then null else until end,
                 failures = case when failures = 0 then 1 else failures end
             where token = $1",
        )
        .bind(json::plain(token))
        .bind(json::plain(reason))
        .bind(is_over)
        .execute(&mut *held)
        .await
        .map(|_| ())
        .map_err(failed)
    }

    /// What these hosts ask for, and when they were asked.
    pub async fn load_robots(&self, hosts: &[&str]) -> Result<Vec<(String, Time, Robots)>, StoreError> {
        let failed = self.failed("read what hosts ask for");
        let rows = self.fetch(sqlx::query(HOSTS.of(self.dialect)).bind(items(hosts))).await.map_err(&failed)?;
        let mut robots = Vec::with_capacity(rows.len());
        for row in &rows {
            let read = self.read_doc("what a host asks for", row.try_get(2).map_err(&failed)?)?;
            robots.push((row.try_get(0).map_err(&failed)?, Time::from_millis(row.try_get(1).map_err(&failed)?), read));
        }
        Ok(robots)
    }

    /// Keeps what a host asks for.
    pub async fn save_robots(&self, host: &str, at: Time, robots: &Robots) -> Result<(), StoreError> {
        let failed = self.failed("keep what a host asks for");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query(KEEP_HOST)
            .bind(json::plain(host))
            .bind(at.millis())
            .bind(json::text(robots))
            .execute(&mut *held)
            .await
            .map(|_| ())
            .map_err(failed)
    }
}

fn subscription(row: &AnyRow) -> Result<Subscription, sqlx::Error> {
    Ok(Subscription {
        source: SourceId::new(row.try_get(0)?),
        token: row.try_get(1)?,
        callback: row.try_get(2)?,
        hub: Hub { url: row.try_get(3)?, topic: row.try_get(4)? },
        secret: row.try_get(5)?,
        asked: Time::from_millis(row.try_get(6)?),
        failures: u32::try_from(row.try_get::<i64, _>(7)?).unwrap_or(u32::MAX),
        until: row.try_get::<Option<i64>, _>(8)?.map(Time::from_millis),
        lease: row.try_get::<Option<i64>, _>(9)?.map(|lease| Duration::from_millis(u64::try_from(lease).unwrap_or(0))),
        reason: row.try_get(10)?,
    })
}
