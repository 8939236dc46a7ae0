//! Documents and lists as JSON text: how everything but numbers travels to the database, and how documents come back.

use std::fmt::Display;
use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

use super::{Store, StoreError};

/// How long one JSON parameter may grow before the next is begun: some hundred entries. It stands in memory three times
/// while the database takes it.
const PAGE: usize = 1 << 20;

/// Compact JSON without U+0000, which PostgreSQL cannot keep in a text: one such character would refuse a whole batch.
struct NoNul;

impl Formatter for NoNul {
    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::AsciiControl(0) => Ok(()),
            escape => CompactFormatter.write_char_escape(writer, escape),
        }
    }
}

fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    value
        .serialize(&mut Serializer::with_formatter(out, NoNul))
        .expect("memory takes everything, and what we keep has strings for keys");
}

fn finish(json: Vec<u8>) -> String {
    String::from_utf8(json).expect("serde_json writes UTF-8")
}

/// A plain text without U+0000.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "")
}

/// `value` as JSON text.
pub(super) fn text(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    write(&mut out, value);
    finish(out)
}

/// Names or keys as a JSON array.
pub(super) fn items(items: &[impl Serialize]) -> String {
    text(&items)
}

/// `items` as JSON arrays of bounded size, one after the other; none when there are no items.
pub(super) fn rows<T: Serialize>(items: impl Iterator<Item = T>) -> impl Iterator<Item = String> {
    pages(items, *b"[]", |out, item| write(out, &item))
}

/// The same as JSON objects.
pub(super) fn pairs<K: AsRef<str>, V: Serialize>(items: impl Iterator<Item = (K, V)>) -> impl Iterator<Item = String> {
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
        Some(finish(out))
    })
}

impl Store {
    /// Reads a document of `what` that this store has kept.
    pub(super) fn read_doc<T: DeserializeOwned>(&self, what: &'static str, json: &str) -> Result<T, StoreError> {
        serde_json::from_str(json).map_err(|error| self.damaged(what, &error))
    }

    /// That something which this store has kept cannot be read.
    pub(super) fn damaged(&self, what: &'static str, why: &dyn Display) -> StoreError {
        StoreError::Damaged { place: self.location.to_string(), reason: format!("{what} cannot be read: {why}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_the_character_that_postgresql_cannot_keep() {
        assert_eq!(text(&["a\0b", "\\u0000", "\u{1}é\n"]), r#"["ab","\\u0000","\u0001é\n"]"#);
    }

    #[test]
    fn begins_a_new_parameter_when_one_has_grown_long() {
        let long = "x".repeat(PAGE / 2);
        let all: Vec<String> = rows([&long, &long, &long].into_iter()).collect();
        assert_eq!(all.iter().map(String::len).collect::<Vec<_>>(), [PAGE + 7, PAGE / 2 + 4]);
        assert_eq!(rows(std::iter::empty::<i64>()).count(), 0);
        let all: Vec<String> = pairs([("a\"", 1), ("b", 2)].into_iter()).collect();
        assert_eq!(all, [r#"{"a\"":1,"b":2}"#]);
    }
}
