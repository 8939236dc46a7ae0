//! The XML of exchanged files as tokens. It is as hostile as any feed: entities are not expanded, and sizes are limited.

use std::collections::HashMap;
use std::io::Read;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::ExchangeError;
use super::decode::DecodedInput;
use crate::model::Lang;

/// The longest tag, text or comment.
const MAX_EVENT: usize = 1 << 20;
/// The deepest nesting: the formats themselves need less than ten, and markup within markup a few more.
const MAX_DEPTH: usize = 64;
/// The most bytes of a note or attribute that are kept.
const MAX_NOTE: usize = 1 << 10;

/// An XML event, as far as it matters.
pub(super) enum Token {
    Start(Tag),
    End,
    Text(String),
    Over,
}

/// A start tag: its name and attributes, without prefixes.
pub(super) struct Tag {
    pub(super) name: String,
    attributes: HashMap<String, String>,
}

impl Tag {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// `xml:lang`, or `lang` of TMX 1.1.
    pub(super) fn lang(&self) -> Option<Lang> {
        self.get("lang").and_then(Lang::new)
    }
}

/// Reads tokens one by one.
pub(super) struct XmlTokens<R: Read> {
    xml: quick_xml::Reader<DecodedInput<R>>,
    buffer: Vec<u8>,
    /// The number of open elements.
    depth: usize,
}

impl<R: Read> XmlTokens<R> {
    pub(super) fn new(text: DecodedInput<R>) -> Self {
        let mut xml = quick_xml::Reader::from_reader(text);
        let config = xml.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self { xml, buffer: Vec::new(), depth: 0 }
    }

    /// Returns the number of open elements.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Reads the next event that matters.
    pub(super) fn next_token(&mut self) -> Result<Token, ExchangeError> {
        loop {
            self.buffer.clear();
            self.xml.get_mut().allow(MAX_EVENT);
            let event = self.xml.read_event_into(&mut self.buffer);
            let token = match event {
                Ok(Event::Start(tag)) => Token::Start(parse_tag(&tag)),
                Ok(Event::End(_)) => Token::End,
                Ok(Event::Text(text)) => Token::Text(text.xml10_content().into_owned()),
                Ok(Event::CData(text)) => Token::Text(text.xml10_content().into_owned()),
                Ok(Event::GeneralRef(reference)) => Token::Text(resolve_reference(&reference)),
                Ok(Event::Eof) => Token::Over,
                Ok(Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => continue,
                Err(error) => return Err(self.classify_error(&error)),
            };
            match token {
                Token::Start(_) if self.depth == MAX_DEPTH => return Err(self.too_much("elements that are nested 64 deep")),
                Token::Start(_) => self.depth += 1,
                Token::End => self.depth = self.depth.saturating_sub(1),
                Token::Over if self.depth > 0 => {
                    let at = self.xml.get_ref().at();
                    return Err(ExchangeError::Xml { at, why: "it ends before its elements do".to_owned() });
                }
                _ => {}
            }
            return Ok(token);
        }
    }

    fn classify_error(&self, error: &quick_xml::Error) -> ExchangeError {
        if self.xml.get_ref().is_exhausted() {
            return self.too_much("a tag or text of more than a mebibyte");
        }
        match error {
            quick_xml::Error::Io(error) => ExchangeError::Io(std::io::Error::new(error.kind(), error.to_string())),
            error => ExchangeError::Xml { at: self.xml.error_position(), why: error.to_string() },
        }
    }

    pub(super) fn too_much(&self, what: &'static str) -> ExchangeError {
        ExchangeError::TooMuch { at: self.xml.get_ref().at(), what }
    }

    /// Skips the rest of an element.
    pub(super) fn skip_element(&mut self) -> Result<(), ExchangeError> {
        let above = self.depth - 1;
        while self.depth > above {
            if let Token::Over = self.next_token()? {
                break;
            }
        }
        Ok(())
    }

    /// Reads the text of an element; of a long one its beginning.
    pub(super) fn read_note(&mut self) -> Result<String, ExchangeError> {
        let above = self.depth - 1;
        let mut note = String::new();
        while self.depth > above {
            match self.next_token()? {
                Token::Text(text) if note.len() < MAX_NOTE => note.extend(text.chars().take(MAX_NOTE)),
                Token::Over => break,
                _ => {}
            }
        }
        Ok(note.trim().to_owned())
    }
}

/// Escapes text for XML 1.0: a carriage return would be read as a line feed, and most control characters are not allowed.
pub(super) fn write_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'.. => out.push(c),
            _ => {}
        }
    }
}

fn parse_tag(tag: &BytesStart<'_>) -> Tag {
    let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    let mut attributes = HashMap::new();
    // Malformed attributes are skipped: none that is needed is lost by it.
    for attribute in tag.attributes().flatten() {
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap_or_default();
        // `xml:lang` overrides the `lang` of old versions.
        let name = attribute.key.0;
        if value.len() <= MAX_NOTE && (name == "xml:lang" || !attributes.contains_key(&local(name))) {
            attributes.insert(local(name), value.into_owned());
        }
    }
    Tag { name: local(tag.name().0), attributes }
}

/// Escapes text for a value between quotation marks.
pub(super) fn write_attribute(out: &mut String, name: &str, value: &str) {
    let mut escaped = String::new();
    write_escaped(&mut escaped, value);
    out.push_str(&format!(" {name}=\"{}\"", escaped.replace('"', "&quot;").replace(['\t', '\n'], " ")));
}

/// Returns the character of a reference. Entities that the file declares are not expanded; they stay as they are written.
fn resolve_reference(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return c.to_string();
    }
    let name = reference.xml10_content();
    match &*name {
        "amp" => "&".to_owned(),
        "lt" => "<".to_owned(),
        "gt" => ">".to_owned(),
        "quot" => "\"".to_owned(),
        "apos" => "'".to_owned(),
        other => format!("&{other};"),
    }
}
