//! The HTTP client for sources: one request with its redirects, each checked and within the rate limit of its host.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Method, StatusCode};
use tokio::sync::Semaphore;
use tracing::Instrument;
use url::Url;

use super::body::{Body, BodyReader, ReadBody};
use super::cache_headers::{RetryAfter, freshness_lifetime, read_validators, renew_validators, stale_if_error};
use super::connect;
use super::deadline::Deadline;
use super::error::{ClientError, FetchError};
use super::guard::check_url;
use super::host::Hosts;
use super::link_header::parse_links;
use super::options::Options;
use super::redact::{redacted, url_host_key};
use super::redirect::{RedirectChain, remove_userinfo};
use super::request::{Request, Response};
use super::resolve::{Resolve, SystemResolver};
use super::trace::{RequestEnd, RequestLog};
use crate::model::{Cidr, FaultKind, Validators};

/// The response header that names how a delta was made (RFC 3229).
const IM: HeaderName = HeaderName::from_static("im");

/// The most that is read of the response to a form, in bytes.
const MAX_FORM_RESPONSE: usize = 500;

/// The longest `Content-Type`, in bytes. A longer one is ignored.
const MAX_CONTENT_TYPE: usize = 256;

/// Fetches sources within rate limits and without private addresses. One instance for the whole program.
pub struct Client {
    http: reqwest::Client,
    hosts: Hosts,
    /// Limits the requests in flight. Acquired after the host's turn, so that a slow host blocks nobody else.
    in_flight: Semaphore,
    bodies: BodyReader,
    allow: Vec<Cidr>,
    proxy_host: Option<String>,
    timeout: Duration,
}

impl Client {
    /// Makes a client that resolves names as the operating system does.
    pub fn new(options: Options) -> Result<Self, ClientError> {
        Self::with_resolver(options, Arc::new(SystemResolver))
    }

    /// Makes a client that resolves names through `resolver`. Its addresses are checked as any others.
    pub fn with_resolver(options: Options, resolver: Arc<dyn Resolve>) -> Result<Self, ClientError> {
        let (http, proxy_host) = connect::build(&options, resolver)?;
        Ok(Self {
            http,
            hosts: Hosts::new(options.per_host, options.host_interval),
            in_flight: Semaphore::new(options.concurrency),
            bodies: BodyReader::new(options.max_bytes),
            allow: options.allow_private,
            proxy_host,
            timeout: options.timeout,
        })
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(super) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    pub(super) fn allowed(&self) -> &[Cidr] {
        &self.allow
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Fetches a source. A body that breaks off is an error.
    pub async fn get(&self, request: &Request<'_>) -> Result<Response, FetchError> {
        match self.get_timed(request).await.0? {
            Response::Body(Body { damage: Some(damage), .. }) => Err(*damage),
            response => Ok(response),
        }
    }

    /// Fetches a source, and returns the time that it took without waiting for the rate limit of the host. A body that breaks off
    /// is returned with its damage.
    pub async fn get_timed(&self, request: &Request<'_>) -> (Result<Response, FetchError>, Duration) {
        let mut deadline = Deadline::new(self.timeout);
        let result = self.follow_redirects(request, &mut deadline).await;
        (result, deadline.spent())
    }

    /// Sets the interval between two requests that a host asks for (`Crawl-delay`), if it is longer than `host_interval`. A
    /// shorter one removes it. See [`host_key`](super::host_key) for the key.
    pub fn set_host_interval(&self, key: &str, interval: Duration) {
        self.hosts.set_interval(key, interval);
    }

    /// Posts a form to an address that a feed has named, such as a hub. Only redirects that keep the form are followed (307,
    /// 308). Returns the status and the beginning of the response, which may explain a failure.
    pub async fn post(&self, address: &str, form: &[(&str, &str)]) -> Result<(u16, String), FetchError> {
        let mut url = check_url(address, &self.allow)?;
        // A feed does not choose the credentials that we send.
        remove_userinfo(&mut url);
        let request = Request { url: url.as_str(), validators: &Validators::default(), headers: &[], auth: None };
        let mut chain = RedirectChain::start(&self.http, &request, &url)?;
        let mut deadline = Deadline::new(self.timeout);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        loop {
            self.check_proxy(&chain.url)?;
            let _turn = self.hosts.turn(&url_host_key(&chain.url)).await;
            let _place = self.in_flight.acquire().await.ok();
            let log = RequestLog::start(Method::POST, &chain.url, chain.redirects());
            let answered = self.post_once(&chain, &body, &mut deadline).instrument(log.span()).await;
            let (response, text) = log_end(log, answered, |(response, text)| (response.status(), text.len()))?;
            match response.status() {
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => chain.follow(&response, &self.allow)?,
                status => return Ok((status.as_u16(), text)),
            }
        }
    }

    async fn post_once(
        &self,
        chain: &RedirectChain,
        body: &str,
        deadline: &mut Deadline,
    ) -> Result<(reqwest::Response, String), FetchError> {
        let request = self.http.post(chain.url.clone()).headers(chain.headers());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").header(ACCEPT_ENCODING, "identity");
        let request = request.body(body.to_owned());
        let mut response = self.send(request, &chain.url, deadline).await?;
        let mut text = Vec::new();
        let is_followed = matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        while text.len() < MAX_FORM_RESPONSE && !is_followed {
            match deadline.run(response.chunk()).await.map_err(|_| self.timed_out(&chain.url))? {
                Ok(Some(chunk)) => text.extend_from_slice(&chunk[..chunk.len().min(MAX_FORM_RESPONSE - text.len())]),
                _ => break,
            }
        }
        Ok((response, String::from_utf8_lossy(&text).trim().to_owned()))
    }

    async fn follow_redirects(&self, request: &Request<'_>, deadline: &mut Deadline) -> Result<Response, FetchError> {
        let mut chain = RedirectChain::start(&self.http, request, &check_url(request.url, &self.allow)?)?;
        loop {
            self.check_proxy(&chain.url)?;
            let _turn = self.hosts.turn(&url_host_key(&chain.url)).await;
            let _place = self.in_flight.acquire().await.ok();
            let log = RequestLog::start(Method::GET, &chain.url, chain.redirects());
            let answered = self.get_once(&mut chain, request.validators, deadline).instrument(log.span()).await;
            let (response, ..) = log_end(log, answered, |(_, status, bytes)| (*status, *bytes))?;
            if let Some(response) = response {
                return Ok(response);
            }
        }
    }

    /// Sends one GET request. Returns its response, or nothing if it was a redirect and `chain` points to the next address; and the
    /// status and the size of the body.
    async fn get_once(
        &self,
        chain: &mut RedirectChain,
        validators: &Validators,
        deadline: &mut Deadline,
    ) -> Result<(Option<Response>, StatusCode, usize), FetchError> {
        let request = self.http.get(chain.url.clone()).headers(chain.headers());
        let response = self.send(request, &chain.url, deadline).await?;
        let (status, headers) = (response.status(), response.headers());
        match status {
            StatusCode::NOT_MODIFIED if chain.is_conditional() => {
                let validators = renew_validators(validators, headers);
                let response = Response::NotModified { validators, moved: chain.moved(), fresh_for: freshness_lifetime(headers) };
                Ok((Some(response), status, 0))
            }
            status if is_usable(status, headers, chain) => {
                let body = self.read_body(chain, response, deadline).await?;
                let bytes = body.bytes.len();
                Ok((Some(Response::Body(body)), status, bytes))
            }
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => {
                chain.follow(&response, &self.allow)?;
                Ok((None, status, 0))
            }
            status => {
                let retry_after = RetryAfter::from_headers(headers);
                if let Some(retry_after) = retry_after {
                    tracing::debug!(http.status = status.as_u16(), ?retry_after, "the server asks to retry later");
                }
                Err(FetchError::Http { url: redacted(&chain.url), status: status.as_u16(), retry_after })
            }
        }
    }

    pub(super) async fn send(
        &self,
        request: reqwest::RequestBuilder,
        url: &Url,
        deadline: &mut Deadline,
    ) -> Result<reqwest::Response, FetchError> {
        let response = deadline.run(request.send()).await.map_err(|_| self.timed_out(url))?;
        response.map_err(|error| FetchError::from_request(&error, url, self.timeout))
    }

    async fn read_body(
        &self,
        chain: &RedirectChain,
        response: reqwest::Response,
        deadline: &mut Deadline,
    ) -> Result<Body, FetchError> {
        let headers = response.headers();
        let content_type = headers
            .get(CONTENT_TYPE)
            .filter(|value| value.len() <= MAX_CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let validators = read_validators(headers);
        let fresh_for = freshness_lifetime(headers);
        let stale_for = stale_if_error(headers);
        let links = parse_links(headers, &chain.url);
        let is_part = response.status() == StatusCode::IM_USED;
        let ReadBody { bytes, permit, damage } = self.bodies.read_body(response, &chain.url, deadline).await?;
        Ok(Body {
            bytes,
            content_type,
            validators,
            url: chain.url.to_string(),
            moved: chain.moved(),
            fresh_for,
            stale_for,
            links,
            is_part,
            damage,
            _permit: permit,
        })
    }

    fn timed_out(&self, url: &Url) -> FetchError {
        FetchError::Timeout { url: redacted(url), after: self.timeout }
    }

    /// Refuses a URL that names the proxy: the resolver lets that name through to wherever it leads.
    pub(super) fn check_proxy(&self, url: &Url) -> Result<(), FetchError> {
        let host = url.host_str().map(|host| host.trim_end_matches('.'));
        if host.is_some() && host == self.proxy_host.as_deref() {
            return Err(FetchError::Private { url: redacted(url), why: "its host is the proxy of [fetch]".to_owned() });
        }
        Ok(())
    }
}

/// Returns true if a response is a feed or a page. A part (206) is never requested; a delta (226) counts only if it was requested
/// and made by the method for feeds.
fn is_usable(status: StatusCode, headers: &HeaderMap, chain: &RedirectChain) -> bool {
    match status {
        StatusCode::PARTIAL_CONTENT => false,
        StatusCode::IM_USED => chain.accepts_delta() && is_feed_delta(headers),
        status => status.is_success(),
    }
}

/// Returns true if a 226 was made by the method for feeds alone (RFC 3229 §10.5.2).
fn is_feed_delta(headers: &HeaderMap) -> bool {
    let methods = headers.get_all(IM).iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(','));
    methods.map(str::trim).eq(["feed"])
}

/// Logs the end of a request, and returns its result.
fn log_end<T>(
    log: RequestLog,
    result: Result<T, FetchError>,
    size: impl FnOnce(&T) -> (StatusCode, usize),
) -> Result<T, FetchError> {
    match &result {
        Ok(done) => {
            let (status, bytes) = size(done);
            log.finish(&RequestEnd::Response { status, bytes });
        }
        Err(error) => {
            let kind = FaultKind::from(error.kind()).as_str();
            log.finish(&RequestEnd::Failed { status: error.status(), kind });
        }
    }
    result
}
