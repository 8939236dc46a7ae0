//! The index of similar sentences: a few bands for each, which lead to rows of the memory or to corrections.
//!
//! A band holds at most 16 sentences, so that no text, however it is made, costs more than a bounded look-up.

use serde::Serialize;
use sqlx::Row;

use super::connection::OperationResult;
use super::error::OperationError;
use super::json::{arrays, list};
use super::segment_queue::parse_key;
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{Lang, SegmentKey};

/// The bands in one query.
const BANDS_AT_ONCE: usize = 500;

const SAVE: Sql = sql!(
    "insert into similar_segment (band, key) select cast(value ->> 'band' as bigint), value ->> 'key' from" json_rows
    "where (select count(*) from similar_segment as held where held.band = cast(value ->> 'band' as bigint)) < 16
     on conflict (band, key) do nothing"
);

const FIND: Sql = sql!(
    "select s.band, m.source, m.target, 0 as is_correction from similar_segment as s join memory as m on m.key = s.key
     where m.target is not null and s.band" in_ids
    "union all select s.band, c.source, c.target, 1 from similar_segment as s join correction as c on c.key = s.key
     where c.target is not null and s.band" in_ids
);

const LIST_CORRECTIONS: &str = "select key, source_lang, target_lang, source, serial from correction
     where target is not null and serial > (select indexed from correction_serial where id = 1)
         and (serial > $1 or (serial = $1 and key > $2))
     order by serial, key limit $3";

const SET_INDEXED: &str = "update correction_serial set indexed = $1 where id = 1 and indexed < $1";

/// A sentence and one of its bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimilarityBand {
    /// The band.
    pub band: i64,
    /// The key of its row in the memory, or of its correction.
    pub key: SegmentKey,
}

/// A translated sentence that shares a band with another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimilarSegment {
    /// The band.
    pub band: i64,
    /// The source, with marks.
    pub source: String,
    /// The translation, with marks.
    pub target: String,
    /// True if a person made it.
    pub is_correction: bool,
}

/// A correction that is not in the index yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnindexedCorrection {
    /// Its key.
    pub key: SegmentKey,
    /// The language of the source.
    pub from: Lang,
    /// The language of the translation.
    pub to: Lang,
    /// The source, with marks.
    pub source: String,
    /// The number of the change that wrote it.
    pub serial: i64,
}

/// A row of [`SAVE`].
#[derive(Serialize)]
struct SavedRow {
    band: i64,
    key: String,
}

impl Store {
    /// Adds sentences to the index. A band that is full takes no more.
    pub async fn index_segments(&self, bands: &[SimilarityBand]) -> Result<(), StoreError> {
        let mut rows: Vec<SavedRow> =
            bands.iter().map(|SimilarityBand { band, key }| SavedRow { band: *band, key: key.to_string() }).collect();
        // In one order: two workers that lock rows in different orders would block each other.
        rows.sort_unstable_by(|a, b| (a.band, &a.key).cmp(&(b.band, &b.key)));
        if rows.is_empty() {
            return Ok(());
        }
        self.execute_pages("write the index of similar sentences", &SAVE, arrays(rows.into_iter()).collect()).await
    }

    /// Returns the translated sentences in these bands, in no order.
    pub async fn find_similar(&self, bands: &[i64]) -> Result<Vec<SimilarSegment>, StoreError> {
        let attempt = "look for similar sentences";
        let mut found = Vec::new();
        for bands in bands.chunks(BANDS_AT_ONCE) {
            let rows = self.fetch_all(attempt, FIND.query(self.dialect).bind(list(bands))).await?;
            let read: OperationResult<Vec<SimilarSegment>> = rows
                .iter()
                .map(|row| {
                    let (band, source, target) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                    Ok(SimilarSegment { band, source, target, is_correction: row.try_get::<i32, _>(3)? == 1 })
                })
                .collect();
            found.extend(self.decode(attempt, read)?);
        }
        Ok(found)
    }

    /// Returns corrections that are not in the index, in the order in which they were made, after the change `serial` and the key.
    pub async fn list_unindexed_corrections(
        &self,
        after: Option<(i64, SegmentKey)>,
        limit: i64,
    ) -> Result<Vec<UnindexedCorrection>, StoreError> {
        let attempt = "read corrections";
        let (serial, key) = after.map_or((-1, String::new()), |(serial, key)| (serial, key.to_string()));
        let rows = self.fetch_all(attempt, sqlx::query(LIST_CORRECTIONS).bind(serial).bind(key).bind(limit)).await?;
        let lang = |tag: String| {
            Lang::new(&tag).ok_or_else(|| OperationError::damaged("corrections", &format!("{tag:?} is no language tag")))
        };
        let read: OperationResult<Vec<UnindexedCorrection>> = rows
            .iter()
            .map(|row| {
                let (key, from, to) = (parse_key(&row.try_get::<String, _>(0)?)?, lang(row.try_get(1)?)?, lang(row.try_get(2)?)?);
                Ok(UnindexedCorrection { key, from, to, source: row.try_get(3)?, serial: row.try_get(4)? })
            })
            .collect();
        self.decode(attempt, read)
    }

    /// Records that the corrections up to the change `serial` are in the index.
    pub async fn set_corrections_indexed(&self, serial: i64) -> Result<(), StoreError> {
        let query = sqlx::query(SET_INDEXED).bind(serial);
        self.execute("record that corrections are in an index", query).await.map(|_| ())
    }
}
