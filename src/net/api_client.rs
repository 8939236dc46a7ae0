//! Calls to services that the operator chose: translation engines. Unlike a source, such a service may well be on this
//! machine or in the private network, and it gets keys and bodies; so nothing is followed, and nothing is kept between calls.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{NoProxy, Response};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

use super::cache_headers::RetryAfter;
use super::connect::{self, CONNECT};
use super::error::deepest;
use super::redact::{host_and_port, redacted};
use super::{ClientError, Options};
use crate::model::Time;

/// A larger answer is none: it would be the translation of a book.
const MAX_ANSWER: usize = 8 << 20;

/// How long a connection is kept for the next call.
const IDLE: Duration = Duration::from_secs(30);

/// What the proxy of `[fetch]` is not asked for: from there, these names would lead to the proxy's own machine.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

/// Calls services. One for the whole program.
pub struct ApiClient {
    http: reqwest::Client,
}

/// One call.
#[derive(Debug)]
pub struct ApiRequest<'a> {
    /// Where to.
    pub url: Url,
    /// Headers besides those of the body. Their values may be keys, and are never shown.
    pub headers: &'a [(&'static str, SecretString)],
    /// What to send.
    pub body: ApiBody,
    /// What it may take from the beginning to the last byte of the answer.
    pub timeout: Duration,
}

/// The body of a call.
#[derive(Clone, Debug)]
pub enum ApiBody {
    /// None: a GET.
    Nothing,
    /// JSON, written out.
    Json(Vec<u8>),
    /// A form, written out.
    Form(String),
}

/// An answer of any status.
#[derive(Debug)]
pub struct ApiResponse {
    /// The status.
    pub status: u16,
    /// How long the service asks us to wait: at most a day.
    pub retry_after: Option<Duration>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

/// Why there is no answer. The sentences hold no keys and no queries.
#[derive(Debug, Error)]
pub enum ApiError {
    /// It could not be sent: the name does not resolve, nobody answers, or the handshake fails.
    #[error("cannot reach {host}: {why}")]
    Unreachable {
        /// The host, with its port where that is not the usual one.
        host: String,
        /// What the system says.
        why: String,
    },
    /// Too slow. It may have been worked on.
    #[error("{url} did not answer within {} s", after.as_secs_f64())]
    Timeout {
        /// The address.
        url: String,
        /// The time that it was given.
        after: Duration,
    },
    /// The connection broke after the call was sent. It may have been worked on.
    #[error("the answer of {url} broke off: {why}")]
    Cut {
        /// The address.
        url: String,
        /// What the system says.
        why: String,
    },
    /// An answer without end. It may have been worked on.
    #[error("{url} answers with more than {MAX_ANSWER} bytes")]
    TooBig {
        /// The address.
        url: String,
    },
    /// A header cannot hold this value.
    #[error("the key has characters that a header cannot hold")]
    Unsendable,
}

impl ApiClient {
    /// A caller with the certificates, the proxy and the user agent of these options; the rest of them is for sources.
    pub fn new(options: &Options) -> Result<Self, ClientError> {
        let agent = HeaderValue::from_str(&options.user_agent).map_err(|_| ClientError::UserAgent)?;
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(agent)
            .default_headers(headers)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE);
        if let Some(address) = &options.proxy {
            let (proxy, _) = connect::proxy(address.expose_secret())?;
            builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(THIS_MACHINE)));
        }
        if let Some(path) = &options.ca {
            builder = builder.tls_certs_merge(connect::certificates(path)?);
        }
        let http = builder.build().map_err(|error| connect::unbuilt(options, error))?;
        Ok(Self { http })
    }

    /// Calls a service. An answer that says no is an answer too; a redirect is one that says no.
    pub async fn call(&self, call: ApiRequest<'_>) -> Result<ApiResponse, ApiError> {
        let (url, timeout) = (call.url.clone(), call.timeout);
        let headers = headers(call.headers)?;
        let request = match call.body {
            ApiBody::Nothing => self.http.get(call.url),
            ApiBody::Json(body) => self.http.post(call.url).header(CONTENT_TYPE, "application/json").body(body),
            ApiBody::Form(body) => self.http.post(call.url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body),
        };
        let answered = async {
            let response = request.headers(headers).send().await.map_err(|error| lost(&error, &url, timeout))?;
            let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
            Ok(ApiResponse { status, retry_after, body: read(response, &url, timeout).await? })
        };
        let late = |_| ApiError::Timeout { url: redacted(&url), after: timeout };
        tokio::time::timeout(timeout, answered).await.map_err(late)?
    }
}

fn headers(list: &[(&'static str, SecretString)]) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::with_capacity(list.len());
    for (name, value) in list {
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| ApiError::Unsendable)?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// An error before there was an answer. What was never sent is told apart: it cannot have cost anything.
fn lost(error: &reqwest::Error, url: &Url, timeout: Duration) -> ApiError {
    if error.is_connect() && error.is_timeout() {
        let why = format!("there was no connection within {} s", CONNECT.as_secs());
        ApiError::Unreachable { host: host_and_port(url), why }
    } else if error.is_connect() {
        ApiError::Unreachable { host: host_and_port(url), why: deepest(error) }
    } else if error.is_timeout() {
        ApiError::Timeout { url: redacted(url), after: timeout }
    } else {
        ApiError::Cut { url: redacted(url), why: deepest(error) }
    }
}

async fn read(mut response: Response, url: &Url, timeout: Duration) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error, url, timeout))? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(ApiError::TooBig { url: redacted(url) });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `Retry-After` as a time to wait. A date counts from the server's own `Date`, so that neither clock must be right; without
/// one it says nothing.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let told = RetryAfter::read(headers)?;
    let date = headers.get(DATE).and_then(|date| RetryAfter::parse(date.to_str().ok()?));
    let now = match (told, date) {
        (_, Some(RetryAfter::At(now))) => now,
        (RetryAfter::Seconds(_), _) => Time::from_millis(0),
        _ => return None,
    };
    Some(told.until(now).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_counts_from_the_servers_own() {
        let read = |retry: &'static str, date: Option<&'static str>| {
            let mut headers = HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, HeaderValue::from_static(retry))]);
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            retry_after(&headers).map(|wait| wait.as_secs())
        };
        let (now, then) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(read("30", None), Some(30));
        assert_eq!(read("30", Some(now)), Some(30));
        assert_eq!(read(then, Some(now)), Some(30));
        assert_eq!(read(now, Some(then)), Some(0), "it is over");
        assert_eq!(read(then, None), None);
        assert_eq!(read(then, Some("7")), None);
        assert_eq!(read("soon", Some(now)), None);
        assert_eq!(read("99999999999", None), Some(24 * 60 * 60));
    }
}
