//! The line of feeds.toml that a problem shows. Secrets and characters that a terminal would obey are taken out here;
//! `problem` draws the line and its carets.

use std::ops::Range;

/// Bytes shown on either side of the problem: more than fits on a terminal. The renderer takes seconds for a line of a megabyte.
const WINDOW: usize = 800;

/// The line starts of a text.
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

    /// Returns a part of the text.
    pub(crate) fn get(&self, span: &Range<usize>) -> Option<&'t str> {
        self.text.get(span.clone())
    }

    /// Returns the index, from 0, of the line that holds the byte `at`.
    fn index(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Returns the line and the column (in characters) of the byte `at`, both counted from 1.
    pub(crate) fn position(&self, at: usize) -> (usize, usize) {
        let at = self.text.floor_char_boundary(at);
        let line = self.index(at);
        (line + 1, self.text[self.starts[line]..at].chars().count() + 1)
    }

    /// Returns the bytes of the line that holds the byte `at`, without the line break.
    pub(crate) fn line(&self, at: usize) -> Range<usize> {
        let line = self.index(at);
        let start = self.starts[line];
        let end = self.starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        start..start + self.text[start..end].trim_end_matches('\r').len()
    }
}

/// A line that is safe to print.
#[derive(Clone, Debug)]
pub(crate) struct Excerpt {
    /// The line, or the part of it around the problem. Each secret is one `…`.
    pub(crate) text: String,
    /// The bytes of `text` to underline.
    pub(crate) span: Range<usize>,
}

impl Excerpt {
    /// Takes the line on which `span` starts. `secrets` are sorted ranges that do not overlap.
    pub(crate) fn new(lines: &Lines<'_>, span: &Range<usize>, secrets: &[Range<usize>]) -> Self {
        let text = lines.text;
        let start = text.floor_char_boundary(span.start);
        let line = lines.line(start);
        let from = text.ceil_char_boundary(line.start.max(start.saturating_sub(WINDOW)));
        let to = text.floor_char_boundary(line.end.min(start.saturating_add(WINDOW))).max(from);
        let mut out = Self { text: String::new(), span: 0..0 };
        if from > line.start {
            out.text.push('…');
        }
        let (mut begin, mut end) = (None, None);
        let mut masked = None;
        for (at, c) in text[from..to].char_indices().map(|(offset, c)| (from + offset, c)) {
            let next = secrets.partition_point(|secret| secret.end <= at);
            let is_secret = secrets.get(next).is_some_and(|secret| secret.start <= at);
            if is_secret && masked == Some(next) {
                continue;
            }
            masked = is_secret.then_some(next);
            let touched = if is_secret { secrets[next].end } else { at + c.len_utf8() };
            if begin.is_none() && touched > start {
                begin = Some(out.text.len());
            }
            if end.is_none() && at >= span.end.max(start + 1) {
                end = Some(out.text.len());
            }
            out.text.push(if is_secret { '…' } else { printable(c) });
        }
        out.span = begin.unwrap_or(out.text.len())..end.unwrap_or(out.text.len());
        if to < line.end {
            out.text.push('…');
        }
        out
    }
}

/// Replaces a character that a terminal obeys or that reorders the line. The renderer does this for C0 and bidi controls only.
fn printable(c: char) -> char {
    match c {
        '\x7f'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
            '\u{fffd}'
        }
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, span: Range<usize>, secrets: &[Range<usize>]) -> (String, String) {
        let Excerpt { text, span } = Excerpt::new(&Lines::new(text), &span, secrets);
        let marked = text[span].to_owned();
        (text, marked)
    }

    #[test]
    fn excerpt_is_the_line_without_its_break() {
        assert_eq!(excerpt("a = 1\r\nbb = 2\r\n", 7..9, &[]), ("bb = 2".into(), "bb".into()));
        assert_eq!(excerpt("a = 1", 5..5, &[]), ("a = 1".into(), String::new()));
        assert_eq!(excerpt("", 0..0, &[]), (String::new(), String::new()));
        assert_eq!(excerpt("a = [\n1]", 4..8, &[]), ("a = [".into(), "[".into()), "the first line of several");
    }

    #[test]
    fn secret_is_one_dot_whatever_its_length() {
        let text = r#"auth = { user = "a", password = "hunter2" }"#;
        let secret = text.find("\"hunter2\"").expect("there");
        let secret = secret..secret + 9;
        let (line, marked) = excerpt(text, secret.clone(), std::slice::from_ref(&secret));
        assert_eq!((line.as_str(), marked.as_str()), (r#"auth = { user = "a", password = … }"#, "…"));
        let (line, marked) = excerpt(text, secret.start + 3..secret.start + 5, std::slice::from_ref(&secret));
        assert_eq!((line.as_str(), marked.as_str()), (r#"auth = { user = "a", password = … }"#, "…"), "a span within a secret");
    }

    #[test]
    fn long_line_is_cut_around_the_problem() {
        let text = format!("{}HERE{}", "x".repeat(5000), "y".repeat(5000));
        let (line, marked) = excerpt(&text, 5000..5004, &[]);
        assert!(line.starts_with('…') && line.ends_with('…') && line.len() <= 2 * WINDOW + 10);
        assert_eq!(marked, "HERE");
    }

    #[test]
    fn terminal_controls_are_replaced() {
        assert_eq!(excerpt("a\u{9b}31m \u{202e}b \u{85}", 0..1, &[]).0, "a\u{fffd}31m \u{fffd}b \u{fffd}");
    }
}
