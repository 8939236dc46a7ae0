//! The callbacks for hubs: verification of a subscription, and pushed content (W3C WebSub §5.3, §7).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::response::plain;
use super::signature::is_signed;
use super::state::ServerState;
use crate::model::Subscription;
use crate::pipeline::Push;

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");
/// The lease of a subscription if the hub states none.
const DEFAULT_LEASE: Duration = Duration::from_secs(10 * 24 * 60 * 60);
/// The longest lease. Subscriptions are renewed at least this often.
const MAX_LEASE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The time that a hub has to verify a subscription request.
const VERIFY_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);
/// The time limit for receiving a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest reason, in characters, and challenge, in bytes.
const MAX_TEXT: usize = 500;

/// Handles the verification of a subscription by its hub, or its refusal.
pub(super) async fn verify(
    State(state): State<Arc<ServerState>>,
    Path(token): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    if !is_token(&token) {
        return not_requested();
    }
    let subscription = match state.store.find_subscription(&token).await {
        Ok(Some(subscription)) if subscription.hub.topic == text("hub.topic") => subscription,
        Ok(_) => return not_requested(),
        Err(error) => return failed(&error),
    };
    let done = match text("hub.mode") {
        "subscribe" => return confirm(&state, &subscription, text("hub.challenge"), text("hub.lease_seconds")).await,
        "denied" => {
            let reason: String = text("hub.reason").chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
            tracing::warn!(source.id = %subscription.source, "{}: the hub refuses the subscription: {reason}", subscription.source);
            state.store.record_hub_refusal(&token, if reason.is_empty() { "it gives no reason" } else { &reason }, true).await
        }
        // We never unsubscribe: a push for a source that is gone is answered with 410, which ends the subscription.
        _ => return not_requested(),
    };
    match done {
        Ok(()) => plain(StatusCode::OK, ""),
        Err(error) => failed(&error),
    }
}

/// Confirms a subscription by echoing the challenge of the hub.
async fn confirm(state: &ServerState, subscription: &Subscription, challenge: &str, lease: &str) -> Response {
    let now = state.clock.now();
    // Only a request of ours that is still open can be confirmed.
    let is_open = subscription.failures > 0 && now.since(subscription.asked) < VERIFY_WITHIN;
    let is_ours = state.receiver().is_some_and(|receiver| receiver.sources.contains(&subscription.source));
    if !is_open || !is_ours || challenge.is_empty() || challenge.len() > MAX_TEXT {
        return not_requested();
    }
    let lease = lease.parse().map_or(DEFAULT_LEASE, |seconds: u64| Duration::from_secs(seconds.max(1))).min(MAX_LEASE);
    match state.store.record_hub_agreement(&subscription.token, now.plus(lease), lease).await {
        Ok(()) => {
            let (source, seconds) = (&subscription.source, lease.as_secs());
            tracing::info!(source.id = %source, "{source}: subscribed to the hub for {seconds} s");
            plain(StatusCode::OK, challenge)
        }
        Err(error) => failed(&error),
    }
}

/// Handles pushed content. It is accepted before it is parsed, except for a subscription that does not exist any more.
pub(super) async fn receive(
    State(state): State<Arc<ServerState>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !is_token(&token) {
        return plain(StatusCode::GONE, "no such subscription\n");
    }
    let subscription = match state.store.find_subscription(&token).await {
        Ok(Some(subscription)) => subscription,
        // The hub then ends the subscription (§7).
        Ok(None) => return plain(StatusCode::GONE, "no such subscription\n"),
        Err(error) => return failed(&error),
    };
    let Some(receiver) = state.receiver() else { return busy() };
    if !receiver.sources.contains(&subscription.source) {
        return plain(StatusCode::GONE, "this subscription has ended\n");
    }
    let bytes = match receive_body(&state, body, receiver.max_bytes).await {
        Ok(bytes) => bytes,
        Err(refusal) => return refusal,
    };
    let source = &subscription.source;
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // The response does not reveal that a signature is wrong.
    if subscription.until.is_none() || !is_signed(&bytes, header(SIGNATURE).unwrap_or_default(), &subscription.secret) {
        tracing::warn!(source.id = %source, "{source}: a push with a missing or wrong signature was ignored");
        return plain(StatusCode::ACCEPTED, "");
    }
    let push = Push {
        source: source.clone(),
        bytes: bytes.into(),
        content_type: header(CONTENT_TYPE).map(str::to_owned),
        topic: subscription.hub.topic,
    };
    match receiver.pushes.try_send(push) {
        Ok(()) => plain(StatusCode::ACCEPTED, ""),
        Err(_) => busy(),
    }
}

/// Receives a body, or returns the answer to one that is too large, too slow, or gives way to a newer one.
async fn receive_body(state: &ServerState, body: Body, max_bytes: u64) -> Result<Bytes, Response> {
    let limit = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let slot = state.bodies.take().await;
    let body = tokio::select! {
        body = timeout(BODY_TIMEOUT, to_bytes(body, limit)) => body,
        () = slot.displaced() => return Err(busy()),
    };
    match body {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or broke off\n")),
        Err(_) => Err(plain(StatusCode::REQUEST_TIMEOUT, "the body timed out\n")),
    }
}

/// Returns true if this may be one of our tokens: nothing else reaches the store.
fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn not_requested() -> Response {
    plain(StatusCode::NOT_FOUND, "this was not requested\n")
}

/// Asks the hub to retry.
fn busy() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "30")], "busy\n").into_response()
}

fn failed(error: &crate::store::StoreError) -> Response {
    tracing::error!("{error}; the hub was asked to retry");
    busy()
}
