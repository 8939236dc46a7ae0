//! Where hubs call: they make sure that it was us who subscribed, and send what is new (W3C WebSub §5.3, §7).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::signature::is_signed;
use super::{ServerState, plain};
use crate::model::Subscription;
use crate::pipeline::Push;

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");
/// For how long a hub agrees that does not say it.
const USUAL_LEASE: Duration = Duration::from_secs(10 * 24 * 60 * 60);
/// It is asked again before long, whatever it says.
const LONGEST_LEASE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a hub may take to answer what it was asked.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a body may take to arrive.
const BODY: Duration = Duration::from_secs(30);
/// Challenges and reasons are cut, or refused, beyond this.
const MOST_TEXT: usize = 500;

/// A hub asks whether it was us who subscribed, or says that we may not.
pub(super) async fn verify(
    State(state): State<Arc<ServerState>>,
    Path(token): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let text = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    if !is_token(&token) {
        return unknown();
    }
    let subscription = match state.store.find_subscription(&token).await {
        Ok(Some(subscription)) if subscription.hub.topic == text("hub.topic") => subscription,
        Ok(_) => return unknown(),
        Err(error) => return failed(&error),
    };
    let done = match text("hub.mode") {
        "subscribe" => return agree(&state, &subscription, text("hub.challenge"), text("hub.lease_seconds")).await,
        "denied" => {
            let reason: String = text("hub.reason").chars().filter(|c| !c.is_control()).take(MOST_TEXT).collect();
            tracing::warn!(source.id = %subscription.source, "{}: its hub refuses to tell of it: {reason}", subscription.source);
            state.store.record_hub_refusal(&token, if reason.is_empty() { "it gives no reason" } else { &reason }, true).await
        }
        // That was not us: nobody unsubscribes here, what is not wanted any more is told when it is sent.
        _ => return unknown(),
    };
    match done {
        Ok(()) => plain(StatusCode::OK, ""),
        Err(error) => failed(&error),
    }
}

async fn agree(state: &ServerState, subscription: &Subscription, challenge: &str, lease: &str) -> Response {
    let now = state.clock.now();
    // Only what was asked and not yet answered.
    let is_open = subscription.failures > 0 && now.since(subscription.asked) < PATIENCE;
    let is_ours = state.receiver().is_some_and(|receiver| receiver.sources.contains(&subscription.source));
    if !is_open || !is_ours || challenge.is_empty() || challenge.len() > MOST_TEXT {
        return unknown();
    }
    let lease = lease.parse().map_or(USUAL_LEASE, |seconds: u64| Duration::from_secs(seconds.max(1))).min(LONGEST_LEASE);
    match state.store.record_hub_agreement(&subscription.token, now.plus(lease), lease).await {
        Ok(()) => {
            let (source, seconds) = (&subscription.source, lease.as_secs());
            tracing::info!(source.id = %source, "{source}: its hub tells of what is new for {seconds} s");
            plain(StatusCode::OK, challenge)
        }
        Err(error) => failed(&error),
    }
}

/// A hub sends what is new. It is told that all is well before that is looked at, but for what nobody wants any more.
pub(super) async fn take(
    State(state): State<Arc<ServerState>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !is_token(&token) {
        return plain(StatusCode::GONE, "nobody subscribes here\n");
    }
    let subscription = match state.store.find_subscription(&token).await {
        Ok(Some(subscription)) => subscription,
        // It ends the subscription by this (§7).
        Ok(None) => return plain(StatusCode::GONE, "nobody subscribes here\n"),
        Err(error) => return failed(&error),
    };
    let Some(receiver) = state.receiver() else { return busy() };
    if !receiver.sources.contains(&subscription.source) {
        return plain(StatusCode::GONE, "nobody subscribes here any more\n");
    }
    let (Some(_sending), Ok(_body)) = (state.sending(&subscription.source), state.bodies.try_acquire()) else { return busy() };
    let limit = usize::try_from(receiver.max_bytes).unwrap_or(usize::MAX);
    let bytes = match timeout(BODY, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "more than is read of a feed, or cut off\n"),
        Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "too slow\n"),
    };
    let source = &subscription.source;
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // Whoever can try signatures learns nothing from the answer.
    if subscription.until.is_none() || !is_signed(&bytes, header(SIGNATURE).unwrap_or_default(), &subscription.secret) {
        tracing::warn!(source.id = %source, "{source}: what came in the name of its hub is not signed as agreed, and was ignored");
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

/// Whether this may be one of our tokens: nobody makes the store look for anything else.
fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn unknown() -> Response {
    plain(StatusCode::NOT_FOUND, "that was not asked for here\n")
}

/// Hubs try again.
fn busy() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "30")], "busy\n").into_response()
}

fn failed(error: &crate::store::StoreError) -> Response {
    tracing::error!("{error}; a hub was told to come again");
    busy()
}
