//! The translation memory: translations of segments by a hash of all that they depend on, shared by sources, editions and workers.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::connection::OperationResult;
use super::error::OperationError;
use super::json::{arrays, list, without_nul};
use super::row::{collected_rows, time};
use super::segment_queue::{KEYS_AT_ONCE, key_list, page_of_keys, parse_key, release_segments};
use super::sql::{Dialect, Sql, begin, set_durability, sql};
use super::{Store, StoreError};
use crate::model::{Lang, MemoryResult, Period, Refusal, SegmentKey, Time};

const RECALL: Sql =
    sql!("select" collect_rows "key, target, refused, refused_times, refused_until" end_rows "from memory where key" in_names);

const MARK_USED: Sql = sql!("update memory set used = $2 where used < $2 and key" in_names);

/// A translation stays, whatever comes later; a refusal gives way to a translation.
const SAVE: Sql = sql!(
    "insert into memory (key, source_lang, target_lang, engine, source, target, refused, refused_times, refused_until, made, used)
     select value ->> 'key', value ->> 'source_lang', value ->> 'target_lang', value ->> 'engine', value ->> 'source',
            value ->> 'target', value ->> 'refused', cast(value ->> 'refused_times' as bigint),
            cast(value ->> 'refused_until' as bigint), cast(value ->> 'made' as bigint), cast(value ->> 'used' as bigint)
     from" json_rows "where true
     on conflict (key) do update set target = excluded.target, refused = excluded.refused,
         refused_times = excluded.refused_times, refused_until = excluded.refused_until, made = excluded.made,
         used = excluded.used
     where memory.target is null"
);

const SAVE_FINDINGS: Sql = sql!(
    "update memory set doubt = v.doubt, finding = v.finding
     from (select value ->> 'key' as key, value ->> 'doubt' as doubt, value ->> 'finding' as finding from" json_rows ") as v
     where memory.key = v.key"
);

const RECALL_FINDINGS: Sql =
    sql!("select key, doubt, finding from memory where (doubt is not null or finding is not null) and key" in_names);

const DELETE_KEYS: Sql = sql!("delete from memory where key" in_names);

const DELETE_TERM: &str = "delete from memory where source like $1 escape '!' and ($2 = '' or target_lang = $2)";

const DELETE_REFUSALS: &str = "delete from memory where target is null and ($1 = '' or target_lang = $1)";

const LIST: &str = "select key, source_lang, target_lang, engine, source, target, made from memory
     where target is not null and key > $1
         and ($2 = '' or source_lang = $2 or source_lang like $2 || '-%')
         and ($3 = '' or target_lang = $3 or target_lang like $3 || '-%')
     order by key limit $4";

/// A translation of a segment, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryEntry {
    /// The key: a hash of all that the translation depends on.
    pub key: SegmentKey,
    /// The language of the source text.
    pub from: Lang,
    /// The language of the translation.
    pub to: Lang,
    /// The identity of the engine that made it.
    pub engine: String,
    /// The source text with marks, in canonical form.
    pub source: String,
    /// The translation, or the reason why there is none.
    pub result: MemoryResult,
    /// The time at which it was made.
    pub made: Time,
}

/// The findings in the answers to a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryFinding {
    /// The key of the segment.
    pub key: SegmentKey,
    /// The reason for which its translation is in doubt, or was asked for again; nothing for a refusal, which has its own.
    pub doubt: Option<String>,
    /// The finding of a check, in a sentence.
    pub finding: Option<String>,
}

/// A row of [`SAVE_FINDINGS`].
#[derive(Serialize)]
struct FindingRow<'f> {
    key: String,
    doubt: &'f Option<String>,
    finding: &'f Option<String>,
}

/// The columns of [`RECALL`].
#[derive(Deserialize)]
struct RecalledColumns {
    key: String,
    target: Option<String>,
    refused: Option<String>,
    refused_times: Option<u32>,
    refused_until: Option<i64>,
}

/// A row of [`SAVE`].
#[derive(Serialize)]
struct SavedRow<'m> {
    key: String,
    source_lang: &'m Lang,
    target_lang: &'m Lang,
    engine: &'m str,
    source: &'m str,
    target: Option<&'m str>,
    refused: Option<&'m str>,
    refused_times: Option<u32>,
    refused_until: Option<i64>,
    made: i64,
    used: i64,
}

impl Store {
    /// Returns the results that are remembered under these keys, in no order.
    pub async fn recall_segments(&self, keys: &[SegmentKey]) -> Result<Vec<(SegmentKey, MemoryResult)>, StoreError> {
        let attempt = "read the memory";
        let mut recalled = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let row = self.fetch_one(attempt, RECALL.query(self.dialect).bind(key_list(keys))).await?;
            let columns: Vec<RecalledColumns> = self.decode(attempt, collected_rows("the memory", &row))?;
            for columns in columns {
                recalled.push(self.decode(attempt, recalled_result(columns))?);
            }
        }
        Ok(recalled)
    }

    /// Records that these segments were used at `now`, so that they are not pruned. Each is written once a month at most.
    pub async fn mark_segments_used(&self, keys: &[SegmentKey], now: Time) -> Result<(), StoreError> {
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let query = MARK_USED.query(self.dialect).bind(key_list(keys)).bind(start_of_month(now).millis());
            self.execute("record the use of the memory", query).await?;
        }
        Ok(())
    }

    /// Saves the results of translating segments, and releases the leases of `worker` on them. A translation that exists stays,
    /// unless `replace` is set. Returns how many were new, or other than before. The commit survives a power cut.
    pub async fn save_memory(&self, entries: &[MemoryEntry], worker: &str, replace: bool) -> Result<u64, StoreError> {
        if entries.is_empty() {
            return Ok(0);
        }
        // In one order: two workers that lock rows in different orders would block each other. Of two entries with one key, a
        // translation comes before a refusal.
        let mut by_key: Vec<&MemoryEntry> = entries.iter().collect();
        by_key.sort_by_key(|entry| (entry.key, matches!(entry.result, MemoryResult::Refused(_))));
        by_key.dedup_by_key(|entry| entry.key);
        let keys = list(&by_key.iter().map(|entry| entry.key.to_string()).collect::<Vec<_>>());
        let pages: Vec<String> = arrays(by_key.into_iter().map(saved_row)).collect();
        let (dialect, worker) = (self.dialect, without_nul(worker));
        self.run("write the memory", move |connection| {
            Box::pin(async move {
                set_durability(connection, dialect, true).await?;
                let written = save_pages(connection, dialect, keys, pages, worker, replace).await?;
                set_durability(connection, dialect, false).await?;
                Ok(written)
            })
        })
        .await
    }

    /// Records what was found in answers. It belongs to rows that are saved already.
    pub async fn save_findings(&self, findings: &[MemoryFinding]) -> Result<(), StoreError> {
        if findings.is_empty() {
            return Ok(());
        }
        let rows =
            findings.iter().map(|MemoryFinding { key, doubt, finding }| FindingRow { key: key.to_string(), doubt, finding });
        self.execute_pages("record what was found in answers", &SAVE_FINDINGS, arrays(rows).collect()).await
    }

    /// Returns what was found in answers under these keys, in no order.
    pub async fn recall_findings(&self, keys: &[SegmentKey]) -> Result<Vec<MemoryFinding>, StoreError> {
        let attempt = "read the memory";
        let mut found = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let rows = self.fetch_all(attempt, RECALL_FINDINGS.query(self.dialect).bind(key_list(keys))).await?;
            let read = |row: &AnyRow| {
                let key = parse_key(&row.try_get::<String, _>(0)?)?;
                Ok(MemoryFinding { key, doubt: row.try_get(1)?, finding: row.try_get(2)? })
            };
            found.extend(self.decode(attempt, rows.iter().map(read).collect::<OperationResult<Vec<_>>>())?);
        }
        Ok(found)
    }

    /// Returns translations in the order of their keys, from `after` on (`None`: from the first on), of these languages where
    /// they are given: `fr` includes `fr-CA`.
    pub async fn list_memory(
        &self,
        (from, to): (Option<&Lang>, Option<&Lang>),
        after: Option<SegmentKey>,
        limit: usize,
    ) -> Result<Vec<MemoryEntry>, StoreError> {
        let attempt = "read the memory";
        let rows = self.fetch_all(attempt, page_of_keys(LIST, (from, to), after, limit)).await?;
        self.decode(attempt, rows.iter().map(memory_entry).collect())
    }

    /// Deletes the segments whose source text contains `term` (letter by letter), of one target language if it is given. Returns
    /// their number.
    pub async fn delete_memory(&self, term: &str, to: Option<&Lang>) -> Result<u64, StoreError> {
        let escaped = term.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        let query = sqlx::query(DELETE_TERM)
            .bind(format!("%{}%", without_nul(&escaped)))
            .bind(to.map(Lang::to_string).unwrap_or_default());
        self.execute("delete from the memory", query).await
    }

    /// Deletes all refusals, of one target language if it is given. Returns their number.
    pub async fn delete_refusals(&self, to: Option<&Lang>) -> Result<u64, StoreError> {
        let query = sqlx::query(DELETE_REFUSALS).bind(to.map(Lang::to_string).unwrap_or_default());
        self.execute("delete refusals", query).await
    }
}

async fn save_pages(
    connection: &mut AnyConnection,
    dialect: Dialect,
    keys: String,
    pages: Vec<String>,
    worker: String,
    replace: bool,
) -> Result<u64, sqlx::Error> {
    let mut tx = begin(connection, dialect).await?;
    if replace {
        DELETE_KEYS.query(dialect).bind(keys.clone()).execute(&mut *tx).await?;
    }
    let mut written = 0;
    for page in pages {
        written += SAVE.query(dialect).bind(page).execute(&mut *tx).await?.rows_affected();
    }
    release_segments(dialect, keys, worker).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(written)
}

fn saved_row(entry: &MemoryEntry) -> SavedRow<'_> {
    let (target, refused) = match &entry.result {
        MemoryResult::Translation(text) => (Some(text.as_str()), None),
        MemoryResult::Refused(refusal) => (None, Some(refusal)),
    };
    SavedRow {
        key: entry.key.to_string(),
        source_lang: &entry.from,
        target_lang: &entry.to,
        engine: &entry.engine,
        source: &entry.source,
        target,
        refused: refused.map(|refusal| refusal.reason.as_str()),
        refused_times: refused.map(|refusal| refusal.times),
        refused_until: refused.map(|refusal| refusal.until.millis()),
        made: entry.made.millis(),
        used: start_of_month(entry.made).millis(),
    }
}

fn recalled_result(columns: RecalledColumns) -> OperationResult<(SegmentKey, MemoryResult)> {
    let RecalledColumns { key, target, refused, refused_times, refused_until } = columns;
    let result = match target {
        Some(target) => MemoryResult::Translation(target),
        // An older relais kept no expiry: what it has refused may be sent again.
        None => MemoryResult::Refused(Refusal {
            reason: refused.unwrap_or_default(),
            times: refused_times.unwrap_or_default(),
            until: refused_until.map_or(Time::EPOCH, Time::from_millis),
        }),
    };
    Ok((parse_key(&key)?, result))
}

fn memory_entry(row: &AnyRow) -> OperationResult<MemoryEntry> {
    let text = |column: usize| row.try_get::<String, _>(column);
    let lang = |column| {
        let tag = text(column)?;
        Lang::new(&tag).ok_or_else(|| OperationError::damaged("the memory", &format!("{tag:?} is no language tag")))
    };
    Ok(MemoryEntry {
        key: parse_key(&text(0)?)?,
        from: lang(1)?,
        to: lang(2)?,
        engine: text(3)?,
        source: text(4)?,
        result: MemoryResult::Translation(text(5)?),
        made: time(row, 6)?,
    })
}

/// Returns the start of the month, in UTC.
fn start_of_month(now: Time) -> Time {
    Period::Month.start(now)
}
