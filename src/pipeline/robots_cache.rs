//! What hosts ask of programs, asked of them once a day and kept: the pause between two requests, and which pages are not for
//! programs (robots.txt, RFC 9309).

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Mutex;
use url::Url;

use crate::model::{Clock, Time, Validators};
use crate::net::{Client, FetchError, Request, Response};
use crate::policy::Robots;
use crate::store::{Store, StoreError};

/// How long an answer is good (RFC 9309 §2.4 allows a day).
const GOOD: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a host is not asked again whose answer could not be had.
const RETRY: Duration = Duration::from_secs(60 * 60);

/// What hosts ask for, of one pass.
pub(super) struct Manners<'a> {
    pub(super) store: &'a Store,
    pub(super) client: &'a Client,
    pub(super) clock: &'a dyn Clock,
    /// How we are called in the `User-Agent` header.
    pub(super) user_agent: &'a str,
    known: Mutex<HashMap<String, EntryRow>>,
}

#[derive(Clone)]
struct EntryRow {
    at: Time,
    robots: Robots,
}

impl<'a> Manners<'a> {
    /// Of whom nothing is known yet.
    pub(super) fn new(store: &'a Store, client: &'a Client, clock: &'a dyn Clock, user_agent: &'a str) -> Self {
        Self { store, client, clock, user_agent, known: Mutex::new(HashMap::new()) }
    }

    /// What the host of an address asks for. The client keeps the pause that it wants from now on.
    pub(super) async fn of(&self, address: &str) -> Result<Robots, StoreError> {
        let Some(host) = crate::net::host_key(address) else { return Ok(Robots::default()) };
        let now = self.clock.now();
        let is_good = |known: &EntryRow| now.since(known.at) < GOOD && known.at <= now;
        if let Some(known) = self.known.lock().await.get(&host).filter(|known| is_good(known)) {
            return Ok(known.robots.clone());
        }
        let kept = self.store.load_robots(&[&host]).await?.pop().map(|(_, at, robots)| EntryRow { at, robots });
        let known = match kept {
            Some(known) if is_good(&known) => known,
            kept => self.ask(&host, address, kept.map(|known| known.robots)).await?,
        };
        self.client.set_host_interval(&host, known.robots.delay());
        let robots = known.robots.clone();
        self.known.lock().await.insert(host, known);
        Ok(robots)
    }

    /// Asks a host. While it does not answer, what it said before counts.
    async fn ask(&self, host: &str, address: &str, before: Option<Robots>) -> Result<EntryRow, StoreError> {
        let now = self.clock.now();
        let robots = Url::parse(address).ok().and_then(|url| url.join("/robots.txt").ok()).map(String::from);
        let ask =
            Request { url: robots.as_deref().unwrap_or_default(), validators: &Validators::default(), headers: &[], auth: None };
        let known = match self.client.get(&ask).await {
            Ok(Response::Body(body)) => {
                EntryRow { at: now, robots: Robots::read(&String::from_utf8_lossy(&body.bytes), name(self.user_agent)) }
            }
            // There is none: nothing is asked for (RFC 9309 §2.3.1.3).
            Ok(Response::NotModified { .. }) | Err(FetchError::Http { status: 400..=428 | 430..=499, .. }) => {
                EntryRow { at: now, robots: Robots::default() }
            }
            Err(_) => {
                let at = now.millis() - i64::try_from(GOOD.saturating_sub(RETRY).as_millis()).unwrap_or(0);
                EntryRow { at: Time::from_millis(at), robots: before.unwrap_or_else(Robots::unknown) }
            }
        };
        self.store.save_robots(host, known.at, &known.robots).await?;
        Ok(known)
    }
}

/// The name by which a robots.txt calls us: the first word of the `User-Agent` header.
fn name(user_agent: &str) -> &str {
    user_agent.split(['/', ' ']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_robots_txt_calls_us_by_the_first_word() {
        for (agent, name) in [("relais/0.1 (+https://example.org/)", "relais"), ("Lecteur (a)", "Lecteur"), ("", "")] {
            assert_eq!(super::name(agent), name);
        }
    }
}
