//! The state of relais: sources, entries, renditions, outcomes and runs, in one SQLite file or one PostgreSQL database. There is
//! one API and one body of SQL for both. Nothing here knows what a visit or an edition means, and nothing reads the clock.

mod archive;
mod backup;
mod batched_text;
mod budget;
mod changes;
mod clock_jump;
mod connection;
mod correction;
mod counts;
mod encode;
mod engine_state;
mod entry;
mod entry_statement;
mod error;
mod json;
mod location;
mod lock;
mod memory;
mod memory_leases;
mod notice;
mod open;
mod original;
mod outbox;
mod output_lease;
mod permissions;
mod pools;
mod prune;
mod reading;
mod robots;
mod row;
mod rule_facts;
mod run;
mod segment_queue;
mod server;
mod settle;
mod similar;
mod source;
mod source_queue;
mod sql;
mod subscription;
mod text_page;
mod translated_entry;
mod vendor_batch;
mod visit_day;

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

pub use archive::{ArchiveSize, ArchivedItem, Withdrawals};
pub use backup::{BackupError, back_up};
pub use batched_text::{BatchedText, BatchedTextState};
pub use budget::{BudgetUsage, Reservation, Spending};
pub use changes::ChangeCounts;
pub use correction::{Correction, ExistingCorrections};
pub use encode::{EncodedEntries, SettledVisit};
pub use error::StoreError;
pub use memory::{MemoryEntry, MemoryFinding};
pub use outbox::{EventEnd, OutboxItem, OutboxRow, OutboxUpdate};
pub use prune::PruneMode;
pub use reading::{Reading, Verdict};
pub use run::{RecalledTexts, RecentRun};
pub use similar::{SimilarSegment, SimilarityBand, UnindexedCorrection};
pub use translated_entry::{TranslatedEntry, TranslationRow};
pub use vendor_batch::{ClosedBatch, OpenBatch, SentRequest, SentTerm, SentText, VendorBatch};

use crate::model::{DueReason, SourceId, SourceState, Time};
use connection::{Connections, OperationResult};
use location::Location;
use memory_leases::MemoryLeases;
use sql::{Dialect, OwnedQuery, Sql, begin};

/// The purpose for which a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To work: creates the database and its tables if they are missing. On SQLite one process at a time can work.
    Work,
    /// To read for a moment: changes nothing and waits for nobody. On SQLite the writes of a worker are seen only if the worker
    /// had opened the file before.
    Look,
    /// To write a little beside a worker, in transactions of its own: takes no lock, makes no tables and leases nothing.
    Note,
}

/// An open database. Its methods may be called concurrently, and from futures that are not polled for a while: no caller ever
/// holds a connection (decision 17).
pub struct Store {
    connections: Connections,
    location: Location,
    dialect: Dialect,
    /// The leases on sources, if this is SQLite.
    memory_leases: Option<Arc<MemoryLeases>>,
}

/// A worker's claim on sources for some time.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The name of the worker; no other worker has it.
    pub worker: String,
    /// The present time.
    pub now: Time,
    /// The end of the lease: other workers may then lease the sources that are not settled.
    pub until: Time,
}

/// A source that a worker has leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedSource {
    /// The source.
    pub source: SourceId,
    /// The state that the last visit left.
    pub state: SourceState,
    /// The time since which it is due.
    pub due: Time,
    /// The time of the last visit.
    pub visited: Option<Time>,
}

/// The row of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// The source.
    pub id: SourceId,
    /// The state that the last visit left.
    pub state: SourceState,
    /// The time at which it is due.
    pub due: Time,
    /// The reason for that time, if it is known.
    pub due_reason: Option<DueReason>,
    /// The time of the last visit.
    pub visited: Option<Time>,
    /// The end of the current lease, if there is one.
    pub leased_until: Option<Time>,
}

/// Counts the visits to a source on one day (UTC).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitDay {
    /// The source.
    pub source: SourceId,
    /// The first instant of the day.
    pub day: Time,
    /// The visits.
    pub visits: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// The new entries.
    pub entries: u64,
}

/// The number of rows, and their size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries, including those that were withdrawn.
    pub entries: u64,
    /// Entries that were withdrawn.
    pub withdrawn: u64,
    /// Renditions.
    pub renditions: u64,
    /// The size of the tables on disk, if the database reports it.
    pub size_bytes: Option<u64>,
}

/// The number of rows that retention deletes, beside those of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Outcomes of visits.
    pub outcomes: u64,
    /// Reports of runs.
    pub runs: u64,
    /// Translations in the memory that were not used for a long time.
    pub memories: u64,
}

impl Store {
    /// Finishes the operations in progress and closes the connections. On SQLite this folds the write-ahead log into the file.
    /// Later calls return an error. A store that is dropped instead loses nothing either.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.decode("close its connections", self.connections.close().await.map_err(Into::into))
    }

    /// Runs an operation on a connection. It is carried out even if the caller stops waiting. Within it await nothing but the
    /// connection.
    async fn run<T, F>(&self, attempt: &'static str, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, OperationResult<T>> + Send + 'static,
    {
        self.decode(attempt, self.connections.run(attempt, operation).await)
    }

    /// Runs a statement and returns the number of rows that it affected.
    async fn execute(&self, attempt: &'static str, query: OwnedQuery) -> Result<u64, StoreError> {
        self.run(attempt, |connection| Box::pin(async move { Ok(query.execute(connection).await?.rows_affected()) })).await
    }

    /// Executes a statement once for each page of JSON rows, all in one transaction.
    async fn execute_pages(&self, attempt: &'static str, sql: &'static Sql, pages: Vec<String>) -> Result<(), StoreError> {
        self.execute_counted(attempt, sql, pages, Vec::new()).await
    }

    /// Does what [`Store::execute_pages`] does, and counts changes of these names.
    async fn execute_counted(
        &self,
        attempt: &'static str,
        sql: &'static Sql,
        pages: Vec<String>,
        counters: Vec<String>,
    ) -> Result<(), StoreError> {
        let dialect = self.dialect;
        self.run(attempt, move |connection| {
            Box::pin(async move {
                let mut tx = begin(connection, dialect).await?;
                for page in pages {
                    sql.query(dialect).bind(page).execute(&mut *tx).await?;
                }
                for name in &counters {
                    changes::count_change(&mut tx, name).await?;
                }
                Ok(tx.commit().await?)
            })
        })
        .await
    }

    async fn fetch_all(&self, attempt: &'static str, query: OwnedQuery) -> Result<Vec<AnyRow>, StoreError> {
        self.run(attempt, |connection| Box::pin(async move { Ok(query.fetch_all(connection).await?) })).await
    }

    async fn fetch_one(&self, attempt: &'static str, query: OwnedQuery) -> Result<AnyRow, StoreError> {
        self.run(attempt, |connection| Box::pin(async move { Ok(query.fetch_one(connection).await?) })).await
    }

    async fn fetch_optional(&self, attempt: &'static str, query: OwnedQuery) -> Result<Option<AnyRow>, StoreError> {
        self.run(attempt, |connection| Box::pin(async move { Ok(query.fetch_optional(connection).await?) })).await
    }

    /// Adds location and attempt to an error.
    fn decode<T>(&self, attempt: &'static str, outcome: OperationResult<T>) -> Result<T, StoreError> {
        outcome.map_err(|error| error.into_store_error(&self.location, attempt))
    }
}

/// Shows the location and nothing of the credentials: the address may hold a password.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.location.to_string()).finish()
    }
}
