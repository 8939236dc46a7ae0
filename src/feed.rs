//! Feed parsing: bytes in, entries out. No input or output, no clock, no async.
//!
//! decode (bytes → UTF-8) ▸ xml or json (a draft of the feed) ▸ normalise (identity, dates, links, language).

mod dates;
mod decode;
mod discover;
mod document;
mod draft;
mod error;
mod identity;
mod json;
mod language;
mod links;
mod media_type;
mod normalise;
mod page;
mod repairs;
#[cfg(test)]
mod tests;
mod xml;

pub use dates::parse_date;
pub use discover::discover_feeds;
pub use document::{Feed, FeedBody};
pub use error::FeedError;
pub use identity::{deduplicate, find_withdrawn};
pub use language::{FunctionWords, detect_language};
pub use links::canonicalize_url;
pub use page::decode_page;

use crate::model::SourceId;

/// Parses a body as a feed of `source`.
///
/// Entries keep the order of the feed. Their HTML is bounded in length but not cleaned.
pub fn parse_feed(body: &FeedBody<'_>, source: &SourceId) -> Result<Feed, FeedError> {
    let decoded = decode::decode(body.bytes, body.content_type, body.lang)?;
    let text = decoded.text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Err(FeedError::Empty);
    }
    let is_json = text.starts_with(['{', '[']);
    let text = if is_json { json::replace_lone_surrogates(text) } else { text.into() };
    let text = text.as_ref();
    let document = if is_json { json::parse_json(text, body.url, body.zone) } else { xml::parse_xml(text, body.url, body.zone) };
    let document = document.map_err(|error| discover::explain(text, body.url, error))?;
    let feed = normalise::normalise(document, body, source, decoded.repaired);
    if discover::is_unrendered(&feed) {
        return Err(FeedError::NotAFeed("a template that the site's generator has not filled in".to_owned()));
    }
    Ok(feed)
}
