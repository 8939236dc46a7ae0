//! The paths of the server.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use super::response::health_response;
use super::state::ServerState;
use super::websub;

/// Returns the router of all paths.
pub(super) fn routes(state: Arc<ServerState>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/websub/{token}", get(websub::verify).post(websub::receive))
        .with_state(state)
}

async fn healthz(State(state): State<Arc<ServerState>>) -> Response {
    health_response(state.health.liveness())
}

async fn readyz(State(state): State<Arc<ServerState>>) -> Response {
    health_response(state.health.readiness())
}
