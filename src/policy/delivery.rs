//! Decides when an event of a notification is sent again, when it is given up, and what the operator is told.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Fault, FaultKind, FaultSubject, NotificationState, Time};

/// The pause after the first failure; doubled with each further one in a row.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause that relais chooses itself.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// The longest pause that a receiver may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);
/// The failures in a row from which on a notification is reported: a restart of the receiver is over by then.
const REPORTED_FROM: u32 = 3;
/// The time for which events that were given up are reported.
const REPORTED_FOR: Duration = Duration::from_hours(24);
/// The number of times that an event is sent to a receiver that refuses its content.
pub const MAX_REFUSALS: u32 = 5;

/// Holds the state of the deliveries of a notification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryState {
    /// The number of failures in a row.
    pub failures: u32,
    /// The time before which nothing is sent.
    pub retry_at: Option<Time>,
    /// The time of the first of the failures.
    pub since: Option<Time>,
    /// The last failure, in one sentence.
    pub reason: Option<String>,
    /// The hash of the address that is gone for good.
    pub gone: Option<String>,
    /// Events that were given up.
    pub lost: Option<LostEvents>,
    /// The time of the last delivery.
    pub delivered: Option<Time>,
}

/// Events that were given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostEvents {
    /// Their number since they are reported.
    pub count: u64,
    /// The time at which the last one was given up.
    pub last: Time,
    /// The reason, in one sentence.
    pub reason: String,
}

impl DeliveryState {
    /// Returns true if an event may be sent to `address` (its hash) now. A retry later than the longest pause was decided while the
    /// clock was ahead.
    pub fn is_due(&self, address: &str, now: Time) -> bool {
        let longest = now.plus(LONGEST_RETRY_AFTER + LONGEST_PAUSE);
        !self.is_gone(address) && self.retry_at.is_none_or(|at| at <= now || at > longest)
    }

    /// Returns true if the receiver at `address` (its hash) has answered that it is gone for good.
    pub fn is_gone(&self, address: &str) -> bool {
        self.gone.as_deref() == Some(address)
    }

    /// Notes that an event was delivered.
    pub fn succeed(&mut self, now: Time) {
        let lost = self.lost.take().filter(|lost| is_recent(lost, now));
        *self = Self { lost, delivered: Some(now), ..Self::default() };
    }

    /// Notes that an event could not be delivered. The pause doubles with each failure in a row and is at least what the receiver
    /// asks for; `jitter` (0 to 1) lengthens it by up to a half, so that what failed together does not come back together.
    pub fn fail(&mut self, reason: String, retry_after: Option<Duration>, now: Time, jitter: f64) {
        self.failures = self.failures.saturating_add(1);
        let pause = FIRST_PAUSE.saturating_mul(1_u32 << (self.failures - 1).min(16)).min(LONGEST_PAUSE);
        let pause = pause + pause.mul_f64(jitter.clamp(0.0, 1.0) / 2.0);
        let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
        self.retry_at = Some(now.plus(pause.max(asked)));
        self.since = self.since.or(Some(now));
        self.reason = Some(reason);
    }

    /// Notes that the receiver at `address` (its hash) is gone for good.
    pub fn stop(&mut self, address: &str, reason: String, now: Time) {
        *self = Self { gone: Some(address.to_owned()), since: Some(now), reason: Some(reason), ..self.clone() };
    }

    /// Notes that so many events were given up.
    pub fn lose(&mut self, count: u64, reason: &str, now: Time) {
        if count > 0 {
            let before = self.lost.take().filter(|lost| is_recent(lost, now) || self.failures > 0).map_or(0, |lost| lost.count);
            self.lost = Some(LostEvents { count: before.saturating_add(count), last: now, reason: reason.to_owned() });
        }
    }

    /// Returns the condition of the notification, whose address has this hash.
    pub fn condition(&self, address: &str) -> NotificationState {
        match self.failures {
            _ if self.is_gone(address) => NotificationState::Gone,
            0 => NotificationState::Good,
            _ => NotificationState::Failing,
        }
    }

    /// Returns what the operator is told of the notification `id`, whose address has this hash: that its receiver is gone, that events were
    /// given up, or that deliveries fail.
    pub fn fault(&self, id: &str, address: &str, now: Time) -> Option<Fault> {
        let of = FaultSubject::Notify(id.to_owned());
        let reason = self.reason.as_deref().unwrap_or("it cannot be delivered");
        if self.is_gone(address) {
            let message = format!("nothing is delivered any more: {reason}; change its address, or remove the table");
            return Some(Fault { of, kind: FaultKind::Gone, message, since: self.since });
        }
        if let Some(lost) = self.lost.as_ref().filter(|lost| self.failures > 0 || is_recent(lost, now)) {
            let items = if lost.count == 1 { "1 event was".to_owned() } else { format!("{} events were", lost.count) };
            let message = format!("{items} given up: {}; the feed of the edition has the items", lost.reason);
            return Some(Fault { of, kind: FaultKind::Undelivered, message, since: self.since.or(Some(lost.last)) });
        }
        (self.failures >= REPORTED_FROM).then(|| {
            let message = format!("events are not delivered: {reason}; they wait and are sent again");
            Fault { of, kind: FaultKind::Notify, message, since: self.since }
        })
    }
}

fn is_recent(lost: &LostEvents, now: Time) -> bool {
    lost.last <= now && now.since(lost.last) < REPORTED_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(times: u32, now: Time) -> DeliveryState {
        let mut state = DeliveryState::default();
        (0..times).for_each(|_| state.fail("it answers 503".to_owned(), None, now, 0.0));
        state
    }

    fn kind(state: &DeliveryState, now: Time) -> Option<FaultKind> {
        state.fault("desk", "a", now).map(|fault| fault.kind)
    }

    #[test]
    fn pause_doubles_up_to_an_hour_and_jitter_adds_up_to_a_half() {
        let now = Time::EPOCH;
        let pause = |failures: u32, jitter| {
            let mut state = failing(failures - 1, now);
            state.fail("it answers 503".to_owned(), None, now, jitter);
            state.retry_at.expect("a time").since(now).as_secs()
        };
        let pauses: Vec<u64> = (1..=10).map(|failures| pause(failures, 0.0)).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert_eq!((pause(1, 1.0), pause(9, 1.0), pause(1, 7.0)), (45, 5400, 45));
    }

    #[test]
    fn retry_after_is_honoured_up_to_a_day_and_never_shortens_the_pause() {
        let now = Time::EPOCH;
        let pause = |asked| {
            let mut state = DeliveryState::default();
            state.fail("it answers 429".to_owned(), Some(Duration::from_secs(asked)), now, 0.0);
            state.retry_at.expect("a time").since(now).as_secs()
        };
        assert_eq!((pause(1), pause(600), pause(1_000_000)), (30, 600, 86_400));
    }

    #[test]
    fn state_is_due_after_its_pause_and_if_the_clock_was_ahead() {
        let state = failing(1, Time::EPOCH);
        assert!(!state.is_due("a", Time::EPOCH) && state.is_due("a", Time::from_millis(30_000)));
        assert!(failing(1, Time::from_millis(1_000_000_000_000)).is_due("a", Time::EPOCH));
    }

    #[test]
    fn address_that_is_gone_is_not_used_and_another_one_is() {
        let mut state = DeliveryState::default();
        state.stop("a", "it answers 410".to_owned(), Time::EPOCH);
        assert!(!state.is_due("a", Time::EPOCH) && state.is_due("b", Time::EPOCH));
        assert_eq!((kind(&state, Time::EPOCH), state.condition("b")), (Some(FaultKind::Gone), NotificationState::Good));
    }

    #[test]
    fn notification_is_reported_from_its_third_failure_until_a_delivery() {
        let now = Time::EPOCH;
        let kinds: Vec<_> = (1..=3).map(|failures| kind(&failing(failures, now), now)).collect();
        assert_eq!(kinds, [None, None, Some(FaultKind::Notify)]);
        let mut state = failing(3, now);
        state.succeed(now);
        assert_eq!((kind(&state, now), state.condition("a")), (None, NotificationState::Good));
    }

    #[test]
    fn events_that_were_given_up_are_reported_for_a_day_after_deliveries_succeed() {
        let (now, mut state) = (Time::EPOCH, failing(9, Time::EPOCH));
        state.lose(2, "they waited for 3 days", now);
        state.lose(1, "they waited for 3 days", now.plus(Duration::from_hours(30)));
        assert_eq!(state.lost.as_ref().map(|lost| lost.count), Some(3), "it is one row of failures");
        let later = now.plus(Duration::from_hours(60));
        assert_eq!(kind(&state, later), Some(FaultKind::Undelivered), "the receiver still fails");
        state.succeed(now.plus(Duration::from_hours(31)));
        assert_eq!(kind(&state, now.plus(Duration::from_hours(32))), Some(FaultKind::Undelivered));
        assert_eq!(kind(&state, later), None);
    }
}
