//! Tables for a terminal, aligned by display width.

use std::borrow::Cow;
use std::io::IsTerminal;

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// No column is cut to less: a name would not be recognised.
const MIN_WIDTH: usize = 8;

/// The columns of a page.
const PAGE_WIDTH: usize = 80;

/// A table with a heading row.
pub(super) struct Table {
    rows: Vec<Vec<Cell>>,
    /// True if it becomes a list where it is too wide.
    is_list: bool,
}

/// One cell.
pub(super) struct Cell {
    text: String,
    style: Style,
    right: bool,
}

impl Cell {
    /// Makes a left-aligned cell.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::new(), right: false }
    }

    /// Makes a right-aligned number; zero is a dot, so that other numbers stand out.
    pub(super) fn number(number: u64) -> Self {
        Self { text: if number == 0 { "·".to_owned() } else { number.to_string() }, style: Style::new(), right: true }
    }

    /// Aligns the cell on the right.
    pub(super) fn right(mut self) -> Self {
        self.right = true;
        self
    }

    /// Sets the style.
    pub(super) fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

impl Table {
    /// Makes a table with these headings.
    pub(super) fn new(headings: &[&str]) -> Self {
        let headings = headings.iter().map(|heading| Cell::text(*heading).style(Style::new().bold())).collect();
        Self { rows: vec![headings], is_list: false }
    }

    /// Makes the table a list, a line for each cell, where it is too wide for its terminal: half a figure is worse than none.
    pub(super) fn or_list(mut self) -> Self {
        self.is_list = true;
        self
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Formats the table, with a line break after each row. On a terminal it is cut to its width.
    pub(super) fn render(&self) -> String {
        self.render_within(terminal_width().unwrap_or(usize::MAX))
    }

    /// Formats the table to be read as it is, also in a file: as wide as the terminal, or 80 columns.
    pub(super) fn render_for_page(&self) -> String {
        self.render_within(terminal_width().unwrap_or(PAGE_WIDTH))
    }

    /// Formats the table within a number of columns, as far as that is possible: long texts end in `…`.
    fn render_within(&self, limit: usize) -> String {
        if self.is_list && self.column_widths(usize::MAX) != self.column_widths(limit) {
            return self.render_list(limit);
        }
        let widths = self.column_widths(limit);
        let mut out = String::new();
        for row in &self.rows {
            for (column, cell) in row.iter().enumerate() {
                let Cell { text, style, right } = cell;
                let text = cut(text, widths[column]);
                let gap = " ".repeat(widths[column].saturating_sub(text.width()));
                let last = column + 1 == row.len();
                let (before, after) = if *right { (gap.as_str(), "") } else { ("", if last { "" } else { gap.as_str() }) };
                out.push_str(&format!("{before}{style}{text}{style:#}{after}{}", if last { "\n" } else { "  " }));
            }
        }
        out
    }

    /// Formats each row as a heading and a line for each other cell that says something.
    fn render_list(&self, limit: usize) -> String {
        let Some((headings, rows)) = self.rows.split_first() else { return String::new() };
        let label = headings.iter().skip(1).map(|heading| heading.text.width()).max().unwrap_or(0);
        let mut out = String::new();
        for row in rows {
            for (column, (cell, heading)) in row.iter().zip(headings).enumerate().filter(|(_, (cell, _))| !cell.text.is_empty()) {
                let Cell { text, style, .. } = cell;
                if column == 0 {
                    let bold = heading.style;
                    out.push_str(&format!("{bold}{} {}{bold:#}\n", heading.text, cut(text, limit)));
                } else {
                    let gap = " ".repeat(label.saturating_sub(heading.text.width()));
                    let text = cut(text, limit.saturating_sub(label + 4).max(MIN_WIDTH));
                    out.push_str(&format!("  {}{gap}  {style}{text}{style:#}\n", heading.text));
                }
            }
        }
        out
    }

    /// Returns the widths of the columns. While they are too wide together, the widest one gives way.
    fn column_widths(&self, limit: usize) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width()).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns).map(width).collect();
        let gaps = 2 * columns.saturating_sub(1);
        loop {
            let excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(limit);
            let Some(widest) = widths.iter_mut().max().filter(|widest| excess > 0 && **widest > MIN_WIDTH) else { return widths };
            // One column at a time, so that two long ones end with the same width.
            *widest -= 1;
        }
    }
}

/// Returns the width of the terminal that standard output is.
fn terminal_width() -> Option<usize> {
    let is_shown = std::io::stdout().is_terminal();
    let width = terminal_size::terminal_size().filter(|_| is_shown).map(|(width, _)| usize::from(width.0));
    width.filter(|width| *width > 0)
}

/// Cuts a text to a display width.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut used = 1;
    let kept: String = text
        .chars()
        .take_while(|letter| {
            used += letter.width().unwrap_or(0);
            used <= width
        })
        .collect();
    Cow::Owned(kept.trim_end().to_owned() + "…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_display_width() {
        let mut table = Table::new(&["source", "new", "what"]);
        table.row(vec![Cell::text("équipe"), Cell::number(12), Cell::text("fresh")]);
        table.row(vec![Cell::text("日本"), Cell::number(0), Cell::text("same")]);
        let plain = anstream::adapter::strip_str(&table.render()).to_string();
        assert_eq!(plain, "source  new  what\néquipe   12  fresh\n日本      ·  same\n");
    }

    fn long_table(limit: usize) -> String {
        let mut table = Table::new(&["source", "new", "remarks"]);
        table.row(vec![Cell::text("équipe"), Cell::number(12), Cell::text("the server answers 503 and asks to come back later")]);
        table.row(vec![Cell::text("日本"), Cell::number(0), Cell::text("日本語のニュースの見出しがここに続きます")]);
        anstream::adapter::strip_str(&table.render_within(limit)).to_string()
    }

    #[test]
    fn table_fits_the_width_of_the_terminal() {
        for limit in [30, 40, 41, 60] {
            let text = long_table(limit);
            assert!(text.lines().all(|line| line.width() <= limit), "{limit}: {text}");
        }
    }

    #[test]
    fn long_text_is_cut_with_an_ellipsis_and_short_text_is_whole() {
        let text = long_table(40);
        assert_eq!(text.lines().nth(1), Some("équipe   12  the server answers 503 and…"));
    }

    #[test]
    fn table_of_figures_that_is_too_wide_becomes_a_list() {
        let mut table = Table::new(&["engine", "to send", "cost"]).or_list();
        table.row(vec![
            Cell::text("deepl"),
            Cell::text("19067–20000 characters").right(),
            Cell::text("0.3813–0.4000 EUR").right(),
        ]);
        let shown = |limit| anstream::adapter::strip_str(&table.render_within(limit)).to_string();
        assert_eq!(shown(40), "engine deepl\n  to send  19067–20000 characters\n  cost     0.3813–0.4000 EUR\n");
        assert_eq!(shown(60).lines().count(), 2);
    }

    #[test]
    fn table_without_a_limit_is_whole() {
        assert!(long_table(usize::MAX).contains("come back later\n") && !long_table(usize::MAX).contains('…'));
    }
}
