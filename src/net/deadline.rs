//! The time that a request may still take. It runs only while we wait for the server, not while we wait our turn.

use std::time::Duration;

use tokio::time::{Instant, timeout};

/// What is left, and what was spent.
pub(super) struct Budget {
    whole: Duration,
    left: Duration,
}

/// Nothing is left.
pub(super) struct Spent;

impl Budget {
    /// A budget of so much time.
    pub(super) fn new(whole: Duration) -> Self {
        Self { whole, left: whole }
    }

    /// What there was at first.
    pub(super) fn whole(&self) -> Duration {
        self.whole
    }

    /// What was spent.
    pub(super) fn spent(&self) -> Duration {
        self.whole.saturating_sub(self.left)
    }

    /// Waits for `step` as long as time is left, and charges what it took.
    pub(super) async fn spend<F: Future>(&mut self, step: F) -> Result<F::Output, Spent> {
        let begun = Instant::now();
        let result = timeout(self.left, step).await;
        self.left = self.left.saturating_sub(begun.elapsed());
        result.map_err(|_| Spent)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_the_steps_are_charged() {
        let mut budget = Budget::new(Duration::from_secs(10));
        assert!(budget.spend(sleep(Duration::from_secs(6))).await.is_ok());
        advance(Duration::from_mins(1)).await;
        assert_eq!(budget.spent().as_secs(), 6);
        assert!(budget.spend(sleep(Duration::from_secs(6))).await.is_err());
        assert!(budget.spend(sleep(Duration::from_millis(1))).await.is_err());
    }
}
