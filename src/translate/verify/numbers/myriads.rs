//! Numbers of Chinese, Japanese and Korean, which count in ten thousands: `1万2500`, `35亿`, `3억 5천만`; and Chinese numerals (`三十五`).

use std::collections::HashSet;

use super::number::{count_digits, is_gap, multiply};
use crate::model::Lang;

/// Units below ten thousand, with their powers of ten.
const SMALL: [(char, u32); 9] =
    [('十', 1), ('百', 2), ('千', 3), ('拾', 1), ('佰', 2), ('仟', 3), ('십', 1), ('백', 2), ('천', 3)];
/// Powers of ten thousand.
const LARGE: [(char, u32); 9] =
    [('万', 4), ('萬', 4), ('만', 4), ('亿', 8), ('億', 8), ('억', 8), ('兆', 12), ('조', 12), ('京', 16)];
/// After `千`, `百` and `兆` these make a measure (`千米`, a kilometre; `百分点`, a percentage point).
const MEASURES: [char; 14] = ['克', '米', '瓦', '卡', '赫', '帕', '字', '欧', '伏', '比', '位', '分', '葉', '代'];

/// Values are added in millionths, so that `1.2345万` is exact.
const FRACTION: usize = 6;
/// The most figures of a part.
const MOST_FIGURES: usize = 18;

/// A number with myriads.
pub(super) struct Myriads {
    /// The value of the whole.
    pub(super) value: String,
    /// The place after it.
    pub(super) end: usize,
    /// True if it is a plain number with one unit, as `35亿`: then the number by itself is a reading, too.
    pub(super) is_simple: bool,
}

/// Returns true for a language that counts in myriads.
pub(super) fn has_myriads(lang: &Lang) -> bool {
    matches!(lang.primary(), "zh" | "ja" | "ko" | "yue")
}

/// Parses a number that begins with figures and has units of ten thousand, or of thousand, hundred and ten.
pub(super) fn parse_myriads(chars: &[char], start: usize) -> Option<Myriads> {
    let (mut total, mut section, mut pending) = (0_u128, 0_u128, None);
    let (mut at, mut end, mut units, mut figures) = (start, start, 0_usize, 0_usize);
    loop {
        let next = chars.get(at).copied().unwrap_or(' ');
        if next.is_ascii_digit() && pending.is_none() {
            let (value, after) = parse_figures(chars, at)?;
            (pending, at, figures) = (Some(value), after, figures + 1);
            if units > 0 {
                end = at;
            }
            continue;
        }
        let is_measure = chars.get(at + 1).is_some_and(|after| MEASURES.contains(after));
        if let Some(power) = power_of(&SMALL, next).filter(|_| !is_measure && pending.is_some()) {
            section = section.checked_add(pending.take()?.checked_mul(10_u128.pow(power))?)?;
        } else if let Some(power) =
            power_of(&LARGE, next).filter(|_| pending.is_some() || section > 0).filter(|_| !is_measure || next != '兆')
        {
            let part = section.checked_add(pending.take().unwrap_or(0))?;
            total = total.checked_add(part.checked_mul(10_u128.pow(power))?)?;
            section = 0;
        } else if is_gap(next) && units > 0 && pending.is_none() && chars.get(at + 1).is_some_and(char::is_ascii_digit) {
            at += 1;
            continue;
        } else {
            break;
        }
        (at, units) = (at + 1, units + 1);
        end = at;
    }
    let sum = total.checked_add(section)?.checked_add(pending.filter(|_| end == at).unwrap_or(0))?;
    (units > 0).then(|| Myriads { value: format_millionths(sum), end, is_simple: units == 1 && figures == 1 })
}

fn power_of(units: &[(char, u32)], c: char) -> Option<u32> {
    units.iter().find(|(unit, _)| *unit == c).map(|(_, power)| *power)
}

/// Parses figures with commas between thousands and a decimal point. Returns millionths, and the place after them.
fn parse_figures(chars: &[char], start: usize) -> Option<(u128, usize)> {
    let mut figures = String::new();
    let mut at = start;
    while let Some(c) = chars.get(at) {
        let groups = *c == ',' && count_digits(&chars[at + 1..]) == 3;
        if !c.is_ascii_digit() && !groups {
            break;
        }
        figures.extend(Some(*c).filter(char::is_ascii_digit));
        at += 1;
    }
    let decimals = if chars.get(at) == Some(&'.') { count_digits(&chars[at + 1..]) } else { 0 };
    let digits = chars[at..].iter().skip(1).take(decimals);
    let fraction: String = digits.chain(&['0'; FRACTION]).take(FRACTION).collect();
    at += if decimals > 0 { decimals + 1 } else { 0 };
    (figures.len() <= MOST_FIGURES).then_some(())?;
    Some((format!("{figures}{fraction}").parse().ok()?, at))
}

fn format_millionths(millionths: u128) -> String {
    let text = format!("{millionths:07}");
    let (whole, fraction) = text.split_at(text.len() - FRACTION);
    multiply(&format!("{whole}.{fraction}"), 0)
}

/// Returns the values of the Chinese numerals of a text.
pub(super) fn numeral_values(text: &str) -> HashSet<String> {
    let is_numeral = |c: char| figure_of(c).is_some() || power_of(&SMALL[..6], c).or_else(|| power_of(&LARGE, c)).is_some();
    let runs = text.split(|c: char| !is_numeral(c)).filter(|run| !run.is_empty() && run.chars().count() <= MOST_FIGURES);
    runs.filter_map(|run| {
        // `十五` is `1十5`, and `二〇二四` is 2024.
        let mut spelled = Vec::new();
        let mut before = None;
        for c in run.chars() {
            let figure = figure_of(c);
            if figure.is_none() && before.is_none_or(|before| figure_of(before).is_none() && power_of(&SMALL, c).is_some()) {
                spelled.push('1');
            }
            spelled.push(figure.and_then(|figure| char::from_digit(figure, 10)).unwrap_or(c));
            before = Some(c);
        }
        let is_plain = spelled.iter().all(char::is_ascii_digit);
        let value = || parse_myriads(&spelled, 0).filter(|myriads| myriads.end == spelled.len()).map(|myriads| myriads.value);
        if is_plain { Some(multiply(&spelled.iter().collect::<String>(), 0)) } else { value() }
    })
    .collect()
}

fn figure_of(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '零' => 0,
        '一' => 1,
        '二' | '两' | '兩' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(String, usize)> {
        let chars: Vec<char> = text.chars().collect();
        parse_myriads(&chars, 0).map(|myriads| (myriads.value, myriads.end))
    }

    #[test]
    fn myriads_are_read_to_values() {
        for (text, value, length) in [
            ("1万2500名", "12500", 6),
            ("35亿欧元", "3500000000", 3),
            ("3억 5천만 유로", "350000000", 6),
            ("1.2万人", "12000", 4),
            ("3億5,000万円", "350000000", 8),
            ("5千", "5000", 2),
            ("2百万", "2000000", 3),
            ("12만", "120000", 3),
            ("1兆2000億", "1200000000000", 7),
        ] {
            assert_eq!(parsed(text), Some((value.to_owned(), length)), "{text}");
        }
    }

    #[test]
    fn measures_and_plain_figures_have_no_myriads() {
        for text in ["5千米", "5千克", "3百分点", "2500名", "35", "3兆瓦", "99999999999999999999万"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn chinese_numerals_have_values() {
        let values = numeral_values("三十五名选手在二〇二四年得到十二枚，两百万人");
        for value in ["35", "2024", "12", "2000000"] {
            assert!(values.contains(value), "{value} {values:?}");
        }
    }
}
