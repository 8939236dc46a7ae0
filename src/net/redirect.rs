//! Redirects: which ones may be followed, and which headers stay with the first origin.

use reqwest::StatusCode;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION, SET_COOKIE};
use secrecy::ExposeSecret;
use url::Url;

use super::error::FetchError;
use super::guard::{MAX_URL, check_parsed_url};
use super::redact::redacted;
use super::request::{Credentials, Request};
use crate::model::{Cidr, Validators};

/// The header that accepts a response with only the new entries (RFC 3229).
const A_IM: HeaderName = HeaderName::from_static("a-im");

/// The number of redirects that are followed.
const MAX_REDIRECTS: usize = 10;

/// The number of cookies of one response, and the length of each in bytes.
const MAX_COOKIES: usize = 20;
const MAX_COOKIE: usize = 4096;

/// A request and the redirects that it has followed so far.
pub(super) struct RedirectChain {
    /// The address of the next request.
    pub(super) url: Url,
    /// The addresses so far, the next one last.
    seen: Vec<Url>,
    /// True while every redirect was permanent.
    is_permanent: bool,
    /// The headers that only the first origin may see. Empty once a redirect has left it.
    own: HeaderMap,
    conditional: HeaderMap,
    /// The cookies set on the way. They are sent on the same way only: some servers set a cookie and serve the feed only with it.
    cookies: Option<Jar>,
    /// True if the last response has changed a cookie.
    has_new_cookie: bool,
}

impl RedirectChain {
    /// Starts at the address of the request. `url` is that address, checked.
    pub(super) fn start(http: &reqwest::Client, request: &Request<'_>, url: &Url) -> Result<Self, FetchError> {
        let (own, url) = own_headers(http, url.clone(), request)?;
        let conditional = conditional_headers(request.validators);
        Ok(Self { seen: vec![url.clone()], url, is_permanent: true, own, conditional, cookies: None, has_new_cookie: false })
    }

    /// Returns the new address, if there were redirects and all were permanent.
    pub(super) fn moved(&self) -> Option<String> {
        (self.is_permanent && self.seen.len() > 1).then(|| self.url.to_string())
    }

    /// Returns the number of redirects so far.
    pub(super) fn redirects(&self) -> usize {
        self.seen.len() - 1
    }

    /// Goes to the target of a redirect, if it may be followed.
    pub(super) fn follow(&mut self, response: &reqwest::Response, allow: &[Cidr]) -> Result<(), FetchError> {
        self.keep_cookies(response.headers());
        let status = response.status();
        let refuse = |why: String| FetchError::Redirect { url: redacted(&self.url), why };
        let location = response.headers().get(LOCATION).map(|value| location_text(value.as_bytes()));
        let location = location.filter(|location| !location.is_empty());
        let location = location.ok_or_else(|| refuse(format!("it answers {status} without a Location")))?;
        let next = resolve_target(&self.url, &location)?;
        check_parsed_url(&next, allow).map_err(|error| match error {
            FetchError::Private { url, why } => {
                FetchError::Private { url, why: format!("{why} ({} redirects there)", redacted(&self.url)) }
            }
            other => other,
        })?;
        // With a new cookie, the server may answer differently.
        if self.seen.contains(&next) && !self.has_new_cookie {
            return Err(refuse(format!("it redirects in a loop, back to {}", redacted(&next))));
        }
        if self.seen.len() > MAX_REDIRECTS {
            return Err(refuse(format!("it is the redirect after {MAX_REDIRECTS} others")));
        }
        if next.origin() != self.url.origin() {
            self.own.clear();
        }
        self.is_permanent &= matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
        self.seen.push(next.clone());
        self.url = next;
        Ok(())
    }

    /// True if the request is conditional, so that 304 is an answer to it.
    pub(super) fn is_conditional(&self) -> bool {
        !self.conditional.is_empty()
    }

    /// True if the request accepts a response with only the new entries (226).
    pub(super) fn accepts_delta(&self) -> bool {
        self.conditional.contains_key(A_IM)
    }

    /// Returns the headers of the next request.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = self.conditional.clone();
        headers.extend(self.own.clone());
        let cookie = self.cookies.as_ref().and_then(|jar| jar.cookies(&self.url));
        if let Some(cookie) = cookie.filter(|_| !headers.contains_key(COOKIE)) {
            headers.insert(COOKIE, cookie);
        }
        headers
    }

    /// Keeps the cookies of a response for the redirects after it.
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

/// Returns the target of a redirect from `from`, without userinfo (a server does not choose our credentials). A redirect from
/// https to http is refused: anybody on the network could answer it in place of the source.
fn resolve_target(from: &Url, location: &str) -> Result<Url, FetchError> {
    let refuse = |why: String| FetchError::Redirect { url: redacted(from), why };
    let mut next = from.join(location).map_err(|error| refuse(format!("its Location is not a URL ({error})")))?;
    remove_userinfo(&mut next);
    next.set_fragment(None);
    if next.as_str().len() > MAX_URL {
        return Err(refuse(format!("its Location is longer than {MAX_URL} bytes")));
    }
    if from.scheme() == "https" && next.scheme() == "http" {
        return Err(refuse(format!("it redirects from https to {}, which is not encrypted", redacted(&next))));
    }
    Ok(next)
}

/// Returns a `Location` as text. It is bytes: many servers send raw UTF-8, and in other charsets each byte is percent-encoded.
fn location_text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => value
            .iter()
            .map(|&byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect(),
    }
}

fn conditional_headers(validators: &Validators) -> HeaderMap {
    let validators = [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)];
    let sendable = |value: &Option<String>| HeaderValue::from_bytes(value.as_deref()?.as_bytes()).ok();
    let mut headers: HeaderMap = validators.into_iter().filter_map(|(name, value)| Some((name, sendable(value)?))).collect();
    if headers.contains_key(IF_NONE_MATCH) {
        // A response with only the new entries is welcome (RFC 3229 §10.5.3; `feed` is the method for feeds).
        headers.insert(A_IM, HeaderValue::from_static("feed"));
    }
    headers
}

/// Returns the headers that only the first origin may see, and the URL without userinfo. reqwest writes `Authorization`.
fn own_headers(http: &reqwest::Client, mut url: Url, request: &Request<'_>) -> Result<(HeaderMap, Url), FetchError> {
    // Most sources need no credentials.
    if request.auth.is_none() && request.headers.is_empty() && url.username().is_empty() && url.password().is_none() {
        return Ok((HeaderMap::new(), url));
    }
    let shown = redacted(&url);
    let unsendable = |why: String| FetchError::Unsendable { url: shown.clone(), why };
    if request.auth.is_some() {
        remove_userinfo(&mut url);
    }
    let authorized = match request.auth {
        None => http.get(url.clone()), // userinfo of the URL becomes Basic authentication here
        Some(Credentials::Basic { user, password }) => http.get(url.clone()).basic_auth(user, Some(password.expose_secret())),
        Some(Credentials::Bearer(token)) => http.get(url.clone()).bearer_auth(token.expose_secret()),
    };
    let authorized =
        authorized.build().map_err(|_| unsendable("its `auth` has characters that a header cannot hold".to_owned()))?;
    let mut headers = authorized.headers().clone();
    for (name, value) in request.headers {
        let invalid = || unsendable(format!("its header {name:?} has characters that a header cannot hold"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        headers.insert(header, secret_value(value.expose_secret()).ok_or_else(invalid)?);
    }
    remove_userinfo(&mut url);
    Ok((headers, url))
}

/// Removes user name and password. Only a URL without a host can refuse this, and such a URL was refused before.
pub(super) fn remove_userinfo(url: &mut Url) {
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

fn secret_value(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
