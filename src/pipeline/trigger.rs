//! Wakes a pass: it is asked for by whoever has work for it, and waits until what comes together has come.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How a pass waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long it waits for more once it is asked for (debounce).
    pub(super) debounce: Duration,
    /// How long it rests at most when nobody asks for it; without this, until somebody does.
    pub(super) rest: Option<Duration>,
}

/// Requests for one pass. One task waits, any number ask.
#[derive(Debug, Default)]
pub(super) struct Trigger {
    is_requested: AtomicBool,
    was_requested: AtomicBool,
    closed: CancellationToken,
    changed: Notify,
}

impl Trigger {
    /// Asks for the pass. Requests that come before it begins are one.
    pub(super) fn request(&self) {
        self.was_requested.store(true, Ordering::Release);
        self.is_requested.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    /// Says that nobody will ask any more: the pass ends once it has served the last request.
    pub(super) fn close(&self) {
        self.closed.cancel();
        self.changed.notify_one();
    }

    /// Returns true if the pass was ever asked for.
    pub(super) fn was_requested(&self) -> bool {
        self.was_requested.load(Ordering::Acquire)
    }

    /// Waits until the pass is asked for or has rested long enough. False when it has ended: it is cancelled, or nobody will ask.
    pub(super) async fn wait(&self, pace: Pace, stop: &CancellationToken) -> bool {
        while !self.is_requested.load(Ordering::Acquire) {
            if self.closed.is_cancelled() {
                return false;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return false,
                () = self.changed.notified() => {}
                () = rest(pace.rest) => break,
            }
        }
        if !sleep_unless_cancelled(pace.debounce, stop).await {
            return false;
        }
        self.is_requested.store(false, Ordering::Release);
        true
    }
}

/// Sleeps; false if it is cancelled before that.
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

    const AT_ONCE: Pace = Pace { debounce: Duration::ZERO, rest: None };

    #[tokio::test(start_paused = true)]
    async fn requests_before_a_pass_begins_are_one() {
        let (trigger, stop) = (Trigger::default(), CancellationToken::new());
        trigger.request();
        trigger.request();
        trigger.close();
        assert!(trigger.wait(AT_ONCE, &stop).await);
        assert!(!trigger.wait(AT_ONCE, &stop).await, "nobody will ask any more");
    }

    #[tokio::test(start_paused = true)]
    async fn pass_that_nobody_asks_for_begins_after_its_rest() {
        let (trigger, stop) = (Trigger::default(), CancellationToken::new());
        assert!(trigger.wait(Pace { debounce: Duration::from_secs(2), rest: Some(Duration::from_secs(60)) }, &stop).await);
        assert!(!trigger.was_requested());
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_pass_does_not_begin() {
        let (trigger, stop) = (Trigger::default(), CancellationToken::new());
        trigger.request();
        stop.cancel();
        assert!(!trigger.wait(AT_ONCE, &stop).await);
    }
}
