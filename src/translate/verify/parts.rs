//! Checks the parts of a result: none twice, none cut off, none that the source lacks.

use super::Rejection;
use super::concepts::Meanings;
use super::names::is_cut_in_name;
use super::shape::length_percent;
use super::texts::{ComparedTexts, plain_letters, words};

/// The most words that are searched for a part that stands twice.
const MOST_WORDS: usize = 600;
/// The least words of such a part, and its least letters. (`day after day` has fewer.)
const TWICE_WORDS: usize = 4;
const TWICE_LETTERS: usize = 12;
/// The length in percent of what is usual below which a text that ends in a preposition is cut.
const CUT_PERCENT: usize = 85;

/// The words in quotation marks from which they may not be lost.
const QUOTED_WORDS: usize = 2;

/// The words at the beginning of a source that a label of the result may repeat.
const LABEL_WORDS: usize = 8;

/// Refuses a text of which a part stands twice in a row.
pub(super) fn check_doubled(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let lower = |text: &str| words(text).take(MOST_WORDS).map(|word| word.text.to_lowercase()).collect::<Vec<_>>();
    let result = lower(&texts.result);
    match find_doubled(&result).filter(|_| find_doubled(&lower(&texts.source)).is_none()) {
        Some(part) => Err(Rejection::Repetition(part.join(" "))),
        None => Ok(()),
    }
}

/// Finds a run of words that follows itself: of some length, or half of the whole text.
fn find_doubled(words: &[String]) -> Option<&[String]> {
    (1..=words.len() / 2).find_map(|length| {
        let mut equal = 0;
        (length..words.len()).find_map(|at| {
            equal = if words[at] == words[at - length] { equal + 1 } else { 0 };
            let part = &words[at + 1 - length..=at];
            let letters: usize = part.iter().map(|word| word.chars().count()).sum();
            let is_whole = length > 1 && words.len() == 2 * length;
            (equal >= length && (length >= TWICE_WORDS && letters >= TWICE_LETTERS || is_whole)).then_some(part)
        })
    })
}

/// Refuses a text that ends in the middle: in a word that ends no sentence, or in a single letter.
pub(super) fn check_cut(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    let side = &meanings.result;
    let Some(last) = side.tokens.len().checked_sub(1) else { return Ok(()) };
    let is_last = |name: &str, side: &super::concepts::Side| {
        let last = side.tokens.len().saturating_sub(1);
        let mut hits = side.hits.iter().filter(|hit| hit.at + hit.length == last + 1 && hit.length == 1);
        hits.any(|hit| hit.concept.group == "last" && hit.concept.name == name)
    };
    // A bracket, a quotation mark or a dash after it: the word itself is spoken of.
    let ends_plain = texts.bare_result.trim_end_matches(['.', ' ', '…']).ends_with(char::is_alphanumeric);
    let source_too = is_last("never", &meanings.source) || is_last("rarely", &meanings.source);
    let word = &side.tokens[last];
    // `km/h` and `plan B` end in a letter.
    let stands_alone = texts.bare_result[..word.at].ends_with(char::is_whitespace);
    let is_letter = word.text.chars().count() == 1
        && stands_alone
        && word.text.chars().all(|c| c.is_ascii_lowercase() && !"aeiouyxms".contains(c))
        && !word.is_capital
        && !meanings.source.tokens.iter().any(|token| token.text == word.text);
    let is_short = length_percent(texts).is_some_and(|percent| percent < CUT_PERCENT);
    let is_cut = is_last("never", side) && !word.is_capital || is_last("rarely", side) && is_short;
    if ends_plain && is_cut_in_name(texts) {
        return Err(Rejection::Ending);
    }
    if ends_plain && !source_too && (is_cut || is_letter && texts.result.split_whitespace().count() > 4) {
        return Err(Rejection::Ending);
    }
    Ok(())
}

/// Refuses notes and labels of the translator: an ending in brackets or after a dash, a beginning with a colon, that the source lacks.
pub(super) fn check_notes(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let (source, result) = (texts.source.trim_end(), texts.result.trim_end());
    let note = |text: &str| Err(Rejection::Comment(text.chars().take(60).collect()));
    let (open, close) = if result.ends_with(')') { ('(', ')') } else { ('[', ']') };
    if result.ends_with(close) && !source.ends_with([')', ']']) && !source.contains(open) {
        let start = result.rfind(open).unwrap_or(0);
        return note(&result[start..]);
    }
    let dashed = |text: &str| {
        let at = text.rfind(['—', '–'])?;
        let before = text[..at].trim_end();
        (before.ends_with(['.', '!', '?', '…']) && text[..at].ends_with(char::is_whitespace)).then(|| text[at..].to_owned())
    };
    if let Some(text) = dashed(result).filter(|_| !source.contains(['—', '–', '-'])) {
        return note(&text);
    }
    let label = |text: &str| {
        let at = text.find(':').filter(|at| text[at + 1..].starts_with(char::is_whitespace))?;
        let is_label = text[..at].split_whitespace().count() <= 8 && !text[..at].contains(['(', '[', ',']);
        // A sentence that goes on after its colon does so with a small letter.
        let begins = text[at + 1..].trim_start().starts_with(|c: char| c.is_uppercase() || c.is_numeric());
        (is_label && begins).then(|| text[..at].to_owned())
    };
    let has_colon = source.contains([':', '：']) || source.contains(" - ") || source.contains(['–', '—']);
    if let Some(text) = label(result).filter(|text| !has_colon && !text.contains(['“', '«', '"'])) {
        let is_quoting = source.contains(['«', '“', '"']);
        // `Callejon del Beso (…)`: another sign stands behind the words that the source begins with.
        let has_its_words = || {
            let own = words(source).take(LABEL_WORDS).map(|word| plain_letters(word.text)).collect::<Vec<_>>();
            let long = words(&text).filter(|word| word.text.chars().count() > 3).map(|word| plain_letters(word.text));
            let (all, found) = long.fold((0, 0), |(all, found), word| (all + 1, found + usize::from(own.contains(&word))));
            all > 1 && all == found
        };
        if !is_quoting && !has_its_words() {
            return note(&text);
        }
    }
    Ok(())
}

/// Refuses a text without quotation marks where the source quotes.
pub(super) fn check_quotes(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let pairs = |text: &str| {
        let guillemets = text.matches('«').count().min(text.matches('»').count());
        let curly = text.matches(['“', '„']).count().min(text.matches(['”', '“']).count());
        let straight = text.matches('"').count() / 2;
        guillemets + curly + straight
    };
    let has_single = |text: &str| {
        let mut before = ' ';
        text.chars().any(|c| {
            let opens = matches!(c, '‘' | '‚' | '‹' | '「' | '『' | '《')
                || matches!(c, '\'' | '’') && (before.is_whitespace() || matches!(before, '(' | '['));
            before = c;
            opens
        })
    };
    // A word or two in quotation marks may be in italics elsewhere.
    let quoted: usize =
        texts.source.split(['«', '»', '“', '”', '„', '"']).skip(1).step_by(2).map(|part| part.split_whitespace().count()).sum();
    let result = &texts.result;
    let none = !result.contains(['«', '»', '“', '”', '„', '"']) && !has_single(result);
    if pairs(&texts.source) > 0 && quoted > QUOTED_WORDS && none { Err(Rejection::Quotes) } else { Ok(()) }
}
