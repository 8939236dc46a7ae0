//! Tells tags from text in headlines: headlines of programmers have `Vec<T>`, and other people write `a <b and c>`.

use std::collections::HashSet;

use crate::html::elements::{self, Traits};
use crate::html::scan::{Scanner, Tag, Token};

/// Elements of HTML, SVG and `MathML` that have no traits in the table.
const OTHERS: [&str; 14] =
    ["blink", "frameset", "g", "head", "image", "map", "marquee", "math", "noscript", "path", "rb", "slot", "svg", "template"];
/// Attributes that headlines have without a value.
const BARE: [&str; 8] = ["alt", "checked", "class", "controls", "hidden", "noshade", "nowrap", "open"];

/// Tells tags of a headline from text. The default takes each for a tag.
#[derive(Default)]
pub(super) struct Angles<'a> {
    html: Option<&'a str>,
    /// The names that end somewhere, in lower case, once one was asked for.
    ended: Option<HashSet<String>>,
    /// The unknown names that began as a tag.
    begun: HashSet<String>,
}

impl<'a> Angles<'a> {
    /// Begins with a headline.
    pub(super) fn new(html: &'a str) -> Self {
        Self { html: Some(html), ..Self::default() }
    }

    /// Returns true if a tag is text. `follows_word` tells that it stands directly behind a letter or a figure.
    pub(super) fn are_text(&mut self, token: &Token<'_>, follows_word: bool) -> bool {
        let Some(html) = self.html else { return false };
        match token {
            Token::Start(tag) if is_sentence(tag) => true,
            Token::Start(tag) if is_known(tag.name) => {
                follows_word && is_capital(tag.name) && tag.raw.len() == "<X>".len() && !self.ends(html, tag.name)
            }
            Token::Start(tag) => {
                let is_tag = tag.attributes().next().is_some() || tag.is_self_closing() || self.ends(html, tag.name);
                if is_tag {
                    self.begun.insert(tag.name.to_ascii_lowercase());
                }
                !is_tag
            }
            Token::End(tag) => !is_known(tag.name) && !self.begun.contains(&tag.name.to_ascii_lowercase()),
            _ => false,
        }
    }

    /// Returns true if an element of this name ends somewhere. All names are looked up at once: headlines may have thousands.
    fn ends(&mut self, html: &str, name: &str) -> bool {
        let ends = || {
            Scanner::new(html)
                .filter_map(|token| if let Token::End(tag) = token { Some(tag.name.to_ascii_lowercase()) } else { None })
        };
        self.ended.get_or_insert_with(|| ends().collect()).contains(&name.to_ascii_lowercase())
    }
}

/// Returns true for an element of HTML, and for a name with the prefix of a vocabulary or of a custom element.
fn is_known(name: &str) -> bool {
    name.contains([':', '-'])
        || elements::find(name) != Traits::default()
        || OTHERS.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// Returns true for a type parameter that is an element, too: `Vec<S>`.
fn is_capital(name: &str) -> bool {
    matches!(name.as_bytes(), [b'A'..=b'Z'])
}

/// Returns true if what would be attributes are words or other types: none has a value.
fn is_sentence(tag: &Tag<'_>) -> bool {
    let mut names = tag.attributes().map(|attribute| attribute.name).peekable();
    names.peek().is_some() && !tag.raw.contains('=') && !names.any(|name| BARE.iter().any(|bare| name.eq_ignore_ascii_case(bare)))
}
