//! Dates as feeds write them.
//!
//! Nearly all are RFC 822 or RFC 3339 and are parsed in place. The other forms found in the wild go to a parser of numbers, names
//! and signs.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::model::{Time, Zone};

mod reader;
mod tokens;
mod words;

/// 1990 and 2101 in milliseconds: dates outside are mistakes.
const FIRST: i64 = 631_152_000_000;
const END: i64 = 4_133_980_800_000;

/// Parses a date in any form that feeds use, to the second. A date without a zone is in `zone`, and one without a time of day
/// means midnight there. Returns nothing if the text is not a date, or the date is before 1990 or after 2100.
pub fn parse_date(text: &str, zone: Zone) -> Option<Time> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if bytes.len() > tokens::MAX_LENGTH || !bytes.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let time = parse_rfc822(bytes)
        .or_else(|| parse_rfc3339(bytes))
        .or_else(|| parse_timestamp(text))
        .or_else(|| reader::parse_free_form(text, zone))?;
    (FIRST..END).contains(&time.millis()).then_some(time)
}

/// Parses `Sun, 18 Feb 2018 10:30:00 +0100`, with or without the weekday. Of the zone names it knows GMT, UTC, UT and Z.
fn parse_rfc822(bytes: &[u8]) -> Option<Time> {
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
        [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            offset_minutes(*sign == b'-', digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, false)?
        }
        _ => return None,
    };
    to_instant((year, month, day), &time[..8], minutes).filter(|_| time[8] == b' ')
}

/// Parses `2018-02-18T10:30:00.5+01:00`, also with a space or a lower-case `t`.
fn parse_rfc3339(bytes: &[u8]) -> Option<Time> {
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
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            offset_minutes(*sign == b'-', digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, true)?
        }
        _ => return None,
    };
    to_instant((digits(&date[..4])?, digits(&date[5..7])?, digits(&date[8..10])?), time, minutes)
}

/// Parses seconds or milliseconds since 1970, or the 14 digits of a date and a time.
fn parse_timestamp(text: &str) -> Option<Time> {
    let number: i64 = text.parse().ok().filter(|_| text.as_bytes()[0].is_ascii_digit())?;
    match text.len() {
        9 | 10 => Some(Time::from_millis(number * 1000)),
        13 => Some(Time::from_millis(number).whole_seconds()),
        14 => NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok().map(|time| time.and_utc().into()),
        _ => None,
    }
}

/// Makes an instant of a date, a time (`10:30:00`) and an offset in minutes east of UTC.
fn to_instant((year, month, day): (u32, u32, u32), time: &[u8], minutes: i32) -> Option<Time> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *time else { return None };
    let date = NaiveDate::from_ymd_opt(year.cast_signed(), month, day)?;
    // A leap second counts as the second before it.
    let second = digits(&[s1, s2]).map(|second| if second == 60 { 59 } else { second })?;
    let time = NaiveTime::from_hms_opt(digits(&[h1, h2])?, digits(&[m1, m2])?, second)?;
    let local = NaiveDateTime::new(date, time).and_utc().timestamp_millis();
    Some(Time::from_millis(local - i64::from(minutes) * 60_000))
}

/// Returns an offset in minutes east of UTC, or nothing if no place on earth has it: "+0009" is found in the wild, and its date
/// is right without the offset. Odd minutes after a colon are taken as intended.
fn offset_minutes(west: bool, hours: u32, minutes: u32, colon: bool) -> Option<i32> {
    let total = (hours * 60 + minutes).cast_signed() * if west { -1 } else { 1 };
    let possible = minutes < 60 && (colon || minutes.is_multiple_of(15)) && (-12 * 60..=14 * 60).contains(&total);
    possible.then_some(total)
}

/// Returns the full year of one with two digits (RFC 2822 §4.3).
fn full_year(year: u32, digits: usize) -> i32 {
    let century = match (digits, year) {
        (2, 0..=49) => 2000,
        (2, _) => 1900,
        _ => 0,
    };
    century + year.cast_signed()
}

/// Returns the number that bytes spell, if all are digits.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

#[cfg(test)]
mod tests;
