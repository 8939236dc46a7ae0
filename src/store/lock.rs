//! The lock of a SQLite state: `FILE.lock` beside it, locked by the process that works on the state, which writes there who it is.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::Store;
use super::error::StoreError;
use super::location::{Location, with_suffix};
use super::permissions::PRIVATE;
use crate::model::LockHolder;

/// The most bytes of a lock file that are read: a name of a process takes a hundred.
const MAX_HOLDER: u64 = 1024;

impl Store {
    /// Writes into the lock file who holds it, for processes that find it locked. Does nothing on a server, which has no lock.
    pub fn record_holder(&self, holder: &LockHolder) -> Result<(), StoreError> {
        let Location::File(file) = &self.location else { return Ok(()) };
        let path = with_suffix(file, ".lock");
        let text = serde_json::to_string(holder).unwrap_or_default() + "\n";
        let written =
            OpenOptions::new().write(true).truncate(true).open(&path).and_then(|mut lock| lock.write_all(text.as_bytes()));
        written.map_err(|error| unusable(file, &path, &error))
    }
}

/// Locks `FILE.lock`. The file is kept when the lock is released: deleting it would let two processes lock two files of one
/// name. What an earlier holder wrote is removed.
pub(super) fn lock_file(file: &Path) -> Result<File, StoreError> {
    let path = with_suffix(file, ".lock");
    let unusable = |error: io::Error| unusable(file, &path, &error);
    let lock = OpenOptions::new().create(true).append(true).mode(PRIVATE).open(&path).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => lock.set_len(0).map(|()| lock).map_err(unusable),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { file: file.display().to_string(), holder: read_holder(&path) }),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// Returns the holder of a lock; nothing if it has not written itself, or not in a form that is known here.
fn read_holder(path: &Path) -> Option<LockHolder> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_HOLDER).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn unusable(file: &Path, path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unreachable {
        place: file.display().to_string(),
        reason: format!("{} cannot be locked ({error}); check who may write there", path.display()),
    }
}
