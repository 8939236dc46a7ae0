//! Where the output goes: files that are replaced whole or not at all, and left alone when nothing changed.

mod dir;

use std::io;
use std::path::PathBuf;

pub use dir::OutputDir;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It is new, or its bytes are.
    New,
    /// It had these bytes already and was not touched.
    Same,
}

/// Why a file could not be written. In each case the file that was there before is whole and as it was.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The folder is not there and cannot be made.
    #[error("cannot make the folder {folder:?}: {source}; make it yourself, or name another one as `output`")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing may be written in the folder.
    #[error(
        "cannot write {name:?} in {folder:?}: {source}{owner}; run relais as that user, give it the right to write there, or name another folder as `output`"
    )]
    Denied {
        /// The file.
        name: String,
        /// The folder.
        folder: PathBuf,
        /// Whose it is, as the end of a sentence.
        owner: String,
        /// What the system says.
        source: io::Error,
    },
    /// There is no room.
    #[error("cannot write {name:?} in {folder:?}: {source}; make room there, the old file is kept")]
    Full {
        /// The file.
        name: String,
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A name that leads out of the folder.
    #[error("cannot write {name:?}: it is no name of a file within the output")]
    Name {
        /// The name.
        name: String,
    },
    /// Anything else.
    #[error("cannot write {name:?} in {folder:?}: {source}; the old file is kept")]
    Other {
        /// The file.
        name: String,
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}
