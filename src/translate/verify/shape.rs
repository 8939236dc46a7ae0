//! Checks the shape of a result: marks, comments, length, ending, brackets, repetition.

use std::collections::HashMap;

use super::texts::{ComparedTexts, TERM, words};
use super::thresholds::{BIGRAM_EXCESS, DENSITIES, LENGTHS, LENGTHS_UNKNOWN, LOOP_LENGTH, LOOP_TIMES};
use super::{Rejection, TranslationCheck};
use crate::model::{Lang, SegmentKind};

/// Comments of models, each with the way to search for it.
const COMMENTS: &str = include_str!("../data/comments.txt");

/// Checks that the marks are those of the source, and well nested.
pub(super) fn check_marks(check: &TranslationCheck<'_>) -> Result<(), Rejection> {
    let same = check.source.marks() == check.result.marks();
    // Sources are well nested, except some of broken HTML.
    let nested = check.result.is_well_nested() || !check.source.is_well_nested();
    if same && nested { Ok(()) } else { Err(Rejection::Marks) }
}

/// Refuses comments of a model on its work.
pub(super) fn check_comments(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let plain = |text: &str| text.to_lowercase().replace('’', "'");
    let (source, result) = (plain(&texts.source), plain(&texts.result));
    let begin = result.trim_start_matches(|c: char| !c.is_alphanumeric());
    for line in COMMENTS.lines().filter(|line| !line.starts_with('#')) {
        let said = match line.split_once(' ') {
            Some(("begins", phrase)) => begin.starts_with(phrase).then_some(phrase),
            Some((_, phrase)) => result.contains(phrase).then_some(phrase),
            None => None,
        };
        if let Some(phrase) = said.filter(|phrase| !source.contains(phrase) && !begins_with_translation(&source)) {
            return Err(Rejection::Comment(phrase.to_owned()));
        }
    }
    Ok(())
}

/// Returns true if a source itself begins as a comment does: `Voici la traduction`, `La traduction est`, `Traduction :`.
fn begins_with_translation(source: &str) -> bool {
    const WORDS: [&str; 8] =
        ["traduction", "traduit", "traducció", "traducción", "translation", "übersetzung", "traduzione", "tradução"];
    const HERE: [&str; 7] = ["voici", "here", "aquí", "aqui", "ecco", "hier", "esta"];
    let mut words = words(source).map(|word| word.text);
    let first = words.next().unwrap_or("");
    let reach = if HERE.contains(&first) { 4 } else { 1 };
    WORDS.contains(&first) || words.take(reach).any(|word| WORDS.contains(&word))
}

/// Returns the length in percent of what is usual for the two languages, if that is known.
pub(super) fn length_percent(texts: &ComparedTexts<'_>) -> Option<usize> {
    let count = |text: &str| text.chars().filter(|c| *c != TERM).count();
    let (source, result) = (count(&texts.bare_source), count(&texts.bare_result));
    let density = |lang: &Lang| DENSITIES.iter().find(|(tag, _)| *tag == lang.primary()).map(|(_, density)| *density);
    let usual = source * density(texts.to)? / density(texts.from)?;
    (usual > 0).then(|| result * 100 / usual)
}

/// Checks that the length is usual for the two languages. Terms do not count, as they were not sent.
pub(super) fn check_length(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let count = |text: &str| text.chars().filter(|c| *c != TERM).count();
    let (source, result) = (count(&texts.bare_source), count(&texts.bare_result));
    if source == 0 {
        return Ok(());
    }
    let density = |lang: &Lang| DENSITIES.iter().find(|(tag, _)| *tag == lang.primary()).map(|(_, density)| *density);
    let (usual, (least, most)) = match (density(texts.from), density(texts.to)) {
        (Some(from), Some(to)) => {
            let bounds =
                LENGTHS.iter().find(|(from, ..)| source >= *from).map_or(LENGTHS_UNKNOWN, |(_, least, most)| (*least, *most));
            (source * to / from, bounds)
        }
        _ => (source, LENGTHS_UNKNOWN),
    };
    let percent = result * 100 / usual.max(1);
    // A label may be one word in one language and five in another.
    let short =
        matches!(texts.kind, SegmentKind::Cell | SegmentKind::ListItem | SegmentKind::Alt | SegmentKind::Tooltip) && source < 30;
    let (least, most) = if short { (least / 2, most * 2) } else { (least, most) };
    if (least..=most).contains(&percent) { Ok(()) } else { Err(Rejection::Length { percent }) }
}

/// The ending of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    None,
    Stop,
    Question,
    Exclamation,
    Ellipsis,
    Colon,
}

impl Ending {
    fn of(text: &str) -> Self {
        let seen = text.trim_end_matches(|c: char| {
            c.is_whitespace() || matches!(c, '»' | '”' | '“' | '’' | '‘' | '"' | '\'' | ')' | ']' | '«')
        });
        match seen.chars().next_back() {
            Some('…') => Self::Ellipsis,
            Some('.') if seen.ends_with("...") => Self::Ellipsis,
            Some('.' | '。' | '।' | '．') => Self::Stop,
            Some('?' | '？' | '؟') => Self::Question,
            Some('!' | '！') => Self::Exclamation,
            Some(':' | '：' | ';' | '；') => Self::Colon,
            _ => Self::None,
        }
    }

    /// Returns true if a translation may have another ending. Editors of one language end a headline, an item or a sentence without a
    /// stop, or with an ellipsis, where those of another set a stop.
    fn may_become(self, other: Self, kind: SegmentKind) -> bool {
        let loose = !matches!(kind, SegmentKind::Paragraph | SegmentKind::Quotation);
        match (self, other) {
            (Self::Stop | Self::Ellipsis | Self::Exclamation, Self::Stop | Self::Ellipsis | Self::Exclamation)
            | (Self::None, Self::Stop) => true,
            (Self::Stop | Self::Ellipsis, Self::None) | (Self::None, Self::Ellipsis) => loose,
            (one, other) => one == other,
        }
    }
}

/// Checks that a statement stays a statement, and a question a question.
pub(super) fn check_ending(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let ok = Ending::of(&texts.source).may_become(Ending::of(&texts.result), texts.kind);
    if ok { Ok(()) } else { Err(Rejection::Ending) }
}

/// Checks that quotation marks and brackets have their other halves, if those of the source have.
pub(super) fn check_balance(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    if find_unbalanced(&texts.source).is_some() {
        return Ok(());
    }
    find_unbalanced(&texts.result).map_or(Ok(()), |c| Err(Rejection::Unbalanced(c)))
}

/// Finds a bracket or quotation mark without its other half. Of `„…“`, `“…”`, `»…«` and the like only the count must be even, as their
/// order depends on the language. Single quotation marks are also apostrophes, and a bracket after a number or letter may number a
/// list: `a)`.
fn find_unbalanced(text: &str) -> Option<char> {
    let mut open = Vec::new();
    let mut quotes: (usize, usize) = (0, 0);
    let mut before = [' '; 3];
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => open.push(c),
            ')' if open.is_empty() && before[2].is_alphanumeric() && !before[1].is_alphanumeric() => {}
            ')' | ']' | '}' => {
                let other = match c {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if open.pop() != Some(other) && before[2] != ':' && before[2] != ';' {
                    return Some(c);
                }
            }
            '«' | '»' => quotes.0 += 1,
            '“' | '”' | '„' | '"' => quotes.1 += 1,
            _ => {}
        }
        before = [before[1], before[2], c];
    }
    match (open.last(), quotes.0 % 2, quotes.1 % 2) {
        (Some(c), ..) => Some(*c),
        (_, 1, _) => Some('«'),
        (_, _, 1) => Some('“'),
        _ => None,
    }
}

/// Refuses words that are repeated more than in the source.
pub(super) fn check_repetition(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let lower = |text: &str| words(text).map(|word| word.text.to_lowercase()).collect::<Vec<_>>();
    let (source, result) = (lower(&texts.source), lower(&texts.result));
    if let Some(phrase) = find_loop(&result).filter(|_| find_loop(&source).is_none()) {
        return Err(Rejection::Repetition(phrase.join(" ")));
    }
    let bigrams = |words: &[String]| {
        let mut counts: HashMap<(String, String), usize> = HashMap::new();
        for pair in words.windows(2).filter(|pair| pair.iter().any(|word| word.chars().count() > 3)) {
            *counts.entry((pair[0].clone(), pair[1].clone())).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(pair, count)| (*count, pair.clone()))
    };
    let usual = bigrams(&source).map_or(1, |(_, count)| count);
    match bigrams(&result) {
        Some(((first, second), count)) if count >= usual + BIGRAM_EXCESS => {
            Err(Rejection::Repetition(format!("{first} {second}")))
        }
        _ => Ok(()),
    }
}

/// Finds a run of words that is repeated several times in a row.
fn find_loop(words: &[String]) -> Option<&[String]> {
    (1..=LOOP_LENGTH.min(words.len() / LOOP_TIMES)).find_map(|length| {
        let mut equal = 0;
        (length..words.len()).find_map(|at| {
            equal = if words[at] == words[at - length] { equal + 1 } else { 0 };
            (equal >= length * (LOOP_TIMES - 1) + usize::from(length == 1)).then(|| &words[at + 1 - length..=at])
        })
    })
}
