//! A problem of feeds.toml and how it is shown: the sentence, the place, the line with a caret under it.

use std::fmt::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};

use super::excerpt::Excerpt;

/// Whether a problem keeps relais from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Warning,
}

/// One thing that is wrong, or doubtful, in feeds.toml.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Where, in bytes from the start of the text (a byte order mark not counted); empty for the file as a whole.
    pub span: Range<usize>,
    /// The line, counted from 1; 0 for the file as a whole.
    pub line: usize,
    /// The column in characters, counted from 1; 0 for the file as a whole.
    pub column: usize,
    /// What is wrong, in a sentence. Never a secret.
    pub message: String,
    /// What can be done about it.
    pub help: Option<String>,
    pub(crate) level: Level,
    pub(crate) excerpt: Option<Excerpt>,
}

impl Problem {
    /// Whether relais goes on in spite of it.
    pub fn is_warning(&self) -> bool {
        self.level == Level::Warning
    }

    /// The problem as people read it, ending in a line break; `path` names the file.
    pub fn render(&self, path: &Path, colour: bool) -> String {
        let (label, accent) = match self.level {
            Level::Error => ("error", AnsiColor::Red.on_default().bold()),
            Level::Warning => ("warning", AnsiColor::Yellow.on_default().bold()),
        };
        let paint = |style: Style, text: &str| {
            if colour { format!("{}{text}{}", style.render(), style.render_reset()) } else { text.to_owned() }
        };
        let frame = AnsiColor::Blue.on_default().bold();
        let mut out = format!("{}: {}\n", paint(accent, label), paint(Style::new().bold(), &self.message));
        let file = path.display().to_string().replace(char::is_control, "\u{fffd}");
        let Some(excerpt) = &self.excerpt else {
            let _ = writeln!(out, "  {} {file}", paint(frame, "-->"));
            if let Some(help) = &self.help {
                let _ = writeln!(out, "   {} {help}", paint(frame, "="));
            }
            return out;
        };
        let number = self.line.to_string();
        let gap = " ".repeat(number.len());
        let carets = match &self.help {
            Some(help) => format!("{} {help}", "^".repeat(excerpt.marked)),
            None => "^".repeat(excerpt.marked),
        };
        let _ = writeln!(out, "{gap}{} {file}:{number}:{}", paint(frame, "-->"), self.column);
        let _ = writeln!(out, "{gap} {}", paint(frame, "|"));
        let _ = writeln!(out, "{}", format!("{} {}", paint(frame, &format!("{number} |")), excerpt.shown).trim_end());
        let _ = writeln!(out, "{gap} {} {}{}", paint(frame, "|"), " ".repeat(excerpt.before), paint(accent, &carets));
        out
    }
}

/// All that is wrong with one file.
#[derive(Clone, Debug)]
pub struct Problems {
    path: PathBuf,
    list: Vec<Problem>,
}

impl Problems {
    /// Problems, warnings among them, of the file `path`.
    pub(crate) fn new(path: &Path, list: Vec<Problem>) -> Self {
        Self { path: path.to_owned(), list }
    }

    /// The one problem that concerns the file as a whole.
    pub(crate) fn whole_file(path: &Path, message: String, help: String) -> Self {
        let problem = Problem { span: 0..0, line: 0, column: 0, message, help: Some(help), level: Level::Error, excerpt: None };
        Self::new(path, vec![problem])
    }

    /// The file that they were found in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Errors and warnings, in the order of the file.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.list.iter().filter(|problem| !problem.is_warning()).count()
    }

    /// All of them as people read them, an empty line between two.
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
