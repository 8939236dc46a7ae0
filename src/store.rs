//! What relais remembers: sources, entries, renditions, outcomes, runs, in one SQLite file or one PostgreSQL database.
//! One API and one body of SQL for both; all else of relais knows neither. Nothing here knows what a visit or an edition
//! means, and nothing asks for the time.

mod budget;
mod connection;
mod entry;
mod error;
mod json;
mod location;
mod memory;
mod open;
mod original;
mod prune;
mod run;
mod settle;
mod source_queue;
mod sql;
mod subscription;
mod text_page;
mod translated_entry;

use std::fmt;
use std::fs::File;

pub use budget::{BudgetUsage, Reservation, Spending};
pub use error::StoreError;
pub use memory::MemoryEntry;
pub use settle::{EncodedEntries, SettledVisit};
pub use translated_entry::{TranslatedEntry, TranslationRow};

use crate::model::{SourceId, SourceState, Time};
use connection::{ConnectionGuard, Connections};
use location::Location;
use source_queue::Leases;
use sql::Dialect;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To work: makes the database and its tables where they are missing; on SQLite for one process at a time.
    Work,
    /// To look for a moment: changes nothing and waits for nobody. On SQLite what a worker writes is seen only if that worker
    /// was there before.
    Look,
}

/// An open database. All its methods may be called at the same time.
pub struct Store {
    connections: Connections,
    location: Location,
    dialect: Dialect,
    /// Who has which source, on SQLite.
    leases: Option<Leases>,
    /// Locked for as long as this store lives, so that no second process works on the same SQLite file.
    _lock: Option<File>,
}

/// Who takes sources, and for how long.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The worker: a name that no other worker has.
    pub worker: String,
    /// The present.
    pub now: Time,
    /// When others may have what this worker has not settled by then.
    pub until: Time,
}

/// A source that a worker has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedSource {
    /// The source.
    pub source: SourceId,
    /// What the last visit left.
    pub state: SourceState,
    /// Since when it is due.
    pub due: Time,
    /// When it was last visited.
    pub visited: Option<Time>,
}

/// What is known of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// The source.
    pub id: SourceId,
    /// What the last visit left.
    pub state: SourceState,
    /// When it is due.
    pub due: Time,
    /// When it was last visited.
    pub visited: Option<Time>,
    /// Until when a worker has it.
    pub leased_until: Option<Time>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries, with those that were withdrawn.
    pub entries: u64,
    /// Of these, withdrawn.
    pub withdrawn: u64,
    /// Renditions.
    pub renditions: u64,
    /// What the tables take of the disk, if the database says so.
    pub size_bytes: Option<u64>,
}

/// How much was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Entries, with their texts and renditions.
    pub entries: u64,
    /// Outcomes of visits.
    pub outcomes: u64,
    /// Reports of runs.
    pub runs: u64,
    /// Translations that nobody asked for in a long time.
    pub memories: u64,
}

impl Store {
    /// Closes the connections in good order: on SQLite this folds the write-ahead log into the file. A store that is just
    /// dropped loses nothing either.
    pub async fn close(self) -> Result<(), StoreError> {
        self.connections.close().await.map_err(self.failed("close its connections"))
    }

    /// Waits for a connection.
    async fn hold(&self) -> Result<ConnectionGuard<'_>, sqlx::Error> {
        self.connections.hold().await
    }

    /// Makes our error of the database's, which came up in the `attempt` to do something.
    fn failed(&self, attempt: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
        move |error| error::classify(&self.location, attempt, &error)
    }
}

/// Says where, and nothing of how one gets in: the address may hold a password.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.location.to_string()).finish()
    }
}
