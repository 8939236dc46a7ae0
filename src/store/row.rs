//! Reading columns.

use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::connection::OperationResult;
use super::error::OperationError;
use super::json::from_json;
use crate::model::Time;

/// Reads a number that is never negative.
pub(super) fn count(row: &AnyRow, column: usize) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}

/// Reads a time.
pub(super) fn time(row: &AnyRow, column: usize) -> Result<Time, sqlx::Error> {
    row.try_get(column).map(Time::from_millis)
}

/// Reads a time that may be null.
pub(super) fn optional_time(row: &AnyRow, column: usize) -> Result<Option<Time>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Time::from_millis))
}

/// Reads a JSON document; `document` names it in the error.
pub(super) fn document<T: DeserializeOwned>(document: &'static str, row: &AnyRow, column: usize) -> OperationResult<T> {
    from_json(document, row.try_get(column)?)
}

/// Reads the rows that `collect_rows` made one value of.
pub(super) fn collected_rows<T: DeserializeOwned>(document: &'static str, row: &AnyRow) -> OperationResult<Vec<T>> {
    match row.try_get::<Option<&str>, _>(0)? {
        Some(json) => from_json(document, json),
        None => Ok(Vec::new()),
    }
}

/// Reads the columns and documents that `collect_documents` made one value of.
pub(super) fn collected_documents<C, D>(document: &'static str, row: &AnyRow) -> OperationResult<Vec<(C, Option<D>)>>
where
    C: DeserializeOwned,
    D: DeserializeOwned,
{
    let pairs = row.try_get::<Option<&str>, _>(0)?.unwrap_or_default();
    let pairs = serde_json::Deserializer::from_str(pairs).into_iter().collect::<Result<_, _>>();
    pairs.map_err(|error| OperationError::damaged(document, &error))
}
