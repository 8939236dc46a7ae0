//! Previews: what a source would give now, and what a rule would change in an edition. Nothing is stored.

mod edition;
mod price;

use crate::config as plan;
use crate::feed::{self, FeedBody, FeedError};
use crate::model::{Entry, ExplainedTopic, Revision, Time};
use crate::net::Client;
use crate::policy::declared_date;
use crate::select::Decision;

use super::blocking::spawn_cpu;
use super::discovery::{DiscoveryError, fetch_body};
use super::rules::SourceRules;
use super::topics::Topics;
pub use edition::{ChangedEdition, preview_edition};
pub use price::{PreviewPrice, price_entries};

/// The entries that a source would give now.
#[derive(Debug)]
pub struct SourcePreview {
    /// The format, as `relais parse` names it.
    pub format: &'static str,
    /// The title of the feed.
    pub title: Option<String>,
    /// Its entries, in the order of the feed.
    pub entries: Vec<PreviewedEntry>,
}

/// An entry of a preview.
#[derive(Debug)]
pub struct PreviewedEntry {
    /// The entry after the rewrites.
    pub entry: Entry,
    /// Its date.
    pub date: Time,
    /// The decision about it.
    pub decision: Decision,
    /// The decision by the rules of feeds.toml, if others are tried.
    pub before: Option<Decision>,
    /// The judgement of the topic rule.
    pub topic: Option<ExplainedTopic>,
}

/// Fetches a source and decides about each of its entries, as a first visit at `now` would. With `tried`, that are the rules of
/// `tried`, and those of `source` are shown beside.
pub async fn preview_source(
    client: &Client,
    source: &plan::Source,
    tried: Option<&plan::Source>,
    topics: &Topics,
    now: Time,
) -> Result<SourcePreview, DiscoveryError> {
    let (body, _) = fetch_body(client, source).await;
    let body = body?;
    let rules = SourceRules::new(tried.unwrap_or(source), topics);
    let before = tried.map(|_| SourceRules::new(source, topics));
    let (id, lang, zone, topic) = (source.id.clone(), source.lang.clone(), source.zone, source.topic.clone());
    let work = move || {
        let input = FeedBody {
            bytes: &body.bytes,
            content_type: body.content_type.as_deref(),
            url: &body.url,
            lang: lang.as_ref(),
            zone,
        };
        let mut feed = feed::parse_feed_with(&input, &id, &|texts| rules.rewrite(texts))?;
        let (mut entries, _) = feed::deduplicate(std::mem::take(&mut feed.entries));
        for (entry, _) in &mut entries {
            entry.head.lang = entry.head.lang.take().or_else(|| lang.clone());
        }
        let decide = |(entry, _): (Entry, Revision)| PreviewedEntry {
            date: declared_date(entry.head.published, entry.head.updated).unwrap_or(now),
            decision: rules.decide(&entry, now),
            before: before.as_ref().map(|rules| rules.decide(&entry, now)),
            topic: rules.explain_topic(topic.as_deref(), &entry),
            entry,
        };
        let title = Some(feed.title.to_string()).filter(|title| !title.is_empty());
        Ok(SourcePreview { format: feed.format, title, entries: entries.into_iter().map(decide).collect() })
    };
    spawn_cpu("reading a feed", work).await.unwrap_or_else(|error| Err(FeedError::Panicked(error.to_string()).into()))
}
