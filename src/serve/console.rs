//! The pages of the operator: `/status`, `/status.json` and `/metrics`. They name sources, engines and costs, so not everybody may read them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use headers::authorization::{Basic, Bearer};
use headers::{Authorization, HeaderMapExt};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::forwarded::{Peer, is_forwarded};
use super::metrics::{MEDIA_TYPE, metrics_text};
use super::requests::RequestCounts;
use super::response::plain;
use super::status::{ReviewSummary, Status, status_page, summarise_review};
use crate::config::Plan;
use crate::model::Clock;
use crate::render;
use crate::store::{Access, Store, StoreError};

/// The time for which the list of what is to be reviewed is believed: it takes reading every text that an edition shows.
const REVIEW_AGE: Duration = Duration::from_secs(60);

/// The state behind the pages of the operator.
pub struct Console {
    plan: RwLock<Arc<Plan>>,
    /// The open store of a daemon. A reader opens it for each request: another process may make it meanwhile.
    store: Option<Arc<Store>>,
    clock: &'static dyn Clock,
    /// True if the server listens on an address that only this machine can reach.
    is_local: bool,
    pub(super) requests: RequestCounts,
    review: Mutex<Option<(Instant, Arc<ReviewSummary>)>>,
}

impl Console {
    /// Shows the status of a plan. Where `is_local`, no token is needed unless `[serve] admin` sets one.
    pub fn new(
        plan: Plan,
        store: Option<Arc<Store>>,
        clock: &'static dyn Clock,
        is_local: bool,
    ) -> Result<Self, prometheus::Error> {
        let requests = RequestCounts::new()?;
        Ok(Self { plan: RwLock::new(Arc::new(plan)), store, clock, is_local, requests, review: Mutex::default() })
    }

    /// Shows another plan from now on.
    pub fn set_plan(&self, plan: Plan) {
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(plan);
    }

    fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn status(&self) -> Result<Status, StoreError> {
        let (plan, now) = (self.plan(), self.clock.now());
        match &self.store {
            Some(store) => Status::of(&plan, store, now).await,
            None => Status::read(&plan, now).await,
        }
    }

    /// Makes the status page.
    async fn page(&self) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let plan = self.plan();
        let (status, review) = match &self.store {
            Some(store) => (self.status().await?, self.review(&plan, store).await),
            None => match Store::open(plan.state.url(), Access::Look).await {
                Ok(store) => {
                    let status = Status::of(&plan, &store, self.clock.now()).await?;
                    let review = self.review(&plan, &store).await;
                    store.close().await?;
                    (status, review)
                }
                Err(StoreError::Empty { .. }) => (self.status().await?, Arc::default()),
                Err(error) => return Err(error.into()),
            },
        };
        Ok(render::status_page(&status_page(&status, &review))?)
    }

    /// Returns what is to be reviewed. One request at a time makes the list; the others wait for it.
    async fn review(&self, plan: &Plan, store: &Store) -> Arc<ReviewSummary> {
        let mut kept = self.review.lock().await;
        if let Some((made, summary)) = &*kept
            && made.elapsed() < REVIEW_AGE
        {
            return Arc::clone(summary);
        }
        let summary = Arc::new(summarise_review(plan, store, self.clock.now()).await);
        *kept = Some((Instant::now(), Arc::clone(&summary)));
        summary
    }
}

/// Lets a request pass that has the right to see the operator's pages.
pub(super) async fn require_admin(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let plan = console.plan();
    match &plan.serve.admin {
        None if console.is_local && is_from_here(&request) => next.run(request).await,
        None => plain(StatusCode::FORBIDDEN, "set `[serve] admin` to read this from other machines\n"),
        Some(token) if has_token(request.headers(), token.expose_secret()) => next.run(request).await,
        Some(_) => {
            let mut response = plain(StatusCode::UNAUTHORIZED, "the token of `[serve] admin` is needed\n");
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"relais\", charset=\"UTF-8\""));
            response
        }
    }
}

/// Returns true if a request comes from this machine, and through no proxy: of one that says for whom it asks, that is somebody else.
fn is_from_here(request: &Request) -> bool {
    matches!(request.extensions().get(), Some(Peer::Ip(address)) if address.to_canonical().is_loopback())
        && !is_forwarded(request.headers())
}

/// Returns true if a request has the token: as a bearer token, or as the password of any user. The comparison takes the same time
/// whatever was sent: hashes are compared, and those in constant time.
fn has_token(headers: &HeaderMap, token: &str) -> bool {
    let bearer = headers.typed_get::<Authorization<Bearer>>().map(|sent| sent.token().to_owned());
    let sent = bearer.or_else(|| headers.typed_get::<Authorization<Basic>>().map(|sent| sent.password().to_owned()));
    headers.get_all(AUTHORIZATION).iter().count() == 1
        && sent.is_some_and(|sent| blake3::hash(sent.as_bytes()) == blake3::hash(token.as_bytes()))
}

/// Answers with the status as a page.
pub(super) async fn status_html(State(console): State<Arc<Console>>) -> Response {
    let text = match console.page().await {
        Ok(text) => text,
        Err(error) => return unavailable(&*error),
    };
    let fields = [
        // Its own policy stands in the page; this one cannot (CSP Level 3, §3.3).
        (CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (fields, fresh("text/html; charset=utf-8", text.into_bytes())).into_response()
}

/// Answers with the status as JSON, as `relais status --json` prints it.
pub(super) async fn status_json(State(console): State<Arc<Console>>) -> Response {
    let status = match console.status().await {
        Ok(status) => status,
        Err(error) => return unavailable(&error),
    };
    match serde_json::to_vec_pretty(&status) {
        Ok(text) => fresh("application/json; charset=utf-8", text),
        Err(error) => unavailable(&error),
    }
}

/// Answers with the metrics.
pub(super) async fn metrics(State(console): State<Arc<Console>>) -> Response {
    let status = match console.status().await {
        Ok(status) => status,
        Err(error) => return unavailable(&error),
    };
    match metrics_text(&status, &console.requests) {
        Ok(text) => fresh(MEDIA_TYPE, text),
        Err(error) => unavailable(&error),
    }
}

fn fresh(kind: &'static str, text: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], text).into_response()
}

/// The cause stands in the log: it may name files and addresses.
fn unavailable(error: &dyn std::error::Error) -> Response {
    tracing::error!("cannot show the status: {error}");
    plain(StatusCode::SERVICE_UNAVAILABLE, "the status cannot be read: see the log\n")
}
