//! The times at which a digest is due. Pure.

use std::time::Duration;

use chrono::{Days, NaiveTime};

use crate::model::{Time, Zone};

/// The longest time that a digest goes back: what is older is no news after a long pause.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// The time for which news that arrive late still come into a digest.
const LATE: Duration = Duration::from_hours(24);

/// Returns the last time up to `now` at which clocks in a zone showed `at`. A time that they show twice counts once, the first time; one
/// that they skip is counted on from the change: each day has exactly one.
pub fn last_due(now: Time, at: NaiveTime, zone: Zone) -> Time {
    let today = zone.local(now).date();
    let day = |back: u64| today.checked_sub_days(Days::new(back)).unwrap_or(today).and_time(at);
    let found = (0..3).map(|back| zone.instant(day(back))).find(|due| *due <= now);
    found.unwrap_or(now)
}

/// Returns the time from which on entries belong to the digest that is due: since the last one, or for a day if there was none; with
/// some time for what arrived late.
pub fn covered_from(due: Time, last: Option<Time>) -> Time {
    match last {
        Some(last) => last.minus(LATE).max(due.minus(LONGEST)),
        None => due.minus(Duration::from_hours(24)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(now: &str, at: &str, zone: &str) -> String {
        let at = NaiveTime::parse_from_str(at, "%H:%M").expect("a time");
        last_due(Time::from_rfc3339(now).expect("a time"), at, Zone::new(zone).expect("a zone")).rfc3339()
    }

    #[test]
    fn digest_is_due_at_its_time_of_the_zone() {
        assert_eq!(due("2026-11-27T06:59:59Z", "07:00", "Europe/London"), "2026-11-26T07:00:00Z");
        assert_eq!(due("2026-11-27T07:00:00Z", "07:00", "Europe/London"), "2026-11-27T07:00:00Z");
        assert_eq!(due("2026-07-01T06:30:00Z", "07:00", "Europe/London"), "2026-07-01T06:00:00Z");
        assert_eq!(due("2026-11-27T20:00:00Z", "07:00", "Asia/Tokyo"), "2026-11-26T22:00:00Z", "the 27th there");
        assert_eq!(due("2026-11-26T23:00:00Z", "07:00", "Asia/Tokyo"), "2026-11-26T22:00:00Z");
    }

    #[test]
    fn skipped_and_repeated_times_are_due_once() {
        // On 29 March 2026 clocks in London go from 1:00 to 2:00; on 25 October from 2:00 back to 1:00.
        assert_eq!(due("2026-03-29T03:00:00Z", "01:30", "Europe/London"), "2026-03-29T01:30:00Z");
        assert_eq!(due("2026-10-25T00:45:00Z", "01:30", "Europe/London"), "2026-10-25T00:30:00Z");
        assert_eq!(due("2026-10-25T01:45:00Z", "01:30", "Europe/London"), "2026-10-25T00:30:00Z", "not once more");
    }

    #[test]
    fn digest_after_a_pause_covers_a_week_at_most() {
        let day = |days: u64| Time::EPOCH.plus(Duration::from_hours(24 * days));
        assert_eq!(covered_from(day(30), None), day(29));
        assert_eq!(covered_from(day(30), Some(day(29))), day(28));
        assert_eq!(covered_from(day(30), Some(day(1))), day(23));
    }
}
