//! The robots.txt of hosts (RFC 9309), fetched once a day and stored.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Mutex;
use url::Url;

use crate::model::{Clock, Time, Validators};
use crate::net::{Client, FetchError, Request, Response};
use crate::policy::Robots;
use crate::store::{Store, StoreError};

/// The time for which a robots.txt is fresh (RFC 9309 §2.4 allows a day).
const FRESH_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// The time until a failed robots.txt is fetched again.
const RETRY: Duration = Duration::from_secs(60 * 60);

/// The robots.txt of hosts, cached in memory and in the store.
pub(super) struct RobotsCache<'a> {
    pub(super) store: &'a Store,
    pub(super) client: &'a Client,
    pub(super) clock: &'a dyn Clock,
    /// The `User-Agent` header, which begins with the name that a robots.txt uses.
    pub(super) user_agent: &'a str,
    known: Mutex<HashMap<String, CachedRobots>>,
}

#[derive(Clone)]
struct CachedRobots {
    at: Time,
    robots: Robots,
}

impl<'a> RobotsCache<'a> {
    /// Makes an empty cache.
    pub(super) fn new(store: &'a Store, client: &'a Client, clock: &'a dyn Clock, user_agent: &'a str) -> Self {
        Self { store, client, clock, user_agent, known: Mutex::new(HashMap::new()) }
    }

    /// Returns the robots.txt of the host of an address, and sets its `Crawl-delay` in the client.
    pub(super) async fn get(&self, address: &str) -> Result<Robots, StoreError> {
        let Some(host) = crate::net::host_key(address) else { return Ok(Robots::default()) };
        let now = self.clock.now();
        let is_fresh = |known: &CachedRobots| now.since(known.at) < FRESH_FOR && known.at <= now;
        if let Some(known) = self.known.lock().await.get(&host).filter(|known| is_fresh(known)) {
            return Ok(known.robots.clone());
        }
        let kept = self.store.load_robots(&[&host]).await?.pop().map(|(_, at, robots)| CachedRobots { at, robots });
        let known = match kept {
            Some(known) if is_fresh(&known) => known,
            kept => self.fetch(&host, address, kept.map(|known| known.robots)).await?,
        };
        self.client.set_host_interval(&host, known.robots.delay());
        let robots = known.robots.clone();
        self.known.lock().await.insert(host, known);
        Ok(robots)
    }

    /// Fetches the robots.txt of a host. If that fails, the one fetched `before` still applies.
    async fn fetch(&self, host: &str, address: &str, before: Option<Robots>) -> Result<CachedRobots, StoreError> {
        let now = self.clock.now();
        let robots = Url::parse(address).ok().and_then(|url| url.join("/robots.txt").ok()).map(String::from);
        let request =
            Request { url: robots.as_deref().unwrap_or_default(), validators: &Validators::default(), headers: &[], auth: None };
        let known = match self.client.get(&request).await {
            Ok(Response::Body(body)) => CachedRobots {
                at: now,
                robots: Robots::parse(&String::from_utf8_lossy(&body.bytes), agent_name(self.user_agent)),
            },
            // Without a robots.txt everything is allowed (RFC 9309 §2.3.1.3).
            Ok(Response::NotModified { .. }) | Err(FetchError::Http { status: 400..=428 | 430..=499, .. }) => {
                CachedRobots { at: now, robots: Robots::default() }
            }
            Err(_) => {
                let at = now.millis() - i64::try_from(FRESH_FOR.saturating_sub(RETRY).as_millis()).unwrap_or(0);
                CachedRobots { at: Time::from_millis(at), robots: before.unwrap_or_else(Robots::unknown) }
            }
        };
        self.store.save_robots(host, known.at, &known.robots).await?;
        Ok(known)
    }
}

/// Returns the user agent name for robots.txt: the first word of the `User-Agent` header.
fn agent_name(user_agent: &str) -> &str {
    user_agent.split(['/', ' ']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn user_agent_name_is_the_first_word_of_the_header() {
        for (agent, name) in [("relais/0.1 (+https://example.org/)", "relais"), ("Lecteur (a)", "Lecteur"), ("", "")] {
            assert_eq!(super::agent_name(agent), name);
        }
    }
}
