//! Dates in any other form: the tokens from left to right, each interpreted by what it can mean at its position.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};

use super::tokens::{DateToken, tokenize};
use super::words::{Meaning, meaning};
use super::{full_year, offset_minutes};
use crate::model::{Time, Zone};

use DateToken::{Number, Sign, Space, Word};

/// Parses a date in a form other than RFC 822 and RFC 3339.
pub(super) fn parse_free_form(text: &str, zone: Zone) -> Option<Time> {
    let tokens = tokenize(text);
    let mut parts = DateParts::default();
    let mut at = parts.take_iso_start(&tokens);
    while at < tokens.len() {
        at += parts.take(&tokens, at)?.max(1);
    }
    parts.finish(&tokens, zone)
}

/// The parts of a date as they are found.
#[derive(Default)]
struct DateParts {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    /// True if there was "mar": March, or Tuesday.
    may_be_march: bool,
    /// True if day and month may be swapped.
    is_ambiguous: bool,
    weekday: Option<u32>,
    time: Option<(u32, u32, u32)>,
    /// True for p.m., false for a.m.
    is_afternoon: Option<bool>,
    zone: Option<DateZone>,
    is_korean: bool,
}

/// The zone that a date names.
#[derive(Clone, Copy)]
enum DateZone {
    /// An offset in minutes east of UTC.
    Offset(i32),
    /// A short name, as minutes east of UTC.
    Name(i32),
    /// A zone of the IANA database.
    Place(Zone),
}

impl DateParts {
    /// Takes the forms of ISO 8601:1988 that are valid only at the start. Returns the number of tokens.
    fn take_iso_start(&mut self, tokens: &[DateToken<'_>]) -> usize {
        let (year, month, day, length) = match *tokens {
            [Number(n, 6), ref rest @ ..] if starts_time(rest) => (n / 10_000, Some(n / 100 % 100), Some(n % 100), 1),
            [Number(n, 5), ref rest @ ..] if starts_time(rest) => return self.set_ordinal(full_year(n / 1000, 2), n % 1000, 1),
            [Number(n, 7), ref rest @ ..] if starts_time(rest) => return self.set_ordinal(full_year(n / 1000, 4), n % 1000, 1),
            [Number(y, 4), Sign('-'), Number(n, 3), ref rest @ ..] if starts_time(rest) => {
                return self.set_ordinal(full_year(y, 4), n, 3);
            }
            [Number(y, 2), Sign('-'), Number(n, 3), ref rest @ ..] if starts_time(rest) => {
                return self.set_ordinal(full_year(y, 2), n, 3);
            }
            [Sign('-'), Number(n, 4)] => (n / 100, Some(n % 100), None, 2),
            [Sign('-'), Number(y, 2), Sign('-'), Number(m, 2)] => (y, Some(m), None, 4),
            _ => return 0,
        };
        (self.year, self.month, self.day) = (Some(full_year(year, 2)), month, day);
        length
    }

    /// Sets a date given as year and day of the year.
    fn set_ordinal(&mut self, year: i32, number: u32, length: usize) -> usize {
        if let Some(date) = NaiveDate::from_yo_opt(year, number) {
            (self.year, self.month, self.day) = (Some(year), Some(date.month()), Some(date.day()));
        }
        length
    }

    /// Takes the tokens at `at`, and returns their number; nothing if the text is not a date.
    fn take(&mut self, tokens: &[DateToken<'_>], at: usize) -> Option<usize> {
        let rest = &tokens[at..];
        match *rest {
            [Number(..), ..] => {
                let length = self.take_time(rest)?;
                let length = if length == 0 { self.take_numbers(rest)? } else { length };
                if length > 0 {
                    return Some(length);
                }
                self.take_number(rest);
                Some(1)
            }
            [Sign('-'), Sign('-'), ..] => Some(1),
            [Sign(sign @ ('+' | '-')), ref after @ ..] if self.may_have_offset(tokens, at) => self.take_offset(sign, after),
            [Word(a @ ("a" | "A" | "p" | "P")), Sign('.'), Word("m" | "M"), ..] => {
                self.is_afternoon = Some(a.eq_ignore_ascii_case("p"));
                Some(3)
            }
            [Word(word), ..] => {
                self.take_word(word);
                Some(1)
            }
            _ => Some(1),
        }
    }

    /// Takes a time of day in any notation. Returns the number of tokens (0 if there is none), or nothing if it is malformed.
    fn take_time(&mut self, rest: &[DateToken<'_>]) -> Option<usize> {
        // Some feeds write midnight first and then the time.
        let is_free = self.time.is_none_or(|time| time == (0, 0, 0));
        let [Number(hour, 1 | 2), ref after @ ..] = *rest else { return Some(0) };
        if !is_free {
            return Some(0);
        }
        let has_date = self.day.is_some() && self.year.is_some() && (self.month.is_some() || self.may_be_march);
        match *after {
            [Sign(':'), Number(minute, 1 | 2), ref after @ ..] => {
                let (second, length) = match *after {
                    // A fourth number of two digits is a known mistake; with other lengths this is not a time.
                    [Sign(':'), Number(second, 1 | 2), Sign(':'), Number(_, 2), ..]
                    | [Sign(':'), Number(second, 1 | 2), Sign('.' | ','), Number(..), ..] => (second, 4),
                    [Sign(':'), Number(_, 1 | 2), Sign(':'), Number(..), ..] | [Sign(':'), Word(_), ..] => return None,
                    [Sign(':'), Number(second, 1 | 2), ..] => (second, 2),
                    _ => (0, 0),
                };
                self.time = Some((hour, minute, second));
                Some(3 + length)
            }
            [Sign(':'), Word(_), ..] => None,
            [Sign('.'), Number(minute, 2), ref after @ ..] if has_date && !matches!(after, [Sign('.'), Number(..), ..]) => {
                self.time = Some((hour, minute, 0));
                Some(3)
            }
            _ => {
                let spaces = usize::from(after.first() == Some(&Space));
                Some(self.take_hour(hour, &after[spaces..], has_date).map_or(0, |length| 1 + spaces + length))
            }
        }
    }

    /// Takes an hour that a word or an offset marks as such: `10h30`, `10 heures`, `3 pm`, `15 -0700`. Returns the number of tokens
    /// after the number.
    fn take_hour(&mut self, hour: u32, after: &[DateToken<'_>], has_date: bool) -> Option<usize> {
        match *after {
            [Word("h" | "H" | "heures" | "heure" | "Uhr" | "uhr" | "시" | "時" | "时" | "点"), ref after @ ..] => {
                let spaces = usize::from(after.first() == Some(&Space));
                let (minute, length) = match after[spaces..] {
                    [Number(minute, 1 | 2), Word("m" | "min" | "mn" | "분" | "分"), Number(second, 1 | 2), ..] => {
                        self.time = Some((hour, minute, second));
                        return Some(4 + spaces);
                    }
                    [Number(minute, 2), ref rest @ ..] if !matches!(rest, [Sign('/' | '-' | '.'), Number(..), ..]) => {
                        (minute, 1 + spaces)
                    }
                    _ => (0, 0),
                };
                self.time = Some((hour, minute, 0));
                Some(1 + length)
            }
            [Word(word), ref rest @ ..] if self.time.is_none() => {
                let is_afternoon = match (word, rest) {
                    ("a" | "A", [Sign('.'), Word("m" | "M"), ..]) => false,
                    ("p" | "P", [Sign('.'), Word("m" | "M"), ..]) => true,
                    _ if word.eq_ignore_ascii_case("pm") => true,
                    _ if word.eq_ignore_ascii_case("am") && has_date => false,
                    _ => return None,
                };
                (self.time, self.is_afternoon) = (Some((hour, 0, 0)), Some(is_afternoon));
                Some(1)
            }
            [Sign('+' | '-'), Number(_, 4), ..] if has_date && self.time.is_none() => {
                self.time = Some((hour, 0, 0));
                Some(0)
            }
            _ => None,
        }
    }

    /// Takes two or three numbers that form a date: `18/02/2018`, `2018-02`, `11 04 2020`. Returns the number of tokens (0 if there is
    /// none), or nothing if it is malformed.
    fn take_numbers(&mut self, rest: &[DateToken<'_>]) -> Option<usize> {
        if self.year.is_some() || self.month.is_some() {
            return Some(0);
        }
        match *rest {
            [Number(..), Sign(s), Number(..), Sign(t), Number(..), ref after @ ..] if s == t && matches!(s, '-' | '/' | '.') => {
                // `2013-01-27-01` has one part too many; `2013-01-27-01:00` is XML Schema's date with an offset.
                if s == '-' && matches!(after, [Sign('-'), Number(_, 1..=3), rest @ ..] if rest.first() != Some(&Sign(':'))) {
                    return None;
                }
                self.take_triple([&rest[0], &rest[2], &rest[4]], s)
            }
            [Number(_, 1 | 2), Space, Number(_, 1 | 2), Space, Number(_, 4), ..]
            | [Number(_, 4), Space, Number(_, 1 | 2), Space, Number(_, 1 | 2), ..]
                if self.day.is_none() =>
            {
                self.take_triple([&rest[0], &rest[2], &rest[4]], ' ')
            }
            [Number(year, 4), Sign('-' | '/'), Number(month, 1 | 2), ..]
            | [Number(month, 1 | 2), Sign('-' | '/'), Number(year, 4), ..]
                if self.day.is_none() && !self.may_be_march =>
            {
                (self.year, self.month) = (Some(full_year(year, 4)), Some(month));
                Some(3)
            }
            _ => Some(0),
        }
    }

    /// Takes the three numbers of a date. Returns their 5 tokens, 0 if they are separated by spaces and may not be a date, or nothing
    /// if they are malformed.
    fn take_triple(&mut self, numbers: [&DateToken<'_>; 3], sign: char) -> Option<usize> {
        let [&Number(first, a), &Number(second, b), &Number(third, c)] = numbers else { return Some(0) };
        let (year, month, day) = match (a, b, c) {
            (4, 1 | 2, 1 | 2) => (full_year(first, 4), second, third),
            // Google once wrote months with three digits.
            (4, 3, 2) if second <= 12 => (full_year(first, 4), second, third),
            // ISO 8601:1988 had years of two digits, always with hyphens and two digits each.
            (2, 2, 2) if sign == '-' && second <= 12 && third <= 31 => (full_year(first, 2), second, third),
            (2, 1 | 2, 1) => (full_year(first, 2), second, third),
            // The day comes before the month, as in Europe, unless that is impossible.
            (1 | 2, 1 | 2, 4 | 2) if second > 12 => (full_year(third, c), first, second),
            (1 | 2, 1 | 2, 4 | 2) => {
                self.is_ambiguous = first <= 12;
                (full_year(third, c), second, first)
            }
            _ => return if sign == ' ' { Some(0) } else { None },
        };
        (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
        Some(5)
    }

    /// Takes a single number.
    fn take_number(&mut self, rest: &[DateToken<'_>]) {
        let &[Number(value, digits), ref after @ ..] = rest else { return };
        let has_month = self.month.is_some() || self.may_be_march;
        match (digits, after) {
            (4, [Word("년" | "年"), ..]) => {
                self.year = Some(full_year(value, 4));
                self.is_korean |= after.first() == Some(&Word("년"));
            }
            (1 | 2, [Word("월" | "月"), ..]) => self.month = self.month.or(Some(value)),
            (4, _) if self.year.is_none() => self.year = Some(full_year(value, 4)),
            (8, _) if self.year.is_none() => {
                (self.year, self.month, self.day) =
                    (Some(full_year(value / 10_000, 4)), Some(value / 100 % 100), Some(value % 100));
            }
            (1 | 2, _) if self.day.is_none() => self.day = Some(value),
            (2, _) if self.year.is_none() && has_month => self.year = Some(full_year(value, 2)),
            (4, _) if self.time.is_none() && self.year.is_some() => self.time = Some((value / 100, value % 100, 0)),
            (6, _) if self.time.is_none() && self.year.is_some() => {
                self.time = Some((value / 10_000, value / 100 % 100, value % 100));
            }
            _ => {}
        }
    }

    /// True if the sign at `at` begins an offset: after a time of day, or after a date where it can be nothing else.
    fn may_have_offset(&self, tokens: &[DateToken<'_>], at: usize) -> bool {
        let after = &tokens[at + 1..];
        if self.time.is_some() {
            let is_offset =
                !matches!(tokens.get(at.wrapping_sub(1)), Some(Space)) || !matches!(after, [Number(..), Sign('/' | '.'), ..]);
            return is_offset && matches!(after, [Number(..), ..] | [Word(_), Sign(':'), ..]);
        }
        let is_after_space = at > 0 && tokens[at - 1] == Space;
        self.day.is_some()
            && self.year.is_some()
            && (matches!(after, [Number(_, 2), Sign(':'), Number(_, 2), ..])
                || is_after_space && matches!(after, [Number(_, 4), ..]))
    }

    /// Takes an offset from UTC. Returns the number of tokens with the sign, or nothing if it is malformed.
    fn take_offset(&mut self, sign: char, after: &[DateToken<'_>]) -> Option<usize> {
        let (hours, minutes, colon, length) = match *after {
            // A malformed offset makes the whole date doubtful.
            [Word(_), ..] | [Number(..), Sign(':'), Word(_), ..] => return None,
            [Number(h, 1 | 2), Sign(':'), Number(m, 2), Sign(':'), Number(_, 2), ..] => (h, m, true, 6),
            [Number(h, 1 | 2), Sign(':'), Number(m, 2), ..] => (h, m, true, 4),
            [Number(h, 1 | 2), ..] => (h, 0, false, 2),
            [Number(n, 3 | 4), ..] => (n / 100, n % 100, false, 2),
            _ => return Some(2),
        };
        let has_offset = matches!(self.zone, Some(DateZone::Offset(_)));
        if let Some(minutes) = offset_minutes(sign == '-', hours, minutes, colon).filter(|_| !has_offset) {
            self.zone = Some(DateZone::Offset(minutes));
        }
        Some(length)
    }

    /// Takes a month, a day of the week, a half of the day or a zone.
    fn take_word(&mut self, word: &str) {
        match meaning(word) {
            Meaning::Month(month) => self.month = self.month.or(Some(month)),
            Meaning::Weekday(day) => self.weekday = self.weekday.or(Some(day)),
            Meaning::TuesdayOrMarch => self.may_be_march = true,
            Meaning::Noon(afternoon) => {
                // German "am" means "on", and comes before the day.
                let is_asian = !word.is_ascii();
                self.is_korean |= matches!(word, "오전" | "오후");
                if is_asian || self.time.is_some() {
                    self.is_afternoon = self.is_afternoon.or(Some(afternoon));
                }
            }
            Meaning::Zone(minutes) if self.zone.is_none() && (self.time.is_some() || self.year.is_some()) => {
                self.zone = Some(DateZone::Name(minutes));
            }
            Meaning::Nothing if self.zone.is_none() && word.contains('/') => self.zone = Zone::new(word).map(DateZone::Place),
            Meaning::Zone(_) | Meaning::Nothing => {}
        }
    }

    /// Combines the parts to an instant.
    fn finish(mut self, tokens: &[DateToken<'_>], zone: Zone) -> Option<Time> {
        if self.month.is_none() && self.may_be_march {
            self.month = Some(3);
        } else if self.may_be_march {
            self.weekday = Some(1);
        }
        let (year, month, day) = match (self.year?, self.month, self.day) {
            (year, Some(month), Some(day)) => (year, month, day),
            (year, Some(month), None) if self.time.is_none() => (year, month, 1),
            (year, None, None) if tokens.len() == 1 => (year, 1, 1),
            _ => return None,
        };
        let date = if self.is_ambiguous {
            self.choose_day_and_month(year, month, day)?
        } else {
            NaiveDate::from_ymd_opt(year, month, day)?
        };
        let (hour, minute, second) = self.time.unwrap_or_default();
        let hour = match self.is_afternoon {
            Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
            _ => hour,
        };
        // 24:00 is the end of the day (ISO 8601), and 60 a leap second.
        let time = NaiveTime::from_hms_opt(hour % 24, minute, second.min(59)).filter(|_| hour <= 24 && second <= 60)?;
        let local = NaiveDateTime::new(date.checked_add_days(Days::new(u64::from(hour == 24)))?, time);
        Some(match self.zone {
            Some(DateZone::Offset(minutes) | DateZone::Name(minutes)) => {
                Time::from_millis(local.and_utc().timestamp_millis() - i64::from(minutes) * 60_000)
            }
            Some(DateZone::Place(zone)) => zone.instant(local),
            // Korean dates without a zone are in the zone of Korea.
            None if self.is_korean && zone == Zone::UTC => Zone::new("Asia/Seoul").unwrap_or(zone).instant(local),
            None => zone.instant(local),
        })
    }

    /// Returns a date whose day and month may be swapped. The day of the week decides; else an American notation (a 12-hour clock or
    /// an American zone) means month before day; else the day comes first.
    fn choose_day_and_month(&self, year: i32, month: u32, day: u32) -> Option<NaiveDate> {
        let european = NaiveDate::from_ymd_opt(year, month, day)?;
        let american = NaiveDate::from_ymd_opt(year, day, month)?;
        let fits = |date: NaiveDate| self.weekday == Some(date.weekday().num_days_from_monday());
        let in_america = self.is_afternoon.is_some() || matches!(self.zone, Some(DateZone::Name(-600..=-210)));
        let swapped = if fits(european) == fits(american) { in_america } else { fits(american) };
        Some(if swapped { american } else { european })
    }
}

/// True if nothing or a time of day follows.
fn starts_time(rest: &[DateToken<'_>]) -> bool {
    matches!(rest, [] | [Word("T" | "t"), Number(..), ..] | [Space, Number(_, 1 | 2), Sign(':'), ..])
}
