//! One request with its redirects: each hop is checked, waits its host's turn, and carries only what its origin may see.

use std::sync::Arc;
use std::time::Duration;

use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{
    CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION, SET_COOKIE,
};
use reqwest::{Response, StatusCode};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use url::Url;

use super::body::Reader;
use super::budget::Budget;
use super::error::shown;
use super::fresh::RetryAfter;
use super::host::Hosts;
use super::{Answer, Ask, Auth, Body, ClientError, FetchError, Options, Resolve, System, connect, fresh, guard, links};
use crate::model::{Cidr, Validators};

/// What may be made of the last answer to save a part of it, and what was (RFC 3229).
const A_IM: HeaderName = HeaderName::from_static("a-im");
const IM: HeaderName = HeaderName::from_static("im");

/// Redirects beyond this lead nowhere.
const MAX_HOPS: usize = 10;

/// Cookies that one hop may give, and how long each may be.
const MAX_COOKIES: usize = 20;
const MAX_COOKIE: usize = 4096;

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

/// Where a request stands between its redirects.
struct Trip {
    url: Url,
    /// The addresses so far, this one last.
    seen: Vec<Url>,
    /// Whether every hop so far was permanent.
    permanent: bool,
    /// What only the origin that was asked may see; nothing once a redirect has left it.
    own: HeaderMap,
    conditional: HeaderMap,
    /// What servers on the way want to be told on it, and only on it: some give a cookie, and the feed to whoever brings it.
    cookies: Option<Jar>,
    /// Whether the last hop has given one.
    has_new_cookie: bool,
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
    pub async fn get(&self, ask: &Ask<'_>) -> Result<Answer, FetchError> {
        self.get_timed(ask).await.0
    }

    /// From now on requests to a host (see [`place`](super::place)) begin so far apart, if that is further than usual.
    pub fn keep_apart(&self, host: &str, interval: Duration) {
        self.hosts.keep_apart(host, interval);
    }

    /// Asks for a source, and says how long that took without the waiting for the host's turn.
    pub async fn get_timed(&self, ask: &Ask<'_>) -> (Result<Answer, FetchError>, Duration) {
        let mut budget = Budget::new(self.timeout);
        let answer = self.travel(ask, &mut budget).await;
        (answer, budget.spent())
    }

    /// Sends a form to an address that a feed has named, at its host's turn. Redirects are not followed, and of the answer the
    /// beginning is read, which may say what was wrong.
    pub async fn post(&self, address: &str, form: &[(&str, &str)]) -> Result<(u16, String), FetchError> {
        let url = guard::check_url(address, &self.allow)?;
        self.check_proxy(&url)?;
        let _turn = self.hosts.turn(&place(&url)).await;
        let _place = self.places.acquire().await.ok();
        let mut budget = Budget::new(self.timeout);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body).send();
        let late = || FetchError::Timeout { url: shown(&url), after: self.timeout };
        let mut response = match budget.spend(request).await {
            Ok(answered) => answered.map_err(|error| FetchError::of_request(&error, &url, self.timeout))?,
            Err(_) => return Err(late()),
        };
        let mut said = Vec::new();
        while said.len() < MAX_SAID {
            match budget.spend(response.chunk()).await.map_err(|_| late())? {
                Ok(Some(chunk)) => said.extend_from_slice(&chunk[..chunk.len().min(MAX_SAID - said.len())]),
                _ => break,
            }
        }
        Ok((response.status().as_u16(), String::from_utf8_lossy(&said).trim().to_owned()))
    }

    async fn travel(&self, ask: &Ask<'_>, budget: &mut Budget) -> Result<Answer, FetchError> {
        let mut trip = Trip::begin(&self.http, ask, &guard::check_url(ask.url, &self.allow)?)?;
        loop {
            self.check_proxy(&trip.url)?;
            let url = trip.url.clone();
            let _turn = self.hosts.turn(&place(&url)).await;
            let _place = self.places.acquire().await.ok();
            let response = self.send(&trip, budget).await?;
            match response.status() {
                StatusCode::NOT_MODIFIED if !trip.conditional.is_empty() => {
                    let validators = fresh::renewed(ask.validators, response.headers());
                    let fresh_for = fresh::fresh_for(response.headers());
                    return Ok(Answer::NotModified { validators, moved: trip.moved(), fresh_for });
                }
                // We never ask for a part (206), so that one is no answer to us; nor is what was made from the last one in a way
                // that we did not ask for (226).
                status
                    if status.is_success()
                        && status != StatusCode::PARTIAL_CONTENT
                        && (status != StatusCode::IM_USED || is_of_feed(response.headers())) =>
                {
                    return self.body(&trip, response, budget).await.map(Answer::Body);
                }
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => trip.follow(&response, &self.allow)?,
                status => {
                    let retry_after = RetryAfter::read(response.headers());
                    return Err(FetchError::Http { url: shown(&url), status: status.as_u16(), retry_after });
                }
            }
        }
    }

    async fn send(&self, trip: &Trip, budget: &mut Budget) -> Result<Response, FetchError> {
        let url = &trip.url;
        let mut headers = trip.conditional.clone();
        headers.extend(trip.own.clone());
        if let Some(cookie) = trip.cookies.as_ref().and_then(|jar| jar.cookies(url)).filter(|_| !headers.contains_key(COOKIE)) {
            headers.insert(COOKIE, cookie);
        }
        let request = self.http.get(url.clone()).headers(headers).send();
        match budget.spend(request).await {
            Ok(answered) => answered.map_err(|error| FetchError::of_request(&error, url, self.timeout)),
            Err(_) => Err(FetchError::Timeout { url: shown(url), after: self.timeout }),
        }
    }

    async fn body(&self, trip: &Trip, response: Response, budget: &mut Budget) -> Result<Body, FetchError> {
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .filter(|value| value.len() <= MAX_CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let validators = fresh::validators(response.headers());
        let fresh_for = fresh::fresh_for(response.headers());
        let stale_for = fresh::stale_for(response.headers());
        let links = links::links(response.headers(), &trip.url);
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
            return Err(FetchError::Private { url: shown(url), why: "its host is the proxy of [fetch]".to_owned() });
        }
        Ok(())
    }
}

impl Trip {
    fn begin(http: &reqwest::Client, ask: &Ask<'_>, url: &Url) -> Result<Self, FetchError> {
        let unsendable = |why| FetchError::Unsendable { url: shown(url), why };
        let (own, url) = own_headers(http, url.clone(), ask).map_err(unsendable)?;
        let conditional = conditional(ask.validators);
        Ok(Self { seen: vec![url.clone()], url, permanent: true, own, conditional, cookies: None, has_new_cookie: false })
    }

    /// Where the asked address has moved for good, if it has.
    fn moved(&self) -> Option<String> {
        (self.permanent && self.seen.len() > 1).then(|| self.url.to_string())
    }

    /// Goes where a redirect points, if that is somewhere we may go.
    fn follow(&mut self, response: &Response, allow: &[Cidr]) -> Result<(), FetchError> {
        self.keep_cookies(response.headers());
        let status = response.status();
        let refuse = |why: String| FetchError::Redirect { url: shown(&self.url), why };
        let location = response.headers().get(LOCATION).map(|value| escaped(value.as_bytes()));
        let location = location.filter(|location| !location.is_empty());
        let location = location.ok_or_else(|| refuse(format!("it answers {status} without saying where to")))?;
        let next = target(&self.url, &location).map_err(refuse)?;
        guard::check(&next, allow).map_err(|error| match error {
            FetchError::Private { url, why } => {
                FetchError::Private { url, why: format!("{why} ({} redirects there)", shown(&self.url)) }
            }
            other => other,
        })?;
        // With a cookie that it did not have before, a server may answer otherwise.
        if self.seen.contains(&next) && !self.has_new_cookie {
            return Err(refuse(format!("it redirects in a circle, back to {}", shown(&next))));
        }
        if self.seen.len() > MAX_HOPS {
            return Err(refuse(format!("{MAX_HOPS} redirects came before it, and it redirects again")));
        }
        if next.origin() != self.url.origin() {
            self.own.clear();
        }
        self.permanent &= matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
        self.seen.push(next.clone());
        self.url = next;
        Ok(())
    }
}

impl Trip {
    /// Keeps the cookies of a redirect for the rest of the way.
    fn keep_cookies(&mut self, headers: &HeaderMap) {
        let mut given =
            headers.get_all(SET_COOKIE).iter().filter(|cookie| cookie.len() <= MAX_COOKIE).take(MAX_COOKIES).peekable();
        self.has_new_cookie = given.peek().is_some();
        if self.has_new_cookie {
            let jar = self.cookies.get_or_insert_default();
            let before = jar.cookies(&self.url);
            jar.set_cookies(&mut given, &self.url);
            self.has_new_cookie = jar.cookies(&self.url) != before;
        }
    }
}

/// Where `location` leads from `from`: without a name and password (a server does not choose whom we say we are), and
/// never from https to http, where anybody on the way could answer in the source's stead.
fn target(from: &Url, location: &str) -> Result<Url, String> {
    let mut next = from.join(location).map_err(|error| format!("it redirects to what is no URL ({error})"))?;
    take_userinfo(&mut next);
    next.set_fragment(None);
    if next.as_str().len() > guard::MAX_URL {
        return Err(format!("it redirects to a URL of more than {} bytes", guard::MAX_URL));
    }
    if from.scheme() == "https" && next.scheme() == "http" {
        return Err(format!("it redirects from https to {}, which is not encrypted", shown(&next)));
    }
    Ok(next)
}

/// A `Location` is bytes: UTF-8 as many servers send it raw, else each byte beyond ASCII escaped as it stands.
fn escaped(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => value
            .iter()
            .map(|&byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect(),
    }
}

/// Host and port: what turns are taken by.
pub(super) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    format!("{host}:{}", url.port_or_known_default().unwrap_or_default())
}

fn conditional(validators: &Validators) -> HeaderMap {
    let asked = [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)];
    let sendable = |value: &Option<String>| HeaderValue::from_bytes(value.as_deref()?.as_bytes()).ok();
    let mut headers: HeaderMap = asked.into_iter().filter_map(|(name, value)| Some((name, sendable(value)?))).collect();
    if headers.contains_key(IF_NONE_MATCH) {
        // Only what is new since then would do (RFC 3229 §10.5.3; `feed` is the method that feeds have for it).
        headers.insert(A_IM, HeaderValue::from_static("feed"));
    }
    headers
}

/// Whether a 226 was made by the one method that we know (RFC 3229 §10.5.2).
fn is_of_feed(headers: &HeaderMap) -> bool {
    let methods = headers.get_all(IM).iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(','));
    methods.map(str::trim).eq(["feed"])
}

/// What only the asked origin may see, and the URL without what it says of us. reqwest writes the `Authorization` header.
fn own_headers(http: &reqwest::Client, mut url: Url, ask: &Ask<'_>) -> Result<(HeaderMap, Url), String> {
    // Most sources are anybody's.
    if ask.auth.is_none() && ask.headers.is_empty() && url.username().is_empty() && url.password().is_none() {
        return Ok((HeaderMap::new(), url));
    }
    if ask.auth.is_some() {
        take_userinfo(&mut url);
    }
    let request = match ask.auth {
        None => http.get(url.clone()), // a name and password of the URL become Basic authentication here
        Some(Auth::Basic { user, password }) => http.get(url.clone()).basic_auth(user, Some(password.expose_secret())),
        Some(Auth::Bearer(token)) => http.get(url.clone()).bearer_auth(token.expose_secret()),
    };
    let request = request.build().map_err(|_| "its `auth` has characters that a header cannot hold")?;
    let mut headers = request.headers().clone();
    for (name, value) in ask.headers {
        let wrong = || format!("its header {name:?} has characters that a header cannot hold");
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        headers.insert(header, secret(value.expose_secret()).ok_or_else(wrong)?);
    }
    take_userinfo(&mut url);
    Ok((headers, url))
}

/// Only a URL without a host can refuse this, and that one was refused before.
fn take_userinfo(url: &mut Url) {
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

fn secret(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
