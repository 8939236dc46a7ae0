//! Copies of a SQLite state, taken while a worker goes on: see docs/decisions/0048-installing-and-operating.md.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sqlx::{AnyConnection, ConnectOptions, Connection, any::AnyConnectOptions};
use tempfile::NamedTempFile;

use super::error::{StoreError, classify};
use super::location::{Location, file_address};
use super::open::{applied_migrations, resolve_path};

/// The time for which the copy waits for a lock that another program holds. Workers hold none that stops a reader.
const WAIT: &str = "pragma busy_timeout = 10000";

/// A copy could not be made. The state is unchanged, and so is what lay at the place of the copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The state could not be read.
    #[error(transparent)]
    State(#[from] StoreError),
    /// There is a file at the place of the copy.
    #[error("{} exists already, and was not changed", .0.display())]
    Exists(PathBuf),
    /// The copy cannot be written.
    #[error("cannot write the copy {}: {reason}", file.display())]
    Unwritable {
        /// The copy.
        file: PathBuf,
        /// The cause.
        reason: String,
    },
    /// The copy is not what it should be.
    #[error("the copy {} is damaged ({reason}) and was removed: so may be the state", file.display())]
    Damaged {
        /// The copy.
        file: PathBuf,
        /// The first finding of SQLite.
        reason: String,
    },
}

/// Copies the SQLite state `file` to `target`, and returns the size of the copy in bytes. A worker may write meanwhile: the copy
/// is the state at one moment. It is checked, and appears under its name only when it is complete and on the disk.
///
/// The copy belongs to its owner alone, as the state does, and has no further files. It is that of the tables that are there: a state
/// that an older or a newer relais made is copied as it is.
pub async fn back_up(file: &Path, target: &Path) -> Result<u64, BackupError> {
    if target.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    if !file.exists() {
        return Err(StoreError::Empty { place: file.display().to_string() }.into());
    }
    sqlx::any::install_default_drivers();
    let unwritable = |error: io::Error| unwritable(target, &error.to_string());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // SQLite writes into a file that exists if it is empty. This one has the permissions of a state (0600).
    let copy = NamedTempFile::new_in(folder).map_err(unwritable)?;
    copy_tables(file, copy.path(), target).await?;
    verify(copy.path(), target).await?;
    copy.as_file().sync_all().map_err(unwritable)?;
    let size = copy.as_file().metadata().map_err(unwritable)?.len();
    match copy.persist_noclobber(target) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Err(BackupError::Exists(target.to_owned())),
        persisted => persisted.map_err(|error| unwritable(error.error))?,
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(unwritable)?;
    Ok(size)
}

/// Copies the tables in one read transaction.
async fn copy_tables(file: &Path, copy: &Path, target: &Path) -> Result<(), BackupError> {
    let file = resolve_path(file)?;
    let location = Location::File(file.clone());
    let path = copy.to_str().ok_or_else(|| unwritable(target, "its name is not UTF-8"))?;
    // Not read-only: the last one to close the file must be able to remove its write-ahead log.
    let mut state = connect(&file, "rw").await?;
    sqlx::raw_sql(WAIT).execute(&mut state).await.map_err(|error| classify(&location, "open it", &error))?;
    if applied_migrations(&location, &mut state).await?.is_empty() {
        return Err(StoreError::Empty { place: location.to_string() }.into());
    }
    let copied = sqlx::query("vacuum into $1").bind(path.to_owned()).execute(&mut state).await;
    let copied = copied.map_err(|error| match classify(&location, "copy it", &error) {
        // SQLite does not say which of the two files had no room: the state is only read.
        StoreError::Full { reason, .. } => unwritable(target, &reason),
        error => error.into(),
    });
    state.close().await.map_err(|error| classify(&location, "close it", &error))?;
    copied.map(drop)
}

/// Has SQLite read the whole copy.
async fn verify(copy: &Path, target: &Path) -> Result<(), BackupError> {
    let damaged = |reason: String| BackupError::Damaged { file: target.to_owned(), reason };
    let mut connection = connect(copy, "ro&immutable=1").await?;
    let checked = sqlx::query_scalar::<_, String>("pragma integrity_check(1)").fetch_one(&mut connection).await;
    let found = checked.map_err(|error| damaged(error.to_string()))?;
    connection.close().await.map_err(|error| damaged(error.to_string()))?;
    if found == "ok" { Ok(()) } else { Err(damaged(found)) }
}

async fn connect(file: &Path, mode: &str) -> Result<AnyConnection, StoreError> {
    let location = Location::File(file.to_owned());
    let failed = |error| classify(&location, "open it", &error);
    let options: AnyConnectOptions = file_address(file, mode).parse().map_err(failed)?;
    options.disable_statement_logging().connect().await.map_err(failed)
}

fn unwritable(target: &Path, reason: &str) -> BackupError {
    BackupError::Unwritable { file: target.to_owned(), reason: reason.to_owned() }
}
