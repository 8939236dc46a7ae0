//! A subscription: what was agreed with the hub of a source (WebSub).

use std::fmt;
use std::time::Duration;

use super::{Hub, SourceId, Time};

/// How long a hub that has not agreed is left alone: doubled each time, up to a day.
const FIRST_RETRY: Duration = Duration::from_secs(60);
/// A hub that agrees to less is asked no sooner.
const LEAST_RENEWAL: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_secs(24 * 60 * 60);

/// What was agreed with the hub of a source, or asked of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The source.
    pub source: SourceId,
    /// The last part of the address that the hub calls: nobody else knows it.
    pub token: String,
    /// What stands before it: where hubs reach us.
    pub callback: String,
    /// The hub, and what is subscribed to.
    pub hub: Hub,
    /// What the hub signs with.
    pub secret: String,
    /// When it was last asked.
    pub asked: Time,
    /// How often it was asked since it last agreed.
    pub failures: u32,
    /// Until when its agreement lasts.
    pub until: Option<Time>,
    /// For how long it agreed.
    pub lease: Option<Duration>,
    /// Why it did not.
    pub reason: Option<String>,
}

impl Subscription {
    /// Whether the hub has agreed, and its agreement lasts.
    pub fn is_active(&self, now: Time) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Whether it is what this hub would be asked for, by somebody who is reached at `callback`.
    pub fn is_for(&self, hub: &Hub, callback: &str) -> bool {
        self.hub == *hub && self.callback == callback
    }

    /// When the hub is to be asked (again): when two thirds of what it agreed to are over, and later if it does not answer.
    pub fn next_request_at(&self) -> Time {
        let renewal = match (self.until, self.lease) {
            (Some(until), Some(lease)) => {
                let renewal = Time::from_millis(until.millis() - i64::try_from(lease.as_millis() / 3).unwrap_or(0));
                renewal.max(self.asked.plus(LEAST_RENEWAL))
            }
            _ => self.asked,
        };
        if self.failures == 0 {
            return renewal;
        }
        let doubled = FIRST_RETRY.saturating_mul(1_u32.checked_shl(self.failures - 1).unwrap_or(u32::MAX)).min(LONGEST_RETRY);
        renewal.max(self.asked.plus(if self.reason.is_some() { doubled.max(FIRST_RETRY * 10) } else { doubled }))
    }
}

/// Without what only the hub may know.
impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, hub, asked, failures, until, reason, .. } = self;
        f.debug_struct("Subscription")
            .field("source", source)
            .field("hub", hub)
            .field("asked", asked)
            .field("failures", failures)
            .field("until", until)
            .field("reason", reason)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_asked_again_in_time_and_not_in_vain() {
        let minutes = |minutes: u64| Time::EPOCH.plus(Duration::from_secs(60 * minutes));
        let hub = Hub { url: "https://hub.example/".to_owned(), topic: "https://a.fr/rss".to_owned() };
        let asked = Subscription {
            source: SourceId::new("a"),
            token: "t".to_owned(),
            callback: String::new(),
            hub,
            secret: "s".to_owned(),
            asked: minutes(0),
            failures: 1,
            until: None,
            lease: None,
            reason: None,
        };
        assert_eq!(asked.next_request_at(), minutes(1));
        assert_eq!(Subscription { failures: 4, ..asked.clone() }.next_request_at(), minutes(8));
        assert_eq!(Subscription { failures: 99, ..asked.clone() }.next_request_at(), minutes(24 * 60));
        assert_eq!(Subscription { reason: Some("no".to_owned()), ..asked.clone() }.next_request_at(), minutes(10), "it said no");
        let agreed =
            Subscription { failures: 0, until: Some(minutes(90)), lease: Some(Duration::from_secs(90 * 60)), ..asked.clone() };
        assert_eq!(agreed.next_request_at(), minutes(60));
        let second = Duration::from_secs(1);
        let hasty = Subscription { until: Some(minutes(0).plus(second)), lease: Some(second), ..agreed.clone() };
        assert_eq!(hasty.next_request_at(), minutes(0).plus(second * 30), "a hub that wants to be asked each second");
        assert!(agreed.is_active(minutes(89)) && !agreed.is_active(minutes(90)));
        let renewing = Subscription { asked: minutes(60), failures: 2, ..agreed };
        assert_eq!(renewing.next_request_at(), minutes(62));
        assert!(!format!("{renewing:?}").contains("\"s\""));
    }
}
