//! The errors of the store, and the mapping of database errors to them.

use std::fmt::Display;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

use super::location::{Location, LocationError};
use super::sql::Dialect;
use crate::model::LockHolder;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened, or no longer answers.
    #[error("cannot use the state in {place}: {reason}")]
    Unreachable {
        /// The location, without a password.
        place: String,
        /// The cause and the remedy.
        reason: String,
    },
    /// Another process has locked the same SQLite file.
    #[error("another relais{} works on {file}: wait for it or stop it", shown_holder(*holder))]
    Busy {
        /// The SQLite file.
        file: String,
        /// The process, if it wrote into the lock who it is.
        holder: Option<LockHolder>,
    },
    /// The database has no tables yet, and it was opened only to read.
    #[error("there is no state yet in {place}: `relais run` makes it")]
    Empty {
        /// The location.
        place: String,
    },
    /// The disk is full.
    #[error("no space is left for the state in {place} ({reason}): free some and run again; nothing is half-written")]
    Full {
        /// The location.
        place: String,
        /// The message of the database.
        reason: String,
    },
    /// Another program holds a lock on the database and did not release it in time.
    #[error("another program keeps the state in {place} locked ({reason}): close it, or try again")]
    Locked {
        /// The location.
        place: String,
        /// The message of the database.
        reason: String,
    },
    /// The tables were made by a newer version of relais.
    #[error("the state in {place} was made by a newer relais (version {found} of its tables): use that one, or another state")]
    Newer {
        /// The location.
        place: String,
        /// The version of the tables.
        found: i64,
    },
    /// The stored data cannot be read.
    #[error("the state in {place} is damaged ({reason}): put a copy of it back, or move it away and `relais run` starts anew")]
    Damaged {
        /// The location.
        place: String,
        /// The part that cannot be read, and why.
        reason: String,
    },
    /// The database rejected a statement that it should have accepted, or the operation panicked.
    #[error("the database in {place} did not {attempt} ({reason}): this is a fault of relais, please report it")]
    Query {
        /// The location.
        place: String,
        /// The operation, as a verb with its object.
        attempt: &'static str,
        /// The message of the database, or of the panic.
        reason: String,
    },
}

fn shown_holder(holder: Option<LockHolder>) -> String {
    holder.map(|holder| format!(" ({holder})")).unwrap_or_default()
}

impl LocationError {
    /// Converts the error. It is no `From`, because `?` in closures of callers would then need type annotations.
    pub(super) fn into_store_error(self) -> StoreError {
        StoreError::Unreachable { place: self.place, reason: self.reason }
    }
}

/// The cause for which an operation failed, before location and attempt are added.
#[derive(Debug)]
pub(super) enum OperationError {
    /// sqlx or the database returned an error.
    Database(sqlx::Error),
    /// A stored document cannot be read.
    Damaged(String),
    /// The operation panicked, with this message.
    Panicked(String),
    /// The store was closed before the operation began.
    Closed,
}

impl OperationError {
    /// Returns the error for a stored `document` that cannot be read.
    pub(super) fn damaged(document: &'static str, reason: &dyn Display) -> Self {
        Self::Damaged(format!("{document} cannot be read: {reason}"))
    }

    /// Adds where and in which attempt the operation failed.
    pub(super) fn into_store_error(self, location: &Location, attempt: &'static str) -> StoreError {
        let place = location.to_string();
        match self {
            Self::Database(error) => classify(location, attempt, &error),
            Self::Damaged(reason) => StoreError::Damaged { place, reason },
            Self::Panicked(message) => StoreError::Query { place, attempt, reason: format!("it panicked: {message}") },
            Self::Closed => StoreError::Unreachable { place, reason: "the store is closed".to_owned() },
        }
    }
}

impl From<sqlx::Error> for OperationError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Maps an error of sqlx, raised by an `attempt` at `location`, to an error of the store.
pub(super) fn classify(location: &Location, attempt: &'static str, error: &sqlx::Error) -> StoreError {
    let place = location.to_string();
    match error {
        sqlx::Error::Database(error) => match location.dialect() {
            Dialect::Sqlite => classify_sqlite(place, attempt, &**error),
            Dialect::Postgres => classify_postgres(place, attempt, &**error),
        },
        sqlx::Error::PoolTimedOut if location.dialect() == Dialect::Sqlite => {
            StoreError::Locked { place, reason: "no turn came within the time-out".to_owned() }
        }
        sqlx::Error::PoolTimedOut => {
            StoreError::Unreachable { place, reason: "no connection came within the time-out; is the server up?".to_owned() }
        }
        sqlx::Error::Io(error) => StoreError::Unreachable { place, reason: format!("{error}; is the server up?") },
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => StoreError::Damaged { place, reason: error.to_string() },
        sqlx::Error::Tls(_) | sqlx::Error::Configuration(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            StoreError::Unreachable { place, reason: error.to_string() }
        }
        _ => StoreError::Query { place, attempt, reason: error.to_string() },
    }
}

/// Maps an error that was raised while the tables were made.
pub(super) fn classify_migration(location: &Location, error: &MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => classify(location, "make its tables", error),
        MigrateError::VersionMissing(found) => StoreError::Newer { place: location.to_string(), found: *found },
        MigrateError::VersionMismatch(found) => altered(location, *found),
        _ => StoreError::Damaged { place: location.to_string(), reason: error.to_string() },
    }
}

/// Returns the error for tables that were not made as this program makes them, although it knows their version.
pub(super) fn altered(location: &Location, version: i64) -> StoreError {
    let reason = format!("version {version} of its tables is not the one that this relais makes");
    StoreError::Damaged { place: location.to_string(), reason }
}

/// Maps SQLite's result codes. The low byte is the primary code: <https://www.sqlite.org/rescode.html>.
fn classify_sqlite(place: String, attempt: &'static str, error: &dyn DatabaseError) -> StoreError {
    let reason = error.message().to_owned();
    let code: i32 = error.code().and_then(|code| code.parse().ok()).unwrap_or(1);
    match code & 0xff {
        13 => StoreError::Full { place, reason },
        5 | 6 => StoreError::Locked { place, reason },
        11 | 26 => StoreError::Damaged { place, reason },
        3 | 8 | 10 | 14 | 23 => StoreError::Unreachable {
            place,
            reason: reason + "; check whether the disk is full, and who may write the file and its folder",
        },
        _ => StoreError::Query { place, attempt, reason },
    }
}

/// Maps PostgreSQL's codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn classify_postgres(place: String, attempt: &'static str, error: &dyn DatabaseError) -> StoreError {
    let reason = error.message().to_owned();
    let code = error.code().unwrap_or_default();
    match &*code {
        "53100" => StoreError::Full { place, reason },
        "40001" | "40P01" | "55P03" | "57014" => StoreError::Locked { place, reason },
        "XX001" | "XX002" => StoreError::Damaged { place, reason },
        "42501" | "25006" => StoreError::Unreachable { place, reason: reason + "; grant this user the right to work there" },
        "3D000" => StoreError::Unreachable { place, reason: reason + "; create it with `createdb`" },
        code if ["08", "28", "53", "57"].iter().any(|class| code.starts_with(class)) => {
            StoreError::Unreachable { place, reason: reason + "; check the server, and `state` in feeds.toml" }
        }
        _ => StoreError::Query { place, attempt, reason },
    }
}
