//! Where problems are collected while feeds.toml is read: each gets its line, column and excerpt here.

use std::ops::Range;
use std::path::Path;

use super::excerpt::{Excerpt, Lines};
use super::problem::{Level, Problem, Problems};

/// Problems that are kept; a file that has more is not the right file.
const MOST: usize = 200;

/// The problems of one text so far.
pub(crate) struct Diagnostics<'t> {
    lines: Lines<'t>,
    path: &'t Path,
    hidden: Vec<Range<usize>>,
    list: Vec<Problem>,
    more: usize,
}

impl<'t> Diagnostics<'t> {
    /// None yet, for `text` of the file `path`.
    pub(crate) fn new(text: &'t str, path: &'t Path) -> Self {
        Self { lines: Lines::new(text), path, hidden: Vec::new(), list: Vec::new(), more: 0 }
    }

    /// Never shows what lies in these ranges: they hold secrets.
    pub(crate) fn hide(&mut self, mut ranges: Vec<Range<usize>>) {
        ranges.sort_by_key(|range| range.start);
        self.hidden.clear();
        for range in ranges {
            match self.hidden.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => self.hidden.push(range),
            }
        }
    }

    /// The bytes of the line that holds the byte `at`.
    pub(crate) fn line(&self, at: usize) -> Range<usize> {
        self.lines.line(at)
    }

    /// Something that keeps relais from starting.
    pub(crate) fn error(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.add(Level::Error, Some(span), message.into(), help.into());
    }

    /// Whether there is an error yet.
    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| !problem.is_warning())
    }

    /// Something that may not be what was meant.
    pub(crate) fn warn(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.add(Level::Warning, Some(span), message.into(), help.into());
    }

    /// Something that the file as a whole lacks.
    pub(crate) fn lacks(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.add(Level::Error, None, message.into(), help.into());
    }

    fn add(&mut self, level: Level, span: Option<&Range<usize>>, message: String, help: String) {
        if self.list.len() == MOST {
            self.more += 1;
            return;
        }
        let (line, column) = span.map_or((0, 0), |span| self.lines.place(span.start));
        let excerpt = span.map(|span| Excerpt::new(&self.lines, span, &self.hidden));
        let help = Some(help).filter(|help| !help.is_empty());
        self.list.push(Problem { span: span.cloned().unwrap_or(0..0), line, column, message, help, level, excerpt });
    }

    /// Returns the plan and its warnings; the problems if there is an error among them, or no plan.
    pub(crate) fn conclude<T>(mut self, plan: Option<T>) -> Result<(T, Vec<Problem>), Problems> {
        self.list.sort_by_key(|problem| (problem.line > 0, problem.span.start));
        if self.more > 0 {
            let more = self.more;
            self.lacks_more(more);
        }
        match plan {
            Some(plan) if self.more == 0 && self.list.iter().all(Problem::is_warning) => Ok((plan, self.list)),
            _ => Err(Problems::new(self.path, self.list)),
        }
    }

    fn lacks_more(&mut self, more: usize) {
        let message = format!("{more} more problems are not shown");
        let help = Some("mend these first".to_owned());
        self.list.push(Problem { span: 0..0, line: 0, column: 0, message, help, level: Level::Error, excerpt: None });
    }
}
