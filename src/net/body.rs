//! Response bodies, read within `max_bytes` (counted after decompression) and within a memory limit over all bodies.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::buffer::grow;
use super::deadline::Deadline;
use super::decompress::{Coding, Decompressor, Progress, coding_names, detect_coding};
use super::error::FetchError;
use super::link_header::Link;
use super::redact::redacted;
use crate::model::{BreakKind, Validators};

/// The size up to which a body needs no permit, in bytes. Few feeds are larger.
const SMALL: usize = 1 << 20;

/// The most that is allocated on the strength of a `Content-Length` alone, in bytes.
const MAX_PREALLOCATED: usize = 256 << 10;

/// The number of larger bodies in memory. With 64 sources in flight and `max_bytes` = 8 MiB that is at most
/// 60 × 1 MiB + 4 × 8 MiB = 92 MiB, not 64 × 8 MiB = 512 MiB; while all are decompressed, twice that. (Measured with 64 bodies of 8 MiB: 131 MB for the whole process,
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
    /// The failure that ended it before its end. What had arrived by then is here.
    pub damage: Option<Box<FetchError>>,
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
            damage: None,
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

    /// Reads a body to its end, and decompresses it. One larger than [`SMALL`] waits for a permit, and the server waits with it. Only
    /// the time spent waiting for the server counts towards `deadline`.
    pub(super) async fn read_body(
        &self,
        response: reqwest::Response,
        url: &Url,
        deadline: &mut Deadline,
    ) -> Result<ReadBody, FetchError> {
        let codings = coding_names(response.headers());
        let mut body = self.receive(response, url, deadline).await?;
        for name in codings {
            if let Some(coding) = detect_coding(&name, &body.bytes) {
                body = self.decompress(body, coding, url).await?;
            }
        }
        Ok(body)
    }

    /// Receives a body as it is sent. One that breaks off is kept up to there.
    async fn receive(&self, mut response: reqwest::Response, url: &Url, deadline: &mut Deadline) -> Result<ReadBody, FetchError> {
        // A stated length can end the request early and save some growing, but it is not trusted with memory.
        if response.content_length().is_some_and(|stated| stated > self.max_bytes) {
            return Err(self.too_big(url));
        }
        let limit = deadline.limit();
        let timed_out = || FetchError::Timeout { url: redacted(url), after: limit };
        let stated = response.content_length().and_then(|stated| usize::try_from(stated).ok()).unwrap_or(0);
        let mut body = ReadBody { bytes: Vec::with_capacity(stated.min(MAX_PREALLOCATED)), permit: None, damage: None };
        loop {
            let chunk = match deadline.run(response.chunk()).await.map_err(|_| timed_out())? {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(body),
                Err(error) if error.is_timeout() || body.bytes.is_empty() => {
                    return Err(FetchError::from_body(&error, url, limit));
                }
                Err(error) => {
                    body.damage = Some(Box::new(FetchError::from_body(&error, url, limit)));
                    return Ok(body);
                }
            };
            let size = body.bytes.len() + chunk.len();
            if size as u64 > self.max_bytes {
                return Err(self.too_big(url));
            }
            if size > SMALL {
                self.permit(&mut body.permit).await;
            }
            grow(&mut body.bytes, size, if body.permit.is_some() { self.max_bytes } else { SMALL as u64 });
            body.bytes.extend_from_slice(&chunk);
        }
    }

    /// Decompresses a body on another thread: a few kilobytes may become megabytes. What precedes an error is kept.
    async fn decompress(&self, body: ReadBody, coding: Coding, url: &Url) -> Result<ReadBody, FetchError> {
        let ReadBody { bytes, mut permit, mut damage } = body;
        let broken = |why: String| FetchError::BrokenBody { kind: BreakKind::Unreadable, url: redacted(url), why };
        let most = usize::try_from(self.max_bytes).unwrap_or(usize::MAX - 1);
        let mut work = Decompressor::new(bytes, coding).map_err(|error| broken(error.to_string()))?;
        loop {
            let limit = if permit.is_some() { most } else { most.min(SMALL) };
            let step = move || {
                let progress = work.run(limit);
                (work, progress)
            };
            let (after, progress) = tokio::task::spawn_blocking(step).await.map_err(|error| broken(error.to_string()))?;
            work = after;
            match progress {
                Progress::Done => break,
                Progress::Full if limit == most => return Err(self.too_big(url)),
                Progress::Full => self.permit(&mut permit).await,
                Progress::Damaged(error) if work.out.is_empty() => {
                    return Err(damage.map_or_else(|| broken(error.to_string()), |damage| *damage));
                }
                Progress::Damaged(error) => {
                    damage = damage.or_else(|| Some(Box::new(broken(error.to_string()))));
                    break;
                }
            }
        }
        Ok(ReadBody { bytes: work.out, permit, damage })
    }

    /// Waits for a permit, unless there is one.
    async fn permit(&self, permit: &mut Option<OwnedSemaphorePermit>) {
        if permit.is_none() {
            *permit = Some(Arc::clone(&self.large).acquire_owned().await.expect("this semaphore is never closed"));
        }
    }

    fn too_big(&self, url: &Url) -> FetchError {
        FetchError::TooBig { url: redacted(url), limit: self.max_bytes }
    }
}

/// The bytes of a body.
pub(super) struct ReadBody {
    pub(super) bytes: Vec<u8>,
    pub(super) permit: Option<OwnedSemaphorePermit>,
    /// See [`Body::damage`].
    pub(super) damage: Option<Box<FetchError>>,
}
