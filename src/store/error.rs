//! What can go wrong with the store, as sentences that say what to do; and which of them a database's error is.

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

use super::location::Location;
use super::sql::Dialect;

/// What went wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened, or is gone.
    #[error("cannot use the state in {place}: {reason}")]
    Unreachable {
        /// Where, without a password.
        place: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Another process works on the same SQLite file.
    #[error("another relais works on {file}: wait for it or stop it")]
    Busy {
        /// The database.
        file: String,
    },
    /// Nothing to look at yet.
    #[error("there is no state yet in {place}: `relais run` makes it")]
    Empty {
        /// Where.
        place: String,
    },
    /// The disk is full.
    #[error("no space is left for the state in {place} ({reason}): free some and run again; nothing is half-written")]
    Full {
        /// Where.
        place: String,
        /// The database's words.
        reason: String,
    },
    /// Another program holds what is needed, and did not give it back in time.
    #[error("another program keeps the state in {place} locked ({reason}): close it, or try again")]
    Locked {
        /// Where.
        place: String,
        /// The database's words.
        reason: String,
    },
    /// Made by a version of relais that this one does not know.
    #[error("the state in {place} was made by a newer relais (version {found} of its tables): use that one, or another state")]
    Newer {
        /// Where.
        place: String,
        /// The version of its tables.
        found: i64,
    },
    /// What is there cannot be understood.
    #[error("the state in {place} is damaged ({reason}): put a copy of it back, or move it away and `relais run` starts anew")]
    Damaged {
        /// Where.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The database refused something that it should not have.
    #[error("the database in {place} did not {attempt} ({reason}): this is a fault of relais, please report it")]
    Query {
        /// Where.
        place: String,
        /// What was attempted.
        attempt: &'static str,
        /// The database's words.
        reason: String,
    },
}

/// Which of ours an error of sqlx is, that came up in the `attempt` to do something.
pub(super) fn classify(place: &Location, attempt: &'static str, error: &sqlx::Error) -> StoreError {
    let at = place.to_string();
    match error {
        sqlx::Error::Database(error) => match place.dialect() {
            Dialect::Sqlite => of_sqlite(at, attempt, &**error),
            Dialect::Postgres => of_postgres(at, attempt, &**error),
        },
        sqlx::Error::PoolTimedOut if place.dialect() == Dialect::Sqlite => {
            StoreError::Locked { place: at, reason: "no turn came within the time-out".to_owned() }
        }
        sqlx::Error::PoolTimedOut => {
            StoreError::Unreachable { place: at, reason: "no connection came within the time-out; is the server up?".to_owned() }
        }
        sqlx::Error::Io(error) => StoreError::Unreachable { place: at, reason: format!("{error}; is the server up?") },
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => StoreError::Damaged { place: at, reason: error.to_string() },
        sqlx::Error::Tls(_) | sqlx::Error::Configuration(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            StoreError::Unreachable { place: at, reason: error.to_string() }
        }
        _ => StoreError::Query { place: at, attempt, reason: error.to_string() },
    }
}

/// The same for an error that came up while the tables were made.
pub(super) fn classify_migration(place: &Location, error: &MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => classify(place, "make its tables", error),
        MigrateError::VersionMissing(found) | MigrateError::VersionMismatch(found) => {
            StoreError::Newer { place: place.to_string(), found: *found }
        }
        _ => StoreError::Damaged { place: place.to_string(), reason: error.to_string() },
    }
}

/// SQLite's result codes: the low byte of what sqlx gives, <https://www.sqlite.org/rescode.html>.
fn of_sqlite(place: String, attempt: &'static str, error: &dyn DatabaseError) -> StoreError {
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

/// PostgreSQL's, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_postgres(place: String, attempt: &'static str, error: &dyn DatabaseError) -> StoreError {
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
