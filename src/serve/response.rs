//! Responses in plain text.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::{IntoResponse, Response};

use super::health::Unhealthy;

/// Responds "ok", or 503 with the reason. It is never cached.
pub(super) fn health_response(result: Result<(), Unhealthy>) -> Response {
    let (status, text) = match result {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    };
    (status, [(CACHE_CONTROL, "no-store")], text).into_response()
}

/// Responds with a text that no browser interprets as anything else.
pub(super) fn plain(status: StatusCode, text: impl Into<String>) -> Response {
    (status, [(HeaderName::from_static("x-content-type-options"), "nosniff")], text.into()).into_response()
}
