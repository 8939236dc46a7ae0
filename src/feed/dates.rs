//! Dates as feeds write them.
//!
//! RFC 822, RFC 3339 and ISO 8601 are what the formats ask for; what is found also has French month names, no zone, no
//! seconds, slashes and "10 h 30". One reader takes them all: a date is a handful of numbers, names and signs.

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

use crate::model::Time;

/// Nothing in a feed is older than feeds, by much.
const FIRST_YEAR: i32 = 1990;
const LAST_YEAR: i32 = 2100;

/// Month names by their beginnings, accents removed: English, French, German, Spanish, Italian, Portuguese.
/// The longer beginning stands before the shorter that it begins with.
const MONTHS: [(&str, u32); 45] = [
    ("jan", 1),
    ("ene", 1),
    ("gen", 1),
    ("feb", 2),
    ("fev", 2),
    ("mars", 3),
    ("mar", 3),
    ("mae", 3),
    ("mrz", 3),
    ("apr", 4),
    ("avr", 4),
    ("abr", 4),
    ("may", 5),
    ("mai", 5),
    ("mag", 5),
    ("maggio", 5),
    ("maio", 5),
    ("juin", 6),
    ("jun", 6),
    ("giu", 6),
    ("juil", 7),
    ("jul", 7),
    ("lug", 7),
    ("aug", 8),
    ("aou", 8),
    ("ago", 8),
    ("sep", 9),
    ("set", 9),
    ("oct", 10),
    ("okt", 10),
    ("ott", 10),
    ("out", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("dic", 12),
    ("janv", 1),
    ("fevr", 2),
    ("avril", 4),
    ("aout", 8),
    ("sept", 9),
    ("gennaio", 1),
    ("enero", 1),
    ("juillet", 7),
    ("jui", 7),
];

/// Zone names that feeds use, in minutes east of UTC (RFC 822 §5.1, and the European ones).
const ZONES: [(&str, i32); 21] = [
    ("z", 0),
    ("gmt", 0),
    ("utc", 0),
    ("ut", 0),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("cet", 60),
    ("met", 60),
    ("mez", 60),
    ("cest", 120),
    ("mest", 120),
    ("mesz", 120),
    ("eet", 120),
    ("eest", 180),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("pst", -480),
    ("pdt", -420),
];

/// Reads a date in any of the forms that feeds use, to the second. Without a zone it is taken as UTC; without a time of day
/// as midnight. Nothing for what is no date, or lies before 1990 or after 2100.
pub fn parse_date(text: &str, _zone: crate::model::Zone) -> Option<Time> {
    let text = text.trim();
    if text.len() > 100 || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (parts, zone) = Parts::read(text)?;
    let date = NaiveDate::from_ymd_opt(parts.year?, parts.month?, parts.day.unwrap_or(1))?;
    if !(FIRST_YEAR..=LAST_YEAR).contains(&parts.year?) {
        return None;
    }
    let (hour, minute, second) = parts.time.unwrap_or_default();
    let hour = match parts.noon {
        Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
        _ => hour,
    };
    // 24:00 is the end of the day (ISO 8601), 60 a leap second.
    let time = NaiveTime::from_hms_opt(hour % 24, minute, second.min(59)).filter(|_| hour <= 24 && second <= 60)?;
    let days = u64::from(hour == 24);
    let local = NaiveDateTime::new(date.checked_add_days(chrono::Days::new(days))?, time);
    let offset = FixedOffset::east_opt(zone * 60)?;
    Some(Time::from_millis(offset.from_local_datetime(&local).single()?.timestamp_millis()))
}

/// The parts of a date as they are found.
#[derive(Default)]
struct Parts {
    year: Option<i32>,
    month: Option<u32>,
    /// A month, unless another word is one.
    perhaps: Option<u32>,
    day: Option<u32>,
    time: Option<(u32, u32, u32)>,
    noon: Option<bool>,
}

impl Parts {
    /// Takes a date apart, left to right; gives the parts and the zone in minutes east of UTC.
    fn read(text: &str) -> Option<(Self, i32)> {
        let plain = fold(text);
        let mut parts = Self::default();
        let mut zone = 0;
        let mut rest = plain.as_str();
        while let Some(c) = rest.chars().next() {
            let length = if c.is_ascii_digit() {
                parts.number(rest)?
            } else if c.is_ascii_alphabetic() {
                let word = &rest[..rest.bytes().take_while(u8::is_ascii_alphabetic).count()];
                parts.word(word, &mut zone);
                word.len()
            } else if matches!(c, '+' | '-') && parts.time.is_some() {
                let (offset, length) = read_offset(rest);
                zone = offset.unwrap_or(zone);
                length
            } else {
                c.len_utf8()
            };
            rest = &rest[length..];
        }
        parts.month = parts.month.or(parts.perhaps);
        Some((parts, zone))
    }

    /// A month, a half of the day, a zone; weekdays and other words say nothing new.
    fn word(&mut self, word: &str, zone: &mut i32) {
        if let Some((_, offset)) = ZONES.iter().find(|(name, _)| *name == word).filter(|_| self.time.is_some()) {
            *zone = *offset;
        } else if matches!(word, "am" | "pm") {
            self.noon = Some(word == "pm");
        } else if self.month.is_none() && word.len() >= 3 {
            if matches!(word, "mardi" | "martes" | "martedi") {
                return;
            }
            let month = MONTHS.iter().filter(|(start, _)| word.starts_with(start)).max_by_key(|(start, _)| start.len());
            let month = month.map(|(_, month)| *month);
            // "mar" is a Tuesday in French and Italian dates, March elsewhere: a month named later wins.
            if word == "mar" && self.day.is_none() && self.year.is_none() {
                self.perhaps = month;
            } else {
                self.month = month;
            }
        }
    }

    /// A number and what hangs on it: `2018-02-18`, `18/02/2018`, `20180218`, `10:30:00`, `10h30`, `18`, `2018`. Gives its length.
    fn number(&mut self, rest: &str) -> Option<usize> {
        let digits = count_digits(rest);
        let value: u32 = rest[..digits.min(9)].parse().ok()?;
        let bytes = rest.as_bytes();
        let next = bytes.get(digits).copied();
        if digits <= 2 && self.time.is_none() && is_clock(rest, digits) {
            return self.clock(rest, digits, value);
        }
        if let Some(separator @ (b'-' | b'/' | b'.')) = next.filter(|_| self.year.is_none() && self.month.is_none())
            && let Some(length) = self.triple(rest, digits, value, separator)
        {
            return Some(length);
        }
        match digits {
            4 if self.year.is_none() => self.year = Some(value.cast_signed()),
            8 if self.year.is_none() => {
                (self.year, self.month, self.day) =
                    (Some((value / 10_000).cast_signed()), Some(value / 100 % 100), Some(value % 100));
            }
            1 | 2 if self.day.is_none() => self.day = Some(value),
            2 if self.year.is_none() => self.year = Some(full_year(value)),
            4 | 6 if self.time.is_none() && self.year.is_some() => {
                let (hour, rest) = if digits == 6 { (value / 10_000, value % 10_000) } else { (value / 100, value % 100 * 100) };
                self.time = Some((hour, rest / 100, rest % 100));
            }
            _ => {}
        }
        Some(digits)
    }

    /// Three numbers with the same sign between them, or two of which one is a year.
    fn triple(&mut self, rest: &str, digits: usize, first: u32, separator: u8) -> Option<usize> {
        let after = &rest[digits + 1..];
        let middle = count_digits(after);
        if middle == 0 || middle > 2 {
            return None;
        }
        let second: u32 = after[..middle].parse().ok()?;
        let third =
            after[middle..].strip_prefix(char::from(separator)).map(|third| (third, count_digits(third))).filter(|(_, n)| *n > 0);
        let Some((third, last)) = third else {
            if digits == 4 {
                (self.year, self.month) = (Some(first.cast_signed()), Some(second));
                return Some(digits + 1 + middle);
            }
            return None;
        };
        let value: u32 = third[..last.min(4)].parse().ok()?;
        let (year, month, day) = if digits == 4 {
            (first.cast_signed(), second, value)
        } else {
            let year = if last == 4 { value.cast_signed() } else { full_year(value) };
            // Day before month, as in Europe, unless that cannot be.
            if second > 12 { (year, first, second) } else { (year, second, first) }
        };
        (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
        Some(digits + 1 + middle + 1 + last)
    }

    /// A time of day: `10:30`, `10:30:15.5`, `10h30`, `10 h 30`, `10h`.
    fn clock(&mut self, rest: &str, digits: usize, hour: u32) -> Option<usize> {
        let mut at = digits;
        let mut numbers = [0_u32; 2];
        for number in &mut numbers {
            let after = rest[at..].trim_start_matches([' ', ':', 'h']);
            let gap = rest[at..].len() - after.len();
            let length = count_digits(after);
            if gap == 0 || length == 0 || length > 2 || !rest[at..at + gap].contains([':', 'h']) {
                break;
            }
            *number = after[..length].parse().ok()?;
            at += gap + length;
        }
        if rest[at..].starts_with(['.', ',']) {
            at += 1 + count_digits(&rest[at + 1..]);
        } else if rest[at..].trim_start().starts_with('h') {
            at += rest[at..].find('h')? + 1;
        }
        self.time = Some((hour, numbers[0], numbers[1]));
        Some(at)
    }
}

/// Whether a number is the hour of a time of day.
fn is_clock(rest: &str, digits: usize) -> bool {
    let after = &rest[digits..];
    let spaced = after.trim_start();
    after.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        || spaced.strip_prefix('h').is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// `+01:00`, `-0500`, `+1`: minutes east of UTC and the length. An offset that no place on earth has is no offset: "+0009"
/// is found in the wild, and its date is right when the offset is left out.
fn read_offset(rest: &str) -> (Option<i32>, usize) {
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let first = count_digits(&rest[1..]);
    let (hours, minutes, length) = match first {
        1 | 2 => {
            let minutes =
                rest[1 + first..].strip_prefix(':').map(|rest| &rest[..count_digits(rest).min(2)]).filter(|m| !m.is_empty());
            (&rest[1..=first], minutes.unwrap_or("0"), 1 + first + minutes.map_or(0, |minutes| minutes.len() + 1))
        }
        4 => (&rest[1..3], &rest[3..5], 5),
        _ => return (None, 1 + first),
    };
    let offset = hours.parse().ok().zip(minutes.parse().ok()).map(|(h, m): (i32, i32)| sign * (h * 60 + m));
    (offset.filter(|offset| offset % 15 == 0 && (-12 * 60..=14 * 60).contains(offset)), length)
}

/// Two-digit years as RFC 2822 §4.3 reads them.
fn full_year(year: u32) -> i32 {
    match year {
        0..=49 => 2000 + year.cast_signed(),
        50..=99 => 1900 + year.cast_signed(),
        _ => year.cast_signed(),
    }
}

fn count_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Small letters without accents; a `T` between digits becomes a space, so that a time stands alone.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut digit = false;
    let mut chars = text.chars().flat_map(char::to_lowercase).peekable();
    while let Some(c) = chars.next() {
        let folded = match c {
            'à' | 'â' | 'ä' | 'á' | 'ã' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'î' | 'ï' | 'í' => 'i',
            'ô' | 'ö' | 'ó' => 'o',
            'û' | 'ü' | 'ù' | 'ú' => 'u',
            'ç' => 'c',
            't' if digit && chars.peek().is_some_and(char::is_ascii_digit) => ' ',
            c if c.is_whitespace() => ' ',
            '−' | '–' => '-',
            c => c,
        };
        digit = c.is_ascii_digit();
        out.push(folded);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form() {
        for (written, read) in [
            ("Sun, 18 Feb 2018 10:30:00 +0100", "2018-02-18T09:30:00Z"),
            ("Sun, 18 Feb 2018 10:30:00 GMT", "2018-02-18T10:30:00Z"),
            ("Mon, 10 Feb 25 12:40:04 +0100", "2025-02-10T11:40:04Z"),
            ("18 Feb 2018 10:30 CET", "2018-02-18T09:30:00Z"),
            ("2018-02-18T10:30:00Z", "2018-02-18T10:30:00Z"),
            ("2018-02-18T10:30:00.123456-05:00", "2018-02-18T15:30:00Z"),
            ("2018-02-18 10:30:00", "2018-02-18T10:30:00Z"),
            ("2018-02-18", "2018-02-18T00:00:00Z"),
            ("2018-02", "2018-02-01T00:00:00Z"),
            ("20180218T103000Z", "2018-02-18T10:30:00Z"),
            ("20180218", "2018-02-18T00:00:00Z"),
            ("18/02/2018 10 h 30", "2018-02-18T10:30:00Z"),
            ("18/02/2018 - 10h", "2018-02-18T10:00:00Z"),
            ("mer 01/04/2026 - 12:00", "2026-04-01T12:00:00Z"),
            ("02/18/2018", "2018-02-18T00:00:00Z"),
            ("dim., 18 févr. 2018 10:30:00 +0100", "2018-02-18T09:30:00Z"),
            ("mardi 6 mars 2018", "2018-03-06T00:00:00Z"),
            ("mar. 6 mars 2018 à 8h05", "2018-03-06T08:05:00Z"),
            ("1er août 2024", "2024-08-01T00:00:00Z"),
            ("14 juillet 2024", "2024-07-14T00:00:00Z"),
            ("14 juin 2024", "2024-06-14T00:00:00Z"),
            ("Tue Mar 6 10:30:00 2018", "2018-03-06T10:30:00Z"),
            ("Feb 18, 2018 3:05 PM", "2018-02-18T15:05:00Z"),
            ("Feb 18, 2018 12:05 am EST", "2018-02-18T05:05:00Z"),
            ("Feb 8th 2018", "2018-02-08T00:00:00Z"),
            ("Mar 6, 2018", "2018-03-06T00:00:00Z"),
            ("18. März 2018", "2018-03-18T00:00:00Z"),
            ("18 de enero de 2018", "2018-01-18T00:00:00Z"),
            ("2018-12-31T24:00:00Z", "2019-01-01T00:00:00Z"),
            ("Sun, 18 Feb 2018 10:30:00 +0009", "2018-02-18T10:30:00Z"),
        ] {
            assert_eq!(parse_date(written, Default::default()).map(Time::rfc3339).as_deref(), Some(read), "{written}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for wrong in [
            "",
            "hier",
            "0000-00-00",
            "1970-01-01T00:00:00Z",
            "2018-13-01",
            "31 févr. 2018",
            "12:30",
            "Thu, 09 oct 09:59:57 GMT",
            "99",
        ] {
            assert_eq!(parse_date(wrong, Default::default()), None, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9a-zé:/T+., -]{0,60}|\\PC{0,40}") {
            let _ = parse_date(&text, Default::default());
        }
    }
}
