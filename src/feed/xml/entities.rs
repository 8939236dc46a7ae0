//! References in XML: those of XML, of HTML, and those that the document declares, each replaced once.

use std::borrow::Cow;
use std::cell::Cell;

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
    declared: Vec<(&'a str, String)>,
    added: Cell<usize>,
    /// Whether a reference was met that is none, or that only HTML knows.
    pub(super) odd: Cell<bool>,
}

impl<'a> Entities<'a> {
    /// Reads the internal subset of a document type. External entities are not heeded: nothing is fetched for them.
    pub(super) fn declare(&mut self, doctype: &'a str) {
        for declaration in doctype.split("<!ENTITY").skip(1).take(MOST_ENTITIES) {
            let declaration = declaration.trim_ascii_start();
            let Some((name, rest)) = declaration.split_once(|c: char| c.is_ascii_whitespace()) else { continue };
            let rest = rest.trim_ascii_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let Some((value, _)) = rest[1..].split_once(quote) else { continue };
            // Only characters are resolved in a value, no other entities: there is no nesting, and no explosion.
            self.declared.push((name, decode_entities(value).into_owned()));
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
        let end = text.bytes().take(64).position(|b| b == b';');
        if let Some(end) = end {
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
        let (_, value) = self.declared.iter().find(|(declared, _)| *declared == name)?;
        let added = self.added.get() + value.len();
        self.added.set(added);
        (added <= MOST_ADDED).then_some(value.as_str())
    }

    /// Text as written as HTML: what the document declares is resolved, all else HTML knows itself.
    pub(super) fn push_html(&self, text: &str, out: &mut String) {
        // A `<` that begins no tag.
        let text = text.strip_prefix('<').inspect(|_| out.push_str("&lt;")).unwrap_or(text);
        if self.declared.is_empty() {
            out.push_str(text);
            return;
        }
        let mut rest = text;
        while let Some(at) = memchr(b'&', rest.as_bytes()) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = rest.bytes().take(64).position(|b| b == b';');
            if let Some((end, value)) = end.and_then(|end| Some((end, self.declared(&rest[1..end])?))) {
                out.push_str(&crate::html::escape(value));
                rest = &rest[end + 1..];
            } else {
                out.push('&');
                rest = &rest[1..];
            }
        }
        out.push_str(rest);
    }
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
