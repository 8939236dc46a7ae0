//! Rate limits per host: the number of requests in flight, and the time between two starts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// The number of hosts below which none is forgotten. One takes about 200 bytes.
const FEW: usize = 256;

/// The rate limit of one host, known by its name and port.
struct Host {
    /// The right to have a request in flight.
    slots: Arc<Semaphore>,
    spacing: Mutex<Spacing>,
}

/// The time between two requests to a host.
struct Spacing {
    /// The earliest start of the next request.
    next_start: Instant,
    /// The interval that the host asks for (`Crawl-delay`), if it is longer than the configured one.
    crawl_delay: Option<Duration>,
}

/// The rate limits of all hosts.
pub(super) struct Hosts {
    per_host: usize,
    interval: Duration,
    known: Mutex<KnownHosts>,
}

struct KnownHosts {
    by_key: HashMap<String, Arc<Host>>,
    /// The number of hosts at which idle ones are removed.
    sweep_at: usize,
}

/// The right to one request to a host. Drop it when the response has been read.
pub(super) struct Turn {
    _slot: OwnedSemaphorePermit,
    /// Keeps the host from being removed while a request is in flight.
    _host: Arc<Host>,
}

impl Host {
    fn new(per_host: usize) -> Self {
        let spacing = Spacing { next_start: Instant::now(), crawl_delay: None };
        Self { slots: Arc::new(Semaphore::new(per_host)), spacing: Mutex::new(spacing) }
    }

    /// Reserves the next start, and sets the one after it `interval` later, or the crawl delay.
    fn reserve_start(&self, interval: Duration) -> Instant {
        let mut spacing = lock(&self.spacing);
        let start = Instant::now().max(spacing.next_start);
        spacing.next_start = start + spacing.crawl_delay.unwrap_or(interval);
        start
    }

    /// True if there is nothing to remember about the host.
    fn is_idle(&self, now: Instant) -> bool {
        let spacing = lock(&self.spacing);
        spacing.next_start <= now && spacing.crawl_delay.is_none()
    }
}

impl Hosts {
    /// Allows `per_host` requests in flight to each host, and `interval` between their starts.
    pub(super) fn new(per_host: usize, interval: Duration) -> Self {
        let known = KnownHosts { by_key: HashMap::new(), sweep_at: FEW };
        Self { per_host: per_host.max(1), interval, known: Mutex::new(known) }
    }

    /// Waits until a request to the host may start. Waiting requests start in the order in which they came.
    pub(super) async fn turn(&self, key: &str) -> Turn {
        let begun = Instant::now();
        let host = self.host(key);
        let slot = Arc::clone(&host.slots).acquire_owned().await.expect("this semaphore is never closed");
        let start = host.reserve_start(self.interval);
        // The timer rounds up to its next tick even a time that has passed.
        if start > Instant::now() {
            sleep_until(start).await;
        }
        let wait_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        if wait_ms > 0 {
            tracing::trace!(url.host = key, wait_ms, "waited {wait_ms} ms for the rate limit of {key}");
        }
        Turn { _slot: slot, _host: host }
    }

    /// Sets the interval that a host asks for. One that is not longer than the configured interval removes it. The start that
    /// is reserved already does not move.
    pub(super) fn set_interval(&self, key: &str, interval: Duration) {
        let crawl_delay = (interval > self.interval).then_some(interval);
        if crawl_delay.is_none() && !lock(&self.known).by_key.contains_key(key) {
            return;
        }
        lock(&self.host(key).spacing).crawl_delay = crawl_delay;
    }

    fn host(&self, key: &str) -> Arc<Host> {
        let mut known = lock(&self.known);
        if let Some(host) = known.by_key.get(key) {
            return Arc::clone(host);
        }
        if known.by_key.len() >= known.sweep_at {
            let now = Instant::now();
            known.by_key.retain(|_, host| Arc::strong_count(host) > 1 || !host.is_idle(now));
            known.sweep_at = FEW.max(2 * known.by_key.len());
        }
        let host = Arc::new(Host::new(self.per_host));
        known.by_key.insert(key.to_owned(), Arc::clone(&host));
        host
    }
}

/// Locks a mutex under which nothing panics: a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use tokio::time::{advance, sleep};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn starts_at_one_host_are_an_interval_apart() {
        let hosts = Hosts::new(8, SECOND);
        let begun = Instant::now();
        for second in 0..3 {
            drop(hosts.turn("a:80").await);
            assert_eq!(begun.elapsed(), second * SECOND);
        }
        drop(hosts.turn("b:80").await);
        assert_eq!(begun.elapsed(), 2 * SECOND, "another host does not wait");
        sleep(5 * SECOND).await;
        drop(hosts.turn("a:80").await);
        assert_eq!(begun.elapsed(), 7 * SECOND, "an idle host does not wait");
    }

    #[tokio::test(start_paused = true)]
    async fn crawl_delay_overrides_a_shorter_interval() {
        let hosts = Hosts::new(1, SECOND);
        let begun = Instant::now();
        drop(hosts.turn("a:80").await);
        hosts.set_interval("a:80", 10 * SECOND);
        for start in [1, 11, 21] {
            hosts.set_interval("a:80", 10 * SECOND);
            drop(hosts.turn("a:80").await);
            assert_eq!(begun.elapsed(), start * SECOND);
        }
        drop(hosts.turn("b:80").await);
        assert_eq!(begun.elapsed(), 21 * SECOND, "another host does not wait");
        hosts.set_interval("a:80", Duration::ZERO);
        drop(hosts.turn("a:80").await);
        drop(hosts.turn("a:80").await);
        assert_eq!(begun.elapsed(), 32 * SECOND, "the crawl delay is gone");
    }

    #[tokio::test(start_paused = true)]
    async fn host_has_no_more_requests_in_flight_than_allowed() {
        let hosts = Hosts::new(2, Duration::ZERO);
        let first = hosts.turn("a:80").await;
        let second = hosts.turn("a:80").await;
        assert!(hosts.turn("a:80").now_or_never().is_none());
        drop(first);
        let third = hosts.turn("a:80").await;
        assert!(hosts.turn("a:80").now_or_never().is_none());
        drop((second, third));
    }

    #[tokio::test(start_paused = true)]
    async fn idle_hosts_are_forgotten_unless_they_asked_for_a_delay() {
        let hosts = Hosts::new(1, SECOND);
        let in_flight = hosts.turn("in-flight:80").await;
        hosts.set_interval("delayed:80", 10 * SECOND);
        for n in 0..10_000 {
            hosts.set_interval(&format!("unknown-{n}:80"), Duration::ZERO);
            drop(hosts.turn(&format!("{n}:80")).await);
            advance(SECOND).await;
        }
        let known = lock(&hosts.known);
        assert!(known.by_key.len() <= FEW + 2, "{} hosts are remembered", known.by_key.len());
        assert!(known.by_key.contains_key("in-flight:80") && known.by_key.contains_key("delayed:80"));
        drop(in_flight);
    }
}
