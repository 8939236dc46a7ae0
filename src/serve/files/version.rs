//! The versions of files that were read, with what was made of them. They are kept in memory as long as there is room.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use headers::ETag;
use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::encoding::{CODINGS, Coding, encode};

/// The time for which a file is believed to be as it was.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// The largest file that is served.
const MAX_BYTES: u64 = 64 << 20;
/// The bytes of files that are kept in memory, encoded ones included.
const KEPT_BYTES: u64 = 128 << 20;
/// The number of files for which the cache makes room at first.
const USUAL_FILES: usize = 256;
/// The digits of a hash that make a validator.
const TAG_DIGITS: usize = 32;

/// The time at which something was last looked at.
#[derive(Default)]
pub(super) struct Check(AtomicU64);

impl Check {
    /// Returns true for one caller a second, who has to look.
    pub(super) fn claim(&self, started: Instant) -> bool {
        let now = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        let last = self.0.load(Ordering::Relaxed);
        let is_due = last == 0 || u128::from(now.saturating_sub(last)) >= CHECK_EVERY.as_millis();
        is_due && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The marks that tell one version of a file from the next without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    pub(super) fn of(meta: &Metadata) -> Self {
        Self { inode: meta.ino(), size: meta.len(), modified: (meta.mtime(), meta.mtime_nsec()) }
    }
}

/// One version of a file.
pub(super) struct Version {
    /// The first digits of its SHA-256, as the manifest has it.
    tag: String,
    pub(super) modified: SystemTime,
    stamp: Stamp,
    plain: Bytes,
    encoded: [OnceCell<Option<Bytes>>; CODINGS],
    check: Check,
}

/// The bytes of a version in one coding.
pub(super) struct Content {
    pub(super) coding: Coding,
    pub(super) bytes: Bytes,
}

impl Version {
    /// Reads a file. Returns nothing if it is not a plain file, or too large.
    fn read(path: &Path) -> io::Result<Option<Self>> {
        let meta = fs::symlink_metadata(path)?;
        if !meta.is_file() || meta.len() > MAX_BYTES {
            return Ok(None);
        }
        let mut file = File::open(path)?;
        // Of the file that is open: another one may have taken its place.
        let meta = file.metadata()?;
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
        Read::by_ref(&mut file).take(MAX_BYTES).read_to_end(&mut bytes)?;
        let mut tag: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        tag.truncate(TAG_DIGITS);
        Ok(Some(Self {
            tag,
            modified: meta.modified()?,
            stamp: Stamp::of(&meta),
            plain: bytes.into(),
            encoded: [const { OnceCell::const_new() }; CODINGS],
            check: Check::default(),
        }))
    }

    /// Returns the strong validator of a coding: codings differ in their bytes (RFC 9110 §8.8.3.3).
    pub(super) fn entity_tag(&self, coding: Coding) -> Option<ETag> {
        format!("\"{}{}\"", self.tag, coding.tag_suffix()).parse().ok()
    }

    /// Returns the bytes in a coding; as they are, if the coding saves nothing. It is made once for each version.
    pub(super) async fn content(self: &Arc<Self>, coding: Coding) -> Content {
        let plain = Content { coding: Coding::Identity, bytes: self.plain.clone() };
        let Some(place) = coding.place() else { return plain };
        let make = || async {
            let bytes = self.plain.clone();
            tokio::task::spawn_blocking(move || encode(coding, &bytes)).await.unwrap_or_default()
        };
        match self.encoded[place].get_or_init(make).await {
            Some(bytes) => Content { coding, bytes: bytes.clone() },
            None => plain,
        }
    }
}

/// Counts a version with its encodings, which are not larger than itself together.
#[derive(Clone)]
struct Weight;

impl Weighter<String, Arc<Version>> for Weight {
    fn weight(&self, name: &String, version: &Arc<Version>) -> u64 {
        (name.len() + 256 + 2 * version.plain.len()) as u64
    }
}

/// The versions in memory, by name.
pub(super) struct Versions(Cache<String, Arc<Version>, Weight>);

impl Default for Versions {
    fn default() -> Self {
        Self(Cache::with_weighter(USUAL_FILES, KEPT_BYTES, Weight))
    }
}

impl Versions {
    /// Returns the present version of a file that the manifest lists. One request a second looks whether it has changed.
    pub(super) async fn get(&self, folder: &Path, name: &str, started: Instant) -> Option<Arc<Version>> {
        let known = self.0.get(name);
        if let Some(version) = &known
            && !version.check.claim(started)
        {
            return known;
        }
        let path = folder.join(name);
        let stamp = known.as_ref().map(|version| version.stamp);
        let read = tokio::task::spawn_blocking(move || {
            let is_same = stamp.is_some() && fs::symlink_metadata(&path).ok().map(|meta| Stamp::of(&meta)) == stamp;
            if is_same { Ok(None) } else { Version::read(&path).map(Some) }
        });
        match read.await {
            Ok(Ok(None)) => known,
            Ok(Ok(Some(Some(version)))) => {
                let version = Arc::new(version);
                version.check.claim(started);
                self.0.insert(name.to_owned(), Arc::clone(&version));
                Some(version)
            }
            Ok(Ok(Some(None)) | Err(_)) | Err(_) => {
                self.0.remove(name);
                None
            }
        }
    }
}
