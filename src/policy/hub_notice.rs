//! The times at which a hub is told that a feed has changed (W3C WebSub §6), and at which one that cannot be told is reported.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::Time;

/// The pause after the first failure; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_hours(6);
/// The failures in a row from which on a hub is reported: a restart of the hub is over by then.
const REPORTED_FROM: u32 = 3;

/// The state of one feed that a hub was told last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubNotice {
    /// The hash of the file that the hub was told of last; nothing if it was told of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// The number of failures in a row.
    #[serde(default)]
    pub failures: u32,
    /// The time before which the hub is not told again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Time>,
    /// The time of the first of the failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// The last failure, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl HubNotice {
    /// Returns true if the hub has not been told of a file with this hash.
    pub fn is_pending(&self, hash: &str) -> bool {
        self.told.as_deref() != Some(hash)
    }

    /// Returns true if the hub may be told now. A retry later than the longest pause was decided while the clock was ahead.
    pub fn is_due(&self, now: Time) -> bool {
        self.retry_at.is_none_or(|at| at <= now || at > now.plus(LONGEST_PAUSE))
    }

    /// Notes that the hub was told of a file with this hash.
    pub fn succeed(&mut self, hash: &str) {
        *self = Self { told: Some(hash.to_owned()), ..Self::default() };
    }

    /// Notes that the hub could not be told.
    pub fn fail(&mut self, reason: String, now: Time) {
        self.failures = self.failures.saturating_add(1);
        let pause = FIRST_PAUSE.saturating_mul(1_u32 << (self.failures - 1).min(16)).min(LONGEST_PAUSE);
        self.retry_at = Some(now.plus(pause));
        self.since = self.since.or(Some(now));
        self.reason = Some(reason);
    }

    /// Returns true if the hub has failed so often that the operator is told.
    pub fn is_reported(&self) -> bool {
        self.failures >= REPORTED_FROM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_doubles_up_to_six_hours() {
        let (mut notice, now) = (HubNotice::default(), Time::EPOCH);
        let mut pauses = Vec::new();
        for _ in 0..12 {
            notice.fail("it answers 503".to_owned(), now);
            pauses.push(notice.retry_at.expect("a time").since(now).as_secs() / 60);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
        assert_eq!((notice.failures, notice.since), (12, Some(now)));
    }

    #[test]
    fn hub_is_reported_from_its_third_failure_until_it_is_told() {
        let (mut notice, now) = (HubNotice::default(), Time::EPOCH);
        let reported: Vec<bool> = (0..3)
            .map(|_| {
                notice.fail("it answers 503".to_owned(), now);
                notice.is_reported()
            })
            .collect();
        assert_eq!(reported, [false, false, true]);
        notice.succeed("a");
        assert_eq!((notice.is_reported(), notice.is_pending("a"), notice.is_pending("b")), (false, false, true));
    }

    #[test]
    fn retry_that_a_clock_ahead_has_decided_is_due() {
        let mut notice = HubNotice::default();
        notice.fail("it answers 503".to_owned(), Time::from_millis(1_000_000_000_000));
        assert!(notice.is_due(Time::EPOCH));
        notice.fail("it answers 503".to_owned(), Time::EPOCH);
        assert!(!notice.is_due(Time::EPOCH));
    }
}
