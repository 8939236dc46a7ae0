//! Batches of requests that vendors work on, from their submission to their collection. A batch is stored before it is submitted, with
//! all that is needed to read its results; so a worker that is killed in between leaves a trace, and nothing is submitted twice.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::budget::{Reservation, Spending, settle_within};
use super::connection::OperationResult;
use super::json::{arrays, list, to_json, without_nul};
use super::row::{count, document, optional_time, time};
use super::segment_queue::{KEYS_AT_ONCE, release_segments};
use super::sql::{Dialect, Sql, begin, set_durability, sql};
use super::{Store, StoreError};
use crate::model::{Lang, SegmentKey, Time};

const OPEN: &str =
    "insert into vendor_batch (name, engine, vendor_id, doc, texts, submitted, expires, look_at, lease_until, ended)
     values ($1, $2, null, $3, $4, $5, null, $6, null, null)";

/// A text that was answered and not used, or not answered, is submitted again.
const OPEN_TEXTS: Sql = sql!(
    "insert into vendor_batch_text (key, batch, request, state, answer)
     select value ->> 'key', value ->> 'batch', cast(value ->> 'request' as bigint), 'out', null
     from" json_rows "where true
     on conflict (key) do update set batch = excluded.batch, request = excluded.request, state = 'out', answer = null"
);

const CONFIRM: &str = "update vendor_batch set vendor_id = $2, expires = $3, look_at = $4, lease_until = null where name = $1";

const LOOK_LATER: &str = "update vendor_batch set look_at = $2, lease_until = null where name = $1 and ended is null";

/// Leases batches that are to be looked at: of two workers one gets each.
const LEASE: Sql = sql!(
    "update vendor_batch set lease_until = $3
     where name in (select name from vendor_batch
                    where ended is null and (lease_until is null or lease_until <= $2) and look_at <= $4 and engine" in_names
                    "order by submitted limit 50" skip_locked ")
     returning name, engine, vendor_id, doc, submitted, expires"
);

const CLOSE: &str = "update vendor_batch set ended = $2, doc = '{}', lease_until = null where name = $1 and ended is null";

const SAVE_ANSWERS: Sql = sql!(
    "update vendor_batch_text set state = 'answered', answer = value ->> 'answer'
     from" json_rows "where vendor_batch_text.key = value ->> 'key' and vendor_batch_text.batch = value ->> 'batch'"
);

/// What was not answered is asked for in the ordinary way.
const FAIL_TEXTS: &str = "update vendor_batch_text set state = 'failed' where batch = $1 and state = 'out'";

const DELETE_TEXTS: &str = "delete from vendor_batch_text where batch = $1";

const DELETE: &str = "delete from vendor_batch where name = $1";

const LIST_OPEN: &str = "select engine, name, vendor_id, texts, submitted, expires from vendor_batch where ended is null
     order by submitted, name";

/// A batch as it is kept from its submission on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorBatch {
    /// Our name of it.
    pub name: String,
    /// The engine's name in feeds.toml.
    pub engine: String,
    /// The vendor's name of it; nothing if it is not known whether the vendor has it.
    pub vendor_id: Option<String>,
    /// The time of its submission.
    pub submitted: Time,
    /// The time at which it ends, done or not, as the vendor says.
    pub expires: Option<Time>,
    /// Its requests.
    pub requests: Vec<SentRequest>,
    /// The amount reserved for it; nothing for an engine without a budget.
    pub reservation: Option<Reservation>,
}

/// A request of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRequest {
    /// The source language.
    pub from: Lang,
    /// The target language.
    pub to: Lang,
    /// The texts.
    pub texts: Vec<SentText>,
}

/// A text of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentText {
    /// The key of its translation: [`SegmentKey`] as text.
    pub key: String,
    /// The text with marks.
    pub text: String,
    /// The terms in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<SentTerm>,
}

/// A term of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentTerm {
    /// The number of its mark.
    pub mark: u16,
    /// The term.
    pub source: String,
    /// Its translation.
    pub target: String,
}

/// The results of a batch that has ended.
#[derive(Clone, Debug)]
pub struct ClosedBatch<'a> {
    /// The batch.
    pub batch: &'a VendorBatch,
    /// The answers, with marks. Texts of the batch without one have failed.
    pub answers: Vec<(SegmentKey, String)>,
    /// Its usage.
    pub spending: Spending,
    /// The part of the reserved amount that was spent.
    pub spent: u64,
    /// The present time.
    pub now: Time,
}

/// A batch that a vendor works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBatch {
    /// The engine's name in feeds.toml.
    pub engine: String,
    /// Our name of it.
    pub name: String,
    /// The vendor's.
    pub vendor_id: Option<String>,
    /// The number of its texts.
    pub texts: u64,
    /// The time of its submission.
    pub submitted: Time,
    /// The time at which it ends, done or not.
    pub expires: Option<Time>,
}

/// The column `doc`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct BatchDocument {
    requests: Vec<SentRequest>,
    reservation: Option<Reservation>,
}

/// A row of [`OPEN_TEXTS`].
#[derive(Serialize)]
struct OpenedRow {
    key: String,
    batch: String,
    request: usize,
}

/// A row of [`SAVE_ANSWERS`].
#[derive(Serialize)]
struct AnsweredRow {
    key: String,
    batch: String,
    answer: String,
}

impl VendorBatch {
    /// Returns the number of its texts.
    pub fn texts(&self) -> usize {
        self.requests.iter().map(|request| request.texts.len()).sum()
    }

    fn opened_rows(&self) -> impl Iterator<Item = OpenedRow> {
        self.requests.iter().enumerate().flat_map(move |(request, sent)| {
            sent.texts.iter().map(move |text| OpenedRow { key: text.key.clone(), batch: self.name.clone(), request })
        })
    }
}

impl Store {
    /// Stores a batch that `worker`, which has leased its texts, is about to submit, and releases them: from now on nobody can lease them.
    /// Nobody looks at the batch before `look_at`. The commit survives a power cut.
    pub async fn open_vendor_batch(&self, batch: &VendorBatch, worker: &str, look_at: Time) -> Result<(), StoreError> {
        let dialect = self.dialect;
        let doc = BatchDocument { requests: batch.requests.clone(), reservation: batch.reservation.clone() };
        let texts: Vec<String> = arrays(batch.opened_rows()).collect();
        let keys: Vec<String> = batch.opened_rows().map(|row| row.key).collect();
        let query = sqlx::query(OPEN)
            .bind(batch.name.clone())
            .bind(without_nul(&batch.engine))
            .bind(to_json(&doc))
            .bind(i64::try_from(batch.texts()).unwrap_or(i64::MAX))
            .bind(batch.submitted.millis())
            .bind(look_at.millis());
        let worker = without_nul(worker);
        self.run("store a batch", move |connection| {
            Box::pin(async move {
                set_durability(connection, dialect, true).await?;
                let mut tx = begin(connection, dialect).await?;
                query.execute(&mut *tx).await?;
                for page in texts {
                    OPEN_TEXTS.query(dialect).bind(page).execute(&mut *tx).await?;
                }
                for keys in keys.chunks(KEYS_AT_ONCE) {
                    release_segments(dialect, list(keys), worker.clone()).execute(&mut *tx).await?;
                }
                tx.commit().await?;
                Ok(set_durability(connection, dialect, false).await?)
            })
        })
        .await
    }

    /// Records that the vendor has a batch. Nobody looks at it before `look_at`.
    pub async fn confirm_vendor_batch(
        &self,
        name: &str,
        vendor_id: &str,
        expires: Option<Time>,
        look_at: Time,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(CONFIRM).bind(name.to_owned()).bind(without_nul(vendor_id));
        let query = query.bind(expires.map(Time::millis)).bind(look_at.millis());
        self.execute("record that a vendor has a batch", query).await.map(|_| ())
    }

    /// Gives a batch back that was leased: nobody looks at it before `look_at`.
    pub async fn postpone_vendor_batch(&self, name: &str, look_at: Time) -> Result<(), StoreError> {
        let query = sqlx::query(LOOK_LATER).bind(name.to_owned()).bind(look_at.millis());
        self.execute("look at a batch later", query).await.map(|_| ())
    }

    /// Leases batches of these engines until `until`: those that are to be looked at by `due`, and that no other worker has leased at `now`.
    pub async fn lease_vendor_batches(
        &self,
        engines: &[&str],
        (now, until): (Time, Time),
        due: Time,
    ) -> Result<Vec<VendorBatch>, StoreError> {
        let attempt = "lease batches";
        let query = LEASE.query(self.dialect).bind(list(engines)).bind(now.millis()).bind(until.millis()).bind(due.millis());
        let rows = self.fetch_all(attempt, query).await?;
        self.decode(attempt, rows.iter().map(leased_batch).collect())
    }

    /// Records the results of a batch that has ended, and what it has cost, at once. Returns false if that was recorded before. The commit
    /// survives a power cut.
    pub async fn close_vendor_batch(&self, closed: ClosedBatch<'_>) -> Result<bool, StoreError> {
        let dialect = self.dialect;
        let ClosedBatch { batch, answers, spending, spent, now } = closed;
        let (name, reserved) = (batch.name.clone(), batch.reservation.clone().map(|reservation| (reservation, spent)));
        let row = |(key, answer): (SegmentKey, String)| AnsweredRow { key: key.to_string(), batch: name.clone(), answer };
        let answers: Vec<String> = arrays(answers.into_iter().map(row)).collect();
        self.run("store the results of a batch", move |connection| {
            Box::pin(async move {
                set_durability(connection, dialect, true).await?;
                let mut tx = begin(connection, dialect).await?;
                let closed = sqlx::query(CLOSE).bind(name.clone()).bind(now.millis()).execute(&mut *tx).await?;
                let is_first = closed.rows_affected() > 0;
                if is_first {
                    save_results(&mut tx, dialect, &name, answers).await?;
                    settle_within(&mut tx, &spending, reserved).await?;
                }
                tx.commit().await?;
                set_durability(connection, dialect, false).await?;
                Ok(is_first)
            })
        })
        .await
    }

    /// Forgets a batch that no vendor has, and gives back what was reserved for it.
    pub async fn drop_vendor_batch(&self, batch: &VendorBatch, nothing: Spending) -> Result<(), StoreError> {
        let (dialect, name) = (self.dialect, batch.name.clone());
        let reserved = batch.reservation.clone().map(|reservation| (reservation, 0));
        self.run("forget a batch", move |connection| {
            Box::pin(async move {
                let mut tx = begin(connection, dialect).await?;
                sqlx::query(DELETE_TEXTS).bind(name.clone()).execute(&mut *tx).await?;
                if sqlx::query(DELETE).bind(name).execute(&mut *tx).await?.rows_affected() > 0 {
                    settle_within(&mut tx, &nothing, reserved).await?;
                }
                Ok(tx.commit().await?)
            })
        })
        .await
    }

    /// Returns the batches that vendors work on, the oldest first.
    pub async fn list_open_batches(&self) -> Result<Vec<OpenBatch>, StoreError> {
        let attempt = "list the batches of vendors";
        let rows = self.fetch_all(attempt, sqlx::query(LIST_OPEN)).await?;
        self.decode(attempt, rows.iter().map(open_batch).collect())
    }
}

async fn save_results(
    connection: &mut AnyConnection,
    dialect: Dialect,
    name: &str,
    answers: Vec<String>,
) -> Result<(), sqlx::Error> {
    for page in answers {
        SAVE_ANSWERS.query(dialect).bind(page).execute(&mut *connection).await?;
    }
    sqlx::query(FAIL_TEXTS).bind(name.to_owned()).execute(connection).await.map(|_| ())
}

fn leased_batch(row: &AnyRow) -> OperationResult<VendorBatch> {
    let BatchDocument { requests, reservation } = document("a batch", row, 3)?;
    Ok(VendorBatch {
        name: row.try_get(0)?,
        engine: row.try_get(1)?,
        vendor_id: row.try_get(2)?,
        submitted: time(row, 4)?,
        expires: optional_time(row, 5)?,
        requests,
        reservation,
    })
}

fn open_batch(row: &AnyRow) -> OperationResult<OpenBatch> {
    Ok(OpenBatch {
        engine: row.try_get(0)?,
        name: row.try_get(1)?,
        vendor_id: row.try_get(2)?,
        texts: count(row, 3)?,
        submitted: time(row, 4)?,
        expires: optional_time(row, 5)?,
    })
}
