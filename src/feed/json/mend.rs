//! JSON that people and simple programs wrote, made JSON: line breaks in strings, quotes that are not escaped, commas too many or too
//! few, comments, names and strings without quotes or in single ones.
//!
//! One pass without a tree. Valid JSON stays as it is, up to white space.

use std::borrow::Cow;

/// Mends JSON.
pub(in crate::feed) fn mend(json: &str) -> String {
    let mut mender = Mender { json, at: 0, out: String::with_capacity(json.len() + json.len() / 16), ends_value: false };
    while let Some(c) = mender.peek() {
        mender.step(c);
    }
    mender.out
}

struct Mender<'a> {
    json: &'a str,
    at: usize,
    out: String,
    /// True if the last token was the end of a value: another value needs a comma between.
    ends_value: bool,
}

impl<'a> Mender<'a> {
    fn rest(&self) -> &'a str {
        &self.json[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Reads one token.
    fn step(&mut self, c: char) {
        match c {
            c if c.is_whitespace() || c == '\u{feff}' => {
                self.at += c.len_utf8();
                self.out.push(' ');
            }
            '/' if comment_length(self.rest()) > 0 => self.at += comment_length(self.rest()),
            '"' | '\'' => {
                self.begin_value();
                self.string(c);
            }
            '{' | '[' => {
                self.begin_value();
                self.copy(c, false);
            }
            '}' | ']' => self.copy(c, true),
            ':' => self.copy(c, false),
            ',' => {
                self.at += 1;
                // A comma before the end of a list, or before another, is one too many.
                if self.ends_value && !matches!(next_token(self.rest()), None | Some('}' | ']' | ',')) {
                    self.out.push(',');
                    self.ends_value = false;
                }
            }
            _ => {
                self.begin_value();
                self.word();
            }
        }
    }

    fn copy(&mut self, c: char, ends_value: bool) {
        self.at += 1;
        self.out.push(c);
        self.ends_value = ends_value;
    }

    fn begin_value(&mut self) {
        if self.ends_value {
            self.out.push(',');
        }
        self.ends_value = true;
    }

    /// Reads a string up to the quote that closes it. One that nothing closes stays open: the file ends in it.
    fn string(&mut self, quote: char) {
        self.at += 1;
        self.out.push('"');
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            match c {
                '\\' => self.escape(),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                c if c.is_control() && c.is_ascii() => {}
                c if c == quote && closes(self.rest()) => {
                    self.out.push('"');
                    return;
                }
                '"' => self.out.push_str("\\\""),
                c => self.out.push(c),
            }
        }
    }

    /// Reads what follows a backslash. Before what is no escape, the backslash means itself.
    fn escape(&mut self) {
        let Some(c) = self.peek() else { return };
        let is_escape = match c {
            '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => true,
            'u' => self.rest().get(1..5).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())),
            _ => false,
        };
        match c {
            // `\'` is an escape of JavaScript, and so is a backslash at the end of a line.
            '\'' => self.out.push('\''),
            '\n' => {}
            _ if is_escape => {
                self.out.push('\\');
                self.out.push(c);
            }
            _ => {
                self.out.push_str("\\\\");
                return;
            }
        }
        self.at += c.len_utf8();
    }

    /// Reads a word without quotes: a literal, a number, or what should have them.
    fn word(&mut self) {
        let rest = self.rest();
        let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | ':' | '{' | '}' | '[' | ']' | '"');
        let length = rest.find(is_end).unwrap_or(rest.len());
        let word = &rest[..length];
        self.at += length;
        let is_name = next_token(self.rest()) == Some(':');
        let is_literal = matches!(word, "true" | "false" | "null") || serde_json::from_str::<serde_json::Number>(word).is_ok();
        let written = match word {
            _ if is_literal && !is_name => Cow::Borrowed(word),
            "True" if !is_name => Cow::Borrowed("true"),
            "False" if !is_name => Cow::Borrowed("false"),
            "None" | "undefined" | "NaN" | "Infinity" | "-Infinity" if !is_name => Cow::Borrowed("null"),
            // A `Value` of a string is written with its escapes.
            word => Cow::Owned(serde_json::Value::from(word).to_string()),
        };
        self.out.push_str(&written);
    }
}

/// Returns true if a quote before `rest` closes its string: what follows belongs to no text.
fn closes(rest: &str) -> bool {
    let after = rest.trim_start();
    match after.chars().next() {
        None | Some(':' | '}' | ']' | '/') => true,
        Some(',') => {
            let next = after[1..].trim_start();
            let begins_value = |c: char| matches!(c, '"' | '\'' | '{' | '[' | '}' | ']' | '-' | '/' | ',') || c.is_ascii_digit();
            next.chars().next().is_none_or(begins_value)
                || ["true", "false", "null"].iter().any(|word| next.starts_with(word))
                || is_name(next)
        }
        // The comma is missing at the end of a line.
        Some('"') => rest[..rest.len() - after.len()].contains('\n'),
        Some(_) => false,
    }
}

/// Returns true if a name without quotes begins here: a word and a colon.
fn is_name(text: &str) -> bool {
    let word = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    word > 0 && text[word..].starts_with(':')
}

/// Returns the first character of the next token, behind white space and comments.
fn next_token(rest: &str) -> Option<char> {
    let mut rest = rest.trim_start();
    loop {
        let length = comment_length(rest);
        if length == 0 {
            return rest.chars().next();
        }
        rest = rest[length..].trim_start();
    }
}

/// Returns the length of the comment at the start of `rest`, or 0.
fn comment_length(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") { rest.find("*/").map_or(rest.len(), |end| end + 2) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> serde_json::Value {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[test]
    fn what_people_write_becomes_json() {
        for (written, meant) in [
            ("{\"a\": \"x\ny\tz\u{1}\"}", r#"{"a": "x\ny\tz"}"#),
            (r#"{"a": [1, 2,], "b": {"c": 1,},}"#, r#"{"a": [1, 2], "b": {"c": 1}}"#),
            (r#"[{"a": 1} {"a": 2},, {"a": 3}]"#, r#"[{"a": 1}, {"a": 2}, {"a": 3}]"#),
            ("{\"a\": 1\n\"b\": \"x\"\n\"c\": 2}", r#"{"a": 1, "b": "x", "c": 2}"#),
            (
                r#"{"a": "<a href="https://a.fr/x">il dit "oui", et part</a>"}"#,
                r#"{"a": "<a href=\"https://a.fr/x\">il dit \"oui\", et part</a>"}"#,
            ),
            (
                r#"{a: 'l\'eau "vive"', b_1: True, c: undefined, d: .5}"#,
                r#"{"a": "l'eau \"vive\"", "b_1": true, "c": null, "d": ".5"}"#,
            ),
            ("{\"a\": 1, // fin\n/* b */ \"c\": 2 /* d */, }", r#"{"a": 1, "c": 2}"#),
            (r#"{"a": "C:\dir \u00e9 \u12 \x41"}"#, r#"{"a": "C:\\dir \u00e9 \\u12 \\x41"}"#),
        ] {
            assert_eq!(value(&mend(written)), value(meant), "{written}");
        }
    }

    #[test]
    fn cut_json_keeps_its_beginning() {
        assert!(mend("{\"items\": [{\"a\": 1}, {\"b\": \"c").starts_with("{\"items\": [{\"a\": 1}, {\"b\": \"c"));
    }

    proptest::proptest! {
        #[test]
        fn valid_json_keeps_its_meaning(text in "\\PC{0,20}", number in proptest::prelude::any::<f64>(), list in proptest::collection::vec("[a-z\"',:{}\\[\\]/\\\\ \n]{0,12}", 0..6)) {
            let json = serde_json::json!({"a": text, "b": [number, null, true, {"c": list}]});
            for written in [json.to_string(), serde_json::to_string_pretty(&json).expect("JSON")] {
                proptest::prop_assert_eq!(value(&mend(&written)), value(&written));
            }
        }

        #[test]
        fn mending_never_panics(text in "[{}\\[\\]\",:'a1é\\\\/*\n ]{0,60}") {
            mend(&text);
        }
    }
}
