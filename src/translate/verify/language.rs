//! Checks that a result is a translation: not the source itself, and not in another language.

use std::collections::HashMap;

use super::Rejection;
use super::texts::{ComparedTexts, Word, words};
use super::thresholds::{ECHO_SHARE, ECHO_WORDS, LANGUAGE_LEAD, LANGUAGE_SHARE, LANGUAGE_WORDS, PART_LEAD, PART_WORDS};
use crate::feed::{FunctionWords, detect_language};
use crate::model::Lang;

/// A text with this many words with small letters, each of so many letters, and with one more, is a phrase.
const PHRASE_WORDS: usize = 2;
const PHRASE_LETTERS: usize = 4;
/// The most words that are searched for a run of the source.
const MOST_COMPARED: usize = 300;
/// The least words of a run that was left.
const LEFT_WORDS: usize = 4;
/// The words with small letters from which a text has a function word of its language.
const FOREIGN_WORDS: usize = 4;

/// Refuses the source itself, or nearly itself. Names, and texts that are already in the target language, may stay as they are.
pub(super) fn check_echo(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    if texts.from.primary() == texts.to.primary() {
        return Ok(());
    }
    if may_stay(texts) && !is_phrase(texts) {
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

/// Returns true for a text without function words that is no name either: `Boxe : deux arbitres écartés`.
fn is_phrase(texts: &ComparedTexts<'_>) -> bool {
    let said = FunctionWords::count(&texts.bare_source);
    let is_small = |word: &Word<'_>| word.text.starts_with(char::is_lowercase) && word.text.chars().count() >= PHRASE_LETTERS;
    let small = words(&texts.bare_source).filter(is_small).count();
    said.words() > PHRASE_WORDS && said.of_language(texts.to) == Some(0) && small >= PHRASE_WORDS
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

/// Refuses a run of words that was left in the source's language: with a function word that the target's does not have. Names and
/// quotations may stay.
pub(super) fn check_left(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    if texts.from.primary() == texts.to.primary() || may_stay(texts) {
        return Ok(());
    }
    let lower = |text: &str| words(text).take(MOST_COMPARED).map(|word| word.text.to_lowercase()).collect::<Vec<_>>();
    let (source, result) = (lower(&texts.bare_source), lower(&texts.bare_result));
    let places: Vec<_> = words(&texts.bare_result).take(MOST_COMPARED).collect();
    let mut at = 0;
    while at + LEFT_WORDS <= result.len() {
        let run = longest_run(&source, &result[at..]);
        if run >= LEFT_WORDS && is_left(texts, &places[at..at + run]) {
            return Err(Rejection::Language(texts.from.clone()));
        }
        at += run.max(1);
    }
    Ok(())
}

/// Returns the length of the longest run of words of `source` that `result` begins with.
fn longest_run(source: &[String], result: &[String]) -> usize {
    let run = |start: usize| source[start..].iter().zip(result).take_while(|(one, other)| one == other).count();
    (0..source.len()).map(run).max().unwrap_or(0)
}

/// Returns true if words are no name and no quotation, but a part of a sentence.
fn is_left(texts: &ComparedTexts<'_>, run: &[Word<'_>]) -> bool {
    let small = run.iter().filter(|word| word.text.chars().count() > 1 && word.text.starts_with(char::is_lowercase)).count();
    // Catalan has `l'est` and `nord-est`, too.
    let is_east = |word: &Word<'_>| {
        let before = texts.bare_result[..word.at].trim_end_matches(['-', '’', '\'']).to_lowercase();
        word.text == "est" && [" l", "nord", "sud"].iter().any(|lead| before.ends_with(lead))
    };
    let is_function = |word: &&Word<'_>| {
        let said = FunctionWords::count(word.text);
        said.of_language(texts.from) > Some(0) && said.of_language(texts.to) == Some(0) && !is_east(word)
    };
    let begins_with_capital = run[0].text.starts_with(char::is_uppercase);
    // Names have these words too: `Agence française de lutte contre le dopage`.
    let links = |word: &&Word<'_>| {
        begins_with_capital
            && matches!(
                word.text,
                "de" | "des"
                    | "du"
                    | "la"
                    | "le"
                    | "les"
                    | "l"
                    | "d"
                    | "à"
                    | "et"
                    | "pour"
                    | "en"
                    | "of"
                    | "for"
                    | "the"
                    | "and"
                    | "to"
                    | "in"
                    | "on"
                    | "at"
            )
    };
    let functions = run.iter().filter(is_function).filter(|word| !links(word)).count();
    let before = &texts.bare_result[..run[0].at];
    let is_quoted = before.matches(['«', '“', '„', '"']).count() > before.matches(['»', '”']).count();
    small >= 2 && functions >= 1 && !is_quoted
}

/// Refuses a text without any function word of its language, but with some of another: a short text in a related language.
pub(super) fn check_foreign(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    const LISTED: [&str; 8] = ["fr", "en", "es", "de", "it", "pt", "nl", "ca"];
    if texts.from.primary() == texts.to.primary() || may_stay(texts) {
        return Ok(());
    }
    let said = FunctionWords::count(&outside_names(&texts.bare_result));
    if said.of_language(texts.to) != Some(0) {
        return Ok(());
    }
    let small = words(&texts.bare_result).filter(|word| word.text.starts_with(char::is_lowercase)).count();
    let others = LISTED.iter().filter(|lang| **lang != texts.to.primary()).filter_map(|lang| Lang::new(lang));
    let most = others.filter_map(|lang| Some((said.of_language(&lang)?, lang))).max_by_key(|(count, _)| *count);
    match most {
        Some((count, lang)) if count > 0 && small >= FOREIGN_WORDS => Err(Rejection::Language(lang)),
        _ => Ok(()),
    }
}

/// Returns the words of a text that are longer than one letter, and neither names nor between two names: `Stade de France`.
fn outside_names(text: &str) -> String {
    let all: Vec<_> = words(text).collect();
    let is_name = |at: Option<usize>| at.and_then(|at| all.get(at)).is_some_and(|word| word.text.starts_with(char::is_uppercase));
    let kept = all.iter().enumerate().filter(|(at, word)| {
        let is_between = is_name(at.checked_sub(1)) && is_name(Some(at + 1));
        word.text.chars().count() > 1 && !is_between
    });
    kept.map(|(_, word)| word.text).collect::<Vec<_>>().join(" ")
}

/// Splits a text in two halves.
fn halves(text: &str) -> [&str; 2] {
    let middle = text.floor_char_boundary(text.len() / 2);
    let middle = text[middle..].find(char::is_whitespace).map_or(text.len(), |at| middle + at);
    [&text[..middle], &text[middle..]]
}
