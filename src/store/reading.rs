//! The verdicts of second readers on translations, by a hash of source, translation and languages.

use serde::{Deserialize, Serialize};

use super::connection::OperationResult;
use super::error::OperationError;
use super::json::arrays;
use super::row::collected_rows;
use super::segment_queue::{KEYS_AT_ONCE, key_list, parse_key};
use super::sql::{Sql, begin, set_durability, sql};
use super::{Store, StoreError};
use crate::model::{Period, SegmentKey, Time};

const RECALL: Sql = sql!("select" collect_rows "key, verdict, finding" end_rows "from reading where key" in_names);

/// The first verdict stays: nothing is read twice but by two workers at once.
const SAVE: Sql = sql!(
    "insert into reading (key, reader, verdict, finding, made, used)
     select value ->> 'key', value ->> 'reader', value ->> 'verdict', value ->> 'finding',
            cast(value ->> 'made' as bigint), cast(value ->> 'used' as bigint)
     from" json_rows "where true on conflict (key) do nothing"
);

const MARK_USED: Sql = sql!("update reading set used = $2 where used < $2 and key" in_names);

/// A verdict of a second reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The translation says what its source says.
    Fine,
    /// It does not.
    Wrong,
    /// The reader gave no verdict that can be used.
    Unclear,
}

impl Verdict {
    const ALL: [Self; 3] = [Self::Fine, Self::Wrong, Self::Unclear];

    fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Wrong => "wrong",
            Self::Unclear => "unclear",
        }
    }
}

/// The verdict of a reader on one translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The key: [`SegmentKey::of_reading`].
    pub key: SegmentKey,
    /// The verdict.
    pub verdict: Verdict,
    /// The words of the reader, on one line.
    pub finding: Option<String>,
}

/// The columns of [`RECALL`].
#[derive(Deserialize)]
struct ReadingColumns {
    key: String,
    verdict: String,
    finding: Option<String>,
}

/// A row of [`SAVE`].
#[derive(Serialize)]
struct SavedRow<'r> {
    key: String,
    reader: &'r str,
    verdict: &'static str,
    finding: Option<&'r str>,
    made: i64,
    used: i64,
}

impl Store {
    /// Returns the readings under these keys, in no order.
    pub async fn recall_readings(&self, keys: &[SegmentKey]) -> Result<Vec<Reading>, StoreError> {
        let attempt = "read what second readers have said";
        let mut recalled = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let row = self.fetch_one(attempt, RECALL.query(self.dialect).bind(key_list(keys))).await?;
            let columns: Vec<ReadingColumns> = self.decode(attempt, collected_rows("readings", &row))?;
            let readings: OperationResult<Vec<Reading>> = columns.into_iter().map(reading).collect();
            recalled.extend(self.decode(attempt, readings)?);
        }
        Ok(recalled)
    }

    /// Saves what `reader` has said at `now`. The first verdict on a translation stays. The commit survives a power cut.
    pub async fn save_readings(&self, readings: &[Reading], reader: &str, now: Time) -> Result<(), StoreError> {
        if readings.is_empty() {
            return Ok(());
        }
        // In one order: two workers that lock rows in different orders would block each other.
        let mut by_key: Vec<&Reading> = readings.iter().collect();
        by_key.sort_by_key(|reading| reading.key);
        by_key.dedup_by_key(|reading| reading.key);
        let rows = by_key.into_iter().map(|reading| SavedRow {
            key: reading.key.to_string(),
            reader,
            verdict: reading.verdict.as_str(),
            finding: reading.finding.as_deref(),
            made: now.millis(),
            used: Period::Month.start(now).millis(),
        });
        let (dialect, pages): (_, Vec<String>) = (self.dialect, arrays(rows).collect());
        self.run("write what a second reader has said", move |connection| {
            Box::pin(async move {
                // It was paid for.
                set_durability(connection, dialect, true).await?;
                let mut tx = begin(connection, dialect).await?;
                for page in pages {
                    SAVE.query(dialect).bind(page).execute(&mut *tx).await?;
                }
                tx.commit().await?;
                Ok(set_durability(connection, dialect, false).await?)
            })
        })
        .await
    }

    /// Records that these readings were used at `now`, so that they are not pruned. Each is written once a month at most.
    pub async fn mark_readings_used(&self, keys: &[SegmentKey], now: Time) -> Result<(), StoreError> {
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let query = MARK_USED.query(self.dialect).bind(key_list(keys)).bind(Period::Month.start(now).millis());
            self.execute("record the use of readings", query).await?;
        }
        Ok(())
    }
}

fn reading(columns: ReadingColumns) -> OperationResult<Reading> {
    let ReadingColumns { key, verdict: name, finding } = columns;
    let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == name);
    let verdict = verdict.ok_or_else(|| OperationError::damaged("readings", &format!("{name:?} is no verdict")))?;
    Ok(Reading { key: parse_key(&key)?, verdict, finding })
}
