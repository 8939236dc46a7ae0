//! The permissions of the files of a SQLite state: they hold secrets of hubs and addresses of sources, so only their owner reads them.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::location::with_suffix;

/// Read and write for the owner.
pub(super) const PRIVATE: u32 = 0o600;

/// Makes the file of a state if it does not exist, so that SQLite does not make it with other permissions, and takes the
/// permissions of strangers away from a state that an older version made. A group that an operator has let in stays.
///
/// Errors are left to SQLite, which meets them too and says what they mean.
pub(super) fn make_private(file: &Path) {
    let _ = OpenOptions::new().create_new(true).write(true).mode(PRIVATE).open(file);
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let path = with_suffix(file, suffix);
        if fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o007 != 0) {
            let _ = fs::set_permissions(&path, Permissions::from_mode(PRIVATE));
        }
    }
}

/// Warns of a file without a byte in it: no state is, so something has emptied it.
pub(super) fn warn_if_emptied(file: &Path) {
    if fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.len() == 0) {
        let file = file.display();
        tracing::warn!(
            "the state in {file} is an empty file, and is begun anew: entries and translations made so far are not in it\n\
             hint: if it held something, stop relais and restore a backup"
        );
    }
}
