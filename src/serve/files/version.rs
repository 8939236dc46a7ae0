//! The versions of files that were read, with what was made of them. They are kept in memory as long as there is room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::http::HeaderValue;
use headers::{ETag, HeaderMapExt, LastModified};
use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::encoding::{CODINGS, Coding, encode};
use super::origin::{Found, Look, LookError, Mark, Origin};

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
        let (now, last) = (millis_since(started), self.0.load(Ordering::Relaxed));
        is_due(now, last) && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Returns true if somebody has to look.
    pub(super) fn is_due(&self, started: Instant) -> bool {
        is_due(millis_since(started), self.0.load(Ordering::Relaxed))
    }
}

fn millis_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

fn is_due(now: u64, last: u64) -> bool {
    last == 0 || u128::from(now.saturating_sub(last)) >= CHECK_EVERY.as_millis()
}

/// One version of a file.
pub(super) struct Version {
    /// The first digits of its SHA-256, as the manifest has it.
    tag: String,
    pub(super) modified: SystemTime,
    /// The same as a header.
    pub(super) last_modified: HeaderValue,
    /// The strong validator of each coding: codings differ in their bytes (RFC 9110 §8.8.3.3).
    tags: [Option<(ETag, HeaderValue)>; CODINGS + 1],
    mark: Mark,
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
    fn new(found: Found) -> Self {
        let mut tag: String = Sha256::digest(&found.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        tag.truncate(TAG_DIGITS);
        let entity_tag = |coding: Coding| {
            let text = format!("\"{tag}{}\"", coding.tag_suffix());
            Some((text.parse().ok()?, HeaderValue::from_str(&text).ok()?))
        };
        let tags = Coding::ALL.map(entity_tag);
        let mut fields = axum::http::HeaderMap::new();
        fields.typed_insert(LastModified::from(found.modified));
        Self {
            tags,
            tag,
            modified: found.modified,
            last_modified: fields.remove(axum::http::header::LAST_MODIFIED).unwrap_or(HeaderValue::from_static("")),
            mark: found.mark,
            plain: found.bytes,
            encoded: [const { OnceCell::const_new() }; CODINGS],
            check: Check::default(),
        }
    }

    /// Returns the validator of a coding, and the same as a header.
    pub(super) fn entity_tag(&self, coding: Coding) -> Option<&(ETag, HeaderValue)> {
        self.tags[coding.place().map_or(0, |place| place + 1)].as_ref()
    }

    /// Returns the bytes in a coding; as they are, if the coding saves nothing. It is made once for each version.
    pub(super) async fn content(self: &Arc<Self>, coding: Coding) -> Content {
        let Some(place) = coding.place() else { return self.plain() };
        let make = || async {
            let bytes = self.plain.clone();
            tokio::task::spawn_blocking(move || encode(coding, &bytes)).await.unwrap_or_default()
        };
        let encoded = self.encoded[place].get_or_init(make).await;
        encoded.as_ref().map_or_else(|| self.plain(), |bytes| Content { coding, bytes: bytes.clone() })
    }

    /// Returns the same, if it has been made.
    pub(super) fn made_content(&self, coding: Coding) -> Option<Content> {
        let Some(place) = coding.place() else { return Some(self.plain()) };
        let made = self.encoded[place].get()?;
        Some(made.as_ref().map_or_else(|| self.plain(), |bytes| Content { coding, bytes: bytes.clone() }))
    }

    fn plain(&self) -> Content {
        Content { coding: Coding::Identity, bytes: self.plain.clone() }
    }

    /// Returns true if the manifest lists these bytes.
    fn is_listed(&self, sha256: Option<&str>) -> bool {
        sha256.is_some_and(|listed| listed.starts_with(&self.tag))
    }
}

/// Counts a version with its encodings, which are not larger than itself together.
#[derive(Clone)]
struct Weight;

impl Weighter<String, Arc<Version>> for Weight {
    fn weight(&self, name: &String, version: &Arc<Version>) -> u64 {
        (name.len() + 512 + 2 * version.plain.len()) as u64
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
    /// Returns the version in memory, if it need not be looked at. An object that the manifest lists as it is never needs that.
    pub(super) fn known(&self, origin: &Origin, (name, sha256): (&str, Option<&str>), started: Instant) -> Option<Arc<Version>> {
        let known = self.0.get(name)?;
        let is_current = (origin.is_bucket() && known.is_listed(sha256)) || !known.check.is_due(started);
        is_current.then_some(known)
    }

    /// Returns the present version of a file that the manifest lists. One request a second looks whether it has changed; of several that
    /// want one that is not in memory, one reads it.
    pub(super) async fn get(
        &self,
        origin: &Origin,
        (name, sha256): (&str, Option<&str>),
        started: Instant,
    ) -> Result<Option<Arc<Version>>, LookError> {
        if let Some(known) = self.known(origin, (name, sha256), started) {
            return Ok(Some(known));
        }
        let known = match self.0.get_value_or_guard_async(name).await {
            Ok(known) if !known.check.claim(started) => return Ok(Some(known)),
            Ok(known) => known,
            Err(guard) => {
                let Look::Changed(found) = origin.look(name, None, MAX_BYTES).await? else { return Ok(None) };
                let version = Arc::new(Version::new(found));
                version.check.claim(started);
                let _ = guard.insert(Arc::clone(&version));
                return Ok(Some(version));
            }
        };
        match origin.look(name, Some(known.mark.clone()), MAX_BYTES).await {
            Ok(Look::Same) => Ok(Some(known)),
            Ok(Look::Changed(found)) => {
                let version = Arc::new(Version::new(found));
                version.check.claim(started);
                self.0.insert(name.to_owned(), Arc::clone(&version));
                Ok(Some(version))
            }
            Ok(Look::Missing) => {
                self.0.remove(name);
                Ok(None)
            }
            // What is in memory was right a second ago.
            Err(LookError::Object(error)) => {
                tracing::debug!("{error}");
                Ok(Some(known))
            }
            Err(error @ LookError::File(_)) => {
                self.0.remove(name);
                Err(error)
            }
        }
    }
}
