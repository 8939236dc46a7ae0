//! When an engine may be asked: after what it asked us to wait for, and not while it fails again and again.

use std::time::Duration;

use tokio::time::Instant;

use super::engine::{Billing, EngineError};

/// Requests are tried so often in all.
const TRIES: u32 = 5;
/// The first wait; each further one is up to twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// No wait is longer, unless the server asks for it.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// After so many requests in a row that failed for good the engine is left alone.
const FAILURES: u32 = 3;

/// Whether and when one engine may be asked. One for all requests to it: what one of them learns holds for the others.
#[derive(Debug, Default)]
pub struct CircuitBreaker {
    /// Nobody asks before.
    not_before: Option<Instant>,
    /// Requests that failed for good since the last that did not.
    failures: u32,
    /// Why the engine is left alone from now on.
    shut: Option<String>,
}

/// What to do about a request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryDecision {
    /// Ask again, not before then.
    RetryAt(Instant),
    /// Halve the request.
    Split,
    /// Not this engine, now.
    GiveUp,
    /// The engine answered, but of no use: each text alone, then another engine.
    Isolate,
}

impl CircuitBreaker {
    /// Why the engine is left alone, if it is.
    pub fn shut(&self) -> Option<&str> {
        self.shut.as_deref()
    }

    /// When the next request may be sent.
    pub fn opens(&self, now: Instant) -> Instant {
        self.not_before.map_or(now, |then| then.max(now))
    }

    /// A request was answered.
    pub fn answered(&mut self) {
        self.failures = 0;
    }

    /// A request failed, its `tries`th try (from 1), at `now`; nothing is tried again after `until`. `jitter` is from 0 to 1.
    pub fn failed(&mut self, error: &EngineError, tries: u32, now: Instant, until: Instant, jitter: f64) -> RetryDecision {
        match error {
            EngineError::Transient { message, retry_after, billing } => {
                let wait = retry_after.unwrap_or_else(|| backoff(tries, jitter));
                let then = now + wait;
                if retry_after.is_some() {
                    self.not_before = self.not_before.max(Some(then));
                }
                // What may have been worked on is not sent twice at once: it would be paid for twice.
                let worth_it = tries < TRIES && then < until && *billing == Billing::Free || tries < 2 && then < until;
                if worth_it && self.shut.is_none() {
                    return RetryDecision::RetryAt(then);
                }
                self.failures += 1;
                if self.failures >= FAILURES || then >= until {
                    self.shut.get_or_insert_with(|| message.clone());
                }
                RetryDecision::GiveUp
            }
            EngineError::Quota { message } | EngineError::Auth { message } => {
                self.shut.get_or_insert_with(|| message.clone());
                RetryDecision::GiveUp
            }
            EngineError::TooLarge { .. } => {
                self.answered();
                RetryDecision::Split
            }
            EngineError::BadOutput { .. } => {
                self.answered();
                RetryDecision::Isolate
            }
        }
    }
}

/// Full jitter: anything up to the exponential wait, so that many that failed together do not come back together.
fn backoff(tries: u32, jitter: f64) -> Duration {
    let longest = FIRST_WAIT.saturating_mul(1 << tries.saturating_sub(1).min(6)).min(LONGEST_WAIT);
    longest.mul_f64(jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transient(retry_after: Option<u64>, billing: Billing) -> EngineError {
        EngineError::Transient { message: "no".to_owned(), retry_after: retry_after.map(Duration::from_secs), billing }
    }

    #[test]
    fn waits_grow_up_to_a_minute_and_what_the_server_asks_for_holds_for_all() {
        let (now, mut gate) = (Instant::now(), CircuitBreaker::default());
        let until = now + Duration::from_secs(600);
        for (tries, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
            let advice = gate.failed(&transient(None, Billing::Free), tries, now, until, 1.0);
            assert_eq!(advice, RetryDecision::RetryAt(now + Duration::from_secs(seconds)));
            assert_eq!(gate.opens(now), now);
        }
        assert_eq!(gate.failed(&transient(None, Billing::Free), 5, now, until, 1.0), RetryDecision::GiveUp);
        assert_eq!(gate.shut(), None, "once is no habit");
        let asked = now + Duration::from_secs(90);
        assert_eq!(gate.failed(&transient(Some(90), Billing::Free), 1, now, until, 1.0), RetryDecision::RetryAt(asked));
        assert_eq!(gate.opens(now), asked);
        assert_eq!(backoff(40, 1.0), LONGEST_WAIT);
    }

    #[test]
    fn what_may_cost_something_is_tried_once_more_only() {
        let (now, mut gate) = (Instant::now(), CircuitBreaker::default());
        let until = now + Duration::from_secs(600);
        assert!(matches!(gate.failed(&transient(None, Billing::Unknown), 1, now, until, 0.5), RetryDecision::RetryAt(_)));
        assert_eq!(gate.failed(&transient(None, Billing::Unknown), 2, now, until, 0.5), RetryDecision::GiveUp);
    }

    #[test]
    fn an_engine_that_fails_again_and_again_or_for_good_is_left_alone() {
        let (now, mut gate) = (Instant::now(), CircuitBreaker::default());
        let until = now + Duration::from_secs(600);
        for _ in 0..FAILURES {
            assert_eq!(gate.shut(), None);
            gate.failed(&transient(None, Billing::Free), TRIES, now, until, 0.0);
        }
        assert_eq!(gate.shut(), Some("no"));
        let mut gate = CircuitBreaker::default();
        assert_eq!(gate.failed(&EngineError::Quota { message: "used up".to_owned() }, 1, now, until, 0.0), RetryDecision::GiveUp);
        assert_eq!(gate.shut(), Some("used up"));
        let mut gate = CircuitBreaker::default();
        assert_eq!(gate.failed(&transient(Some(3600), Billing::Free), 1, now, until, 0.0), RetryDecision::GiveUp);
        assert_eq!(gate.shut(), Some("no"), "it asks for more time than there is");
        let mut gate = CircuitBreaker::default();
        assert_eq!(gate.failed(&EngineError::TooLarge { message: "large".to_owned() }, 1, now, until, 0.0), RetryDecision::Split);
        assert_eq!(gate.shut(), None);
    }
}
