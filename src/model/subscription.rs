//! A WebSub subscription: the agreement with the hub of a source.

use std::fmt;
use std::time::Duration;

use super::{Hub, SourceId, Time};

/// The delay before a hub that has not agreed is asked again: doubled each time, up to [`MAX_RETRY`].
const FIRST_RETRY: Duration = Duration::from_secs(60);
/// The shortest time between two requests, also to a hub that agrees to less.
const MIN_RENEWAL: Duration = Duration::from_secs(30);
const MAX_RETRY: Duration = Duration::from_secs(24 * 60 * 60);

/// A subscription that a hub has agreed to, or was asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The source.
    pub source: SourceId,
    /// The last part of the callback address: only the hub knows it.
    pub token: String,
    /// The part of the callback address before the token: where hubs reach this server.
    pub callback: String,
    /// The hub, with the topic.
    pub hub: Hub,
    /// The secret with which the hub signs its notifications.
    pub secret: String,
    /// The time of the last request.
    pub asked: Time,
    /// The number of requests since the hub last agreed.
    pub failures: u32,
    /// The end of the subscription.
    pub until: Option<Time>,
    /// The length of the lease that the hub has granted.
    pub lease: Option<Duration>,
    /// The reason for which the hub refused.
    pub reason: Option<String>,
}

impl Subscription {
    /// Returns true if the hub has agreed and the subscription has not expired.
    pub fn is_active(&self, now: Time) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Returns true if it is a subscription at this hub with this callback address.
    pub fn is_for(&self, hub: &Hub, callback: &str) -> bool {
        self.hub == *hub && self.callback == callback
    }

    /// Returns the time of the next request: when two thirds of the lease are over, and with back-off if the hub does not answer.
    pub fn next_request_at(&self) -> Time {
        let renewal = match (self.until, self.lease) {
            (Some(until), Some(lease)) => {
                let renewal = Time::from_millis(until.millis() - i64::try_from(lease.as_millis() / 3).unwrap_or(0));
                renewal.max(self.asked.plus(MIN_RENEWAL))
            }
            _ => self.asked,
        };
        if self.failures == 0 {
            return renewal;
        }
        let doubled = FIRST_RETRY.saturating_mul(1_u32.checked_shl(self.failures - 1).unwrap_or(u32::MAX)).min(MAX_RETRY);
        renewal.max(self.asked.plus(if self.reason.is_some() { doubled.max(FIRST_RETRY * 10) } else { doubled }))
    }
}

/// Leaves out what only the hub may know.
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
    fn hub_is_asked_after_two_thirds_of_the_lease_or_with_back_off() {
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
