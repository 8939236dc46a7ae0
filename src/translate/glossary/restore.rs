//! Puts terms back in the place of their marks.

use std::collections::{HashMap, HashSet};

use super::super::Term;
use super::{agreement, articles};
use crate::model::{Lang, Marked, Piece};

/// An error in restoring the terms of a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermFault {
    /// The mark of a term is not in the answer.
    #[error("the term {term:?} is lost")]
    Lost {
        /// The term as the source has it.
        term: String,
    },
    /// The mark of a term is in the answer more than once.
    #[error("the term {term:?} is doubled")]
    Doubled {
        /// The term as the source has it.
        term: String,
    },
    /// The mark of a term has become a pair of marks.
    #[error("the term {term:?} was filled with text")]
    Filled {
        /// The term as the source has it.
        term: String,
    },
}

/// A term and how it is put in the place of its mark.
pub(super) struct PlacedTerm {
    text: String,
    /// True if the engine wrote it, with the words around it.
    is_kept: bool,
    is_name: bool,
}

impl PlacedTerm {
    /// Makes one of a term that the engine did not see in its language.
    pub(super) fn new(term: &Term) -> Self {
        Self { text: term.target.clone(), is_kept: false, is_name: term.is_name() }
    }

    /// Makes one of what the engine wrote.
    pub(super) fn kept(text: String) -> Self {
        Self { text, is_kept: true, is_name: false }
    }
}

/// Puts the terms of a segment in the place of their marks in its translation into `to`. Repairs what the engine could not know of
/// them: the gender of the article, doubled articles, elision and contraction, a lost space, the capital of a sentence.
pub fn restore(text: &Marked, terms: &[Term], to: &Lang) -> Result<Marked, TermFault> {
    check_doubled(text, terms)?;
    let lost = terms.iter().find(|term| !text.pieces().contains(&Piece::Single(term.mark)));
    if let Some(term) = lost {
        return Err(TermFault::Lost { term: term.source.clone() });
    }
    let placed = terms.iter().map(|term| (term.mark, PlacedTerm::new(term))).collect();
    Ok(place_terms(text.pieces(), &placed, to))
}

/// Puts terms in the place of their marks.
pub(super) fn place_terms(pieces: &[Piece], placed: &HashMap<u16, PlacedTerm>, to: &Lang) -> Marked {
    let mut line = RestoredText { pieces: Vec::with_capacity(pieces.len()), to, after_term: false };
    for piece in pieces {
        match piece {
            Piece::Single(number) if placed.contains_key(number) => line.push_term(&placed[number]),
            Piece::Text(text) => line.push_text(text),
            piece => {
                line.after_term &= !matches!(piece, Piece::Single(_));
                line.pieces.push(piece.clone());
            }
        }
    }
    Marked::new(line.pieces)
}

/// Checks that no term is there twice, or has become a pair of marks.
pub(super) fn check_doubled(text: &Marked, terms: &[Term]) -> Result<(), TermFault> {
    let by_mark: HashMap<u16, &Term> = terms.iter().map(|term| (term.mark, term)).collect();
    let mut seen: HashSet<u16> = HashSet::new();
    for piece in text.pieces() {
        match piece {
            Piece::Single(number) => match by_mark.get(number) {
                Some(term) if !seen.insert(*number) => return Err(TermFault::Doubled { term: term.source.clone() }),
                _ => {}
            },
            Piece::Open(number) | Piece::Close(number) => {
                if let Some(term) = by_mark.get(number) {
                    return Err(TermFault::Filled { term: term.source.clone() });
                }
            }
            Piece::Text(_) => {}
        }
    }
    Ok(())
}

/// A translation that is being put together.
struct RestoredText<'a> {
    pieces: Vec<Piece>,
    to: &'a Lang,
    /// True if the last visible piece is a term.
    after_term: bool,
}

impl RestoredText<'_> {
    fn push_term(&mut self, term: &PlacedTerm) {
        if term.is_kept && !articles::is_acronym(&term.text) {
            self.pieces.push(Piece::Text(term.text.clone()));
            self.after_term = false;
            return;
        }
        let mut target = term.text.clone();
        let starts = self.starts_sentence();
        let place = self.pieces.iter().rposition(|piece| !matches!(piece, Piece::Open(_) | Piece::Close(_)));
        if let Some(Piece::Text(before)) = place.and_then(|place| self.pieces.get_mut(place)) {
            if !term.is_name {
                agreement::agree(before, &target, self.to);
            }
            articles::adapt(before, &mut target, self.to);
            if joins(before.chars().next_back(), target.chars().next()) && has_spaces(self.to) {
                before.push(' ');
            }
        }
        if starts && !term.is_name {
            target = capitalise(&target);
        }
        self.pieces.push(Piece::Text(target));
        self.after_term = true;
    }

    fn push_text(&mut self, text: &str) {
        let mut text = text;
        let mut space = "";
        if self.after_term {
            let stripped = text.strip_prefix(' ').unwrap_or(text);
            if stripped.starts_with([',', '.', ')', ']']) && !stripped.starts_with("..") {
                text = stripped;
            }
            let last = self
                .pieces
                .iter()
                .rev()
                .find_map(|piece| if let Piece::Text(text) = piece { text.chars().next_back() } else { None });
            if joins(last, text.chars().next()) && has_spaces(self.to) {
                space = " ";
            }
        }
        self.pieces.push(Piece::Text(format!("{space}{text}")));
        self.after_term = false;
    }

    /// Returns true if the next piece begins a sentence. Quotation marks and brackets are skipped.
    fn starts_sentence(&self) -> bool {
        let mut before: Option<String> = None;
        for piece in self.pieces.iter().rev() {
            match piece {
                Piece::Single(_) => return false,
                Piece::Text(text) => {
                    let known = before.get_or_insert_default();
                    known.insert_str(0, text);
                    if text.contains(char::is_alphanumeric) {
                        break;
                    }
                }
                _ => {}
            }
        }
        let before = before.unwrap_or_default();
        let seen = before.trim_end_matches(|c: char| {
            matches!(c, '«' | '“' | '„' | '"' | '(' | '[' | '¿' | '¡' | '-' | '–' | '—') || c.is_whitespace()
        });
        seen.is_empty()
            || before.len() > seen.len()
                && before[seen.len()..].starts_with(char::is_whitespace)
                && seen.ends_with(['.', '!', '?', '…'])
    }
}

/// Returns true if two words would run together.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    is_word(after) && (is_word(before) || before.is_some_and(|c| matches!(c, ',' | ';' | ')' | ']' | '!' | '?')))
}

/// Returns false for languages that write words without spaces, as Chinese, Japanese and Thai do.
pub(in crate::translate) fn has_spaces(to: &Lang) -> bool {
    !matches!(to.primary(), "zh" | "ja" | "th" | "lo" | "km" | "my")
}

fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
