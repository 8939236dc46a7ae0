//! The publication rate of sources.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Time;

/// The publication rate of a source: entries by the hour of the day (UTC), with exponential decay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PublishRate {
    /// The date of the oldest entry that was counted.
    since: Option<Time>,
    /// The time of the last update; the counts have decayed up to here.
    at: Option<Time>,
    /// Thousandths of entries.
    hours: [u32; 24],
}

/// The half-life of an entry's weight, in days.
const HALF_LIFE: f64 = 7.0;
const DAY: f64 = 86_400_000.0;
/// Older entries are not counted.
const MAX_AGE: Duration = Duration::from_secs(28 * 24 * 60 * 60);

/// A silence is unusual when this many entries are missing and it has lasted [`MIN_SILENCE`].
const MISSING_ENTRIES: f64 = 20.0;
const MIN_SILENCE: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// A century: a source that is silent for less than that is never told from one that has ended.
const LONGEST_SILENCE: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl PublishRate {
    /// Returns true if no entry was counted yet.
    pub fn is_empty(&self) -> bool {
        self.since.is_none()
    }

    /// Counts entries by the times at which they were published, as seen at `now`. Times in the future and times older than
    /// 28 days are ignored.
    pub fn record_published(&mut self, published: impl IntoIterator<Item = Time>, now: Time) {
        let decay = self.at.map_or(1.0, |at| decay(days(now.since(at))));
        let mut is_updated = false;
        for time in published {
            if time > now || now.since(time) > MAX_AGE {
                continue;
            }
            if !std::mem::replace(&mut is_updated, true) {
                self.hours = self.hours.map(|count| scale(count, decay));
                self.at = Some(now);
            }
            let count = &mut self.hours[hour_of_day(time)];
            *count = count.saturating_add(scale(1000, self::decay(days(now.since(time)))));
            self.since = Some(self.since.map_or(time, |since| since.min(time)));
        }
    }

    /// Replaces the stored times: they were stored by a clock that was wrong.
    pub fn map_times(&mut self, correct: impl Fn(Time) -> Time) {
        (self.since, self.at) = (self.since.map(&correct), self.at.map(&correct));
    }

    /// Returns the entries per day.
    pub fn entries_per_day(&self, now: Time) -> f64 {
        self.rate(now, self.hours.iter().map(|count| f64::from(*count)).sum())
    }

    /// Returns how long nothing was published, if that is unusual: at least twenty entries are missing, and at least three
    /// days have passed.
    pub fn unusual_silence(&self, now: Time) -> Option<Duration> {
        let at = self.at?;
        self.silent_from().is_some_and(|from| now >= from).then(|| now.since(at))
    }

    /// Returns the time from which a silence is unusual; nothing if the source has published hardly anything.
    pub fn silent_from(&self) -> Option<Time> {
        let at = self.at?;
        let days = MISSING_ENTRIES / self.entries_per_day(at);
        let missing = Duration::try_from_secs_f64(days * DAY / 1000.0).ok().filter(|time| *time <= LONGEST_SILENCE)?;
        Some(at.plus(missing.max(MIN_SILENCE)))
    }

    /// Returns the entries per hour in the hour of the day of `time`; the two hours beside it count half.
    pub fn entries_per_hour_at(&self, time: Time, now: Time) -> f64 {
        let at = hour_of_day(time);
        let near = [(at + 23) % 24, at, at, (at + 1) % 24];
        self.rate(now, near.iter().map(|hour| f64::from(self.hours[*hour]) / 4.0).sum())
    }

    /// Converts decayed thousandths of entries to entries per day.
    fn rate(&self, now: Time, count: f64) -> f64 {
        let (Some(since), Some(at)) = (self.since, self.at) else { return 0.0 };
        let observed = days(now.since(since)).max(1.0);
        // The days of the observation decay like the entries: this is their sum.
        let weight = HALF_LIFE / std::f64::consts::LN_2 * (1.0 - decay(observed));
        count / 1000.0 * decay(days(now.since(at))) / weight
    }
}

fn decay(days: f64) -> f64 {
    (-days / HALF_LIFE).exp2()
}

fn days(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0 / DAY
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count is a count")]
fn scale(count: u32, factor: f64) -> u32 {
    (f64::from(count) * factor).round() as u32
}

fn hour_of_day(time: Time) -> usize {
    usize::try_from(time.millis().div_euclid(3_600_000).rem_euclid(24)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(text: &str) -> Time {
        Time::from_rfc3339(text).expect("a time")
    }

    /// Six entries each morning from 8 o'clock on, for 20 days, and the time after that.
    fn six_each_morning(begin: Time) -> (PublishRate, Time) {
        let mut rate = PublishRate::default();
        for day in 0..20 {
            let morning = begin.plus(HOUR * 24 * day + HOUR * 8);
            rate.record_published((0..6).map(|quarter| morning.plus(HOUR / 4 * quarter)), morning.plus(HOUR * 2));
        }
        (rate, begin.plus(HOUR * 24 * 20))
    }

    #[test]
    fn rate_is_learnt_by_the_hour_and_decays() {
        let begin = at("2026-11-01T00:00:00Z");
        let (rate, now) = six_each_morning(begin);
        assert!((rate.entries_per_day(now) - 6.0).abs() < 0.5, "{}", rate.entries_per_day(now));
        let morning = rate.entries_per_hour_at(begin.plus(HOUR * 8), now);
        let night = rate.entries_per_hour_at(begin.plus(HOUR * 20), now);
        assert!(morning > 2.0 && night == 0.0, "{morning} {night}");
        assert!(rate.entries_per_day(now.plus(HOUR * 24 * 21)) < 2.0, "nothing came for three weeks");
    }

    #[test]
    fn silence_is_unusual_once_twenty_entries_are_missing() {
        let (rate, now) = six_each_morning(at("2026-11-01T00:00:00Z"));
        let days = |days| rate.unusual_silence(now.plus(HOUR * 24 * days)).map(|silence| silence.as_secs() / 86_400);
        assert_eq!((days(2), days(4)), (None, Some(4)));
    }

    #[test]
    fn entries_of_the_future_and_of_long_ago_are_ignored() {
        let begin = at("2026-11-01T00:00:00Z");
        let (mut rate, now) = six_each_morning(begin);
        let before = rate;
        rate.record_published([now.plus(HOUR * 24 * 31), begin], now.plus(HOUR * 24 * 30));
        assert_eq!(rate, before);
    }

    #[test]
    fn stored_rate_reads_back() {
        let mut rate = PublishRate::default();
        rate.record_published([at("2026-11-24T02:30:00Z")], at("2026-11-24T03:00:00Z"));
        let text = serde_json::to_string(&rate).expect("JSON");
        assert_eq!(serde_json::from_str::<PublishRate>(&text).expect("a rate"), rate);
    }
}
