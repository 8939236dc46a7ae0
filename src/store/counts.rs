//! The number and the size of what is stored.

use super::row::count;
use super::sql::{Sql, sql};
use super::{Counts, Store, StoreError};

const SIZE: Sql = sql!(
    sqlite "select page_count * page_size from pragma_page_count(), pragma_page_size()"
    or postgres "select cast(sum(pg_total_relation_size(to_regclass(name))) as bigint) from unnest(array[
        'source', 'source_state', 'entry', 'page', 'rendition', 'outcome', 'run', 'publication', 'memory', 'segment_claim', 'ledger', 'spending', 'subscription', 'host', 'visit_day', 'change_counter']) as name"
);

impl Store {
    /// Counts entries and renditions, and reads the size of the database.
    pub async fn load_counts(&self) -> Result<Counts, StoreError> {
        let size = SIZE.query(self.dialect);
        self.run("count entries", |connection| {
            Box::pin(async move {
                let entries = sqlx::query("select count(*), count(withdrawn_at) from entry").fetch_one(&mut *connection).await?;
                let renditions = sqlx::query("select count(*) from rendition").fetch_one(&mut *connection).await?;
                let size = size.fetch_optional(&mut *connection).await?;
                Ok(Counts {
                    entries: count(&entries, 0)?,
                    withdrawn: count(&entries, 1)?,
                    renditions: count(&renditions, 0)?,
                    size_bytes: size.map(|row| count(&row, 0)).transpose()?,
                })
            })
        })
        .await
    }
}
