//! The paths of the server, below its base path.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Router, middleware};

use super::console::{Console, metrics, require_admin, status_html, status_json};
use super::files::{SharedFiles, serve_file, serve_index};
use super::freshness::Freshness;
use super::response::health_response;
use super::state::ServerState;
use super::websub;

/// Holds everything that is served.
pub struct Site {
    /// The published files.
    pub files: Arc<SharedFiles>,
    /// The operator's pages.
    pub console: Arc<Console>,
    /// The process that serves them.
    pub role: Role,
}

/// A process that serves files.
pub enum Role {
    /// A daemon, which publishes them itself.
    Daemon(Arc<ServerState>),
    /// One that only reads what others publish.
    Reader(Arc<Freshness>),
}

/// Returns the router of all paths.
pub(super) fn routes(site: Site) -> Router {
    let own = match site.role {
        Role::Daemon(state) => Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/websub/{token}", get(websub::verify).post(websub::receive))
            .with_state(state),
        Role::Reader(freshness) => Router::new()
            .route("/healthz", get(async || health_response(Ok(()))))
            .route("/readyz", get(is_fresh))
            .with_state(freshness),
    };
    let files = Router::new().route("/", get(serve_index)).route("/{*path}", get(serve_file)).with_state(site.files);
    let admin = Router::new()
        .route("/status", get(status_html))
        .route("/status.json", get(status_json))
        .route("/metrics", get(metrics))
        .layer(middleware::from_fn_with_state(Arc::clone(&site.console), require_admin))
        .with_state(site.console);
    own.merge(files).merge(admin)
}

async fn healthz(State(state): State<Arc<ServerState>>) -> Response {
    health_response(state.health.liveness())
}

async fn readyz(State(state): State<Arc<ServerState>>) -> Response {
    health_response(state.health.readiness())
}

async fn is_fresh(State(freshness): State<Arc<Freshness>>) -> Response {
    health_response(freshness.check().await)
}
