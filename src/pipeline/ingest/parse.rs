//! The CPU work of a visit: parses a body, compares it with the stored entries, and encodes the changes.

use std::collections::HashMap;

use crate::config as plan;
use crate::feed::{self, Feed, FeedError};
use crate::model::{Change, Entry, EntryId, EntryRow, Found, Hub, Lang, LinkOrigin, Revision, SourceId, SourceMeta, Time, Zone};
use crate::net;
use crate::policy::{EntryDates, declared_date, possible_date};
use crate::select::PublisherHosts;
use crate::store::EncodedEntries;

use super::super::blocking::spawn_cpu;

/// The most entries that are listed of a feed that is sent in parts.
const MAX_LISTED: usize = 1000;

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

/// A body, parsed and not yet compared.
pub(super) struct ParsedBody {
    /// The feed without its entries.
    feed: Feed,
    entries: Vec<(Entry, Revision)>,
    /// Those entries, in the same order.
    pub(super) ids: Vec<EntryId>,
    dropped: u32,
    links: Vec<net::Link>,
    url: String,
    /// True if entries may be missing that the source still has: a delta, or a body that broke off within the feed.
    is_part: bool,
}

/// The changes that a body brings.
pub(super) struct FeedChanges {
    pub(super) meta: SourceMeta,
    /// True if the body is not the complete feed.
    pub(super) is_part: bool,
    /// All entries of the feed, in its order: those of the body, and with a part those that were there before.
    pub(super) listed: Vec<EntryId>,
    /// The number of entries of the body, and of those with a date.
    pub(super) entries: usize,
    pub(super) dated: usize,
    pub(super) found: Found,
    pub(super) withdrawn: Vec<EntryId>,
    pub(super) restored: Vec<EntryId>,
    /// New and changed entries; taken out when they are encoded.
    pub(super) changes: Vec<Change>,
    pub(super) encoded: EncodedEntries,
    /// Dates of the entries that were never seen before, as far as the feed gives them.
    pub(super) published: Vec<Time>,
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
            let mut changes = self.diff(parsed, &[], &[]);
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

    /// Compares a body with the stored rows of its entries (`known`) and the entries of the last body (`listed`), and encodes the
    /// changes.
    pub(super) async fn compare(self, parsed: ParsedBody, known: &[EntryRow], listed: &[EntryId]) -> FeedChanges {
        let mut changes = self.diff(parsed, known, listed);
        if !self.keep || changes.changes.is_empty() {
            return changes;
        }
        let work = move || {
            self.encode(&mut changes);
            changes
        };
        spawn_cpu("encoding entries", work).await.expect("encoding takes what was parsed, and has no reason to panic")
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
        Ok(ParsedBody { feed, entries, ids, dropped, links, url, is_part })
    }

    fn diff(&self, parsed: ParsedBody, known: &[EntryRow], listed: &[EntryId]) -> FeedChanges {
        let ParsedBody { feed, entries, ids, dropped, links, url, is_part } = parsed;
        let declared = entries.iter().map(|(Entry { head, .. }, _)| declared_date(head.published, head.updated));
        let dates: Vec<(EntryId, Option<Time>)> = ids.iter().copied().zip(declared).collect();
        // Entries that a part does not name are unchanged.
        let withdrawn = if is_part { Vec::new() } else { feed::find_withdrawn(listed, known, &dates) };
        let with_date = dates.iter().filter(|(_, date)| date.is_some()).count();
        let around = EntryDates {
            visited: self.at,
            is_first_visit: self.is_first_visit,
            feed: feed.updated,
            newest_known: known.iter().map(|known| known.at).max(),
        };
        let known: HashMap<EntryId, &EntryRow> = known.iter().map(|known| (known.id, known)).collect();
        let hosts = PublisherHosts::new(&url, feed.link.as_deref());
        let (mut changes, mut restored) = (Vec::new(), Vec::new());
        for (place, ((entry, revision), id)) in entries.into_iter().zip(&ids).enumerate() {
            match known.get(id) {
                Some(before) if before.revision == revision => restored.extend(before.is_withdrawn.then_some(*id)),
                before => {
                    let link = hosts.link_origin(entry.head.url.as_deref());
                    changes.push(Change { link, ..self.change(entry, revision, before.copied(), around.undated(place)) });
                }
            }
        }
        let again = changes.iter().filter(|change| known.contains_key(&change.entry.key.id())).count();
        let found =
            Found { new: count(changes.len() - again), changed: count(again), withdrawn: count(withdrawn.len()), dropped };
        let new = changes.iter().filter(|change| !known.contains_key(&change.entry.key.id()));
        let published = new.filter_map(|change| declared_date(change.entry.head.published, change.entry.head.updated)).collect();
        let entries = ids.len();
        let listed = if is_part { merge_listed(&ids, listed) } else { ids };
        let encoded = EncodedEntries::default();
        let meta = source_meta(feed, &links, &url);
        FeedChanges { meta, is_part, listed, entries, dated: with_date, found, withdrawn, restored, changes, encoded, published }
    }

    /// Returns the change of an entry that is new or differs from its stored row `before`; without a date of its own it gets
    /// `undated`.
    fn change(&self, mut entry: Entry, revision: Revision, before: Option<&EntryRow>, undated: Time) -> Change {
        let head = &mut entry.head;
        head.published = possible_date(head.published, self.at);
        head.updated = possible_date(head.updated, self.at);
        entry.head.lang = entry.head.lang.take().or_else(|| self.lang.clone());
        if before.is_some() && entry.head.updated.is_none_or(|updated| updated < self.at && Some(updated) == entry.head.published)
        {
            // The text has changed and the feed does not date the change: the time of the visit is used.
            entry.head.updated = Some(self.at.whole_seconds());
        }
        let first_seen = before.map_or(self.at, |known| known.first_seen);
        let declared = declared_date(entry.head.published, entry.head.updated);
        let at = before.map_or_else(|| declared.unwrap_or(undated), |known| known.at);
        Change { entry, revision, at, first_seen, link: LinkOrigin::Elsewhere }
    }

    fn encode(&self, changes: &mut FeedChanges) {
        if self.keep {
            changes.encoded = EncodedEntries::encode(&self.source, self.at, &std::mem::take(&mut changes.changes));
        }
    }
}

/// Returns the metadata of a feed. A hub in the headers takes precedence over one in the feed (WebSub §4).
fn source_meta(feed: Feed, links: &[net::Link], url: &str) -> SourceMeta {
    let linked = |rel| links.iter().find(|link| link.has_rel(rel)).map(|link| link.url.clone());
    let hub = match linked("hub") {
        Some(hub) => Some(Hub { url: hub, topic: linked("self").or(feed.own_url).unwrap_or_else(|| url.to_owned()) }),
        None => feed.hub.map(|hub| Hub { url: hub, topic: feed.own_url.unwrap_or_else(|| url.to_owned()) }),
    };
    SourceMeta {
        description: feed.description.as_ref().map(|html| crate::html::to_line(&html.0)).unwrap_or_default(),
        title: feed.title,
        link: feed.link,
        lang: feed.language,
        image: feed.image,
        poll_hints: feed.poll_hints,
        hub,
    }
}

/// Returns the entries of a part, followed by those listed before that it does not name, `MAX_LISTED` at most. An entry that is no
/// longer listed cannot be withdrawn.
fn merge_listed(part: &[EntryId], before: &[EntryId]) -> Vec<EntryId> {
    let named: std::collections::HashSet<EntryId> = part.iter().copied().collect();
    let rest = before.iter().filter(|id| !named.contains(id)).copied();
    part.iter().copied().chain(rest).take(MAX_LISTED).collect()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
