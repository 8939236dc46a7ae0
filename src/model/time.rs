//! Instants, and the clock.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant in UTC, kept as milliseconds since 1970-01-01T00:00:00Z, between the years 1 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z: what RFC 3339 can write.
const FIRST: i64 = -62_135_596_800_000;
const LAST: i64 = 253_402_300_799_999;

impl Time {
    /// The start of Unix time.
    pub const EPOCH: Self = Self(0);

    /// 2026-01-01T00:00:00Z, before the first release: a clock that says an earlier time is wrong.
    pub const EARLIEST_NOW: Self = Self(1_767_225_600_000);

    /// Makes the instant `millis` milliseconds after 1970-01-01T00:00:00Z. Instants outside the years 1 to 9999 are moved to their edge.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(FIRST, LAST))
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Parses an RFC 3339 date with any offset.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|t| Self::from_millis(t.timestamp_millis()))
    }

    /// Writes RFC 3339 in UTC, to the second: `2026-11-23T20:15:00Z`.
    pub fn rfc3339(self) -> String {
        self.chrono().to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// Returns the same instant without its fraction of a second: feeds have seconds, and so have outputs.
    #[must_use]
    pub fn whole_seconds(self) -> Self {
        Self(self.0.div_euclid(1000) * 1000)
    }

    /// Converts the instant for crates that use chrono.
    pub fn chrono(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.0).single().unwrap_or_default()
    }

    /// Returns the instant `later` after this one.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(i64::try_from(later.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Returns the instant `earlier` before this one.
    #[must_use]
    pub fn minus(self, earlier: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(i64::try_from(earlier.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Returns the time from `earlier` to this instant; zero if it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<DateTime<Utc>> for Time {
    fn from(time: DateTime<Utc>) -> Self {
        Self::from_millis(time.timestamp_millis())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chrono().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_rfc3339(&text).ok_or_else(|| de::Error::custom(format!("{text:?} is no RFC 3339 date")))
    }
}

/// A source of the present time. It is passed in wherever it is needed, so that tests choose the time.
pub trait Clock: Send + Sync {
    /// Returns the present instant.
    fn now(&self) -> Time;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_written_in_utc_to_the_second() {
        let time = Time::from_rfc3339("2018-02-18T10:30:00.750+01:00").expect("a date");
        assert_eq!(time.rfc3339(), "2018-02-18T09:30:00Z");
        assert_eq!(time.whole_seconds().millis() % 1000, 0);
    }

    #[test]
    fn time_stays_within_the_years_of_rfc_3339() {
        assert_eq!(Time::from_millis(i64::MAX).rfc3339(), "9999-12-31T23:59:59Z");
        assert_eq!(Time::from_millis(i64::MIN).rfc3339(), "0001-01-01T00:00:00Z");
        assert_eq!(Time::from_millis(i64::MAX).plus(Duration::MAX).rfc3339(), "9999-12-31T23:59:59Z");
        assert_eq!(Time::EPOCH.minus(Duration::MAX).rfc3339(), "0001-01-01T00:00:00Z");
        assert_eq!(Time::from_millis(-1).whole_seconds().millis(), -1000);
    }
}
