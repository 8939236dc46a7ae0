//! The polling wishes of feeds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Time;

/// The polling wishes that a feed declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PollHints {
    /// Minutes between two visits: `ttl` of RSS 2.0, or `sy:updatePeriod` divided by `sy:updateFrequency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// The start of the first `sy:updatePeriod`: `sy:updateBase`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Time>,
    /// Hours of the day (UTC) without visits, one bit each: `skipHours` of RSS.
    #[serde(skip_serializing_if = "is_zero")]
    pub quiet_hours: u32,
    /// Days of the week (UTC) without visits, one bit each, Monday first: `skipDays` of RSS.
    #[serde(skip_serializing_if = "is_zero")]
    pub quiet_days: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires a reference")]
fn is_zero(bits: &u32) -> bool {
    *bits == 0
}

impl PollHints {
    /// Returns true if the feed declares nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the time from `time` to the feed's next scheduled update, if the feed declares a base and a period.
    pub fn until_next_update(&self, time: Time) -> Option<Duration> {
        let (base, minutes) = (self.base?, self.minutes.filter(|minutes| *minutes > 0)?);
        let period = i64::from(minutes) * 60_000;
        let since = time.millis().checked_sub(base.millis())?.rem_euclid(period);
        Some(Duration::from_millis(u64::try_from(period - since).unwrap_or(0)))
    }

    /// Adds an hour without visits: 0 to 23, and 24 for 0, as the first version of RSS had it.
    pub fn skip_hour(&mut self, hour: u32) {
        if hour <= 24 {
            self.quiet_hours |= 1 << (hour % 24);
        }
    }

    /// Adds a day without visits by its English name. Unknown names are ignored.
    pub fn skip_day(&mut self, name: &str) {
        const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let name = name.trim().to_ascii_lowercase();
        if let Some(day) = DAYS.iter().position(|day| name.starts_with(day)) {
            self.quiet_days |= 1 << day;
        }
    }

    /// Returns the first time from `time` on that is in no quiet hour or day. A feed that excludes every hour is ignored.
    #[must_use]
    pub fn next_allowed(&self, time: Time) -> Time {
        const HOUR: i64 = 3_600_000;
        let is_quiet = |time: i64| {
            let (hour, day) = (time.div_euclid(HOUR).rem_euclid(24), (time.div_euclid(24 * HOUR) + 3).rem_euclid(7));
            self.quiet_hours >> hour & 1 == 1 || self.quiet_days >> day & 1 == 1
        };
        let next = |hour: i64| (time.millis().div_euclid(HOUR) + hour) * HOUR;
        if !is_quiet(time.millis()) {
            return time;
        }
        (1..=7 * 24).map(next).find(|time| !is_quiet(*time)).map_or(time, Time::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::from_rfc3339(text).expect("a time")
    }

    #[test]
    fn next_allowed_skips_quiet_hours_and_days() {
        let mut hints = PollHints::default();
        assert_eq!(hints.next_allowed(at("2026-11-24T02:30:00Z")), at("2026-11-24T02:30:00Z"));
        for hour in [24, 1, 2, 3, 99] {
            hints.skip_hour(hour);
        }
        assert_eq!(hints.next_allowed(at("2026-11-24T02:30:00Z")), at("2026-11-24T04:00:00Z"));
        assert_eq!(hints.next_allowed(at("2026-11-24T04:30:00Z")), at("2026-11-24T04:30:00Z"));
        for day in ["Saturday", "sunday ", "Someday"] {
            hints.skip_day(day);
        }
        assert_eq!(hints.next_allowed(at("2026-11-28T12:00:00Z")), at("2026-11-30T04:00:00Z"), "Monday, after the quiet hours");
    }

    #[test]
    fn quiet_hours_that_cover_the_whole_day_are_ignored() {
        let mut hints = PollHints::default();
        (0..24).for_each(|hour| hints.skip_hour(hour));
        assert_eq!(hints.next_allowed(at("2026-11-24T02:30:00Z")), at("2026-11-24T02:30:00Z"));
    }
}
