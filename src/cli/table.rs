//! Tables for a terminal, aligned by display width.

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

/// A table with a heading row.
pub(super) struct Table {
    rows: Vec<Vec<Cell>>,
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

    /// Sets the style.
    pub(super) fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

impl Table {
    /// Makes a table with these headings.
    pub(super) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| Cell::text(*heading).style(Style::new().bold())).collect()] }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Formats the table, with a line break after each row.
    pub(super) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            for (column, cell) in row.iter().enumerate() {
                let gap = " ".repeat(widths[column] - cell.text.width());
                let Cell { text, style, right } = cell;
                let last = column + 1 == row.len();
                let (before, after) = if *right { (gap.as_str(), "") } else { ("", if last { "" } else { gap.as_str() }) };
                out.push_str(&format!("{before}{style}{text}{style:#}{after}{}", if last { "\n" } else { "  " }));
            }
        }
        out
    }
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
}
