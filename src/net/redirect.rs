//! Where a request stands between its redirects: where it may go on to, and what it carries that only its origin may see.

use reqwest::StatusCode;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION, SET_COOKIE};
use secrecy::ExposeSecret;
use url::Url;

use super::redact::redacted;
use super::{Auth, FetchError, Request, guard};
use crate::model::{Cidr, Validators};

/// What may be made of the last answer to save a part of it (RFC 3229).
const A_IM: HeaderName = HeaderName::from_static("a-im");

/// Redirects beyond this lead nowhere.
const MAX_HOPS: usize = 10;

/// Cookies that one hop may give, and how long each may be.
const MAX_COOKIES: usize = 20;
const MAX_COOKIE: usize = 4096;

/// Where a request stands between its redirects.
pub(super) struct Trip {
    pub(super) url: Url,
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

impl Trip {
    /// Begins at the asked address, which is `url` as it was checked.
    pub(super) fn begin(http: &reqwest::Client, ask: &Request<'_>, url: &Url) -> Result<Self, FetchError> {
        let unsendable = |why| FetchError::Unsendable { url: redacted(url), why };
        let (own, url) = own_headers(http, url.clone(), ask).map_err(unsendable)?;
        let conditional = conditional(ask.validators);
        Ok(Self { seen: vec![url.clone()], url, permanent: true, own, conditional, cookies: None, has_new_cookie: false })
    }

    /// Where the asked address has moved for good, if it has.
    pub(super) fn moved(&self) -> Option<String> {
        (self.permanent && self.seen.len() > 1).then(|| self.url.to_string())
    }

    /// Goes where a redirect points, if that is somewhere we may go.
    pub(super) fn follow(&mut self, response: &reqwest::Response, allow: &[Cidr]) -> Result<(), FetchError> {
        self.keep_cookies(response.headers());
        let status = response.status();
        let refuse = |why: String| FetchError::Redirect { url: redacted(&self.url), why };
        let location = response.headers().get(LOCATION).map(|value| escaped(value.as_bytes()));
        let location = location.filter(|location| !location.is_empty());
        let location = location.ok_or_else(|| refuse(format!("it answers {status} without saying where to")))?;
        let next = target(&self.url, &location).map_err(refuse)?;
        guard::check(&next, allow).map_err(|error| match error {
            FetchError::Private { url, why } => {
                FetchError::Private { url, why: format!("{why} ({} redirects there)", redacted(&self.url)) }
            }
            other => other,
        })?;
        // With a cookie that it did not have before, a server may answer otherwise.
        if self.seen.contains(&next) && !self.has_new_cookie {
            return Err(refuse(format!("it redirects in a circle, back to {}", redacted(&next))));
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

    /// Whether it asks "has it changed?".
    pub(super) fn is_conditional(&self) -> bool {
        !self.conditional.is_empty()
    }

    /// Whether it says that a part would do.
    pub(super) fn asks_for_parts(&self) -> bool {
        self.conditional.contains_key(A_IM)
    }

    /// What the next hop is told.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = self.conditional.clone();
        headers.extend(self.own.clone());
        let cookie = self.cookies.as_ref().and_then(|jar| jar.cookies(&self.url));
        if let Some(cookie) = cookie.filter(|_| !headers.contains_key(COOKIE)) {
            headers.insert(COOKIE, cookie);
        }
        headers
    }

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
        return Err(format!("it redirects from https to {}, which is not encrypted", redacted(&next)));
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

/// What only the asked origin may see, and the URL without what it says of us. reqwest writes the `Authorization` header.
fn own_headers(http: &reqwest::Client, mut url: Url, ask: &Request<'_>) -> Result<(HeaderMap, Url), String> {
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
pub(super) fn take_userinfo(url: &mut Url) {
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

fn secret(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
