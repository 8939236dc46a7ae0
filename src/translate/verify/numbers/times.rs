//! Times: of the day (`20h30`, `8:30 p.m.`, `20時30分`), and of a race (`3'29''41`).

use super::number::{Number, canonical, count_digits, is_gap};
use crate::model::Lang;

/// Words for a part of the day: with one of them the hours of a language may be of 12.
const PARTS_OF_DAY: [&str; 27] = [
    "soir",
    "après-midi",
    "nuit",
    "tarde",
    "noche",
    "vespre",
    "nit",
    "abend",
    "nachmittag",
    "nacht",
    "sera",
    "pomeriggio",
    "notte",
    "noite",
    "tarda",
    "matin",
    "mañana",
    "下午",
    "晚",
    "傍晚",
    "午後",
    "夜",
    "夕方",
    "오후",
    "저녁",
    "밤",
    "中午",
];

/// Parses the seconds after minutes: `3'29''41`. Returns the end of the seconds.
pub(super) fn parse_minutes(chars: &[char], end: usize) -> Option<usize> {
    let is_sign = matches!(chars.get(end), Some('\'' | '’' | '′')) && count_digits(chars.get(end + 1..)?) == 2;
    let after = chars.get(end + 3)?;
    (is_sign && matches!(after, '\'' | '’' | '″' | '"' | '”')).then_some(end + 3)
}

/// Parses the hundredths of a time: `9''58`, `9″58`. Returns them and the number of characters.
pub(super) fn parse_hundredths(chars: &[char], end: usize) -> Option<(String, usize)> {
    let sign = match (chars.get(end), chars.get(end + 1)) {
        (Some('\'' | '’'), Some('\'' | '’')) => 2,
        (Some('″' | '"' | '”'), _) => 1,
        _ => return None,
    };
    let length = count_digits(chars.get(end + sign..)?);
    (1..=3).contains(&length).then(|| (chars[end + sign..end + sign + length].iter().collect(), sign + length))
}

/// Parses the minutes after an hour: `20h30`, `20 h 30`, `20:30`, `20时30分`; and `8 pm`. Returns the end of the time.
pub(super) fn parse_time(chars: &[char], end: usize, number: &mut Number) -> usize {
    let hour = number.value.clone();
    let skip = |at: usize| at + chars[at.min(chars.len())..].iter().take_while(|c| is_gap(**c)).count().min(1);
    if chars.get(end) == Some(&':') && count_digits(&chars[end + 1..]) == 2 {
        return set_time(number, &hour, chars, end + 1);
    }
    let at = skip(end);
    let letter = chars.get(at).map(char::to_ascii_lowercase);
    let next = chars.get(at + 1).copied().unwrap_or(' ');
    let word: String = chars.get(at..).unwrap_or(&[]).iter().take_while(|c| c.is_alphabetic()).take(8).collect();
    if matches!(word.as_str(), "heures" | "horas" | "hores" | "Uhr") {
        number.time = time_of_day(&hour, "0");
        number.is_hours = true;
    } else if let Some(end) = parse_eastern_time(chars, end, at, number) {
        return end;
    } else if letter == Some('h') && !next.is_alphabetic() {
        let after = skip(at + 1);
        if count_digits(chars.get(after..).unwrap_or(&[])) == 2 {
            return set_time(number, &hour, chars, after);
        }
        number.time = time_of_day(&hour, "0");
    } else if matches!(letter, Some('a' | 'p')) && (next == '.' || next.eq_ignore_ascii_case(&'m')) {
        number.time = time_of_day(&hour, "0");
    }
    end
}

/// Sets a time whose two digits of minutes stand at `at`. Returns its end.
fn set_time(number: &mut Number, hour: &str, chars: &[char], at: usize) -> usize {
    let minutes: String = chars[at..at + 2].iter().collect();
    number.time = time_of_day(hour, &minutes);
    number.parts = vec![hour.to_owned(), canonical(&minutes, "")];
    number.value = format!("{hour}:{minutes}");
    at + 2
}

/// Parses an hour of Chinese, Japanese or Korean, with its minutes if it has some: `20時30分`, `8点半`, `8시`. `at` is the place of the sign.
fn parse_eastern_time(chars: &[char], end: usize, at: usize, number: &mut Number) -> Option<usize> {
    if !matches!(chars.get(at), Some('时' | '時' | '点' | '點' | '시')) {
        return None;
    }
    let hour = number.value.clone();
    // `3时间`, `3時間`, `3시간` are three hours, and `3点` may be three points.
    if matches!(chars.get(at + 1), Some('间' | '間' | '간')) {
        return Some(end);
    }
    number.is_hours = true;
    let after = at + 1 + chars[at + 1..].iter().take_while(|c| is_gap(**c)).count();
    let length = count_digits(&chars[after..]);
    let is_minutes = (1..=2).contains(&length) && matches!(chars.get(after + length), Some('分' | '분'));
    let minutes = match chars.get(at + 1) {
        Some('半' | '반') => "30".to_owned(),
        _ if is_minutes => chars[after..after + length].iter().collect(),
        _ => "0".to_owned(),
    };
    number.time = time_of_day(&hour, &minutes);
    if minutes != "0" {
        number.is_hours = false;
        number.parts = vec![hour.clone(), canonical(&minutes, "")];
        number.value = format!("{hour}:{minutes:0>2}");
    }
    Some(if is_minutes { after + length } else { end })
}

/// Reads four figures that begin with a zero as a time: `0230 UTC`.
pub(super) fn read_military_time(number: &mut Number) {
    let figures = number.text.clone();
    if figures.len() == 4 && figures.starts_with('0') && figures.bytes().all(|b| b.is_ascii_digit()) {
        let (hour, minutes) = figures.split_at(2);
        number.time = time_of_day(hour, minutes);
        number.parts = vec![canonical(hour, ""), canonical(minutes, "")];
    }
}

/// Settles which half of the day a time is in. In English only `am` and `pm` say so; elsewhere hours are of 24, unless a part of the
/// day is spoken of.
pub(super) fn settle_half_of_day(chars: &[char], end: usize, number: &mut Number, lang: &Lang) {
    let Some((hour, minute)) = number.time else { return };
    let rest: String = chars[end..].iter().skip_while(|c| is_gap(**c)).take(24).collect::<String>().to_lowercase();
    let is_half = |letter: char| {
        let after = rest.strip_prefix(letter).map(|rest| rest.trim_start_matches(['.', ' ', '\u{a0}', '\u{202f}']));
        after.and_then(|rest| rest.strip_prefix('m')).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
    };
    if is_half('p') {
        number.time = Some((hour % 12 + 12, minute));
        number.is_exact = true;
    } else if is_half('a') {
        number.time = Some((hour % 12, minute));
        number.is_exact = true;
    } else if lang.primary() != "en" {
        let text: String = chars.iter().collect::<String>().to_lowercase();
        number.is_exact = hour > 12 || !PARTS_OF_DAY.iter().any(|word| text.contains(word)) || text.contains("matin");
    }
}

/// Returns a time of the day, if it is one.
pub(super) fn time_of_day(hour: &str, minute: &str) -> Option<(u32, u32)> {
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour <= 24 && minute < 60).then_some((hour, minute))
}
