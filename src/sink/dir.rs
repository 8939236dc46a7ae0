//! A folder of output files. Its own operations block; as a [`Sink`] it does them on threads for blocking work.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use futures::FutureExt;
use futures::future::BoxFuture;

use super::written::{self, Stamp, WriteOutcome, WrittenFile};
use super::{Sink, SinkError, TEMPORARY, is_name};

/// The depth of folders to which temporary files of killed runs are searched for.
const DEEPEST: u32 = 4;

/// The folder that `output` names.
#[derive(Clone, Debug)]
pub struct OutputDir {
    path: PathBuf,
}

impl OutputDir {
    /// Opens the folder, makes it (and its parents) if it does not exist, and removes temporary files of killed runs.
    pub fn open(path: &Path) -> Result<Self, SinkError> {
        make_folder(path)?;
        remove_stale(path, DEEPEST);
        Ok(Self { path: path.to_owned() })
    }

    /// Writes a file. `name` may contain `/`; the folders are made. A file that has these bytes already is not touched.
    ///
    /// A symbolic link of that name is replaced, not followed: a user who can put a link here must not make relais write
    /// elsewhere. Links to folders are followed: they are how an operator moves `archive` to another disk.
    pub fn write_file(&self, name: &str, bytes: &[u8]) -> Result<(WriteOutcome, WrittenFile), SinkError> {
        let target = self.resolve(name)?;
        let written =
            |stamp| WrittenFile { name: name.to_owned(), size: bytes.len() as u64, sha256: written::sha256(bytes), stamp };
        if let Some(stamp) = stamp_if_same(&target, bytes) {
            return Ok((WriteOutcome::Same, written(stamp)));
        }
        let folder = target.parent().unwrap_or(&self.path);
        make_folder(folder)?;
        let stamp = replace_file(folder, &target, bytes).map_err(|source| classify(name, folder, source))?;
        Ok((WriteOutcome::New, written(stamp)))
    }

    /// Returns true if there is a file of this name.
    pub fn has_file(&self, name: &str) -> bool {
        self.resolve(name).is_ok_and(|target| fs::symlink_metadata(target).is_ok())
    }

    /// Returns true if a file has not been touched since it was written. It is not read.
    pub fn is_untouched(&self, file: &WrittenFile) -> bool {
        let meta = self.resolve(&file.name).ok().and_then(|target| fs::symlink_metadata(target).ok());
        meta.is_some_and(|meta| meta.is_file() && meta.len() == file.size && Stamp::of(&meta) == file.stamp)
    }

    /// Reads a file. Returns its record, with its present stamp, if it has the bytes that were written. A file that cannot be read has
    /// not: writing it again reports the cause.
    pub fn read_back(&self, file: &WrittenFile) -> Option<WrittenFile> {
        let target = self.resolve(&file.name).ok()?;
        if !is_file_of_size(&target, file.size) {
            return None;
        }
        let (stamp, sha256) = written::read_back(&target, file.size).ok().flatten()?;
        (sha256 == file.sha256).then(|| WrittenFile { stamp, ..file.clone() })
    }

    /// Removes a file. A file that does not exist is no error.
    pub fn remove_file(&self, name: &str) -> Result<(), SinkError> {
        let target = self.resolve(name)?;
        let folder = target.parent().unwrap_or(&self.path);
        match fs::remove_file(&target) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            result => result.and_then(|()| sync_folder(folder)).map_err(|source| classify(name, folder, source)),
        }
    }

    /// Returns the path of a name. It must stay within the folder, and must not be that of a temporary file.
    fn resolve(&self, name: &str) -> Result<PathBuf, SinkError> {
        if is_name(name) { Ok(self.path.join(name)) } else { Err(SinkError::Name { name: name.to_owned() }) }
    }

    /// Does something that waits for the disk, off the async threads.
    async fn off_thread<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Self) -> Result<T, SinkError> + Send + 'static,
    ) -> Result<T, SinkError> {
        let (dir, name) = (self.clone(), name.to_owned());
        let lost = SinkError::Other { name, folder: self.path.clone(), source: io::Error::other("the thread has ended") };
        tokio::task::spawn_blocking(move || work(&dir)).await.map_err(|_| lost)?
    }
}

impl Sink for OutputDir {
    fn write<'s>(&'s self, name: &'s str, bytes: Vec<u8>) -> BoxFuture<'s, Result<(WriteOutcome, WrittenFile), SinkError>> {
        let file = name.to_owned();
        self.off_thread(name, move |dir| dir.write_file(&file, &bytes)).boxed()
    }

    fn has<'s>(&'s self, name: &'s str) -> BoxFuture<'s, Result<bool, SinkError>> {
        std::future::ready(Ok(self.has_file(name))).boxed()
    }

    // One look at the folder is less than a change of threads.
    fn is_unchanged<'s>(&'s self, file: &'s WrittenFile) -> BoxFuture<'s, Result<bool, SinkError>> {
        std::future::ready(Ok(self.is_untouched(file))).boxed()
    }

    fn verify<'s>(&'s self, file: &'s WrittenFile) -> BoxFuture<'s, Result<Option<WrittenFile>, SinkError>> {
        let wanted = file.clone();
        self.off_thread(&file.name, move |dir| Ok(dir.read_back(&wanted))).boxed()
    }

    fn remove<'s>(&'s self, name: &'s str) -> BoxFuture<'s, Result<(), SinkError>> {
        let file = name.to_owned();
        self.off_thread(name, move |dir| dir.remove_file(&file)).boxed()
    }
}

fn make_folder(folder: &Path) -> Result<(), SinkError> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    let made = fs::create_dir_all(folder).and_then(|()| {
        // Web servers must be able to enter them, whatever the umask.
        missing.iter().try_for_each(|path| fs::set_permissions(path, Permissions::from_mode(0o755)))
    });
    made.map_err(|source| SinkError::Folder { folder: folder.to_owned(), source })
}

fn is_file_of_size(path: &Path, size: u64) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == size)
}

/// Returns the stamp of a file that has exactly these bytes. A file that cannot be read is written again, which reports the cause.
fn stamp_if_same(path: &Path, bytes: &[u8]) -> Option<Stamp> {
    // The stamp is older than what is read: a change in between makes it out of date.
    let stamp = Stamp::of(&fs::symlink_metadata(path).ok()?);
    (is_file_of_size(path, bytes.len() as u64) && fs::read(path).is_ok_and(|there| there == bytes)).then_some(stamp)
}

/// Writes a temporary file and renames it to the target: readers see the old file or the new one, also after a power cut.
/// Returns its stamp.
fn replace_file(folder: &Path, target: &Path, bytes: &[u8]) -> io::Result<Stamp> {
    let mut file: NamedTempFile = Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
    // The lock is held until the file is closed or the process ends: a locked file is being written. Without locks in the file
    // system, only the protection against another relais that starts at this moment is lost.
    let _ = file.as_file().try_lock();
    file.write_all(bytes)?;
    // tempfile makes files that only their owner can read; a web server must be able to read them.
    file.as_file().set_permissions(Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    let file = file.persist(target).map_err(|error| error.error)?;
    // Renaming changed it, so this comes last.
    let stamp = Stamp::of(&file.metadata()?);
    sync_folder(folder)?;
    Ok(stamp)
}

/// Syncs a folder, so that a rename or removal survives a power cut.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot sync folders; the file itself is safe.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

/// Removes temporary files that nobody has locked. Their age does not count: there is no clock here, and on a slow disk a file
/// that is being written looks old. Errors are ignored: the files are hidden, and the next run tries again.
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

/// Maps an error of the system by its remedy.
fn classify(name: &str, folder: &Path, source: io::Error) -> SinkError {
    let (name, folder) = (name.to_owned(), folder.to_owned());
    match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            let owner = fs::metadata(&folder).map_or_else(|_| String::new(), |meta| owner_hint(meta.uid(), meta.mode()));
            SinkError::Denied { name, folder, owner, source }
        }
        // EFBIG is what a process meets whose files may not grow further (`ulimit -f`).
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => SinkError::Full { name, folder, source },
        _ => SinkError::Other { name, folder, source },
    }
}

fn owner_hint(user: u32, mode: u32) -> String {
    format!(" (the folder belongs to user {user} and has mode {:04o})", mode & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_disk_and_denied_permission_are_distinct_errors() {
        let told = |code: i32| classify("jeux.atom", Path::new("/"), io::Error::from_raw_os_error(code));
        // Numbers of Linux: ENOSPC, EDQUOT, EACCES, EROFS, EIO.
        assert!(matches!(told(28), SinkError::Full { .. }) && matches!(told(122), SinkError::Full { .. }));
        assert!(matches!(told(13), SinkError::Denied { .. }) && matches!(told(30), SinkError::Denied { .. }));
        assert!(matches!(told(5), SinkError::Other { .. }));
        let denied = told(13).to_string();
        assert!(denied.contains("\"jeux.atom\" in \"/\"") && denied.contains("belongs to user 0 and has mode 0"), "{denied}");
    }
}
