//! What a body is that is no feed, in one sentence.

use super::decode::decode;
use super::links::canonicalize_url;
use super::{Feed, FeedBody, FeedError};
use crate::html::{decode_entities, to_line};
use url::Url;

/// How much of a page is looked at.
const HEAD: usize = 200_000;
/// How many feeds of a page are heeded, and how many told.
const MOST_LINKED: usize = 20;
const TOLD: usize = 3;
/// What pages say that ask for a proof of being human, instead of the feed.
const CHALLENGES: [&str; 6] = [
    "just a moment...",
    "challenge-platform",
    "cf-chl",
    "captcha-delivery",
    "attention required!",
    "enable javascript and cookies to continue",
];

/// Says what a text is that could not be read as a feed; `error` is what the parser said of it.
pub(super) fn explain(text: &str, url: &str, error: FeedError) -> FeedError {
    if matches!(error, FeedError::Panicked(_)) {
        return error;
    }
    let head = &text[..text.floor_char_boundary(HEAD)];
    let lower = head.to_ascii_lowercase();
    if CHALLENGES.iter().any(|challenge| lower.contains(challenge)) {
        return FeedError::NotAFeed("a page that asks for a proof of being human: this server keeps programs out".to_owned());
    }
    if lower.contains("<!doctype html") || lower.contains("<html") {
        return FeedError::NotAFeed(page(head, &lower, url));
    }
    let start = text.trim_start().chars().next();
    match (start, &error) {
        (Some('{' | '['), _) => FeedError::NotAFeed("JSON that is no JSON Feed".to_owned()),
        (Some('<'), FeedError::NotAFeed(_)) => FeedError::NotAFeed(match root_of(text) {
            Some(root) => format!("XML of another kind (its root is <{root}>)"),
            None => "XML of another kind".to_owned(),
        }),
        (Some('<'), _) => error,
        _ => FeedError::NotAFeed("text of another kind".to_owned()),
    }
}

/// An HTML page: its title, and the feeds that it links to.
fn page(head: &str, lower: &str, url: &str) -> String {
    let title = lower.find("<title").and_then(|at| {
        let start = at + lower[at..].find('>')? + 1;
        let end = start + lower[start..].find("</title")?;
        Some(to_line(&head[start..end])).filter(|title| !title.is_blank())
    });
    let mut sentence = "an HTML page".to_owned();
    if let Some(title) = title {
        sentence.push_str(&format!(" (“{}”)", title.as_str().chars().take(80).collect::<String>()));
    }
    let mut feeds = linked_feeds(head, lower, url);
    feeds.truncate(TOLD);
    if !feeds.is_empty() {
        sentence.push_str(&format!("; it links to {}", feeds.join(" and ")));
    }
    sentence
}

/// The addresses of the feeds that a page links to in its head, in its order: at most twenty.
pub fn discover_feeds(body: &FeedBody<'_>) -> Vec<String> {
    let Ok(decoded) = decode(body.bytes, body.content_type, body.lang) else { return Vec::new() };
    let head = &decoded.text[..decoded.text.floor_char_boundary(HEAD)];
    linked_feeds(head, &head.to_ascii_lowercase(), body.url)
}

/// The feeds that a page links to (`<link rel=alternate type=application/rss+xml href=…>`).
fn linked_feeds(head: &str, lower: &str, url: &str) -> Vec<String> {
    let base = Url::parse(url).ok();
    let mut feeds = Vec::new();
    let mut from = 0;
    while let Some(found) = lower[from..].find("<link") {
        let start = from + found;
        let Some(length) = lower[start..].find('>') else { break };
        let (tag, low) = (&head[start..start + length], &lower[start..start + length]);
        from = start + length;
        let is_feed =
            ["rss+xml", "atom+xml", "feed+json", "rdf+xml"].iter().any(|kind| low.contains(kind)) && low.contains("alternate");
        if let Some(href) = low.find("href=").filter(|_| is_feed).map(|at| &tag[at + 5..]) {
            let href = match href.chars().next() {
                Some(quote @ ('"' | '\'')) => href[1..].split(quote).next(),
                _ => href.split_ascii_whitespace().next(),
            };
            feeds.extend(href.and_then(|href| canonicalize_url(&decode_entities(href), base.as_ref())));
        }
        if feeds.len() == MOST_LINKED {
            break;
        }
    }
    feeds
}

/// The name of the first element.
fn root_of(text: &str) -> Option<&str> {
    text.match_indices('<').map(|(at, _)| &text[at + 1..]).find(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic())).map(
        |rest| {
            let length =
                rest.bytes().take(40).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_')).count();
            &rest[..length]
        },
    )
}

/// Whether a site's generator has served its own template: every entry's link still holds a place to fill in.
pub(super) fn is_unrendered(feed: &Feed) -> bool {
    let unfilled = |text: Option<&String>| text.is_some_and(|text| text.contains("{{") || text.contains("%7B%7B"));
    !feed.entries.is_empty()
        && feed.entries.iter().all(|entry| unfilled(entry.head.url.as_ref()) || unfilled(entry.head.guid.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        explain(text, "https://a.fr/rss", FeedError::NotAFeed(String::new())).to_string()
    }

    #[test]
    fn what_is_no_feed_is_named() {
        assert_eq!(
            said(
                "<!DOCTYPE html><html><title>Accueil &amp; actu</title><link rel='alternate' type='application/rss+xml' href='/f?a=1&amp;b=2'>"
            ),
            "not a feed but an HTML page (“Accueil & actu”); it links to https://a.fr/f?a=1&b=2"
        );
        assert!(said("<html><title>Just a moment...</title>").contains("human"));
        assert_eq!(said("{\"a\":1}"), "not a feed but JSON that is no JSON Feed");
        assert_eq!(said("<?xml version='1.0'?><svg:svg/>"), "not a feed but XML of another kind (its root is <svg:svg>)");
        assert_eq!(said("bonjour"), "not a feed but text of another kind");
    }
}
