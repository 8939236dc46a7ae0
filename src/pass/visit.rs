//! One visit: a source is fetched and read, and compared with what is known of it. Nothing is written here.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_128;

use crate::config as plan;
use crate::feed::{self, Feed, FeedError};
use crate::model::{
    Change, Clock, Entry, EntryId, Found, Known, Outcome, Revision, SourceId, SourceMeta, SourceState, Time, Visit,
};
use crate::net::{self, Answer, Ask, Client};
use crate::store::{Claimed, Store, StoreError};

use super::aside::aside;
use super::schedule::next_due;

/// How far ahead of us a date may lie: further, and it is a mistake (or an attempt to stay on top).
const AHEAD: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// What a visit needs; nothing of the store when nothing is known and nothing will be kept.
pub(super) struct Visitor<'a> {
    pub(super) client: &'a Client,
    pub(super) store: Option<&'a Store>,
    pub(super) clock: &'a dyn Clock,
}

impl Visitor<'_> {
    /// Visits a source. Whatever the server does is an outcome; only a store that fails is an error.
    pub(super) async fn visit(&self, source: &plan::Source, claimed: Claimed) -> Result<Visit, StoreError> {
        // Validators belong to an address: another one in feeds.toml starts over, and keeps the entries.
        let known_before = claimed.state.good_at.is_some();
        let before = if claimed.state.url == source.url { claimed.state } else { renewed(claimed.state, &source.url) };
        let auth = source.auth.as_ref().map(net_auth);
        let ask = Ask { url: &source.url, validators: &before.validators, headers: &source.headers, auth: auth.as_ref() };
        let (answer, took) = self.client.get_timed(&ask).await;
        let now = self.clock.now();
        let mut visit = Visit {
            source: source.id.clone(),
            at: now,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            outcome: Outcome::Same,
            state: None,
            changes: Vec::new(),
            withdrawn: Vec::new(),
            restored: Vec::new(),
            due: now,
        };
        let mut after = before.clone();
        match answer {
            Err(error) => visit.outcome = error.outcome(now),
            Ok(Answer::NotModified { validators, .. }) => after.validators = validators,
            Ok(Answer::Body(body)) => self.read(source, body, known_before, &mut after, &mut visit).await?,
        }
        settle_state(&mut after, &visit.outcome, &source.id, now);
        visit.due = next_due(&visit.outcome, source.every, after.failures, now);
        // A quiet visit writes nothing but its due time; that the feed was in order shows from its row being visited.
        after.good_at = if visit.outcome == Outcome::Same && before.failures == 0 { before.good_at } else { after.good_at };
        visit.state = (after != before).then_some(after);
        Ok(visit)
    }

    /// Reads a body, and finds what is new in it.
    async fn read(
        &self,
        source: &plan::Source,
        body: net::Body,
        known_before: bool,
        after: &mut SourceState,
        visit: &mut Visit,
    ) -> Result<(), StoreError> {
        let moved = body.moved.clone().filter(|to| after.moved_to.as_ref() != Some(to));
        after.moved_to.clone_from(&body.moved);
        let hash = format!("{:032x}", xxh3_128(&body.bytes));
        if after.body_hash.as_ref() == Some(&hash) {
            after.validators = body.validators;
            return Ok(());
        }
        let validators = body.validators.clone();
        let Read { feed, entries, dropped } = match read_aside(body, source).await {
            Ok(read) => read,
            Err(error) => {
                visit.outcome = Outcome::Broken { kind: error.kind(), message: format!("{}: {error}", net::shown(&source.url)) };
                return Ok(());
            }
        };
        after.validators = validators;
        after.body_hash = Some(hash);
        let ids: Vec<EntryId> = entries.iter().map(|(entry, _)| entry.key.id()).collect();
        let known = match self.store.filter(|_| known_before) {
            Some(store) => store.known(&all_ids(&ids, &after.listed)).await?,
            None => Vec::new(),
        };
        let dates: Vec<(EntryId, Option<Time>)> =
            ids.iter().copied().zip(entries.iter().map(|(entry, _)| entry.head.published)).collect();
        visit.withdrawn = feed::withdrawn(&after.listed, &known, &dates);
        after.meta = meta(&feed);
        after.listed = ids;
        let changed = compare(entries.into_iter().zip(&after.listed), &known, source, visit);
        let found = Found {
            new: count(visit.changes.len() - changed),
            changed: count(changed),
            withdrawn: count(visit.withdrawn.len()),
            dropped,
        };
        visit.outcome = match moved {
            Some(to) => Outcome::Moved { to, found },
            None => Outcome::Fresh(found),
        };
        Ok(())
    }
}

/// A body, read.
struct Read {
    /// What the feed says of itself; its entries are taken out.
    feed: Feed,
    entries: Vec<(Entry, Revision)>,
    dropped: u32,
}

/// Reads a body on a thread for work: parsing takes milliseconds, and the threads of the network have none to spare.
async fn read_aside(body: net::Body, source: &plan::Source) -> Result<Read, FeedError> {
    let (id, lang, zone) = (source.id.clone(), source.lang.clone(), source.zone);
    let read = move || {
        let body = feed::Body {
            bytes: &body.bytes,
            content_type: body.content_type.as_deref(),
            url: &body.url,
            lang: lang.as_ref(),
            zone,
        };
        let mut feed = feed::read(&body, &id)?;
        let (entries, dropped) = feed::distinct(std::mem::take(&mut feed.entries));
        Ok(Read { feed, entries, dropped })
    };
    aside(read).await.unwrap_or_else(|error| Err(FeedError::Panicked(error.to_string())))
}

/// Leaves in `visit` the entries that are new or changed, and those that are back.
/// Gives how many of them were known.
fn compare<'e>(
    entries: impl Iterator<Item = ((Entry, Revision), &'e EntryId)>,
    known: &[Known],
    source: &plan::Source,
    visit: &mut Visit,
) -> usize {
    let known: HashMap<EntryId, &Known> = known.iter().map(|known| (known.id, known)).collect();
    let mut changed = 0;
    for (place, ((mut entry, revision), id)) in entries.enumerate() {
        let before = known.get(id);
        changed += usize::from(before.is_some_and(|before| before.revision != revision));
        if let Some(before) = before
            && before.revision == revision
        {
            if before.withdrawn {
                visit.restored.push(*id);
            }
            continue;
        }
        let latest = visit.at.plus(AHEAD);
        entry.head.published = entry.head.published.filter(|date| *date <= latest);
        entry.head.updated = entry.head.updated.filter(|date| *date <= latest);
        entry.head.lang = entry.head.lang.take().or_else(|| source.lang.clone());
        if before.is_some()
            && entry.head.updated.is_none_or(|updated| updated < visit.at && Some(updated) == entry.head.published)
        {
            // The text has changed and the feed gives no date for that: it was seen now.
            entry.head.updated = Some(visit.at.whole_seconds());
        }
        let first_seen = before.map_or(visit.at, |known| known.first_seen);
        // Entries without a date keep the order of the feed: a millisecond each.
        let undated = Time::from_millis(first_seen.millis() - i64::try_from(place).unwrap_or(0));
        let at = before.map_or_else(|| entry.head.published.unwrap_or(undated), |known| known.at);
        visit.changes.push(Change { entry, revision, at, first_seen });
    }
    changed
}

/// What follows from the outcome for the next visit.
fn settle_state(state: &mut SourceState, outcome: &Outcome, source: &SourceId, now: Time) {
    match outcome.trouble() {
        None => {
            state.good_at = Some(now);
            (state.failures, state.failing_since, state.trouble) = (0, None, None);
            if outcome.found().is_some_and(|found| found.new + found.changed > 0) {
                state.fresh_at = Some(now);
            }
        }
        Some((kind, message)) => {
            state.failures = state.failures.saturating_add(1);
            let since = *state.failing_since.get_or_insert(now.whole_seconds());
            state.trouble = Some(crate::model::Fault::of_source(source, kind, message, Some(since)));
        }
    }
}

/// The state of a source whose address has changed in feeds.toml.
fn renewed(state: SourceState, url: &str) -> SourceState {
    SourceState {
        url: url.to_owned(),
        meta: state.meta,
        listed: state.listed,
        good_at: state.good_at,
        fresh_at: state.fresh_at,
        ..SourceState::default()
    }
}

fn meta(feed: &Feed) -> SourceMeta {
    SourceMeta {
        title: feed.title.clone(),
        link: feed.link.clone(),
        description: feed.description.as_ref().map(|html| crate::html::headline(&html.0)).unwrap_or_default(),
        lang: feed.language.clone(),
        image: feed.image.clone(),
    }
}

fn all_ids(now: &[EntryId], before: &[EntryId]) -> Vec<EntryId> {
    let mut ids: Vec<EntryId> = now.iter().chain(before).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

pub(super) fn net_auth(auth: &plan::Auth) -> net::Auth {
    match auth {
        plan::Auth::Basic { user, password } => net::Auth::Basic { user: user.clone(), password: password.clone() },
        plan::Auth::Bearer(token) => net::Auth::Bearer(token.clone()),
    }
}
