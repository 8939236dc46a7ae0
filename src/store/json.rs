//! Documents and lists as JSON text: the form in which everything but numbers reaches the database, and in which documents
//! come back.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

use super::error::OperationError;

/// The length at which one JSON parameter is closed and the next is begun: some hundred entries. A parameter is in memory
/// three times while the database reads it.
const PAGE: usize = 1 << 20;

/// Writes compact JSON without U+0000. PostgreSQL cannot store that character in a text: a single one would fail a whole
/// batch.
struct WithoutNul;

impl Formatter for WithoutNul {
    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::AsciiControl(0) => Ok(()),
            escape => CompactFormatter.write_char_escape(writer, escape),
        }
    }
}

fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    value
        .serialize(&mut Serializer::with_formatter(out, WithoutNul))
        .expect("writing to memory cannot fail, and the keys of our maps are strings");
}

fn into_text(json: Vec<u8>) -> String {
    String::from_utf8(json).expect("serde_json writes UTF-8")
}

/// Returns `text` without U+0000.
pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// Writes `value` as JSON.
pub(super) fn to_json(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    write(&mut out, value);
    into_text(out)
}

/// Reads a stored document; `document` names it in the error.
pub(super) fn from_json<T: DeserializeOwned>(document: &'static str, json: &str) -> Result<T, OperationError> {
    serde_json::from_str(json).map_err(|error| OperationError::damaged(document, &error))
}

/// Writes names or ids as a JSON array.
pub(super) fn list(items: &[impl Serialize]) -> String {
    to_json(&items)
}

/// Writes `items` as JSON arrays of bounded size; none if there are no items.
pub(super) fn arrays<T: Serialize>(items: impl Iterator<Item = T>) -> impl Iterator<Item = String> {
    pages(items, *b"[]", |out, item| write(out, &item))
}

/// Writes `items` as JSON objects of bounded size; none if there are no items.
pub(super) fn objects<K: AsRef<str>, V: Serialize>(items: impl Iterator<Item = (K, V)>) -> impl Iterator<Item = String> {
    pages(items, *b"{}", |out, (key, value)| {
        write(out, &key.as_ref());
        out.push(b':');
        write(out, &value);
    })
}

fn pages<T>(
    mut items: impl Iterator<Item = T>,
    [open, close]: [u8; 2],
    mut write: impl FnMut(&mut Vec<u8>, T),
) -> impl Iterator<Item = String> {
    std::iter::from_fn(move || {
        let mut item = items.next()?;
        let mut out = vec![open];
        loop {
            write(&mut out, item);
            if out.len() >= PAGE {
                break;
            }
            match items.next() {
                Some(next) => item = next,
                None => break,
            }
            out.push(b',');
        }
        out.push(close);
        Some(into_text(out))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_no_nul_character() {
        assert_eq!(to_json(&["a\0b", "\\u0000", "\u{1}é\n"]), r#"["ab","\\u0000","\u0001é\n"]"#);
    }

    #[test]
    fn long_lists_are_split_into_several_parameters() {
        let long = "x".repeat(PAGE / 2);
        let all: Vec<String> = arrays([&long, &long, &long].into_iter()).collect();
        assert_eq!(all.iter().map(String::len).collect::<Vec<_>>(), [PAGE + 7, PAGE / 2 + 4]);
    }

    #[test]
    fn no_items_make_no_parameter() {
        assert_eq!(arrays(std::iter::empty::<i64>()).count(), 0);
    }

    #[test]
    fn pairs_make_one_object() {
        let all: Vec<String> = objects([("a\"", 1), ("b", 2)].into_iter()).collect();
        assert_eq!(all, [r#"{"a\"":1,"b":2}"#]);
    }
}
