//! Errors of both clients' setup and of fetching, and what they mean for a visit. No message holds a password or a query.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::StatusCode;
use thiserror::Error;
use url::Url;

use super::cache_headers::RetryAfter;
use super::options::CONNECT_TIMEOUT;
use super::redact::{host_and_port, redacted};
use super::resolve::PrivateName;
use crate::model::{BreakKind, Outcome, Time};

/// A client cannot be built.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The certificates of the system cannot be read. They are needed even if every source is plain http: any may redirect.
    #[error(
        "cannot set up TLS ({why}): install the system's CA certificates, name a PEM file in SSL_CERT_FILE, or set `ca` in [fetch]"
    )]
    Certificates {
        /// The message of the TLS library.
        why: String,
    },
    /// The file named in `ca` cannot be used.
    #[error("cannot use {} as `ca` of [fetch]: {why}", path.display())]
    Ca {
        /// The path of the file.
        path: PathBuf,
        /// The problem with it.
        why: String,
    },
    /// The address of the proxy cannot be used. It is not shown: it may hold a password.
    #[error("cannot use the `proxy` of [fetch]: {why}; use an address like \"http://proxy.example:3128\" or \"socks5h://…\"")]
    Proxy {
        /// The problem with it.
        why: String,
    },
    /// The user agent cannot be sent as a header.
    #[error("cannot use the `user_agent` of [fetch]: only visible ASCII characters and spaces are allowed")]
    UserAgent,
}

/// A request failed.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The address must not be fetched.
    #[error("{url} is not fetched: {why}")]
    Private {
        /// The address.
        url: String,
        /// The reason.
        why: String,
    },
    /// A header of the source cannot be sent.
    #[error("cannot request {url}: {why}")]
    Unsendable {
        /// The address.
        url: String,
        /// The header and the problem with it.
        why: String,
    },
    /// There is no connection: the name does not resolve, the host does not answer, or the TLS handshake fails.
    #[error("cannot reach {host}: {why}")]
    Unreachable {
        /// `Dns`, `Connect`, `Tls`, or `Timeout` when the connection takes too long.
        kind: BreakKind,
        /// The host, with its port where that is not the usual one.
        host: String,
        /// The message of the system.
        why: String,
    },
    /// The response began, and its body broke off or cannot be decompressed.
    #[error("the body of {url} cannot be read to its end: {why}")]
    BrokenBody {
        /// `Connect`, or `Unreadable` when its compression is wrong.
        kind: BreakKind,
        /// The address.
        url: String,
        /// The message of the system.
        why: String,
    },
    /// The time limit has passed.
    #[error("{url} timed out after {} s; if it is always this slow, raise `timeout` in [fetch]", after.as_secs_f64())]
    Timeout {
        /// The address.
        url: String,
        /// The time limit.
        after: Duration,
    },
    /// The status is not a success.
    #[error("{url} answers {}", describe_status(*status, *retry_after))]
    Http {
        /// The address.
        url: String,
        /// The status.
        status: u16,
        /// The time at which the server wants the next request.
        retry_after: Option<RetryAfter>,
    },
    /// The body is larger than `max_bytes`.
    #[error("{url} sends more than {limit} bytes; if that is expected, raise `max_bytes` in [fetch]")]
    TooBig {
        /// The address.
        url: String,
        /// `max_bytes`.
        limit: u64,
    },
    /// A redirect cannot be followed.
    #[error("cannot follow the redirect of {url}: {why}")]
    Redirect {
        /// The address that redirects.
        url: String,
        /// The reason.
        why: String,
    },
}

impl FetchError {
    /// Returns the outcome of the visit. `Retry-After` counts from `now`.
    pub fn outcome(&self, now: Time) -> Outcome {
        let message = self.to_string();
        match self {
            Self::Http { status: 410, .. } => Outcome::Gone { message },
            // A 403 with Retry-After is a rate limit, too.
            Self::Http { status: 403 | 429 | 503, retry_after: Some(retry), .. } => {
                Outcome::Later { until: retry.until(now), message }
            }
            _ => Outcome::Broken { kind: self.kind(), message },
        }
    }

    /// Returns true for a 429 that does not say when to come back.
    pub fn is_rate_limit_without_time(&self) -> bool {
        matches!(self, Self::Http { status: 429, retry_after: None, .. })
    }

    /// Returns the kind under which the failure is stored and logged.
    pub(super) fn kind(&self) -> BreakKind {
        match self {
            Self::Http { status: 404, .. } => BreakKind::NotFound,
            Self::Http { .. } => BreakKind::Http,
            Self::Private { .. } => BreakKind::PrivateAddress,
            Self::Unsendable { .. } => BreakKind::Internal,
            Self::Unreachable { kind, .. } | Self::BrokenBody { kind, .. } => *kind,
            Self::Timeout { .. } => BreakKind::Timeout,
            Self::TooBig { .. } => BreakKind::TooBig,
            Self::Redirect { .. } => BreakKind::Redirect,
        }
    }

    /// Returns the status of the response, if it was not a success.
    pub fn status(&self) -> Option<u16> {
        if let Self::Http { status, .. } = self { Some(*status) } else { None }
    }

    /// Classifies an error of reqwest before there was a response.
    pub(super) fn from_request(error: &reqwest::Error, url: &Url, timeout: Duration) -> Self {
        if let Some(private) = causes(error).find_map(|cause| cause.downcast_ref::<PrivateName>()) {
            return Self::Private { url: redacted(url), why: private.to_string() };
        }
        if error.is_timeout() && error.is_connect() {
            let why = format!("no connection within {} s", CONNECT_TIMEOUT.min(timeout).as_secs_f64());
            return Self::Unreachable { kind: BreakKind::Timeout, host: host_and_port(url), why };
        }
        if error.is_timeout() {
            return Self::Timeout { url: redacted(url), after: timeout };
        }
        let kind = if error.is_dns() {
            BreakKind::Dns
        } else if error.is_connect() && url.scheme() == "https" && !causes(error).any(|cause| is_before_tls(&cause.to_string())) {
            BreakKind::Tls
        } else {
            BreakKind::Connect
        };
        Self::Unreachable { kind, host: host_and_port(url), why: root_cause(error) }
    }

    /// Classifies an error of reqwest in the middle of a body.
    pub(super) fn from_body(error: &reqwest::Error, url: &Url, timeout: Duration) -> Self {
        if error.is_timeout() {
            return Self::Timeout { url: redacted(url), after: timeout };
        }
        // The decoders of gzip, brotli, zstd and deflate use these kinds; a broken connection uses others.
        let is_undecodable = |cause: &io::Error| matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
        let is_damaged = causes(error).filter_map(|cause| cause.downcast_ref()).any(is_undecodable);
        let kind = if is_damaged { BreakKind::Unreadable } else { BreakKind::Connect };
        Self::BrokenBody { kind, url: redacted(url), why: root_cause(error) }
    }
}

/// Returns the status with its name, and with advice where there is any.
fn describe_status(status: u16, retry_after: Option<RetryAfter>) -> String {
    let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("(unknown status)");
    let advice = match (status, retry_after) {
        (410, _) => ": the feed is gone for good; remove its source from feeds.toml".to_owned(),
        (401 | 407, _) => ": it needs credentials, or other ones than those configured".to_owned(),
        (429 | 503, Some(RetryAfter::Seconds(seconds))) => format!(", with Retry-After: {seconds} s"),
        (429 | 503, Some(RetryAfter::At(time))) => format!(", with Retry-After: {time}"),
        _ => String::new(),
    };
    format!("{status} {name}{advice}")
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// Returns the last cause of an error ("Connection refused (os error 111)"). Those above it repeat the URL or say "client error".
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "the connection was lost".to_owned(), ToString::to_string)
}

/// True if a cause comes from a step before the TLS handshake. hyper-util's types for these are private; its words are not.
fn is_before_tls(cause: &str) -> bool {
    ["tcp ", "tunnel ", "socks", "error connecting to socks"].iter().any(|step| cause.starts_with(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_retry_after_decide_the_outcome() {
        let now = Time::from_millis(1_000_000);
        let outcome = |status, retry_after| FetchError::Http { url: "u".to_owned(), status, retry_after }.outcome(now);
        let soon = Some(RetryAfter::Seconds(30));
        for status in [429, 503] {
            let Outcome::Later { until, message } = outcome(status, soon) else { panic!("{status} with Retry-After") };
            assert_eq!(until.millis(), 1_030_000);
            assert!(message.ends_with("with Retry-After: 30 s"), "{message}");
            assert_eq!(outcome(status, None).name(), "broken");
        }
        assert_eq!(outcome(410, soon).name(), "gone");
        assert_eq!(outcome(500, soon).name(), "broken");
        assert!(
            matches!(outcome(404, None), Outcome::Broken { kind: BreakKind::NotFound, message } if message == "u answers 404 Not Found")
        );
    }
}
