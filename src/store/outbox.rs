//! The outbox: what notifications have told of the items of an edition, and the events that are still to be delivered.
//!
//! Events are queued in the transaction that notes what is told, so that a worker that is killed neither loses nor doubles one. One
//! worker at a time delivers those of a notification, by a lease that expires if it dies.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::connection::OperationResult;
use super::json::{arrays, list, to_json, without_nul};
use super::memory_leases::MAX_LEASE;
use super::row::{collected_rows, count, document, optional_time, time};
use super::sql::{Sql, begin, sql};
use super::{Lease, Store, StoreError};
use crate::model::{EntryId, ItemNews, OutboxEvent, Time};
use crate::policy::DeliveryState;

const LOAD: &str = "select outbox.id, subject, plan, began, inputs, outbox.seq, state, count(outbox_event.seq), min(queued)
     from outbox left join outbox_event on outbox_event.target = outbox.target and outbox_event.id = outbox.id
     where outbox.target = $1 group by outbox.id, subject, plan, began, inputs, outbox.seq, state order by outbox.id";

const LIST_ITEMS: Sql = sql!(
    "select" collect_rows "item, stamp, at, title" end_rows "from outbox_item where target = $1 and id = $2"
);

const INSERT: &str =
    "insert into outbox (target, id, subject, plan, began, inputs, seq, state) values ($1, $2, $3, $4, $5, $6, $7, '{}')
     on conflict (target, id) do nothing";

/// `$8` and `$9` are what the caller has read: of two workers that compare the same edition, one queues.
const ADVANCE: &str = "update outbox set subject = $3, plan = $4, began = $5, inputs = $6, seq = $7
     where target = $1 and id = $2 and seq = $8 and inputs = $9";

const DELETE_ITEMS: &str = "delete from outbox_item where target = $1 and id = $2";
const DELETE_EVENTS: &str = "delete from outbox_event where target = $1 and id = $2";
const DELETE: &str = "delete from outbox where target = $1 and id = $2";

const FORGET_ITEMS: Sql = sql!("delete from outbox_item where target = $2 and id = $3 and item" in_ids);

const SAVE_ITEMS: Sql = sql!(
    "insert into outbox_item (target, id, item, stamp, at, title)
     select $2, $3, cast(value ->> 'item' as bigint), cast(value ->> 'stamp' as bigint), cast(value ->> 'at' as bigint), value ->> 'title'
     from" json_rows "where true
     on conflict (target, id, item) do update set stamp = excluded.stamp, at = excluded.at, title = excluded.title"
);

const ADD_EVENT: &str =
    "insert into outbox_event (target, id, seq, event, queued, refusals, doc) values ($1, $2, $3, $4, $5, 0, $6)";

/// `$5` is the end of the longest possible lease: one that ends later was written by a clock that was wrong.
const LEASE: Sql = sql!(
    "update outbox set lease_by = $3, lease_until = $5
     where target = $2 and id in (
         select id from outbox where target = $2 and id" in_names "and (lease_until is null or lease_until <= $4 or lease_until > $6)
         order by id" skip_locked ")
     returning id, state"
);

const FIRST_EVENT: &str =
    "select seq, event, queued, refusals, doc from outbox_event where target = $1 and id = $2 order by seq limit 1";

const SAVE_STATE: &str = "update outbox set state = $4, lease_until = $5 where target = $1 and id = $2 and lease_by = $3";

const RELEASE: Sql =
    sql!("update outbox set lease_by = null, lease_until = null where target = $2 and lease_by = $3 and id" in_names);

const DELETE_EVENT: &str = "delete from outbox_event where target = $1 and id = $2 and seq = $3";
const COUNT_REFUSAL: &str = "update outbox_event set refusals = refusals + 1 where target = $1 and id = $2 and seq = $3";
const DELETE_OLD_EVENTS: &str = "delete from outbox_event where target = $1 and id = $2 and (queued < $3
     or seq <= (select max(seq) - $4 from outbox_event as newest where newest.target = $1 and newest.id = $2))";

/// The most events of a notification that wait while its receiver fails.
const MAX_WAITING: i64 = 10_000;

/// The row of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// The name of the notification.
    pub id: String,
    /// The edition in one language that it is of.
    pub subject: String,
    /// The feeds.toml that has it.
    pub plan: String,
    /// The time at which it was first compared with its edition.
    pub began: Time,
    /// The hash of the edition that was compared last.
    pub inputs: String,
    /// The number of its last event.
    pub seq: i64,
    /// The state of its deliveries.
    pub state: DeliveryState,
    /// The number of events that wait.
    pub waiting: u64,
    /// The time at which the oldest of them was queued.
    pub waiting_since: Option<Time>,
}

/// An item that was told, or need not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxItem {
    /// The entry whose id the item has.
    pub item: EntryId,
    /// A hash of what was told; 0 if that was the withdrawal.
    pub stamp: i64,
    /// The date of the item, in milliseconds since 1970.
    pub at: i64,
    /// Its headline.
    pub title: String,
}

/// News of a notification, and what it has told with them.
#[derive(Clone, Debug)]
pub struct OutboxUpdate {
    /// The row as it was read; nothing if there was none.
    pub before: Option<OutboxRow>,
    /// The row as it will be; its state stays as it is.
    pub after: OutboxRow,
    /// Items that were told, or need not be.
    pub items: Vec<OutboxItem>,
    /// Items to forget.
    pub forgotten: Vec<EntryId>,
    /// The events, each with number and id.
    pub events: Vec<(i64, String, ItemNews)>,
    /// The time.
    pub now: Time,
}

/// The end of the events of a notification after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventEnd {
    /// The event with this number was delivered, or is given up.
    Done(i64),
    /// The event with this number was refused, and is sent again.
    Refused(i64),
    /// It waits. Events that were queued before a time are given up for a reason, and the oldest if there are too many.
    Waits {
        /// The time.
        give_up_before: Time,
        /// The reason.
        reason: String,
        /// The present time.
        now: Time,
    },
    /// No event is sent any more.
    AllDone,
}

impl Store {
    /// Returns the notifications of the output `target` that have ever been compared, by name.
    pub async fn load_outbox(&self, target: &str) -> Result<Vec<OutboxRow>, StoreError> {
        let attempt = "read the outbox";
        let rows = self.fetch_all(attempt, sqlx::query(LOAD).bind(without_nul(target))).await?;
        self.decode(attempt, rows.iter().map(read_row).collect())
    }

    /// Returns the items of a notification that were told, or need not be.
    pub async fn list_outbox_items(&self, (target, id): (&str, &str)) -> Result<HashMap<EntryId, OutboxItem>, StoreError> {
        let attempt = "list told items";
        let query = LIST_ITEMS.query(self.dialect).bind(without_nul(target)).bind(without_nul(id));
        let row = self.fetch_one(attempt, query).await?;
        let rows: Vec<(EntryId, i64, i64, String)> = self.decode(attempt, collected_rows("told items", &row))?;
        Ok(rows.into_iter().map(|(item, stamp, at, title)| (item, OutboxItem { item, stamp, at, title })).collect())
    }

    /// Queues news, and notes what is told with them, in one transaction. Returns false, and changes nothing, if another worker has
    /// done so since the row was read. An edition or language that the notification was not of before takes the place of all that
    /// was noted and queued.
    pub async fn queue_events(&self, target: &str, update: OutboxUpdate) -> Result<bool, StoreError> {
        let (dialect, target) = (self.dialect, without_nul(target));
        self.run("queue events", move |connection| {
            Box::pin(async move {
                let mut tx = begin(connection, dialect).await?;
                if !advance(&mut tx, &target, &update).await? {
                    return Ok(false);
                }
                let id = &update.after.id;
                if !update.forgotten.is_empty() {
                    let query = FORGET_ITEMS.query(dialect).bind(list(&update.forgotten));
                    query.bind(target.clone()).bind(id.clone()).execute(&mut *tx).await?;
                }
                for page in arrays(update.items.iter()).collect::<Vec<_>>() {
                    let query = SAVE_ITEMS.query(dialect).bind(page).bind(target.clone()).bind(id.clone());
                    query.execute(&mut *tx).await?;
                }
                for (seq, event, news) in &update.events {
                    let query = sqlx::query(ADD_EVENT).bind(target.clone()).bind(id.clone()).bind(*seq).bind(event.clone());
                    query.bind(update.now.millis()).bind(to_json(news)).execute(&mut *tx).await?;
                }
                Ok(tx.commit().await.map(|()| true)?)
            })
        })
        .await
    }

    /// Leases these notifications of an output, except those that another worker has. Returns how the deliveries of each go.
    pub async fn lease_outbox(
        &self,
        target: &str,
        ids: &[&str],
        lease: &Lease,
    ) -> Result<HashMap<String, DeliveryState>, StoreError> {
        let attempt = "lease notifications";
        let query = LEASE.query(self.dialect).bind(list(ids)).bind(without_nul(target)).bind(without_nul(&lease.worker));
        let query = query.bind(lease.now.millis()).bind(lease.until.millis()).bind(lease.now.plus(MAX_LEASE).millis());
        let rows = self.fetch_all(attempt, query).await?;
        let read = |row: &AnyRow| Ok((row.try_get(0)?, document("the state of a notification", row, 1)?));
        self.decode(attempt, rows.iter().map(read).collect())
    }

    /// Returns the event of a notification that is to be delivered next.
    pub async fn first_event(&self, (target, id): (&str, &str)) -> Result<Option<OutboxEvent>, StoreError> {
        let attempt = "read the next event";
        let row = self.fetch_optional(attempt, sqlx::query(FIRST_EVENT).bind(without_nul(target)).bind(without_nul(id))).await?;
        self.decode(attempt, row.as_ref().map(read_event).transpose())
    }

    /// Notes the end of an attempt, and how the deliveries go after it, and extends the lease. Returns the state as it was saved with the
    /// number of events that were given up for their age; nothing if the worker has lost the lease: of this, only that an event was
    /// delivered is then noted.
    pub async fn settle_event(
        &self,
        (target, id): (&str, &str),
        lease: &Lease,
        state: DeliveryState,
        end: EventEnd,
    ) -> Result<Option<(DeliveryState, u64)>, StoreError> {
        let (dialect, key, lease) = (self.dialect, (without_nul(target), without_nul(id)), lease.clone());
        self.run("settle an event", move |connection| {
            Box::pin(async move {
                let mut tx = begin(connection, dialect).await?;
                let settled = settle(&mut tx, &key, &lease, state, &end).await?;
                if settled.is_some() || matches!(end, EventEnd::Done(_)) {
                    tx.commit().await?;
                }
                Ok(settled)
            })
        })
        .await
    }

    /// Gives the leases of a worker back.
    pub async fn release_outbox(&self, target: &str, ids: &[&str], worker: &str) -> Result<(), StoreError> {
        let query = RELEASE.query(self.dialect).bind(list(ids)).bind(without_nul(target)).bind(without_nul(worker));
        self.execute("release notifications", query).await.map(|_| ())
    }

    /// Deletes a notification with all that it has noted and queued.
    pub async fn delete_outbox(&self, (target, id): (&str, &str)) -> Result<(), StoreError> {
        let (dialect, key) = (self.dialect, (without_nul(target), without_nul(id)));
        self.run("delete a notification", move |connection| {
            Box::pin(async move {
                let mut tx = begin(connection, dialect).await?;
                // In the order in which others lock: first the row of the notification.
                for sql in [DELETE, DELETE_ITEMS, DELETE_EVENTS] {
                    execute(&mut tx, sql, &key).await?;
                }
                Ok(tx.commit().await?)
            })
        })
        .await
    }
}

/// Runs a statement about a notification, and returns the number of rows that it affected.
async fn execute(connection: &mut AnyConnection, sql: &'static str, (target, id): &(String, String)) -> OperationResult<u64> {
    Ok(sqlx::query(sql).bind(target.clone()).bind(id.clone()).execute(connection).await?.rows_affected())
}

/// Makes or changes the row of a notification. Returns false if it is not as it was read.
async fn advance(connection: &mut AnyConnection, target: &str, update: &OutboxUpdate) -> OperationResult<bool> {
    let OutboxUpdate { before, after, .. } = update;
    let query = sqlx::query(if before.is_some() { ADVANCE } else { INSERT });
    let query = query.bind(target.to_owned()).bind(after.id.clone()).bind(after.subject.clone()).bind(without_nul(&after.plan));
    let query = query.bind(after.began.millis()).bind(after.inputs.clone()).bind(after.seq);
    let query = match before {
        Some(before) => query.bind(before.seq).bind(before.inputs.clone()),
        None => query,
    };
    if query.execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(false);
    }
    if before.as_ref().is_some_and(|before| before.subject != after.subject) {
        let key = (target.to_owned(), after.id.clone());
        execute(connection, DELETE_ITEMS, &key).await?;
        execute(connection, DELETE_EVENTS, &key).await?;
    }
    Ok(true)
}

async fn settle(
    connection: &mut AnyConnection,
    key: &(String, String),
    lease: &Lease,
    mut state: DeliveryState,
    end: &EventEnd,
) -> OperationResult<Option<(DeliveryState, u64)>> {
    let mut given_up = 0;
    match end {
        EventEnd::Done(seq) | EventEnd::Refused(seq) => {
            let sql = if matches!(end, EventEnd::Done(_)) { DELETE_EVENT } else { COUNT_REFUSAL };
            sqlx::query(sql).bind(key.0.clone()).bind(key.1.clone()).bind(*seq).execute(&mut *connection).await?;
        }
        EventEnd::AllDone => {
            execute(connection, DELETE_EVENTS, key).await?;
        }
        EventEnd::Waits { give_up_before, reason, now } => {
            let query = sqlx::query(DELETE_OLD_EVENTS).bind(key.0.clone()).bind(key.1.clone());
            let query = query.bind(give_up_before.millis()).bind(MAX_WAITING);
            given_up = query.execute(&mut *connection).await?.rows_affected();
            state.lose(given_up, reason, *now);
        }
    }
    let query = sqlx::query(SAVE_STATE).bind(key.0.clone()).bind(key.1.clone()).bind(without_nul(&lease.worker));
    let saved = query.bind(to_json(&state)).bind(lease.until.millis()).execute(connection).await?.rows_affected();
    Ok((saved > 0).then_some((state, given_up)))
}

fn read_row(row: &AnyRow) -> OperationResult<OutboxRow> {
    Ok(OutboxRow {
        id: row.try_get(0)?,
        subject: row.try_get(1)?,
        plan: row.try_get(2)?,
        began: time(row, 3)?,
        inputs: row.try_get(4)?,
        seq: row.try_get(5)?,
        state: document("the state of a notification", row, 6)?,
        waiting: count(row, 7)?,
        waiting_since: optional_time(row, 8)?,
    })
}

fn read_event(row: &AnyRow) -> OperationResult<OutboxEvent> {
    Ok(OutboxEvent {
        seq: row.try_get(0)?,
        id: row.try_get(1)?,
        queued: time(row, 2)?,
        refusals: u32::try_from(count(row, 3)?).unwrap_or(u32::MAX),
        news: document("an event", row, 4)?,
    })
}
