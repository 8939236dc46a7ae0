//! Finds the feeds of a page: the address itself, the links of the page, the known feed addresses of common sites, and the usual
//! paths. Every feed that is returned was fetched and parsed.

use url::Url;

use super::error::DiscoveryError;
use crate::feed::{self, Feed, FeedBody, FeedError};
use crate::model::{SourceId, Time, Validators, Zone};
use crate::net::{Client, Link, Request, Response};

/// The most candidates of one page that are fetched.
const MAX_CANDIDATES: usize = 12;
/// The usual paths of feeds, tried one by one if a page links to none.
const USUAL_PATHS: [&str; 9] =
    ["/feed/", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/rss", "/feed.json", "/feeds/posts/default", "/?feed=rss2"];

/// A feed that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFeed {
    /// Its address.
    pub url: String,
    /// Its format, as `relais parse` names it.
    pub format: &'static str,
    /// Its title.
    pub title: String,
    /// Its language, declared or detected.
    pub lang: Option<String>,
    /// The number of its entries.
    pub entries: usize,
    /// The date of its newest entry.
    pub newest: Option<Time>,
}

/// The body of an address.
enum Fetched {
    Feed(Box<FoundFeed>),
    /// Another page: the addresses of the feeds that it links to, and the error of parsing it as a feed.
    Page(Vec<String>, FeedError),
}

/// Finds the feeds at or behind an address, feeds of comments last. Fails if there are none.
pub async fn find_feeds(client: &Client, address: &str) -> Result<Vec<FoundFeed>, DiscoveryError> {
    let (linked, reason) = match fetch_candidate(client, address).await? {
        Fetched::Feed(feed) => return Ok(vec![*feed]),
        Fetched::Page(linked, reason) => (linked, reason),
    };
    let mut found = fetch_candidates(client, &linked, false).await;
    if found.is_empty() {
        found = fetch_candidates(client, &known_feeds(address), false).await;
    }
    if found.is_empty() {
        let usual: Vec<String> = Url::parse(address)
            .map(|url| USUAL_PATHS.iter().filter_map(|path| Some(url.join(path).ok()?.to_string())).collect())
            .unwrap_or_default();
        found = fetch_candidates(client, &usual, true).await;
    }
    if found.is_empty() { Err(DiscoveryError::NoFeedBehind { url: address.to_owned(), reason }) } else { Ok(rank(found)) }
}

/// Fetches addresses and returns those that are feeds, each once; with `first`, only the first.
async fn fetch_candidates(client: &Client, addresses: &[String], first: bool) -> Vec<FoundFeed> {
    let mut found: Vec<FoundFeed> = Vec::new();
    for address in addresses.iter().take(MAX_CANDIDATES) {
        if let Ok(Fetched::Feed(feed)) = fetch_candidate(client, address).await
            && !found.iter().any(|known| known.url == feed.url)
        {
            found.push(*feed);
            if first {
                break;
            }
        }
    }
    found
}

async fn fetch_candidate(client: &Client, address: &str) -> Result<Fetched, DiscoveryError> {
    let request = Request { url: address, validators: &Validators::default(), headers: &[], auth: None };
    let body = match client.get(&request).await {
        Ok(Response::Body(body)) => body,
        Ok(Response::NotModified { .. }) => return Err(DiscoveryError::NotModified { url: address.to_owned() }),
        Err(error) => return Err(error.into()),
    };
    // The target of a permanent redirect is the address to add; that of a temporary one is not.
    let url = body.moved.clone().unwrap_or_else(|| address.to_owned());
    let input =
        FeedBody { bytes: &body.bytes, content_type: body.content_type.as_deref(), url: &body.url, lang: None, zone: Zone::UTC };
    match feed::parse_feed(&input, &SourceId::new("discovery")) {
        Ok(feed) => Ok(Fetched::Feed(Box::new(describe(url, feed)))),
        Err(error) => {
            let mut linked: Vec<String> =
                body.links.iter().filter(|link| is_feed_link(link)).map(|link| link.url.clone()).collect();
            linked.extend(feed::discover_feeds(&input).into_iter().filter(|url| !body.links.iter().any(|link| link.url == *url)));
            Ok(Fetched::Page(linked, error))
        }
    }
}

/// Returns true if a `Link` header names a feed.
fn is_feed_link(link: &Link) -> bool {
    let kind = link.kind.as_deref().unwrap_or_default();
    link.has_rel("alternate") && ["rss+xml", "atom+xml", "feed+json", "rdf+xml"].iter().any(|feed| kind.contains(feed))
}

fn describe(url: String, feed: Feed) -> FoundFeed {
    FoundFeed {
        url,
        format: feed.format,
        title: feed.title.to_string(),
        lang: feed.language.map(|lang| lang.to_string()),
        entries: feed.entries.len(),
        newest: feed.entries.iter().filter_map(|entry| entry.head.published.or(entry.head.updated)).max(),
    }
}

/// Sorts feeds: articles before comments, and feeds with entries before empty ones.
fn rank(mut found: Vec<FoundFeed>) -> Vec<FoundFeed> {
    let is_of_comments = |feed: &FoundFeed| feed.url.contains("/comments") || feed.url.contains("feed=comments");
    found.sort_by_key(|feed| (is_of_comments(feed), feed.entries == 0));
    found
}

/// Returns the feed address of common sites that can be derived from the address of a page.
fn known_feeds(address: &str) -> Vec<String> {
    let Ok(url) = Url::parse(address) else { return Vec::new() };
    let host = url.host_str().unwrap_or_default().trim_start_matches("www.");
    let parts: Vec<&str> = url.path_segments().map(|parts| parts.filter(|part| !part.is_empty()).collect()).unwrap_or_default();
    let place = match (host, &parts[..]) {
        ("youtube.com", ["channel", id, ..]) => format!("https://www.youtube.com/feeds/videos.xml?channel_id={id}"),
        ("youtube.com", ["playlist", ..]) => match url.query_pairs().find(|(name, _)| name == "list") {
            Some((_, list)) => format!("https://www.youtube.com/feeds/videos.xml?playlist_id={list}"),
            None => return Vec::new(),
        },
        ("reddit.com" | "old.reddit.com", ["r" | "user", name, ..]) => format!("https://www.reddit.com/{}/{name}/.rss", parts[0]),
        ("github.com", [owner, name, ..]) => format!("https://github.com/{owner}/{name}/releases.atom"),
        ("medium.com", [name, ..]) => format!("https://medium.com/feed/{name}"),
        // Mastodon and compatible servers.
        (_, [name]) if name.starts_with('@') => format!("{}.rss", address.trim_end_matches('/')),
        // A category of WordPress, among others.
        (_, [_, ..]) => format!("{}/feed/", address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')),
        _ => return Vec::new(),
    };
    vec![place]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feed_address_of_a_common_site_is_derived_from_its_page() {
        for (page, feed) in [
            ("https://www.youtube.com/channel/UCabc/videos", Some("https://www.youtube.com/feeds/videos.xml?channel_id=UCabc")),
            ("https://www.youtube.com/playlist?list=PLx", Some("https://www.youtube.com/feeds/videos.xml?playlist_id=PLx")),
            ("https://www.reddit.com/r/olympics/new", Some("https://www.reddit.com/r/olympics/.rss")),
            ("https://github.com/a/b", Some("https://github.com/a/b/releases.atom")),
            ("https://medium.com/@a", Some("https://medium.com/feed/@a")),
            ("https://social.example/@a", Some("https://social.example/@a.rss")),
            ("https://blog.example/category/sport/?page=2", Some("https://blog.example/category/sport/feed/")),
            ("https://blog.example/", None),
        ] {
            assert_eq!(known_feeds(page).first().map(String::as_str), feed, "{page}");
        }
    }
}
