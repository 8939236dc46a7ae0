//! Large files, fetched piece by piece and resumed where an earlier attempt broke off.
//!
//! They are subject to the same rules as sources: the same addresses are refused, before the request and after each redirect.

use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_RANGE, RANGE};
use reqwest::{Method, StatusCode};
use tokio::time::timeout;
use url::Url;

use super::cache_headers::RetryAfter;
use super::client::Client;
use super::deadline::Deadline;
use super::error::FetchError;
use super::guard::check_url;
use super::redact::{redacted, url_host_key};
use super::redirect::RedirectChain;
use super::request::Request;
use super::trace::{RequestEnd, RequestLog};
use crate::model::Validators;

/// The longest time without a byte.
const IDLE: Duration = Duration::from_secs(60);

/// A file on its way.
pub struct Download {
    response: reqwest::Response,
    url: Url,
    /// The number of bytes before the first one that comes. It is 0 if the server does not send parts.
    pub starts_at: u64,
}

impl Client {
    /// Asks for a file from the byte `from` on. Redirects are followed; the time limit of the client holds for each answer, not for the
    /// whole file.
    pub async fn download(&self, address: &str, from: u64) -> Result<Download, FetchError> {
        let checked = check_url(address, self.allowed())?;
        let request = Request { url: address, validators: &Validators::default(), headers: &[], auth: None };
        let mut chain = RedirectChain::start(self.http(), &request, &checked)?;
        loop {
            self.check_proxy(&chain.url)?;
            let _turn = self.hosts().turn(&url_host_key(&chain.url)).await;
            let log = RequestLog::start(Method::GET, &chain.url, chain.redirects());
            let mut request = self.http().get(chain.url.clone()).headers(chain.headers());
            request = request.header(ACCEPT_ENCODING, "identity").header(ACCEPT, "*/*");
            if from > 0 {
                request = request.header(RANGE, format!("bytes={from}-"));
            }
            let response = self.send(request, &chain.url, &mut Deadline::new(self.timeout())).await?;
            let status = response.status();
            log.finish(&RequestEnd::Response { status, bytes: 0 });
            if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
                chain.follow(&response, self.allowed())?;
                continue;
            }
            let starts_at = match status {
                StatusCode::OK => Some(0),
                StatusCode::PARTIAL_CONTENT => first_byte(&response).filter(|first| *first == from),
                _ => None,
            };
            let Some(starts_at) = starts_at else {
                let retry_after = RetryAfter::from_headers(response.headers());
                return Err(FetchError::Http { url: redacted(&chain.url), status: status.as_u16(), retry_after });
            };
            return Ok(Download { response, url: chain.url, starts_at });
        }
    }
}

impl Download {
    /// Returns the next bytes, or nothing at the end.
    pub async fn next(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, FetchError> {
        let timed_out = |_| FetchError::Timeout { url: redacted(&self.url), after: IDLE };
        let chunk = timeout(IDLE, self.response.chunk()).await.map_err(timed_out)?;
        chunk.map_err(|error| FetchError::from_body(&error, &self.url, IDLE))
    }
}

/// Returns the number of the first byte of a part: `Content-Range: bytes 100-199/200` (RFC 9110 §14.4).
fn first_byte(response: &reqwest::Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}
