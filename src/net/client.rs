//! One request with its redirects: each hop is checked and waits its host's turn.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use tokio::sync::Semaphore;
use url::Url;

use super::body::Reader;
use super::cache_headers::RetryAfter;
use super::deadline::Budget;
use super::rate_limit::Hosts;
use super::redact::{redacted, url_host_key};
use super::redirect::{Trip, take_userinfo};
use super::{
    Body, ClientError, FetchError, Options, Request, Resolve, Response, System, cache_headers, connect, guard, link_header,
};
use crate::model::{Cidr, Validators};

/// How an answer was made from the last one (RFC 3229).
const IM: HeaderName = HeaderName::from_static("im");

/// What is read of the answer to a form.
const MAX_SAID: usize = 500;

/// A longer `Content-Type` is of no use to anybody.
const MAX_CONTENT_TYPE: usize = 256;

/// Fetches, politely and safely. One for the whole program.
pub struct Client {
    http: reqwest::Client,
    hosts: Hosts,
    /// What is in flight. Taken after the host's turn, so that waiting for a slow host keeps nobody else waiting.
    places: Semaphore,
    bodies: Reader,
    allow: Vec<Cidr>,
    proxy_host: Option<String>,
    timeout: Duration,
}

impl Client {
    /// A client that looks names up as the system does.
    pub fn new(options: Options) -> Result<Self, ClientError> {
        Self::with_resolver(options, Arc::new(System))
    }

    /// A client that looks names up through `resolver`; what it gives is checked as ever.
    pub fn with_resolver(options: Options, resolver: Arc<dyn Resolve>) -> Result<Self, ClientError> {
        let (http, proxy_host) = connect::build(&options, resolver)?;
        Ok(Self {
            http,
            hosts: Hosts::new(options.per_host, options.host_interval),
            places: Semaphore::new(options.concurrency),
            bodies: Reader::new(options.max_bytes),
            allow: options.allow_private,
            proxy_host,
            timeout: options.timeout,
        })
    }

    /// Asks for a source.
    pub async fn get(&self, ask: &Request<'_>) -> Result<Response, FetchError> {
        self.get_timed(ask).await.0
    }

    /// From now on requests to a host (see [`host_key`](super::host_key)) begin so far apart, if that is further than usual.
    pub fn set_host_interval(&self, host: &str, interval: Duration) {
        self.hosts.set_host_interval(host, interval);
    }

    /// Asks for a source, and says how long that took without the waiting for the host's turn.
    pub async fn get_timed(&self, ask: &Request<'_>) -> (Result<Response, FetchError>, Duration) {
        let mut budget = Budget::new(self.timeout);
        let answer = self.travel(ask, &mut budget).await;
        (answer, budget.spent())
    }

    /// Sends a form to an address that a feed has named, at its host's turn. Only redirects that keep the form are followed (307, 308),
    /// and of the answer the beginning is read, which may say what was wrong.
    pub async fn post(&self, address: &str, form: &[(&str, &str)]) -> Result<(u16, String), FetchError> {
        let mut url = guard::check_url(address, &self.allow)?;
        // Whoever names an address does not choose whom we say we are.
        take_userinfo(&mut url);
        let ask = Request { url: url.as_str(), validators: &Validators::default(), headers: &[], auth: None };
        let mut trip = Trip::begin(&self.http, &ask, &url)?;
        let mut budget = Budget::new(self.timeout);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        loop {
            self.check_proxy(&trip.url)?;
            let _turn = self.hosts.turn(&url_host_key(&trip.url)).await;
            let _place = self.places.acquire().await.ok();
            let request = self.http.post(trip.url.clone()).headers(trip.headers());
            let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.clone()).send();
            let response = match budget.spend(request).await {
                Ok(answered) => answered.map_err(|error| FetchError::of_request(&error, &trip.url, self.timeout))?,
                Err(_) => return Err(self.late(&trip.url)),
            };
            match response.status() {
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => trip.follow(&response, &self.allow)?,
                status => return Ok((status.as_u16(), self.beginning(response, &trip.url, &mut budget).await?)),
            }
        }
    }

    /// How an answer begins, as text.
    async fn beginning(&self, mut response: reqwest::Response, url: &Url, budget: &mut Budget) -> Result<String, FetchError> {
        let mut said = Vec::new();
        while said.len() < MAX_SAID {
            match budget.spend(response.chunk()).await.map_err(|_| self.late(url))? {
                Ok(Some(chunk)) => said.extend_from_slice(&chunk[..chunk.len().min(MAX_SAID - said.len())]),
                _ => break,
            }
        }
        Ok(String::from_utf8_lossy(&said).trim().to_owned())
    }

    fn late(&self, url: &Url) -> FetchError {
        FetchError::Timeout { url: redacted(url), after: self.timeout }
    }

    async fn travel(&self, ask: &Request<'_>, budget: &mut Budget) -> Result<Response, FetchError> {
        let mut trip = Trip::begin(&self.http, ask, &guard::check_url(ask.url, &self.allow)?)?;
        loop {
            self.check_proxy(&trip.url)?;
            let url = trip.url.clone();
            let _turn = self.hosts.turn(&url_host_key(&url)).await;
            let _place = self.places.acquire().await.ok();
            let response = self.send(&trip, budget).await?;
            match response.status() {
                StatusCode::NOT_MODIFIED if trip.is_conditional() => {
                    let validators = cache_headers::renewed(ask.validators, response.headers());
                    let fresh_for = cache_headers::fresh_for(response.headers());
                    return Ok(Response::NotModified { validators, moved: trip.moved(), fresh_for });
                }
                // We never ask for a part (206), so that one is no answer to us; nor is what was made from the last one in a way
                // that we did not ask for (226).
                status
                    if status.is_success()
                        && status != StatusCode::PARTIAL_CONTENT
                        && (status != StatusCode::IM_USED || trip.asks_for_parts() && is_of_feed(response.headers())) =>
                {
                    return self.body(&trip, response, budget).await.map(Response::Body);
                }
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => trip.follow(&response, &self.allow)?,
                status => {
                    let retry_after = RetryAfter::read(response.headers());
                    return Err(FetchError::Http { url: redacted(&url), status: status.as_u16(), retry_after });
                }
            }
        }
    }

    async fn send(&self, trip: &Trip, budget: &mut Budget) -> Result<reqwest::Response, FetchError> {
        let url = &trip.url;
        let request = self.http.get(url.clone()).headers(trip.headers()).send();
        match budget.spend(request).await {
            Ok(answered) => answered.map_err(|error| FetchError::of_request(&error, url, self.timeout)),
            Err(_) => Err(self.late(url)),
        }
    }

    async fn body(&self, trip: &Trip, response: reqwest::Response, budget: &mut Budget) -> Result<Body, FetchError> {
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .filter(|value| value.len() <= MAX_CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let validators = cache_headers::validators(response.headers());
        let fresh_for = cache_headers::fresh_for(response.headers());
        let stale_for = cache_headers::stale_for(response.headers());
        let links = link_header::links(response.headers(), &trip.url);
        let is_part = response.status() == StatusCode::IM_USED;
        let (bytes, permit) = self.bodies.read(response, &trip.url, budget).await?;
        Ok(Body {
            bytes,
            content_type,
            validators,
            url: trip.url.to_string(),
            moved: trip.moved(),
            fresh_for,
            stale_for,
            links,
            is_part,
            _permit: permit,
        })
    }

    /// The resolver lets the proxy's name through to wherever it leads; a source that bears it would go there too.
    fn check_proxy(&self, url: &Url) -> Result<(), FetchError> {
        let host = url.host_str().map(|host| host.trim_end_matches('.'));
        if host.is_some() && host == self.proxy_host.as_deref() {
            return Err(FetchError::Private { url: redacted(url), why: "its host is the proxy of [fetch]".to_owned() });
        }
        Ok(())
    }
}

/// Whether a 226 was made by the one method that we know (RFC 3229 §10.5.2).
fn is_of_feed(headers: &HeaderMap) -> bool {
    let methods = headers.get_all(IM).iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(','));
    methods.map(str::trim).eq(["feed"])
}
