//! Tokens of a date: numbers, words and signs.

/// The longest text that can be a date, in bytes.
pub(super) const MAX_LENGTH: usize = 100;

/// A token of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateToken<'a> {
    /// A number, and the count of its digits.
    Number(u32, usize),
    /// Letters: `Feb`, `CET`, `Europe/Paris`.
    Word(&'a str),
    /// A sign; every dash is `-`.
    Sign(char),
    /// White space between two tokens, unless one of them is a slash or the first is a full stop: people write `18. 02. 2018`.
    Space,
}

/// Splits a date into tokens.
pub(super) fn tokenize(text: &str) -> Vec<DateToken<'_>> {
    let mut tokens: Vec<DateToken<'_>> = Vec::with_capacity(text.len().min(MAX_LENGTH));
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c.is_ascii_digit() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            tokens.push(DateToken::Number(rest[..digits].parse().unwrap_or(u32::MAX), digits));
            digits
        } else if c.is_alphabetic() {
            let length = word_length(rest);
            tokens.push(DateToken::Word(&rest[..length]));
            length
        } else if c.is_whitespace() {
            if !matches!(tokens.last(), Some(DateToken::Space | DateToken::Sign('/' | '.'))) {
                tokens.push(DateToken::Space);
            }
            c.len_utf8()
        } else {
            if c == '/' {
                tokens.pop_if(|last| *last == DateToken::Space);
            }
            tokens.push(DateToken::Sign(if matches!(c, '−' | '–' | '—') { '-' } else { c }));
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// Returns the length of the word at the start of a text. Combining accents, and a slash or an underscore between letters, belong to
/// the word.
fn word_length(text: &str) -> usize {
    let inside = |c: char| c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let joins = matches!(c, '/' | '_') && chars.peek().is_some_and(|(_, next)| inside(*next));
        if !inside(c) && !joins {
            return at;
        }
    }
    text.len()
}
