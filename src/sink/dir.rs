//! A folder of output files. Blocking: a pass calls it off the async threads.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::{SinkError, WriteOutcome};

/// How the names of files begin that are being written. Web servers hide what begins with a dot.
const TEMPORARY: &str = ".relais-";

/// How deep folders are looked through for temporaries of runs that were killed.
const DEEPEST: u32 = 4;

/// The folder that `output` names.
#[derive(Clone, Debug)]
pub struct OutputDir {
    path: PathBuf,
}

impl OutputDir {
    /// Takes the folder, making it (and those above it) if it is not there, and removes what killed runs have left in it.
    pub fn open(path: &Path) -> Result<Self, SinkError> {
        make(path)?;
        remove_stale(path, DEEPEST);
        Ok(Self { path: path.to_owned() })
    }

    /// Puts a file there. `name` may hold `/`; the folders are made. A file that has these bytes already is not touched.
    ///
    /// A symbolic link of that name is replaced, not followed: whoever can put a link here must not make us write
    /// elsewhere. Links to folders are followed: they are how an operator moves `archive` to another disk.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<WriteOutcome, SinkError> {
        let target = self.target(name)?;
        if holds(&target, bytes) {
            return Ok(WriteOutcome::Same);
        }
        let folder = target.parent().unwrap_or(&self.path);
        make(folder)?;
        replace(folder, &target, bytes).map_err(|source| fault(name, folder, source))?;
        Ok(WriteOutcome::New)
    }

    /// Whether a file of that name and size is there.
    pub fn has(&self, name: &str, size: u64) -> bool {
        self.target(name).is_ok_and(|target| is_file_of(&target, size))
    }

    /// Removes a file; one that is not there is no error.
    pub fn remove(&self, name: &str) -> Result<(), SinkError> {
        let target = self.target(name)?;
        let folder = target.parent().unwrap_or(&self.path);
        match fs::remove_file(&target) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            result => result.and_then(|()| sync(folder)).map_err(|source| fault(name, folder, source)),
        }
    }

    /// The path of a name that stays within the folder and is none of our temporaries.
    fn target(&self, name: &str) -> Result<PathBuf, SinkError> {
        let fits = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0') && !part.starts_with(TEMPORARY);
        if name.split('/').all(fits) { Ok(self.path.join(name)) } else { Err(SinkError::Name { name: name.to_owned() }) }
    }
}

fn make(folder: &Path) -> Result<(), SinkError> {
    fs::create_dir_all(folder).map_err(|source| SinkError::Folder { folder: folder.to_owned(), source })
}

fn is_file_of(path: &Path, size: u64) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == size)
}

/// Whether the file has exactly these bytes. One that cannot be read is written anew, which then says what is wrong.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    is_file_of(path, bytes.len() as u64) && fs::read(path).is_ok_and(|there| there == bytes)
}

/// Writes beside the target and renames over it: readers see the old file or the new one, also after a power cut.
fn replace(folder: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file: NamedTempFile = Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
    // Held until the file is closed, also by the death of the process: what is locked is being written. A file system
    // without locks loses only the protection against another relais that starts in this instant.
    let _ = file.as_file().try_lock();
    file.write_all(bytes)?;
    // tempfile makes files that only their owner can read; a web server must read these.
    file.as_file().set_permissions(Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    sync(folder)
}

/// Makes a rename or removal last.
fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot; the file itself is safe.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

/// Removes temporaries that nobody holds a lock on. Age says nothing here: there is no clock, and a slow disk makes a file
/// that is being written look old. That it fails is no reason to stop: they are hidden, and the next run tries again.
fn remove_stale(folder: &Path, deeper: u32) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && deeper > 0 {
            remove_stale(&entry.path(), deeper - 1);
        } else if kind.is_file()
            && entry.file_name().to_string_lossy().starts_with(TEMPORARY)
            && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What went wrong, by what is to be done about it.
fn fault(name: &str, folder: &Path, source: io::Error) -> SinkError {
    let (name, folder) = (name.to_owned(), folder.to_owned());
    match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            let owner = fs::metadata(&folder).map_or_else(|_| String::new(), |meta| owner(meta.uid(), meta.mode()));
            SinkError::Denied { name, folder, owner, source }
        }
        // EFBIG is what a process meets whose files may not grow further (`ulimit -f`).
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => SinkError::Full { name, folder, source },
        _ => SinkError::Other { name, folder, source },
    }
}

fn owner(user: u32, mode: u32) -> String {
    format!(" (the folder belongs to user {user} and has mode {:04o})", mode & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_foreign_folder_are_told_apart() {
        let told = |code: i32| fault("jeux.atom", Path::new("/"), io::Error::from_raw_os_error(code));
        // Numbers of Linux: ENOSPC, EDQUOT, EACCES, EROFS, EIO.
        assert!(matches!(told(28), SinkError::Full { .. }) && matches!(told(122), SinkError::Full { .. }));
        assert!(matches!(told(13), SinkError::Denied { .. }) && matches!(told(30), SinkError::Denied { .. }));
        assert!(matches!(told(5), SinkError::Other { .. }));
        let denied = told(13).to_string();
        assert!(denied.contains("\"jeux.atom\" in \"/\"") && denied.contains("belongs to user 0 and has mode 0"), "{denied}");
    }
}
