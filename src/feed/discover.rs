//! Describes a body that is no feed in one sentence, and finds the feeds that a page links to.

use super::decode::decode;
use super::links::canonicalize_url;
use super::{Feed, FeedBody, FeedError};
use crate::html::scan::{Scanner, Tag, Token};
use crate::html::to_line;
use crate::model::{Text, public_address};
use url::Url;

mod moved;

/// The number of bytes of a page that are searched.
const HEAD: usize = 200_000;
/// The most feeds of a page that are listed, and that are named in a message.
const MOST_LINKED: usize = 20;
const TOLD: usize = 3;
/// Phrases of the pages that ask for a proof of being human.
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
        return FeedError::NotAFeed(describe_page(head, url));
    }
    let start = text.trim_start().chars().next();
    match (start, &error) {
        (Some('{' | '['), _) => FeedError::NotAFeed("JSON that is no JSON Feed".to_owned()),
        (Some('<'), FeedError::NotAFeed(_)) => FeedError::NotAFeed(match root_of(text) {
            Some(root) => format!("XML of another kind (its root is <{root}>)"),
            None => "XML of another kind".to_owned(),
        }),
        (Some('<'), _) => error,
        _ => FeedError::NotAFeed(match moved::named_address(head) {
            Some(address) => format!("text of another kind; it names {}", public_address(&address)),
            None => "text of another kind".to_owned(),
        }),
    }
}

/// Describes an HTML page: its title, and the feeds that it links to.
fn describe_page(head: &str, url: &str) -> String {
    let mut sentence = "an HTML page".to_owned();
    if let Some(title) = title(head) {
        sentence.push_str(&format!(" (“{}”)", title.as_str().chars().take(80).collect::<String>()));
    }
    let mut told = Vec::new();
    let mut tell = |words: &str, mut addresses: Vec<String>| {
        // A page may name the secret address at which it stands.
        addresses = addresses.iter().map(|address| public_address(address)).collect();
        addresses.retain(|address| !told.contains(address) && address != &public_address(url));
        addresses.truncate(TOLD);
        if !addresses.is_empty() {
            sentence.push_str(&format!("; it {words} {}", addresses.join(" and ")));
        }
        told.append(&mut addresses);
    };
    tell("sends on to", moved::targets(head, url));
    tell("links to", linked_feeds(head, url));
    tell("says that its address is", moved::canonical(head, url).into_iter().collect());
    if told.is_empty() {
        let mut addresses = moved::named_feeds(head, url);
        addresses.retain(|address| *address != public_address(url));
        addresses.truncate(TOLD);
        if !addresses.is_empty() {
            sentence.push_str(&format!("; it names {}", addresses.join(" and ")));
        }
    }
    sentence
}

fn title(head: &str) -> Option<Text> {
    let mut tokens = Scanner::new(head);
    tokens.find(|token| matches!(token, Token::Start(tag) if tag.is("title")))?;
    match tokens.next() {
        Some(Token::Text(title)) => Some(to_line(title)).filter(|title| !title.is_blank()),
        _ => None,
    }
}

/// Lists the addresses of the feeds that a page links to in its head, in its order: at most twenty.
pub fn discover_feeds(body: &FeedBody<'_>) -> Vec<String> {
    let Ok(decoded) = decode(body.bytes, body.content_type, body.lang) else { return Vec::new() };
    linked_feeds(&decoded.text[..decoded.text.floor_char_boundary(HEAD)], body.url)
}

/// The feeds that a page links to (`<link rel=alternate type=application/rss+xml href=…>`).
fn linked_feeds(head: &str, url: &str) -> Vec<String> {
    let base = Url::parse(url).ok();
    let addresses = Scanner::new(head).filter_map(|token| match token {
        Token::Start(tag) if tag.is("link") && is_feed_link(tag) => canonicalize_url(&tag.attribute("href")?, base.as_ref()),
        _ => None,
    });
    addresses.take(MOST_LINKED).collect()
}

fn is_feed_link(link: Tag<'_>) -> bool {
    let rel = link.attribute("rel").unwrap_or_default();
    let media_type = link.attribute("type").unwrap_or_default().to_ascii_lowercase();
    rel.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("alternate"))
        && ["rss+xml", "atom+xml", "feed+json", "rdf+xml"].iter().any(|kind| media_type.contains(kind))
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

/// Returns true if a site's generator has served its own template: every entry's link still holds a place to fill in.
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
        assert_eq!(said("Moved to https://a.fr/new."), "not a feed but text of another kind; it names https://a.fr/new");
    }

    #[test]
    fn page_that_names_where_the_feed_is_now_is_quoted() {
        for (head, end) in [
            (
                "<meta http-equiv=refresh content='0; url=/new'><link rel=canonical href=/new>",
                "page; it sends on to https://a.fr/new",
            ),
            ("<link rel=canonical href=https://b.fr/new?token=hush>", "page; it says that its address is https://b.fr/new"),
            ("<link rel=canonical href=/rss>", "an HTML page"),
            (
                "<p>This feed has <a href=/new/feed.xml?token=hush>moved</a>, <a href=/>home</a>",
                "page; it names https://a.fr/new/feed.xml",
            ),
            (
                "<script>window.location.replace('https://b.fr/');</script><link rel=alternate type=application/rss+xml href=/f>",
                "page; it sends on to https://b.fr/; it links to https://a.fr/f",
            ),
        ] {
            let sentence = said(&format!("<html><head>{head}</head>"));
            assert!(sentence.ends_with(end), "{head}: {sentence}");
        }
    }

    #[test]
    fn links_to_feeds_are_found_however_they_are_written() {
        let feeds = |head: &str| linked_feeds(head, "https://a.fr/x/");
        for (head, feed) in [
            ("<link title=\"Actus > Sport\" rel=alternate type=application/rss+xml href=/rss>", Some("https://a.fr/rss")),
            ("<link data-href=\"/no\" href=\"/yes\" rel=alternate type=application/rss+xml>", Some("https://a.fr/yes")),
            (
                "<LINK\nREL='alternate home'\nTYPE='application/atom+xml; charset=utf-8' HREF='a?b=1&amp;c=2'/>",
                Some("https://a.fr/x/a?b=1&c=2"),
            ),
            ("<link/rel='alternate'/type=application/feed+json href=f>", Some("https://a.fr/x/f")),
            ("<link rel=stylesheet title=alternate type=application/rss+xml href=/no>", None),
            ("<link rel=alternate title=rss+xml type=text/html href=/no>", None),
            ("<linked rel=alternate type=application/rss+xml href=/no>", None),
            ("<!-- <link rel=alternate type=application/rss+xml href=/no> -->", None),
            ("<script>'<link rel=alternate type=application/rss+xml href=/no>'</script>", None),
            ("<link rel=alternate type=application/rss+xml href='/no", None),
        ] {
            assert_eq!(feeds(head).first().map(String::as_str), feed, "{head}");
        }
        assert_eq!(feeds(&"<link rel=alternate type=application/rss+xml href=/rss>".repeat(30)).len(), MOST_LINKED);
    }
}
