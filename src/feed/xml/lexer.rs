//! Markup to tokens, however malformed: borrowed from the text, in one pass, without a tree.

use memchr::{memchr, memchr2, memchr3, memmem};

use crate::feed::repairs::{Repair, Repairs};
use crate::html::elements;

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum XmlToken<'a> {
    /// A start tag, or an empty element.
    Start(XmlTag<'a>),
    /// An end tag, by the name of its element.
    End(&'a str),
    /// Text as written, its references unresolved. A `<` in it begins no tag.
    Text(&'a str),
    /// The text of a CDATA section.
    Cdata(&'a str),
    /// The content of a document type declaration.
    Doctype(&'a str),
}

/// A start tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct XmlTag<'a> {
    /// The name with its prefix.
    pub(super) name: &'a str,
    /// The attributes as written.
    pub(super) attributes: &'a str,
    /// True if it ends in `/>`.
    pub(super) is_empty: bool,
}

/// Splits a text into tokens.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// A token to return once more.
    put_back: Option<XmlToken<'a>>,
    /// True if there is no `-->`, and no `?>`, from here on. Searching again at each start would be quadratic.
    no_comment_ends: bool,
    no_instruction_ends: bool,
    /// The repairs so far.
    pub(super) repairs: Repairs,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, put_back: None, no_comment_ends: false, no_instruction_ends: false, repairs: Repairs::default() }
    }

    /// Returns true if the text has control characters that XML forbids (XML 1.0 §2.2). `Text` and the HTML cleaner drop them.
    pub(super) fn has_control_characters(&self) -> bool {
        let is_control = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r');
        // Without an early exit inside a block, the compiler vectorises the comparison.
        self.text.as_bytes().chunks(4096).any(|block| block.iter().fold(false, |found, b| found | is_control(b)))
    }

    /// Makes a token the next one again.
    pub(super) fn put_back(&mut self, token: XmlToken<'a>) {
        debug_assert!(self.put_back.is_none(), "one token at most");
        self.put_back = Some(token);
    }

    /// Skips the text of an element of HTML that has no markup in it, such as a script, up to its end tag.
    pub(super) fn skip_raw_text(&mut self, name: &str) {
        if !elements::find(name).is_raw_text() {
            return;
        }
        let rest = &self.text[self.at..];
        let ends = |at: &usize| rest.get(at + 2..at + 2 + name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name));
        self.at += memmem::find_iter(rest.as_bytes(), b"</").find(ends).unwrap_or(rest.len());
    }

    /// Returns the next token, or nothing at the end of the text.
    pub(super) fn next(&mut self) -> Option<XmlToken<'a>> {
        if let Some(token) = self.put_back.take() {
            return Some(token);
        }
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let length = self.text_length(rest);
            if length > 0 {
                return Some(self.take(length, XmlToken::Text(&rest[..length])));
            }
            match rest.as_bytes().get(1) {
                Some(b'!') => {
                    if let Some(token) = self.read_declaration(rest) {
                        return Some(token);
                    }
                }
                Some(b'?') => self.skip_instruction(rest),
                Some(b'/') => {
                    if let Some(token) = self.read_end_tag(rest) {
                        return Some(token);
                    }
                }
                _ => return self.read_start_tag(rest),
            }
        }
        None
    }

    fn take(&mut self, length: usize, token: XmlToken<'a>) -> XmlToken<'a> {
        self.at += length;
        token
    }

    /// Returns the length of the text at the start of `rest`. A `<` that begins no tag belongs to it: a token for each of a million
    /// of them would take more memory than the body.
    fn text_length(&mut self, rest: &str) -> usize {
        let bytes = rest.as_bytes();
        let mut at = 0;
        while let Some(found) = memchr(b'<', &bytes[at..]) {
            at += found;
            if bytes.get(at + 1).is_some_and(|b| begins_name(*b) || matches!(b, b'/' | b'!' | b'?')) {
                return at;
            }
            self.repairs.note(Repair::Entities);
            at += 1;
        }
        rest.len()
    }

    /// Skips `<?…?>`.
    fn skip_instruction(&mut self, rest: &str) {
        let end = if self.no_instruction_ends { None } else { find_end(rest, b"?>") };
        self.no_instruction_ends = end.is_none();
        self.at += end.or_else(|| find_end(rest, b">")).unwrap_or(rest.len());
    }

    /// Reads a CDATA section or a document type. Comments are skipped.
    fn read_declaration(&mut self, rest: &'a str) -> Option<XmlToken<'a>> {
        if let Some(section) = rest.strip_prefix("<![CDATA[") {
            let end = memmem::find(section.as_bytes(), b"]]>");
            if end.is_none() {
                self.repairs.note(Repair::Cut);
            }
            let length = end.unwrap_or(section.len());
            let whole = 9 + length + if end.is_some() { 3 } else { 0 };
            return Some(self.take(whole, XmlToken::Cdata(&section[..length])));
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            let end = if self.no_comment_ends { None } else { find_end(comment, b"-->") };
            if end.is_none() {
                // An unclosed comment would hide the rest of the feed, so its start is ignored.
                self.no_comment_ends = true;
                self.repairs.note(Repair::Tags);
            }
            self.at += 4 + end.unwrap_or(0);
            return None;
        }
        if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
            let end = find_doctype_end(rest);
            return Some(self.take(end, XmlToken::Doctype(&rest[9..end])));
        }
        self.at += find_end(rest, b">").unwrap_or(rest.len());
        None
    }

    /// Reads `</name>`. An end tag without a name is skipped.
    fn read_end_tag(&mut self, rest: &'a str) -> Option<XmlToken<'a>> {
        let name = name_at(&rest[2..]);
        let after = 2 + name.len();
        // A `<` before the `>` begins the next tag: the end of this one is missing.
        let Some(end) = memchr2(b'>', b'<', &rest.as_bytes()[after..]).map(|end| after + end) else {
            self.repairs.note(Repair::Cut);
            self.at = self.text.len();
            return None;
        };
        let is_closed = rest.as_bytes()[end] == b'>';
        if !is_closed {
            self.repairs.note(Repair::Tags);
        }
        self.at += end + usize::from(is_closed);
        (!name.is_empty()).then_some(XmlToken::End(name))
    }

    /// Reads a start tag.
    fn read_start_tag(&mut self, rest: &'a str) -> Option<XmlToken<'a>> {
        let name = name_at(&rest[1..]);
        let start = 1 + name.len();
        let Some((end, is_closed)) = find_tag_end(rest, start) else {
            // The file ends within this tag.
            self.repairs.note(Repair::Cut);
            self.at = self.text.len();
            return None;
        };
        if !is_closed {
            self.repairs.note(Repair::Tags);
        }
        let inner = &rest[start..end];
        let is_empty = is_closed && inner.ends_with('/') && !ends_in_unquoted_value(inner);
        let attributes = if is_empty { &inner[..inner.len() - 1] } else { inner };
        Some(self.take(end + usize::from(is_closed), XmlToken::Start(XmlTag { name, attributes, is_empty })))
    }
}

/// Returns true if a `/` at the end belongs to an unquoted address: `<a href=http://a.fr/>`.
fn ends_in_unquoted_value(inner: &str) -> bool {
    let last = inner.rfind(|c: char| c.is_ascii_whitespace()).map_or(inner, |at| &inner[at..]);
    last.find('=').is_some_and(|at| !last[at + 1..].starts_with(['"', '\'']) && last[at + 1..].contains("://"))
}

/// Returns the position behind the first `end` in `text`.
fn find_end(text: &str, end: &[u8]) -> Option<usize> {
    memmem::find(text.as_bytes(), end).map(|at| at + end.len())
}

/// Returns the end of the tag at the start of `text`, and true if that is a `>` (else it is the next `<`). A `>` within quotes does
/// not count.
fn find_tag_end(text: &str, start: usize) -> Option<(usize, bool)> {
    let bytes = text.as_bytes();
    let mut at = start;
    loop {
        let next = at + memchr3(b'>', b'<', b'=', &bytes[at..])?;
        match bytes[next] {
            b'>' => return Some((next, true)),
            b'<' => return Some((next, false)),
            _ => at = next + 1,
        }
        at += bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        if let Some(quote @ (b'"' | b'\'')) = bytes.get(at)
            && let Some(close) = find_closing_quote(bytes, at + 1, *quote)
        {
            at = close + 1;
        }
    }
}

/// Returns the position of the quote that closes a value. A quote behind the next tag does not count: then this one is missing.
fn find_closing_quote(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start;
    loop {
        let next = at + memchr2(quote, b'<', &bytes[at..])?;
        if bytes[next] == quote {
            return Some(next);
        }
        if bytes.get(next + 1).is_none_or(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!' | b'?')) {
            return None;
        }
        at = next + 1;
    }
}

/// Returns true if a name can begin with this byte.
fn begins_name(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

/// Returns the XML name at the start of `text`, with its prefix, or an empty one.
pub(super) fn name_at(text: &str) -> &str {
    let other = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':') || *b >= 0x80;
    if !text.as_bytes().first().is_some_and(|b| begins_name(*b)) {
        return "";
    }
    let length = text.bytes().position(|b| !other(&b)).unwrap_or(text.len());
    text[..length].trim_end_matches([':', '.'])
}

/// Returns the end of a document type. Its internal subset is in brackets and may hold `>` in quotes.
fn find_doctype_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut subset = false;
    let mut at = 9;
    while let Some(b) = bytes.get(at) {
        match b {
            b'[' => subset = true,
            b']' => subset = false,
            b'>' if !subset => return at + 1,
            b'"' | b'\'' => at += memchr(*b, &bytes[at + 1..]).map_or(0, |length| length + 1),
            // An unclosed subset ends where the feed begins.
            b'<' if !matches!(bytes.get(at + 1), Some(b'!' | b'?')) => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Iterates over the attributes of a tag: name and value as written.
pub(super) struct Attributes<'a>(pub(super) &'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        loop {
            let rest = self.0.trim_ascii_start();
            let Some(first) = rest.chars().next() else {
                self.0 = "";
                return None;
            };
            let name = name_at(rest);
            if name.is_empty() {
                self.0 = &rest[first.len_utf8()..];
                continue;
            }
            let after = rest[name.len()..].trim_ascii_start();
            let Some(value) = after.strip_prefix('=') else {
                self.0 = &rest[name.len()..];
                continue;
            };
            let (value, rest) = split_value(value.trim_ascii_start());
            self.0 = rest;
            return Some((name, value));
        }
    }
}

/// Splits off a value with or without quotes.
fn split_value(text: &str) -> (&str, &str) {
    if let Some(quote @ ('"' | '\'')) = text.chars().next() {
        let inner = &text[1..];
        return match memchr(quote as u8, inner.as_bytes()) {
            Some(close) => (&inner[..close], &inner[close + 1..]),
            None => (inner, ""),
        };
    }
    text.split_at(text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len()))
}

impl<'a> XmlTag<'a> {
    /// Returns an attribute by its qualified name, ignoring case, as written.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        if self.attributes.len() <= name.len() {
            return None;
        }
        Attributes(self.attributes).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Returns the name without its prefix.
    pub(super) fn local_name(&self) -> &'a str {
        local_name(self.name)
    }
}

/// Returns a name without its prefix.
pub(super) fn local_name(name: &str) -> &str {
    memchr(b':', name.as_bytes()).map_or(name, |colon| &name[colon + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut lexer = Lexer::new(text);
        std::iter::from_fn(|| lexer.next())
            .map(|token| match token {
                XmlToken::Start(tag) => {
                    let attributes: Vec<String> =
                        Attributes(tag.attributes).map(|(name, value)| format!(" {name}={value}")).collect();
                    format!("<{}{}{}>", tag.name, attributes.concat(), if tag.is_empty { "/" } else { "" })
                }
                XmlToken::End(name) => format!("</{name}>"),
                XmlToken::Text(text) => text.to_owned(),
                XmlToken::Cdata(text) => format!("[{text}]"),
                XmlToken::Doctype(text) => format!("!{text}"),
            })
            .collect()
    }

    #[test]
    fn malformed_tags_are_split_as_intended() {
        for (text, read) in [
            ("<a b='1' c=\"2\" d=3/>x</a>", vec!["<a b=1 c=2 d=3/>", "x", "</a>"]),
            ("<a b=\"x > y\">", vec!["<a b=x > y>"]),
            ("<a b=\"x><c>", vec!["<a b=x>", "<c>"]),
            ("<a href=http://a.fr/>x", vec!["<a href=http://a.fr/>", "x"]),
            ("<a b = ' 1 ' / >", vec!["<a b= 1 >"]),
            ("<title<link>", vec!["<title>", "<link>"]),
            ("</title</item>", vec!["</title>", "</item>"]),
            ("1 < 2 <3 <b>", vec!["1 < 2 <3 ", "<b>"]),
            ("<< <", vec!["<< <"]),
            ("<![CDATA[<b>]]>x<!-- <c> --><?php x ?><d/>", vec!["[<b>]", "x", "<d/>"]),
            ("<![CDATA[never closed", vec!["[never closed]"]),
            ("<!DOCTYPE rss [<!ENTITY a \"]>\">]><rss>", vec!["! rss [<!ENTITY a \"]>\">]>", "<rss>"]),
            ("<!-- never closed <a>", vec![" never closed ", "<a>"]),
            ("<a><b", vec!["<a>"]),
            ("</><été:x>", vec!["<été:x>"]),
        ] {
            assert_eq!(tokens(text), read, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn lexer_always_reaches_the_end(text in "[<>/!?\\[\\]\"'= a-cé:&;-]{0,80}") {
            let mut lexer = Lexer::new(&text);
            let mut tokens = 0;
            while lexer.next().is_some() {
                tokens += 1;
            }
            proptest::prop_assert!(tokens <= text.len());
        }
    }
}
