//! The tags and texts of clean HTML, in order, and which start tag belongs to which end tag. No tree is made, and every byte is given back.

use crate::html::elements;
use crate::html::scan::{Scanner, Tag, Token as Scanned};

/// A part of clean HTML, as it is written there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token<'a> {
    /// Text, still escaped.
    Text(&'a str),
    /// A start tag.
    Open(Tag<'a>),
    /// The tag of an element that has no end.
    Void(Tag<'a>),
    /// An end tag.
    Close(Tag<'a>),
    /// A comment or the like.
    Other(&'a str),
}

impl<'a> Token<'a> {
    /// The token as it was written.
    pub(super) fn raw(&self) -> &'a str {
        match self {
            Self::Open(tag) | Self::Void(tag) | Self::Close(tag) => tag.raw,
            Self::Text(raw) | Self::Other(raw) => raw,
        }
    }
}

/// Cuts HTML into tokens.
pub(super) fn tokens(html: &str) -> Vec<Token<'_>> {
    let tokens = Scanner::new(html).map(|token| match token {
        Scanned::Text(text) => Token::Text(text),
        Scanned::Start(tag) if elements::find(tag.name).is_void() => Token::Void(tag),
        Scanned::Start(tag) => Token::Open(tag),
        Scanned::End(tag) => Token::Close(tag),
        other => Token::Other(other.raw()),
    });
    tokens.collect()
}

/// Finds for each start tag its end tag, and the other way round.
pub(super) fn partners(tokens: &[Token<'_>]) -> Vec<Option<usize>> {
    let mut partners = vec![None; tokens.len()];
    let mut open: Vec<(usize, &str)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open(tag) => open.push((at, tag.name)),
            Token::Close(tag) if open.last().is_some_and(|(_, last)| *last == tag.name) => {
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
    fn halves_find_each_other() {
        assert_eq!(partners(&tokens("<p><b></b></p>")), [Some(3), Some(2), Some(1), Some(0)]);
        assert_eq!(partners(&tokens("</i><p><b></p>")), [None; 4], "what is not nested has none");
    }
}
