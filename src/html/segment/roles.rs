//! The role of each element in the text around it: a part of the line, the end of it, or opaque.

use super::tokens::Token;
use crate::html::elements;
use crate::html::scan::Tag;
use crate::model::SegmentKind;

/// The role of a token in its line.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Role {
    /// Text, or markup inside a line.
    Line,
    /// An element inside a line whose content is not looked at.
    Opaque,
    /// A block, or what stands around blocks: it ends the line before it.
    Block,
    /// A block whose content is not looked at.
    OpaqueBlock,
}

pub(super) fn roles(tokens: &[Token<'_>], partners: &[Option<usize>]) -> Vec<Role> {
    let mut roles: Vec<Role> = tokens.iter().zip(partners).map(|(token, partner)| role(token, *partner)).collect();
    // An inline element around a block (`<a><div>`) is no mark: it becomes a block itself.
    let mut open: Vec<usize> = Vec::new();
    for at in 0..tokens.len() {
        match (tokens[at], partners[at]) {
            (Token::Close(_), Some(_)) => {
                open.pop();
            }
            (token, partner) => {
                if matches!(roles[at], Role::Block | Role::OpaqueBlock) {
                    for &outer in open.iter().rev() {
                        let becomes = match roles[outer] {
                            Role::Line => Role::Block,
                            Role::Opaque => Role::OpaqueBlock,
                            Role::Block | Role::OpaqueBlock => break,
                        };
                        roles[outer] = becomes;
                        if let Some(end) = partners[outer] {
                            roles[end] = becomes;
                        }
                    }
                }
                if matches!(token, Token::Open(_)) && partner.is_some() {
                    open.push(at);
                }
            }
        }
    }
    roles
}

fn role(token: &Token<'_>, partner: Option<usize>) -> Role {
    match *token {
        Token::Text(_) | Token::Void(Tag { name: "br" | "wbr" | "img" | "source", .. }) => Role::Line,
        Token::Close(tag) if partner.is_some() && elements::find(tag.name).is_phrasing() => Role::Line,
        Token::Open(tag) if partner.is_some() => match (elements::find(tag.name).is_phrasing(), is_untranslated(tag)) {
            (true, true) => Role::Opaque,
            (true, false) => Role::Line,
            (false, true) => Role::OpaqueBlock,
            (false, false) => Role::Block,
        },
        Token::Void(_) | Token::Other(_) | Token::Open(_) | Token::Close(_) => Role::Block,
    }
}

/// True if the content of an element is not translated: code and the like, and what its author marks so.
pub(super) fn is_untranslated(tag: Tag<'_>) -> bool {
    elements::find(tag.name).is_opaque() || is_marked_untranslatable(tag)
}

/// True if the author asks that the element be left as it is (HTML §3.2.6.1, and what machine translators heed).
pub(super) fn is_marked_untranslatable(tag: Tag<'_>) -> bool {
    tag.raw.contains("translate")
        && tag.attributes().any(|attribute| match attribute.name {
            "translate" => attribute.value().eq_ignore_ascii_case("no"),
            "class" => attribute.value().split_ascii_whitespace().any(|class| class == "notranslate"),
            _ => false,
        })
}

/// The kind of text that an element holds; nothing if it is that of the element around it.
pub(super) fn kind_of(name: &str) -> Option<SegmentKind> {
    Some(match name {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => SegmentKind::Heading,
        "li" | "dt" | "dd" => SegmentKind::ListItem,
        "td" | "th" => SegmentKind::Cell,
        "caption" | "figcaption" | "summary" => SegmentKind::Caption,
        "blockquote" => SegmentKind::Quotation,
        _ => return None,
    })
}
