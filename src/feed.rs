//! Reading feeds: bytes in, entries out. No input or output, no clock, no async.
//!
//! decode (bytes → UTF-8) ▸ feed-rs ▸ if that fails: repair ▸ feed-rs again ▸ identity, dates, links.

mod dates;
mod decode;
mod discover;
mod document;
mod error;
mod identity;
mod language;
mod links;
mod normalise;
mod parse;
mod repair;

pub use dates::parse_date;
pub use document::{Body, Feed};
pub use error::FeedError;
pub use identity::withdrawn;
pub use links::canonical;

use crate::model::SourceId;

/// Reads one body as a feed of `source`.
///
/// Entries come in the order of the feed, each with a uid of its own; raw HTML is bounded but not cleaned.
pub fn read(body: &Body<'_>, source: &SourceId) -> Result<Feed, FeedError> {
    let decoded = decode::decode(body.bytes, body.content_type)?;
    if decoded.text.trim().is_empty() {
        return Err(FeedError::Empty);
    }
    let mut repaired = decoded.repaired;
    let parsed = parse::parse(&decoded.text, body.url, &mut repaired)
        .map_err(|error| discover::explain(&decoded.text, body.url, error))?;
    let feed = normalise::normalise(parsed, body.url, source, repaired);
    if discover::is_unrendered(&feed) {
        return Err(FeedError::NotAFeed("a template that the site's generator has not filled in".to_owned()));
    }
    Ok(feed)
}
