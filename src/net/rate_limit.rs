//! Turn-taking: how many requests a host gets at a time, and how far apart they begin.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Below so many hosts nothing is swept: they take about 200 bytes each.
const FEW: usize = 256;

/// The gates of all hosts that are, or just were, asked for something.
pub(super) struct Hosts {
    per_host: usize,
    interval: Duration,
    gates: Mutex<Gates>,
}

struct Gates {
    by_host: HashMap<String, Arc<Gate>>,
    /// Hosts that want more time between two requests than others.
    slow: HashMap<String, Duration>,
    sweep_at: usize,
}

struct Gate {
    slots: Arc<Semaphore>,
    next: Mutex<Instant>,
}

/// The right to one request to a host; dropped when its answer has been read.
pub(super) struct Turn {
    _slot: OwnedSemaphorePermit,
    /// Keeps the gate from being swept while somebody is behind it.
    _gate: Arc<Gate>,
}

impl Hosts {
    /// `per_host` requests at a time, and `interval` between two beginnings.
    pub(super) fn new(per_host: usize, interval: Duration) -> Self {
        let gates = Gates { by_host: HashMap::new(), slow: HashMap::new(), sweep_at: FEW };
        Self { per_host: per_host.max(1), interval, gates: Mutex::new(gates) }
    }

    /// Waits for a turn at `host` (host and port); those who wait are served in the order in which they came.
    pub(super) async fn turn(&self, host: &str) -> Turn {
        let (gate, interval) = self.gate(host);
        let slot = Arc::clone(&gate.slots).acquire_owned().await.expect("this semaphore is never closed");
        let start = {
            let mut next = lock(&gate.next);
            let start = Instant::now().max(*next);
            *next = start + interval;
            start
        };
        // The timer would let even a time that is past wait for its next tick.
        if start > Instant::now() {
            sleep_until(start).await;
        }
        Turn { _slot: slot, _gate: gate }
    }

    /// From the next one on requests to a host begin so far apart, if that is further than usual. That one is not put off: what
    /// was asked for last was how far apart.
    pub(super) fn set_host_interval(&self, host: &str, interval: Duration) {
        let mut gates = lock(&self.gates);
        if interval <= self.interval {
            gates.slow.remove(host);
            return;
        }
        gates.slow.insert(host.to_owned(), interval);
    }

    fn gate(&self, host: &str) -> (Arc<Gate>, Duration) {
        let mut gates = lock(&self.gates);
        let interval = gates.slow.get(host).copied().unwrap_or(self.interval);
        if let Some(gate) = gates.by_host.get(host) {
            return (Arc::clone(gate), interval);
        }
        if gates.by_host.len() >= gates.sweep_at {
            let now = Instant::now();
            gates.by_host.retain(|_, gate| Arc::strong_count(gate) > 1 || *lock(&gate.next) > now);
            gates.sweep_at = FEW.max(2 * gates.by_host.len());
        }
        let gate = Arc::new(Gate { slots: Arc::new(Semaphore::new(self.per_host)), next: Mutex::new(Instant::now()) });
        gates.by_host.insert(host.to_owned(), Arc::clone(&gate));
        (gate, interval)
    }
}

/// No panic can happen while one of these is held, so that a poisoned one is as good as any.
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
        assert_eq!(begun.elapsed(), 7 * SECOND, "a host that was left alone does not wait");
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_wants_more_time_gets_it() {
        let hosts = Hosts::new(1, SECOND);
        let begun = Instant::now();
        drop(hosts.turn("a:80").await);
        hosts.set_host_interval("a:80", 10 * SECOND);
        for start in [1, 11, 21] {
            hosts.set_host_interval("a:80", 10 * SECOND);
            drop(hosts.turn("a:80").await);
            assert_eq!(begun.elapsed(), start * SECOND);
        }
        drop(hosts.turn("b:80").await);
        assert_eq!(begun.elapsed(), 21 * SECOND, "another host does not wait");
        hosts.set_host_interval("a:80", Duration::ZERO);
        drop(hosts.turn("a:80").await);
        drop(hosts.turn("a:80").await);
        assert_eq!(begun.elapsed(), 32 * SECOND, "it does not want it any more");
    }

    #[tokio::test(start_paused = true)]
    async fn no_host_has_more_than_its_share_in_flight() {
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
    async fn hosts_that_nobody_asks_for_are_forgotten() {
        let hosts = Hosts::new(1, SECOND);
        let kept = hosts.turn("kept:80").await;
        for n in 0..10_000 {
            drop(hosts.turn(&format!("{n}:80")).await);
            advance(SECOND).await;
        }
        let gates = lock(&hosts.gates);
        assert!(gates.by_host.len() <= FEW + 1, "{} hosts are remembered", gates.by_host.len());
        assert!(gates.by_host.contains_key("kept:80"), "its turn is not over");
        drop(kept);
    }
}
