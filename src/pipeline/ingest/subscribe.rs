//! Subscribes at the hubs of sources, and renews the subscriptions before they expire (W3C WebSub §5).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::stream::{StreamExt, iter};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::config as plan;
use crate::model::{Hub, SourceId, Subscription, Time};
use crate::pipeline::context::Context;
use crate::store::StoreError;

/// The length of a subscription that is requested; a hub may grant less.
const REQUESTED_LEASE: Duration = Duration::from_secs(10 * 24 * 60 * 60);
/// The number of requests to hubs at a time.
const CONCURRENT_REQUESTS: usize = 8;
/// The shortest and the longest time between two checks for subscriptions to renew.
const MIN_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(60);
/// The time until the next check while a hub has not confirmed a request.
const CONFIRMATION_WAIT: Duration = Duration::from_secs(2);

/// The content that a hub has sent: a feed, or its new entries.
pub struct Push {
    /// The source that it is about.
    pub source: SourceId,
    /// The body.
    pub bytes: Vec<u8>,
    /// Its `Content-Type` header.
    pub content_type: Option<String>,
    /// The address of the feed.
    pub topic: String,
}

/// The hubs of sources, as declared by their feeds at the last visit.
#[derive(Default)]
pub(in crate::pipeline) struct Hubs {
    known: Mutex<HashMap<SourceId, Hub>>,
    changed: Notify,
}

impl Hubs {
    /// Updates the hub of a source.
    pub(in crate::pipeline) fn update(&self, source: &SourceId, hub: Option<&Hub>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match hub {
            None => {
                known.remove(source);
            }
            Some(hub) if known.get(source) != Some(hub) => {
                known.insert(source.clone(), hub.clone());
                self.changed.notify_one();
            }
            Some(_) => {}
        }
    }

    fn all(&self) -> HashMap<SourceId, Hub> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The dependencies of subscribing.
pub(in crate::pipeline) struct Subscribe<'a> {
    pub(in crate::pipeline) context: Context<'a>,
    pub(in crate::pipeline) sources: &'a [&'a plan::Source],
    pub(in crate::pipeline) hubs: &'a Hubs,
    /// The prefix of our callback addresses, ending in `/`.
    pub(in crate::pipeline) callback: &'a str,
}

impl Subscribe<'_> {
    /// Subscribes and renews subscriptions until it is cancelled.
    pub(in crate::pipeline) async fn run(&self) {
        let mut is_loaded = false;
        loop {
            let renewed = tokio::select! {
                biased;
                // A request that is cut off is repeated: it was recorded before it was sent.
                () = self.context.stop.cancelled() => return,
                renewed = self.renew_due(&mut is_loaded) => renewed,
            };
            let wait = match renewed {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!("{error}; subscriptions are renewed once the store is back");
                    MAX_WAIT
                }
            };
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return,
                _ = timeout(wait, self.hubs.changed.notified()) => {}
            }
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return,
                () = sleep(MIN_WAIT) => {}
            }
        }
    }

    /// Sends the requests to hubs that are due. Returns the time until the next one.
    async fn renew_due(&self, is_loaded: &mut bool) -> Result<Duration, StoreError> {
        if !*is_loaded {
            let ids: Vec<SourceId> = self.sources.iter().map(|source| source.id.clone()).collect();
            for row in self.context.store.load_source_rows(&ids).await? {
                self.hubs.update(&row.id, row.state.meta.hub.as_ref());
            }
            *is_loaded = true;
        }
        let hubs = self.hubs.all();
        let ids: Vec<SourceId> = hubs.keys().cloned().collect();
        if ids.is_empty() {
            return Ok(MAX_WAIT);
        }
        let known: HashMap<SourceId, Subscription> =
            self.context.store.load_subscriptions(&ids).await?.into_iter().map(|known| (known.source.clone(), known)).collect();
        let now = self.context.clock.now();
        let mut due = Vec::new();
        let mut next = now.plus(MAX_WAIT);
        for (source, hub) in &hubs {
            let known = known.get(source);
            let at = known.filter(|known| known.is_for(hub, self.callback)).map_or(now, Subscription::next_request_at);
            if at <= now {
                due.push(self.send_request(source, hub, known));
            } else {
                next = next.min(at);
            }
        }
        if !due.is_empty() || known.values().any(|known| known.failures > 0 && now.since(known.asked) < MAX_WAIT) {
            // The hub states the granted lease in its callback, which the next check reads from the store.
            next = now.plus(CONFIRMATION_WAIT);
        }
        let mut requests = iter(due).buffer_unordered(CONCURRENT_REQUESTS);
        while let Some(sent) = requests.next().await {
            sent?;
        }
        Ok(next.since(self.context.clock.now()).max(MIN_WAIT))
    }

    /// Sends a subscription request to a hub, unless another worker does. The hub confirms it by calling us back.
    async fn send_request(&self, source: &SourceId, hub: &Hub, known: Option<&Subscription>) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let Some(subscription) = new_subscription(source, hub, self.callback, known, now) else {
            tracing::error!("cannot subscribe at the hub of {source}: the system provides no random numbers");
            return Ok(());
        };
        if !self.context.store.record_hub_request(&subscription, known.map(|known| known.asked)).await? {
            return Ok(());
        }
        let (callback, lease) =
            (format!("{}{}", subscription.callback, subscription.token), REQUESTED_LEASE.as_secs().to_string());
        let form = [
            ("hub.mode", "subscribe"),
            ("hub.topic", hub.topic.as_str()),
            ("hub.callback", &callback),
            ("hub.secret", &subscription.secret),
            ("hub.lease_seconds", &lease),
            // Required by PubSubHubbub 0.3: the hub may verify the request later.
            ("hub.verify", "async"),
        ];
        let reason = match self.context.client.post(&secure_hub_url(hub), &form).await {
            Ok((200..=299, _)) => return Ok(()),
            Ok((status, body)) => {
                // Hubs repeat the request; token and secret must not reach the log.
                let body = body.replace(&subscription.token, "…").replace(&subscription.secret, "…");
                format!("it answers {status}: {}", body.chars().filter(|c| !c.is_control()).collect::<String>())
            }
            Err(error) => error.to_string(),
        };
        tracing::info!(source.id = %source, "{source}: its hub refuses a subscription: {reason}");
        self.context.store.record_hub_refusal(&subscription.token, &reason, false).await
    }
}

/// Returns the address of a hub, with https if the feed is fetched with https: the secret must not be sent in the clear, since
/// whoever reads it could push in the hub's name.
fn secure_hub_url(hub: &Hub) -> String {
    match hub.url.strip_prefix("http://") {
        Some(rest) if hub.topic.starts_with("https://") => format!("https://{rest}"),
        _ => hub.url.clone(),
    }
}

/// Returns the subscription to request: the present one, or a new one with a random token and secret. Returns `None` if the system
/// provides no random numbers.
fn new_subscription(
    source: &SourceId,
    hub: &Hub,
    callback: &str,
    known: Option<&Subscription>,
    now: Time,
) -> Option<Subscription> {
    let (token, secret) = match known.filter(|known| known.is_for(hub, callback)) {
        Some(known) => (known.token.clone(), known.secret.clone()),
        None => (random_hex::<16>()?, random_hex::<32>()?),
    };
    Some(Subscription {
        source: source.clone(),
        token,
        callback: callback.to_owned(),
        hub: hub.clone(),
        secret,
        asked: now,
        failures: 1,
        until: None,
        lease: None,
        reason: None,
    })
}

/// Returns random bytes as hexadecimal digits.
fn random_hex<const BYTES: usize>() -> Option<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_renewal_keeps_token_and_secret() {
        let hub = Hub { url: "https://hub.example/".to_owned(), topic: "https://a.fr/rss".to_owned() };
        let at = |callback, hub: &Hub, known| {
            new_subscription(&SourceId::new("a"), hub, callback, known, Time::EPOCH).expect("random numbers")
        };
        let subscribe = |hub: &Hub, known| at("https://b.fr/websub/", hub, known);
        let first = subscribe(&hub, None);
        assert_eq!((first.token.len(), first.secret.len()), (32, 64));
        let again = subscribe(&hub, Some(&first));
        assert_eq!((&again.token, &again.secret), (&first.token, &first.secret));
        assert_ne!(at("https://c.fr/websub/", &hub, Some(&first)).token, first.token, "another callback address");
        let other = subscribe(&Hub { topic: "https://a.fr/atom".to_owned(), ..hub }, Some(&first));
        assert_ne!((other.token, other.secret), (first.token, first.secret), "another topic");
    }

    #[test]
    fn hub_of_an_https_feed_is_called_with_https() {
        let plain = Hub { url: "http://hub.example/a".to_owned(), topic: "https://a.fr/rss".to_owned() };
        assert_eq!(secure_hub_url(&plain), "https://hub.example/a");
    }
}
