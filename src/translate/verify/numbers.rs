//! Numbers: each stands on both sides, written as its language writes it.
//!
//! Words (`deux`, `XVIe`, `mars`) are never asked for, but they explain a figure on the other side.

use std::collections::HashSet;

use super::Rejection;
use super::addresses;
use super::numerals::Numerals;
use super::texts::Texts;
use crate::model::Lang;

/// Of more numbers in one segment only the values are compared: a table in one line, or something hostile.
const MOST_NUMBERS: usize = 200;

/// Characters between the numbers of a range: ` bis `.
const RANGE: usize = 5;

/// A number in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// As it is written.
    pub(super) text: String,
    /// Its value: `3.5`, without zeros at the ends.
    value: String,
    /// What else it may be: `1.234` of a French text is 1234 or 1.234.
    other: Option<String>,
    /// With the `million` behind it.
    scaled: Option<String>,
    /// A time of the day: hours and minutes.
    time: Option<(u32, u32)>,
    /// A measure of which a translator may add what it is in others: `100 feet (30 m)`.
    is_converted: bool,
    /// The numbers that it falls into, if it is none: `12 300` may be two.
    parts: Vec<String>,
}

/// Figures of the source are those of the result.
pub(super) fn numbers(texts: &Texts<'_>) -> Result<(), Rejection> {
    let (source, result) = (addresses::without(&texts.bare_source), addresses::without(&texts.bare_result));
    let (asked, given) = (read(&source, texts.from), read(&result, texts.to));
    if asked.is_empty() && given.is_empty() {
        return Ok(());
    }
    if asked.len().max(given.len()) > MOST_NUMBERS {
        return same_values(&asked, &given);
    }
    let said = |text: &str, lang: &Lang| Numerals::of(lang).values(text);
    let unmatched = |numbers: &[Number], others: &[Number], words: &HashSet<String>| {
        numbers.iter().find(|number| !is_explained(number, others, words)).cloned()
    };
    let lost = unmatched(&asked, &given, &said(&result, texts.to));
    let own: Vec<Number> = given.iter().filter(|number| !number.is_converted).cloned().collect();
    let extra = || unmatched(&own, &asked, &said(&source, texts.from));
    let swapped = || swapped(&asked, &given, &said(&result, texts.to));
    lost.or_else(extra).or_else(swapped).map_or(Ok(()), |number| Err(Rejection::Number(number.text)))
}

fn same_values(asked: &[Number], given: &[Number]) -> Result<(), Rejection> {
    let values = |numbers: &[Number]| numbers.iter().map(|number| number.value.clone()).collect::<HashSet<_>>();
    let (source, result) = (values(asked), values(given));
    match source.symmetric_difference(&result).next() {
        Some(value) => Err(Rejection::Number(value.clone())),
        None => Ok(()),
    }
}

fn is_explained(number: &Number, others: &[Number], words: &HashSet<String>) -> bool {
    if others.iter().any(|other| same(number, other)) {
        return true;
    }
    let in_words = |value: &str| words.contains(value);
    let decade = number.value.get(2..).filter(|_| number.value.len() == 4 && number.value.ends_with('0'));
    if decade.is_some_and(in_words)
        || in_words(&number.value)
        || number.scaled.as_deref().is_some_and(in_words)
        || number.other.as_deref().is_some_and(in_words)
    {
        return true;
    }
    let has = |part: &String| others.iter().any(|other| other.value == *part || other.parts.contains(part)) || in_words(part);
    if number.parts.len() > 1 && number.parts.iter().all(has) {
        return true;
    }
    others.iter().any(|other| other.parts.len() > 1 && other.parts.contains(&number.value))
}

/// A number that stands less often in the result, while another stands more often, and there are as many of them all: `2, 2, 5`
/// has become `5, 2, 5`.
fn swapped(asked: &[Number], given: &[Number], words: &HashSet<String>) -> Option<Number> {
    if asked.len() != given.len() {
        return None;
    }
    let mut left: Vec<&Number> = given.iter().collect();
    let mut lost = Vec::new();
    for number in asked {
        match left.iter().position(|other| same(number, other)) {
            Some(place) => drop(left.swap_remove(place)),
            None => lost.push(number),
        }
    }
    lost.into_iter().find(|number| !words.contains(&number.value) && number.parts.len() < 2).cloned()
}

fn same(one: &Number, other: &Number) -> bool {
    if let (Some(one), Some(other)) = (&one.scaled, &other.scaled) {
        return one == other;
    }
    let values = |number: &Number| {
        [Some(number.value.clone()), number.other.clone(), number.scaled.clone()].into_iter().flatten().collect::<Vec<_>>()
    };
    let theirs = values(other);
    if values(one).iter().any(|value| theirs.contains(value)) {
        return true;
    }
    match (one.time, other.time) {
        (Some((hour, minute)), Some((other_hour, other_minute))) => minute == other_minute && hour % 12 == other_hour % 12,
        (Some((hour, 0)), None) => other.value == hour.to_string() || other.value == (hour % 12).to_string(),
        (None, Some((hour, 0))) => one.value == hour.to_string() || one.value == (hour % 12).to_string(),
        _ => is_decade(&one.value, &other.value) || is_decade(&other.value, &one.value),
    }
}

/// `années 80` and `1980s`.
fn is_decade(short: &str, long: &str) -> bool {
    short.len() == 2
        && short.ends_with('0')
        && long.len() == 4
        && long.ends_with(short)
        && matches!(&long[..2], "18" | "19" | "20")
}

/// The numbers of a text in figures.
pub(super) fn read(text: &str, lang: &Lang) -> Vec<Number> {
    let chars: Vec<char> = text.chars().map(western).collect();
    let mut numbers: Vec<Number> = Vec::new();
    let (mut at, mut end_of_last) = (0, 0);
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let (number, end) = one(&chars, at, lang);
        // `de 1,8 à 2,1 milliards`: the word belongs to both.
        let power = number.scaled.as_ref().and_then(|_| scale(&chars[end..], lang));
        if let Some((last, power)) =
            numbers.last_mut().zip(power).filter(|(last, _)| last.scaled.is_none() && at - end_of_last <= RANGE)
        {
            last.scaled = Some(scaled(&last.value, power));
        }
        if !is_power_of_unit(&chars, at, &number) {
            numbers.push(number);
        }
        (at, end_of_last) = (end, end);
    }
    numbers
}

/// `km2`, which is also `km²`.
fn is_power_of_unit(chars: &[char], at: usize, number: &Number) -> bool {
    let unit: String = chars[..at].iter().rev().take_while(|c| c.is_alphabetic()).take(3).collect();
    matches!(number.value.as_str(), "2" | "3") && matches!(unit.as_str(), "m" | "mk" | "mc" | "mm" | "md")
}

/// Figures of other scripts as European ones.
fn western(c: char) -> char {
    let zero = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        _ => return c,
    };
    char::from_digit(u32::from(c) - zero, 10).unwrap_or(c)
}

fn digits(chars: &[char]) -> usize {
    chars.iter().take_while(|c| c.is_ascii_digit()).count()
}

fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// Whether a language groups thousands with commas, and sets a point before the fraction.
fn has_decimal_point(lang: &Lang) -> bool {
    matches!(lang.primary(), "en" | "zh" | "ja" | "ko" | "th" | "he")
}

/// Reads the number at `start`; tells where it ends.
fn one(chars: &[char], start: usize, lang: &Lang) -> (Number, usize) {
    let head = digits(&chars[start..]);
    let groups = groups(chars, start, lang);
    let (whole, mut end) = (groups.concat(), start + head + 4 * (groups.len() - 1));
    let separator = if groups.len() > 1 { chars[start + head] } else { ' ' };
    let fraction = fraction(chars, start, end, separator, lang);
    end += if fraction.is_empty() { 0 } else { fraction.len() + 1 };
    // `1.234` and `1,234`: what the one language's thousands are, the other's are parts of one; Spanish knows both.
    let is_group = fraction.is_empty() && separator == '.' && groups.len() == 2;
    let other = if is_group {
        Some(canonical(&groups[0], &groups[1]))
    } else if fraction.len() == 3 && lang.primary() == "es" {
        Some(canonical(&format!("{whole}{fraction}"), ""))
    } else {
        None
    };
    let parts =
        if groups.len() > 1 && is_gap(separator) { groups.iter().map(|part| canonical(part, "")).collect() } else { Vec::new() };
    let is_converted = is_imperial(&chars[end..]);
    let mut number =
        Number { text: String::new(), value: canonical(&whole, &fraction), other, scaled: None, time: None, is_converted, parts };
    if fraction.is_empty() && head <= 2 && groups.len() == 1 {
        end = time(chars, end, &mut number);
    } else if head <= 2 && fraction.len() == 2 && chars[start + head] == '.' {
        number.time = clock(&whole, &fraction);
    }
    number.scaled = scale(&chars[end..], lang).map(|power| scaled(&number.value, power));
    number.text = chars[start..end].iter().collect();
    (number, end)
}

/// The groups of a whole number: one, or a first of up to three figures and more of three, all with the same sign between them.
fn groups(chars: &[char], start: usize, lang: &Lang) -> Vec<String> {
    let head = digits(&chars[start..]);
    let mut end = start + head;
    let mut groups = vec![chars[start..end].iter().collect::<String>()];
    let Some(separator) = chars.get(end).copied().filter(|_| head <= 3 && groups[0] != "0") else { return groups };
    let own = if has_decimal_point(lang) { ',' } else { '.' };
    if !(is_gap(separator) || matches!(separator, '\'' | '’') || separator == own) {
        return groups;
    }
    while chars.get(end).is_some_and(|c| *c == separator || is_gap(*c) && is_gap(separator)) && digits(&chars[end + 1..]) == 3 {
        groups.push(chars[end + 1..end + 4].iter().collect());
        end += 4;
    }
    groups
}

/// The figures behind the decimal sign at `end`, of a number that began at `start` and is grouped by `separator`.
fn fraction(chars: &[char], start: usize, end: usize, separator: char, lang: &Lang) -> String {
    let is_sign = match chars.get(end) {
        Some('.') => has_decimal_point(lang) || separator != '.',
        Some(',') => !has_decimal_point(lang),
        _ => false,
    };
    // `12.03.2024` is no decimal, at neither of its stops.
    let goes_before = start > 1 && matches!(chars[start - 1], '.' | ',') && chars[start - 2].is_ascii_digit();
    if !is_sign || goes_before {
        return String::new();
    }
    let length = digits(&chars[end + 1..]);
    let after = end + 1 + length;
    let goes_on = matches!(chars.get(after), Some('.' | ',')) && chars.get(after + 1).is_some_and(char::is_ascii_digit);
    if goes_on { String::new() } else { chars[end + 1..after].iter().collect() }
}

/// The minutes behind an hour: `20h30`, `20 h 30`, `20:30`; and `8 pm`. Tells where the time ends.
fn time(chars: &[char], end: usize, number: &mut Number) -> usize {
    let hour = number.value.clone();
    let skip = |at: usize| at + chars[at.min(chars.len())..].iter().take_while(|c| is_gap(**c)).count().min(1);
    if chars.get(end) == Some(&':') && digits(&chars[end + 1..]) == 2 {
        let minutes: String = chars[end + 1..end + 3].iter().collect();
        number.time = clock(&hour, &minutes);
        number.parts = vec![hour.clone(), canonical(&minutes, "")];
        number.value = format!("{hour}:{minutes}");
        return end + 3;
    }
    let at = skip(end);
    let letter = chars.get(at).map(char::to_ascii_lowercase);
    let next = chars.get(at + 1).copied().unwrap_or(' ');
    if letter == Some('h') && !next.is_alphabetic() {
        let after = skip(at + 1);
        let length = digits(chars.get(after..).unwrap_or(&[]));
        if length == 2 {
            let minutes: String = chars[after..after + 2].iter().collect();
            number.time = clock(&hour, &minutes);
            number.parts = vec![hour.clone(), canonical(&minutes, "")];
            number.value = format!("{hour}:{minutes}");
            return after + 2;
        }
        number.time = clock(&hour, "0");
    } else if matches!(letter, Some('a' | 'p')) && (next == '.' || next.eq_ignore_ascii_case(&'m')) {
        number.time = clock(&hour, "0");
    }
    end
}

fn clock(hour: &str, minute: &str) -> Option<(u32, u32)> {
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour <= 24 && minute < 60).then_some((hour, minute))
}

/// Whether an imperial unit stands behind a number.
fn is_imperial(after: &[char]) -> bool {
    const UNITS: [&str; 14] =
        ["feet", "foot", "ft", "mile", "miles", "mi", "mph", "sq", "pounds", "lb", "lbs", "inches", "acres", "gallons"];
    let gap = after.iter().take_while(|c| is_gap(**c) || **c == '-').count();
    let unit: String = after[gap..].iter().take_while(|c| c.is_alphabetic()).take(8).collect();
    UNITS.contains(&unit.as_str())
}

/// The power of ten that the next word stands for.
fn scale(after: &[char], lang: &Lang) -> Option<u32> {
    let gap = after.iter().take_while(|c| is_gap(**c) || **c == '-').count();
    let word: String = after[gap..].iter().take_while(|c| c.is_alphabetic()).take(16).collect();
    let numerals = Numerals::of(lang);
    let power = numerals.scale(&word)?;
    // `3 mil millones`
    let rest = &after[gap + word.chars().count()..];
    let gap = rest.iter().take_while(|c| is_gap(**c)).count();
    let next: String = rest[gap..].iter().take_while(|c| c.is_alphabetic()).take(16).collect();
    Some(power + numerals.scale(&next).filter(|more| *more > power).unwrap_or(0))
}

fn canonical(whole: &str, fraction: &str) -> String {
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// A value times a power of ten.
fn scaled(value: &str, power: u32) -> String {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let power = power as usize;
    let moved: String = fraction.chars().chain(std::iter::repeat('0')).take(power).collect();
    canonical(&format!("{whole}{moved}"), fraction.get(power..).unwrap_or(""))
}
