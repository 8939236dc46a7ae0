//! The texts that were submitted in batches, from their submission until their answers are used.

use super::connection::OperationResult;
use super::error::OperationError;
use super::row::collected_rows;
use super::segment_queue::{KEYS_AT_ONCE, key_list, parse_key};
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{SegmentKey, Time};

const RECALL: Sql = sql!(
    "select" collect_rows "t.key, t.batch, t.request, t.state, t.answer, b.submitted" end_rows
    "from vendor_batch_text t join vendor_batch b on b.name = t.batch where t.key" in_names
);

const FORGET: Sql = sql!("delete from vendor_batch_text where key" in_names);

/// A text that was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchedText {
    /// The key of its translation.
    pub key: SegmentKey,
    /// The name of its batch.
    pub batch: String,
    /// The place of its request in the batch.
    pub request: usize,
    /// The time of the submission.
    pub submitted: Time,
    /// Its outcome.
    pub state: BatchedTextState,
}

/// The state of a text that was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchedTextState {
    /// The vendor works on it.
    Out,
    /// It was answered: the answer, with marks.
    Answered(String),
    /// It was not answered.
    Failed,
}

impl Store {
    /// Returns those of these texts that were submitted in batches, in no order.
    pub async fn recall_batched_texts(&self, keys: &[SegmentKey]) -> Result<Vec<BatchedText>, StoreError> {
        let attempt = "read which texts are in batches";
        let mut recalled = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let row = self.fetch_one(attempt, RECALL.query(self.dialect).bind(key_list(keys))).await?;
            let columns: Vec<BatchedColumns> = self.decode(attempt, collected_rows("batches", &row))?;
            let texts: OperationResult<Vec<BatchedText>> = columns.into_iter().map(batched_text).collect();
            recalled.extend(self.decode(attempt, texts)?);
        }
        Ok(recalled)
    }

    /// Forgets that these texts were submitted: their answers are used, or not wanted any more.
    pub async fn forget_batched_texts(&self, keys: &[SegmentKey]) -> Result<(), StoreError> {
        for keys in keys.chunks(KEYS_AT_ONCE) {
            self.execute("forget texts of batches", FORGET.query(self.dialect).bind(key_list(keys))).await?;
        }
        Ok(())
    }
}

/// The columns of [`RECALL`]: key, batch, request, state, answer, submitted.
type BatchedColumns = (String, String, usize, String, Option<String>, i64);

fn batched_text((key, batch, request, state, answer, submitted): BatchedColumns) -> OperationResult<BatchedText> {
    let state = match (state.as_str(), answer) {
        ("out", _) => BatchedTextState::Out,
        ("answered", Some(answer)) => BatchedTextState::Answered(answer),
        ("failed", _) => BatchedTextState::Failed,
        (other, _) => return Err(OperationError::damaged("batches", &format!("{other:?} is no state of a text"))),
    };
    Ok(BatchedText { key: parse_key(&key)?, batch, request, submitted: Time::from_millis(submitted), state })
}
