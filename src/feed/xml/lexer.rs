//! Markup to tokens, however badly it is written: borrowed from the text, in one pass, without a tree.

use memchr::{memchr, memchr2, memchr3, memmem};

use crate::feed::repairs::{Repair, Repairs};

/// One thing that stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A start tag, or an empty element.
    Start(Tag<'a>),
    /// An end tag, with the name of its element.
    End(&'a str),
    /// Text as written, its references unresolved. A `<` in it begins no tag.
    Text(&'a str),
    /// The text of a CDATA section.
    Cdata(&'a str),
    /// What a document type declares.
    Doctype(&'a str),
}

/// A start tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Its name, with prefix.
    pub(super) name: &'a str,
    /// Its attributes, as written.
    pub(super) attributes: &'a str,
    /// Whether it ends in `/>`.
    pub(super) empty: bool,
}

/// Reads tokens from a text.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// A token that was read and not used.
    back: Option<Token<'a>>,
    /// Whether there is no `-->`, and no `?>`, from here on: looking for one at each beginning would be quadratic.
    no_comment_ends: bool,
    no_instruction_ends: bool,
    /// What was wrong on the way.
    pub(super) repairs: Repairs,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, back: None, no_comment_ends: false, no_instruction_ends: false, repairs: Repairs::default() }
    }

    /// Whether there are characters that text may not hold (XML 1.0 §2.2). Who shows the text drops them.
    pub(super) fn has_controls(&self) -> bool {
        let is_control = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r');
        // Without a way out inside a block, the compiler compares many bytes at once.
        self.text.as_bytes().chunks(4096).any(|block| block.iter().fold(false, |found, b| found | is_control(b)))
    }

    /// Gives a token back: it is the next once more.
    pub(super) fn put_back(&mut self, token: Token<'a>) {
        debug_assert!(self.back.is_none(), "one token at most");
        self.back = Some(token);
    }

    /// The next token; nothing at the end of the text.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        if let Some(token) = self.back.take() {
            return Some(token);
        }
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let length = self.text_length(rest);
            if length > 0 {
                return Some(self.take(length, Token::Text(&rest[..length])));
            }
            match rest.as_bytes().get(1) {
                Some(b'!') => {
                    if let Some(token) = self.declaration(rest) {
                        return Some(token);
                    }
                }
                Some(b'?') => self.instruction(rest),
                Some(b'/') => {
                    if let Some(token) = self.end_tag(rest) {
                        return Some(token);
                    }
                }
                _ => return self.start_tag(rest),
            }
        }
        None
    }

    fn take(&mut self, length: usize, token: Token<'a>) -> Token<'a> {
        self.at += length;
        token
    }

    /// How far the text at the start of `rest` reaches. A `<` that begins nothing belongs to it: a token for each of a
    /// million would take more memory than the body.
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

    /// `<?…?>` is skipped.
    fn instruction(&mut self, rest: &str) {
        let end = if self.no_instruction_ends { None } else { end_of(rest, b"?>") };
        self.no_instruction_ends = end.is_none();
        self.at += end.or_else(|| end_of(rest, b">")).unwrap_or(rest.len());
    }

    /// A comment is skipped; a CDATA section and a document type are tokens.
    fn declaration(&mut self, rest: &'a str) -> Option<Token<'a>> {
        if let Some(section) = rest.strip_prefix("<![CDATA[") {
            let end = memmem::find(section.as_bytes(), b"]]>");
            if end.is_none() {
                self.repairs.note(Repair::Cut);
            }
            let length = end.unwrap_or(section.len());
            let whole = 9 + length + if end.is_some() { 3 } else { 0 };
            return Some(self.take(whole, Token::Cdata(&section[..length])));
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            let end = if self.no_comment_ends { None } else { end_of(comment, b"-->") };
            if end.is_none() {
                // All else would be lost with a comment that nobody closes: it has never begun.
                self.no_comment_ends = true;
                self.repairs.note(Repair::Tags);
            }
            self.at += 4 + end.unwrap_or(0);
            return None;
        }
        if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
            let end = doctype_end(rest);
            return Some(self.take(end, Token::Doctype(&rest[9..end])));
        }
        self.at += end_of(rest, b">").unwrap_or(rest.len());
        None
    }

    /// `</name>`; nothing for an end tag without a name, which is skipped.
    fn end_tag(&mut self, rest: &'a str) -> Option<Token<'a>> {
        let name = name_at(&rest[2..]);
        let after = 2 + name.len();
        // A `<` before the `>` begins the next tag: this one has lost its end.
        let Some(end) = memchr2(b'>', b'<', &rest.as_bytes()[after..]).map(|end| after + end) else {
            self.repairs.note(Repair::Cut);
            self.at = self.text.len();
            return None;
        };
        let closed = rest.as_bytes()[end] == b'>';
        if !closed {
            self.repairs.note(Repair::Tags);
        }
        self.at += end + usize::from(closed);
        (!name.is_empty()).then_some(Token::End(name))
    }

    /// A start tag.
    fn start_tag(&mut self, rest: &'a str) -> Option<Token<'a>> {
        let name = name_at(&rest[1..]);
        let start = 1 + name.len();
        let Some((end, closed)) = tag_end(rest, start) else {
            // The file ends in the middle of this tag.
            self.repairs.note(Repair::Cut);
            self.at = self.text.len();
            return None;
        };
        if !closed {
            self.repairs.note(Repair::Tags);
        }
        let inner = &rest[start..end];
        let empty = closed && inner.ends_with('/') && !ends_in_unquoted_value(inner);
        let attributes = if empty { &inner[..inner.len() - 1] } else { inner };
        Some(self.take(end + usize::from(closed), Token::Start(Tag { name, attributes, empty })))
    }
}

/// Whether a `/` at the end belongs to an address that stands without quotes: `<a href=http://a.fr/>`.
fn ends_in_unquoted_value(inner: &str) -> bool {
    let last = inner.rfind(|c: char| c.is_ascii_whitespace()).map_or(inner, |at| &inner[at..]);
    last.find('=').is_some_and(|at| !last[at + 1..].starts_with(['"', '\'']) && last[at + 1..].contains("://"))
}

/// Behind `end` in `text`.
fn end_of(text: &str, end: &[u8]) -> Option<usize> {
    memmem::find(text.as_bytes(), end).map(|at| at + end.len())
}

/// Where the tag at the start of `text` ends, and whether by a `>` (else by the next `<`). `>` within quotes does not end it.
fn tag_end(text: &str, start: usize) -> Option<(usize, bool)> {
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
            && let Some(close) = closing_quote(bytes, at + 1, *quote)
        {
            at = close + 1;
        }
    }
}

/// The quote that closes a value. One behind the next tag closes nothing: the value has lost its own.
fn closing_quote(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
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

/// Whether a name begins with this byte.
fn begins_name(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

/// The XML name at the start of `text`, with prefix; empty if none begins there.
pub(super) fn name_at(text: &str) -> &str {
    let other = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':') || *b >= 0x80;
    if !text.as_bytes().first().is_some_and(|b| begins_name(*b)) {
        return "";
    }
    let length = text.bytes().position(|b| !other(&b)).unwrap_or(text.len());
    text[..length].trim_end_matches([':', '.'])
}

/// Behind a document type, whose internal subset stands in brackets and may hold `>` in quotes.
fn doctype_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut subset = false;
    let mut at = 9;
    while let Some(b) = bytes.get(at) {
        match b {
            b'[' => subset = true,
            b']' => subset = false,
            b'>' if !subset => return at + 1,
            b'"' | b'\'' => at += memchr(*b, &bytes[at + 1..]).map_or(0, |length| length + 1),
            // A subset that is never closed ends where the feed begins.
            b'<' if !matches!(bytes.get(at + 1), Some(b'!' | b'?')) => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// The attributes of a tag, in order: name and value as written.
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
            let (value, rest) = attribute_value(value.trim_ascii_start());
            self.0 = rest;
            return Some((name, value));
        }
    }
}

/// A value, with or without quotes, and what follows it.
fn attribute_value(text: &str) -> (&str, &str) {
    if let Some(quote @ ('"' | '\'')) = text.chars().next() {
        let inner = &text[1..];
        return match memchr(quote as u8, inner.as_bytes()) {
            Some(close) => (&inner[..close], &inner[close + 1..]),
            None => (inner, ""),
        };
    }
    text.split_at(text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len()))
}

impl<'a> Tag<'a> {
    /// An attribute by its whole name, as written; small and capital letters are one.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        if self.attributes.len() <= name.len() {
            return None;
        }
        Attributes(self.attributes).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Its local name.
    pub(super) fn local(&self) -> &'a str {
        local(self.name)
    }
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    memchr(b':', name.as_bytes()).map_or(name, |colon| &name[colon + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut lexer = Lexer::new(text);
        std::iter::from_fn(|| lexer.next())
            .map(|token| match token {
                Token::Start(tag) => {
                    let attributes: Vec<String> =
                        Attributes(tag.attributes).map(|(name, value)| format!(" {name}={value}")).collect();
                    format!("<{}{}{}>", tag.name, attributes.concat(), if tag.empty { "/" } else { "" })
                }
                Token::End(name) => format!("</{name}>"),
                Token::Text(text) => text.to_owned(),
                Token::Cdata(text) => format!("[{text}]"),
                Token::Doctype(text) => format!("!{text}"),
            })
            .collect()
    }

    #[test]
    fn tags_are_read_however_they_are_written() {
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
        fn any_text_ends(text in "[<>/!?\\[\\]\"'= a-cé:&;-]{0,80}") {
            let mut lexer = Lexer::new(&text);
            let mut tokens = 0;
            while lexer.next().is_some() {
                tokens += 1;
            }
            proptest::prop_assert!(tokens <= text.len());
        }
    }
}
