//! Limits on the markup that may become a document tree. They are checked in one linear pass over the tags, before a tree is built.
//!
//! Cleaners are quadratic in nesting (ammonia: 20,000 nested elements 0.64 s, html2text 0.69), and an unclosed inline
//! element is opened again in every block that follows (HTML §13.2.4.3, "reconstruct the active formatting elements"):
//! 1 MB can so become millions of nodes. And a parser compares each attribute of a tag with all before it
//! (`dom_query`: 20,000 attributes 1.5 s, 40,000 5.8 s); references cost html5ever a buffer each (a million `&`: 10 s, unoptimised).

use std::collections::HashMap;

use crate::html::elements;
use crate::html::scan::{self, Tag, Token};

/// Names are compared up to here. The end tag of a longer one, which no element of HTML has, closes nothing.
const LONGEST_NAME: usize = 12;
/// Deeper than any article; browsers themselves stop at 512.
const DEEPEST: usize = 256;
/// Tags plus inline elements opened again: an article stays far below. A tree of so many takes 25 MB.
const MOST_NODES: usize = 100_000;
/// The most bytes that may become a tree: as much as is published of an entry.
const MOST_BYTES: usize = 2 << 20;
/// In one tag: honest ones have a dozen.
const MOST_ATTRIBUTES: usize = 500;
/// The number of times that a byte may be read, on average: once, unless tags begin within the attributes of others, which could
/// be arranged so that each is read to the end.
const MOST_READINGS: usize = 8;

/// More than an article of accented letters has, each written as a reference.
const MOST_REFERENCES: usize = 150_000;

/// Returns true if a tree of this markup would be deeper or larger than an article's can honestly be.
pub(in crate::html) fn is_hostile(html: &str) -> bool {
    exceeds(html, MOST_NODES)
}

/// Returns true if a tree of this markup would be too deep, or have more than so many nodes.
pub(in crate::html) fn exceeds(html: &str, most_nodes: usize) -> bool {
    let bytes = html.as_bytes();
    if bytes.len() > MOST_BYTES || memchr::memchr_iter(b'&', bytes).nth(MOST_REFERENCES).is_some() {
        return true;
    }
    let mut tree = Tree::default();
    let mut readings = 0_usize;
    // Each `<` is looked at, those in comments, scripts and attributes too: not every parser agrees on what those are.
    memchr::memchr_iter(b'<', bytes).any(|at| {
        let Some(token) = scan::tag_at(&html[at..]) else { return false };
        readings += token.raw().len();
        let attributes = match token {
            Token::Start(tag) => tree.open(tag),
            Token::End(tag) => tree.close(tag),
            // Parsers read the attributes of a tag before they find that it has no end.
            _ => count_attributes(Tag { raw: token.raw(), name: "" }),
        };
        tree.depth > DEEPEST || tree.nodes > most_nodes || attributes > MOST_ATTRIBUTES || readings > MOST_READINGS * bytes.len()
    })
}

/// The depth and the size of a tree as it grows, tag by tag.
#[derive(Default)]
struct Tree {
    depth: usize,
    /// Inline elements that are open, and opened again in each block.
    formatting: usize,
    nodes: usize,
    /// The open elements by name. An end tag of what is not open is ignored by parsers: it must not make up for a start tag.
    open: HashMap<[u8; LONGEST_NAME], usize>,
}

impl Tree {
    /// Counts a start tag. Returns how many attributes it has.
    fn open(&mut self, tag: Tag<'_>) -> usize {
        let traits = elements::find(tag.name);
        self.formatting += usize::from(traits.is_formatting());
        self.nodes += 1 + self.formatting;
        if !traits.is_void() && !traits.has_optional_end() {
            *self.open.entry(key(tag.name)).or_default() += 1;
            self.depth += 1;
        }
        count_attributes(tag)
    }

    /// Counts an end tag, which may have attributes too.
    fn close(&mut self, tag: Tag<'_>) -> usize {
        let traits = elements::find(tag.name);
        self.formatting = self.formatting.saturating_sub(usize::from(traits.is_formatting()));
        self.nodes += 1 + self.formatting;
        if !traits.is_void()
            && !traits.has_optional_end()
            && tag.name.len() <= LONGEST_NAME
            && let Some(open) = self.open.get_mut(&key(tag.name)).filter(|open| **open > 0)
        {
            *open -= 1;
            self.depth -= 1;
        }
        count_attributes(tag)
    }
}

fn count_attributes(tag: Tag<'_>) -> usize {
    tag.attributes().take(MOST_ATTRIBUTES + 1).count()
}

/// The name of an element in lower case, as far as it is compared.
fn key(name: &str) -> [u8; LONGEST_NAME] {
    let mut key = [0; LONGEST_NAME];
    let length = name.len().min(LONGEST_NAME);
    key[..length].copy_from_slice(&name.as_bytes()[..length]);
    key.make_ascii_lowercase();
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_passes_and_attacks_do_not() {
        assert!(!is_hostile(&"<p>Un <b>mot</b> et <a href=x>un lien</a>.<br>".repeat(10_000)), "10,000 honest paragraphs");
        assert!(!is_hostile(&format!("{}x{}", "<div>".repeat(200), "</div>".repeat(200))));
        assert!(is_hostile(&"<div>".repeat(20_000)));
        assert!(is_hostile(&"<div></x>".repeat(20_000)), "an end tag that closes nothing");
        assert!(is_hostile(&"<long-element-a></long-element-b>".repeat(20_000)), "another end tag that closes nothing");
        assert!(is_hostile(&format!("<p>{}", "<div a=1 ".repeat(300))), "tags cut short count too");
        let attack = (0..200).map(|n| format!("<b a={n}>")).collect::<String>() + &"<p>x".repeat(100_000);
        assert!(is_hostile(&attack), "inline elements that are opened again in each block");
        assert!(is_hostile(&"&".repeat(200_000)), "references without end");
        assert!(!is_hostile("1 < 2 <3 << </ <>"));
    }

    #[test]
    fn attributes_count_wherever_they_stand() {
        let names = |first: &str| (0..40_000).map(|n| format!("{first}{n} ")).collect::<String>();
        assert!(is_hostile(&format!("<p {}>", names("a"))));
        assert!(is_hostile(&format!("<!-- <a b='--><p c='>' {}", names("<"))), "behind what looks like another tag");
        assert!(is_hostile(&"<a/b=".repeat(200_000)), "tags within tags, each read to the end");
        assert!(!is_hostile(&"<a href='https://a.fr/?b=1&c=>' title=\"c'est\">x</a>".repeat(5_000)));
    }
}
