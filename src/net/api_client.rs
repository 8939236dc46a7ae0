//! The HTTP client for services that the operator chose: translation engines, receivers of notifications.
//!
//! Unlike a source, such a service may be on this machine or in the private network, and it receives keys. So redirects are not
//! followed, and there are no cookies and no caches.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, NoProxy, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tracing::Instrument;
use url::Url;

use super::cache_headers::RetryAfter;
use super::connect;
use super::error::{ClientError, root_cause};
use super::options::{CONNECT_TIMEOUT, Options};
use super::redact::{host_and_port, redacted};
use super::trace::{RequestEnd, RequestLog};
use crate::model::Time;

/// The largest response in bytes. A longer one would be the translation of a book.
const MAX_RESPONSE: usize = 8 << 20;

/// The time that an idle connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// The addresses for which the proxy of `[fetch]` is not used: from there, they would lead to the proxy's own machine.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

/// Calls services. One instance for the whole program.
pub struct ApiClient {
    http: reqwest::Client,
}

/// A request to a service.
#[derive(Debug)]
pub struct ApiRequest<'a> {
    /// The address.
    pub url: Url,
    /// Headers besides those of the body. Their values may be keys, and are never shown.
    pub headers: &'a [(&'static str, SecretString)],
    /// The body.
    pub body: ApiBody,
    /// The time limit, from the start to the last byte of the response.
    pub timeout: Duration,
    /// True if the path of the address is a secret: it is neither logged nor named in errors.
    pub hides_path: bool,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum ApiBody {
    /// No body: the request is a GET.
    Nothing,
    /// JSON, serialized.
    Json(Vec<u8>),
    /// A form, URL-encoded.
    Form(String),
    /// A file with a field beside it, as `multipart/form-data` (RFC 7578).
    File(ApiFile),
}

/// A file that is uploaded: lines of JSON, so that no line of it is a boundary.
#[derive(Clone, Debug)]
pub struct ApiFile {
    /// Its name: letters, digits, hyphens and full stops.
    pub name: String,
    /// Its purpose, as the service names it.
    pub purpose: &'static str,
    /// Its lines, which end in U+000A alone.
    pub lines: Vec<u8>,
}

/// The boundary between the parts of an upload. JSON has no line that begins so.
const BOUNDARY: &str = "relais-7e0f3a9c51d24b86";

impl ApiFile {
    /// Returns the body of the upload.
    fn into_body(self) -> Vec<u8> {
        let Self { name, purpose, lines } = self;
        let mut body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n{purpose}\r\n\
             --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/jsonl\r\n\r\n"
        )
        .into_bytes();
        body.extend(lines);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
        body
    }
}

/// A response of any status.
#[derive(Debug)]
pub struct ApiResponse {
    /// The status.
    pub status: u16,
    /// The time to wait before the next request, if the service states it: at most a day.
    pub retry_after: Option<Duration>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

/// A request failed without a response. The messages hold no keys and no queries.
#[derive(Debug, Error)]
pub enum ApiError {
    /// The request was not sent: the name does not resolve, the host does not answer, or the TLS handshake fails.
    #[error("cannot reach {host}: {why}")]
    Unreachable {
        /// The host, with its port where that is not the usual one.
        host: String,
        /// The message of the system.
        why: String,
    },
    /// The time limit has passed. The service may have done the work.
    #[error("{url} timed out after {} s", after.as_secs_f64())]
    Timeout {
        /// The address.
        url: String,
        /// The time limit.
        after: Duration,
    },
    /// The connection broke after the request was sent. The service may have done the work.
    #[error("the response of {url} broke off: {why}")]
    Cut {
        /// The address.
        url: String,
        /// The message of the system.
        why: String,
    },
    /// The response is too large. The service may have done the work.
    #[error("{url} sends more than {MAX_RESPONSE} bytes")]
    TooBig {
        /// The address.
        url: String,
    },
    /// A header cannot hold this value.
    #[error("the key has characters that a header cannot hold")]
    Unsendable,
}

impl ApiError {
    /// Returns the kind under which the failure is logged.
    fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "connect",
            Self::Timeout { .. } => "timeout",
            Self::Cut { .. } => "cut",
            Self::TooBig { .. } => "too-big",
            Self::Unsendable => "unsendable",
        }
    }
}

impl ApiClient {
    /// Makes a client with the certificates, the proxy and the user agent of these options. The others are for sources.
    pub fn new(options: &Options) -> Result<Self, ClientError> {
        let agent = HeaderValue::from_str(&options.user_agent).map_err(|_| ClientError::UserAgent)?;
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(agent)
            .default_headers(headers)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE);
        if let Some(address) = &options.proxy {
            let (proxy, _) = connect::parse_proxy(address.expose_secret())?;
            builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(THIS_MACHINE)));
        }
        if let Some(path) = &options.ca {
            builder = builder.tls_certs_merge(connect::read_certificates(path)?);
        }
        let http = builder.build().map_err(|error| connect::build_error(options, error))?;
        Ok(Self { http })
    }

    /// Calls a service. A response of any status is returned; a redirect is not followed.
    pub async fn call(&self, call: ApiRequest<'_>) -> Result<ApiResponse, ApiError> {
        let (mut url, timeout) = (call.url.clone(), call.timeout);
        if call.hides_path {
            url.set_path("");
        }
        let headers = secret_headers(call.headers)?;
        let (method, request) = match call.body {
            ApiBody::Nothing => (Method::GET, self.http.get(call.url)),
            ApiBody::Json(body) => (Method::POST, self.http.post(call.url).header(CONTENT_TYPE, "application/json").body(body)),
            ApiBody::Form(body) => {
                let request = self.http.post(call.url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                (Method::POST, request.body(body))
            }
            ApiBody::File(file) => {
                let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
                (Method::POST, self.http.post(call.url).header(CONTENT_TYPE, content_type).body(file.into_body()))
            }
        };
        let log = RequestLog::start(method, &url, 0);
        let answered = async {
            let response = request.headers(headers).send().await.map_err(|error| classify(&error, &url, timeout))?;
            let (status, retry_after) = (response.status(), retry_after(response.headers()));
            if let Some(wait) = retry_after {
                let retry_after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                tracing::debug!(http.status = status.as_u16(), retry_after_ms, "the service asks to retry later");
            }
            Ok((status, ApiResponse { status: status.as_u16(), retry_after, body: read_body(response, &url, timeout).await? }))
        };
        let timed_out = |_| ApiError::Timeout { url: redacted(&url), after: timeout };
        let result = tokio::time::timeout(timeout, answered).instrument(log.span()).await.map_err(timed_out).flatten();
        log_end(log, result)
    }
}

/// Logs the end of a request, and returns its response.
fn log_end(log: RequestLog, result: Result<(StatusCode, ApiResponse), ApiError>) -> Result<ApiResponse, ApiError> {
    match &result {
        Ok((status, response)) => log.finish(&RequestEnd::Response { status: *status, bytes: response.body.len() }),
        Err(error) => log.finish(&RequestEnd::Failed { status: None, kind: error.kind() }),
    }
    result.map(|(_, response)| response)
}

fn secret_headers(list: &[(&'static str, SecretString)]) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::with_capacity(list.len());
    for (name, value) in list {
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| ApiError::Unsendable)?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// Classifies an error of reqwest. A request that was never sent is told apart: it cannot have cost anything.
fn classify(error: &reqwest::Error, url: &Url, timeout: Duration) -> ApiError {
    if error.is_connect() && error.is_timeout() {
        let why = format!("no connection within {} s", CONNECT_TIMEOUT.as_secs());
        ApiError::Unreachable { host: host_and_port(url), why }
    } else if error.is_connect() {
        ApiError::Unreachable { host: host_and_port(url), why: root_cause(error) }
    } else if error.is_timeout() {
        ApiError::Timeout { url: redacted(url), after: timeout }
    } else {
        ApiError::Cut { url: redacted(url), why: root_cause(error) }
    }
}

async fn read_body(mut response: reqwest::Response, url: &Url, timeout: Duration) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error, url, timeout))? {
        if body.len() + chunk.len() > MAX_RESPONSE {
            return Err(ApiError::TooBig { url: redacted(url) });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Returns `Retry-After` as a time to wait. A date counts from the server's own `Date`, so that neither clock must be right;
/// without one it is ignored.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let requested = RetryAfter::from_headers(headers)?;
    let date = headers.get(DATE).and_then(|date| RetryAfter::parse(date.to_str().ok()?));
    let now = match (requested, date) {
        (_, Some(RetryAfter::At(now))) => now,
        (RetryAfter::Seconds(_), _) => Time::from_millis(0),
        _ => return None,
    };
    Some(requested.until(now).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_date_counts_from_the_servers_own_date() {
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
        assert_eq!(read(now, Some(then)), Some(0), "it has passed");
        assert_eq!(read(then, None), None);
        assert_eq!(read(then, Some("7")), None);
        assert_eq!(read("soon", Some(now)), None);
        assert_eq!(read("99999999999", None), Some(24 * 60 * 60));
    }
}
