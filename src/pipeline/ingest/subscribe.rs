//! Subscribing: hubs that tell of what is new in a source are asked to tell us, and asked again before they stop (W3C WebSub §5).

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

/// What is asked of hubs: they may agree to less.
const LEASE: Duration = Duration::from_secs(10 * 24 * 60 * 60);
/// Hubs asked at a time.
const AT_ONCE: usize = 8;
/// Between two looks at what has to be renewed: not more often, nor less often.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// The same while a hub has been asked and has not answered yet.
const SOON: Duration = Duration::from_secs(2);

/// What a hub has sent: a feed, or what is new in it.
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

/// Which sources have hubs, as the last visits found them.
#[derive(Default)]
pub(in crate::pipeline) struct Hubs {
    known: Mutex<HashMap<SourceId, Hub>>,
    changed: Notify,
}

impl Hubs {
    /// Updates the hub that a source declares, as the last visit found it.
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

/// What subscribing needs.
pub(in crate::pipeline) struct Subscribe<'a> {
    pub(in crate::pipeline) context: Context<'a>,
    pub(in crate::pipeline) sources: &'a [&'a plan::Source],
    pub(in crate::pipeline) hubs: &'a Hubs,
    /// Where hubs reach us, ending in `/`.
    pub(in crate::pipeline) callback: &'a str,
}

impl Subscribe<'_> {
    /// Keeps subscriptions until it is told to stop.
    pub(in crate::pipeline) async fn run(&self) {
        let mut is_loaded = false;
        loop {
            let turn = tokio::select! {
                biased;
                // Whoever is asked in this moment is asked again: it is noted before.
                () = self.context.stop.cancelled() => return,
                turn = self.turn(&mut is_loaded) => turn,
            };
            let nap = match turn {
                Ok(nap) => nap,
                Err(error) => {
                    tracing::error!("{error}; hubs are asked when it is back");
                    LONGEST
                }
            };
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return,
                _ = timeout(nap, self.hubs.changed.notified()) => {}
            }
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return,
                () = sleep(SHORTEST) => {}
            }
        }
    }

    /// Asks the hubs whose time has come; gives the time until the next one's.
    async fn turn(&self, is_loaded: &mut bool) -> Result<Duration, StoreError> {
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
            return Ok(LONGEST);
        }
        let known: HashMap<SourceId, Subscription> =
            self.context.store.load_subscriptions(&ids).await?.into_iter().map(|known| (known.source.clone(), known)).collect();
        let now = self.context.clock.now();
        let mut due = Vec::new();
        let mut next = now.plus(LONGEST);
        for (source, hub) in &hubs {
            let known = known.get(source);
            let at = known.filter(|known| known.is_for(hub, self.callback)).map_or(now, Subscription::next_request_at);
            if at <= now {
                due.push(self.ask(source, hub, known));
            } else {
                next = next.min(at);
            }
        }
        if !due.is_empty() || known.values().any(|known| known.failures > 0 && now.since(known.asked) < LONGEST) {
            // For how long a hub agrees it says to whoever it calls: that is seen with the next look.
            next = now.plus(SOON);
        }
        let mut asking = iter(due).buffer_unordered(AT_ONCE);
        while let Some(asked) = asking.next().await {
            asked?;
        }
        Ok(next.since(self.context.clock.now()).max(SHORTEST))
    }

    /// Asks a hub, if no other worker does. Its agreement comes by itself: it calls us for that.
    async fn ask(&self, source: &SourceId, hub: &Hub, known: Option<&Subscription>) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let Some(subscription) = request(source, hub, self.callback, known, now) else {
            tracing::error!("the system gives no random numbers, without which nothing can be subscribed to");
            return Ok(());
        };
        if !self.context.store.record_hub_request(&subscription, known.map(|known| known.asked)).await? {
            return Ok(());
        }
        let (callback, lease) = (format!("{}{}", subscription.callback, subscription.token), LEASE.as_secs().to_string());
        let form = [
            ("hub.mode", "subscribe"),
            ("hub.topic", hub.topic.as_str()),
            ("hub.callback", &callback),
            ("hub.secret", &subscription.secret),
            ("hub.lease_seconds", &lease),
            // Its older name in PubSubHubbub 0.3: the hub asks back at once, or later.
            ("hub.verify", "async"),
        ];
        let reason = match self.context.client.post(&encrypted(hub), &form).await {
            Ok((200..=299, _)) => return Ok(()),
            Ok((status, said)) => {
                // Hubs repeat what they were sent; whoever reads it here need not know that.
                let said = said.replace(&subscription.token, "…").replace(&subscription.secret, "…");
                format!("it answers {status}: {}", said.chars().filter(|c| !c.is_control()).collect::<String>())
            }
            Err(error) => error.to_string(),
        };
        tracing::info!(source.id = %source, "{source}: its hub does not take a subscription: {reason}");
        self.context.store.record_hub_refusal(&subscription.token, &reason, false).await
    }
}

/// The address of a hub. The secret of a feed that comes encrypted goes to its hub encrypted, too: else whoever reads it on the way
/// could speak in the hub's name.
fn encrypted(hub: &Hub) -> String {
    match hub.url.strip_prefix("http://") {
        Some(rest) if hub.topic.starts_with("https://") => format!("https://{rest}"),
        _ => hub.url.clone(),
    }
}

/// What is asked: the subscription that there is once more, or a new one with names that nobody can guess.
fn request(source: &SourceId, hub: &Hub, callback: &str, known: Option<&Subscription>, now: Time) -> Option<Subscription> {
    let (token, secret) = match known.filter(|known| known.is_for(hub, callback)) {
        Some(known) => (known.token.clone(), known.secret.clone()),
        None => (random::<16>()?, random::<32>()?),
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

/// So many random bytes, as hexadecimal digits.
fn random<const BYTES: usize>() -> Option<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_hub_is_another_subscription_and_the_same_is_renewed() {
        let hub = Hub { url: "https://hub.example/".to_owned(), topic: "https://a.fr/rss".to_owned() };
        let at =
            |callback, hub: &Hub, known| request(&SourceId::new("a"), hub, callback, known, Time::EPOCH).expect("random numbers");
        let ask = |hub: &Hub, known| at("https://b.fr/websub/", hub, known);
        let first = ask(&hub, None);
        assert_eq!((first.token.len(), first.secret.len()), (32, 64));
        let again = ask(&hub, Some(&first));
        assert_eq!((&again.token, &again.secret), (&first.token, &first.secret));
        assert_ne!(at("https://c.fr/websub/", &hub, Some(&first)).token, first.token, "we have moved");
        let plain = Hub { url: "http://hub.example/a".to_owned(), ..hub.clone() };
        assert_eq!(encrypted(&plain), "https://hub.example/a");
        let other = ask(&Hub { topic: "https://a.fr/atom".to_owned(), ..hub }, Some(&first));
        assert_ne!(other.token, first.token);
        assert_ne!(other.secret, first.secret);
    }
}
