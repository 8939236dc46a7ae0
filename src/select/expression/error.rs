//! The error of an expression or a rewrite, with its place.

use std::ops::Range;

use minijinja::{Error, ErrorKind};

/// A mistake in an expression or a rewrite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// The mistake, in one sentence.
    pub message: String,
    /// A way to mend it.
    pub hint: Option<String>,
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    /// The word that is unknown there, and the words that are known.
    pub unknown: Option<(String, &'static [&'static str])>,
}

impl ExpressionError {
    /// Makes an error about a part of the text.
    pub(in crate::select) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, span, unknown: None }
    }

    /// Adds a hint.
    pub(in crate::select) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Makes the error about a word that is not among the known ones.
    pub(super) fn unknown(span: Range<usize>, what: &str, word: &str, known: &'static [&'static str]) -> Self {
        let hint = format!("the {what}s are {}", known.join(", "));
        Self {
            unknown: Some((word.to_owned(), known)),
            ..Self::new(span, format!("there is no {what} `{word}`")).with_hint(hint)
        }
    }

    /// Makes the error that the engine reports for `text`.
    pub(super) fn of_engine(error: &Error, text: &str) -> Self {
        let span = error.range().filter(|span| span.start < span.end && text.get(span.clone()).is_some());
        let found = Self::new(span.unwrap_or(0..text.len()), reason(error));
        match error.kind() {
            ErrorKind::BadEscape => found.with_hint("inside an expression, a backslash is written twice: '\\\\d'"),
            ErrorKind::SyntaxError if text.contains('&') => found.with_hint("write `and`, `or` and `not`"),
            _ => found,
        }
    }
}

/// Returns the reason of an error without its place, in one line.
pub(super) fn reason(error: &Error) -> String {
    if error.kind() == ErrorKind::OutOfFuel {
        return "it takes too much work".to_owned();
    }
    let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}
