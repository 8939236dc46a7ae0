//! The corrections: what people translated, apart from the memory, so that nothing that forgets engines' work can touch it.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::connection::OperationResult;
use super::error::OperationError;
use super::json::{arrays, list};
use super::row::{collected_rows, time};
use super::segment_queue::{KEYS_AT_ONCE, key_list, page_of_keys, parse_key};
use super::sql::{Dialect, Sql, begin, set_durability, sql};
use super::{Store, StoreError};
use crate::model::{EntryId, Lang, SegmentKey, Time};

const RECALL: Sql =
    sql!("select" collect_rows "key, target" end_rows "from correction where target is not null and key" in_names);

const FIND_CHANGED: Sql = sql!("select key from correction where serial > $2 and key" in_names);

/// Locks the row: of two that write at once, the numbers become visible in their order, so that no reader passes one over.
const NEXT_SERIAL: &str = "update correction_serial set last = last + 1 where id = 1";

const LAST_SERIAL: &str = "select last from correction_serial where id = 1";

/// With `$2`, a correction of the same segment stays.
const SAVE: Sql = sql!(
    "insert into correction (key, source_lang, target_lang, source, target, origin, made, serial)
     select value ->> 'key', value ->> 'source_lang', value ->> 'target_lang', value ->> 'source', value ->> 'target',
            value ->> 'origin', cast(value ->> 'made' as bigint), (select last from correction_serial where id = 1)
     from" json_rows "where true
     on conflict (key) do update set target = excluded.target, origin = excluded.origin, made = excluded.made,
         serial = excluded.serial
     where correction.target is distinct from excluded.target and (not $2 or correction.target is null)"
);

const LIST: &str = "select key, source_lang, target_lang, source, target, origin, made from correction
     where target is not null and key > $1
         and ($2 = '' or source_lang = $2 or source_lang like $2 || '-%')
         and ($3 = '' or target_lang = $3 or target_lang like $3 || '-%')
     order by key limit $4";

const NOTE: Sql = sql!("update rendition set corrections = $3 where lang = $2 and entry" in_ids);

/// A translation by a person, or one that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The key of the segment: [`SegmentKey::of_person`].
    pub key: SegmentKey,
    /// The language of the source text.
    pub from: Lang,
    /// The language of the translation.
    pub to: Lang,
    /// The source text with marks, in canonical form.
    pub source: String,
    /// The translation, with marks of the source; nothing if it was taken back.
    pub target: Option<String>,
    /// The command or file that it came from.
    pub origin: String,
    /// The time at which it was made.
    pub made: Time,
}

/// The treatment of corrections that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExistingCorrections {
    /// The newer one replaces them.
    Replace,
    /// They stay.
    Keep,
}

/// The columns of [`RECALL`].
#[derive(Deserialize)]
struct RecalledColumns {
    key: String,
    target: String,
}

/// A row of [`SAVE`].
#[derive(Serialize)]
struct SavedRow<'c> {
    key: String,
    source_lang: &'c Lang,
    target_lang: &'c Lang,
    source: &'c str,
    target: Option<&'c str>,
    origin: &'c str,
    made: i64,
}

impl Store {
    /// Returns the translations by people under these keys, in no order.
    pub async fn recall_corrections(&self, keys: &[SegmentKey]) -> Result<Vec<(SegmentKey, String)>, StoreError> {
        let attempt = "read corrections";
        let mut recalled = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let row = self.fetch_one(attempt, RECALL.query(self.dialect).bind(key_list(keys))).await?;
            let columns: Vec<RecalledColumns> = self.decode(attempt, collected_rows("corrections", &row))?;
            for RecalledColumns { key, target } in columns {
                recalled.push((self.decode(attempt, parse_key(&key))?, target));
            }
        }
        Ok(recalled)
    }

    /// Saves corrections. Returns how many are new, or other than before. The commit survives a power cut.
    pub async fn save_corrections(&self, corrections: &[Correction], existing: ExistingCorrections) -> Result<u64, StoreError> {
        // In one order: two that lock rows in different orders would block each other. Of two with one key the last one counts.
        let mut by_key: Vec<(usize, &Correction)> = corrections.iter().enumerate().collect();
        by_key.sort_by_key(|(place, correction)| (correction.key, std::cmp::Reverse(*place)));
        by_key.dedup_by_key(|(_, correction)| correction.key);
        let pages: Vec<String> = arrays(by_key.into_iter().map(|(_, correction)| saved_row(correction))).collect();
        let dialect = self.dialect;
        self.run("write corrections", move |connection| {
            Box::pin(async move {
                set_durability(connection, dialect, true).await?;
                let written = save_pages(connection, dialect, pages, existing).await?;
                set_durability(connection, dialect, false).await?;
                Ok(written)
            })
        })
        .await
    }

    /// Returns the number of the last change of corrections. It grows with each change.
    pub async fn last_correction_serial(&self) -> Result<i64, StoreError> {
        let attempt = "read the number of the last correction";
        let row = self.fetch_one(attempt, sqlx::query(LAST_SERIAL)).await?;
        self.decode(attempt, row.try_get(0).map_err(OperationError::from))
    }

    /// Returns those of the keys whose corrections were changed after the change `serial`.
    pub async fn find_changed_corrections(&self, keys: &[SegmentKey], serial: i64) -> Result<Vec<SegmentKey>, StoreError> {
        let attempt = "look for new corrections";
        let mut found = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let query = FIND_CHANGED.query(self.dialect).bind(key_list(keys)).bind(serial);
            let rows = self.fetch_all(attempt, query).await?;
            let keys: OperationResult<Vec<_>> = rows.iter().map(|row| parse_key(&row.try_get::<String, _>(0)?)).collect();
            found.extend(self.decode(attempt, keys)?);
        }
        Ok(found)
    }

    /// Records that the renditions of these entries in a language need nothing for the changes of corrections up to `serial`.
    pub async fn note_corrections(&self, entries: &[EntryId], lang: &Lang, serial: i64) -> Result<(), StoreError> {
        let query = NOTE.query(self.dialect).bind(list(entries)).bind(lang.to_string()).bind(serial);
        self.execute("record that renditions are up to date", query).await.map(|_| ())
    }

    /// Returns translations by people in the order of their keys, as [`Store::list_memory`] returns those of engines.
    pub async fn list_corrections(
        &self,
        (from, to): (Option<&Lang>, Option<&Lang>),
        after: Option<SegmentKey>,
        limit: usize,
    ) -> Result<Vec<Correction>, StoreError> {
        let attempt = "read corrections";
        let rows = self.fetch_all(attempt, page_of_keys(LIST, (from, to), after, limit)).await?;
        self.decode(attempt, rows.iter().map(correction).collect())
    }
}

async fn save_pages(
    connection: &mut AnyConnection,
    dialect: Dialect,
    pages: Vec<String>,
    existing: ExistingCorrections,
) -> Result<u64, sqlx::Error> {
    let mut tx = begin(connection, dialect).await?;
    sqlx::query(NEXT_SERIAL).execute(&mut *tx).await?;
    let mut written = 0;
    for page in pages {
        let query = SAVE.query(dialect).bind(page).bind(existing == ExistingCorrections::Keep);
        written += query.execute(&mut *tx).await?.rows_affected();
    }
    // Nothing has changed: no rendition need be looked at.
    if written == 0 {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(written)
}

fn saved_row(correction: &Correction) -> SavedRow<'_> {
    SavedRow {
        key: correction.key.to_string(),
        source_lang: &correction.from,
        target_lang: &correction.to,
        source: &correction.source,
        target: correction.target.as_deref(),
        origin: &correction.origin,
        made: correction.made.millis(),
    }
}

fn correction(row: &AnyRow) -> OperationResult<Correction> {
    let text = |column: usize| row.try_get::<String, _>(column);
    let lang = |column| {
        let tag = text(column)?;
        Lang::new(&tag).ok_or_else(|| OperationError::damaged("corrections", &format!("{tag:?} is no language tag")))
    };
    Ok(Correction {
        key: parse_key(&text(0)?)?,
        from: lang(1)?,
        to: lang(2)?,
        source: text(3)?,
        target: Some(text(4)?),
        origin: text(5)?,
        made: time(row, 6)?,
    })
}
