//! Dates as feeds write them.
//!
//! Nearly all are RFC 822 or RFC 3339 and are read as they stand, without a copy; everything else that was seen in the wild goes
//! to a reader that takes a date for a handful of numbers, names and signs.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::model::{Time, Zone};

mod reader;
mod tokens;
mod words;

/// Nothing in a feed is older than feeds, by much, or from after 2100.
const FIRST: i64 = 631_152_000_000;
const END: i64 = 4_133_980_800_000;

/// Reads a date in any of the forms that feeds use, to the second. One that names no zone is in `zone`; without a time of day
/// it is midnight there. Nothing for what is no date, or lies before 1990 or after 2100.
pub fn parse_date(text: &str, zone: Zone) -> Option<Time> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if bytes.len() > tokens::LONGEST || !bytes.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let time = rfc822(bytes).or_else(|| rfc3339(bytes)).or_else(|| unix(text)).or_else(|| reader::read(text, zone))?;
    (FIRST..END).contains(&time.millis()).then_some(time)
}

/// `Sun, 18 Feb 2018 10:30:00 +0100`, with or without the weekday; GMT, UTC, UT and Z are the only names.
fn rfc822(bytes: &[u8]) -> Option<Time> {
    let bytes = match bytes {
        [a, b, c, b',', b' ', rest @ ..] if [a, b, c].iter().all(|b| b.is_ascii_alphabetic()) => rest,
        other => other,
    };
    let (day, bytes) = match bytes {
        [a, b' ', rest @ ..] => (digits(&[*a])?, rest),
        [a, b, b' ', rest @ ..] => (digits(&[*a, *b])?, rest),
        _ => return None,
    };
    let (date, bytes) = bytes.split_at_checked(9)?;
    let month = match &date[..4] {
        b"Jan " => 1,
        b"Feb " => 2,
        b"Mar " => 3,
        b"Apr " => 4,
        b"May " => 5,
        b"Jun " => 6,
        b"Jul " => 7,
        b"Aug " => 8,
        b"Sep " => 9,
        b"Oct " => 10,
        b"Nov " => 11,
        b"Dec " => 12,
        _ => return None,
    };
    let year = digits(&date[4..8]).filter(|_| date[8] == b' ')?;
    let (time, zone) = bytes.split_at_checked(9)?;
    let minutes = match zone {
        b"GMT" | b"UTC" | b"UT" | b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, m1, m2] => offset(*sign == b'-', digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, false)?,
        _ => return None,
    };
    instant((year, month, day), &time[..8], minutes).filter(|_| time[8] == b' ')
}

/// `2018-02-18T10:30:00.5+01:00`, with a space or a small letter for the `T`.
fn rfc3339(bytes: &[u8]) -> Option<Time> {
    let (date, rest) = bytes.split_at_checked(11)?;
    let (time, rest) = rest.split_at_checked(8)?;
    if date[4] != b'-' || date[7] != b'-' || !matches!(date[10], b'T' | b't' | b' ') {
        return None;
    }
    let fraction = match rest {
        [b'.', more @ ..] => 1 + more.iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let minutes = match &rest[fraction..] {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => offset(*sign == b'-', digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, true)?,
        _ => return None,
    };
    instant((digits(&date[..4])?, digits(&date[5..7])?, digits(&date[8..10])?), time, minutes)
}

/// Seconds or milliseconds since 1970; or all digits of a date and a time.
fn unix(text: &str) -> Option<Time> {
    let number: i64 = text.parse().ok().filter(|_| text.as_bytes()[0].is_ascii_digit())?;
    match text.len() {
        9 | 10 => Some(Time::from_millis(number * 1000)),
        13 => Some(Time::from_millis(number).whole_seconds()),
        14 => NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok().map(|time| time.and_utc().into()),
        _ => None,
    }
}

/// A date and `10:30:00`, so many minutes east of UTC.
fn instant((year, month, day): (u32, u32, u32), time: &[u8], minutes: i32) -> Option<Time> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *time else { return None };
    let date = NaiveDate::from_ymd_opt(year.cast_signed(), month, day)?;
    // A leap second is the one before it.
    let second = digits(&[s1, s2]).map(|second| if second == 60 { 59 } else { second })?;
    let time = NaiveTime::from_hms_opt(digits(&[h1, h2])?, digits(&[m1, m2])?, second)?;
    let local = NaiveDateTime::new(date, time).and_utc().timestamp_millis();
    Some(Time::from_millis(local - i64::from(minutes) * 60_000))
}

/// Minutes east of UTC. Nothing for an offset that no place on earth has: "+0009" is found in the wild, and its date is right
/// when the offset is left out. Minutes that are set off by a colon were meant, though.
fn offset(west: bool, hours: u32, minutes: u32, colon: bool) -> Option<i32> {
    let total = (hours * 60 + minutes).cast_signed() * if west { -1 } else { 1 };
    let possible = minutes < 60 && (colon || minutes.is_multiple_of(15)) && (-12 * 60..=14 * 60).contains(&total);
    possible.then_some(total)
}

/// Years of two digits as RFC 2822 §4.3 reads them.
fn full_year(year: u32, digits: usize) -> i32 {
    let century = match (digits, year) {
        (2, 0..=49) => 2000,
        (2, _) => 1900,
        _ => 0,
    };
    century + year.cast_signed()
}

/// The number that bytes write, when all are digits.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

#[cfg(test)]
mod tests;
