//! How often a source is worth a visit: what its feed asks for, and when it really publishes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Time;

/// What a feed asks of those who come again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// Minutes between two visits: `ttl` of RSS 2.0, or `sy:updatePeriod` divided by `sy:updateFrequency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// From when on `sy:updatePeriod` counts: `sy:updateBase`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Time>,
    /// The hours of the day (UTC) in which not to come, a bit each: `skipHours` of RSS.
    #[serde(skip_serializing_if = "is_none")]
    pub quiet_hours: u32,
    /// The days of the week (UTC) on which not to come, a bit each, Monday first: `skipDays` of RSS.
    #[serde(skip_serializing_if = "is_none")]
    pub quiet_days: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(bits: &u32) -> bool {
    *bits == 0
}

impl Pace {
    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How long it is from a time to the next at which it says to be updated, where it says from when on it counts.
    pub fn until_next(&self, time: Time) -> Option<Duration> {
        let (base, minutes) = (self.base?, self.minutes.filter(|minutes| *minutes > 0)?);
        let period = i64::from(minutes) * 60_000;
        let since = time.millis().checked_sub(base.millis())?.rem_euclid(period);
        Some(Duration::from_millis(u64::try_from(period - since).unwrap_or(0)))
    }

    /// Adds an hour (0 to 23, and 24 for 0 as the first RSS had it) in which not to come.
    pub fn skip_hour(&mut self, hour: u32) {
        if hour <= 24 {
            self.quiet_hours |= 1 << (hour % 24);
        }
    }

    /// Adds a day on which not to come, by its English name.
    pub fn skip_day(&mut self, name: &str) {
        const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let name = name.trim().to_ascii_lowercase();
        if let Some(day) = DAYS.iter().position(|day| name.starts_with(day)) {
            self.quiet_days |= 1 << day;
        }
    }

    /// The first time from `time` on that is not to be skipped. A feed that asks for never is not heeded.
    #[must_use]
    pub fn after(&self, time: Time) -> Time {
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

/// When a source publishes: how many entries by the hour of the day (UTC), those of long ago counting for less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habit {
    /// Since when it is watched: the first entry that counted.
    since: Option<Time>,
    /// When the counts were last brought up to date.
    at: Option<Time>,
    /// Thousandths of entries.
    hours: [u32; 24],
}

/// After so long an entry counts for half.
const HALF_LIFE: f64 = 7.0;
const DAY: f64 = 86_400_000.0;
/// Entries that are older say nothing.
const MEMORY: Duration = Duration::from_secs(28 * 24 * 60 * 60);

/// A silence is one when so many entries are missing, and not before.
const MISSED: f64 = 20.0;
const LEAST_SILENCE: Duration = Duration::from_secs(3 * 24 * 60 * 60);

impl Habit {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.since.is_none()
    }

    /// Takes in entries that were published at these times, seen at `now`. Times that lie ahead, or long ago, are left out.
    pub fn saw(&mut self, published: impl IntoIterator<Item = Time>, now: Time) {
        let fade = self.at.map_or(1.0, |at| faded(days(now.since(at))));
        let mut is_new = false;
        for time in published {
            if time > now || now.since(time) > MEMORY {
                continue;
            }
            if !std::mem::replace(&mut is_new, true) {
                self.hours = self.hours.map(|count| scaled(count, fade));
                self.at = Some(now);
            }
            let count = &mut self.hours[hour(time)];
            *count = count.saturating_add(scaled(1000, faded(days(now.since(time)))));
            self.since = Some(self.since.map_or(time, |since| since.min(time)));
        }
    }

    /// How many entries a day it publishes.
    pub fn a_day(&self, now: Time) -> f64 {
        self.rate(now, self.hours.iter().map(|count| f64::from(*count)).sum())
    }

    /// For how long it has published nothing, if that is far longer than its habit: so long that twenty entries would have been
    /// usual, and three days at least.
    pub fn silence(&self, now: Time) -> Option<Duration> {
        let at = self.at?;
        let silence = now.since(at);
        let missed = self.a_day(at) * days(silence);
        (missed >= MISSED && silence >= LEAST_SILENCE).then_some(silence)
    }

    /// How many entries it publishes in an hour like that of `time`, those beside it counting half.
    pub fn an_hour_at(&self, time: Time, now: Time) -> f64 {
        let at = hour(time);
        let near = [(at + 23) % 24, at, at, (at + 1) % 24];
        self.rate(now, near.iter().map(|hour| f64::from(self.hours[*hour]) / 4.0).sum())
    }

    /// Thousandths of entries, faded, as entries a day.
    fn rate(&self, now: Time, count: f64) -> f64 {
        let (Some(since), Some(at)) = (self.since, self.at) else { return 0.0 };
        let watched = days(now.since(since)).max(1.0);
        // A day long ago counts for less, too: this is how many days the days until now are worth.
        let worth = HALF_LIFE / std::f64::consts::LN_2 * (1.0 - faded(watched));
        count / 1000.0 * faded(days(now.since(at))) / worth
    }
}

fn faded(days: f64) -> f64 {
    (-days / HALF_LIFE).exp2()
}

fn days(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0 / DAY
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count is a count")]
fn scaled(count: u32, part: f64) -> u32 {
    (f64::from(count) * part).round() as u32
}

fn hour(time: Time) -> usize {
    usize::try_from(time.millis().div_euclid(3_600_000).rem_euclid(24)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::from_rfc3339(text).expect("a time")
    }

    #[test]
    fn quiet_hours_and_days_are_passed_over() {
        let mut pace = Pace::default();
        assert_eq!(pace.after(at("2026-11-24T02:30:00Z")), at("2026-11-24T02:30:00Z"));
        for hour in [24, 1, 2, 3, 99] {
            pace.skip_hour(hour);
        }
        assert_eq!(pace.after(at("2026-11-24T02:30:00Z")), at("2026-11-24T04:00:00Z"));
        assert_eq!(pace.after(at("2026-11-24T04:30:00Z")), at("2026-11-24T04:30:00Z"));
        for day in ["Saturday", "sunday ", "Someday"] {
            pace.skip_day(day);
        }
        assert_eq!(pace.after(at("2026-11-28T12:00:00Z")), at("2026-11-30T04:00:00Z"), "Monday, after the quiet hours");
        (0..24).for_each(|hour| pace.skip_hour(hour));
        assert_eq!(pace.after(at("2026-11-24T02:30:00Z")), at("2026-11-24T02:30:00Z"), "never is no answer");
    }

    #[test]
    fn a_habit_is_learnt_by_the_hour_and_fades() {
        let (mut habit, begin) = (Habit::default(), at("2026-11-01T00:00:00Z"));
        let hour = Duration::from_secs(3600);
        for day in 0..20 {
            let morning = begin.plus(hour * 24 * day + hour * 8);
            habit.saw((0..6).map(|quarter| morning.plus(hour / 4 * quarter)), morning.plus(hour * 2));
        }
        let now = begin.plus(hour * 24 * 20);
        assert!((habit.a_day(now) - 6.0).abs() < 0.5, "{}", habit.a_day(now));
        let (morning, night) = (habit.an_hour_at(begin.plus(hour * 8), now), habit.an_hour_at(begin.plus(hour * 20), now));
        assert!(morning > 2.0 && night == 0.0, "{morning} {night}");
        assert!(habit.a_day(now.plus(hour * 24 * 21)) < 2.0, "it has fallen silent");
        let days = |days| habit.silence(now.plus(hour * 24 * days)).map(|silence| silence.as_secs() / 86_400);
        assert_eq!((days(2), days(4)), (None, Some(4)), "twenty entries are missing after three days and a bit");
        let before = habit;
        habit.saw([now.plus(hour), begin.plus(Duration::ZERO)], now.plus(hour * 24 * 30));
        assert_eq!(habit.at.is_some(), before.at.is_some());
    }

    #[test]
    fn what_is_kept_of_it_reads_back() {
        let mut habit = Habit::default();
        habit.saw([at("2026-11-24T02:30:00Z")], at("2026-11-24T03:00:00Z"));
        let text = serde_json::to_string(&habit).expect("JSON");
        assert_eq!(serde_json::from_str::<Habit>(&text).expect("a habit"), habit);
    }
}
