//! One span and one debug event for each HTTP request. They hold host and path only: queries, headers and userinfo may be secret.

use std::time::Instant;

use reqwest::{Method, StatusCode};
use tracing::Span;
use tracing::field::Empty;
use url::Url;

use super::redact::{host_and_port, redacted};

/// The log of one HTTP request, from its start to the last byte of its response.
pub(super) struct RequestLog {
    span: Span,
    method: Method,
    url: String,
    started: Instant,
}

/// The end of one HTTP request.
pub(super) enum RequestEnd<'a> {
    /// A response was read, with so many bytes of body.
    Response {
        /// The status.
        status: StatusCode,
        /// The length of the body as it was read, after decompression.
        bytes: usize,
    },
    /// The request failed. The kind is short, in kebab case.
    Failed {
        /// The status, if there was a response.
        status: Option<u16>,
        /// The kind of the error.
        kind: &'a str,
    },
}

impl RequestLog {
    /// Opens the span. `redirects` is the number of redirects that led here.
    pub(super) fn start(method: Method, url: &Url, redirects: usize) -> Self {
        let span = tracing::debug_span!(
            "http_request",
            http.method = %method,
            url.host = %host_and_port(url),
            redirects,
            http.status = Empty,
            bytes = Empty,
            duration_ms = Empty,
        );
        // Nobody reads the text of a request that is not logged.
        let url = if span.is_disabled() { String::new() } else { redacted(url) };
        Self { span, method, url, started: Instant::now() }
    }

    /// Returns the span, to run the request in.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Records the end of the request and writes its line.
    pub(super) fn finish(self, end: &RequestEnd<'_>) {
        if self.span.is_disabled() {
            return;
        }
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.span.record("duration_ms", ms);
        let _entered = self.span.enter();
        let (method, url) = (&self.method, &self.url);
        match end {
            RequestEnd::Response { status, bytes } => {
                self.span.record("http.status", status.as_u16()).record("bytes", bytes);
                let cached = *status == StatusCode::NOT_MODIFIED;
                tracing::debug!(cached, "{method} {url}: {status}, {bytes} bytes in {ms} ms");
            }
            RequestEnd::Failed { status, kind } => {
                if let Some(status) = status {
                    self.span.record("http.status", status);
                }
                tracing::debug!(error.kind = kind, "{method} {url}: failed ({kind}) after {ms} ms");
            }
        }
    }
}
