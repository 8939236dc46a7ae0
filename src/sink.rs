//! The output: files that are replaced as a whole or not at all, and not touched if nothing has changed.

mod dir;
mod media_type;
mod object;
mod written;

use std::fmt;
use std::io;
use std::path::PathBuf;

use futures::future::BoxFuture;

pub use dir::OutputDir;
pub use media_type::media_type;
pub use object::{BucketSettings, ObjectFailure, ObjectLook, ObjectSink, SettingsError};
pub use written::{Stamp, WriteOutcome, WrittenFile};

/// The prefix of files that are being written. Web servers hide names that begin with a dot.
const TEMPORARY: &str = ".relais-";

/// An output: a folder, or a bucket. Each file is replaced as a whole, and a file that has its bytes already is not touched.
///
/// Names may contain `/`, and must not lead out of the output.
pub trait Sink: fmt::Debug + Send + Sync {
    /// Writes a file, unless it has these bytes already.
    fn write<'s>(&'s self, name: &'s str, bytes: Vec<u8>) -> BoxFuture<'s, Result<(WriteOutcome, WrittenFile), SinkError>>;

    /// Returns true if there is a file of this name.
    fn has<'s>(&'s self, name: &'s str) -> BoxFuture<'s, Result<bool, SinkError>>;

    /// Returns true if a file has not been touched since it was written. It is not read.
    fn is_unchanged<'s>(&'s self, file: &'s WrittenFile) -> BoxFuture<'s, Result<bool, SinkError>>;

    /// Looks closely at a file. Returns its record, with its present stamp, if it has the bytes that were written.
    fn verify<'s>(&'s self, file: &'s WrittenFile) -> BoxFuture<'s, Result<Option<WrittenFile>, SinkError>>;

    /// Removes a file. A file that does not exist is no error.
    fn remove<'s>(&'s self, name: &'s str) -> BoxFuture<'s, Result<(), SinkError>>;
}

/// Returns true for a name that stays within the output, and is not that of a temporary file.
fn is_name(name: &str) -> bool {
    let fits = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0') && !part.starts_with(TEMPORARY);
    name.split('/').all(fits)
}

/// An error of writing a file. In each case the old file is whole and unchanged.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The folder does not exist and cannot be made.
    #[error("cannot make the folder {folder:?}: {source}; make it yourself, or name another one as `output`")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Permission to write in the folder was denied.
    #[error(
        "cannot write {name:?} in {folder:?}: {source}{owner}; run relais as that user, give it the right to write there, or name another folder as `output`"
    )]
    Denied {
        /// The file.
        name: String,
        /// The folder.
        folder: PathBuf,
        /// The owner of the folder, as the end of a sentence.
        owner: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The disk is full.
    #[error("cannot write {name:?} in {folder:?}: {source}; make room there, the old file is kept")]
    Full {
        /// The file.
        name: String,
        /// The folder.
        folder: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A request to the server of a bucket failed.
    #[error("cannot {attempt} in {place}: {failure} ({detail}); {}", failure.hint())]
    Object {
        /// The attempt, such as `write "jeux.atom"`.
        attempt: String,
        /// The bucket.
        place: String,
        /// The class of the failure.
        failure: ObjectFailure,
        /// The server's answer, in short, or why it was not reached.
        detail: String,
    },
    /// The name leads out of the output.
    #[error("cannot write {name:?}: it is no name of a file within the output")]
    Name {
        /// The name.
        name: String,
    },
    /// Another error of the system.
    #[error("cannot write {name:?} in {folder:?}: {source}; the old file is kept")]
    Other {
        /// The file.
        name: String,
        /// The folder.
        folder: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}
