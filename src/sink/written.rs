//! The record of a file that was written, by which a later run finds out whether it still is what it was.

use std::fmt::Write as _;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The result of writing a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The file is new, or has new bytes.
    New,
    /// The file had these bytes already and was not touched.
    Same,
}

/// A file as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFile {
    /// The name within the output.
    pub name: String,
    /// The size in bytes.
    pub size: u64,
    /// The SHA-256 of the bytes, in hexadecimal digits.
    pub sha256: String,
    /// The stamp of the file when it had these bytes.
    pub stamp: Stamp,
}

/// A mark that changes with every write to a file, and can be had without reading it. For a file of a folder it consists of its inode
/// and the times of its last write and last change. The latter cannot be set by programs, so that copying a file back with its old
/// date shows too. For an object it consists of its `ETag` and the headers that it is served with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(String);

impl Stamp {
    pub(super) fn of(meta: &Metadata) -> Self {
        Self(format!("{} {}.{:09} {}.{:09}", meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()))
    }
}

impl Stamp {
    /// Makes the stamp of an object: its `ETag` without quotes (some servers list it without), and its headers.
    pub(super) fn of_object(e_tag: &str, media_type: &str, cache_control: &str) -> Self {
        let e_tag = e_tag.trim_start_matches("W/").trim_matches('"').to_ascii_lowercase();
        Self(format!("{e_tag} {media_type} {cache_control}"))
    }
}

/// A SHA-256 that is fed piece by piece.
#[derive(Default)]
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the hash, in hexadecimal digits.
    pub(super) fn finish(self) -> String {
        to_hex(&self.0.finalize())
    }
}

/// Returns the SHA-256 of some bytes, in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    to_hex(&Sha256::digest(bytes))
}

/// Returns the stamp and the SHA-256 of a file of this size, or nothing of one that has grown or shrunk. A change during the reading
/// makes the stamp, which is older, out of date.
pub(super) fn read_back(path: &Path, size: u64) -> io::Result<Option<(Stamp, String)>> {
    let mut file = File::open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() || meta.len() != size {
        return Ok(None);
    }
    let (mut hasher, mut buffer, mut left) = (Sha256::new(), [0; 16 * 1024], size);
    loop {
        let read = file.read(&mut buffer)?;
        let Some(rest) = left.checked_sub(read as u64) else { return Ok(None) };
        if read == 0 {
            return Ok((left == 0).then(|| (Stamp::of(&meta), to_hex(&hasher.finalize()))));
        }
        left = rest;
        hasher.update(&buffer[..read]);
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_that_of_sha256sum() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
