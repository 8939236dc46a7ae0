//! Finds all terms of a text in one pass, at word boundaries, whatever the apostrophes, spaces and capitals.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use super::error::GlossaryError;
use super::record::Record;

/// Acronyms that are words when a whole text is in capitals: `10 ANS APRÈS` names no agency.
const WORDS_IN_CAPITALS: [&str; 9] = ["AIN", "AMA", "ANS", "ASO", "CIP", "COE", "FI", "FIS", "TAS"];

/// The most characters between a term and the ends of the address that it may be a part of.
const LONGEST_ADDRESS: usize = 200;

/// An automaton over the folded forms of all terms.
#[derive(Clone, Debug, Default)]
pub(super) struct Matcher {
    automaton: Option<Arc<AhoCorasick>>,
    /// For each pattern of the automaton the forms that fold to it, in order of precedence.
    patterns: Vec<Vec<FormRef>>,
}

/// A form of a record, by their places.
#[derive(Clone, Copy, Debug)]
struct FormRef {
    record: usize,
    form: usize,
}

/// A term in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The bytes of the term.
    pub(super) range: Range<usize>,
    /// The places of the record and of its form.
    pub(super) record: usize,
    pub(super) form: usize,
}

/// The characters on both sides of a text.
#[derive(Clone, Copy)]
pub(super) struct TermBoundary {
    pub(super) before: Option<char>,
    pub(super) after: Option<char>,
}

impl Matcher {
    /// Builds the automaton. Of records with the same form that of the upper layer wins, then a name before a term, a term before
    /// a variant of another, and the earlier one.
    pub(super) fn new(records: &[Record]) -> Result<Self, GlossaryError> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut patterns: Vec<Vec<FormRef>> = Vec::new();
        for (record, Record { forms, .. }) in records.iter().enumerate() {
            for (form, text) in forms.iter().enumerate() {
                let place = *places.entry(folded(text)).or_insert_with(|| {
                    patterns.push(Vec::new());
                    patterns.len() - 1
                });
                patterns[place].push(FormRef { record, form });
            }
        }
        for forms in &mut patterns {
            forms.sort_by_key(|at| (records[at.record].layer, !records[at.record].is_name(), at.form > 0, at.record));
        }
        let mut texts = vec![String::new(); patterns.len()];
        for (text, place) in places {
            texts[place] = text;
        }
        if texts.is_empty() {
            return Ok(Self::default());
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&texts)
            .map_err(|error| GlossaryError::Unsearchable(error.to_string()))?;
        Ok(Self { automaton: Some(Arc::new(automaton)), patterns })
    }

    /// Returns the forms with their languages and the places of their records.
    pub(super) fn forms<'a>(&'a self, records: &'a [Record]) -> impl Iterator<Item = (&'a str, Option<&'a str>, usize)> {
        self.patterns.iter().flatten().map(|at| {
            let record = &records[at.record];
            (record.forms[at.form].as_str(), record.lang.as_deref(), at.record)
        })
    }

    /// Finds the terms of a text in `lang` from left to right, without overlaps: of those that begin at one place the longest.
    pub(super) fn find(&self, text: &str, context: TermBoundary, lang: &str, is_shouted: bool, records: &[Record]) -> Vec<Found> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let (folded, places) = fold(text);
        let mut all: Vec<Found> = automaton
            .find_overlapping_iter(&folded)
            .filter_map(|hit| {
                let range = *places.get(hit.start())?..*places.get(hit.end())?;
                let form = self.patterns[hit.pattern().as_usize()].iter().find(|form| {
                    let record = &records[form.record];
                    record.lang.as_deref().is_none_or(|own| own == lang)
                        && is_written(&record.forms[form.form], &text[range.clone()], record.is_name(), is_shouted)
                        && stands_alone(text, &range, context, &record.forms[form.form])
                })?;
                Some(Found { range, record: form.record, form: form.form })
            })
            .collect();
        all.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
        let mut end = 0;
        all.retain(|found| {
            let free = found.range.start >= end;
            end = if free { found.range.end } else { end };
            free
        });
        all
    }
}

/// Returns true for a text of several words that is in capitals throughout.
pub(super) fn is_shouted(text: &str) -> bool {
    !text.chars().any(char::is_lowercase)
        && text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count() > 1
}

/// Folds case, apostrophes, spaces and hyphens, as terms are compared.
pub(super) fn folded(text: &str) -> String {
    fold(text).0
}

/// Folds case, apostrophes, spaces and hyphens. The second value has, for each byte of the result that begins a character and for
/// its end, the place in the original.
pub(super) fn fold(text: &str) -> (String, Vec<usize>) {
    let mut folded = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len() + 1);
    for (at, c) in text.char_indices() {
        let c = match c {
            '’' | 'ʼ' | '‘' | '`' | '´' => '\'',
            '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2009}' => ' ',
            '\u{2010}' | '\u{2011}' => '-',
            c if c.is_ascii() => c.to_ascii_lowercase(),
            // A character whose small form is more than one (`İ`) stays: one for one, or the places would not match.
            c => {
                let mut small = c.to_lowercase();
                match (small.next(), small.next()) {
                    (Some(small), None) => small,
                    _ => c,
                }
            }
        };
        folded.push(c);
        places.resize(folded.len(), at);
    }
    places.push(text.len());
    (folded, places)
}

/// Returns true if the capitals of a found text fit the form: names in their very spelling; acronyms in capitals, or `TAS` would be
/// found in every heap.
pub(super) fn is_written(form: &str, written: &str, is_name: bool, is_shouted: bool) -> bool {
    if is_shouted && WORDS_IN_CAPITALS.contains(&written) {
        return false;
    }
    let same = |form: char, written: char| form == written || !form.is_alphabetic();
    if is_name {
        return form.chars().zip(written.chars()).all(|(form, written)| same(form, written));
    }
    let mut written = written.chars();
    form.split_inclusive(|c: char| !c.is_alphanumeric() && c != '.').all(|word| {
        let exact = is_acronym(word);
        word.chars().all(|c| written.next().is_some_and(|written| !exact || same(c, written)))
    })
}

/// Returns true for a word with a capital after its first letter: `CIO`, `C.I.O.`, `LA28`, `CNOs`.
fn is_acronym(word: &str) -> bool {
    word.chars().filter(|c| c.is_alphabetic()).skip(1).any(char::is_uppercase)
}

/// Returns true if the term at `range` stands at word boundaries, and is no part of an address.
fn stands_alone(text: &str, range: &Range<usize>, context: TermBoundary, form: &str) -> bool {
    let (left, right) = (&text[..range.start], &text[range.end..]);
    let mut before = left.chars().rev().chain(context.before);
    let mut after = right.chars().chain(context.after);
    let joins = |near: Option<char>, far: Option<char>| match near {
        Some('-' | '\u{2010}' | '\u{2011}') => !is_acronym(form) && far.is_some_and(char::is_alphanumeric),
        Some('.' | '@' | '_') => far.is_some_and(char::is_alphanumeric),
        Some(c) => c.is_alphanumeric(),
        None => false,
    };
    if joins(before.next(), before.next()) || joins(after.next(), after.next()) {
        return false;
    }
    let part = |c: &char| !c.is_whitespace();
    let start: usize = left.chars().rev().take(LONGEST_ADDRESS).take_while(part).map(char::len_utf8).sum();
    let end: usize = right.chars().take(LONGEST_ADDRESS).take_while(part).map(char::len_utf8).sum();
    let word = &text[range.start - start..range.end + end];
    !(word.contains("://") || word.starts_with("www.") || word.contains('@') || word.starts_with('#'))
}
