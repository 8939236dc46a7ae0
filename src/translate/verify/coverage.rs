//! Checks that a result says all that its source says, and no more: by what both languages show of it (names, known words, length).

use std::collections::HashSet;
use std::ops::Range;

use super::Rejection;
use super::concepts::{Meanings, Side};
use super::names::{count_lost_names, likeness};
use super::numerals::Numerals;
use super::sentences::split_sentences;
use super::shape::length_percent;
use super::texts::{ComparedTexts, TERM, plain_letters, words};

/// The length in percent of what is usual from which an aside, or a clause without anything of the source, was added.
const ASIDE_PERCENT: usize = 98;
const CLAUSE_PERCENT: usize = 118;
/// The length from which a sentence too many is an addition (also if the source has several clauses), and below which one too few is an omission.
const SENTENCE_PERCENT: usize = 118;
const SPLIT_PERCENT: usize = 140;
const OMITTED_PERCENT: usize = 75;
/// The length below which a word that was lost is a part that was left out.
const LOST_PERCENT: usize = 72;
/// The same for two of them.
const LOST_TWO_PERCENT: usize = 78;
/// The letters by which words of two languages are compared.
const STEM: usize = 4;
/// The letters from which a word may be one of the other language that begins otherwise, and the likeness that shows it, in percent.
const ALIKE_LETTERS: usize = 7;
const ALIKE: usize = 70;
/// The least words of a clause.
const CLAUSE_WORDS: usize = 3;

/// Groups whose concepts translators rarely leave out, or say otherwise.
const FACTS: [&str; 14] = [
    "weekday", "month", "medal", "currency", "country", "war", "life", "guilt", "result", "trade", "noon", "kin", "health",
    "move",
];

/// Those of them that are said in one way only.
const SURE_FACTS: [&str; 7] = ["weekday", "month", "medal", "currency", "country", "noon", "kin"];

/// Groups of words so common that two sentences about different things share them.
const COMMON: [&str; 21] = [
    "none",
    "gender",
    "pronoun",
    "possessive",
    "thing",
    "last",
    "neg",
    "only",
    "amount",
    "today",
    "place",
    "order",
    "with",
    "all",
    "inside",
    "quality",
    "trend",
    "start",
    "moment",
    "frequency",
    "aside",
];

/// Refuses a result with an aside that the source lacks, or with a last clause that has nothing of it.
pub(super) fn check_added(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    let Some(percent) = length_percent(texts) else { return Ok(()) };
    let (source, result) = (&meanings.source, &meanings.result);
    let mut asides = result.hits.iter().filter(|hit| hit.concept.group == "aside" && hit.is_strong);
    if percent >= ASIDE_PERCENT && asides.any(|hit| !source.has("aside", hit.concept.name)) {
        return Err(Rejection::Addition);
    }
    if percent >= CLAUSE_PERCENT && has_foreign_clause(texts, meanings) {
        return Err(Rejection::Addition);
    }
    Ok(())
}

/// Returns true if the last clause of the result is one more than the source has, and shares nothing with it.
fn has_foreign_clause(texts: &ComparedTexts<'_>, meanings: &Meanings) -> bool {
    let commas = |text: &str| text.matches([',', ';']).count();
    let (source, result) = (&texts.bare_source, &texts.bare_result);
    let at = result.rfind(',').filter(|_| commas(result) > commas(source));
    at.is_some_and(|at| is_foreign(at..result.len(), &[], texts, meanings))
}

/// Refuses a result with more sentences than the source of which one shares nothing with it, and with fewer where it is short.
pub(super) fn check_sentences(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    let (source, result) = (split_sentences(&texts.bare_source).len(), split_sentences(&texts.bare_result));
    let Some(percent) = length_percent(texts) else { return Ok(()) };
    // A translator makes two sentences of one with two clauses.
    let has_clauses = texts.bare_source.contains([',', ';', ':', '–', '(']);
    if result.len() > source && percent >= if has_clauses { SPLIT_PERCENT } else { SENTENCE_PERCENT } {
        let start = |sentence: &str| sentence.as_ptr().addr() - texts.bare_result.as_ptr().addr();
        let mut ends = [result[0], result[result.len() - 1]].into_iter();
        if ends.any(|sentence| is_foreign(start(sentence)..start(sentence) + sentence.len(), &COMMON, texts, meanings)) {
            return Err(Rejection::Addition);
        }
    }
    if result.len() < source && percent < OMITTED_PERCENT { Err(Rejection::Omission) } else { Ok(()) }
}

/// Returns true if a part of the result shares nothing with the source: no figure, no word that begins alike, no known concept but those
/// of `common` groups.
fn is_foreign(part: Range<usize>, common: &[&str], texts: &ComparedTexts<'_>, meanings: &Meanings) -> bool {
    let plain: Vec<String> = words(&texts.bare_source).map(|word| plain_letters(word.text)).collect();
    let mut own = words(&texts.bare_result[part.clone()]).map(|word| plain_letters(word.text));
    let is_shared = own.any(|word| {
        let is_figure = word.starts_with(|c: char| c.is_ascii_digit());
        let is_long = word.chars().count() >= ALIKE_LETTERS;
        is_figure
            || word.chars().count() >= STEM && plain.iter().any(|own| own.chars().take(STEM).eq(word.chars().take(STEM)))
            || is_long && plain.iter().any(|own| likeness(own, &word) >= ALIKE)
    });
    let mut hits = meanings.result.hits.iter().filter(|hit| part.contains(&meanings.result.tokens[hit.at].at));
    let is_known =
        hits.any(|hit| !common.contains(&hit.concept.group) && meanings.source.has(hit.concept.group, hit.concept.name));
    words(&texts.bare_result[part.clone()]).count() >= CLAUSE_WORDS && !is_shared && !is_known
}

/// Refuses a result that is but the quotation of a source that also says who speaks.
fn check_attribution(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let is_opening = |c: char| matches!(c, '«' | '“' | '"' | '„');
    let is_closing = |c: char| matches!(c, '»' | '”' | '"' | '“');
    let (source, result) = (texts.source.trim(), texts.result.trim_end_matches(['.', '!', '?', '…', ' ']));
    let is_quotation = result.starts_with(is_opening) && result.ends_with(is_closing);
    let said = source.rfind(is_closing).map_or("", |at| &source[at..]);
    let is_one = |text: &str| text.matches(|c| is_opening(c) || is_closing(c)).count() == 2;
    if is_quotation && is_one(result) && is_one(source) && source.starts_with(is_opening) && words(said).count() >= CLAUSE_WORDS {
        return Err(Rejection::Omission);
    }
    Ok(())
}

/// Refuses a short result that lacks facts of the source: words that any list has, numbers, or names.
pub(super) fn check_omitted(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    check_attribution(texts)?;
    let Some(percent) = length_percent(texts).filter(|percent| *percent < LOST_TWO_PERCENT) else { return Ok(()) };
    let lost = lost_concepts(&meanings.source, &meanings.result, &FACTS)
        + count_lost_names(texts)
        + count_lost_numbers(texts, &meanings.source);
    if lost > 1 || lost > 0 && percent < LOST_PERCENT { Err(Rejection::Omission) } else { Ok(()) }
}

/// Refuses a result that shares nothing with its source, if each tells a fact that the other does not: it belongs to another text.
pub(super) fn check_unrelated(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    let (source, result) = (&meanings.source, &meanings.result);
    let differ = lost_concepts(source, result, &SURE_FACTS) > 0 && lost_concepts(result, source, &SURE_FACTS) > 0;
    if differ && !texts.bare_result.contains(TERM) && is_foreign(0..texts.bare_result.len(), &COMMON, texts, meanings) {
        return Err(Rejection::Addition);
    }
    Ok(())
}

fn lost_concepts(source: &Side, result: &Side, facts: &[&str]) -> usize {
    let strong = source.hits.iter().filter(|hit| hit.is_strong && facts.contains(&hit.concept.group));
    let mut lost: Vec<_> = strong.map(|hit| hit.concept).filter(|concept| !result.has(concept.group, concept.name)).collect();
    lost.sort_unstable();
    lost.dedup();
    lost.len()
}

/// Counts the numbers in words that the result has neither in words nor in figures.
fn count_lost_numbers(texts: &ComparedTexts<'_>, source: &Side) -> usize {
    let (numerals, theirs) = (Numerals::of(texts.from), Numerals::of(texts.to).values(&texts.bare_result));
    let has_figure = |value: &str| words(&texts.bare_result).any(|word| word.text.starts_with(value));
    let values = source.tokens.iter().filter(|token| numerals.cardinal(&token.text).is_some_and(|value| value > 1000));
    let values: HashSet<String> = values.filter_map(|token| numerals.any_value(&token.text)).collect();
    values.iter().filter(|value| !theirs.contains(*value) && !has_figure(value)).count()
}
