//! Checks numbers: each stands on both sides, written as its language writes it.
//!
//! Number words (`deux`, `XVIe`, `mars`) are never required, but they explain a figure on the other side.

use std::collections::HashSet;

use super::Rejection;
use super::addresses;
use super::numerals::Numerals;
use super::texts::ComparedTexts;
use crate::model::Lang;

/// With more numbers in one segment only the values are compared: it is a table in one line, or hostile.
const MOST_NUMBERS: usize = 200;

/// The most characters between the numbers of a range: ` bis `.
const RANGE: usize = 5;

/// A number in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// The number as it is written.
    pub(super) text: String,
    /// The place of its first character, and the place after its last one.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The value: `3.5`, without zeros at the ends.
    pub(super) value: String,
    /// Another reading: `1.234` of a French text is 1234 or 1.234.
    pub(super) other: Option<String>,
    /// The value times the `million` after it.
    pub(super) scaled: Option<String>,
    /// A time of the day: hours and minutes.
    pub(super) time: Option<(u32, u32)>,
    /// True if the hour is one of 24, not of 12.
    is_exact: bool,
    /// True for `22 heures`, which may be a time of the day or not.
    is_hours: bool,
    /// True for a measure in imperial units: a translator may add it in others, `100 feet (30 m)`.
    is_converted: bool,
    /// The numbers that it may be split into: `12 300` may be two.
    pub(super) parts: Vec<String>,
}

impl Number {
    /// Makes a number without a value.
    fn plain(chars: &[char], start: usize, end: usize) -> Self {
        Self {
            text: chars[start..end].iter().collect(),
            start,
            end,
            value: String::new(),
            other: None,
            scaled: None,
            time: None,
            is_exact: false,
            is_hours: false,
            is_converted: false,
            parts: Vec::new(),
        }
    }
}

/// Checks that source and result have the same figures.
pub(super) fn check_numbers(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let (source, result) = (addresses::remove_addresses(&texts.bare_source), addresses::remove_addresses(&texts.bare_result));
    let (asked, given) = (find_numbers(&source, texts.from), find_numbers(&result, texts.to));
    if asked.is_empty() && given.is_empty() {
        return Ok(());
    }
    if asked.len().max(given.len()) > MOST_NUMBERS {
        return check_same_values(&asked, &given);
    }
    let said = |text: &str, lang: &Lang| Numerals::of(lang).values(text);
    let unmatched = |numbers: &[Number], others: &[Number], words: &HashSet<String>| {
        numbers.iter().find(|number| !is_explained(number, others, words)).cloned()
    };
    let lost = unmatched(&asked, &given, &said(&result, texts.to));
    let own: Vec<Number> = given.iter().filter(|number| !number.is_converted).cloned().collect();
    let extra = || unmatched(&own, &asked, &said(&source, texts.from));
    let swapped = || find_swapped_number(&asked, &given, &said(&result, texts.to));
    lost.or_else(extra).or_else(swapped).map_or(Ok(()), |number| Err(Rejection::Number(number.text)))
}

fn check_same_values(asked: &[Number], given: &[Number]) -> Result<(), Rejection> {
    let values = |numbers: &[Number]| numbers.iter().map(|number| number.value.clone()).collect::<HashSet<_>>();
    let (source, result) = (values(asked), values(given));
    match source.symmetric_difference(&result).next() {
        Some(value) => Err(Rejection::Number(value.clone())),
        None => Ok(()),
    }
}

fn is_explained(number: &Number, others: &[Number], words: &HashSet<String>) -> bool {
    if others.iter().any(|other| is_same_number(number, other)) {
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
    // Hours and minutes explain a time, but not the other half of the day.
    let is_other_half = number.is_exact && others.iter().any(|other| other.is_exact && other.parts == number.parts);
    if number.parts.len() > 1 && !is_other_half && number.parts.iter().all(has) {
        return true;
    }
    others.iter().any(|other| other.parts.len() > 1 && other.parts.contains(&number.value))
}

/// Finds a number that stands less often in the result while another stands more often, with as many in all: `2, 2, 5` has become
/// `5, 2, 5`.
fn find_swapped_number(asked: &[Number], given: &[Number], words: &HashSet<String>) -> Option<Number> {
    if asked.len() != given.len() {
        return None;
    }
    let mut left: Vec<&Number> = given.iter().collect();
    let mut lost = Vec::new();
    for number in asked {
        match left.iter().position(|other| is_same_number(number, other)) {
            Some(place) => drop(left.swap_remove(place)),
            None => lost.push(number),
        }
    }
    lost.into_iter().find(|number| !words.contains(&number.value) && number.parts.len() < 2).cloned()
}

fn is_same_number(one: &Number, other: &Number) -> bool {
    if let (Some(one), Some(other)) = (&one.scaled, &other.scaled) {
        return one == other;
    }
    if let (Some(time), Some(other_time)) = (one.time, other.time) {
        let period = if one.is_exact && other.is_exact { 24 } else { 12 };
        let is_same = time.1 == other_time.1 && time.0 % period == other_time.0 % period;
        if is_same || !(one.is_hours || other.is_hours) {
            return is_same;
        }
    }
    let values = |number: &Number| {
        [Some(number.value.clone()), number.other.clone(), number.scaled.clone()].into_iter().flatten().collect::<Vec<_>>()
    };
    let theirs = values(other);
    if values(one).iter().any(|value| theirs.contains(value)) {
        return true;
    }
    match (one.time, other.time) {
        (Some((hour, 0)), None) if !one.is_hours => other.value == hour.to_string() || other.value == (hour % 12).to_string(),
        (None, Some((hour, 0))) if !other.is_hours => one.value == hour.to_string() || one.value == (hour % 12).to_string(),
        _ => is_decade(&one.value, &other.value) || is_decade(&other.value, &one.value),
    }
}

/// Returns true for a decade with and without its century: `années 80`, `1980s`.
fn is_decade(short: &str, long: &str) -> bool {
    short.len() == 2
        && short.ends_with('0')
        && long.len() == 4
        && long.ends_with(short)
        && matches!(&long[..2], "18" | "19" | "20")
}

/// Finds the numbers of a text in figures.
pub(super) fn find_numbers(text: &str, lang: &Lang) -> Vec<Number> {
    let chars: Vec<char> = text.chars().map(to_western_digit).collect();
    let mut numbers: Vec<Number> = Vec::new();
    let (mut at, mut end_of_last) = (0, 0);
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let (number, end) = parse_number(&chars, at, lang);
        // `de 1,8 à 2,1 milliards`: the word belongs to both.
        let power = number.scaled.as_ref().and_then(|_| parse_scale(&chars[end..], lang));
        if let Some((last, power)) =
            numbers.last_mut().zip(power).filter(|(last, _)| last.scaled.is_none() && at - end_of_last <= RANGE)
        {
            last.scaled = Some(multiply(&last.value, power));
        }
        if !is_power_of_unit(&chars, at, &number) {
            numbers.push(number);
        }
        (at, end_of_last) = (end, end);
    }
    numbers
}

/// Returns true for the exponent of a unit: `km2` is also `km²`.
fn is_power_of_unit(chars: &[char], at: usize, number: &Number) -> bool {
    let unit: String = chars[..at].iter().rev().take_while(|c| c.is_alphabetic()).take(3).collect();
    matches!(number.value.as_str(), "2" | "3") && matches!(unit.as_str(), "m" | "mk" | "mc" | "mm" | "md")
}

/// Converts digits of other scripts to European ones.
fn to_western_digit(c: char) -> char {
    let zero = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        _ => return c,
    };
    char::from_digit(u32::from(c) - zero, 10).unwrap_or(c)
}

fn count_digits(chars: &[char]) -> usize {
    chars.iter().take_while(|c| c.is_ascii_digit()).count()
}

fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// Returns true for a language that groups thousands with commas and has a decimal point.
fn has_decimal_point(lang: &Lang) -> bool {
    matches!(lang.primary(), "en" | "zh" | "ja" | "ko" | "th" | "he")
}

/// Parses the number at `start`. Returns it and its end.
fn parse_number(chars: &[char], start: usize, lang: &Lang) -> (Number, usize) {
    let head = count_digits(&chars[start..]);
    let groups = parse_groups(chars, start, lang);
    let (whole, mut end) = (groups.concat(), start + head + 4 * (groups.len() - 1));
    let separator = if groups.len() > 1 { chars[start + head] } else { ' ' };
    if groups.len() == 1
        && let Some(end) = parse_minutes(chars, end)
    {
        let minutes: String = chars[start + head..end].iter().filter(|c| c.is_ascii_digit()).collect();
        let parts = vec![canonical(&whole, ""), canonical(&minutes, "")];
        let value = format!("{}:{minutes}", canonical(&whole, ""));
        return (Number { value, parts, ..Number::plain(chars, start, end) }, end);
    }
    let hundredths = if groups.len() == 1 { parse_hundredths(chars, end) } else { None };
    if let Some((hundredths, length)) = hundredths {
        let parts = vec![canonical(&whole, ""), canonical(&hundredths, "")];
        let value = canonical(&whole, &hundredths);
        return (Number { value, parts, ..Number::plain(chars, start, end + length) }, end + length);
    }
    let fraction = parse_fraction(chars, start, end, separator, lang);
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
    let value = canonical(&whole, &fraction);
    let mut number = Number { value, other, is_converted, parts, ..Number::plain(chars, start, end) };
    if fraction.is_empty() && head <= 2 && groups.len() == 1 {
        end = parse_time(chars, end, &mut number);
    } else if head <= 2 && fraction.len() == 2 && chars[start + head] == '.' {
        number.time = time_of_day(&whole, &fraction);
    }
    number.scaled = parse_scale(&chars[end..], lang).map(|power| multiply(&number.value, power));
    number.text = chars[start..end].iter().collect();
    number.end = end;
    settle_half_of_day(chars, end, &mut number, lang);
    (number, end)
}

/// Returns the groups of a whole number: one, or a first of up to three digits and more of three, all with the same separator.
fn parse_groups(chars: &[char], start: usize, lang: &Lang) -> Vec<String> {
    let head = count_digits(&chars[start..]);
    let mut end = start + head;
    let mut groups = vec![chars[start..end].iter().collect::<String>()];
    let Some(separator) = chars.get(end).copied().filter(|_| head <= 3 && groups[0] != "0") else { return groups };
    let own = if has_decimal_point(lang) { ',' } else { '.' };
    if !(is_gap(separator) || matches!(separator, '\'' | '’') || separator == own) {
        return groups;
    }
    while chars.get(end).is_some_and(|c| *c == separator || is_gap(*c) && is_gap(separator))
        && count_digits(&chars[end + 1..]) == 3
    {
        groups.push(chars[end + 1..end + 4].iter().collect());
        end += 4;
    }
    groups
}

/// Returns the digits after the decimal sign at `end`, of a number that begins at `start` and is grouped by `separator`.
fn parse_fraction(chars: &[char], start: usize, end: usize, separator: char, lang: &Lang) -> String {
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
    let length = count_digits(&chars[end + 1..]);
    let after = end + 1 + length;
    let goes_on = matches!(chars.get(after), Some('.' | ',')) && chars.get(after + 1).is_some_and(char::is_ascii_digit);
    if goes_on { String::new() } else { chars[end + 1..after].iter().collect() }
}

/// Parses the seconds after minutes: `3'29''41`. Returns the end of the seconds.
fn parse_minutes(chars: &[char], end: usize) -> Option<usize> {
    let is_sign = matches!(chars.get(end), Some('\'' | '’' | '′')) && count_digits(chars.get(end + 1..)?) == 2;
    let after = chars.get(end + 3)?;
    (is_sign && matches!(after, '\'' | '’' | '″' | '"' | '”')).then_some(end + 3)
}

/// Parses the hundredths of a time: `9''58`, `9″58`. Returns them and the number of characters.
fn parse_hundredths(chars: &[char], end: usize) -> Option<(String, usize)> {
    let sign = match (chars.get(end), chars.get(end + 1)) {
        (Some('\'' | '’'), Some('\'' | '’')) => 2,
        (Some('″' | '"' | '”'), _) => 1,
        _ => return None,
    };
    let length = count_digits(chars.get(end + sign..)?);
    (1..=3).contains(&length).then(|| (chars[end + sign..end + sign + length].iter().collect(), sign + length))
}

/// Parses the minutes after an hour: `20h30`, `20 h 30`, `20:30`; and `8 pm`. Returns the end of the time.
fn parse_time(chars: &[char], end: usize, number: &mut Number) -> usize {
    let hour = number.value.clone();
    let skip = |at: usize| at + chars[at.min(chars.len())..].iter().take_while(|c| is_gap(**c)).count().min(1);
    if chars.get(end) == Some(&':') && count_digits(&chars[end + 1..]) == 2 {
        let minutes: String = chars[end + 1..end + 3].iter().collect();
        number.time = time_of_day(&hour, &minutes);
        number.parts = vec![hour.clone(), canonical(&minutes, "")];
        number.value = format!("{hour}:{minutes}");
        return end + 3;
    }
    let at = skip(end);
    let letter = chars.get(at).map(char::to_ascii_lowercase);
    let next = chars.get(at + 1).copied().unwrap_or(' ');
    let word: String = chars.get(at..).unwrap_or(&[]).iter().take_while(|c| c.is_alphabetic()).take(8).collect();
    if matches!(word.as_str(), "heures" | "horas" | "hores" | "Uhr") {
        number.time = time_of_day(&hour, "0");
        number.is_hours = true;
    } else if letter == Some('h') && !next.is_alphabetic() {
        let after = skip(at + 1);
        let length = count_digits(chars.get(after..).unwrap_or(&[]));
        if length == 2 {
            let minutes: String = chars[after..after + 2].iter().collect();
            number.time = time_of_day(&hour, &minutes);
            number.parts = vec![hour.clone(), canonical(&minutes, "")];
            number.value = format!("{hour}:{minutes}");
            return after + 2;
        }
        number.time = time_of_day(&hour, "0");
    } else if matches!(letter, Some('a' | 'p')) && (next == '.' || next.eq_ignore_ascii_case(&'m')) {
        number.time = time_of_day(&hour, "0");
    }
    end
}

/// Settles which half of the day a time is in. In English only `am` and `pm` say so; elsewhere hours are of 24, unless the evening is
/// spoken of.
fn settle_half_of_day(chars: &[char], end: usize, number: &mut Number, lang: &Lang) {
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
        const LATER: [&str; 17] = [
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
        ];
        let text: String = chars.iter().collect::<String>().to_lowercase();
        number.is_exact = hour > 12 || !LATER.iter().any(|word| text.contains(word)) || text.contains("matin");
    }
}

fn time_of_day(hour: &str, minute: &str) -> Option<(u32, u32)> {
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour <= 24 && minute < 60).then_some((hour, minute))
}

/// Returns true if an imperial unit follows a number.
fn is_imperial(after: &[char]) -> bool {
    const UNITS: [&str; 14] =
        ["feet", "foot", "ft", "mile", "miles", "mi", "mph", "sq", "pounds", "lb", "lbs", "inches", "acres", "gallons"];
    let gap = after.iter().take_while(|c| is_gap(**c) || **c == '-').count();
    let unit: String = after[gap..].iter().take_while(|c| c.is_alphabetic()).take(8).collect();
    UNITS.contains(&unit.as_str())
}

/// Returns the power of ten of the next word.
fn parse_scale(after: &[char], lang: &Lang) -> Option<u32> {
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

/// Multiplies a value by a power of ten.
fn multiply(value: &str, power: u32) -> String {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let power = power as usize;
    let moved: String = fraction.chars().chain(std::iter::repeat('0')).take(power).collect();
    canonical(&format!("{whole}{moved}"), fraction.get(power..).unwrap_or(""))
}
