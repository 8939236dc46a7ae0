//! `relais add`: finds the feed of a web page and adds it to feeds.toml.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use anstream::eprintln;
use clap::ValueHint;

use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::source_file::{add_sources, find_by_url, load_incomplete_plan, published_tags, unpublished_sources};
use crate::config::{NewSource, Plan, source_id};
use crate::model::public_address;
use crate::net::Client;
use crate::pipeline::{self, FoundFeed};

#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// The address of a feed, or of a web page that has one.
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    url: String,
    /// The ID of the source in feeds.toml [default: made from the host].
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Tags for the source.
    #[arg(long, value_name = "TAG", num_args = 1..)]
    tag: Vec<String>,
    /// The number of the feed to add, if several are found.
    #[arg(long, value_name = "NUMBER", conflicts_with = "all")]
    pick: Option<usize>,
    /// Add all feeds that are found.
    #[arg(long, conflicts_with = "id")]
    all: bool,
    /// Print the table, but do not change feeds.toml.
    #[arg(long)]
    dry_run: bool,
}

/// Finds the feeds of a page and adds those that are wanted.
pub(super) async fn run_add(global: &GlobalArgs, args: &AddArgs) -> Result<Exit, CommandError> {
    let plan = load_incomplete_plan(global)?;
    let client = pipeline::client(&plan.fetch).map_err(CommandError::internal)?;
    let found = find_feeds(&client, &args.url).await?;
    let chosen = choose_feeds(args, &found)?;
    let sources = new_sources(args, &plan, &chosen)?;
    if sources.is_empty() {
        return Err(CommandError::usage("nothing was added"));
    }
    check_is_published(&global.config, &plan, &sources)?;
    add_sources(&global.config, &sources, args.dry_run)
}

/// Finds the feeds behind an address. Without a scheme, https is tried first, then http.
async fn find_feeds(client: &Client, address: &str) -> Result<Vec<FoundFeed>, CommandError> {
    if address.contains("://") {
        return pipeline::find_feeds(client, address).await.map_err(CommandError::fault);
    }
    let secure = match pipeline::find_feeds(client, &format!("https://{address}")).await {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    let plain = pipeline::find_feeds(client, &format!("http://{address}")).await;
    plain.map_err(|plain| CommandError::fault(format!("no feed was found\nwith https: {secure}\nwith http: {plain}")))
}

/// Refuses sources with tags that no edition takes: they would be visited and never published. Those without tags are mentioned.
fn check_is_published(path: &Path, plan: &Plan, sources: &[NewSource]) -> Result<(), CommandError> {
    let unpublished = unpublished_sources(path, sources);
    let Some(first) = unpublished.first() else { return Ok(()) };
    let tags = published_tags(plan);
    let hint = if tags.is_empty() {
        "add the source, or one of its tags, to the `from` of an edition".to_owned()
    } else {
        format!("the tags that editions take are {}; or add yours to the `from` of an edition", tags.join(", "))
    };
    if first.tags.is_empty() {
        eprintln!("no edition takes [source.{}] yet: {hint}", first.id);
        return Ok(());
    }
    let shown = if first.tags.len() == 1 { "the tag" } else { "one of the tags" };
    Err(CommandError::usage(format!("no edition takes {shown} {}: nothing was added", first.tags.join(", "))).with_hint(hint))
}

/// Makes sources of the feeds that feeds.toml does not have yet.
fn new_sources(args: &AddArgs, plan: &Plan, feeds: &[&FoundFeed]) -> Result<Vec<NewSource>, CommandError> {
    let mut sources: Vec<NewSource> = Vec::new();
    for feed in feeds {
        if let Some(id) = find_by_url(plan, &feed.url) {
            eprintln!("{} exists already, as [source.{id}]", public_address(&feed.url));
            continue;
        }
        let is_taken =
            |id: &str| plan.sources.iter().any(|source| source.id.as_str() == id) || sources.iter().any(|new| new.id == id);
        let id = match &args.id {
            Some(id) if sources.is_empty() => id.clone(),
            _ => source_id(&feed.url.parse().map_err(CommandError::internal)?, &is_taken),
        };
        eprintln!("{}", describe_feed(feed));
        sources.push(NewSource {
            id,
            url: feed.url.clone(),
            title: Some(feed.title.clone()).filter(|title| !title.is_empty()),
            lang: feed.lang.clone(),
            tags: args.tag.clone(),
        });
    }
    Ok(sources)
}

/// Chooses among the found feeds: by the arguments, else by asking.
fn choose_feeds<'f>(args: &AddArgs, found: &'f [FoundFeed]) -> Result<Vec<&'f FoundFeed>, CommandError> {
    if args.all {
        return Ok(found.iter().collect());
    }
    if let Some(number) = args.pick {
        return feed_by_number(found, number);
    }
    if let [only] = found {
        return Ok(vec![only]);
    }
    for (number, feed) in found.iter().enumerate() {
        eprintln!("{}. {}", number + 1, describe_feed(feed));
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(
            CommandError::usage(format!("found {} feeds", found.len())).with_hint("choose with `--pick NUMBER` or `--all`")
        );
    }
    eprintln!("Which one? [1]");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(CommandError::internal)?;
    match line.trim() {
        "" => feed_by_number(found, 1),
        text => feed_by_number(found, text.parse().map_err(|_| CommandError::usage(format!("{text:?} is not a number")))?),
    }
}

/// Returns the feed with this number, counted from 1.
fn feed_by_number(found: &[FoundFeed], number: usize) -> Result<Vec<&FoundFeed>, CommandError> {
    let feed = number.checked_sub(1).and_then(|index| found.get(index));
    let error = || CommandError::usage(format!("there is no feed {number}: found {} feeds", found.len()));
    feed.map(|feed| vec![feed]).ok_or_else(error)
}

/// Describes a feed in one line.
fn describe_feed(feed: &FoundFeed) -> String {
    let newest = feed.newest.map(|time| format!(", newest {time}")).unwrap_or_default();
    let lang = feed.lang.as_deref().unwrap_or("no language");
    format!("{} “{}” ({}, {lang}, {} entries{newest})", public_address(&feed.url), feed.title, feed.format, feed.entries)
}
