//! One visit: fetches and parses a source, and compares it with its stored entries. Nothing is written here.

use std::collections::HashMap;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_128;

use crate::config as plan;
use crate::model::{Clock, Entry, EntryId, Outcome, SourceState, Time, Validators, Visit};
use crate::net::{self, Client, FetchError, Request, Response};
use crate::pipeline::context::Context;
use crate::pipeline::network::credentials;
use crate::pipeline::rules::SourceRules;
use crate::pipeline::topics::Topics;
use crate::policy::rest_after_rate_limit;
use crate::policy::source_health::{adopted, retired, with_new_address};
use crate::store::{LeasedSource, SettledVisit, Store, StoreError};

use super::parse::ParseJob;
use super::parsed_body::{ParsedBody, StoredFeed};
use super::transition::{Fetched, Headers, Transition, apply_push, due_after, transition};

/// The dependencies and settings of visits.
pub(in crate::pipeline) struct Visitor<'a> {
    pub(in crate::pipeline) client: &'a Client,
    /// The store with the entries to compare with; `None` in a dry run without a database.
    pub(in crate::pipeline) store: Option<&'a Store>,
    pub(in crate::pipeline) topics: &'a Topics,
    /// True if the changes are to be stored, and must be encoded for that.
    pub(in crate::pipeline) keep: bool,
    /// True if a source that answered 410 is visited again.
    pub(in crate::pipeline) force: bool,
    pub(in crate::pipeline) clock: &'a dyn Clock,
}

impl<'a> Visitor<'a> {
    /// Makes the visitor of a run, which stores what it finds.
    pub(super) fn new(context: Context<'a>, force: bool) -> Self {
        let Context { client, store, topics, clock, .. } = context;
        Self { client, store: Some(store), topics, keep: true, force, clock }
    }

    /// Visits a source. Failures of the server are outcomes; only a failure of the store is an error.
    pub(in crate::pipeline) async fn visit(
        &self,
        source: &plan::Source,
        leased: LeasedSource,
    ) -> Result<SettledVisit, StoreError> {
        // Validators belong to an address: a new one in feeds.toml resets the state, and keeps the entries.
        let was_good = leased.state.good_at.is_some();
        let before = if leased.state.url == source.url { leased.state } else { with_new_address(leased.state, &source.url) };
        let rules = SourceRules::new(source, self.topics);
        let before = with_rules(before, &rules);
        if let Some(gone) = retired(&before).filter(|_| !self.force) {
            let now = self.clock.now();
            let (due, due_reason) = due_after(source, &gone, &before, None, now);
            let visit = Visit { due, due_reason, state: Some(before), outcome: gone, ..empty_visit(source, now, Duration::ZERO) };
            return Ok(SettledVisit::encode(visit));
        }
        let credentials = source.auth.as_ref().map(credentials);
        let address = adopted(&before, &source.url, has_secrets(source)).unwrap_or(&source.url);
        let request =
            Request { url: address, validators: &before.validators, headers: &source.headers, auth: credentials.as_ref() };
        let (answer, took) = self.client.get_timed(&request).await;
        let now = self.clock.now();
        let fetched = match answer {
            Err(error) => Fetched::Failed(with_public_address(outcome_of(&error, &before, now), source)),
            Ok(Response::NotModified { validators, moved, fresh_for }) => {
                Fetched::Unchanged(Headers { validators, moved, fresh_for, ..Headers::default() })
            }
            Ok(Response::Body(body)) => self.parse(source, &rules, body, &before, was_good, now).await?,
        };
        let after = transition(source, &before, address != source.url, fetched, now);
        Ok(to_settled_visit(empty_visit(source, now, took), after))
    }

    /// Processes a push like the body of a visit, without a fetch. Returns `None` if it is not a feed, if it changes known
    /// entries, or if the address of the source has changed: then the source must be fetched.
    ///
    /// A signature says who wrote a body, not when: anybody who has seen an old one can send it again after a correction. So a push
    /// only adds entries, and what it would change or bring back is read from the publisher's server.
    pub(super) async fn process_push(
        &self,
        source: &plan::Source,
        leased: LeasedSource,
        pushed: net::Body,
    ) -> Result<Option<SettledVisit>, StoreError> {
        let before = &leased.state;
        if before.url != source.url || retired(before).is_some() {
            return Ok(None);
        }
        let now = self.clock.now();
        let job = ParseJob::new(source, &SourceRules::new(source, self.topics), before.good_at, now, self.keep);
        let Ok(mut parsed) = job.parse(pushed).await else { return Ok(None) };
        let stored = match self.store {
            Some(store) => load_stored(store, &mut parsed, before).await?,
            None => StoredFeed::default(),
        };
        let changes = job.compare(parsed, stored).await;
        if changes.found.changed > 0 || !changes.restored.is_empty() {
            return Ok(None);
        }
        let after = apply_push(source, before, changes, leased.due, now);
        Ok(Some(to_settled_visit(empty_visit(source, now, Duration::ZERO), after)))
    }

    /// Parses a body, and compares it with the stored entries.
    async fn parse(
        &self,
        source: &plan::Source,
        rules: &SourceRules,
        body: net::Body,
        before: &SourceState,
        was_good: bool,
        now: Time,
    ) -> Result<Fetched, StoreError> {
        let hash = hash_body(&body.bytes);
        let damage = body.damage.as_ref().map(|error| with_public_address(error.outcome(now), source));
        let headers = Headers {
            validators: body.validators.clone(),
            moved: body.moved.clone(),
            fresh_for: body.fresh_for,
            stale_for: body.stale_for,
            has_body: true,
            is_part: body.is_part,
            body_hash: None,
            damage: damage.clone(),
        };
        if before.body_hash.as_ref() == Some(&hash) {
            return Ok(Fetched::Unchanged(headers));
        }
        let headers = Headers { body_hash: (!body.is_part).then_some(hash), ..headers };
        let job = ParseJob::new(source, rules, before.good_at, now, self.keep);
        let changes = match self.store.filter(|_| was_good) {
            // No entry can be stored yet. One piece of work saves switching threads.
            None => job.parse_new(body).await,
            Some(store) => match job.parse(body).await {
                Ok(mut parsed) => {
                    let stored = load_stored(store, &mut parsed, before).await?;
                    Ok(job.compare(parsed, stored).await)
                }
                Err(error) => Err(error),
            },
        };
        Ok(match (changes, damage) {
            // A part of a feed is no feed that a server may answer 304 for.
            (Ok(changes), Some(_)) if changes.is_part => Fetched::Feed(
                Headers { validators: Validators::default(), body_hash: None, is_part: true, ..headers },
                Box::new(changes),
            ),
            (Ok(changes), _) => Fetched::Feed(headers, Box::new(changes)),
            // Of what arrived nothing can be read.
            (Err(_), Some(damage)) => Fetched::Failed(damage),
            (Err(error), None) => {
                Fetched::Unreadable(headers, error.kind(), format!("{}: {error}", net::redact_url(&source.public_url)))
            }
        })
    }
}

/// Returns the state of a source before a visit with these rules. Other rules read the whole feed again, whatever has changed.
fn with_rules(mut before: SourceState, rules: &SourceRules) -> SourceState {
    let hash = rules.hash();
    if before.rules.as_deref() != hash {
        (before.rules, before.body_hash, before.validators) = (hash.map(str::to_owned), None, Validators::default());
    }
    before
}

/// Returns the outcome of a request that failed. A host that answers 429 rests, also if it does not say for how long.
fn outcome_of(error: &FetchError, before: &SourceState, now: Time) -> Outcome {
    if error.is_rate_limit_without_time() {
        return Outcome::Later { until: now.plus(rest_after_rate_limit(before.failures)), message: error.to_string() };
    }
    error.outcome(now)
}

/// Returns an outcome whose message names the public address of a source in place of the one that was requested.
fn with_public_address(mut outcome: Outcome, source: &plan::Source) -> Outcome {
    if let Outcome::Later { message, .. } | Outcome::Gone { message } | Outcome::Broken { message, .. } = &mut outcome {
        *message = message.replace(&net::redact_url(&source.url), &net::redact_url(&source.public_url));
    }
    outcome
}

/// Returns a visit without results.
fn empty_visit(source: &plan::Source, now: Time, took: Duration) -> Visit {
    Visit {
        source: source.id.clone(),
        at: now,
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        outcome: Outcome::Same,
        state: None,
        changes: Vec::new(),
        withdrawn: Vec::new(),
        restored: Vec::new(),
        due: now,
        due_reason: None,
    }
}

fn to_settled_visit(visit: Visit, after: Transition) -> SettledVisit {
    let Transition { outcome, state, due, due_reason, changes, withdrawn, restored, encoded } = after;
    SettledVisit::new(Visit { outcome, state, changes, withdrawn, restored, due, due_reason, ..visit }, encoded)
}

/// Hashes a body before it is decoded.
fn hash_body(body: &[u8]) -> String {
    format!("{:032x}", xxh3_128(body))
}

/// Loads what a body is compared with, after its entries have got the ids under which they are stored.
async fn load_stored(store: &Store, parsed: &mut ParsedBody, before: &SourceState) -> Result<StoredFeed, StoreError> {
    parsed.apply_renamed(&before.renamed);
    let mut ids: Vec<EntryId> = [&parsed.ids, &before.listed, &before.missing_newest].into_iter().flatten().copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut rows = store.find_entry_rows(&ids).await?;
    let without_key = parsed.vanished_without_key(&rows, &before.listed);
    if !without_key.is_empty() {
        let loaded = store.load_entries(&without_key).await?;
        let entries: HashMap<EntryId, Entry> = loaded.into_iter().map(|(id, _, entry)| (id, entry)).collect();
        for row in &mut rows {
            if let Some(entry) = entries.get(&row.id) {
                row.article = entry.article_key(row.article.link());
            }
        }
    }
    let SourceState { listed, missing_newest, renamed, .. } = before.clone();
    Ok(StoredFeed { rows, listed, missing_newest, renamed })
}

/// Returns true if requests to a source carry credentials or headers that no other host may see.
fn has_secrets(source: &plan::Source) -> bool {
    source.auth.is_some() || !source.headers.is_empty()
}
