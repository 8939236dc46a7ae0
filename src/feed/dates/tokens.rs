//! A date as numbers, words and signs.

/// The longest text that is looked at: no date is longer.
pub(super) const LONGEST: usize = 100;

/// A piece of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A number, and how many digits it has.
    Number(u32, usize),
    /// Letters: `Feb`, `CET`, `Europe/Paris`.
    Word(&'a str),
    /// A sign; every dash is `-`.
    Sign(char),
    /// White space between two pieces, unless one of them is a slash or the first is a full stop: people write `18. 02. 2018`.
    Space,
}

/// Takes a date apart.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(text.len().min(LONGEST));
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c.is_ascii_digit() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            tokens.push(Token::Number(rest[..digits].parse().unwrap_or(u32::MAX), digits));
            digits
        } else if c.is_alphabetic() {
            let length = word(rest);
            tokens.push(Token::Word(&rest[..length]));
            length
        } else if c.is_whitespace() {
            if !matches!(tokens.last(), Some(Token::Space | Token::Sign('/' | '.'))) {
                tokens.push(Token::Space);
            }
            c.len_utf8()
        } else {
            if c == '/' {
                tokens.pop_if(|last| *last == Token::Space);
            }
            tokens.push(Token::Sign(if matches!(c, '−' | '–' | '—') { '-' } else { c }));
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the word that a text begins with. Accents may stand after their letters; a slash or an underscore belongs to
/// it between letters.
fn word(text: &str) -> usize {
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
