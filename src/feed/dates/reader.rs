//! Any date at all: its pieces from left to right, each taken for what it can be at that place.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};

use super::tokens::{Token, tokens};
use super::words::{Meaning, meaning};
use super::{full_year, offset};
use crate::model::{Time, Zone};

use Token::{Number, Sign, Space, Word};

/// Reads a date in a form that is not one of the two usual ones.
pub(super) fn read(text: &str, zone: Zone) -> Option<Time> {
    let tokens = tokens(text);
    let mut parts = Parts::default();
    let mut at = parts.beginning(&tokens);
    while at < tokens.len() {
        at += parts.take(&tokens, at)?.max(1);
    }
    parts.finish(&tokens, zone)
}

/// The parts of a date as they are found.
#[derive(Default)]
struct Parts {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    /// "mar" was read.
    perhaps_march: bool,
    /// Day and month may be the other way round.
    either_way: bool,
    weekday: Option<u32>,
    time: Option<(u32, u32, u32)>,
    noon: Option<bool>,
    zone: Option<Where>,
    korean: bool,
}

/// What a date says of its zone.
#[derive(Clone, Copy)]
enum Where {
    /// So many minutes east of UTC.
    Offset(i32),
    /// The same, by a name.
    Short(i32),
    /// A place.
    Place(Zone),
}

impl Parts {
    /// The forms of ISO 8601:1988 that only make sense at the beginning; gives how many pieces they take.
    fn beginning(&mut self, tokens: &[Token<'_>]) -> usize {
        let (year, month, day, length) = match *tokens {
            [Number(n, 6), ref rest @ ..] if starts_time(rest) => (n / 10_000, Some(n / 100 % 100), Some(n % 100), 1),
            [Number(n, 5), ref rest @ ..] if starts_time(rest) => return self.ordinal(full_year(n / 1000, 2), n % 1000, 1),
            [Number(n, 7), ref rest @ ..] if starts_time(rest) => return self.ordinal(full_year(n / 1000, 4), n % 1000, 1),
            [Number(y, 4), Sign('-'), Number(n, 3), ref rest @ ..] if starts_time(rest) => {
                return self.ordinal(full_year(y, 4), n, 3);
            }
            [Number(y, 2), Sign('-'), Number(n, 3), ref rest @ ..] if starts_time(rest) => {
                return self.ordinal(full_year(y, 2), n, 3);
            }
            [Sign('-'), Number(n, 4)] => (n / 100, Some(n % 100), None, 2),
            [Sign('-'), Number(y, 2), Sign('-'), Number(m, 2)] => (y, Some(m), None, 4),
            _ => return 0,
        };
        (self.year, self.month, self.day) = (Some(full_year(year, 2)), month, day);
        length
    }

    fn ordinal(&mut self, year: i32, number: u32, length: usize) -> usize {
        if let Some(date) = NaiveDate::from_yo_opt(year, number) {
            (self.year, self.month, self.day) = (Some(year), Some(date.month()), Some(date.day()));
        }
        length
    }

    /// Takes what stands at `at`; gives how many pieces that were. Nothing when the whole is no date.
    fn take(&mut self, tokens: &[Token<'_>], at: usize) -> Option<usize> {
        let rest = &tokens[at..];
        match *rest {
            [Number(..), ..] => {
                let length = self.clock(rest)?;
                let length = if length == 0 { self.numbers(rest)? } else { length };
                if length > 0 {
                    return Some(length);
                }
                self.number(rest);
                Some(1)
            }
            [Sign('-'), Sign('-'), ..] => Some(1),
            [Sign(sign @ ('+' | '-')), ref after @ ..] if self.may_have_offset(tokens, at) => self.offset(sign, after),
            [Word(a @ ("a" | "A" | "p" | "P")), Sign('.'), Word("m" | "M"), ..] => {
                self.noon = Some(a.eq_ignore_ascii_case("p"));
                Some(3)
            }
            [Word(word), ..] => {
                self.word(word);
                Some(1)
            }
            _ => Some(1),
        }
    }

    /// A time of day, in any way to write it; gives how many pieces it takes, and nothing when it is broken.
    fn clock(&mut self, rest: &[Token<'_>]) -> Option<usize> {
        // Some feeds write midnight first and then the time.
        let free = self.time.is_none_or(|time| time == (0, 0, 0));
        let [Number(hour, 1 | 2), ref after @ ..] = *rest else { return Some(0) };
        if !free {
            return Some(0);
        }
        let dated = self.day.is_some() && self.year.is_some() && (self.month.is_some() || self.perhaps_march);
        match *after {
            [Sign(':'), Number(minute, 1 | 2), ref after @ ..] => {
                let (second, length) = match *after {
                    // A fourth number is a mistake of a known kind when it has two digits, and no time otherwise.
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
            [Sign('.'), Number(minute, 2), ref after @ ..] if dated && !matches!(after, [Sign('.'), Number(..), ..]) => {
                self.time = Some((hour, minute, 0));
                Some(3)
            }
            _ => {
                let spaces = usize::from(after.first() == Some(&Space));
                Some(self.hour(hour, &after[spaces..], dated).map_or(0, |length| 1 + spaces + length))
            }
        }
    }

    /// An hour by a word or by what follows: `10h30`, `10 heures`, `3 pm`, `15 -0700`; gives the pieces after the number.
    fn hour(&mut self, hour: u32, after: &[Token<'_>], dated: bool) -> Option<usize> {
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
                let noon = match (word, rest) {
                    ("a" | "A", [Sign('.'), Word("m" | "M"), ..]) => false,
                    ("p" | "P", [Sign('.'), Word("m" | "M"), ..]) => true,
                    _ if word.eq_ignore_ascii_case("pm") => true,
                    _ if word.eq_ignore_ascii_case("am") && dated => false,
                    _ => return None,
                };
                (self.time, self.noon) = (Some((hour, 0, 0)), Some(noon));
                Some(1)
            }
            [Sign('+' | '-'), Number(_, 4), ..] if dated && self.time.is_none() => {
                self.time = Some((hour, 0, 0));
                Some(0)
            }
            _ => None,
        }
    }

    /// Two or three numbers that belong together: `18/02/2018`, `2018-02`, `11 04 2020`; gives how many pieces
    /// they take, and nothing when they are broken.
    fn numbers(&mut self, rest: &[Token<'_>]) -> Option<usize> {
        if self.year.is_some() || self.month.is_some() {
            return Some(0);
        }
        match *rest {
            [Number(..), Sign(s), Number(..), Sign(t), Number(..), ref after @ ..] if s == t && matches!(s, '-' | '/' | '.') => {
                // `2013-01-27-01` has a part too many; `2013-01-27-01:00` is XML Schema's date with an offset.
                if s == '-' && matches!(after, [Sign('-'), Number(_, 1..=3), rest @ ..] if rest.first() != Some(&Sign(':'))) {
                    return None;
                }
                self.triple([&rest[0], &rest[2], &rest[4]], s)
            }
            [Number(_, 1 | 2), Space, Number(_, 1 | 2), Space, Number(_, 4), ..]
            | [Number(_, 4), Space, Number(_, 1 | 2), Space, Number(_, 1 | 2), ..]
                if self.day.is_none() =>
            {
                self.triple([&rest[0], &rest[2], &rest[4]], ' ')
            }
            [Number(year, 4), Sign('-' | '/'), Number(month, 1 | 2), ..]
            | [Number(month, 1 | 2), Sign('-' | '/'), Number(year, 4), ..]
                if self.day.is_none() && !self.perhaps_march =>
            {
                (self.year, self.month) = (Some(full_year(year, 4)), Some(month));
                Some(3)
            }
            _ => Some(0),
        }
    }

    /// Three numbers of one date. Gives their five pieces, none when spaces part what may be no date, and nothing for a broken one.
    fn triple(&mut self, numbers: [&Token<'_>; 3], sign: char) -> Option<usize> {
        let [&Number(first, a), &Number(second, b), &Number(third, c)] = numbers else { return Some(0) };
        let (year, month, day) = match (a, b, c) {
            (4, 1 | 2, 1 | 2) => (full_year(first, 4), second, third),
            // Google wrote a month of three digits for a while.
            (4, 3, 2) if second <= 12 => (full_year(first, 4), second, third),
            // ISO 8601:1988 had years of two digits, always with hyphens and two digits each.
            (2, 2, 2) if sign == '-' && second <= 12 && third <= 31 => (full_year(first, 2), second, third),
            (2, 1 | 2, 1) => (full_year(first, 2), second, third),
            // Day before month, as in Europe, unless that cannot be.
            (1 | 2, 1 | 2, 4 | 2) if second > 12 => (full_year(third, c), first, second),
            (1 | 2, 1 | 2, 4 | 2) => {
                self.either_way = first <= 12;
                (full_year(third, c), second, first)
            }
            _ => return if sign == ' ' { Some(0) } else { None },
        };
        (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
        Some(5)
    }

    /// A number alone.
    fn number(&mut self, rest: &[Token<'_>]) {
        let &[Number(value, digits), ref after @ ..] = rest else { return };
        let has_month = self.month.is_some() || self.perhaps_march;
        match (digits, after) {
            (4, [Word("년" | "年"), ..]) => {
                self.year = Some(full_year(value, 4));
                self.korean |= after.first() == Some(&Word("년"));
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

    /// Whether a sign at `at` begins an offset: after a time of day, or after a date where nothing else can be meant.
    fn may_have_offset(&self, tokens: &[Token<'_>], at: usize) -> bool {
        let after = &tokens[at + 1..];
        if self.time.is_some() {
            let timed =
                !matches!(tokens.get(at.wrapping_sub(1)), Some(Space)) || !matches!(after, [Number(..), Sign('/' | '.'), ..]);
            return timed && matches!(after, [Number(..), ..] | [Word(_), Sign(':'), ..]);
        }
        let spaced = at > 0 && tokens[at - 1] == Space;
        self.day.is_some()
            && self.year.is_some()
            && (matches!(after, [Number(_, 2), Sign(':'), Number(_, 2), ..]) || spaced && matches!(after, [Number(_, 4), ..]))
    }

    /// An offset from UTC; gives its length with the sign.
    fn offset(&mut self, sign: char, after: &[Token<'_>]) -> Option<usize> {
        let (hours, minutes, colon, length) = match *after {
            // Half an offset is none, and what it stands after cannot be trusted.
            [Word(_), ..] | [Number(..), Sign(':'), Word(_), ..] => return None,
            [Number(h, 1 | 2), Sign(':'), Number(m, 2), Sign(':'), Number(_, 2), ..] => (h, m, true, 6),
            [Number(h, 1 | 2), Sign(':'), Number(m, 2), ..] => (h, m, true, 4),
            [Number(h, 1 | 2), ..] => (h, 0, false, 2),
            [Number(n, 3 | 4), ..] => (n / 100, n % 100, false, 2),
            _ => return Some(2),
        };
        let named = matches!(self.zone, Some(Where::Offset(_)));
        if let Some(minutes) = offset(sign == '-', hours, minutes, colon).filter(|_| !named) {
            self.zone = Some(Where::Offset(minutes));
        }
        Some(length)
    }

    fn word(&mut self, word: &str) {
        match meaning(word) {
            Meaning::Month(month) => self.month = self.month.or(Some(month)),
            Meaning::Weekday(day) => self.weekday = self.weekday.or(Some(day)),
            Meaning::TuesdayOrMarch => self.perhaps_march = true,
            Meaning::Noon(afternoon) => {
                // "am" is "on" in German, and stands before the day there.
                let korean = !word.is_ascii();
                self.korean |= matches!(word, "오전" | "오후");
                if korean || self.time.is_some() {
                    self.noon = self.noon.or(Some(afternoon));
                }
            }
            Meaning::Zone(minutes) if self.zone.is_none() && (self.time.is_some() || self.year.is_some()) => {
                self.zone = Some(Where::Short(minutes));
            }
            Meaning::Nothing if self.zone.is_none() && word.contains('/') => self.zone = Zone::new(word).map(Where::Place),
            Meaning::Zone(_) | Meaning::Nothing => {}
        }
    }

    /// Puts the parts together.
    fn finish(mut self, tokens: &[Token<'_>], zone: Zone) -> Option<Time> {
        if self.month.is_none() && self.perhaps_march {
            self.month = Some(3);
        } else if self.perhaps_march {
            self.weekday = Some(1);
        }
        let (year, month, day) = match (self.year?, self.month, self.day) {
            (year, Some(month), Some(day)) => (year, month, day),
            (year, Some(month), None) if self.time.is_none() => (year, month, 1),
            (year, None, None) if tokens.len() == 1 => (year, 1, 1),
            _ => return None,
        };
        let date = if self.either_way { self.chosen(year, month, day)? } else { NaiveDate::from_ymd_opt(year, month, day)? };
        let (hour, minute, second) = self.time.unwrap_or_default();
        let hour = match self.noon {
            Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
            _ => hour,
        };
        // 24:00 is the end of the day (ISO 8601), 60 a leap second.
        let time = NaiveTime::from_hms_opt(hour % 24, minute, second.min(59)).filter(|_| hour <= 24 && second <= 60)?;
        let local = NaiveDateTime::new(date.checked_add_days(Days::new(u64::from(hour == 24)))?, time);
        Some(match self.zone {
            Some(Where::Offset(minutes) | Where::Short(minutes)) => {
                Time::from_millis(local.and_utc().timestamp_millis() - i64::from(minutes) * 60_000)
            }
            Some(Where::Place(zone)) => zone.instant(local),
            // What is written in Korean and says no zone was written in Korea.
            None if self.korean && zone == Zone::UTC => Zone::new("Asia/Seoul").unwrap_or(zone).instant(local),
            None => zone.instant(local),
        })
    }

    /// A date whose day and month may be swapped: the day of the week tells, else whether it is written as in America (12-hour
    /// clock or one of its zones), else it is Europe's.
    fn chosen(&self, year: i32, month: u32, day: u32) -> Option<NaiveDate> {
        let european = NaiveDate::from_ymd_opt(year, month, day)?;
        let american = NaiveDate::from_ymd_opt(year, day, month)?;
        let fits = |date: NaiveDate| self.weekday == Some(date.weekday().num_days_from_monday());
        let in_america = self.noon.is_some() || matches!(self.zone, Some(Where::Short(-600..=-210)));
        let swapped = if fits(european) == fits(american) { in_america } else { fits(american) };
        Some(if swapped { american } else { european })
    }
}

/// Whether nothing or a time of day follows.
fn starts_time(rest: &[Token<'_>]) -> bool {
    matches!(rest, [] | [Word("T" | "t"), Number(..), ..] | [Space, Number(_, 1 | 2), Sign(':'), ..])
}
