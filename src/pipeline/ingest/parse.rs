//! The CPU work of a visit: parses a body, compares it with the stored entries, and encodes the changes.

use crate::config as plan;
use crate::feed::{self, FeedError};
use crate::model::{Lang, SourceId, Time, Zone};
use crate::net;
use crate::store::EncodedEntries;

use super::super::blocking::spawn_cpu;
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
}

impl ParseJob {
    /// Makes the job of a visit to `source` at `at`; with `keep`, changes are encoded for the store, else left as they are.
    pub(super) fn new(source: &plan::Source, at: Time, keep: bool) -> Self {
        Self { source: source.id.clone(), lang: source.lang.clone(), zone: source.zone, at, keep, is_first_visit: false }
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
        let (entries, dropped) = feed::deduplicate(std::mem::take(&mut feed.entries));
        let ids = entries.iter().map(|(entry, _)| entry.key.id()).collect();
        // A body that broke off behind the end of the feed is complete.
        let is_part = body.is_part || body.damage.is_some() && feed.is_cut();
        let net::Body { links, url, .. } = body;
        Ok(ParsedBody { feed, entries, ids, renamed: Vec::new(), dropped, links, url, is_part })
    }

    fn diff(&self, parsed: ParsedBody, stored: &StoredFeed) -> FeedChanges {
        let comparison = Comparison { visited: self.at, is_first_visit: self.is_first_visit, lang: self.lang.as_ref() };
        comparison.compare(parsed, stored)
    }

    fn encode(&self, changes: &mut FeedChanges) {
        if self.keep {
            changes.encoded = EncodedEntries::encode(&self.source, self.at, &std::mem::take(&mut changes.changes));
        }
    }
}
