//! Checks quantities: the unit of a number, numbers in words, and which side of a score is which.
//!
//! A number in figures must stand on both sides (`numbers`). Here the rest of it is compared: `10 km` may not become `10 miles`, nor
//! `trois` four, nor `2-1` the score `1-2`.

use std::collections::HashSet;

use super::Rejection;
use super::addresses::remove_addresses;
use super::concepts::Meanings;
use super::lexicon::{Concept, Lexicon};
use super::measures::MeasuredText;
use super::numbers::find_numbers;
use super::numerals::Numerals;
use super::texts::ComparedTexts;
use super::tokens::Token;
use crate::model::Lang;

/// A number with the units that may be meant by the word beside it.
struct Quantity {
    values: Vec<String>,
    units: Vec<Concept>,
    is_in_words: bool,
}

/// The quantities of one text.
struct Side {
    quantities: Vec<Quantity>,
    /// The values of words that may be numbers: `both`, `dozen`, `second`.
    maybe: HashSet<String>,
}

/// Checks units and number words.
pub(super) fn check_quantities(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    let (Some(source), Some(result)) = (Side::of(&texts.bare_source, texts.from), Side::of(&texts.bare_result, texts.to)) else {
        return Ok(());
    };
    if let Some(unit) = find_other_unit(&source, &result).or_else(|| find_other_unit(&result, &source)) {
        return Err(Rejection::Unit(unit));
    }
    let lost = find_unexplained(&source, &result);
    let new = find_unexplained(&result, &source);
    if let (Some(value), Some(_)) = (lost, new) {
        return Err(Rejection::Number(value));
    }
    check_scores(texts, meanings)
}

/// Finds a number that stands on both sides, but with another unit.
fn find_other_unit(one: &Side, other: &Side) -> Option<String> {
    one.quantities.iter().filter(|quantity| !quantity.units.is_empty()).find_map(|quantity| {
        let same: Vec<&Quantity> =
            other.quantities.iter().filter(|own| own.values.iter().any(|value| quantity.values.contains(value))).collect();
        let fits = |own: &&Quantity| own.units.is_empty() || own.units.iter().any(|unit| quantity.units.contains(unit));
        (!same.is_empty() && !same.iter().any(fits)).then(|| quantity.values[0].clone())
    })
}

/// Finds a number in words that the other side lacks, in words and in figures.
fn find_unexplained(one: &Side, other: &Side) -> Option<String> {
    let mut in_words = one.quantities.iter().filter(|quantity| quantity.is_in_words).map(|quantity| &quantity.values);
    let lost = in_words.find(|values| {
        let is_small = matches!(values[0].as_str(), "0" | "1" | "0.5");
        let is_there =
            |value: &String| other.maybe.contains(value) || other.quantities.iter().any(|own| own.values.contains(value));
        !is_small && !values.iter().any(is_there)
    });
    lost.map(|values| values[0].clone())
}

impl Side {
    fn of(text: &str, lang: &Lang) -> Option<Self> {
        let lexicon = Lexicon::of(lang)?;
        let text = remove_addresses(text);
        let measured = MeasuredText::new(&text, lang)?;
        let tokens = &measured.tokens;
        let hits = lexicon.find(tokens);
        let numerals = Numerals::of(lang);
        let taken = |at: usize| {
            hits.iter().any(|hit| {
                (hit.at..hit.at + hit.length).contains(&at)
                    && (hit.is_strong && matches!(hit.concept.group, "fraction" | "ordinal")
                        || hit.concept.group == "none" && hit.length > 1)
            })
        };
        let mut quantities = Vec::new();
        for number in find_numbers(&text, lang) {
            let units = if number.is_time() { Vec::new() } else { measured.units_beside(number.start, number.end) };
            quantities.push(Quantity { values: number.values(), units, is_in_words: false });
        }
        let mut maybe = HashSet::new();
        for run in word_runs(tokens, numerals, &taken, &mut maybe) {
            // `deux décennies` are `twenty years`.
            let span = tokens.get(run.end).and_then(|token| numerals.span(&token.text));
            let units = if span.is_some() { Vec::new() } else { measured.units_after(run.end) };
            let years = span.map(|power| format!("{}{}", run.value, "0".repeat(power as usize)));
            quantities.push(Quantity { values: [run.value].into_iter().chain(years).collect(), units, is_in_words: true });
        }
        Some(Self { quantities, maybe })
    }
}

/// A number in words, and the token after it.
struct Run {
    value: String,
    end: usize,
}

/// Finds the numbers in words; those that may be no numbers go to `maybe`.
fn word_runs(tokens: &[Token], numerals: &Numerals, taken: &dyn Fn(usize) -> bool, maybe: &mut HashSet<String>) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let mut values: Vec<u64> = Vec::new();
        let start = at;
        while let Some(token) = tokens.get(at).filter(|token| at == start || token.is_joined) {
            let next_is_number = || {
                let tens = values.last().is_some_and(|last| *last >= 20_000);
                let joined = tokens.get(at + 1).filter(|next| next.is_joined && !taken(at + 1));
                joined.and_then(|next| numerals.cardinal(&next.text)).is_some_and(|value| tens && value < 100_000)
            };
            if taken(at) {
                break;
            } else if let Some(value) = numerals.cardinal(&token.text) {
                values.push(value);
            } else if !(matches!(token.text.as_str(), "et" | "and" | "y" | "i" | "e" | "und") && next_is_number()) {
                break;
            }
            at += 1;
        }
        if values.is_empty() {
            maybe.extend(tokens.get(at).and_then(|token| numerals.any_value(&token.text)));
            at += 1;
            continue;
        }
        let value = Numerals::sum(&values);
        // `3,5 milliards` is the number before it, and `des milliards` is none.
        let is_scale = values.iter().all(|value| *value >= 1_000_000);
        if is_scale {
            maybe.insert(value);
            continue;
        }
        let after = tokens.get(at).map_or("", |token| token.text.as_str());
        // `huit jours` is a week, and `quinze jours` two.
        if matches!((value.as_str(), after), ("8" | "15", "jours" | "días" | "dies" | "giorni" | "Tage" | "dias")) {
            maybe.insert(value);
            continue;
        }
        runs.push(Run { value, end: at });
    }
    runs
}

/// Checks that no score is turned round. One that was lost may be told from the other side.
fn check_scores(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    let (source, result) = (scores(&texts.bare_source), scores(&texts.bare_result));
    let is_lost = |side: &super::concepts::Side| side.has("result", "lose");
    if is_lost(&meanings.source) != is_lost(&meanings.result) {
        return Ok(());
    }
    let turned =
        |(one, other): &(u32, u32)| one != other && result.contains(&(*other, *one)) && !result.contains(&(*one, *other));
    match source.iter().find(|score| turned(score) && !source.contains(&(score.1, score.0))) {
        Some((one, other)) => Err(Rejection::Number(format!("{one}-{other}"))),
        None => Ok(()),
    }
}

/// Returns the scores of a text: `33-31`, `6–4`.
fn scores(text: &str) -> Vec<(u32, u32)> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '.' | ':'))
        .filter_map(|word| {
            let (one, other) = word.split_once(['-', '–', '‑'])?;
            let figure = |part: &str| (part.len() <= 3).then(|| part.parse().ok()).flatten();
            Some((figure(one)?, figure(other)?))
        })
        .collect()
}
