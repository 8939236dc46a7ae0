//! Finds the numbers that a text has in figures.

use super::myriads::{Myriads, has_myriads, parse_myriads};
use super::number::{Number, canonical, count_digits, is_gap, multiply};
use super::scales::parse_scale;
use super::times::{parse_hundredths, parse_minutes, parse_time, read_military_time, settle_half_of_day, time_of_day};
use crate::model::Lang;

/// The most characters between the numbers of a range: ` bis `.
const RANGE: usize = 5;

/// Finds the numbers of a text in figures.
pub(in crate::translate::verify) fn find_numbers(text: &str, lang: &Lang) -> Vec<Number> {
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
        if !is_power_of_unit(&chars, at, &number) && !is_of_name(&chars, at, &number) {
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

/// Returns true for the number of `COVID-19`, which another language may call the coronavirus.
fn is_of_name(chars: &[char], at: usize, number: &Number) -> bool {
    let name: String = chars[..at].iter().rev().take(6).rev().map(char::to_ascii_lowercase).collect();
    number.value == "19" && matches!(name.as_str(), "covid-" | "covid\u{2011}" | "covid ")
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

/// Returns true for a language that groups thousands with commas and has a decimal point.
fn has_decimal_point(lang: &Lang) -> bool {
    matches!(lang.primary(), "en" | "zh" | "ja" | "ko" | "th" | "he")
}

/// Parses the number at `start`. Returns it and its end.
fn parse_number(chars: &[char], start: usize, lang: &Lang) -> (Number, usize) {
    if let Some(myriads) = parse_myriads(chars, start).filter(|_| has_myriads(lang)) {
        return (with_myriads(chars, start, &myriads), myriads.end);
    }
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
    let value = canonical(&whole, &fraction);
    let mut number = Number { value, other, parts, ..Number::plain(chars, start, end) };
    if fraction.is_empty() && head <= 2 && groups.len() == 1 {
        end = parse_time(chars, end, &mut number);
    } else if head <= 2 && fraction.len() == 2 && chars[start + head] == '.' {
        number.time = time_of_day(&whole, &fraction);
    }
    number.scaled = parse_scale(&chars[end..], lang).map(|power| multiply(&number.value, power));
    number.text = chars[start..end].iter().collect();
    number.end = end;
    read_military_time(&mut number);
    settle_half_of_day(chars, end, &mut number, lang);
    (number, end)
}

/// Makes a number of one with myriads: a plain number with its unit may be meant by itself, too.
fn with_myriads(chars: &[char], start: usize, myriads: &Myriads) -> Number {
    let scaled = Some(myriads.value.clone());
    let plain = || chars[start..myriads.end].iter().filter(|c| c.is_ascii_digit() || **c == '.').collect::<String>();
    let value = if myriads.is_simple { multiply(&plain(), 0) } else { myriads.value.clone() };
    Number { value, scaled, ..Number::plain(chars, start, myriads.end) }
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
