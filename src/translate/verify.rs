//! Verifying a translation: what no engine can be believed without.
//!
//! Each check compares a result with its source. None knows whether a translation is good; together they find the ways in which
//! engines fail: an echo, half a sentence, another number, another name, a comment, a loop, another segment's text. The bounds
//! stand in `thresholds`, beside what was measured; `cargo bench --bench checks` measures it again.

mod addresses;
mod language;
mod names;
mod numbers;
mod numerals;
mod order;
mod shape;
#[cfg(test)]
mod tests;
mod texts;
mod thresholds;
mod tidy;

use crate::model::{Lang, Marked, SegmentKind};

use super::Term;
pub use order::find_swapped;
use texts::Texts;
pub use tidy::tidy;

/// A segment and what is to be its translation, its terms restored.
#[derive(Clone, Copy, Debug)]
pub struct TranslationCheck<'a> {
    /// The segment as it stands in its document: its terms are text.
    pub source: &'a Marked,
    /// Its translation, with the terms put back.
    pub result: &'a Marked,
    /// The language of the source.
    pub from: &'a Lang,
    /// The language that the result is to be in.
    pub to: &'a Lang,
    /// The terms that were protected.
    pub terms: &'a [Term],
    /// What the segment is in its document.
    pub kind: SegmentKind,
}

/// Why a result is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Nothing came.
    #[error("the answer is empty")]
    Empty,
    /// Marks are lost, doubled, or cross each other.
    #[error("the marks are not those of the source")]
    Marks,
    /// A control character, a sign of damage, or a letter of a script that is not the language's.
    #[error("the answer holds {0}, which its language does not write")]
    Characters(String),
    /// A comment of a model, or a part of what it was told.
    #[error("the answer holds a comment: {0:?}")]
    Comment(String),
    /// The source came back.
    #[error("the answer is the source")]
    Echo,
    /// The text is in another language.
    #[error("the answer reads as {0}")]
    Language(Lang),
    /// Too short or too long.
    #[error("the answer has {percent} % of the length that is usual")]
    Length {
        /// Of what is usual for the two languages.
        percent: usize,
    },
    /// A protected term is not there.
    #[error("the term {0:?} is missing")]
    Term(String),
    /// A number is not in the result, or one is that was not in the source.
    #[error("the number {0} stands on one side only")]
    Number(String),
    /// The same of an address.
    #[error("the address {0} stands on one side only")]
    Address(String),
    /// A name has become another.
    #[error("the name {was} has become {became}")]
    Name {
        /// In the source.
        was: String,
        /// In the result.
        became: String,
    },
    /// The text ends otherwise: a statement is a question, or the end is cut off.
    #[error("the answer does not end as the source does")]
    Ending,
    /// A quotation or bracket lacks its other half.
    #[error("{0} lacks its other half")]
    Unbalanced(char),
    /// The same words again and again.
    #[error("the answer repeats {0:?}")]
    Repetition(String),
}

/// The kind of a rejection. It is stored and shown under its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is documented at `Rejection`")]
pub enum RejectionKind {
    Empty,
    Marks,
    Characters,
    Comment,
    Echo,
    Language,
    Length,
    Term,
    Number,
    Address,
    Name,
    Ending,
    Unbalanced,
    Repetition,
}

impl Rejection {
    /// Returns the kind of the rejection.
    pub fn kind(&self) -> RejectionKind {
        match self {
            Self::Empty => RejectionKind::Empty,
            Self::Marks => RejectionKind::Marks,
            Self::Characters(_) => RejectionKind::Characters,
            Self::Comment(_) => RejectionKind::Comment,
            Self::Echo => RejectionKind::Echo,
            Self::Language(_) => RejectionKind::Language,
            Self::Length { .. } => RejectionKind::Length,
            Self::Term(_) => RejectionKind::Term,
            Self::Number(_) => RejectionKind::Number,
            Self::Address(_) => RejectionKind::Address,
            Self::Name { .. } => RejectionKind::Name,
            Self::Ending => RejectionKind::Ending,
            Self::Unbalanced(_) => RejectionKind::Unbalanced,
            Self::Repetition(_) => RejectionKind::Repetition,
        }
    }
}

impl RejectionKind {
    const ALL: [Self; 14] = [
        Self::Empty,
        Self::Marks,
        Self::Characters,
        Self::Comment,
        Self::Echo,
        Self::Language,
        Self::Length,
        Self::Term,
        Self::Number,
        Self::Address,
        Self::Name,
        Self::Ending,
        Self::Unbalanced,
        Self::Repetition,
    ];

    /// Returns the kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the name that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Marks => "marks",
            Self::Characters => "characters",
            Self::Comment => "comment",
            Self::Echo => "echo",
            Self::Language => "language",
            Self::Length => "length",
            Self::Term => "term",
            Self::Number => "number",
            Self::Address => "address",
            Self::Name => "name",
            Self::Ending => "ending",
            Self::Unbalanced => "unbalanced",
            Self::Repetition => "repetition",
        }
    }
}

/// Whether a result may be published as the translation of its source; else the first reason found why not.
pub fn verify(check: &TranslationCheck<'_>) -> Result<(), Rejection> {
    shape::marks(check)?;
    let texts = Texts::of(check)?;
    shape::characters(&texts)?;
    shape::comment(&texts)?;
    language::echo(&texts)?;
    language::language(&texts)?;
    shape::length(&texts)?;
    numbers::numbers(&texts)?;
    addresses::addresses(&texts)?;
    names::names(&texts)?;
    shape::ending(&texts)?;
    shape::balance(&texts)?;
    shape::repetition(&texts)
}
