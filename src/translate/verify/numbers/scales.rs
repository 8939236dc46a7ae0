//! Words that multiply a number: `million`, `mil millones`; and spans of years (`deux décennies`, `un cuarto de milenio`).

use std::collections::HashSet;

use super::super::numerals::Numerals;
use super::super::texts::words;
use super::number::{is_gap, multiply};
use crate::model::Lang;

/// The longest word.
const LONGEST: usize = 16;
/// The words between a number and its span of years: `un cuarto de milenio`.
const GAP: usize = 2;

/// Returns the power of ten of the next word.
pub(super) fn parse_scale(after: &[char], lang: &Lang) -> Option<u32> {
    let gap = after.iter().take_while(|c| is_gap(**c) || **c == '-').count();
    let word: String = after[gap..].iter().take_while(|c| c.is_alphabetic()).take(LONGEST).collect();
    let numerals = Numerals::of(lang);
    let power = numerals.scale(&word)?;
    // `3 mil millones`
    let rest = &after[gap + word.chars().count()..];
    let gap = rest.iter().take_while(|c| is_gap(**c)).count();
    let next: String = rest[gap..].iter().take_while(|c| c.is_alphabetic()).take(LONGEST).collect();
    Some(power + numerals.scale(&next).filter(|more| *more > power).unwrap_or(0))
}

/// Returns the years of the spans in a text: of `deux décennies`, `2 décennies` and `un quart de siècle`.
pub(super) fn span_values(text: &str, lang: &Lang) -> HashSet<String> {
    let numerals = Numerals::of(lang);
    let words: Vec<String> = words(text).map(|word| word.text.to_lowercase()).collect();
    let mut found = HashSet::new();
    for (at, power) in words.iter().enumerate().filter_map(|(at, word)| Some((at, numerals.span(word)?))) {
        let before = words[at.saturating_sub(GAP)..at].iter().rev();
        let mut before =
            before.skip_while(|word| matches!(word.as_str(), "de" | "d" | "of" | "a" | "di" | "derniers" | "dernières"));
        let Some(word) = before.next() else { continue };
        let is_figure = word.bytes().all(|b| b.is_ascii_digit());
        let value = if is_figure { Some(word.clone()) } else { numerals.part(word).or_else(|| numerals.any_value(word)) };
        found.extend(value.map(|value| multiply(&value, power)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_years_have_values() {
        for (lang, text, value) in [
            ("fr", "au cours des deux décennies à venir", "20"),
            ("es", "un cuarto de milenio más tarde", "250"),
            ("en", "half a century later", "50"),
            ("en", "over 3 centuries", "300"),
            ("fr", "un quart de siècle", "25"),
        ] {
            let values = span_values(text, &Lang::new(lang).expect("a tag"));
            assert!(values.contains(value), "{text} {values:?}");
        }
    }
}
