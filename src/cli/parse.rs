//! `relais parse`: one feed, or a folder of them, as JSON.

use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use url::Url;

use super::args::{Args, ParseArgs};
use super::check::load;
use super::exit::{Exit, Failure, print};
use crate::feed::{self, Feed, FeedBody};
use crate::html;
use crate::model::{Clean, Enclosure, Entry, Lang, RawHtml, SourceId, Text, Time, Validators, Zone};
use crate::net::{Client, Options, Request, Response};
use crate::pipeline;

/// A file is read up to here: feeds are fetched up to `max_bytes`, and this is what that may be set to.
const MOST_BYTES: u64 = 256 << 20;

/// Reads one feed, or a folder of them.
pub(super) async fn parse(args: &Args, ask: &ParseArgs) -> Result<Exit, Failure> {
    if let Some(folder) = &ask.batch {
        return batch(folder);
    }
    let input = ask.input.as_deref().unwrap_or("-");
    let fetched = if input.starts_with("http://") || input.starts_with("https://") {
        fetch(args, input).await?
    } else {
        Fetched { bytes: read(input)?, content_type: None, url: file_url(input) }
    };
    let body = FeedBody {
        bytes: &fetched.bytes,
        content_type: ask.content_type.as_deref().or(fetched.content_type.as_deref()),
        url: ask.url.as_deref().unwrap_or(&fetched.url),
        lang: None,
        zone: Zone::UTC,
    };
    let document = document(&body).map_err(|error| Failure::fault(format!("{input}: {error}")))?;
    let text = serde_json::to_string_pretty(&document).map_err(Failure::own)?;
    print(&format!("{text}\n"))?;
    Ok(Exit::Good)
}

struct Fetched {
    bytes: Vec<u8>,
    content_type: Option<String>,
    url: String,
}

/// Fetches a feed by the rules of feeds.toml, if there is one.
async fn fetch(args: &Args, url: &str) -> Result<Fetched, Failure> {
    let client = if args.config.exists() { pipeline::client(&load(args)?.fetch) } else { Client::new(Options::default()) };
    let client = client.map_err(Failure::own)?;
    let ask = Request { url, validators: &Validators::default(), headers: &[], auth: None };
    match client.get(&ask).await {
        Ok(Response::Body(body)) => Ok(Fetched { bytes: body.bytes, content_type: body.content_type, url: body.url }),
        Ok(Response::NotModified { .. }) => Err(Failure::fault(format!("{url}: answered “not modified” to a first request"))),
        Err(error) => Err(Failure::fault(error)),
    }
}

/// Reads a file or standard input.
fn read(input: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if input == "-" {
        std::io::stdin().take(MOST_BYTES).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(input).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::usage(format!("cannot read {input}: {error}")))?;
    Ok(bytes)
}

/// What relative links in a file are relative to: an address of its own, which leads nowhere.
fn file_url(input: &str) -> String {
    std::path::absolute(input)
        .ok()
        .and_then(|path| Url::from_file_path(path).ok())
        .map_or_else(|| "file:///".to_owned(), Into::into)
}

/// A line of a manifest.
#[derive(Deserialize)]
struct Listed {
    file: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    content_type: Option<String>,
}

/// Reads every file of `folder/manifest.jsonl`, and prints one JSON line each.
fn batch(folder: &Path) -> Result<Exit, Failure> {
    let manifest = folder.join("manifest.jsonl");
    let lines = std::fs::read_to_string(&manifest)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", manifest.display())))?;
    for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let listed: Listed = serde_json::from_str(line).map_err(|error| {
            Failure::usage(format!("{}:{}: not a line like {{\"file\":…}}: {error}", manifest.display(), number + 1))
        })?;
        let answer = match std::fs::read(folder.join(&listed.file)) {
            Err(error) => Err(format!("cannot be read: {error}")),
            Ok(bytes) => {
                let url = listed.url.clone().filter(|url| !url.is_empty()).unwrap_or_else(|| file_url(&listed.file));
                let content_type = listed.content_type.as_deref().filter(|kind| !kind.is_empty());
                document(&FeedBody { bytes: &bytes, content_type, url: &url, lang: None, zone: Zone::UTC })
                    .map_err(|error| error.to_string())
            }
        };
        let line = match answer {
            Ok(document) => serde_json::to_string(&Line { file: &listed.file, document: Some(document), error: None }),
            Err(error) => serde_json::to_string(&Line { file: &listed.file, document: None, error: Some(error) }),
        };
        print(&format!("{}\n", line.map_err(Failure::own)?))?;
    }
    Ok(Exit::Good)
}

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    document: Option<Document>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A feed as it is printed. The field names are promises.
#[derive(Serialize)]
struct Document {
    format: &'static str,
    id: Option<String>,
    title: Option<Text>,
    link: Option<String>,
    description: Option<Clean>,
    language: Option<Lang>,
    updated: Option<Time>,
    authors: Vec<String>,
    categories: Vec<String>,
    image: Option<String>,
    rights: Option<Clean>,
    repaired: Vec<&'static str>,
    entries: Vec<Printed>,
}

/// An entry as it is printed.
#[derive(Serialize)]
struct Printed {
    id: String,
    url: Option<String>,
    title: Option<Text>,
    summary_html: Option<Clean>,
    content_html: Option<Clean>,
    text: String,
    authors: Vec<String>,
    categories: Vec<String>,
    published: Option<Time>,
    updated: Option<Time>,
    enclosures: Vec<Enclosure>,
    image: Option<String>,
    language: Option<Lang>,
}

fn document(body: &FeedBody<'_>) -> Result<Document, feed::FeedError> {
    let feed: Feed = feed::parse_feed(body, &SourceId::new("parse"))?;
    let base = Url::parse(body.url).ok();
    let clean = |raw: &RawHtml| Some(html::clean(raw, base.as_ref())).filter(|clean| !clean.is_empty());
    Ok(Document {
        format: feed.format,
        id: feed.id,
        title: shown(feed.title),
        link: feed.link,
        description: feed.description.as_ref().and_then(clean),
        language: feed.language,
        updated: feed.updated,
        authors: feed.authors,
        categories: feed.categories,
        image: feed.image,
        rights: feed.rights.as_ref().and_then(clean),
        repaired: feed.repaired,
        entries: feed.entries.into_iter().map(printed).collect(),
    })
}

fn printed(entry: Entry) -> Printed {
    let base = entry.head.base.as_deref().and_then(|base| Url::parse(base).ok());
    let lang = entry.head.lang.as_ref();
    let clean = |raw: &RawHtml| Some(html::clean_article(raw, base.as_ref(), lang)).filter(|clean| !clean.is_empty());
    let summary_html = entry.summary.as_ref().and_then(clean);
    let content_html = entry.content.as_ref().and_then(clean);
    let text = content_html.as_ref().or(summary_html.as_ref()).map(html::to_text).unwrap_or_default();
    let head = entry.head;
    Printed {
        id: head.guid.unwrap_or(entry.key.uid),
        url: head.url,
        title: shown(entry.title),
        summary_html,
        content_html,
        text,
        authors: head.authors,
        categories: head.categories,
        published: head.published,
        updated: head.updated,
        enclosures: head.enclosures,
        image: head.image,
        language: head.lang,
    }
}

fn shown(text: Text) -> Option<Text> {
    Some(text).filter(|text| !text.is_blank())
}
