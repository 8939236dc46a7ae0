//! Counts visits by source and day.

use super::row::collected_rows;
use super::sql::{Sql, sql};
use super::{Store, StoreError, VisitDay};
use crate::model::{SourceId, Time};

/// Adds up the rows of a batch. They are those of the due times: a visit costs no parameter of its own.
pub(super) const COUNT_VISITS: Sql = sql!(
    "insert into visit_day (source, day, visits, failed, entries)
     select value ->> 'source', cast(value ->> 'day' as bigint), cast(value ->> 'visits' as bigint),
            cast(value ->> 'failed' as bigint), cast(value ->> 'entries' as bigint) from" json_rows "where true
     on conflict (source, day) do update set visits = visit_day.visits + excluded.visits,
         failed = visit_day.failed + excluded.failed, entries = visit_day.entries + excluded.entries"
);

const LOAD: Sql = sql!(
    "select" collect_rows "source, day, visits, failed, entries" end_rows "from visit_day where day >= $1"
);

impl Store {
    /// Returns what the visits since this day (its first instant, UTC) came to, of all sources, in no order.
    pub async fn load_visit_days(&self, since: Time) -> Result<Vec<VisitDay>, StoreError> {
        let attempt = "read the visits of the last days";
        let row = self.fetch_one(attempt, LOAD.query(self.dialect).bind(since.millis())).await?;
        let rows: Vec<(SourceId, i64, u64, u64, u64)> = self.decode(attempt, collected_rows("the visits of days", &row))?;
        let day =
            |(source, day, visits, failed, entries)| VisitDay { source, day: Time::from_millis(day), visits, failed, entries };
        Ok(rows.into_iter().map(day).collect())
    }
}
