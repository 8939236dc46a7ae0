//! What can go wrong, in one sentence each, and what it means for the visit. No sentence holds a password or a query.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::StatusCode;
use thiserror::Error;
use url::Url;

use super::cache_headers::RetryAfter;
use super::connect::CONNECT;
use super::redact::{host_and_port, redacted};
use super::resolve::PrivateName;
use crate::model::{BreakKind, Outcome, Time};

/// Why a client could not be made.
#[derive(Debug, Error)]
pub enum ClientError {
    /// No certificate of the system could be read. It is needed even if every source is plain http: any may redirect.
    #[error(
        "cannot set up TLS ({why}): install the system's CA certificates, name a PEM file in SSL_CERT_FILE, or set `ca` in [fetch]"
    )]
    Certificates {
        /// What the TLS library says.
        why: String,
    },
    /// The file of `ca` is of no use.
    #[error("cannot use {} as `ca` of [fetch]: {why}", path.display())]
    Ca {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The proxy's address is of no use. It is not shown: it may hold a password.
    #[error("cannot use the `proxy` of [fetch]: {why}; write one like \"http://proxy.example:3128\" or \"socks5h://…\"")]
    Proxy {
        /// What is wrong with it.
        why: String,
    },
    /// The user agent cannot be a header.
    #[error("cannot use the `user_agent` of [fetch]: it may hold visible ASCII characters and spaces only")]
    UserAgent,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum FetchError {
    /// An address that must not be fetched.
    #[error("{url} is not fetched: {why}")]
    Private {
        /// The address.
        url: String,
        /// Why not.
        why: String,
    },
    /// A header of the source that cannot be sent.
    #[error("{url} cannot be asked for: {why}")]
    Unsendable {
        /// The address.
        url: String,
        /// What is wrong with what.
        why: String,
    },
    /// The name does not resolve, nobody answers, or the handshake fails.
    #[error("cannot reach {host}: {why}")]
    Unreachable {
        /// `Dns`, `Connect`, `Tls`, or `Timeout` when the connection takes too long.
        kind: BreakKind,
        /// The host, with its port where that is not the usual one.
        host: String,
        /// What the system says.
        why: String,
    },
    /// The answer began and did not end well.
    #[error("the body of {url} cannot be read to its end: {why}")]
    BrokenBody {
        /// `Connect`, or `Unreadable` when its compression is wrong.
        kind: BreakKind,
        /// The address.
        url: String,
        /// What the system says.
        why: String,
    },
    /// Too slow.
    #[error("{url} was not read within {} s: if it is always so slow, raise `timeout` in [fetch]", after.as_secs_f64())]
    Timeout {
        /// The address.
        url: String,
        /// The time that it was given.
        after: Duration,
    },
    /// An answer that is no success.
    #[error("{url} answers {}", told(*status, *retry_after))]
    Http {
        /// The address.
        url: String,
        /// The status.
        status: u16,
        /// When the server wants us back.
        retry_after: Option<RetryAfter>,
    },
    /// A body without end.
    #[error("{url} sends more than {limit} bytes: if that is right, raise `max_bytes` in [fetch]")]
    TooBig {
        /// The address.
        url: String,
        /// `max_bytes`.
        limit: u64,
    },
    /// Redirects that cannot be followed.
    #[error("{url} cannot be followed: {why}")]
    Redirect {
        /// The address that redirects.
        url: String,
        /// Why not.
        why: String,
    },
}

impl FetchError {
    /// How the visit ended, `now` being the present instant (`Retry-After` counts from it).
    pub fn outcome(&self, now: Time) -> Outcome {
        let message = self.to_string();
        let kind = match self {
            Self::Http { status: 410, .. } => return Outcome::Gone { message },
            // A 403 that says when to come back is a limit, too.
            Self::Http { status: 403 | 429 | 503, retry_after: Some(retry), .. } => {
                return Outcome::Later { until: retry.until(now), message };
            }
            Self::Http { status: 404, .. } => BreakKind::NotFound,
            Self::Http { .. } => BreakKind::Http,
            Self::Private { .. } => BreakKind::PrivateAddress,
            Self::Unsendable { .. } => BreakKind::Internal,
            Self::Unreachable { kind, .. } | Self::BrokenBody { kind, .. } => *kind,
            Self::Timeout { .. } => BreakKind::Timeout,
            Self::TooBig { .. } => BreakKind::TooBig,
            Self::Redirect { .. } => BreakKind::Redirect,
        };
        Outcome::Broken { kind, message }
    }

    /// An error of reqwest before there was an answer.
    pub(super) fn of_request(error: &reqwest::Error, url: &Url, timeout: Duration) -> Self {
        if let Some(private) = causes(error).find_map(|cause| cause.downcast_ref::<PrivateName>()) {
            return Self::Private { url: redacted(url), why: private.to_string() };
        }
        if error.is_timeout() && error.is_connect() {
            let why = format!("there was no connection within {} s", CONNECT.min(timeout).as_secs_f64());
            return Self::Unreachable { kind: BreakKind::Timeout, host: host_and_port(url), why };
        }
        if error.is_timeout() {
            return Self::Timeout { url: redacted(url), after: timeout };
        }
        let kind = if error.is_dns() {
            BreakKind::Dns
        } else if error.is_connect() && url.scheme() == "https" && !causes(error).any(|cause| before_tls(&cause.to_string())) {
            BreakKind::Tls
        } else {
            BreakKind::Connect
        };
        Self::Unreachable { kind, host: host_and_port(url), why: deepest(error) }
    }

    /// An error of reqwest in the middle of a body.
    pub(super) fn of_body(error: &reqwest::Error, url: &Url, timeout: Duration) -> Self {
        if error.is_timeout() {
            return Self::Timeout { url: redacted(url), after: timeout };
        }
        // The decoders of gzip, brotli, zstd and deflate complain with these; a broken connection has other kinds.
        let undecodable = |cause: &io::Error| matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
        let bad = causes(error).filter_map(|cause| cause.downcast_ref()).any(undecodable);
        let kind = if bad { BreakKind::Unreadable } else { BreakKind::Connect };
        Self::BrokenBody { kind, url: redacted(url), why: deepest(error) }
    }
}

/// What an answer without success says, with what to do about it where that is known.
fn told(status: u16, retry_after: Option<RetryAfter>) -> String {
    let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("(no known status)");
    let advice = match (status, retry_after) {
        (410, _) => ": the feed is gone for good, its source can be removed".to_owned(),
        (401 | 407, _) => ": it wants a name and password, or others than these".to_owned(),
        (429 | 503, Some(RetryAfter::Seconds(seconds))) => format!(" and asks us to come back in {seconds} s"),
        (429 | 503, Some(RetryAfter::At(time))) => format!(" and asks us to come back at {time}"),
        _ => String::new(),
    };
    format!("{status} {name}{advice}")
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// The last cause says it best ("Connection refused (os error 111)"); those above it repeat the URL or say "client error".
pub(super) fn deepest(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "the connection was lost".to_owned(), ToString::to_string)
}

/// Whether a cause comes from a step before the TLS handshake. hyper-util's types for these cannot be named; its words can.
fn before_tls(cause: &str) -> bool {
    ["tcp ", "tunnel ", "socks", "error connecting to socks"].iter().any(|step| cause.starts_with(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_what_the_visit_came_to() {
        let now = Time::from_millis(1_000_000);
        let outcome = |status, retry_after| FetchError::Http { url: "u".to_owned(), status, retry_after }.outcome(now);
        let soon = Some(RetryAfter::Seconds(30));
        for status in [429, 503] {
            let Outcome::Later { until, message } = outcome(status, soon) else { panic!("{status} with Retry-After") };
            assert_eq!(until.millis(), 1_030_000);
            assert!(message.ends_with("and asks us to come back in 30 s"), "{message}");
            assert_eq!(outcome(status, None).name(), "broken");
        }
        assert_eq!(outcome(410, soon).name(), "gone");
        assert_eq!(outcome(500, soon).name(), "broken");
        assert!(
            matches!(outcome(404, None), Outcome::Broken { kind: BreakKind::NotFound, message } if message == "u answers 404 Not Found")
        );
    }
}
