//! The requests that were answered, by status, for `/metrics`.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus::{IntCounterVec, Opts, Registry};

/// The number of responses by status code.
#[derive(Clone)]
pub(super) struct RequestCounts(IntCounterVec);

impl RequestCounts {
    /// Starts at zero.
    pub(super) fn new() -> prometheus::Result<Self> {
        let options = Opts::new("relais_http_responses_total", "The responses that were sent, by status.");
        Ok(Self(IntCounterVec::new(options, &["status"])?))
    }

    /// Adds the counts to a registry.
    pub(super) fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        registry.register(Box::new(self.0.clone()))
    }
}

/// Counts the response to a request.
pub(super) async fn count_request(State(counts): State<RequestCounts>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    counts.0.with_label_values(&[response.status().as_str()]).inc();
    response
}
