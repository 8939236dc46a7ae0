//! The paths of the server.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Router, middleware};

use super::host_header::require_host;
use super::response::health_response;
use super::state::ServerState;
use super::websub;

/// Returns the router of all paths.
pub(super) fn routes(state: Arc<ServerState>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/websub/{token}", get(websub::verify).post(websub::receive))
        .layer(middleware::from_fn(require_host))
        .with_state(state)
}

async fn healthz(State(state): State<Arc<ServerState>>) -> Response {
    health_response(state.health.liveness())
}

async fn readyz(State(state): State<Arc<ServerState>>) -> Response {
    health_response(state.health.readiness())
}
