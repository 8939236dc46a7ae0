//! The trigger of a pass: others request it, and it begins after a debounce.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// The waiting times of a pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The time from a request to the pass, in which further requests join it.
    pub(super) debounce: Duration,
    /// The longest time between two passes without a request; `None` for no limit.
    pub(super) max_rest: Option<Duration>,
}

/// The requests for one pass. One task waits for them; any number of tasks send them.
#[derive(Debug, Default)]
pub(super) struct Trigger {
    is_requested: AtomicBool,
    was_requested: AtomicBool,
    closed: CancellationToken,
    changed: Notify,
}

impl Trigger {
    /// Requests the pass. All requests before it begins count as one.
    pub(super) fn request(&self) {
        self.was_requested.store(true, Ordering::Release);
        self.is_requested.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    /// Closes the trigger: there are no more requests, and the loop of the pass ends after the last one.
    pub(super) fn close(&self) {
        self.closed.cancel();
        self.changed.notify_one();
    }

    /// Returns true if the pass was ever requested.
    pub(super) fn was_requested(&self) -> bool {
        self.was_requested.load(Ordering::Acquire)
    }

    /// Waits until the pass is requested or has rested for `max_rest`. Returns false if it is cancelled or closed meanwhile.
    pub(super) async fn wait(&self, pace: Pace, stop: &CancellationToken) -> bool {
        while !self.is_requested.load(Ordering::Acquire) {
            if self.closed.is_cancelled() {
                return false;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return false,
                () = self.changed.notified() => {}
                () = rest(pace.max_rest) => break,
            }
        }
        if !sleep_unless_cancelled(pace.debounce, stop).await {
            return false;
        }
        self.is_requested.store(false, Ordering::Release);
        true
    }
}

/// Sleeps. Returns false if it is cancelled meanwhile.
pub(super) async fn sleep_unless_cancelled(time: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        () = sleep(time) => true,
    }
}

async fn rest(time: Option<Duration>) {
    match time {
        Some(time) => sleep(time).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMMEDIATE: Pace = Pace { debounce: Duration::ZERO, max_rest: None };

    #[tokio::test(start_paused = true)]
    async fn requests_before_a_pass_begins_count_as_one() {
        let (trigger, stop) = (Trigger::default(), CancellationToken::new());
        trigger.request();
        trigger.request();
        trigger.close();
        assert!(trigger.wait(IMMEDIATE, &stop).await);
        assert!(!trigger.wait(IMMEDIATE, &stop).await, "the trigger is closed");
    }

    #[tokio::test(start_paused = true)]
    async fn pass_without_a_request_begins_after_its_rest() {
        let (trigger, stop) = (Trigger::default(), CancellationToken::new());
        assert!(trigger.wait(Pace { debounce: Duration::from_secs(2), max_rest: Some(Duration::from_secs(60)) }, &stop).await);
        assert!(!trigger.was_requested());
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_pass_does_not_begin() {
        let (trigger, stop) = (Trigger::default(), CancellationToken::new());
        trigger.request();
        stop.cancel();
        assert!(!trigger.wait(IMMEDIATE, &stop).await);
    }
}
