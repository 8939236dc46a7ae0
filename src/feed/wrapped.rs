//! Feeds that a program shows in an HTML page: browsers without a window give JSON, and XML that they do not know, as the text of
//! a `<pre>`.

use crate::html::decode_entities;
use crate::html::scan::{Scanner, Token};

/// The number of bytes of a page in which the feed must begin.
const HEAD: usize = 4096;

/// Returns the feed that a page shows as text.
pub(super) fn shown_feed(page: &str) -> Option<String> {
    let head = &page[..page.floor_char_boundary(HEAD)];
    let mut tokens = Scanner::new(head);
    if !tokens.any(|token| matches!(token, Token::Start(tag) if tag.is("html"))) {
        return None;
    }
    tokens.find(|token| matches!(token, Token::Start(tag) if tag.is("pre")))?;
    let start = head.len() - tokens.rest().len();
    let shown = &page[start..];
    let shown = decode_entities(shown.split("</pre>").next()?.trim()).into_owned();
    let begins = ["<?xml", "<rss", "<feed", "<rdf:RDF", "{"].iter().any(|start| shown.starts_with(start));
    begins.then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feed_that_a_page_shows_is_found() {
        for (page, feed) in [
            (
                "<html><head></head><body><pre style='white-space: pre-wrap'>{\"a\": \"b &lt; c\"}</pre></body></html>",
                Some("{\"a\": \"b < c\"}"),
            ),
            ("<html><pre>\n&lt;?xml version=\"1.0\"?>&lt;rss>&amp;amp;</pre>", Some("<?xml version=\"1.0\"?><rss>&amp;")),
            ("<html><body><pre>let x = 1;</pre>", None),
            ("<pre>{}</pre>", None),
            ("<html><p>{}", None),
        ] {
            assert_eq!(shown_feed(page).as_deref(), feed, "{page}");
        }
    }
}
