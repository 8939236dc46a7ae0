//! The requests that were answered, by status, for `/metrics`.

use axum::http::StatusCode;
use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// The number of responses by status code.
#[derive(Clone)]
pub(super) struct RequestCounts {
    all: IntCounterVec,
    /// The counters of what most requests get, so that none of these looks for its own.
    ok: IntCounter,
    not_modified: IntCounter,
}

impl RequestCounts {
    /// Starts at zero.
    pub(super) fn new() -> prometheus::Result<Self> {
        let options = Opts::new("relais_http_responses_total", "The responses that were sent, by status.");
        let all = IntCounterVec::new(options, &["status"])?;
        let (ok, not_modified) = (all.with_label_values(&["200"]), all.with_label_values(&["304"]));
        Ok(Self { all, ok, not_modified })
    }

    /// Adds the counts to a registry.
    pub(super) fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        registry.register(Box::new(self.all.clone()))
    }

    /// Counts a response.
    pub(super) fn count(&self, status: StatusCode) {
        match status {
            StatusCode::OK => self.ok.inc(),
            StatusCode::NOT_MODIFIED => self.not_modified.inc(),
            other => self.all.with_label_values(&[other.as_str()]).inc(),
        }
    }
}
