//! References in XML: those of XML, of HTML, and those that the document declares, each replaced once.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use memchr::memchr;

use crate::html::decode_entities;

/// Declarations beyond this are not heeded.
const MOST_ENTITIES: usize = 256;
/// All that declared entities may add to a document, in bytes: an entity that stands for a kilobyte, named a million times, is
/// an attack.
const MOST_ADDED: usize = 1 << 20;

/// The entities that a document declares.
#[derive(Default)]
pub(super) struct Entities<'a> {
    declared: HashMap<&'a str, String>,
    added: Cell<usize>,
    /// Whether a reference was met that is none, or that only HTML knows.
    pub(super) odd: Cell<bool>,
}

impl<'a> Entities<'a> {
    /// Reads the internal subset of a document type. External entities are not heeded: nothing is fetched for them.
    pub(super) fn declare(&mut self, doctype: &'a str) {
        for declaration in doctype.split("<!ENTITY").skip(1) {
            // Of all document types together: some bodies have thousands.
            if self.declared.len() >= MOST_ENTITIES {
                return;
            }
            let declaration = declaration.trim_ascii_start();
            let Some((name, rest)) = declaration.split_once(|c: char| c.is_ascii_whitespace()) else { continue };
            let rest = rest.trim_ascii_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let Some((value, _)) = rest[1..].split_once(quote) else { continue };
            // Only characters are resolved in a value, no other entities: there is no nesting, and no explosion.
            self.declared.entry(name).or_insert_with(|| decode_entities(value).into_owned());
        }
    }

    /// Resolves the references in `text`.
    pub(super) fn resolve<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(first) = memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
        let mut out = String::with_capacity(text.len());
        out.push_str(&text[..first]);
        let mut rest = &text[first..];
        while !rest.is_empty() {
            rest = self.reference(rest, &mut out);
            let next = memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
            out.push_str(&rest[..next]);
            rest = &rest[next..];
        }
        Cow::Owned(out)
    }

    /// Resolves the reference at the start of `text`; gives what follows.
    fn reference<'t>(&self, text: &'t str, out: &mut String) -> &'t str {
        for (written, meant) in [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"'), ("&apos;", '\'')] {
            if let Some(rest) = text.strip_prefix(written) {
                out.push(meant);
                return rest;
            }
        }
        if let Some(end) = reference_end(text) {
            if let Some(value) = self.declared(&text[1..end]) {
                out.push_str(value);
                return &text[end + 1..];
            }
            let whole = &text[..=end];
            let resolved = decode_entities(whole);
            if resolved != whole {
                if !whole.starts_with("&#") {
                    self.odd.set(true);
                }
                out.push_str(&resolved);
                return &text[end + 1..];
            }
        }
        self.odd.set(true);
        out.push('&');
        &text[1..]
    }

    /// What a declared entity stands for.
    fn declared(&self, name: &str) -> Option<&str> {
        let value = self.declared.get(name)?;
        let added = self.added.get() + value.len();
        self.added.set(added);
        (added <= MOST_ADDED).then_some(value.as_str())
    }

    /// Text as written as HTML: what the document declares is resolved, all else HTML knows itself.
    pub(super) fn push_html(&self, text: &str, out: &mut String) {
        if self.declared.is_empty() {
            push_characters(text, out);
            return;
        }
        let mut rest = text;
        while let Some(at) = memchr(b'&', rest.as_bytes()) {
            push_characters(&rest[..at], out);
            rest = &rest[at..];
            if let Some((end, value)) = reference_end(rest).and_then(|end| Some((end, self.declared(&rest[1..end])?))) {
                out.push_str(&crate::html::escape(value));
                rest = &rest[end + 1..];
            } else {
                out.push('&');
                rest = &rest[1..];
            }
        }
        push_characters(rest, out);
    }
}

/// Writes text as HTML: a `<` in it begins no tag.
fn push_characters(text: &str, out: &mut String) {
    for (place, part) in text.split('<').enumerate() {
        if place > 0 {
            out.push_str("&lt;");
        }
        out.push_str(part);
    }
}

/// Where the reference at the start of `text` has its `;`. The next `&` begins another one: looking beyond it, each of a
/// million would be looked at by all before it.
fn reference_end(text: &str) -> Option<usize> {
    let bytes = &text.as_bytes()[..text.len().min(64)];
    let end = 1 + bytes[1..].iter().position(|b| matches!(b, b';' | b'&' | b' ' | b'<'))?;
    (bytes[end] == b';').then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_once_whoever_knows_them() {
        let mut entities = Entities::default();
        entities.declare(
            " rss [<!ENTITY jo \"Jeux &#233;t&eacute;\"> <!ENTITY bomb '&jo;&jo;'> <!ENTITY file SYSTEM 'file:///etc/passwd'>]>",
        );
        assert_eq!(entities.resolve("&jo; &amp;lt; &#8217; plain"), "Jeux été &lt; ’ plain");
        assert!(!entities.odd.get());
        assert_eq!(entities.resolve("&bomb; &file; &rsquo; R&D & &bogus;"), "&jo;&jo; &file; ’ R&D & &bogus;");
        assert!(entities.odd.get());
        let mut html = String::new();
        entities.push_html("< 2 &jo; &amp; &eacute;", &mut html);
        assert_eq!(html, "&lt; 2 Jeux été &amp; &eacute;");
    }

    #[test]
    fn a_declared_entity_cannot_flood() {
        let mut entities = Entities::default();
        let doctype = format!(" x [<!ENTITY a \"{}\">]>", "x".repeat(10_000));
        entities.declare(&doctype);
        assert!(entities.resolve(&"&a;".repeat(100_000)).len() < MOST_ADDED + 1_000_000);
    }
}
