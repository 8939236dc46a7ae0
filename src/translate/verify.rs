//! Verifies translations: no answer of an engine is used without it.
//!
//! Each check compares a result with its source. None can tell if a translation is good; together they find the ways in which
//! engines fail: an echo, half a sentence, another number, another name, a comment, a loop, another segment's text. The bounds
//! are in `thresholds`, with the measurements; `cargo bench -- checks` measures again.

mod addresses;
mod characters;
mod concepts;
mod coverage;
mod language;
mod left_words;
mod lexicon;
mod marks;
mod measures;
mod names;
mod negation;
mod numbers;
mod numerals;
mod order;
mod parts;
mod persons;
mod quantities;
mod risky;
mod roles;
mod sentences;
mod shape;
#[cfg(test)]
mod tests;
mod texts;
mod thresholds;
mod tidy;
mod tokens;

use crate::model::{Lang, Marked, SegmentKind};

use super::Term;
use concepts::Meanings;
pub use left_words::find_left_words;
pub use order::{find_repeated, find_swapped};
pub use risky::has_number_or_negation;
pub(super) use risky::is_number_word;
use texts::ComparedTexts;
pub use tidy::tidy;

/// A segment and its translation, with the terms restored.
#[derive(Clone, Copy, Debug)]
pub struct TranslationCheck<'a> {
    /// The segment as it is in its document: its terms are text.
    pub source: &'a Marked,
    /// The translation.
    pub result: &'a Marked,
    /// The language of the source.
    pub from: &'a Lang,
    /// The language of the result.
    pub to: &'a Lang,
    /// The terms of the segment.
    pub terms: &'a [Term],
    /// The kind of the segment.
    pub kind: SegmentKind,
}

/// The reason to refuse a translation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The result is empty.
    #[error("the answer is empty")]
    Empty,
    /// Marks are lost, doubled or crossed.
    #[error("the marks are not those of the source")]
    Marks,
    /// The result holds a control character, a sign of damage, or a letter of another script.
    #[error("the answer holds {0}, which its language does not write")]
    Characters(String),
    /// The result holds a comment of a model, or a part of its prompt.
    #[error("the answer holds a comment: {0:?}")]
    Comment(String),
    /// The result is the source.
    #[error("the answer is the source")]
    Echo,
    /// The result is in another language.
    #[error("the answer reads as {0}")]
    Language(Lang),
    /// The result is too short or too long.
    #[error("the answer has {percent} % of the length that is usual")]
    Length {
        /// The length in percent of what is usual for the two languages.
        percent: usize,
    },
    /// A name of the list is missing.
    #[error("the name {0:?} is missing")]
    Term(String),
    /// A number is in only one of source and result.
    #[error("the number {0} stands on one side only")]
    Number(String),
    /// An address is in only one of source and result.
    #[error("the address {0} stands on one side only")]
    Address(String),
    /// A name has become another.
    #[error("the name {was} has become {became}")]
    Name {
        /// The name in the source.
        was: String,
        /// The name in the result.
        became: String,
        /// True if that is the same name, altered: it is much like it, or stands beside the same other name.
        is_altered: bool,
    },
    /// The result ends otherwise: a statement has become a question, or the end is cut off.
    #[error("the answer does not end as the source does")]
    Ending,
    /// A quotation mark or bracket lacks its other half.
    #[error("{0} lacks its other half")]
    Unbalanced(char),
    /// The result repeats the same words.
    #[error("the answer repeats {0:?}")]
    Repetition(String),
    /// The unit of a number has become another.
    #[error("the number {0} has another unit")]
    Unit(String),
    /// A day, a country, a medal or the like has become another, or a word its opposite.
    #[error("{was:?} has become {became:?}")]
    Meaning {
        /// The words in the source.
        was: String,
        /// The words in the result.
        became: String,
    },
    /// A negation or a restriction stands on one side only.
    #[error("a negation stands on one side only")]
    Negation,
    /// Women have become men, or men women.
    #[error("women have become men, or men women")]
    Person,
    /// The quotation marks are gone.
    #[error("the quotation marks are gone")]
    Quotes,
    /// A part of the result has nothing in the source that it translates.
    #[error("the answer adds a part")]
    Addition,
    /// A part of the source is not translated.
    #[error("a part is left out")]
    Omission,
    /// Two names have changed places.
    #[error("{0:?} and {1:?} have changed places")]
    Roles(String, String),
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
    Unit,
    Meaning,
    Negation,
    Person,
    Quotes,
    Addition,
    Omission,
    Roles,
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
            Self::Unit(_) => RejectionKind::Unit,
            Self::Meaning { .. } => RejectionKind::Meaning,
            Self::Negation => RejectionKind::Negation,
            Self::Person => RejectionKind::Person,
            Self::Quotes => RejectionKind::Quotes,
            Self::Addition => RejectionKind::Addition,
            Self::Omission => RejectionKind::Omission,
            Self::Roles(..) => RejectionKind::Roles,
        }
    }
}

impl RejectionKind {
    const ALL: [Self; 22] = [
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
        Self::Unit,
        Self::Meaning,
        Self::Negation,
        Self::Person,
        Self::Quotes,
        Self::Addition,
        Self::Omission,
        Self::Roles,
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
            Self::Unit => "unit",
            Self::Meaning => "meaning",
            Self::Negation => "negation",
            Self::Person => "person",
            Self::Quotes => "quotes",
            Self::Addition => "addition",
            Self::Omission => "omission",
            Self::Roles => "roles",
        }
    }
}

/// Checks if a result may be published as the translation of its source. Returns the first reason not to.
pub fn verify(check: &TranslationCheck<'_>) -> Result<(), Rejection> {
    shape::check_marks(check)?;
    let texts = ComparedTexts::new(check)?;
    characters::check_characters(&texts)?;
    shape::check_comments(&texts)?;
    language::check_echo(&texts)?;
    language::check_language(&texts)?;
    language::check_left(&texts)?;
    language::check_foreign(&texts)?;
    shape::check_length(&texts)?;
    numbers::check_numbers(&texts)?;
    addresses::check_addresses(&texts)?;
    names::check_names(&texts)?;
    shape::check_ending(&texts)?;
    shape::check_balance(&texts)?;
    shape::check_repetition(&texts)?;
    parts::check_doubled(&texts)?;
    parts::check_notes(&texts)?;
    parts::check_quotes(&texts)?;
    marks::check_spans(check)?;
    match Meanings::of(&texts) {
        Some(meanings) => check_meaning(&texts, &meanings),
        None => Ok(()),
    }
}

/// Checks what a list of words can tell of the meaning.
fn check_meaning(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    quantities::check_quantities(texts, meanings)?;
    concepts::check_concepts(meanings)?;
    negation::check_negation(texts, meanings)?;
    persons::check_persons(texts, meanings)?;
    roles::check_roles(texts, meanings)?;
    parts::check_cut(texts, meanings)?;
    coverage::check_unrelated(texts, meanings)?;
    coverage::check_sentences(texts, meanings)?;
    coverage::check_added(texts, meanings)?;
    coverage::check_omitted(texts, meanings)
}
