//! The time limit of a request. It runs only while we wait for the server, not while we wait for the rate limit.

use std::time::Duration;

use tokio::time::{Instant, timeout};

/// The time that a request may still take.
pub(super) struct Deadline {
    limit: Duration,
    left: Duration,
}

/// The time limit is used up.
pub(super) struct DeadlineExceeded;

impl Deadline {
    /// Starts with the whole time limit.
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, left: limit }
    }

    /// Returns the time limit as it was at the start.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Returns the time spent so far.
    pub(super) fn spent(&self) -> Duration {
        self.limit.saturating_sub(self.left)
    }

    /// Runs `step` for as long as time is left, and subtracts the time that it took.
    pub(super) async fn run<F: Future>(&mut self, step: F) -> Result<F::Output, DeadlineExceeded> {
        let begun = Instant::now();
        let result = timeout(self.left, step).await;
        self.left = self.left.saturating_sub(begun.elapsed());
        result.map_err(|_| DeadlineExceeded)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn deadline_counts_only_the_time_within_steps() {
        let mut deadline = Deadline::new(Duration::from_secs(10));
        assert!(deadline.run(sleep(Duration::from_secs(6))).await.is_ok());
        advance(Duration::from_mins(1)).await;
        assert_eq!(deadline.spent().as_secs(), 6);
        assert!(deadline.run(sleep(Duration::from_secs(6))).await.is_err());
        assert!(deadline.run(sleep(Duration::from_millis(1))).await.is_err());
    }
}
