//! Response bodies, read within `max_bytes` (counted after decompression) and within a memory limit over all bodies.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::deadline::Deadline;
use super::error::FetchError;
use super::link_header::Link;
use super::redact::redacted;
use crate::model::Validators;

/// The size up to which a body needs no permit, in bytes. Few feeds are larger.
const SMALL: usize = 1 << 20;

/// The most that is allocated on the strength of a `Content-Length` alone, in bytes.
const MAX_PREALLOCATED: usize = 256 << 10;

/// The number of larger bodies in memory. With 64 sources in flight and `max_bytes` = 8 MiB that is at most
/// 60 × 1 MiB + 4 × 8 MiB = 92 MiB, not 64 × 8 MiB = 512 MiB. (Measured with 64 bodies of 8 MiB: 131 MB for the whole process,
/// with the buffers of both ends and the allocator's own.)
const MAX_LARGE: usize = 4;

/// A body, decompressed but not decoded. A large one holds one of four permits until it is dropped: drop it before you fetch
/// anything else, or four of them deadlock.
#[derive(Debug)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The validators for the next request.
    pub validators: Validators,
    /// The address after all redirects, to which relative links are relative.
    pub url: String,
    /// The new address, if every redirect on the way was permanent (301, 308).
    pub moved: Option<String>,
    /// The freshness lifetime that the server states, at most a day.
    pub fresh_for: Option<Duration>,
    /// The time for which it may replace a failing response (`stale-if-error`, RFC 5861 §4), at most a week.
    pub stale_for: Option<Duration>,
    /// The links in the response headers.
    pub links: Vec<Link>,
    /// True if it holds only the entries that are new since the last response (226, RFC 3229 §10.4.1): the others are
    /// unchanged, not withdrawn.
    pub is_part: bool,
    pub(super) _permit: Option<OwnedSemaphorePermit>,
}

impl Body {
    /// Makes a body of what a hub has pushed about `url`. It is partial: entries that it does not name are unchanged.
    pub fn pushed(bytes: Vec<u8>, content_type: Option<String>, url: String) -> Self {
        Self {
            bytes,
            content_type,
            validators: Validators::default(),
            url,
            moved: None,
            fresh_for: None,
            stale_for: None,
            links: Vec::new(),
            is_part: true,
            _permit: None,
        }
    }
}

/// Reads the bodies of one client.
pub(super) struct BodyReader {
    max_bytes: u64,
    large: Arc<Semaphore>,
}

impl BodyReader {
    /// Reads bodies of at most `max_bytes`.
    pub(super) fn new(max_bytes: u64) -> Self {
        Self { max_bytes, large: Arc::new(Semaphore::new(MAX_LARGE)) }
    }

    /// Reads a body to its end. One larger than [`SMALL`] waits for a permit, and the server waits with it. Only the time
    /// spent waiting for the server counts towards `deadline`.
    pub(super) async fn read_body(
        &self,
        mut response: reqwest::Response,
        url: &Url,
        deadline: &mut Deadline,
    ) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), FetchError> {
        let too_big = || FetchError::TooBig { url: redacted(url), limit: self.max_bytes };
        // A stated length can end the request early and save some growing, but it is not trusted with memory.
        if response.content_length().is_some_and(|stated| stated > self.max_bytes) {
            return Err(too_big());
        }
        let limit = deadline.limit();
        let timed_out = || FetchError::Timeout { url: redacted(url), after: limit };
        let stated = response.content_length().and_then(|stated| usize::try_from(stated).ok()).unwrap_or(0);
        let mut bytes = Vec::with_capacity(stated.min(MAX_PREALLOCATED));
        let mut permit = None;
        loop {
            let chunk = deadline.run(response.chunk()).await.map_err(|_| timed_out())?;
            let Some(chunk) = chunk.map_err(|error| FetchError::from_body(&error, url, limit))? else {
                return Ok((bytes, permit));
            };
            let size = bytes.len() + chunk.len();
            if size as u64 > self.max_bytes {
                return Err(too_big());
            }
            if size > SMALL && permit.is_none() {
                permit = Some(Arc::clone(&self.large).acquire_owned().await.expect("this semaphore is never closed"));
            }
            grow(&mut bytes, size, if permit.is_some() { self.max_bytes } else { SMALL as u64 });
            bytes.extend_from_slice(&chunk);
        }
    }
}

/// Makes room for `size` bytes. The capacity doubles, so that growing stays cheap, but not beyond `limit`, which `size` does not
/// exceed. (`Vec` alone would double past it.)
fn grow(bytes: &mut Vec<u8>, size: usize, limit: u64) {
    if size > bytes.capacity() {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let room = size.max((2 * bytes.capacity()).min(limit));
        bytes.reserve_exact(room - bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_never_reserves_more_than_its_limit() {
        let mut bytes = Vec::new();
        let mut moves = 0;
        for size in (1..=1000).map(|n| n * 1000) {
            let before = bytes.capacity();
            grow(&mut bytes, size, 1_000_000);
            moves += u32::from(bytes.capacity() != before);
            bytes.resize(size, 0);
            assert!(bytes.capacity() <= 1_000_000);
        }
        assert!(moves <= 12, "it grew {moves} times");
    }
}
