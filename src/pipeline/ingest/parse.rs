//! The work of a visit that takes a core's time: a body is read, compared with what is known, and what is new is packed.

use std::collections::HashMap;

use crate::config as plan;
use crate::feed::{self, Feed, FeedError};
use crate::model::{Change, Entry, EntryId, EntryRow, Found, Hub, Lang, Revision, SourceId, SourceMeta, Time, Zone};
use crate::net;
use crate::store::EncodedEntries;

use super::super::blocking::spawn_cpu;

/// Entries of a feed that came in parts.
const MOST_LISTED: usize = 1000;
/// How far ahead of us a date may lie: further, and it is a mistake (or an attempt to stay on top).
const AHEAD: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// What the work must know of its visit.
#[derive(Clone)]
pub(super) struct Reading {
    source: SourceId,
    lang: Option<Lang>,
    zone: Zone,
    at: Time,
    keep: bool,
}

/// A body, read.
pub(super) struct Read {
    /// What the feed says of itself; its entries are taken out.
    feed: Feed,
    entries: Vec<(Entry, Revision)>,
    /// Those entries, in the same order.
    pub(super) ids: Vec<EntryId>,
    dropped: u32,
    links: Vec<net::Link>,
    url: String,
    is_part: bool,
}

/// What a body has brought.
pub(super) struct Brought {
    pub(super) meta: SourceMeta,
    /// All entries of the feed, in its order: those of the body, and with a part those that were there before.
    pub(super) listed: Vec<EntryId>,
    /// How many entries the body has, and how many of them a date.
    pub(super) entries: usize,
    pub(super) dated: usize,
    pub(super) found: Found,
    pub(super) withdrawn: Vec<EntryId>,
    pub(super) restored: Vec<EntryId>,
    /// New and changed entries, until they are packed.
    pub(super) changes: Vec<Change>,
    pub(super) packed: EncodedEntries,
    /// When the entries that were never seen before were published, as far as the feed says.
    pub(super) published: Vec<Time>,
}

impl Reading {
    /// The work of a visit to `source` at `at`; with `keep`, what it brings is packed, else left as it is.
    pub(super) fn of(source: &plan::Source, at: Time, keep: bool) -> Self {
        Self { source: source.id.clone(), lang: source.lang.clone(), zone: source.zone, at, keep }
    }

    /// All of it at once, for a source of which nothing is known.
    pub(super) async fn whole(self, body: net::Body) -> Result<Brought, FeedError> {
        let work = move || {
            let read = self.parse(body)?;
            let mut brought = self.compare(read, &[], &[]);
            self.pack(&mut brought);
            Ok(brought)
        };
        spawn_cpu("reading a feed", work).await.unwrap_or_else(|error| Err(FeedError::Panicked(error.to_string())))
    }

    /// Reads a body.
    pub(super) async fn read(&self, body: net::Body) -> Result<Read, FeedError> {
        let work = self.clone();
        spawn_cpu("reading a feed", move || work.parse(body))
            .await
            .unwrap_or_else(|error| Err(FeedError::Panicked(error.to_string())))
    }

    /// Compares a body with what is `known` of its entries and of those that were `listed` the last time.
    pub(super) async fn compared(self, read: Read, known: &[EntryRow], listed: &[EntryId]) -> Brought {
        let mut brought = self.compare(read, known, listed);
        if !self.keep || brought.changes.is_empty() {
            return brought;
        }
        let work = move || {
            self.pack(&mut brought);
            brought
        };
        spawn_cpu("encoding entries", work).await.expect("packing takes what was read, and has no reason to panic")
    }

    fn parse(&self, body: net::Body) -> Result<Read, FeedError> {
        let said = feed::FeedBody {
            bytes: &body.bytes,
            content_type: body.content_type.as_deref(),
            url: &body.url,
            lang: self.lang.as_ref(),
            zone: self.zone,
        };
        let mut feed = feed::parse_feed(&said, &self.source)?;
        let (entries, dropped) = feed::deduplicate(std::mem::take(&mut feed.entries));
        let ids = entries.iter().map(|(entry, _)| entry.key.id()).collect();
        let net::Body { links, url, is_part, .. } = body;
        Ok(Read { feed, entries, ids, dropped, links, url, is_part })
    }

    fn compare(&self, read: Read, known: &[EntryRow], listed: &[EntryId]) -> Brought {
        let Read { feed, entries, ids, dropped, links, url, is_part } = read;
        let dates: Vec<(EntryId, Option<Time>)> =
            ids.iter().copied().zip(entries.iter().map(|(entry, _)| entry.head.published)).collect();
        // What a part does not name is as it was.
        let withdrawn = if is_part { Vec::new() } else { feed::find_withdrawn(listed, known, &dates) };
        let with_date = dates.iter().filter(|(_, date)| date.is_some()).count();
        let known: HashMap<EntryId, &EntryRow> = known.iter().map(|known| (known.id, known)).collect();
        let (mut changes, mut restored) = (Vec::new(), Vec::new());
        for (place, ((entry, revision), id)) in entries.into_iter().zip(&ids).enumerate() {
            match known.get(id) {
                Some(before) if before.revision == revision => restored.extend(before.is_withdrawn.then_some(*id)),
                before => changes.push(self.change(entry, revision, before.copied(), place)),
            }
        }
        let again = changes.iter().filter(|change| known.contains_key(&change.entry.key.id())).count();
        let found =
            Found { new: count(changes.len() - again), changed: count(again), withdrawn: count(withdrawn.len()), dropped };
        let new = changes.iter().filter(|change| !known.contains_key(&change.entry.key.id()));
        let published = new.filter_map(|change| change.entry.head.published).collect();
        let entries = ids.len();
        let listed = if is_part { merged(&ids, listed) } else { ids };
        let packed = EncodedEntries::default();
        let meta = meta(feed, &links, &url);
        Brought { meta, listed, entries, dated: with_date, found, withdrawn, restored, changes, packed, published }
    }

    /// An entry that is new, or differs from what was known `before`; `place` is the one that it has in its feed.
    fn change(&self, mut entry: Entry, revision: Revision, before: Option<&EntryRow>, place: usize) -> Change {
        let latest = self.at.plus(AHEAD);
        entry.head.published = entry.head.published.filter(|date| *date <= latest);
        entry.head.updated = entry.head.updated.filter(|date| *date <= latest);
        entry.head.lang = entry.head.lang.take().or_else(|| self.lang.clone());
        if before.is_some() && entry.head.updated.is_none_or(|updated| updated < self.at && Some(updated) == entry.head.published)
        {
            // The text has changed and the feed gives no date for that: it was seen now.
            entry.head.updated = Some(self.at.whole_seconds());
        }
        let first_seen = before.map_or(self.at, |known| known.first_seen);
        // Entries without a date keep the order of the feed: a millisecond each.
        let undated = Time::from_millis(first_seen.millis() - i64::try_from(place).unwrap_or(0));
        let at = before.map_or_else(|| entry.head.published.unwrap_or(undated), |known| known.at);
        Change { entry, revision, at, first_seen }
    }

    fn pack(&self, brought: &mut Brought) {
        if self.keep {
            brought.packed = EncodedEntries::encode(&self.source, self.at, &std::mem::take(&mut brought.changes));
        }
    }
}

/// What a feed says of itself; where its headers name a hub, that one counts (WebSub §4).
fn meta(feed: Feed, links: &[net::Link], url: &str) -> SourceMeta {
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

/// The entries of a part, and after them those of the feed that it does not name. More than any feed holds are forgotten: of what
/// is not listed any more nothing is taken back.
fn merged(part: &[EntryId], before: &[EntryId]) -> Vec<EntryId> {
    let named: std::collections::HashSet<EntryId> = part.iter().copied().collect();
    let rest = before.iter().filter(|id| !named.contains(id)).copied();
    part.iter().copied().chain(rest).take(MOST_LISTED).collect()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
