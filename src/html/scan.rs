//! The one scanner of tags, for code that works without a tree. It reads HTML as browsers do (HTML §13.2.5), allocates nothing, takes
//! linear time, and loses nothing: the tokens put together are the input.
//!
//! It differs from a browser in three places, where feeds would lose text: a quote that is never closed quotes nothing, `<script/>`
//! is closed, and a CDATA section ends at `]]>`.

use std::borrow::Cow;
use std::iter::FusedIterator;

use memchr::memmem;

use super::decode_entities;
use super::elements;

/// A part of HTML, as it is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Text, with its character references.
    Text(&'a str),
    /// The content of a `<script>`, `<style>` or another element that has neither markup nor references in it.
    RawText(&'a str),
    /// A start tag.
    Start(Tag<'a>),
    /// An end tag.
    End(Tag<'a>),
    /// A comment.
    Comment(&'a str),
    /// A document type, processing instruction, CDATA section, or what browsers take for a comment.
    Other(&'a str),
    /// A tag or the like that the input ends in.
    Unfinished(&'a str),
}

impl<'a> Token<'a> {
    /// The token as it is written.
    pub(crate) fn raw(&self) -> &'a str {
        match self {
            Self::Start(tag) | Self::End(tag) => tag.raw,
            Self::Text(raw) | Self::RawText(raw) | Self::Comment(raw) | Self::Other(raw) | Self::Unfinished(raw) => raw,
        }
    }
}

/// A tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// The whole tag, from `<` to `>`.
    pub(crate) raw: &'a str,
    /// The name, in the case in which it is written.
    pub(crate) name: &'a str,
}

impl<'a> Tag<'a> {
    /// Compares the whole name, without regard to case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// True if the tag ends in `/>`.
    pub(crate) fn is_self_closing(&self) -> bool {
        self.raw.ends_with("/>")
    }

    /// The attributes in their order. A name that comes twice is given twice: the first counts.
    pub(crate) fn attributes(&self) -> Attributes<'a> {
        let begin = 1 + usize::from(self.raw.starts_with("</"));
        Attributes { raw: self.raw, at: begin + self.name.len() }
    }

    /// The value of the first attribute of that name, references resolved; empty if it has no value.
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes().find(|attribute| attribute.name.eq_ignore_ascii_case(name)).map(|attribute| attribute.value())
    }
}

/// An attribute of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    /// The name, in the case in which it is written.
    pub(crate) name: &'a str,
    /// The value without its quotes, references not resolved.
    raw_value: &'a str,
}

impl<'a> Attribute<'a> {
    /// The value, references resolved.
    pub(crate) fn value(&self) -> Cow<'a, str> {
        decode_entities(self.raw_value)
    }
}

/// The attributes of a tag: see [`Tag::attributes`].
#[derive(Clone, Debug)]
pub(crate) struct Attributes<'a> {
    raw: &'a str,
    at: usize,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let Part::Attribute { attribute, end } = part_at(self.raw, self.at) else { return None };
        self.at = end;
        Some(attribute)
    }
}

/// A part of a tag behind its name.
enum Part<'a> {
    Attribute {
        attribute: Attribute<'a>,
        end: usize,
    },
    /// The end of the tag, behind its `>`.
    End(usize),
    /// The end of the input.
    Cut,
}

/// Reads one attribute or the end of a tag (HTML §13.2.5.32 to 13.2.5.40).
fn part_at(html: &str, from: usize) -> Part<'_> {
    let bytes = html.as_bytes();
    let skip = |from: usize, is: fn(u8) -> bool| from + bytes[from..].iter().take_while(|b| is(**b)).count();
    let start = skip(from, |b| is_space(b) || b == b'/');
    match bytes.get(start) {
        None => return Part::Cut,
        Some(b'>') => return Part::End(start + 1),
        Some(_) => {}
    }
    // A name may begin with `=`.
    let name_end =
        start + 1 + bytes[start + 1..].iter().take_while(|b| !is_space(**b) && !matches!(b, b'/' | b'>' | b'=')).count();
    let name = &html[start..name_end];
    let equals = skip(name_end, is_space);
    if bytes.get(equals) != Some(&b'=') {
        return Part::Attribute { attribute: Attribute { name, raw_value: "" }, end: name_end };
    }
    let value = skip(equals + 1, is_space);
    if let Some(&quote @ (b'"' | b'\'')) = bytes.get(value)
        && let Some(length) = memchr::memchr(quote, &bytes[value + 1..])
    {
        let end = value + 1 + length;
        return Part::Attribute { attribute: Attribute { name, raw_value: &html[value + 1..end] }, end: end + 1 };
    }
    let end = skip(value, |b| !is_space(b) && b != b'>');
    // Of a quote that is never closed the value begins behind it.
    let raw_value = html[value..end].trim_start_matches(['"', '\'']);
    Part::Attribute { attribute: Attribute { name, raw_value }, end }
}

/// White space of HTML; a vertical tab is none.
fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

/// The length of the name of an element at the start of `text`.
fn name_length(text: &str) -> usize {
    text.bytes().take_while(|b| !is_space(*b) && !matches!(b, b'/' | b'>')).count()
}

/// Reads the tag at the start of `html`, which begins with `<` or `</` and a letter; `Unfinished` if it has no end.
pub(crate) fn tag_at(html: &str) -> Option<Token<'_>> {
    let is_end = html.starts_with("</");
    let begin = 1 + usize::from(is_end);
    if !html.starts_with('<') || !html.as_bytes().get(begin).is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let name = &html[begin..begin + name_length(&html[begin..])];
    let mut at = begin + name.len();
    loop {
        match part_at(html, at) {
            Part::Attribute { end, .. } => at = end,
            Part::End(end) => {
                let tag = Tag { raw: &html[..end], name };
                return Some(if is_end { Token::End(tag) } else { Token::Start(tag) });
            }
            Part::Cut => return Some(Token::Unfinished(html)),
        }
    }
}

/// Cuts HTML into [`Token`]s.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    rest: &'a str,
    /// The element whose content comes next, if that is no markup.
    inside: Option<&'a str>,
    /// False once it is known that no CDATA section ends any more: looking each time would take quadratic time.
    has_cdata_end: bool,
}

impl<'a> Scanner<'a> {
    /// Begins at the start of `html`, outside of all elements.
    pub(crate) fn new(html: &'a str) -> Self {
        Self { rest: html, inside: None, has_cdata_end: true }
    }

    /// Returns the part that is still to be scanned.
    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Skips all up to and with the next end tag of `name`; everything if there is none.
    pub(crate) fn skip_element(&mut self, name: &str) {
        self.inside = None;
        self.take(end_tag_of(self.rest, name));
        if let Some(Token::End(tag)) = tag_at(self.rest) {
            self.take(tag.raw.len());
        } else {
            self.rest = "";
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn markup(&mut self) -> Option<Token<'a>> {
        let html = self.rest;
        if let Some(token) = tag_at(html) {
            self.take(token.raw().len());
            if let Token::Start(tag) = token {
                let is_raw = elements::find(tag.name).is_raw_text();
                self.inside = (is_raw && !tag.is_self_closing()).then_some(tag.name);
            }
            return Some(token);
        }
        if html.starts_with("<!--") {
            return Some(Token::Comment(self.take(comment_length(html))));
        }
        let cdata = if html.starts_with("<![CDATA[") { self.cdata_length() } else { None };
        let is_markup = match html.as_bytes().get(1) {
            Some(b'!' | b'?') => true,
            // `</>` is nothing and `</3>` a comment.
            Some(b'/') => html.len() > 2,
            _ => false,
        };
        if !is_markup {
            return None;
        }
        let end = cdata.or_else(|| memchr::memchr(b'>', html.as_bytes()).map(|end| end + 1));
        let raw = self.take(end.unwrap_or(html.len()));
        Some(if end.is_some() { Token::Other(raw) } else { Token::Unfinished(raw) })
    }

    fn cdata_length(&mut self) -> Option<usize> {
        let end = if self.has_cdata_end { memmem::find(self.rest.as_bytes(), b"]]>") } else { None };
        self.has_cdata_end = end.is_some();
        end.map(|end| end + 3)
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.inside.take() {
            let text = self.take(end_tag_of(self.rest, name));
            if !text.is_empty() {
                let has_references = elements::find(name).has_references();
                return Some(if has_references { Token::Text(text) } else { Token::RawText(text) });
            }
        }
        if self.rest.is_empty() {
            return None;
        }
        if self.rest.starts_with('<')
            && let Some(token) = self.markup()
        {
            return Some(token);
        }
        // A `<` that begins nothing is text, with the text that follows it.
        let bytes = self.rest.as_bytes();
        let begins =
            |at: &usize| *at > 0 && bytes.get(at + 1).is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!' | b'?'));
        let end = memchr::memchr_iter(b'<', bytes).find(begins).unwrap_or(bytes.len());
        Some(Token::Text(self.take(end)))
    }
}

impl FusedIterator for Scanner<'_> {}

/// The length of the comment at the start of `html`: `<!-->` and `<!--->` are whole ones, `--!>` ends one too (HTML §13.2.5.43 to 52).
fn comment_length(html: &str) -> usize {
    let bytes = html.as_bytes();
    // The dashes that begin it may end it.
    memchr::memchr_iter(b'-', &bytes[2..])
        .find_map(|at| match &bytes[2 + at..] {
            [b'-', b'-', b'>', ..] => Some(2 + at + 3),
            [b'-', b'-', b'!', b'>', ..] if at >= 2 => Some(2 + at + 4),
            _ => None,
        })
        .unwrap_or(html.len())
}

/// Finds the start of the end tag of `name`, or else the end of `html`.
fn end_tag_of(html: &str, name: &str) -> usize {
    memmem::find_iter(html.as_bytes(), b"</")
        .find(|at| {
            let found = &html[at + 2..];
            name_length(found) == name.len() && found[..name.len()].eq_ignore_ascii_case(name)
        })
        .unwrap_or(html.len())
}

#[cfg(test)]
mod tests;
