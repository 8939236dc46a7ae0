//! Compares a body with what is stored of its source: which entries are new, changed, renamed, withdrawn or back. Pure.

use std::collections::{HashMap, HashSet};

use crate::feed::{self, Bodies, Feed, LastBody, UnknownEntry, Withdrawals};
use crate::html;
use crate::model::{
    ArticleKey, Change, Entry, EntryId, EntryRow, Found, Hub, Lang, RawHtml, Revision, SourceMeta, StoryKey, Time,
};
use crate::net;
use crate::policy::{EntryDates, declared_date, possible_date};
use crate::select::{PublisherHosts, RuleFailure, story_key};
use crate::store::EncodedEntries;

use super::parsed_body::{ParsedBody, StoredFeed};

/// The most entries that are listed of a feed that is sent in parts.
const MAX_LISTED: usize = 1000;
/// The longest part of a text that tells the event, in bytes of HTML: some begin with a picture and its links.
const LONGEST_LEDE: usize = 1500;

/// The changes that a body brings.
pub(super) struct FeedChanges {
    pub(super) meta: SourceMeta,
    /// True if the body is not the complete feed.
    pub(super) is_part: bool,
    /// All entries of the feed, in its order: those of the body, and with a part those that were there before.
    pub(super) listed: Vec<EntryId>,
    /// Those of them that have been renamed, as in [`crate::model::SourceState`].
    pub(super) renamed: Vec<(EntryId, EntryId)>,
    /// The number of entries of the body, and of those with a date.
    pub(super) entries: usize,
    pub(super) dated: usize,
    pub(super) found: Found,
    pub(super) withdrawn: Vec<EntryId>,
    pub(super) missing_newest: Vec<EntryId>,
    pub(super) restored: Vec<EntryId>,
    /// New and changed entries; taken out when they are encoded.
    pub(super) changes: Vec<Change>,
    pub(super) encoded: EncodedEntries,
    /// Dates of the entries that were never seen before, as far as the feed gives them.
    pub(super) published: Vec<Time>,
    /// The first rule that could not be evaluated.
    pub(super) failure: Option<RuleFailure>,
}

impl FeedChanges {
    /// Withdraws more entries.
    pub(super) fn take_back(&mut self, entries: impl Iterator<Item = EntryId>) {
        let withdrawn: HashSet<EntryId> = self.withdrawn.iter().copied().collect();
        self.withdrawn.extend(entries.filter(|id| !withdrawn.contains(id)));
        self.found.withdrawn = count(self.withdrawn.len());
    }
}

/// The circumstances of a comparison.
pub(super) struct Comparison<'a> {
    pub(super) visited: Time,
    pub(super) is_first_visit: bool,
    /// The language of the source, as configured.
    pub(super) lang: Option<&'a Lang>,
}

/// An entry that is not stored as it is.
struct Pending {
    place: usize,
    entry: Entry,
    revision: Revision,
    article: ArticleKey,
    is_renamed: bool,
}

impl Comparison<'_> {
    /// Compares a body with what is stored.
    pub(super) fn compare(&self, mut parsed: ParsedBody, stored: &StoredFeed) -> FeedChanges {
        let rows: HashMap<EntryId, &EntryRow> = stored.rows.iter().map(|row| (row.id, row)).collect();
        let declared: Vec<Option<Time>> = parsed.entries.iter().map(|(entry, _)| date_of(entry)).collect();
        let (mut pending, mut restored) = take_pending(&mut parsed, &rows);
        let is_as_before = pending.is_empty();
        rename(&mut parsed, &mut pending, stored, &rows);
        // One that is only renamed has nothing else to store.
        let is_stored =
            |pending: &mut Pending| rows.get(&parsed.ids[pending.place]).is_some_and(|row| row.revision == pending.revision);
        let known = pending.extract_if(.., is_stored).map(|pending| parsed.ids[pending.place]);
        restored.extend(known.filter(|id| rows[id].is_withdrawn));
        let changes = self.changes(pending, &parsed, stored, &rows);
        let now: Vec<(EntryId, Option<Time>)> = parsed.ids.iter().copied().zip(declared).collect();
        let Withdrawals { withdrawn, missing_newest } = withdrawals(&parsed, stored, &now, is_as_before);
        let (again, new): (Vec<&Change>, Vec<&Change>) = changes.iter().partition(|change| rows.contains_key(&change.id));
        let found = Found {
            new: count(new.len()),
            changed: count(again.len()),
            withdrawn: count(withdrawn.len()),
            dropped: parsed.dropped,
            by_rule: 0,
        };
        let published = new.into_iter().filter_map(|change| date_of(&change.entry)).collect();
        let (entries, dated) = (now.len(), now.iter().filter(|(_, date)| date.is_some()).count());
        let ParsedBody { feed, ids, renamed, links, url, is_part, .. } = parsed;
        let (listed, renamed) = if is_part { merge_listed(ids, renamed, stored) } else { (ids, renamed) };
        let (meta, encoded) = (source_meta(feed, &links, &url), EncodedEntries::default());
        FeedChanges {
            meta,
            is_part,
            listed,
            renamed,
            entries,
            dated,
            found,
            withdrawn,
            missing_newest,
            restored,
            changes,
            encoded,
            published,
            failure: None,
        }
    }

    fn changes(
        &self,
        pending: Vec<Pending>,
        parsed: &ParsedBody,
        stored: &StoredFeed,
        rows: &HashMap<EntryId, &EntryRow>,
    ) -> Vec<Change> {
        let around = EntryDates {
            visited: self.visited,
            is_first_visit: self.is_first_visit,
            feed: parsed.feed.updated,
            newest_known: stored.rows.iter().map(|row| row.at).max(),
        };
        let change = |pending: Pending| {
            let id = parsed.ids[pending.place];
            self.change(pending, id, rows.get(&id).copied(), &around)
        };
        pending.into_iter().map(change).collect()
    }

    /// Returns the change of an entry that is new or differs from its stored row `before`.
    fn change(&self, pending: Pending, id: EntryId, before: Option<&EntryRow>, around: &EntryDates) -> Change {
        let Pending { place, mut entry, revision, article, is_renamed } = pending;
        let head = &mut entry.head;
        head.published = possible_date(head.published, self.visited);
        head.updated = possible_date(head.updated, self.visited);
        head.lang = head.lang.take().or_else(|| self.lang.cloned());
        if let Some(before) = before
            && head.updated.is_none_or(|updated| updated < self.visited && Some(updated) == head.published)
            && !(is_renamed && article.has_same_headline(&before.article) && article.has_same_text(&before.article))
        {
            // The text has changed and the feed does not date the change: the time of the visit is used.
            head.updated = Some(self.visited.whole_seconds());
        }
        let first_seen = before.map_or(self.visited, |known| known.first_seen);
        let at = before.map_or_else(|| around.place(date_of(&entry), place), |known| known.at);
        let story = story_of(&entry);
        Change { id, entry, revision, at, first_seen, article, story }
    }
}

/// Returns the fingerprint of the event that an entry is about: of its headline, and of the beginning of its summary, or else of its
/// content.
fn story_of(entry: &Entry) -> StoryKey {
    let text = |html: &Option<RawHtml>| html.as_ref().map_or(0, |html| html.0.len());
    let lede = entry.summary.as_ref().filter(|html| !html.0.trim().is_empty()).or(entry.content.as_ref());
    let lede = lede.map_or("", |html| &html.0[..html.0.floor_char_boundary(LONGEST_LEDE)]);
    let lede = html::to_line(lede);
    story_key(entry.title.as_str(), lede.as_str(), text(&entry.summary).max(text(&entry.content)))
}

fn date_of(entry: &Entry) -> Option<Time> {
    declared_date(entry.head.published, entry.head.updated)
}

/// Takes the entries that are not stored as they are out of a body. Returns them, and the withdrawn ones that are back unchanged.
fn take_pending(parsed: &mut ParsedBody, rows: &HashMap<EntryId, &EntryRow>) -> (Vec<Pending>, Vec<EntryId>) {
    let hosts = PublisherHosts::new(&parsed.url, parsed.feed.link.as_deref());
    let (mut pending, mut restored) = (Vec::new(), Vec::new());
    for (place, ((entry, revision), id)) in std::mem::take(&mut parsed.entries).into_iter().zip(&parsed.ids).enumerate() {
        match rows.get(id) {
            Some(before) if before.revision == revision => restored.extend(before.is_withdrawn.then_some(*id)),
            _ => {
                let article = entry.article_key(hosts.link_origin(entry.head.url.as_deref()));
                pending.push(Pending { place, entry, revision, article, is_renamed: false });
            }
        }
    }
    (pending, restored)
}

/// Finds the entries that the source has renamed, and gives them the ids under which they are stored.
fn rename(parsed: &mut ParsedBody, pending: &mut [Pending], stored: &StoredFeed, rows: &HashMap<EntryId, &EntryRow>) {
    let unknown: Vec<UnknownEntry> = pending
        .iter()
        .map(|pending| UnknownEntry { id: parsed.ids[pending.place], article: pending.article, date: date_of(&pending.entry) })
        .filter(|entry| !rows.contains_key(&entry.id))
        .collect();
    if unknown.is_empty() || stored.listed.is_empty() {
        return;
    }
    let now: HashSet<EntryId> = parsed.ids.iter().copied().collect();
    let present = stored.rows.iter().filter(|row| now.contains(&row.id)).collect();
    let vanished = stored.listed.iter().filter(|id| !now.contains(id)).filter_map(|id| rows.get(id).copied()).collect();
    let renamed = Bodies { present, vanished, unknown, is_part: parsed.is_part }.find_renamed();
    for pending in pending {
        let id = &mut parsed.ids[pending.place];
        if let Some(before) = renamed.get(id) {
            parsed.renamed.push((*id, *before));
            (*id, pending.is_renamed) = (*before, true);
        }
    }
}

fn withdrawals(parsed: &ParsedBody, stored: &StoredFeed, now: &[(EntryId, Option<Time>)], is_as_before: bool) -> Withdrawals {
    let StoredFeed { rows, listed, missing_newest, .. } = stored;
    if parsed.is_part {
        // Entries that a part does not name are unchanged.
        let missing_newest = missing_newest.iter().filter(|id| !parsed.ids.contains(id)).copied().collect();
        return Withdrawals { withdrawn: Vec::new(), missing_newest };
    }
    feed::find_withdrawn(LastBody { listed, missing_newest, rows }, now, is_as_before)
}

/// Returns the entries of a part, followed by those listed before that it does not name, `MAX_LISTED` at most; and those of them
/// that have been renamed. An entry that is no longer listed cannot be withdrawn.
fn merge_listed(
    part: Vec<EntryId>,
    renamed: Vec<(EntryId, EntryId)>,
    stored: &StoredFeed,
) -> (Vec<EntryId>, Vec<(EntryId, EntryId)>) {
    let named: HashSet<EntryId> = part.iter().copied().collect();
    let rest = stored.listed.iter().filter(|id| !named.contains(id)).copied();
    let listed: Vec<EntryId> = part.into_iter().chain(rest).take(MAX_LISTED).collect();
    let is_left = |(_, id): &&(EntryId, EntryId)| !named.contains(id) && listed.contains(id);
    let rest = stored.renamed.iter().filter(is_left).copied();
    (listed.clone(), renamed.into_iter().chain(rest).collect())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Returns the metadata of a feed. A hub in the headers takes precedence over one in the feed (WebSub §4).
fn source_meta(feed: Feed, links: &[net::Link], url: &str) -> SourceMeta {
    let linked = |rel| links.iter().find(|link| link.has_rel(rel)).map(|link| link.url.clone());
    let hub = match linked("hub") {
        Some(hub) => Some(Hub { url: hub, topic: linked("self").or(feed.own_url).unwrap_or_else(|| url.to_owned()) }),
        None => feed.hub.map(|hub| Hub { url: hub, topic: feed.own_url.unwrap_or_else(|| url.to_owned()) }),
    };
    SourceMeta {
        description: feed.description.as_ref().map(|html| html::to_line(&html.0)).unwrap_or_default(),
        title: feed.title,
        link: feed.link,
        lang: feed.language,
        image: feed.image,
        rights: feed.rights.as_ref().map(|html| html::to_line(&html.0)).unwrap_or_default(),
        genres: feed.genres,
        poll_hints: feed.poll_hints,
        hub,
    }
}
