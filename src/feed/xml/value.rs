//! What an element holds: text, HTML that was escaped, or HTML that stands there as it is.

use std::borrow::Cow;

use base64::Engine as _;

use super::lexer::{Tag, Token};
use super::names::Vocabulary;
use super::reader::{Child, Inside, Reader, is_misspelt};
use crate::feed::draft::{Kind, Place, Rich};
use crate::feed::repairs::Repair;
use crate::html::escape;

/// What is expected inside an element: it tells which tags mean that the element has lost its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// A line of text: any element of a feed.
    Line,
    /// Text, often HTML: elements that HTML does not have.
    Text,
    /// Markup: none.
    Markup,
}

/// What was found.
pub(super) struct Value<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether markup stood there unescaped: the text is HTML then.
    pub(super) markup: bool,
    pub(super) place: Place<'a>,
}

/// A piece of text.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Raw(&'a str),
    Cdata(&'a str),
}

/// HTML elements without an end tag (HTML §13.1.2).
const VOID: [&str; 13] = ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
/// End tags are looked for among so many open ones: more deeply nested markup is the cleaner's to judge.
const LOOKED_THROUGH: usize = 64;
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

impl<'a> Reader<'a> {
    /// The text of an element as a line: references resolved, white space around it dropped.
    pub(super) fn line(&mut self, child: &Child<'a>) -> Cow<'a, str> {
        let value = self.value(child, Expected::Line);
        trimmed(value.text)
    }

    /// Text or HTML by what the element's `type` and `mode` say (RFC 4287 §3.1, Atom 0.3 §3.1), else of `usual` kind.
    /// Nothing for what is empty, or no text.
    pub(super) fn rich(&mut self, child: &Child<'a>, usual: Kind, expected: Expected) -> Option<Rich<'a>> {
        let media_type = child.tag.raw("type").map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let mode = child.tag.raw("mode").map(str::trim);
        let is = |known: &[&str]| media_type.is_some_and(|kind| known.iter().any(|known| kind.eq_ignore_ascii_case(known)));
        let is_markup = is(&["xhtml", "xml", "application/xhtml+xml", "application/xml", "text/xml"])
            || media_type.is_some_and(|kind| kind.ends_with("+xml"));
        let value = self.value(child, if is_markup { Expected::Markup } else { expected });
        let place = value.place;
        if value.text.trim_ascii().is_empty() {
            return None;
        }
        if value.markup {
            return Some(Rich { text: value.text, kind: Kind::Html, place });
        }
        let is_html = is(&["html", "text/html"]);
        let is_text = is_markup || is(&["text", "plain", "text/plain", ""]);
        let is_encoded = mode.is_some_and(|mode| mode.eq_ignore_ascii_case("base64"));
        if is_encoded || !(is_html || is_text || media_type.is_none_or(|kind| kind.starts_with("text/") || !kind.contains('/'))) {
            let text = decoded(&value.text)?;
            let kind = if is_text || media_type.is_none() && usual == Kind::Text { Kind::Text } else { Kind::Html };
            return Some(Rich { text: Cow::Owned(text), kind, place });
        }
        let kind = if is_html {
            Kind::Html
        } else if is_text {
            Kind::Text
        } else {
            usual
        };
        Some(Rich { text: value.text, kind, place })
    }

    /// All that an element holds; reads to its end.
    pub(super) fn value(&mut self, child: &Child<'a>, expected: Expected) -> Value<'a> {
        let mut value = Value { text: Cow::Borrowed(""), markup: false, place: child.place };
        if child.tag.empty {
            self.names.back_to(child.mark);
            return value;
        }
        let mut pieces: Vec<Piece<'a>> = Vec::new();
        while let Some(token) = self.lexer.next() {
            match token {
                Token::Text(text) => pieces.push(Piece::Raw(text)),
                Token::Cdata(text) => pieces.push(Piece::Cdata(text)),
                Token::Doctype(_) => {}
                Token::Start(tag) => {
                    if self.ends(&tag, expected) {
                        self.repairs().note(Repair::Tags);
                        self.lexer.put_back(token);
                        break;
                    }
                    if expected != Expected::Markup {
                        self.repairs().note(Repair::UnescapedMarkup);
                    }
                    value.markup = true;
                    value.text = Cow::Owned(self.markup(child, tag, &pieces, expected, &mut value.place));
                    break;
                }
                Token::End(name) => {
                    if self.ends_here(name, child) {
                        break;
                    }
                }
            }
        }
        if !value.markup {
            value.text = self.joined(&pieces);
        }
        self.names.back_to(child.mark);
        value
    }

    /// Takes an end tag inside an element; gives whether that has ended.
    fn ends_here(&mut self, name: &'a str, child: &Child<'a>) -> bool {
        if name.eq_ignore_ascii_case(child.tag.name) {
            return true;
        }
        self.repairs().note(Repair::Tags);
        if self.is_open(name) {
            self.lexer.put_back(Token::End(name));
            return true;
        }
        is_misspelt(name, child.tag.name)
    }

    /// Text of several pieces; borrowed if there is but one.
    fn joined(&self, pieces: &[Piece<'a>]) -> Cow<'a, str> {
        let text = |piece: &Piece<'a>| match piece {
            Piece::Raw(text) => self.entities.resolve(text),
            Piece::Cdata(text) => Cow::Borrowed(*text),
        };
        match pieces {
            [] => Cow::Borrowed(""),
            [one] => text(one),
            many => Cow::Owned(many.iter().map(text).collect::<Vec<_>>().concat()),
        }
    }

    /// Markup that stands in an element unescaped, as HTML, from its first tag on; reads to the end of the element.
    fn markup(
        &mut self,
        child: &Child<'a>,
        first: Tag<'a>,
        before: &[Piece<'a>],
        expected: Expected,
        place: &mut Place<'a>,
    ) -> String {
        let mut out = String::new();
        for piece in before {
            match piece {
                Piece::Raw(text) => self.entities.push_html(text, &mut out),
                Piece::Cdata(text) => out.push_str(&escape(text)),
            }
        }
        if out.trim_ascii().is_empty() {
            // Nearly always the <div> that Atom puts around XHTML (RFC 4287 §3.1.1.3).
            *place = self.place(&first, *place);
        }
        let mut inner: Vec<&'a str> = Vec::new();
        self.push_tag(first, &mut out, &mut inner);
        while let Some(token) = self.lexer.next() {
            match token {
                Token::Text(text) => self.entities.push_html(text, &mut out),
                Token::Cdata(text) => out.push_str(&escape(text)),
                Token::Doctype(_) => {}
                Token::Start(tag) => {
                    if self.ends(&tag, if expected == Expected::Line { Expected::Text } else { expected }) {
                        self.repairs().note(Repair::Tags);
                        self.lexer.put_back(token);
                        break;
                    }
                    self.push_tag(tag, &mut out, &mut inner);
                }
                Token::End(name) => {
                    let open = inner.iter().rev().take(LOOKED_THROUGH).position(|open| open.eq_ignore_ascii_case(name));
                    if let Some(back) = open {
                        inner.truncate(inner.len() - 1 - back);
                        out.push_str("</");
                        out.push_str(self.html_name(name));
                        out.push('>');
                    } else if VOID.iter().any(|void| name.eq_ignore_ascii_case(void)) {
                        // `<br></br>`: the start tag was all.
                    } else if self.ends_here(name, child) {
                        break;
                    }
                }
            }
        }
        out
    }

    /// Writes a start tag as HTML.
    fn push_tag(&mut self, tag: Tag<'a>, out: &mut String, inner: &mut Vec<&'a str>) {
        self.names.declare(&tag, false, &mut self.lexer.repairs);
        let name = self.html_name(tag.name);
        out.push('<');
        out.push_str(name);
        out.push_str(tag.attributes);
        out.push('>');
        if VOID.iter().any(|void| name.eq_ignore_ascii_case(void)) {
            return;
        }
        if tag.empty {
            // HTML knows no `<div/>`: it would never end.
            out.push_str("</");
            out.push_str(name);
            out.push('>');
        } else {
            inner.push(tag.name);
        }
    }

    /// The name of an element of XHTML without its prefix; others keep theirs, and mean nothing in HTML.
    fn html_name(&mut self, name: &'a str) -> &'a str {
        if !name.contains(':') {
            return name;
        }
        match self.names.of(name, &mut self.lexer.repairs) {
            Vocabulary::Xhtml | Vocabulary::Rss | Vocabulary::Atom => super::lexer::local(name),
            _ => name,
        }
    }

    /// Whether a tag inside an element means that this has lost its end.
    fn ends(&mut self, tag: &Tag<'a>, expected: Expected) -> bool {
        let name = tag.local();
        let is_one_of = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        let own = matches!(self.names.of(tag.name, &mut self.lexer.repairs), Vocabulary::Rss | Vocabulary::Atom);
        match expected {
            Expected::Markup => false,
            Expected::Text => own && is_one_of(&FEED_ONLY) || is_extension(tag.name),
            Expected::Line => own && (is_one_of(&FEED_ONLY) || is_one_of(&SHARED)) || is_extension(tag.name),
        }
    }

    /// Reads text that stands among other elements: the mixed content of an author.
    pub(super) fn text_of(&self, inside: &Inside<'a>) -> Cow<'a, str> {
        match inside {
            Inside::Text(text) => self.entities.resolve(text),
            Inside::Cdata(text) => Cow::Borrowed(text),
            Inside::Child(_) => Cow::Borrowed(""),
        }
    }
}

/// Whether a name is that of an extension that feeds use beside their own elements.
fn is_extension(name: &str) -> bool {
    let Some((prefix, _)) = name.split_once(':') else { return false };
    ["dc", "content", "itunes", "media", "dcterms", "slash", "wfw", "feedburner"]
        .iter()
        .any(|known| prefix.eq_ignore_ascii_case(known))
}

/// Base64 as text; nothing if it is none.
fn decoded(text: &str) -> Option<String> {
    let packed: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
    String::from_utf8(bytes).ok()
}

/// Without white space around it.
pub(super) fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
