//! Entity references: those of XML, of HTML, and those that the document declares, each resolved once.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use memchr::memchr;

use crate::html::{decode_entities, surrogate_at};

/// The number of declarations that are read.
const MAX_ENTITIES: usize = 256;
/// The total size of declared entities in a document, in bytes: a kilobyte referenced a million times is an attack.
const MAX_ADDED: usize = 1 << 20;

/// The entities that a document declares.
#[derive(Default)]
pub(super) struct Entities<'a> {
    declared: HashMap<&'a str, String>,
    added: Cell<usize>,
    /// True if there was an invalid reference, or one that only HTML defines.
    pub(super) has_invalid: Cell<bool>,
}

impl<'a> Entities<'a> {
    /// Reads the internal subset of a document type. External entities are ignored: nothing is fetched for them.
    pub(super) fn declare(&mut self, doctype: &'a str) {
        for declaration in doctype.split("<!ENTITY").skip(1) {
            // The limit covers all document types of the body: some have thousands.
            if self.declared.len() >= MAX_ENTITIES {
                return;
            }
            let declaration = declaration.trim_ascii_start();
            let Some((name, rest)) = declaration.split_once(|c: char| c.is_ascii_whitespace()) else { continue };
            let rest = rest.trim_ascii_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let Some((value, _)) = rest[1..].split_once(quote) else { continue };
            // Only character references are resolved in a value: entities do not nest, so they cannot explode.
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
            rest = self.resolve_reference(rest, &mut out);
            let next = memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
            out.push_str(&rest[..next]);
            rest = &rest[next..];
        }
        Cow::Owned(out)
    }

    /// Resolves the reference at the start of `text`, and returns the rest.
    fn resolve_reference<'t>(&self, text: &'t str, out: &mut String) -> &'t str {
        for (written, meant) in [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"'), ("&apos;", '\'')] {
            if let Some(rest) = text.strip_prefix(written) {
                out.push(meant);
                return rest;
            }
        }
        if let Some((character, length)) = surrogate_at(text) {
            self.has_invalid.set(true);
            out.push(character);
            return &text[length..];
        }
        if let Some(end) = find_reference_end(text) {
            if let Some(value) = self.declared_value(&text[1..end]) {
                out.push_str(value);
                return &text[end + 1..];
            }
            let whole = &text[..=end];
            let resolved = decode_entities(whole);
            if resolved != whole {
                if !whole.starts_with("&#") {
                    self.has_invalid.set(true);
                }
                out.push_str(&resolved);
                return &text[end + 1..];
            }
        }
        self.has_invalid.set(true);
        out.push('&');
        &text[1..]
    }

    /// Returns the value of a declared entity, within the total size.
    fn declared_value(&self, name: &str) -> Option<&str> {
        let value = self.declared.get(name)?;
        let added = self.added.get() + value.len();
        self.added.set(added);
        (added <= MAX_ADDED).then_some(value.as_str())
    }

    /// Writes text as HTML. Only declared entities are resolved: HTML knows the others.
    pub(super) fn push_html(&self, text: &str, out: &mut String) {
        if self.declared.is_empty() {
            push_characters(text, out);
            return;
        }
        let mut rest = text;
        while let Some(at) = memchr(b'&', rest.as_bytes()) {
            push_characters(&rest[..at], out);
            rest = &rest[at..];
            if let Some((end, value)) = find_reference_end(rest).and_then(|end| Some((end, self.declared_value(&rest[1..end])?)))
            {
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
    for (index, part) in text.split('<').enumerate() {
        if index > 0 {
            out.push_str("&lt;");
        }
        out.push_str(part);
    }
}

/// Returns the position of the `;` of the reference at the start of `text`. The search ends at the next `&`: else each of a million
/// would search through all after it.
fn find_reference_end(text: &str) -> Option<usize> {
    let bytes = &text.as_bytes()[..text.len().min(64)];
    let end = 1 + bytes[1..].iter().position(|b| matches!(b, b';' | b'&' | b' ' | b'<'))?;
    (bytes[end] == b';').then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_exactly_once() {
        let mut entities = Entities::default();
        entities.declare(
            " rss [<!ENTITY jo \"Jeux &#233;t&eacute;\"> <!ENTITY bomb '&jo;&jo;'> <!ENTITY file SYSTEM 'file:///etc/passwd'>]>",
        );
        assert_eq!(entities.resolve("&jo; &amp;lt; &#8217; plain"), "Jeux été &lt; ’ plain");
        assert!(!entities.has_invalid.get());
        assert_eq!(entities.resolve("&bomb; &file; &rsquo; R&D & &bogus;"), "&jo;&jo; &file; ’ R&D & &bogus;");
        assert!(entities.has_invalid.get());
        let mut html = String::new();
        entities.push_html("< 2 &jo; &amp; &eacute;", &mut html);
        assert_eq!(html, "&lt; 2 Jeux été &amp; &eacute;");
    }

    #[test]
    fn surrogate_references_are_joined_and_reported() {
        let entities = Entities::default();
        assert_eq!(entities.resolve("a &#55357;&#56841; &lt;"), "a 😉 <");
        assert!(entities.has_invalid.get());
    }

    #[test]
    fn declared_entities_are_limited_in_total_size() {
        let mut entities = Entities::default();
        let doctype = format!(" x [<!ENTITY a \"{}\">]>", "x".repeat(10_000));
        entities.declare(&doctype);
        assert!(entities.resolve(&"&a;".repeat(100_000)).len() < MAX_ADDED + 1_000_000);
    }
}
