//! The content of an element: text, escaped HTML, or unescaped HTML.

use std::borrow::Cow;

use base64::Engine as _;

use super::lexer::{XmlTag, XmlToken};
use super::names::{Namespaces, Vocabulary};
use super::reader::{Child, Inside, XmlReader, is_misspelt};
use crate::feed::draft::{Inherited, Markup, RichText};
use crate::feed::repairs::Repair;
use crate::html::{elements, escape, has_markup, undo_escape};

/// The expected content of an element. It decides which start tags mean that its end tag is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// A line of text: any element of a feed ends it.
    Line,
    /// Text, often HTML: elements that HTML does not have end it.
    Text,
    /// Markup: no start tag ends it.
    Markup,
}

/// The content of an element as parsed.
pub(super) struct ElementValue<'a> {
    pub(super) text: Cow<'a, str>,
    /// True if there was unescaped markup: then the text is HTML.
    pub(super) is_markup: bool,
    pub(super) scope: Inherited<'a>,
}

/// A part of a text.
#[derive(Clone, Copy)]
enum TextPiece<'a> {
    Raw(&'a str),
    Cdata(&'a str),
}

/// The number of open elements among which the start of an end tag is searched. The cleaner handles deeper nesting.
const MAX_SEARCHED: usize = 64;
/// Elements of feeds that HTML does not have.
const FEED_ONLY: [&str; 15] = [
    "item",
    "entry",
    "guid",
    "pubdate",
    "category",
    "enclosure",
    "author",
    "comments",
    "published",
    "updated",
    "description",
    "channel",
    "modified",
    "issued",
    "managingeditor",
];
/// Elements of feeds that HTML has too.
const SHARED: [&str; 9] = ["title", "link", "summary", "content", "source", "id", "language", "copyright", "image"];

impl<'a> XmlReader<'a> {
    /// Reads an element as a line of text: references resolved, white space trimmed.
    pub(super) fn read_line(&mut self, child: &Child<'a>) -> Cow<'a, str> {
        let value = self.read_value(child, Expected::Line);
        trimmed(value.text)
    }

    /// Reads an element as text or HTML, by its `type` and `mode` (RFC 4287 §3.1, Atom 0.3 §3.1), else as `usual`. Returns nothing if
    /// it is empty or not text.
    pub(super) fn read_rich_text(&mut self, child: &Child<'a>, usual: Markup, expected: Expected) -> Option<RichText<'a>> {
        let media_type = child.tag.attribute("type").map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let mode = child.tag.attribute("mode").map(str::trim);
        let is = |known: &[&str]| media_type.is_some_and(|kind| known.iter().any(|known| kind.eq_ignore_ascii_case(known)));
        let is_markup = is(&["xhtml", "xml", "application/xhtml+xml", "application/xml", "text/xml"])
            || media_type.is_some_and(|kind| kind.ends_with("+xml"));
        let value = self.read_value(child, if is_markup { Expected::Markup } else { expected });
        let scope = value.scope;
        if value.text.trim_ascii().is_empty() {
            return None;
        }
        if value.is_markup {
            return Some(RichText { text: value.text, markup: Markup::Html, scope });
        }
        let is_html = is(&["html", "text/html"]);
        let is_text = is_markup || is(&["text", "plain", "text/plain", ""]);
        let is_encoded = mode.is_some_and(|mode| mode.eq_ignore_ascii_case("base64"));
        // A type that is none, or an escape without a type: the text itself tells.
        let is_said =
            is_html || is_text || media_type.is_none() && !mode.is_some_and(|mode| mode.eq_ignore_ascii_case("escaped"));
        let told = |text: &str| if !is_said && has_markup(text) { Markup::Html } else { usual };
        if is_encoded || !(is_html || is_text || media_type.is_none_or(|kind| kind.starts_with("text/") || !kind.contains('/'))) {
            let Some(text) = decode_base64(&value.text) else {
                let is_markup = !is_encoded && told(&value.text) == Markup::Html;
                return is_markup.then_some(RichText { text: value.text, markup: Markup::Html, scope });
            };
            let markup = if is_text || media_type.is_none() && usual == Markup::Text { Markup::Text } else { Markup::Html };
            return Some(RichText { text: Cow::Owned(text), markup, scope });
        }
        let markup = if is_html {
            Markup::Html
        } else if is_text {
            Markup::Text
        } else {
            told(&value.text)
        };
        let undone = if markup == Markup::Html && expected != Expected::Line { undo_escape(&value.text) } else { None };
        Some(RichText { text: undone.map_or(value.text, Cow::Owned), markup, scope })
    }

    /// Reads an element to its end.
    pub(super) fn read_value(&mut self, child: &Child<'a>, expected: Expected) -> ElementValue<'a> {
        let mut value = ElementValue { text: Cow::Borrowed(""), is_markup: false, scope: child.scope };
        if child.tag.is_empty {
            self.names.back_to(child.mark);
            return value;
        }
        let mut pieces: Vec<TextPiece<'a>> = Vec::new();
        while let Some(token) = self.lexer.next() {
            match token {
                XmlToken::Text(text) => pieces.push(TextPiece::Raw(text)),
                XmlToken::Cdata(text) => pieces.push(TextPiece::Cdata(text)),
                XmlToken::Doctype(_) => {}
                XmlToken::Start(tag) => {
                    if self.is_end_missing(&tag, expected) {
                        self.repairs().note(Repair::Tags);
                        self.lexer.put_back(token);
                        break;
                    }
                    if expected != Expected::Markup {
                        self.repairs().note(Repair::UnescapedMarkup);
                    }
                    value.is_markup = true;
                    value.text = Cow::Owned(self.read_markup(child, tag, &pieces, expected, &mut value.scope));
                    break;
                }
                XmlToken::End(name) => {
                    if self.ends_element(name, child) {
                        break;
                    }
                }
            }
        }
        if !value.is_markup {
            value.text = self.join(&pieces);
        }
        self.names.back_to(child.mark);
        value
    }

    /// Handles an end tag inside an element. Returns true if it ends the element.
    fn ends_element(&mut self, name: &'a str, child: &Child<'a>) -> bool {
        if name.eq_ignore_ascii_case(child.tag.name) {
            return true;
        }
        self.repairs().note(Repair::Tags);
        if self.is_open(name) {
            self.lexer.put_back(XmlToken::End(name));
            return true;
        }
        is_misspelt(name, child.tag.name)
    }

    /// Joins the parts of a text. A single one stays borrowed.
    fn join(&self, pieces: &[TextPiece<'a>]) -> Cow<'a, str> {
        let text = |piece: &TextPiece<'a>| match piece {
            TextPiece::Raw(text) => self.entities.resolve(text),
            TextPiece::Cdata(text) => Cow::Borrowed(*text),
        };
        match pieces {
            [] => Cow::Borrowed(""),
            [one] => text(one),
            many => Cow::Owned(many.iter().map(text).collect::<Vec<_>>().concat()),
        }
    }

    /// Reads unescaped markup as HTML, from its first tag to the end of the element.
    fn read_markup(
        &mut self,
        child: &Child<'a>,
        first: XmlTag<'a>,
        before: &[TextPiece<'a>],
        expected: Expected,
        scope: &mut Inherited<'a>,
    ) -> String {
        let mut out = String::new();
        for piece in before {
            match piece {
                TextPiece::Raw(text) => self.entities.push_html(text, &mut out),
                TextPiece::Cdata(text) => out.push_str(&escape(text)),
            }
        }
        if out.trim_ascii().is_empty() {
            // Nearly always this is the <div> that Atom puts around XHTML (RFC 4287 §3.1.1.3).
            *scope = self.scope_of(&first, *scope);
        }
        let mut inner: Vec<&'a str> = Vec::new();
        self.push_tag(first, &mut out, &mut inner);
        while let Some(token) = self.lexer.next() {
            match token {
                XmlToken::Text(text) => self.entities.push_html(text, &mut out),
                XmlToken::Cdata(text) => out.push_str(&escape(text)),
                XmlToken::Doctype(_) => {}
                XmlToken::Start(tag) => {
                    if self.is_end_missing(&tag, if expected == Expected::Line { Expected::Text } else { expected }) {
                        self.repairs().note(Repair::Tags);
                        self.lexer.put_back(token);
                        break;
                    }
                    self.push_tag(tag, &mut out, &mut inner);
                }
                XmlToken::End(name) => {
                    let open = inner.iter().rev().take(MAX_SEARCHED).position(|open| open.eq_ignore_ascii_case(name));
                    if let Some(back) = open {
                        inner.truncate(inner.len() - 1 - back);
                        out.push_str("</");
                        out.push_str(self.html_name(name));
                        out.push('>');
                    } else if elements::find(name).is_void() {
                        // `<br></br>`: the start tag was complete.
                    } else if self.ends_element(name, child) {
                        break;
                    }
                }
            }
        }
        out
    }

    /// Writes a start tag as HTML.
    fn push_tag(&mut self, tag: XmlTag<'a>, out: &mut String, inner: &mut Vec<&'a str>) {
        self.names.declare(&tag, false, &mut self.lexer.repairs);
        let name = self.html_name(tag.name);
        out.push('<');
        out.push_str(name);
        out.push_str(tag.attributes);
        out.push('>');
        if elements::find(name).is_void() {
            return;
        }
        if tag.is_empty {
            // HTML has no `<div/>`: it would never end.
            out.push_str("</");
            out.push_str(name);
            out.push('>');
        } else {
            inner.push(tag.name);
        }
    }

    /// Returns the name of an XHTML element without its prefix. Other names keep theirs, and mean nothing in HTML.
    fn html_name(&mut self, name: &'a str) -> &'a str {
        if !name.contains(':') {
            return name;
        }
        match self.names.vocabulary_of(name, &mut self.lexer.repairs) {
            Vocabulary::Xhtml | Vocabulary::Rss | Vocabulary::Atom => super::lexer::local_name(name),
            _ => name,
        }
    }

    /// Returns true if a start tag inside an element means that its end tag is missing.
    fn is_end_missing(&mut self, tag: &XmlTag<'a>, expected: Expected) -> bool {
        let name = tag.local_name();
        let is_one_of = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        let is_named = match expected {
            Expected::Markup => return false,
            Expected::Text => is_one_of(&FEED_ONLY),
            Expected::Line => is_one_of(&FEED_ONLY) || is_one_of(&SHARED),
        };
        // Few tags have such a name: the others cost no look at the namespaces.
        let is_own = |names: &Namespaces<'_>, repairs| {
            matches!(names.vocabulary_of(tag.name, repairs), Vocabulary::Rss | Vocabulary::Atom)
        };
        is_named && is_own(&self.names, &mut self.lexer.repairs) || is_extension(tag.name)
    }

    /// Returns the text in mixed content, such as that of an author.
    pub(super) fn text_of(&self, inside: &Inside<'a>) -> Cow<'a, str> {
        match inside {
            Inside::Text(text) => self.entities.resolve(text),
            Inside::Cdata(text) => Cow::Borrowed(text),
            Inside::Child(_) => Cow::Borrowed(""),
        }
    }
}

/// Returns true if a name has the prefix of a common extension.
fn is_extension(name: &str) -> bool {
    let Some((prefix, _)) = name.split_once(':') else { return false };
    ["dc", "content", "itunes", "media", "dcterms", "slash", "wfw", "feedburner"]
        .iter()
        .any(|known| prefix.eq_ignore_ascii_case(known))
}

/// Decodes Base64 to text.
fn decode_base64(text: &str) -> Option<String> {
    let packed: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
    String::from_utf8(bytes).ok()
}

/// Trims white space.
pub(super) fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
