//! Feed parsing: bytes in, entries out. No input or output, no clock, no async.
//!
//! decode (bytes → UTF-8) ▸ xml or json (a draft of the feed) ▸ normalise (identity, dates, links, language).

mod dates;
mod decode;
mod discover;
mod document;
mod draft;
mod error;
mod files;
mod identity;
mod json;
mod language;
mod length;
mod links;
mod media_type;
mod normalise;
mod page;
mod renamed;
mod repairs;
#[cfg(test)]
mod tests;
mod withdrawn;
mod wrapped;
mod xml;

pub use dates::parse_date;
pub use discover::discover_feeds;
pub use document::{Feed, FeedBody};
pub use error::FeedError;
pub use identity::deduplicate;
pub use language::{FunctionWords, detect_language};
pub use links::canonicalize_url;
pub use page::decode_page;
pub use renamed::{Bodies, UnknownEntry};
pub use withdrawn::{LastBody, Withdrawals, find_withdrawn};

use self::document::Context;
use self::repairs::Repair;
use crate::model::{EntryTexts, SourceId};

/// Parses a body as a feed of `source`.
///
/// Entries keep the order of the feed. Their HTML is bounded in length but not cleaned.
pub fn parse_feed(body: &FeedBody<'_>, source: &SourceId) -> Result<Feed, FeedError> {
    parse_feed_with(body, source, &|_| ())
}

/// Parses a body like [`parse_feed`]; `rewrite` changes the texts of each entry before anything is made of them.
pub fn parse_feed_with(body: &FeedBody<'_>, source: &SourceId, rewrite: &dyn Fn(EntryTexts<'_>)) -> Result<Feed, FeedError> {
    let context = Context { body, source, rewrite };
    let decoded = decode::decode(body.bytes, body.content_type, body.lang)?;
    let text = decoded.text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Err(FeedError::Empty);
    }
    let text = called_with(text).unwrap_or(text);
    let parse = |text: &str, repaired| {
        if is_json(text) { parse_json(text, &context, repaired) } else { parse_xml(text, &context, repaired) }
    };
    let mut feed = parse(text, decoded.repaired.clone());
    if matches!(feed, Err(FeedError::NotAFeed(_)))
        && let Some(shown) = wrapped::shown_feed(text)
    {
        let repaired = [decoded.repaired, vec![Repair::JunkBeforeRoot.name()]].concat();
        feed = parse(&shown, repaired).or(feed);
    }
    let feed = feed.map_err(|error| discover::explain(text, body.url, error))?;
    if discover::is_unrendered(&feed) {
        return Err(FeedError::NotAFeed("a template that the site's generator has not filled in".to_owned()));
    }
    Ok(feed)
}

/// Returns the JSON with which a script calls a function (JSONP).
fn called_with(text: &str) -> Option<&str> {
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.');
    let name = text.find(|c: char| !is_in_name(c)).filter(|length| *length > 0)?;
    let argument = text[name..].trim_start().strip_prefix('(')?.trim_start();
    is_json(argument).then_some(argument)
}

fn is_json(text: &str) -> bool {
    text.starts_with(['{', '['])
}

fn parse_xml(text: &str, context: &Context<'_>, repaired: Vec<&'static str>) -> Result<Feed, FeedError> {
    let body = context.body;
    Ok(normalise::normalise(xml::parse_xml(text, body.url, body.zone)?, context, repaired))
}

/// Parses JSON. If it breaks off, it is mended and parsed once more.
fn parse_json(text: &str, context: &Context<'_>, repaired: Vec<&'static str>) -> Result<Feed, FeedError> {
    let body = context.body;
    let text = json::replace_lone_surrogates(text);
    let mut document = json::parse_json(&text, body.url, body.zone);
    let mended;
    if document.as_ref().map_or(true, |document| document.repairs.has(Repair::Cut)) {
        mended = json::mend(&text);
        let entries = document.as_ref().map_or(0, |document| document.entries.len());
        if let Ok(mut better) = json::parse_json(&mended, body.url, body.zone)
            && better.entries.len() >= entries
        {
            better.repairs.note(Repair::Json);
            document = Ok(better);
        }
    }
    Ok(normalise::normalise(document?, context, repaired))
}
