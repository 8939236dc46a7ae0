//! The collector of problems: each gets its line, column and excerpt here.

use std::ops::Range;
use std::path::Path;

use super::excerpt::{Excerpt, Lines};
use super::problem::{Diagnosis, Problem, Problems, Severity};

/// At most so many problems are kept; a file that has more is not a feeds.toml.
const MAX_PROBLEMS: usize = 200;

/// The problems of one text so far.
pub(crate) struct Diagnostics<'t> {
    lines: Lines<'t>,
    path: &'t Path,
    secrets: Vec<Range<usize>>,
    list: Vec<Problem>,
    not_kept: usize,
}

impl<'t> Diagnostics<'t> {
    /// Starts without problems, for `text` of the file `path`.
    pub(crate) fn new(text: &'t str, path: &'t Path) -> Self {
        Self { lines: Lines::new(text), path, secrets: Vec::new(), list: Vec::new(), not_kept: 0 }
    }

    /// Sets the ranges that no excerpt may show, because they hold secrets. They may overlap.
    pub(crate) fn hide(&mut self, mut ranges: Vec<Range<usize>>) {
        ranges.sort_by_key(|range| range.start);
        self.secrets.clear();
        for range in ranges {
            match self.secrets.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => self.secrets.push(range),
            }
        }
    }

    /// Returns the bytes of the line that holds the byte `at`.
    pub(crate) fn line(&self, at: usize) -> Range<usize> {
        self.lines.line(at)
    }

    /// Returns the place of the byte `at`, as `FILE:LINE:COLUMN`.
    pub(crate) fn place(&self, at: usize) -> String {
        let (line, column) = self.lines.position(at);
        format!("{}:{line}:{column}", self.path.display()).replace(char::is_control, "\u{fffd}")
    }

    /// Returns the bytes of the file for a part of a text that is written at `span`; the whole of it if the text is escaped there.
    pub(crate) fn part_of(&self, span: &Range<usize>, text: &str, part: Range<usize>) -> Range<usize> {
        match self.lines.get(span).and_then(|written| written.find(text)) {
            Some(start) if !part.is_empty() => span.start + start + part.start..span.start + start + part.end,
            _ => span.clone(),
        }
    }

    /// Returns true if there is an error so far.
    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| !problem.is_warning())
    }

    /// Adds an error.
    pub(crate) fn error(&mut self, span: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Error, Some(span), Diagnosis::new(message, hint));
    }

    /// Adds an error that has been diagnosed without its place.
    pub(crate) fn error_at(&mut self, span: &Range<usize>, diagnosis: Diagnosis) {
        self.add(Severity::Error, Some(span), diagnosis);
    }

    /// Adds a warning.
    pub(crate) fn warn(&mut self, span: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Warning, Some(span), Diagnosis::new(message, hint));
    }

    /// Adds an error about the file as a whole.
    pub(crate) fn error_in_file(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Error, None, Diagnosis::new(message, hint));
    }

    fn add(&mut self, severity: Severity, span: Option<&Range<usize>>, Diagnosis { message, hint }: Diagnosis) {
        if self.list.len() == MAX_PROBLEMS {
            self.not_kept += 1;
            return;
        }
        let (line, column) = span.map_or((0, 0), |span| self.lines.position(span.start));
        let excerpt = span.map(|span| Excerpt::new(&self.lines, span, &self.secrets));
        let hint = Some(hint).filter(|hint| !hint.is_empty());
        self.list.push(Problem { span: span.cloned().unwrap_or(0..0), line, column, message, hint, severity, excerpt });
    }

    /// Returns the plan and its warnings; the problems if one of them is an error, or if there is no plan.
    pub(crate) fn conclude<T>(mut self, plan: Option<T>) -> Result<(T, Vec<Problem>), Problems> {
        self.list.sort_by_key(|problem| (problem.line > 0, problem.span.start));
        if self.not_kept > 0 {
            let message = format!("{} more problems are not shown", self.not_kept);
            let hint = Some("solve these first".to_owned());
            self.list.push(Problem { span: 0..0, line: 0, column: 0, message, hint, severity: Severity::Error, excerpt: None });
        }
        match plan {
            Some(plan) if self.list.iter().all(Problem::is_warning) => Ok((plan, self.list)),
            _ => Err(Problems::new(self.path, self.list)),
        }
    }
}
