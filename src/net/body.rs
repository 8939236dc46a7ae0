//! Reading a body without letting it fill the memory: counted after decompression, stopped at `max_bytes`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::deadline::Budget;
use super::error::FetchError;
use super::link_header::Link;
use super::redact::redacted;
use crate::model::Validators;

/// What a body may hold in memory without a permit; a feed seldom needs more.
const FREE: usize = 1 << 20;

/// How much is reserved for a body because its server says that it is so large.
const BELIEVED: usize = 256 << 10;

/// How many larger bodies may be in memory. With 64 sources in flight and `max_bytes` = 8 MiB that is at most
/// 60 × 1 MiB + 4 × 8 MiB = 92 MiB, not 64 × 8 MiB = 512 MiB. (64 bodies of 8 MiB at once: 131 MB for the whole process,
/// with the buffers of both ends and what the allocator keeps.)
const LARGE: usize = 4;

/// A body as it was sent, decompressed but not decoded. A large one keeps one of four permits until it is dropped:
/// drop it before fetching anything else, or four such hold up each other for ever.
#[derive(Debug)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// What to ask with next time.
    pub validators: Validators,
    /// Where it came from, after all redirects: what relative links are relative to.
    pub url: String,
    /// Where the asked address has moved for good: every redirect on the way was a permanent one (301, 308).
    pub moved: Option<String>,
    /// For how long it is good, if its server says so: a day at most.
    pub fresh_for: Option<Duration>,
    /// For how long it may stand in for an answer that fails, if its server says so (`stale-if-error`, RFC 5861 §4): a week at
    /// most.
    pub stale_for: Option<Duration>,
    /// What its headers link to.
    pub links: Vec<Link>,
    /// Whether it holds only what is new since the last one: what it does not name is as it was (226, RFC 3229 §10.4.1).
    pub is_part: bool,
    pub(super) _permit: Option<OwnedSemaphorePermit>,
}

impl Body {
    /// What was not fetched but sent to us, about an address: what it does not name is as it was.
    pub fn sent(bytes: Vec<u8>, content_type: Option<String>, url: String) -> Self {
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

/// Reads bodies, all of one client.
pub(super) struct Reader {
    max_bytes: u64,
    large: Arc<Semaphore>,
}

impl Reader {
    /// A reader of bodies of at most `max_bytes`.
    pub(super) fn new(max_bytes: u64) -> Self {
        Self { max_bytes, large: Arc::new(Semaphore::new(LARGE)) }
    }

    /// Reads all of a body. Once it is larger than [`FREE`] it waits for a permit, and the server waits with it: only
    /// the waiting for the server is charged to `budget`.
    pub(super) async fn read(
        &self,
        mut response: reqwest::Response,
        url: &Url,
        budget: &mut Budget,
    ) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), FetchError> {
        let too_big = || FetchError::TooBig { url: redacted(url), limit: self.max_bytes };
        // What the server states saves reading in vain, and a little of it saves growing; it is nothing to allocate more by.
        if response.content_length().is_some_and(|stated| stated > self.max_bytes) {
            return Err(too_big());
        }
        let whole = budget.whole();
        let late = || FetchError::Timeout { url: redacted(url), after: whole };
        let stated = response.content_length().and_then(|stated| usize::try_from(stated).ok()).unwrap_or(0);
        let mut bytes = Vec::with_capacity(stated.min(BELIEVED));
        let mut permit = None;
        loop {
            let chunk = budget.spend(response.chunk()).await.map_err(|_| late())?;
            let Some(chunk) = chunk.map_err(|error| FetchError::of_body(&error, url, whole))? else {
                return Ok((bytes, permit));
            };
            let size = bytes.len() + chunk.len();
            if size as u64 > self.max_bytes {
                return Err(too_big());
            }
            if size > FREE && permit.is_none() {
                permit = Some(Arc::clone(&self.large).acquire_owned().await.expect("this semaphore is never closed"));
            }
            grow(&mut bytes, size, if permit.is_some() { self.max_bytes } else { FREE as u64 });
            bytes.extend_from_slice(&chunk);
        }
    }
}

/// Makes room for `size` bytes: twice what there was, so that growing stays cheap, but not beyond `limit`, which `size`
/// does not exceed. (`Vec` by itself would double past it.)
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
    fn a_body_never_reserves_more_than_its_limit() {
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
