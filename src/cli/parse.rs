//! `relais parse`: prints a feed, or a folder of feeds, as JSON.

use std::io::Read;
use std::path::{Path, PathBuf};

use anstream::eprintln;
use clap::ValueHint;
use serde::{Deserialize, Serialize};
use url::Url;

use super::context::load_plan;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use crate::feed::{self, Feed, FeedBody};
use crate::html;
use crate::model::{Clean, Enclosure, Entry, Lang, RawHtml, SourceId, Text, Time, Validators, Zone};
use crate::net::{Client, Options, Request, Response};
use crate::pipeline;

/// The most bytes that are read of a file: the upper limit of `max_bytes`.
const MAX_BYTES: u64 = 256 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct ParseArgs {
    /// A file, an http(s) address, or - for standard input.
    #[arg(required_unless_present = "batch", conflicts_with = "batch", value_name = "FILE|URL|-")]
    input: Option<String>,
    /// The base address of relative links [default: the address of the feed].
    #[arg(long, value_name = "BASE")]
    url: Option<String>,
    /// The Content-Type header of the feed.
    #[arg(long, value_name = "CT")]
    content_type: Option<String>,
    /// Parse every file of DIR/manifest.jsonl (`{"file","url","content_type"}` per line), and print one JSON line for each.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    batch: Option<PathBuf>,
}

/// Parses one feed, or a folder of feeds with `--batch`.
pub(super) async fn run_parse(global: &GlobalArgs, args: &ParseArgs) -> Result<Exit, CommandError> {
    if let Some(folder) = &args.batch {
        return parse_batch(folder);
    }
    let input = args.input.as_deref().unwrap_or("-");
    let fetched = if input.starts_with("http://") || input.starts_with("https://") {
        fetch(global, input).await?
    } else {
        Fetched { bytes: read_input(input)?, content_type: None, url: file_url(input) }
    };
    let body = FeedBody {
        bytes: &fetched.bytes,
        content_type: args.content_type.as_deref().or(fetched.content_type.as_deref()),
        url: args.url.as_deref().unwrap_or(&fetched.url),
        lang: None,
        zone: Zone::UTC,
    };
    let feed = parse_to_json(&body).map_err(|error| CommandError::fault(format!("{input}: {error}")))?;
    let text = serde_json::to_string_pretty(&feed).map_err(CommandError::internal)?;
    print(&format!("{text}\n"))?;
    Ok(Exit::Success)
}

/// A feed as it came, with the headers that matter.
struct Fetched {
    bytes: Vec<u8>,
    content_type: Option<String>,
    url: String,
}

/// Fetches a feed under the rules of feeds.toml, if the file exists.
async fn fetch(global: &GlobalArgs, url: &str) -> Result<Fetched, CommandError> {
    let client =
        if global.config.exists() { pipeline::client(&load_plan(global)?.fetch) } else { Client::new(Options::default()) };
    let client = client.map_err(CommandError::internal)?;
    let request = Request { url, validators: &Validators::default(), headers: &[], auth: None };
    match client.get_timed(&request).await.0 {
        Ok(Response::Body(body)) => {
            if let Some(damage) = &body.damage {
                eprintln!("{damage}; what arrived is read");
            }
            Ok(Fetched { bytes: body.bytes, content_type: body.content_type, url: body.url })
        }
        Ok(Response::NotModified { .. }) => {
            Err(CommandError::fault(format!("{url}: the server answered 304 (not modified) to a request without validators")))
        }
        Err(error) => Err(CommandError::fault(error)),
    }
}

/// Reads a file or standard input.
fn read_input(input: &str) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    let read = if input == "-" {
        std::io::stdin().take(MAX_BYTES).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(input).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
    };
    read.map_err(|error| CommandError::usage(format!("cannot read {input}: {error}")))?;
    Ok(bytes)
}

/// Returns the base address of relative links in a file: its own `file:` address.
fn file_url(input: &str) -> String {
    std::path::absolute(input)
        .ok()
        .and_then(|path| Url::from_file_path(path).ok())
        .map_or_else(|| "file:///".to_owned(), Into::into)
}

/// A line of manifest.jsonl.
#[derive(Deserialize)]
struct ManifestLine {
    file: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    content_type: Option<String>,
}

/// Parses every file of `folder/manifest.jsonl`, and prints one JSON line for each.
fn parse_batch(folder: &Path) -> Result<Exit, CommandError> {
    let manifest = folder.join("manifest.jsonl");
    let lines = std::fs::read_to_string(&manifest)
        .map_err(|error| CommandError::usage(format!("cannot read {}: {error}", manifest.display())))?;
    for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let listed: ManifestLine = serde_json::from_str(line).map_err(|error| {
            CommandError::usage(format!("{}:{}: expected a line such as {{\"file\":…}}: {error}", manifest.display(), number + 1))
        })?;
        let result = match std::fs::read(folder.join(&listed.file)) {
            Err(error) => Err(format!("cannot be read: {error}")),
            Ok(bytes) => {
                let url = listed.url.clone().filter(|url| !url.is_empty()).unwrap_or_else(|| file_url(&listed.file));
                let content_type = listed.content_type.as_deref().filter(|kind| !kind.is_empty());
                parse_to_json(&FeedBody { bytes: &bytes, content_type, url: &url, lang: None, zone: Zone::UTC })
                    .map_err(|error| error.to_string())
            }
        };
        let line = match result {
            Ok(feed) => serde_json::to_string(&BatchLine { file: &listed.file, feed: Some(feed), error: None }),
            Err(error) => serde_json::to_string(&BatchLine { file: &listed.file, feed: None, error: Some(error) }),
        };
        print(&format!("{}\n", line.map_err(CommandError::internal)?))?;
    }
    Ok(Exit::Success)
}

#[derive(Serialize)]
struct BatchLine<'a> {
    file: &'a str,
    #[serde(flatten)]
    feed: Option<FeedJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A feed in JSON. Scripts rely on the field names.
#[derive(Serialize)]
struct FeedJson {
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
    entries: Vec<EntryJson>,
}

/// An entry in JSON.
#[derive(Serialize)]
struct EntryJson {
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

fn parse_to_json(body: &FeedBody<'_>) -> Result<FeedJson, feed::FeedError> {
    let feed: Feed = feed::parse_feed(body, &SourceId::new("parse"))?;
    let base = Url::parse(body.url).ok();
    let clean = |raw: &RawHtml| Some(html::clean(raw, base.as_ref())).filter(|clean| !clean.is_empty());
    Ok(FeedJson {
        format: feed.format,
        id: feed.id,
        title: not_blank(feed.title),
        link: feed.link,
        description: feed.description.as_ref().and_then(clean),
        language: feed.language,
        updated: feed.updated,
        authors: feed.authors,
        categories: feed.categories,
        image: feed.image,
        rights: feed.rights.as_ref().and_then(clean),
        repaired: feed.repaired,
        entries: feed.entries.into_iter().map(entry_to_json).collect(),
    })
}

fn entry_to_json(entry: Entry) -> EntryJson {
    let parse = |address: Option<&str>| address.and_then(|address| Url::parse(address).ok());
    let (base, page) = (parse(entry.head.link_base()), parse(entry.head.url.as_deref()));
    let links = html::LinkBase { base: base.as_ref(), page: page.as_ref() };
    let lang = entry.head.lang.as_ref();
    let clean = |raw: &RawHtml| Some(html::clean_article(raw, links, lang)).filter(|clean| !clean.is_empty());
    let summary_html = entry.summary.as_ref().and_then(clean);
    let content_html = entry.content.as_ref().and_then(clean);
    let text = content_html.as_ref().or(summary_html.as_ref()).map(html::to_text).unwrap_or_default();
    let head = entry.head;
    EntryJson {
        id: head.guid.unwrap_or(entry.key.uid),
        url: head.url,
        title: not_blank(entry.title),
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

fn not_blank(text: Text) -> Option<Text> {
    Some(text).filter(|text| !text.is_blank())
}
