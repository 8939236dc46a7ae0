//! The output: files that are replaced as a whole or not at all, and not touched if nothing has changed.

mod dir;
mod written;

use std::io;
use std::path::PathBuf;

pub use dir::OutputDir;
pub use written::{Stamp, WriteOutcome, WrittenFile};

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
    /// The name leads out of the folder.
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
