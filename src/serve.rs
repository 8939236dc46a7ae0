//! What a daemon answers over HTTP: whether it is alive and ready, and what hubs have to tell it (WebSub).
//!
//! Everything here may be asked by anybody: what is asked is bounded, and nothing of the configuration is told.

mod health;
mod listen;
mod signature;
mod websub;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::{Semaphore, mpsc};

use crate::model::{Clock, SourceId};
use crate::pipeline::Push;
use crate::store::Store;

pub use health::Health;
pub use listen::{ListenError, Listener};

/// Bodies of hubs that are read at the same time.
const AT_ONCE: usize = 4;

/// What the server knows. It outlives the plans of a daemon, each of which takes pushes in its own way.
pub struct ServerState {
    store: Arc<Store>,
    clock: &'static dyn Clock,
    health: Arc<Health>,
    receiver: RwLock<Option<PushReceiver>>,
    /// The right to hold a body.
    bodies: Semaphore,
    /// Whose body is being read: one of each hub's, so that a slow one keeps no other waiting.
    reading: Mutex<HashSet<SourceId>>,
}

/// The right to send something about a source; nobody else's meanwhile.
struct Sending<'d>(&'d ServerState, SourceId);

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.0.reading.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// Who takes what hubs send.
#[derive(Clone)]
pub struct PushReceiver {
    /// Where it goes.
    pub pushes: mpsc::Sender<Push>,
    /// The sources that are visited.
    pub sources: Arc<HashSet<SourceId>>,
    /// How large a body may be.
    pub max_bytes: u64,
}

impl ServerState {
    /// A state at which nobody takes anything yet.
    pub fn new(store: Arc<Store>, clock: &'static dyn Clock, health: Arc<Health>) -> Self {
        Self { store, clock, health, receiver: RwLock::new(None), bodies: Semaphore::new(AT_ONCE), reading: Mutex::default() }
    }

    /// From now on this one takes what hubs send; or nobody does.
    pub fn set_receiver(&self, receiver: Option<PushReceiver>) {
        *self.receiver.write().unwrap_or_else(PoisonError::into_inner) = receiver;
    }

    /// The right to send something about a source; nothing while somebody else does.
    fn sending(&self, source: &SourceId) -> Option<Sending<'_>> {
        let is_first = self.reading.lock().unwrap_or_else(PoisonError::into_inner).insert(source.clone());
        is_first.then(|| Sending(self, source.clone()))
    }

    fn receiver(&self) -> Option<PushReceiver> {
        self.receiver.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is answered where.
fn routes(state: Arc<ServerState>) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/websub/{token}", get(websub::verify).post(websub::take))
        .with_state(state)
}

async fn health(State(state): State<Arc<ServerState>>) -> Response {
    said(state.health.liveness())
}

async fn readiness(State(state): State<Arc<ServerState>>) -> Response {
    said(state.health.readiness())
}

/// Good, or why not; never from a cache.
fn said(answer: Result<(), String>) -> Response {
    let (status, text) = match answer {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    };
    (status, [(CACHE_CONTROL, "no-store")], text).into_response()
}

/// A text that no browser takes for anything else.
fn plain(status: StatusCode, text: impl Into<String>) -> Response {
    (status, [(HeaderName::from_static("x-content-type-options"), "nosniff")], text.into()).into_response()
}
