//! The glossary: terms with one right translation, and names that are never translated.
//!
//! A term becomes a mark ([`Glossary::protect`]), which each engine is sent in its own form: as an element with the word, or as the
//! word alone. In the answer the terms are put right ([`settle`]). The engine has translated the article and the preposition; what
//! it could not know of the term (gender, elision, contraction, a capital) is repaired. So `du CIO` is answered as `of the CIO`,
//! and becomes `of the IOC`.
//!
//! Acronyms that are in no list are left to the engines: of the 52 in the 997 French sentences of FLORES (dev), 16 have another
//! form in the English references, 13 in the Spanish and 15 in the Catalan ones (`IRM` is `MRI`). Protected, they would be
//! wrong as often.

mod agreement;
mod articles;
mod error;
mod file;
mod matcher;
mod record;
mod restore;
mod settle;

use std::collections::{BTreeSet, HashMap};

use xxhash_rust::xxh3::Xxh3;

use super::Term;
use crate::model::{Lang, Marked, Piece};
pub(in crate::translate) use agreement::can_replace;
pub(in crate::translate) use articles::opens_phrase;
pub use error::GlossaryError;
use matcher::{Found, Matcher, TermBoundary};
use record::Record;
pub(in crate::translate) use restore::has_spaces;
pub use restore::{TermFault, restore};
pub use settle::{SettledTerms, settle};

/// The built-in glossary and its names. `olympic.tsv` says which terms are unreviewed.
const TERMS: &str = include_str!("data/olympic.tsv");
const NAMES: &str = include_str!("data/names.txt");

/// Terms and names in an automaton: a search takes no longer for thousands of them than for one.
#[derive(Clone, Debug)]
pub struct Glossary {
    records: Vec<Record>,
    matcher: Matcher,
}

/// A segment whose terms are marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected {
    /// The segment: each term is a single mark, with a number after those of the segment.
    pub text: Marked,
    /// The terms, in the order of their marks. No two have the same mark.
    pub terms: Vec<Term>,
}

impl Protected {
    /// Returns each term with its translation, as the key of the memory needs them.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.terms.iter().map(|term| (term.source.as_str(), term.target.as_str())).collect()
    }
}

impl Glossary {
    /// Parses a glossary (TSV) and a list of names (one a line); either may be empty. Lines that begin with `#` are comments.
    ///
    /// The first line of the glossary names its columns. The first is the term (`source`, which is French, or the language:
    /// `fr`), the second holds other forms of it, separated by `|`; a column named by a language holds the translation
    /// into it; other columns are ignored. A cell `-` leaves the term, and any shorter one inside it, to the engine.
    pub fn parse(terms: &str, names: &str) -> Result<Self, GlossaryError> {
        let mut records = file::parse_terms(terms)?;
        records.extend(file::parse_names(names)?);
        Self::of(records)
    }

    /// Returns the built-in glossary: Olympic terms, and names of the movement.
    pub fn built_in() -> Self {
        Self::parse(TERMS, NAMES).unwrap_or_else(|_| Self::empty())
    }

    /// Returns a glossary without terms.
    pub fn empty() -> Self {
        Self { records: Vec::new(), matcher: Matcher::default() }
    }

    /// Lays another glossary over this one. Where both have a term, the translation of the other wins, and this one fills the
    /// languages that the other leaves empty.
    pub fn overlay(self, over: Self) -> Result<Self, GlossaryError> {
        let key = |record: &Record| (record.lang.clone(), matcher::folded(&record.forms[0]));
        let mut records = over.records;
        let places: HashMap<_, usize> = records.iter().enumerate().map(|(place, record)| (key(record), place)).collect();
        for mut below in self.records {
            below.layer += 1;
            let Some(&place) = places.get(&key(&below)) else {
                records.push(below);
                continue;
            };
            let above = &mut records[place];
            above.forms.extend(below.forms);
            for (lang, target) in below.targets {
                above.targets.entry(lang).or_insert(target);
            }
        }
        Self::of(records)
    }

    fn of(records: Vec<Record>) -> Result<Self, GlossaryError> {
        let matcher = Matcher::new(&records)?;
        Ok(Self { records, matcher })
    }

    /// Replaces the terms of a segment (normalised: [`Marked::normalised`]) with marks, the longest first. A term with a mark inside
    /// is not found.
    pub fn protect(&self, text: &Marked, from: &Lang, to: &Lang) -> Protected {
        let numbers = text.pieces().iter().map(|piece| match piece {
            Piece::Text(_) => 0,
            Piece::Open(number) | Piece::Close(number) | Piece::Single(number) => *number,
        });
        let mut next = numbers.max().unwrap_or(0).checked_add(1);
        let is_shouted = matcher::is_shouted(&text.plain());
        let (mut pieces, mut terms) = (Vec::with_capacity(text.pieces().len()), Vec::new());
        for (place, piece) in text.pieces().iter().enumerate() {
            let Piece::Text(line) = piece else {
                pieces.push(piece.clone());
                continue;
            };
            let context = TermBoundary {
                before: character_before(&text.pieces()[..place]),
                after: character_after(&text.pieces()[place + 1..]),
            };
            let mut done = 0;
            for found in self.matcher.find(line, context, from.primary(), is_shouted, &self.records) {
                let (Some(mark), Some(target)) = (next, self.target(&found, &line[found.range.clone()], to)) else { continue };
                pieces.push(Piece::Text(line[done..found.range.start].to_owned()));
                pieces.push(Piece::Single(mark));
                terms.push(Term { mark, source: line[found.range.clone()].to_owned(), target, is_held: false });
                done = found.range.end;
                next = mark.checked_add(1);
            }
            pieces.push(Piece::Text(line[done..].to_owned()));
        }
        Protected { text: Marked::new(pieces), terms }
    }

    /// Returns the translation of a term, if the glossary has one.
    fn target(&self, found: &Found, written: &str, to: &Lang) -> Option<String> {
        let record = &self.records[found.record];
        if record.is_name() {
            return Some(written.to_owned());
        }
        let target = record.target(to)?;
        let is_shouted = written.chars().filter(|c| c.is_uppercase()).count() > 4
            && !written.chars().any(char::is_lowercase)
            && record.forms[found.form].chars().any(char::is_lowercase);
        Some(if is_shouted { target.to_uppercase() } else { target.to_owned() })
    }

    /// Returns a hash of all terms and names. It is the same on every machine.
    pub fn hash(&self) -> u64 {
        let mut hasher = Xxh3::new();
        for Record { lang, forms, targets, layer } in &self.records {
            let of_targets = targets.iter().flat_map(|(lang, target)| [lang, target]);
            for text in lang.iter().chain(forms).chain(of_targets) {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
            for count in [usize::from(lang.is_some()), forms.len(), targets.len(), *layer] {
                hasher.update(&(count as u64).to_le_bytes());
            }
        }
        hasher.digest()
    }

    /// Returns a hash of everything that affects translations from one language into the other. It is the same on every machine.
    pub fn hash_for(&self, from: &Lang, to: &Lang) -> i64 {
        let mut lines: BTreeSet<String> = BTreeSet::new();
        for (form, lang, record) in self.matcher.forms(&self.records) {
            let record = &self.records[record];
            if lang.is_none_or(|lang| lang == from.primary()) {
                let target = if record.is_name() { Some(form) } else { record.target(to) };
                lines.insert(format!("{form}\t{}", target.unwrap_or("-")));
            }
        }
        let mut hasher = Xxh3::new();
        for line in lines {
            hasher.update(line.as_bytes());
            hasher.update(b"\n");
        }
        hasher.digest().cast_signed()
    }
}

/// Returns the character before a piece. Marks of pairs are skipped; a single mark counts as a character of no word.
fn character_before(before: &[Piece]) -> Option<char> {
    before.iter().rev().find_map(|piece| match piece {
        Piece::Text(text) => text.chars().next_back(),
        Piece::Single(_) => Some('\u{fffc}'),
        _ => None,
    })
}

fn character_after(after: &[Piece]) -> Option<char> {
    after.iter().find_map(|piece| match piece {
        Piece::Text(text) => text.chars().next(),
        Piece::Single(_) => Some('\u{fffc}'),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
