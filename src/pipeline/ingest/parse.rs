//! The CPU work of a visit: parses a body, compares it with the stored entries, and encodes the changes.

use std::collections::{HashMap, HashSet};

use crate::config as plan;
use crate::feed::{self, FeedError};
use crate::model::{Entry, EntryId, Lang, SourceId, Time, Zone};
use crate::net;
use crate::policy::declared_date;
use crate::select::{Decision, Rule, Verdict};
use crate::store::EncodedEntries;

use super::super::blocking::spawn_cpu;
use super::super::rules::SourceRules;
use super::compare::{Comparison, FeedChanges};
use super::parsed_body::{LeftOut, ParsedBody, StoredFeed};

/// The settings of one visit that parsing depends on.
#[derive(Clone)]
pub(super) struct ParseJob {
    source: SourceId,
    lang: Option<Lang>,
    zone: Zone,
    at: Time,
    keep: bool,
    is_first_visit: bool,
    rules: SourceRules,
    /// The last visit that succeeded.
    since: Option<Time>,
}

impl ParseJob {
    /// Makes the job of a visit to `source` at `at`, the first that succeeds after `since`; with `keep`, changes are encoded for the
    /// store, else left as they are. Entries that the rules drop are left out.
    pub(super) fn new(source: &plan::Source, rules: &SourceRules, since: Option<Time>, at: Time, keep: bool) -> Self {
        let (lang, rules) = (source.lang.clone(), rules.clone());
        Self { source: source.id.clone(), lang, zone: source.zone, at, keep, is_first_visit: false, rules, since }
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
        let mut feed = feed::parse_feed_with(&input, &self.source, &|texts| self.rules.rewrite(texts))?;
        let (entries, dropped) = feed::deduplicate(std::mem::take(&mut feed.entries));
        let ids = entries.iter().map(|(entry, _)| entry.key.id()).collect();
        // A body that broke off behind the end of the feed is complete.
        let is_part = body.is_part || body.damage.is_some() && feed.is_cut();
        let net::Body { links, url, .. } = body;
        let renamed = Vec::new();
        let mut parsed =
            ParsedBody { feed, entries, ids, renamed, dropped, links, url, is_part, left_out: Vec::new(), failure: None };
        self.decide(&mut parsed, |_, entry| self.rules.decide_topic(entry));
        if !self.rules.need_first_seen() {
            self.decide(&mut parsed, |_, entry| self.rules.decide_filter(entry, self.at));
        }
        Ok(parsed)
    }

    /// Takes the entries that are dropped out of a body.
    fn decide(&self, parsed: &mut ParsedBody, decide: impl Fn(EntryId, &Entry) -> Decision) {
        let ids = std::mem::take(&mut parsed.ids);
        for ((entry, revision), id) in std::mem::take(&mut parsed.entries).into_iter().zip(ids) {
            let Decision { verdict, rule, failure } = decide(id, &entry);
            parsed.failure = parsed.failure.take().or(failure);
            if verdict == Verdict::Kept {
                parsed.ids.push(id);
                parsed.entries.push((entry, revision));
            } else {
                tracing::debug!(source.id = %self.source, entry.id = %id, rule = rule.map(Rule::key), title = %entry.title, "left out an entry");
                let date = declared_date(entry.head.published, entry.head.updated);
                parsed.left_out.push(LeftOut { id, date });
            }
        }
    }

    fn diff(&self, mut parsed: ParsedBody, stored: &StoredFeed) -> FeedChanges {
        if self.rules.need_first_seen() {
            let first_seen: HashMap<EntryId, Time> = stored.rows.iter().map(|row| (row.id, row.first_seen)).collect();
            let seen = |id| first_seen.get(&id).copied().unwrap_or(self.at);
            self.decide(&mut parsed, |id, entry| self.rules.decide_filter(entry, seen(id)));
        }
        let comparison = Comparison { visited: self.at, is_first_visit: self.is_first_visit, lang: self.lang.as_ref() };
        let (left_out, failure) = (parsed.left_out.clone(), parsed.failure.take());
        let mut changes = comparison.compare(parsed, stored);
        changes.failure = failure;
        changes.found.by_rule = u32::try_from(left_out.len()).unwrap_or(u32::MAX);
        // An entry that the rules took, and do not take any more, is taken back.
        let out_ids: HashSet<EntryId> = left_out.iter().map(|entry| entry.id).collect();
        let taken_back = stored.rows.iter().filter(|row| !row.is_withdrawn && out_ids.contains(&row.id)).map(|row| row.id);
        changes.take_back(taken_back);
        // How often a source publishes, and whether it has fallen silent, is told by all its entries.
        let is_new = |date: &Time| self.since.is_none_or(|since| *date > since);
        changes.published.extend(left_out.into_iter().filter_map(|entry| entry.date).filter(is_new));
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
    use crate::model::{ArticleKey, EntryKey, EntryRow, LinkOrigin, Revision};
    use crate::pipeline::topics::Topics;

    fn day(day: u8) -> Time {
        Time::from_rfc3339(&format!("2026-09-0{day}T08:00:00Z")).expect("a date")
    }

    /// The job of a visit on the 5th to a source with this key, and a body with items of these days.
    fn job(key: &str, items: &[(u8, &str)]) -> (ParseJob, net::Body) {
        let text = format!("[source.a]\nurl = \"https://a.example/\"\n{key}\n[edition.e]\n");
        let plan = config::parse(&text, Path::new("feeds.toml")).expect("a plan");
        let topics = Topics::load(&plan).expect("a rule");
        let rules = SourceRules::new(&plan.sources[0], &topics);
        let item = |(day, title): &(u8, &str)| {
            format!("<item><guid>{title}</guid><title>{title}</title><pubDate>0{day} Sep 2026 08:00:00 +0000</pubDate></item>")
        };
        let items: String = items.iter().map(item).collect();
        let feed = format!("<rss version=\"2.0\"><channel><title>A</title>{items}</channel></rss>");
        let body = net::Body::pushed(feed.into_bytes(), None, "https://a.example/".to_owned());
        (ParseJob::new(&plan.sources[0], &rules, Some(day(2)), day(5), false), body)
    }

    #[tokio::test]
    async fn publication_rate_counts_what_is_about_something_else_since_the_last_visit() {
        let (job, body) = job("topic = \"olympic\"", &[(1, "Ligue 1"), (3, "Top 14"), (4, "Les JO")]);
        let changes = job.parse_new(body).await.expect("a feed");
        assert_eq!((changes.listed.len(), changes.published), (1, vec![day(4), day(3)]));
    }
    #[tokio::test]
    async fn age_of_an_entry_is_that_at_which_it_was_first_seen() {
        let (job, body) = job("keep = \"age <= 24\"", &[(4, "Neuf"), (1, "Su"), (2, "Vieux")]);
        let known = EntryRow {
            id: EntryKey { source: SourceId::new("a"), uid: "Su".to_owned() }.id(),
            source: SourceId::new("a"),
            revision: Revision(0),
            at: day(1),
            first_seen: day(2),
            lang: None,
            article: ArticleKey::new(None, "Su", None, LinkOrigin::Elsewhere),
            story: crate::model::StoryKey::default(),
            is_withdrawn: false,
        };
        let parsed = job.parse(body).await.expect("a feed");
        let changes = job.compare(parsed, StoredFeed { rows: vec![known], ..StoredFeed::default() }).await;
        let titles: Vec<&str> = changes.changes.iter().map(|change| change.entry.title.as_str()).collect();
        assert_eq!((titles, changes.withdrawn.len(), changes.found.by_rule), (vec!["Neuf", "Su"], 0, 1));
    }
}
