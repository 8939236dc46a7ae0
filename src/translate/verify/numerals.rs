//! Numbers in letters: number words, months, Roman numerals.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::texts::words;
use crate::model::Lang;

/// Cardinals besides the first word of a line.
const OTHER_CARDINALS: [&str; 34] = [
    "vingts",
    "cents",
    "mille",
    "milles",
    "milliers",
    "millions",
    "milliards",
    "hundreds",
    "thousands",
    "billions",
    "miles",
    "millones",
    "millón",
    "veintiún",
    "veintiuna",
    "dues",
    "duas",
    "cents",
    "centes",
    "milions",
    "milioni",
    "miliardi",
    "milhões",
    "milhão",
    "bilhões",
    "hunderte",
    "tausende",
    "millionen",
    "milliarden",
    "zwo",
    "doscientas",
    "trescientas",
    "milers",
    "mila",
];

/// The number words of a language.
#[derive(Default)]
pub(super) struct Numerals {
    /// Values in thousandths, so that a half has one.
    values: HashMap<&'static str, u64>,
    /// Months by their number.
    months: HashMap<&'static str, u64>,
    /// Powers of ten.
    scales: HashMap<&'static str, u32>,
    /// Powers of ten of spans of years: 1 for `décennies`.
    spans: HashMap<&'static str, u32>,
    /// Words for a part: 0.5 for `half`, 0.25 for `quarter`.
    parts: HashMap<&'static str, &'static str>,
    /// Words that are numbers and nothing else, in thousandths.
    cardinals: HashMap<&'static str, u64>,
}

static NUMERALS: LazyLock<HashMap<&'static str, Numerals>> =
    LazyLock::new(|| parse_numerals(include_str!("../data/numerals.txt")));
static NONE: LazyLock<Numerals> = LazyLock::new(Numerals::default);

fn parse_numerals(list: &'static str) -> HashMap<&'static str, Numerals> {
    let mut all: HashMap<_, Numerals> = HashMap::new();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.split_ascii_whitespace();
        let (Some(lang), Some(value)) = (parts.next(), parts.next()) else { continue };
        let numerals = all.entry(lang).or_default();
        match value {
            "month" => numerals.months.extend(parts.zip(1..)),
            "scale" => {
                let power = parts.next().map_or(0, |power| power.len().saturating_sub(1));
                numerals.scales.extend(parts.map(|word| (word, u32::try_from(power).unwrap_or(0))));
            }
            "span" => {
                let power = parts.next().map_or(0, |power| power.len().saturating_sub(1));
                numerals.spans.extend(parts.map(|word| (word, u32::try_from(power).unwrap_or(0))));
            }
            "part" => {
                if let Some(value) = parts.next() {
                    numerals.parts.extend(parts.map(|word| (word, value)));
                }
            }
            "0.5" => numerals.values.extend(parts.map(|word| (word, 500))),
            value => {
                let value = value.parse::<u64>().unwrap_or(0) * 1000;
                for (place, word) in parts.enumerate() {
                    numerals.values.insert(word, value);
                    if place == 0 || OTHER_CARDINALS.contains(&word) {
                        numerals.cardinals.insert(word, value);
                    }
                }
            }
        }
    }
    all
}

impl Numerals {
    /// Returns the number words of a language.
    pub(super) fn of(lang: &Lang) -> &'static Self {
        NUMERALS.get(lang.primary()).unwrap_or(&NONE)
    }

    /// Returns true for a number word or a month.
    pub(super) fn has(&self, word: &str) -> bool {
        self.values.contains_key(word) || self.months.contains_key(word)
    }

    /// Returns the power of ten of a word: 6 for `millions`.
    pub(super) fn scale(&self, word: &str) -> Option<u32> {
        self.scales.get(word.to_lowercase().as_str()).copied()
    }

    /// Returns the power of ten of a span of years: 2 for `siècle`.
    pub(super) fn span(&self, word: &str) -> Option<u32> {
        self.spans.get(word).copied()
    }

    /// Returns the value of a word for a part: `0.25` for `quart`.
    pub(super) fn part(&self, word: &str) -> Option<String> {
        self.parts.get(word).map(|value| (*value).to_owned())
    }

    /// Returns the value of a word that is a number and nothing else, in thousandths.
    pub(super) fn cardinal(&self, word: &str) -> Option<u64> {
        self.cardinals.get(word).copied()
    }

    /// Returns the value of a word that may be a number.
    pub(super) fn any_value(&self, word: &str) -> Option<String> {
        self.values.get(word).map(|value| format_thousandths(*value))
    }

    /// Returns the value of number words in a row, which are in thousandths.
    pub(super) fn sum(values: &[u64]) -> String {
        let (mut total, mut part) = (0_u64, 0_u64);
        for value in values {
            add_word(*value, &mut total, &mut part);
        }
        format_thousandths(total.saturating_add(part))
    }

    /// Returns all values of the words of a text: of each word by itself, and of words in a row together.
    pub(super) fn values(&self, text: &str) -> HashSet<String> {
        let mut found = HashSet::new();
        let mut run: Vec<u64> = Vec::new();
        for word in words(text) {
            let small = word.text.to_lowercase();
            if let Some(month) = self.months.get(small.as_str()) {
                found.insert(month.to_string());
            }
            if let Some(roman) = roman(word.text) {
                found.insert(roman.to_string());
            }
            match self.values.get(small.as_str()) {
                Some(value) => run.push(*value),
                None if matches!(small.as_str(), "et" | "and" | "y" | "i" | "e" | "und") => {}
                None => combine(&mut run, &mut found),
            }
        }
        combine(&mut run, &mut found);
        // `une heure et demie` is 1.5.
        if found.contains("0.5") {
            let halves: Vec<String> =
                found.iter().filter(|value| value.len() < 3 && !value.contains('.')).map(|value| format!("{value}.5")).collect();
            found.extend(halves);
        }
        found
    }
}

/// Adds the values of number words in a row: each, and every sum on the way (`deux cent trois` is 2, 200, 203 …).
fn combine(run: &mut Vec<u64>, found: &mut HashSet<String>) {
    for start in 0..run.len().min(8) {
        let (mut total, mut part) = (0_u64, 0_u64);
        for value in run[start..].iter().take(8) {
            add_word(*value, &mut total, &mut part);
            found.insert(format_thousandths(total.saturating_add(part)));
        }
    }
    run.clear();
}

/// Adds a number word to those before it: to `total`, and to the `part` that a following `thousand` multiplies. All are thousandths.
fn add_word(value: u64, total: &mut u64, part: &mut u64) {
    let whole = value / 1000;
    if whole >= 1_000 {
        *total = total.saturating_add((*part).max(1000).saturating_mul(whole));
        *part = 0;
    } else if whole == 100 {
        *part = (*part).max(1000).saturating_mul(100);
    } else if *part == 4000 && whole == 20 {
        *part = 80_000;
    } else {
        *part = part.saturating_add(value);
    }
}

/// Formats thousandths as other numbers are.
fn format_thousandths(thousandths: u64) -> String {
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{}", format!("{rest:03}").trim_end_matches('0')) }
}

/// Returns the value of a Roman numeral, also with the letters of an ordinal: `XVIe`.
pub(super) fn roman(word: &str) -> Option<u32> {
    let end = word.find(|c| !matches!(c, 'I' | 'V' | 'X' | 'L' | 'C' | 'D' | 'M')).unwrap_or(word.len());
    let (letters, rest) = word.split_at(end);
    let is_ordinal = rest.is_empty() || matches!(rest, "e" | "er" | "ère" | "re" | "ème" | "th" | "st" | "nd" | "rd" | "s" | "è");
    if letters.is_empty() || letters.len() > 9 || !is_ordinal {
        return None;
    }
    let value = |c: char| match c {
        'I' => 1,
        'V' => 5,
        'X' => 10,
        'L' => 50,
        'C' => 100,
        'D' => 500,
        _ => 1000,
    };
    let values: Vec<u32> = letters.chars().map(value).collect();
    let less: u32 = values.windows(2).filter(|pair| pair[0] < pair[1]).map(|pair| pair[0]).sum();
    (values.iter().sum::<u32>()).checked_sub(2 * less)
}
