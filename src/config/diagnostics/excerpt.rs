//! The line that a problem shows: harmless on a terminal, short enough for it, secrets blotted out, the caret in its place.

use std::ops::Range;

/// Columns of a line that are shown; a longer line is cut around the caret.
const WIDTH: usize = 100;
/// Columns that are kept before the caret in a line that is cut.
const LEAD: usize = 30;
/// A line is looked at this many bytes around the caret: enough for `WIDTH` columns of any script.
const WINDOW: usize = 800;

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Finds the lines of `text`.
    pub(crate) fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The line, counted from 0, that holds the byte `at`.
    fn index(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Line and column (in characters) of the byte `at`, both counted from 1.
    pub(crate) fn place(&self, at: usize) -> (usize, usize) {
        let at = self.text.floor_char_boundary(at);
        let line = self.index(at);
        (line + 1, self.text[self.starts[line]..at].chars().count() + 1)
    }

    /// The bytes of the line that holds the byte `at`, without its end.
    pub(crate) fn line(&self, at: usize) -> Range<usize> {
        let line = self.index(at);
        let start = self.starts[line];
        let end = self.starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        start..start + self.text[start..end].trim_end_matches('\r').len()
    }
}

/// A line as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Excerpt {
    /// The line, perhaps cut.
    pub(crate) shown: String,
    /// Columns before the caret.
    pub(crate) before: usize,
    /// Columns that the caret underlines.
    pub(crate) marked: usize,
}

/// One place of the shown line.
struct Glyph {
    shown: char,
    /// How often it is shown: a tab is four spaces.
    times: usize,
    columns: usize,
    /// Before the span, within it, after it.
    side: std::cmp::Ordering,
}

impl Excerpt {
    /// The line around the start of `span`, without what lies in the `hidden` ranges (sorted, not overlapping).
    pub(crate) fn new(lines: &Lines<'_>, span: &Range<usize>, hidden: &[Range<usize>]) -> Self {
        let text = lines.text;
        let start = text.floor_char_boundary(span.start);
        let line = lines.line(start);
        let from = text.ceil_char_boundary(line.start.max(start.saturating_sub(WINDOW)));
        let to = text.floor_char_boundary(line.end.min(start.saturating_add(WINDOW)));
        let span = start..span.end.max(start + 1);
        let glyphs = glyphs(text, from..to.max(from), &span, hidden);
        cut(&glyphs, from > line.start, to < line.end)
    }
}

fn glyphs(text: &str, window: Range<usize>, span: &Range<usize>, hidden: &[Range<usize>]) -> Vec<Glyph> {
    let side = |range: &Range<usize>| {
        if range.end <= span.start {
            std::cmp::Ordering::Less
        } else if range.start >= span.end {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Equal
        }
    };
    let mut out: Vec<Glyph> = Vec::new();
    let mut blotted = None;
    for (offset, c) in text[window.clone()].char_indices().map(|(offset, c)| (window.start + offset, c)) {
        let next = hidden.partition_point(|range| range.end <= offset);
        if let Some(range) = hidden.get(next).filter(|range| range.start <= offset) {
            if blotted != Some(next) {
                out.push(Glyph { shown: '…', times: 1, columns: 1, side: side(range) });
                blotted = Some(next);
            }
            continue;
        }
        let (shown, times, columns) = shown(c);
        out.push(Glyph { shown, times, columns, side: side(&(offset..offset + c.len_utf8())) });
    }
    out
}

/// What stands for a character on a terminal: the character, how often, and the columns that this takes.
fn shown(c: char) -> (char, usize, usize) {
    match c {
        '\t' => (' ', 4, 4),
        '\0'..='\x1f' => (char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'), 1, 1),
        // What a terminal would obey, or what would turn the line around.
        '\x7f'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
            ('\u{fffd}', 1, 1)
        }
        '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' => (c, 1, 0),
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => (c, 1, 2),
        _ => (c, 1, 1),
    }
}

fn cut(glyphs: &[Glyph], more_before: bool, more_after: bool) -> Excerpt {
    let before: usize = glyphs.iter().filter(|g| g.side.is_lt()).map(|g| g.columns).sum();
    let total: usize = glyphs.iter().map(|g| g.columns).sum();
    let long = total > WIDTH || more_before || more_after;
    let first = if long && before > LEAD { before - LEAD } else { 0 };
    let (mut shown, mut out) = (String::new(), (0, 0));
    if first > 0 || more_before {
        shown.push('…');
        out.0 = 1;
    }
    let mut column = 0;
    for glyph in glyphs {
        let at = column;
        column += glyph.columns;
        if at < first {
            continue;
        }
        if column > first + WIDTH {
            break;
        }
        shown.extend(std::iter::repeat_n(glyph.shown, glyph.times));
        match glyph.side {
            std::cmp::Ordering::Less => out.0 += glyph.columns,
            std::cmp::Ordering::Equal => out.1 += glyph.columns,
            std::cmp::Ordering::Greater => {}
        }
    }
    if column > first + WIDTH || more_after {
        shown.push('…');
    }
    Excerpt { shown, before: out.0, marked: out.1.max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, span: Range<usize>, hidden: &[Range<usize>]) -> (String, String) {
        let excerpt = Excerpt::new(&Lines::new(text), &span, hidden);
        (excerpt.shown, format!("{}{}", " ".repeat(excerpt.before), "^".repeat(excerpt.marked)))
    }

    #[test]
    fn the_caret_stands_under_its_words_whatever_comes_before_them() {
        assert_eq!(show("a = 1\r\nbb = 2\r\n", 7..9, &[]), ("bb = 2".into(), "^^".into()), "CRLF");
        assert_eq!(show("\tx = 1", 1..2, &[]), ("    x = 1".into(), "    ^".into()), "a tab");
        assert_eq!(show("t = \"五輪\" # x", 4..12, &[]), ("t = \"五輪\" # x".into(), "    ^^^^^^".into()), "wide");
        assert_eq!(show("é = 1", 0..2, &[]), ("é = 1".into(), "^".into()), "two bytes, one column");
        assert_eq!(show("a\u{1b}[31mb", 0..1, &[]).0, "a␛[31mb", "an escape is shown, not obeyed");
        assert_eq!(show("a = 1", 5..5, &[]).1, "     ^", "the end of the text");
        assert_eq!(show("", 0..0, &[]).1, "^");
    }

    #[test]
    fn a_hidden_value_leaves_a_dot() {
        let text = r#"auth = { user = "a", password = "hunter2" }"#;
        let value = text.find("\"hunter2\"").expect("there");
        let (line, carets) = show(text, value..value + 9, std::slice::from_ref(&(value..value + 9)));
        assert_eq!(line, r#"auth = { user = "a", password = … }"#);
        assert_eq!(carets.trim_start(), "^");
        assert_eq!(carets.chars().count(), line.chars().position(|c| c == '…').expect("there") + 1);
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let text = format!("{}HERE{}", "x".repeat(5000), "y".repeat(5000));
        let (line, carets) = show(&text, 5000..5004, &[]);
        assert!(line.starts_with('…') && line.ends_with('…') && line.chars().count() <= WIDTH + 2, "{line}");
        let at = carets.find('^').expect("a caret");
        assert_eq!(line.chars().skip(at).take(4).collect::<String>(), "HERE");
    }
}
