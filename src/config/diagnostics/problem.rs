//! A problem of feeds.toml, and its text for people: the message, the place, the line with carets, the hint.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::excerpt::Excerpt;

/// Columns of an excerpt; longer lines are cut around the problem.
const WIDTH: usize = 110;

/// The weight of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// relais does not start.
    Error,
    /// relais starts.
    Warning,
}

/// An error or a warning about feeds.toml.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The place, in bytes from the start of the text (a byte order mark not counted); empty for the file as a whole.
    pub span: Range<usize>,
    /// The line, counted from 1; 0 for the file as a whole.
    pub line: usize,
    /// The column in characters, counted from 1; 0 for the file as a whole.
    pub column: usize,
    /// The problem, in a sentence. Never holds a secret.
    pub message: String,
    /// A way to solve it.
    pub hint: Option<String>,
    pub(crate) severity: Severity,
    pub(crate) excerpt: Option<Excerpt>,
}

impl Problem {
    /// Returns true if relais starts in spite of the problem.
    pub fn is_warning(&self) -> bool {
        self.severity == Severity::Warning
    }

    /// Renders the problem for people, with a line break at the end. `path` names the file.
    pub fn render(&self, path: &Path, colour: bool) -> String {
        let level = if self.is_warning() { Level::WARNING } else { Level::ERROR };
        let path = path.display().to_string().replace(char::is_control, "\u{fffd}");
        let group = Group::with_title(level.primary_title(&self.message));
        let mut group = match &self.excerpt {
            None => group.element(Origin::path(&path)),
            Some(excerpt) => group.element(
                Snippet::source(&excerpt.text)
                    .path(&path)
                    .line_start(self.line)
                    .annotation(AnnotationKind::Primary.span(excerpt.span.clone())),
            ),
        };
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.with_name("hint").message(hint));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = renderer.term_width(WIDTH).render(&[group]);
        out.push('\n');
        self.correct_column(&path, out)
    }

    /// Replaces the column that the renderer counts in the excerpt, where secrets before the problem are shorter, with that in
    /// the file: editors jump there.
    fn correct_column(&self, path: &str, rendered: String) -> String {
        let Some(excerpt) = &self.excerpt else { return rendered };
        let shown = excerpt.text[..excerpt.span.start].chars().count() + 1;
        if shown == self.column {
            return rendered;
        }
        rendered.replacen(&format!("{path}:{}:{shown}", self.line), &format!("{path}:{}:{}", self.line, self.column), 1)
    }
}

/// All problems of one file.
#[derive(Clone, Debug)]
pub struct Problems {
    path: PathBuf,
    list: Vec<Problem>,
}

impl Problems {
    /// Gathers errors and warnings about the file `path`.
    pub(crate) fn new(path: &Path, list: Vec<Problem>) -> Self {
        Self { path: path.to_owned(), list }
    }

    /// Makes the only problem of a file that could not be read.
    pub(crate) fn whole_file(path: &Path, Diagnosis { message, hint }: Diagnosis) -> Self {
        let severity = Severity::Error;
        Self::new(path, vec![Problem { span: 0..0, line: 0, column: 0, message, hint: Some(hint), severity, excerpt: None }])
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Errors and warnings, in the order of the file.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Counts the errors.
    pub fn errors(&self) -> usize {
        self.list.iter().filter(|problem| !problem.is_warning()).count()
    }

    /// Renders all problems for people, with an empty line between two.
    pub fn render(&self, colour: bool) -> String {
        self.list.iter().map(|problem| problem.render(&self.path, colour)).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// The problem of a value, with a hint; only the caller knows its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Diagnosis {
    /// Takes a message and a hint.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Diagnosis {
    /// Writes the message and the hint on two lines: serde has room for one string only (see `tables/explain_error.rs`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.message, self.hint)
    }
}
