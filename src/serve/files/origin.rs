//! Reads the published files from a folder, or from a bucket of an S3 server.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::body::Bytes;

use crate::sink::{ObjectLook, ObjectSink, SinkError};

/// A folder or a bucket.
pub(super) enum Origin {
    Folder(PathBuf),
    Bucket(Box<ObjectSink>),
}

/// The marks that tell one version of a file from the next without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    File {
        inode: u64,
        size: u64,
        modified: (i64, i64),
    },
    /// The `ETag` of an object.
    Object(Option<String>),
}

/// A file that was read.
pub(super) struct Found {
    pub(super) bytes: Bytes,
    pub(super) modified: SystemTime,
    pub(super) mark: Mark,
}

/// The finding of a look at a file.
pub(super) enum Look {
    /// It is as it was.
    Same,
    /// It does not exist, is too large, or is no plain file.
    Missing,
    Changed(Found),
}

/// A look that failed: nothing is known of the file.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    #[error(transparent)]
    Object(#[from] SinkError),
    #[error("cannot read a file of the output: {0}")]
    File(#[from] io::Error),
}

impl Mark {
    fn of(meta: &Metadata) -> Self {
        Self::File { inode: meta.ino(), size: meta.len(), modified: (meta.mtime(), meta.mtime_nsec()) }
    }
}

impl Origin {
    /// Returns true if the names of the manifest are all that is asked for: an object is not looked at to see whether it has changed, as
    /// each look is a request that is paid for.
    pub(super) fn is_bucket(&self) -> bool {
        matches!(self, Self::Bucket(_))
    }

    /// Looks at a file, and reads it if it has not this mark.
    pub(super) async fn look(&self, name: &str, known: Option<Mark>, most: u64) -> Result<Look, LookError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let look = tokio::task::spawn_blocking(move || look_at_file(&path, known.as_ref(), most));
                Ok(look.await.map_err(io::Error::other)??)
            }
            Self::Bucket(bucket) => {
                let etag = known.and_then(|mark| if let Mark::Object(etag) = mark { etag } else { None });
                Ok(match bucket.look(name, etag.as_deref(), most).await? {
                    ObjectLook::Same => Look::Same,
                    ObjectLook::Missing => Look::Missing,
                    ObjectLook::Changed { bytes, modified, e_tag } => {
                        Look::Changed(Found { bytes: bytes.into(), modified, mark: Mark::Object(e_tag) })
                    }
                })
            }
        }
    }
}

fn look_at_file(path: &Path, known: Option<&Mark>, most: u64) -> io::Result<Look> {
    let meta = match fs::symlink_metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(Look::Missing),
        meta => meta?,
    };
    if !meta.is_file() || meta.len() > most {
        return Ok(Look::Missing);
    }
    if known == Some(&Mark::of(&meta)) {
        return Ok(Look::Same);
    }
    let mut file = File::open(path)?;
    // Of the file that is open: another one may have taken its place.
    let meta = file.metadata()?;
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(most)).unwrap_or_default());
    Read::by_ref(&mut file).take(most).read_to_end(&mut bytes)?;
    Ok(Look::Changed(Found { bytes: bytes.into(), modified: meta.modified()?, mark: Mark::of(&meta) }))
}
