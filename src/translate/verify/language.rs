//! Checks that a result is a translation: not the source itself, and not in another language.

use std::collections::HashMap;

use super::Rejection;
use super::texts::{ComparedTexts, words};
use super::thresholds::{ECHO_SHARE, ECHO_WORDS, LANGUAGE_LEAD, LANGUAGE_SHARE, LANGUAGE_WORDS, PART_LEAD, PART_WORDS};
use crate::feed::{FunctionWords, detect_language};

/// Refuses the source itself, or nearly itself. Names, and texts that are already in the target language, may stay as they are.
pub(super) fn check_echo(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    if texts.from.primary() == texts.to.primary() {
        return Ok(());
    }
    if may_stay(texts) {
        return Ok(());
    }
    let lower = |text: &str| words(text).map(|word| word.text.to_lowercase()).collect::<Vec<_>>();
    let (source, result) = (lower(&texts.bare_source), lower(&texts.bare_result));
    let is_same = source == result && !source.is_empty();
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in &source {
        *left.entry(word).or_default() += 1;
    }
    let kept = result
        .iter()
        .filter(|word| {
            left.get_mut(word.as_str()).is_some_and(|count| {
                count.checked_sub(1).is_some_and(|less| {
                    *count = less;
                    true
                })
            })
        })
        .count();
    let is_near = result.len() >= ECHO_WORDS && kept * 100 >= result.len() * ECHO_SHARE;
    if is_same || is_near { Err(Rejection::Echo) } else { Ok(()) }
}

/// Returns true if a text may stay as it is: a name, or words of the target language.
fn may_stay(texts: &ComparedTexts<'_>) -> bool {
    let said = FunctionWords::count(&texts.bare_source);
    let (own, other) = (said.of_language(texts.from).unwrap_or(0), said.of_language(texts.to).unwrap_or(0));
    let is_long = said.words() >= ECHO_WORDS;
    // `Le Monde`, `Stade de France`: each word of four letters or more has a capital.
    let is_name =
        !is_long && words(&texts.bare_source).all(|word| word.text.len() < 4 || word.text.starts_with(char::is_uppercase));
    let is_sentence = said.words() > 1 && texts.source.ends_with(['.', '!', '?']);
    is_name || own < other || own == other && (own == 0 || !is_long) && !is_sentence
}

/// A result whose function words are those of the source's language, or of a third one.
pub(super) fn check_language(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    if texts.from.primary() == texts.to.primary() {
        return Ok(());
    }
    let said = FunctionWords::count(&texts.bare_result);
    let (from, to) = (said.of_language(texts.from).unwrap_or(0), said.of_language(texts.to));
    let lead = from.saturating_sub(to.unwrap_or(0));
    if said.words() >= LANGUAGE_WORDS && lead >= LANGUAGE_LEAD && from * 100 >= said.words() * LANGUAGE_SHARE {
        return Err(Rejection::Language(texts.from.clone()));
    }
    // For an engine that gave up half-way, each half of a text is checked by itself.
    let is_left = |part: &&str| {
        let said = FunctionWords::count(part);
        let (from, to) = (said.of_language(texts.from).unwrap_or(0), said.of_language(texts.to).unwrap_or(0));
        said.words() >= PART_WORDS && from >= to + PART_LEAD
    };
    if halves(&texts.bare_result).iter().any(is_left) {
        return Err(Rejection::Language(texts.from.clone()));
    }
    // A third language counts only where the target has a table: without one, related languages cannot be told apart.
    let third = detect_language(&texts.bare_result).filter(|heard| to.is_some() && heard.primary() != texts.to.primary());
    match third {
        Some(third) if FunctionWords::count(&texts.bare_source).of_language(&third) < said.of_language(&third) => {
            Err(Rejection::Language(third))
        }
        _ => Ok(()),
    }
}

/// Splits a text in two halves.
fn halves(text: &str) -> [&str; 2] {
    let middle = text.floor_char_boundary(text.len() / 2);
    let middle = text[middle..].find(char::is_whitespace).map_or(text.len(), |at| middle + at);
    [&text[..middle], &text[middle..]]
}
