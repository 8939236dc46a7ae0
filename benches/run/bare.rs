//! The bare loop: fetch, parse with feed-rs, keep the newest 100, write them as one Atom file. It keeps no state but the
//! validators, cleans nothing, and trusts everybody.

use std::collections::HashMap;
use std::path::Path;

use atom_syndication::{Entry, Feed, Link, Text};
use chrono::{DateTime, FixedOffset, Utc};
use futures::StreamExt;

/// Entries in the file.
const NEWEST: usize = 100;

type Dated = (DateTime<Utc>, Entry);

/// Fetches all, and writes `bare.atom` and `etags.json` into the folder.
#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "the bare loop replaces no file with care")]
pub(crate) async fn run(address: &str, sources: u32, folder: &Path) {
    let state = folder.join("etags.json");
    let etags: HashMap<u32, String> =
        std::fs::read(&state).ok().map(|bytes| serde_json::from_slice(&bytes).expect("our own file")).unwrap_or_default();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut newest: Vec<Dated> = Vec::new();
    let mut known = HashMap::new();
    let (client, etags) = (&client, &etags);
    let mut fetched = futures::stream::iter(0..sources)
        .map(|number| async move {
            let mut request = client.get(format!("http://{address}/{number}"));
            if let Some(etag) = etags.get(&number) {
                request = request.header("if-none-match", etag);
            }
            let answer = request.send().await.expect("the origin answers");
            let etag = answer.headers().get("etag").and_then(|etag| etag.to_str().ok()).unwrap_or_default().to_owned();
            let body = if answer.status() == 304 { None } else { Some(answer.bytes().await.expect("a body")) };
            (number, etag, body)
        })
        .buffer_unordered(64);
    while let Some((number, etag, body)) = fetched.next().await {
        known.insert(number, etag);
        let Some(body) = body else { continue };
        let feed = feed_rs::parser::Builder::new().sanitize_content(false).build().parse(&body[..]).expect("our own feed");
        newest.extend(feed.entries.into_iter().map(dated));
        if newest.len() > NEWEST * 20 {
            cut(&mut newest);
        }
    }
    cut(&mut newest);
    if !newest.is_empty() {
        let entries: Vec<Entry> = newest.into_iter().map(|(_, entry)| entry).collect();
        let feed = Feed { title: Text::plain("bare"), id: "urn:bare".to_owned(), entries, ..Feed::default() };
        std::fs::write(folder.join("bare.atom"), feed.to_string()).expect("it can be written");
        std::fs::write(state, serde_json::to_vec(&known).expect("text")).expect("it can be written");
    }
}

fn cut(newest: &mut Vec<Dated>) {
    newest.sort_by_key(|(date, _)| std::cmp::Reverse(*date));
    newest.truncate(NEWEST);
}

fn dated(entry: feed_rs::model::Entry) -> Dated {
    let date = entry.published.or(entry.updated).unwrap_or_default();
    let links = entry.links.into_iter().map(|link| Link { href: link.href, ..Link::default() }).collect();
    let atom = Entry {
        title: Text::plain(entry.title.map(|title| title.content).unwrap_or_default()),
        id: entry.id,
        updated: DateTime::<FixedOffset>::from(date),
        links,
        summary: entry.summary.map(|summary| Text::html(summary.content)),
        ..Entry::default()
    };
    (date, atom)
}
