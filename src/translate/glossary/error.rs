//! The errors of a glossary.

/// An error of a glossary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlossaryError {
    /// It holds more than is sensible.
    #[error("the {file} holds more than {most}: cut it into the terms that your sources use")]
    TooLarge {
        /// The file.
        file: &'static str,
        /// The limit, with its unit.
        most: String,
    },
    /// The first line does not name the columns.
    #[error("line {line} of the glossary: {problem}; it begins with a line like source<tab>variants<tab>en<tab>es")]
    Header {
        /// Counted from 1.
        line: usize,
        /// The problem.
        problem: String,
    },
    /// A line is wrong.
    #[error("line {line} of the {file}: {problem}")]
    Line {
        /// The file.
        file: &'static str,
        /// Counted from 1.
        line: usize,
        /// The problem, and what to do.
        problem: String,
    },
    /// The automaton of the terms could not be built.
    #[error("the glossary cannot be searched for: {0}")]
    Unsearchable(String),
}
