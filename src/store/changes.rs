//! Counters of changes, by which a run sees with one query that nothing has changed.
//!
//! Whoever changes an entry or a rendition counts it in the same transaction, as the last thing that it does. So a reader that does not
//! see a change does not see its count either; and as the counter is locked until the transaction ends, none is counted unseen.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::row::collected_rows;
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{Lang, SourceId};

/// The counter of changes of entries that belong to no visit.
pub(super) const ENTRIES: &str = "entries";

const COUNT: &str = "insert into change_counter (name, changes) values ($1, 1)
     on conflict (name) do update set changes = change_counter.changes + 1";

/// No source has a name with a colon.
const LOAD: Sql = sql!(
    "select" collect_rows "name, changes, shown" end_rows "from (
         select id as name, entry_changes as changes, shown from source where entry_changes > 0 or shown <> 0
         union all select ':' || name, changes, 0 from change_counter
         union all select '::corrections', last, 0 from correction_serial where id = 1) as counted"
);

/// The counters of changes at one time.
#[derive(Clone, Debug, Default)]
pub struct ChangeCounts {
    counts: HashMap<String, i64>,
    /// For each source a hash of what readers are told of it.
    shown: HashMap<String, i64>,
}

impl ChangeCounts {
    /// Returns how often the entries of a source have changed.
    pub fn of_source(&self, source: &SourceId) -> i64 {
        self.find(source.as_str())
    }

    /// Returns a hash of what readers are told of a source ([`crate::model::SourceState::shown_hash`]); 0 before its first visit.
    pub fn shown_of_source(&self, source: &SourceId) -> i64 {
        self.shown.get(source.as_str()).copied().unwrap_or_default()
    }

    /// Returns how often entries of any source were deleted, or their times corrected.
    pub fn of_entries(&self) -> i64 {
        self.find(&format!(":{ENTRIES}"))
    }

    /// Returns how often renditions in a language have changed.
    pub fn of_renditions(&self, lang: &Lang) -> i64 {
        self.find(&format!(":{}", of_renditions(lang)))
    }

    /// Returns the number of the last change of corrections: [`Store::last_correction_serial`].
    pub fn of_corrections(&self) -> i64 {
        self.find("::corrections")
    }

    /// Returns how often entries of any source have changed.
    pub fn of_all_sources(&self) -> i64 {
        self.counts.iter().filter(|(name, _)| !name.starts_with(':')).map(|(_, changes)| changes).sum()
    }

    fn find(&self, name: &str) -> i64 {
        self.counts.get(name).copied().unwrap_or_default()
    }
}

impl Store {
    /// Reads the counters of changes. What is read of the store afterwards is at least as new as they say.
    pub async fn load_change_counts(&self) -> Result<ChangeCounts, StoreError> {
        let attempt = "read the counters of changes";
        let row = self.fetch_one(attempt, LOAD.query(self.dialect)).await?;
        let rows: Vec<(String, i64, i64)> = self.decode(attempt, collected_rows("the counters of changes", &row))?;
        let shown = rows.iter().filter(|(.., shown)| *shown != 0).map(|(name, _, shown)| (name.clone(), *shown)).collect();
        Ok(ChangeCounts { counts: rows.into_iter().map(|(name, changes, _)| (name, changes)).collect(), shown })
    }
}

/// Returns the name of the counter of the renditions in a language.
pub(super) fn of_renditions(lang: &Lang) -> String {
    format!("renditions {lang}")
}

/// Counts a change within its transaction, whose last statement it has to be: others wait for the counter until the commit.
pub(super) async fn count_change(connection: &mut AnyConnection, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query(COUNT).bind(name.to_owned()).execute(connection).await.map(|_| ())
}
