//! The paths of the server.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::get;
use axum::{Router, middleware};

use super::console::{Console, metrics, require_admin, status_html, status_json};
use super::files::{SharedFiles, serve_file, serve_index};
use super::freshness::Freshness;
use super::host_header::require_host;
use super::requests::count_request;
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
    /// The path below which everything is, without a `/` at the end; empty for the root.
    pub base_path: String,
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
    let all = own.merge(Router::new().route("/{*path}", get(serve_file)).with_state(Arc::clone(&site.files)));
    let admin = Router::new()
        .route("/status", get(status_html))
        .route("/status.json", get(status_json))
        .route("/metrics", get(metrics))
        .layer(middleware::from_fn_with_state(Arc::clone(&site.console), require_admin))
        .with_state(Arc::clone(&site.console));
    let all = all.merge(admin);
    // Not a part of what is nested: the root below a path has a `/` at its end, so that relative links lead below it.
    let index = Router::new().route(&format!("{}/", site.base_path), get(serve_index)).with_state(site.files);
    let all = if site.base_path.is_empty() {
        all
    } else {
        let root = format!("{}/", site.base_path);
        Router::new().route(&site.base_path, get(async move || Redirect::permanent(&root))).nest(&site.base_path, all)
    };
    let counts = site.console.requests.clone();
    all.merge(index).layer(middleware::from_fn_with_state(counts, count_request)).layer(middleware::from_fn(require_host))
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
