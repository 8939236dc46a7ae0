//! What each element is to the text around it: a part of the line, its end, or something that is not looked into.

use super::tokens::{Token, attributes};
use crate::model::SegmentKind;

/// What a token is to the line that it stands in.
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
            (Token::Close { .. }, Some(_)) => {
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
                if matches!(token, Token::Open { .. }) && partner.is_some() {
                    open.push(at);
                }
            }
        }
    }
    roles
}

fn role(token: &Token<'_>, partner: Option<usize>) -> Role {
    match *token {
        Token::Text(_) | Token::Void { name: "br" | "wbr" | "img" | "source", .. } => Role::Line,
        Token::Void { .. } | Token::Other(_) => Role::Block,
        Token::Open { .. } | Token::Close { .. } if partner.is_none() => Role::Block,
        Token::Close { name, .. } => {
            if is_inline(name) {
                Role::Line
            } else {
                Role::Block
            }
        }
        Token::Open { raw, name } => match (is_inline(name), is_opaque(name) || is_untranslatable(raw)) {
            (true, true) => Role::Opaque,
            (true, false) => Role::Line,
            (false, true) => Role::OpaqueBlock,
            (false, false) => Role::Block,
        },
    }
}

/// Elements that stand inside a line (HTML §3.2.5.2.5, phrasing content) and may be kept by the cleaner.
fn is_inline(name: &str) -> bool {
    #[rustfmt::skip]
    let inline = matches!(name, "a" | "abbr" | "acronym" | "audio" | "b" | "bdi" | "bdo" | "big" | "cite" | "code" | "data" | "del" | "dfn"
        | "em" | "font" | "i" | "ins" | "kbd" | "mark" | "picture" | "q" | "rp" | "rt" | "rtc" | "ruby" | "s" | "samp" | "small"
        | "span" | "strike" | "strong" | "sub" | "sup" | "time" | "tt" | "u" | "var" | "video");
    inline
}

/// Elements whose content is no text to translate.
pub(super) fn is_opaque(name: &str) -> bool {
    matches!(name, "code" | "kbd" | "samp" | "var" | "pre" | "picture" | "audio" | "video")
}

/// Whether the author asked that the element be left as it is (HTML §3.2.6.1, and what machine translators heed).
pub(super) fn is_untranslatable(raw: &str) -> bool {
    raw.contains("translate")
        && attributes(raw).iter().any(|(name, value)| match name.as_str() {
            "translate" => value.eq_ignore_ascii_case("no"),
            "class" => value.split_ascii_whitespace().any(|class| class == "notranslate"),
            _ => false,
        })
}

/// What the text of an element is; nothing if it is what it stands in.
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
