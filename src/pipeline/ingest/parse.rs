//! The CPU work of a visit: parses a body, compares it with the stored entries, and encodes the changes.

use std::collections::HashSet;

use crate::config as plan;
use crate::feed::{self, FeedError};
use crate::model::{EntryId, Lang, SourceId, Time, Zone};
use crate::net;
use crate::policy::declared_date;
use crate::store::EncodedEntries;

use super::super::blocking::spawn_cpu;
use super::super::topics::SourceTopic;
use super::compare::{Comparison, FeedChanges};
use super::parsed_body::{ParsedBody, StoredFeed};

/// The settings of one visit that parsing depends on.
#[derive(Clone)]
pub(super) struct ParseJob {
    source: SourceId,
    lang: Option<Lang>,
    zone: Zone,
    at: Time,
    keep: bool,
    is_first_visit: bool,
    topic: Option<SourceTopic>,
    /// The last visit that succeeded.
    since: Option<Time>,
}

impl ParseJob {
    /// Makes the job of a visit to `source` at `at`, the first that succeeds after `since`; with `keep`, changes are encoded for the
    /// store, else left as they are. Entries that are not about the topic are left out.
    pub(super) fn new(source: &plan::Source, topic: Option<&SourceTopic>, since: Option<Time>, at: Time, keep: bool) -> Self {
        let (lang, topic) = (source.lang.clone(), topic.cloned());
        Self { source: source.id.clone(), lang, zone: source.zone, at, keep, is_first_visit: false, topic, since }
    }

    /// Parses, compares and encodes in one piece of work, for a source without stored entries.
    pub(super) async fn parse_new(mut self, body: net::Body) -> Result<FeedChanges, FeedError> {
        self.is_first_visit = true;
        let work = move || {
            let parsed = self.parse_body(body)?;
            let mut changes = self.diff(parsed, &StoredFeed::default());
            self.encode(&mut changes);
            Ok(changes)
        };
        spawn_cpu("reading a feed", work).await.unwrap_or_else(|error| Err(FeedError::Panicked(error.to_string())))
    }

    /// Parses a body.
    pub(super) async fn parse(&self, body: net::Body) -> Result<ParsedBody, FeedError> {
        let work = self.clone();
        spawn_cpu("reading a feed", move || work.parse_body(body))
            .await
            .unwrap_or_else(|error| Err(FeedError::Panicked(error.to_string())))
    }

    /// Compares a body with what is stored, and encodes the changes.
    pub(super) async fn compare(self, parsed: ParsedBody, stored: StoredFeed) -> FeedChanges {
        if parsed.is_stored(&stored.rows) {
            return self.diff(parsed, &stored);
        }
        let work = move || {
            let mut changes = self.diff(parsed, &stored);
            self.encode(&mut changes);
            changes
        };
        spawn_cpu("comparing entries", work).await.expect("comparing takes what was parsed, and has no reason to panic")
    }

    fn parse_body(&self, body: net::Body) -> Result<ParsedBody, FeedError> {
        let input = feed::FeedBody {
            bytes: &body.bytes,
            content_type: body.content_type.as_deref(),
            url: &body.url,
            lang: self.lang.as_ref(),
            zone: self.zone,
        };
        let mut feed = feed::parse_feed(&input, &self.source)?;
        let (mut entries, dropped) = feed::deduplicate(std::mem::take(&mut feed.entries));
        let mut off_topic = Vec::new();
        if let Some(topic) = &self.topic {
            let others = entries.extract_if(.., |(entry, _)| !topic.is_about(entry));
            off_topic.extend(others.map(|(entry, _)| (entry.key.id(), declared_date(entry.head.published, entry.head.updated))));
            tracing::debug!(source.id = %self.source, off_topic = off_topic.len(), kept = entries.len(), "judged the entries by topic");
        }
        let ids = entries.iter().map(|(entry, _)| entry.key.id()).collect();
        // A body that broke off behind the end of the feed is complete.
        let is_part = body.is_part || body.damage.is_some() && feed.is_cut();
        let net::Body { links, url, .. } = body;
        Ok(ParsedBody { feed, entries, ids, renamed: Vec::new(), dropped, links, url, is_part, off_topic })
    }

    fn diff(&self, parsed: ParsedBody, stored: &StoredFeed) -> FeedChanges {
        let comparison = Comparison { visited: self.at, is_first_visit: self.is_first_visit, lang: self.lang.as_ref() };
        let off_topic = parsed.off_topic.clone();
        let mut changes = comparison.compare(parsed, stored);
        // An entry that was about the topic, and is not any more, is taken back.
        let off_ids: HashSet<EntryId> = off_topic.iter().map(|(id, _)| *id).collect();
        let taken_back = stored.rows.iter().filter(|row| !row.is_withdrawn && off_ids.contains(&row.id)).map(|row| row.id);
        changes.take_back(taken_back);
        // How often a source publishes, and whether it has fallen silent, is told by all its entries.
        let is_new = |date: &Time| self.since.is_none_or(|since| *date > since);
        let off_topic = off_topic.into_iter().filter_map(|(_, date)| date).filter(is_new);
        changes.published.extend(off_topic);
        changes
    }

    fn encode(&self, changes: &mut FeedChanges) {
        if self.keep {
            changes.encoded = EncodedEntries::encode(&self.source, self.at, &std::mem::take(&mut changes.changes));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;
    use crate::pipeline::topics::Topics;

    #[tokio::test]
    async fn publication_rate_counts_what_is_about_something_else_since_the_last_visit() {
        let text = "[source.a]\nurl = \"https://a.example/\"\ntopic = \"olympic\"\n[edition.e]\n";
        let plan = config::parse(text, Path::new("feeds.toml")).expect("a plan");
        let topics = Topics::load(&plan).expect("a rule");
        let day = |day: u8| Time::from_rfc3339(&format!("2026-09-0{day}T08:00:00Z")).expect("a date");
        let items: String = [(1, "Ligue 1"), (3, "Top 14"), (4, "Les JO")]
            .map(|(day, title)| format!("<item><title>{title}</title><pubDate>0{day} Sep 2026 08:00:00 +0000</pubDate></item>"))
            .concat();
        let feed = format!("<rss version=\"2.0\"><channel><title>A</title>{items}</channel></rss>");
        let body = net::Body::pushed(feed.into_bytes(), None, "https://a.example/".to_owned());
        let source = &plan.sources[0];
        let job = ParseJob::new(source, topics.of(&source.id), Some(day(2)), day(5), false);
        let changes = job.parse_new(body).await.expect("a feed");
        assert_eq!((changes.listed.len(), changes.published), (1, vec![day(4), day(3)]));
    }
}
