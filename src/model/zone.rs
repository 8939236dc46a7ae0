//! Time zones, for dates that name none.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, LocalResult, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Time;

/// A time zone of the IANA database: `Europe/Paris`. By default UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Returns the zone of a name in the IANA database, in upper or lower case; nothing if there is none.
    pub fn new(name: &str) -> Option<Self> {
        let exact = Tz::from_str(name).ok();
        exact.or_else(|| TZ_VARIANTS.iter().copied().find(|zone| zone.name().eq_ignore_ascii_case(name))).map(Self)
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Returns all names of the database.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    /// Returns what clocks in this zone show at an instant.
    pub fn local(self, time: Time) -> NaiveDateTime {
        time.chrono().with_timezone(&self.0).naive_local()
    }

    /// Returns the instant at which clocks in this zone show `local`. A time that they show twice is the first of both; a time that
    /// they skip is counted on from the change.
    pub fn instant(self, local: NaiveDateTime) -> Time {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Time::from_millis(time.timestamp_millis()),
            LocalResult::None => {
                let before = local.checked_sub_days(Days::new(1)).unwrap_or(local);
                let offset = self.0.offset_from_utc_datetime(&before).fix().local_minus_utc();
                Time::from_millis(local.and_utc().timestamp_millis() - i64::from(offset) * 1000)
            }
        }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(&name).ok_or_else(|| de::Error::custom(format!("{name:?} is no time zone")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, local: &str) -> String {
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").expect("a date");
        Zone::new(zone).expect("a zone").instant(local).rfc3339()
    }

    #[test]
    fn summer_time_is_applied_also_in_the_nights_of_the_change() {
        assert_eq!(at("Europe/Paris", "2024-07-26 19:30"), "2024-07-26T17:30:00Z");
        assert_eq!(at("Europe/Paris", "2024-01-26 19:30"), "2024-01-26T18:30:00Z");
        assert_eq!(at("Europe/Paris", "2024-10-27 02:30"), "2024-10-27T00:30:00Z", "twice: the first");
        assert_eq!(at("Europe/Paris", "2024-03-31 02:30"), "2024-03-31T01:30:00Z", "never: 03:30 in summer time");
        assert_eq!(at("UTC", "2024-03-31 02:30"), "2024-03-31T02:30:00Z");
    }

    #[test]
    fn zone_is_written_as_its_name() {
        assert_eq!(Zone::new("europe/paris").map(Zone::name), Some("Europe/Paris"));
        assert_eq!(Zone::new("Europe/Pari"), None);
        let json = serde_json::to_string(&Zone::new("Asia/Seoul")).expect("JSON");
        assert_eq!(json, "\"Asia/Seoul\"");
        assert_eq!(serde_json::from_str::<Option<Zone>>(&json).expect("a zone"), Zone::new("Asia/Seoul"));
        assert!(serde_json::from_str::<Zone>("\"Mars/Olympus\"").is_err());
    }
}
