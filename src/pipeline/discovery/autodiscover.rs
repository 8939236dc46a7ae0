//! Feeds behind a page: the address itself, what the page links to, what common sites are known for, and where feeds usually are.
//! Whatever is found was fetched and read.

use url::Url;

use crate::feed::{self, Feed, FeedBody};
use crate::model::{SourceId, Time, Validators, Zone};
use crate::net::{Client, Link, Request, Response};

/// Feeds of one page that are looked at.
const MOST: usize = 12;
/// Where feeds usually are, from the root of a site: tried only when nothing else is known, until one is found.
const USUAL: [&str; 9] =
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
    /// Its language, as it says or as its text reads.
    pub lang: Option<String>,
    /// How many entries it has.
    pub entries: usize,
    /// When the newest was published.
    pub newest: Option<Time>,
}

/// What an address gave.
enum Given {
    Feed(Box<FoundFeed>),
    /// No feed: where feeds may be, and why this is none.
    Page(Vec<String>, String),
}

/// The feeds behind an address, those of comments last; else why there are none.
pub async fn seek(client: &Client, address: &str) -> Result<Vec<FoundFeed>, String> {
    let (linked, why) = match look(client, address).await? {
        Given::Feed(feed) => return Ok(vec![*feed]),
        Given::Page(linked, why) => (linked, why),
    };
    let mut found = look_at(client, &linked, false).await;
    if found.is_empty() {
        found = look_at(client, &known_place(address), false).await;
    }
    if found.is_empty() {
        let usual: Vec<String> = Url::parse(address)
            .map(|url| USUAL.iter().filter_map(|path| Some(url.join(path).ok()?.to_string())).collect())
            .unwrap_or_default();
        found = look_at(client, &usual, true).await;
    }
    if found.is_empty() { Err(format!("{address}: {why}, and no feed was found behind it")) } else { Ok(ranked(found)) }
}

/// Those addresses that are feeds, each once; with `first`, the first of them.
async fn look_at(client: &Client, addresses: &[String], first: bool) -> Vec<FoundFeed> {
    let mut found: Vec<FoundFeed> = Vec::new();
    for address in addresses.iter().take(MOST) {
        if let Ok(Given::Feed(feed)) = look(client, address).await
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

async fn look(client: &Client, address: &str) -> Result<Given, String> {
    let ask = Request { url: address, validators: &Validators::default(), headers: &[], auth: None };
    let body = match client.get(&ask).await {
        Ok(Response::Body(body)) => body,
        Ok(Response::NotModified { .. }) => return Err(format!("{address}: answered “not modified” to a first request")),
        Err(error) => return Err(error.to_string()),
    };
    // Where it has moved for good is its address; where it leads for now is not.
    let url = body.moved.clone().unwrap_or_else(|| address.to_owned());
    let read =
        FeedBody { bytes: &body.bytes, content_type: body.content_type.as_deref(), url: &body.url, lang: None, zone: Zone::UTC };
    match feed::parse_feed(&read, &SourceId::new("seek")) {
        Ok(feed) => Ok(Given::Feed(Box::new(told(url, feed)))),
        Err(error) => {
            let mut linked: Vec<String> =
                body.links.iter().filter(|link| is_to_feed(link)).map(|link| link.url.clone()).collect();
            linked.extend(feed::discover_feeds(&read).into_iter().filter(|url| !body.links.iter().any(|link| link.url == *url)));
            Ok(Given::Page(linked, error.to_string()))
        }
    }
}

/// Whether a `Link` header leads to a feed.
fn is_to_feed(link: &Link) -> bool {
    let kind = link.kind.as_deref().unwrap_or_default();
    link.has_rel("alternate") && ["rss+xml", "atom+xml", "feed+json", "rdf+xml"].iter().any(|feed| kind.contains(feed))
}

fn told(url: String, feed: Feed) -> FoundFeed {
    FoundFeed {
        url,
        format: feed.format,
        title: feed.title.to_string(),
        lang: feed.language.map(|lang| lang.to_string()),
        entries: feed.entries.len(),
        newest: feed.entries.iter().filter_map(|entry| entry.head.published.or(entry.head.updated)).max(),
    }
}

/// What somebody wants who names a page: its articles, and not the comments on them; the fuller of two.
fn ranked(mut found: Vec<FoundFeed>) -> Vec<FoundFeed> {
    let is_of_comments = |feed: &FoundFeed| feed.url.contains("/comments") || feed.url.contains("feed=comments");
    found.sort_by_key(|feed| (is_of_comments(feed), feed.entries == 0));
    found
}

/// Where sites keep their feeds that do not say so on the page, as far as it follows from the address.
fn known_place(address: &str) -> Vec<String> {
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
        // Mastodon and what speaks like it.
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
    fn common_sites_keep_their_feeds_in_known_places() {
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
            assert_eq!(known_place(page).first().map(String::as_str), feed, "{page}");
        }
    }
}
