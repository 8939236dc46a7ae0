//! Sources: their rows, and the outcomes of their visits.

use serde::Deserialize;

use super::connection::OperationResult;
use super::json::{list, without_nul};
use super::row::{collected_documents, count, document, time};
use super::sql::{Sql, sql};
use super::{SourceRow, Store, StoreError};
use crate::model::{DueReason, Outcome, SourceId, SourceState, Time};

const LOAD: Sql = sql!(
    "select" collect_documents "source.id, due_at, visited_at, lease_until, due_reason" with_document "doc" end_documents "
     from source left join source_state on source_state.id = source.id where source.id" in_names
);

/// The columns of [`LOAD`].
#[derive(Deserialize)]
struct SourceColumns {
    id: SourceId,
    due_at: i64,
    visited_at: Option<i64>,
    lease_until: Option<i64>,
    due_reason: Option<String>,
}

impl Store {
    /// Returns the rows of these sources, by name. Sources that were never registered are left out.
    pub async fn load_source_rows(&self, sources: &[SourceId]) -> Result<Vec<SourceRow>, StoreError> {
        let attempt = "list sources";
        let row = self.fetch_one(attempt, LOAD.query(self.dialect).bind(list(sources))).await?;
        let loaded = self.decode(attempt, collected_documents::<SourceColumns, SourceState>("the state of sources", &row))?;
        let mut rows: Vec<SourceRow> = loaded.into_iter().map(|(columns, state)| self.source_row(columns, state)).collect();
        // Databases differ in how they order names.
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(rows)
    }

    fn source_row(&self, columns: SourceColumns, state: Option<SourceState>) -> SourceRow {
        let leased_until = match &self.memory_leases {
            Some(leases) => leases.until(&columns.id),
            None => columns.lease_until.map(Time::from_millis),
        };
        SourceRow {
            id: columns.id,
            state: state.unwrap_or_default(),
            due: Time::from_millis(columns.due_at),
            due_reason: columns.due_reason.as_deref().and_then(DueReason::parse),
            visited: columns.visited_at.map(Time::from_millis),
            leased_until,
        }
    }

    /// Returns the last visits of a source that were more than `Same`, the last one first: the time, the duration in
    /// milliseconds, and the outcome of each.
    pub async fn load_visit_history(&self, source: &SourceId, limit: usize) -> Result<Vec<(Time, u64, Outcome)>, StoreError> {
        let attempt = "list the visits of a source";
        let query = sqlx::query("select at, duration_ms, doc from outcome where source = $1 order by at desc limit $2")
            .bind(without_nul(source.as_str()))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.fetch_all(attempt, query).await?;
        let history: OperationResult<_> =
            rows.iter().map(|row| Ok((time(row, 0)?, count(row, 1)?, document("the outcome of a visit", row, 2)?))).collect();
        self.decode(attempt, history)
    }
}
