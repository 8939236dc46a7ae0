//! Raised and lowered figures in plain text: `10<sup>6</sup>` is not 106.

use crate::html::scan::Token;

/// The sign to write before the next text if that begins with a figure.
#[derive(Default)]
pub(super) struct Scripts {
    mark: Option<char>,
}

impl Scripts {
    /// Takes notice of a tag behind the text `before`; `rest` is what follows it.
    pub(super) fn note(&mut self, token: &Token<'_>, before: &str, rest: &str) {
        let mark = match token {
            Token::Start(tag) if tag.is("sup") => {
                if is_numerator(rest) {
                    ' '
                } else {
                    '^'
                }
            }
            Token::Start(tag) if tag.is("sub") => '_',
            Token::End(tag) if tag.is("sup") || tag.is("sub") => ' ',
            // A link may stand around the figure.
            _ => return,
        };
        self.mark = before.ends_with(|c: char| c.is_ascii_digit()).then_some(mark);
    }

    /// Sets a text apart from the figure before it.
    pub(super) fn part_from(&mut self, text: &str, out: &mut String) {
        if let Some(mark) = self.mark.take().filter(|_| text.starts_with(|c: char| c.is_ascii_digit())) {
            out.push(mark);
        }
    }
}

/// Returns true if a raised figure is the upper part of a fraction: a slash follows its element.
fn is_numerator(rest: &str) -> bool {
    let Some((_, behind)) = rest.split_once('<').and_then(|(_, end)| end.split_once('>')) else { return false };
    ["/", "⁄", "&frasl;", "&#8260;", "&#x2044;"].iter().any(|slash| behind.starts_with(slash))
}
