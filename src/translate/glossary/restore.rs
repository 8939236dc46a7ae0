//! Puts terms back in the place of their marks.

use std::collections::HashMap;

use super::super::Term;
use super::articles;
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

/// Puts the terms of a segment in the place of their marks in its translation into `to`. Repairs what the engine could not know of
/// them: doubled articles, elision and contraction, a lost space, the capital of a sentence.
pub fn restore(text: &Marked, terms: &[Term], to: &Lang) -> Result<Marked, TermFault> {
    let by_mark: HashMap<u16, &Term> = terms.iter().map(|term| (term.mark, term)).collect();
    check_marks(text, terms, &by_mark)?;
    let mut line = RestoredText { pieces: Vec::with_capacity(text.pieces().len()), to, after_term: false };
    for piece in text.pieces() {
        match piece {
            Piece::Single(number) if by_mark.contains_key(number) => line.push_term(by_mark[number]),
            Piece::Text(text) => line.push_text(text),
            piece => {
                line.after_term &= !matches!(piece, Piece::Single(_));
                line.pieces.push(piece.clone());
            }
        }
    }
    Ok(Marked::new(line.pieces))
}

fn check_marks(text: &Marked, terms: &[Term], by_mark: &HashMap<u16, &Term>) -> Result<(), TermFault> {
    let mut seen: HashMap<u16, usize> = HashMap::new();
    for piece in text.pieces() {
        match piece {
            Piece::Single(number) => *seen.entry(*number).or_default() += 1,
            Piece::Open(number) | Piece::Close(number) => {
                if let Some(term) = by_mark.get(number) {
                    return Err(TermFault::Filled { term: term.source.clone() });
                }
            }
            Piece::Text(_) => {}
        }
    }
    for term in terms {
        let name = || term.source.clone();
        match seen.get(&term.mark) {
            None => return Err(TermFault::Lost { term: name() }),
            Some(1) => {}
            Some(_) => return Err(TermFault::Doubled { term: name() }),
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
    fn push_term(&mut self, term: &Term) {
        let mut target = term.target.clone();
        let starts = self.starts_sentence();
        let place = self.pieces.iter().rposition(|piece| !matches!(piece, Piece::Open(_) | Piece::Close(_)));
        if let Some(Piece::Text(before)) = place.and_then(|place| self.pieces.get_mut(place)) {
            articles::adapt(before, &mut target, self.to);
            if joins(before.chars().next_back(), target.chars().next()) && has_spaces(self.to) {
                before.push(' ');
            }
        }
        if starts && term.source != term.target {
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
fn has_spaces(to: &Lang) -> bool {
    !matches!(to.primary(), "zh" | "ja" | "th" | "lo" | "km" | "my")
}

fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
