//! Elements of XML that the crates for Atom and RSS have no types for: Media RSS, podcasts, tombstones, archives, links of Atom in RSS.

use std::collections::BTreeMap;

use super::chars;
use crate::model::Edition;

/// The prefixes of the elements, with their namespaces.
const NAMESPACES: [(&str, &str); 6] = [
    ("at", "http://purl.org/atompub/tombstones/1.0"),
    ("atom", "http://www.w3.org/2005/Atom"),
    ("fh", "http://purl.org/syndication/history/1.0"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("podcast", "https://podcastindex.org/namespace/1.0"),
];

/// An element with a prefix.
pub(super) struct Element {
    prefix: &'static str,
    name: &'static str,
    /// The attributes, on one line each.
    attributes: Vec<(&'static str, String)>,
    text: Option<String>,
    children: Vec<Element>,
}

impl Element {
    /// Makes an element; `prefix` is one of [`NAMESPACES`].
    pub(super) fn new(prefix: &'static str, name: &'static str) -> Self {
        Self { prefix, name, attributes: Vec::new(), text: None, children: Vec::new() }
    }

    /// Adds an attribute, as one line.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.attributes.push((name, chars::line(value).into_owned()));
        self
    }

    /// Adds an attribute, if there is a value.
    pub(super) fn with_some(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, &value.to_string()),
            None => self,
        }
    }

    /// Sets the text, as one line.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.text = Some(chars::line(text).trim().to_owned());
        self
    }

    /// Adds elements inside.
    pub(super) fn holding(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    fn full_name(&self) -> String {
        format!("{}:{}", self.prefix, self.name)
    }
}

/// Returns the mark of an archive document (RFC 5005 §4), which a document gets once it changes no more: readers that have one need not
/// load it again.
pub(super) fn archive_mark(edition: &Edition) -> Option<Element> {
    edition.archive.is_closed.then(|| Element::new("fh", "archive"))
}

/// Returns the namespaces of the prefixes that a test says are in use.
pub(super) fn namespaces(is_used: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let used = NAMESPACES.iter().filter(|(prefix, _)| is_used(prefix));
    used.map(|(prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned())).collect()
}

/// An extension as a crate wants it: made of name, text, attributes, and the extensions inside by their name.
pub(super) trait FromElement: Sized {
    /// Makes the extension.
    fn make(name: String, text: Option<String>, attributes: BTreeMap<String, String>, children: ByName<Self>) -> Self;
}

/// Extensions by name.
pub(super) type ByName<E> = BTreeMap<String, Vec<E>>;

/// Makes extensions by prefix and name, as the crates want them.
pub(super) fn extensions<E: FromElement>(elements: impl IntoIterator<Item = Element>) -> BTreeMap<String, ByName<E>> {
    let mut map: BTreeMap<String, ByName<E>> = BTreeMap::new();
    for element in elements {
        let named = map.entry(element.prefix.to_owned()).or_default().entry(element.name.to_owned()).or_default();
        named.push(extension(element));
    }
    map
}

fn extension<E: FromElement>(element: Element) -> E {
    let name = element.full_name();
    let mut children: ByName<E> = BTreeMap::new();
    for child in element.children {
        children.entry(child.name.to_owned()).or_default().push(extension(child));
    }
    let attributes = element.attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    E::make(name, element.text, attributes, children)
}
