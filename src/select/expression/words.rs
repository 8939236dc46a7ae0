//! Reads the words of an expression: the fields, filters, tests and patterns that it names. The engine would find unknown ones only
//! when it comes to them.

use std::ops::Range;

use super::environment::{FILTERS, TESTS};
use super::error::ExpressionError;
use super::facts::Field;

/// Words that are no fields.
const KEYWORDS: [&str; 14] =
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None", "recursive"];

/// Something that an expression refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    Field(Field),
    /// The pattern of a `matching` test.
    Pattern {
        pattern: String,
        span: Range<usize>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// A text, unescaped; without a value if the escapes are not ours to read.
    Text(Option<String>),
    Number,
    Sign(char),
}

/// Returns what a valid expression refers to. Unknown names are errors.
pub(super) fn references(text: &str) -> Result<Vec<Reference>, ExpressionError> {
    let tokens = tokenize(text);
    let mut found = Vec::new();
    for (at, (token, span)) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        match place(&tokens, at) {
            Place::Filter if !FILTERS.contains(&word.as_str()) => {
                return Err(ExpressionError::unknown(span.clone(), "filter", word, FILTERS));
            }
            Place::Test if !TESTS.contains(&word.as_str()) => {
                return Err(ExpressionError::unknown(span.clone(), "test", word, TESTS));
            }
            Place::Test if word == "matching" => found.push(pattern(&tokens, at, span)?),
            Place::Filter | Place::Test => {}
            Place::Attribute => {
                let message = format!("`.{word}` is not known: fields are texts, numbers and lists");
                return Err(ExpressionError::new(span.clone(), message));
            }
            Place::Value if KEYWORDS.contains(&word.as_str()) => {}
            Place::Value => match Field::named(word) {
                Some(field) => found.push(Reference::Field(field)),
                None => return Err(ExpressionError::unknown(span.clone(), "field", word, Field::NAMES)),
            },
        }
    }
    Ok(found)
}

/// The place in which a word stands.
enum Place {
    Value,
    Filter,
    Test,
    Attribute,
}

fn place(tokens: &[(Token, Range<usize>)], at: usize) -> Place {
    let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at].0);
    let is_word = |token: Option<&Token>, word: &str| matches!(token, Some(Token::Word(own)) if own == word);
    let is_keyword = |word: &str| is_word(before(0), word);
    match before(1) {
        Some(Token::Sign('|')) => Place::Filter,
        Some(Token::Sign('.')) => Place::Attribute,
        token if is_word(token, "is") && !is_keyword("not") => Place::Test,
        token if is_word(token, "not") && is_word(before(2), "is") => Place::Test,
        _ => Place::Value,
    }
}

/// Returns the pattern behind the word `matching`.
fn pattern(tokens: &[(Token, Range<usize>)], at: usize, word: &Range<usize>) -> Result<Reference, ExpressionError> {
    let after = tokens[at + 1..].iter().find(|(token, _)| *token != Token::Sign('('));
    match after {
        Some((Token::Text(Some(pattern)), span)) => Ok(Reference::Pattern { pattern: pattern.clone(), span: span.clone() }),
        Some((Token::Text(None), span)) => {
            let message = "a backslash in a pattern is written twice inside an expression: '\\\\d'";
            Err(ExpressionError::new(span.clone(), message))
        }
        _ => {
            let hint = "for example \"title is matching('(?i)en direct')\"";
            Err(ExpressionError::new(word.clone(), "the pattern of `matching` must be a text between quotes").with_hint(hint))
        }
    }
}

fn tokenize(text: &str) -> Vec<(Token, Range<usize>)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = if first.is_whitespace() {
            (None, first.len_utf8())
        } else if matches!(first, '"' | '\'') {
            let length = text_length(rest, first);
            // One that is not closed has no quote at its end.
            let text = rest[1..length].strip_suffix(first).unwrap_or(&rest[1..length]);
            (Some(Token::Text(unescape(text))), length)
        } else if first.is_ascii_digit() {
            let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))).unwrap_or(rest.len());
            (Some(Token::Number), length)
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            (Some(Token::Word(rest[..length].to_owned())), length)
        } else {
            (Some(Token::Sign(first)), first.len_utf8())
        };
        tokens.extend(token.map(|token| (token, at..at + length)));
        at += length;
    }
    tokens
}

/// Returns the length of the text at the beginning, with its quotes.
fn text_length(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Returns a text as the engine reads it; nothing if it has an escape other than `\\`, `\'`, `\"`, `\n` and `\t`.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        out.push(match letter {
            '\\' => match letters.next()? {
                plain @ ('\\' | '\'' | '"') => plain,
                'n' => '\n',
                't' => '\t',
                _ => return None,
            },
            plain => plain,
        });
    }
    Some(out)
}
