//! The tags and texts of clean HTML, in order. The cleaner writes what a tree holds, so each element is closed, each value
//! quoted and each `<` of a text escaped: this needs no parser, makes no tree, and gives every byte back.

use crate::html::clean::limits;
use crate::html::decode_entities;

/// A part of clean HTML, as it is written there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token<'a> {
    /// Text, still escaped.
    Text(&'a str),
    /// A start tag and the name in it.
    Open { raw: &'a str, name: &'a str },
    /// The tag of an element that has no end.
    Void { raw: &'a str, name: &'a str },
    /// An end tag.
    Close { raw: &'a str, name: &'a str },
    /// A comment or the like.
    Other(&'a str),
}

impl<'a> Token<'a> {
    /// As it was written.
    pub(super) fn raw(&self) -> &'a str {
        match self {
            Self::Text(raw) | Self::Open { raw, .. } | Self::Void { raw, .. } | Self::Close { raw, .. } | Self::Other(raw) => raw,
        }
    }
}

/// Cuts HTML into tokens.
pub(super) fn tokens(html: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let open = rest.find('<').unwrap_or(rest.len());
        if open > 0 {
            tokens.push(Token::Text(&rest[..open]));
            rest = &rest[open..];
            continue;
        }
        let (raw, after) = rest.split_at(tag_length(rest));
        tokens.push(tag(raw));
        rest = after;
    }
    tokens
}

/// The length of the tag at the start; all that is left when it does not end.
fn tag_length(html: &str) -> usize {
    if html.starts_with("<!--") {
        return html.find("-->").map_or(html.len(), |end| end + 3);
    }
    let mut quoted = false;
    for (at, b) in html.bytes().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    html.len()
}

fn tag(raw: &str) -> Token<'_> {
    let (closing, inner) = raw.strip_prefix("</").map_or((false, &raw[1..]), |inner| (true, inner));
    let name = &inner[..inner.bytes().take_while(u8::is_ascii_alphanumeric).count()];
    match (name.is_empty() || !raw.ends_with('>'), closing) {
        (true, _) => Token::Other(raw),
        (_, true) => Token::Close { raw, name },
        _ if limits::is_void(name.as_bytes()) => Token::Void { raw, name },
        _ => Token::Open { raw, name },
    }
}

/// The attributes of a start tag: names and values, resolved.
pub(super) fn attributes(raw: &str) -> Vec<(String, String)> {
    let inner = raw.trim_start_matches('<').trim_end_matches('>');
    let mut rest = &inner[inner.bytes().take_while(u8::is_ascii_alphanumeric).count()..];
    let mut found = Vec::new();
    while let Some((name, value)) = rest.split_once("=\"") {
        let Some((value, after)) = value.split_once('"') else { break };
        found.push((name.trim().to_owned(), decode_entities(value).into_owned()));
        rest = after;
    }
    found
}

/// For each token that begins or ends an element, its other half.
pub(super) fn partners(tokens: &[Token<'_>]) -> Vec<Option<usize>> {
    let mut partners = vec![None; tokens.len()];
    let mut open: Vec<(usize, &str)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open { name, .. } => open.push((at, name)),
            Token::Close { name, .. } if open.last().is_some_and(|(_, last)| last == name) => {
                if let Some((begin, _)) = open.pop() {
                    partners[begin] = Some(at);
                    partners[at] = Some(begin);
                }
            }
            _ => {}
        }
    }
    partners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_html() {
        for html in [
            "<p title=\"a > b\">Un <b>mot</b> &lt;<br><!-- x > y --></p>",
            "<p",
            "a < b",
            "<",
            "<!-- never closed",
            "</>",
            "<p title=\"never closed>é",
        ] {
            assert_eq!(tokens(html).iter().map(Token::raw).collect::<String>(), html);
        }
        assert_eq!(tokens("<p title=\"a > b\">x</p>").len(), 3);
    }

    #[test]
    fn attributes_are_resolved() {
        let expected = [("src", "a?b&c"), ("alt", "\"é\" > 1"), ("controls", "")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(attributes("<img src=\"a?b&amp;c\" alt=\"&quot;é&quot; > 1\" controls=\"\">"), expected);
        assert_eq!(attributes("<img alt=\"x"), []);
    }

    #[test]
    fn halves_find_each_other() {
        assert_eq!(partners(&tokens("<p><b></b></p>")), [Some(3), Some(2), Some(1), Some(0)]);
        assert_eq!(partners(&tokens("</i><p><b></p>")), [None; 4], "what is not nested has none");
    }
}
