//! One visit: a source is fetched and read, and compared with what is known of it. Nothing is written here.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_128;

use crate::config as plan;
use crate::model::{Clock, EntryId, Outcome, SourceState, Time, Validators, Visit};
use crate::net::{self, Client, Request, Response};
use crate::store::{EncodedEntries, LeasedSource, SettledVisit, Store, StoreError};

use super::parse::Reading;
use crate::pipeline::network::net_auth;
use crate::policy::source_health::{
    MOVE_AGREED, adopted, apply_outcome, is_in_order, note_dates, note_redirect, retired, undo_move, with_new_address,
};
use crate::policy::{Question, next_due};

/// What a visit needs; no store when nothing is known.
pub(in crate::pipeline) struct Visitor<'a> {
    pub(in crate::pipeline) client: &'a Client,
    pub(in crate::pipeline) store: Option<&'a Store>,
    /// Whether what is found will be settled, and must be packed for it.
    pub(in crate::pipeline) keep: bool,
    /// Whether a source that has retired is asked all the same.
    pub(in crate::pipeline) force: bool,
    pub(in crate::pipeline) clock: &'a dyn Clock,
}

impl Visitor<'_> {
    /// Visits a source. Whatever the server does is an outcome; only a store that fails is an error.
    pub(in crate::pipeline) async fn visit(
        &self,
        source: &plan::Source,
        claimed: LeasedSource,
    ) -> Result<SettledVisit, StoreError> {
        // Validators belong to an address: another one in feeds.toml starts over, and keeps the entries.
        let known_before = claimed.state.good_at.is_some();
        let before = if claimed.state.url == source.url { claimed.state } else { with_new_address(claimed.state, &source.url) };
        if let Some(gone) = retired(&before).filter(|_| !self.force) {
            let due = due(source, &gone, &before, None, self.clock.now());
            return Ok(SettledVisit::encode(Visit { due, state: Some(before), ..self.begun(source, gone, Duration::ZERO) }));
        }
        let auth = source.auth.as_ref().map(net_auth);
        let address = adopted(&before, &source.url, has_secrets(source)).unwrap_or(&source.url);
        let ask = Request { url: address, validators: &before.validators, headers: &source.headers, auth: auth.as_ref() };
        let (answer, took) = self.client.get_timed(&ask).await;
        let mut visit = self.begun(source, Outcome::Same, took);
        let now = visit.at;
        let mut fresh_for = None;
        if let Ok(Response::NotModified { validators, moved, fresh_for }) = &answer
            && is_in_order(&before)
            && *validators == before.validators
            && (moved.is_none() || before.moved_seen >= MOVE_AGREED)
        {
            // The usual visit: nothing has changed, and nothing was wrong before. It writes nothing but its due time; that the
            // feed was in order shows from its row being visited.
            visit.due = due(source, &visit.outcome, &before, *fresh_for, now);
            return Ok(SettledVisit::encode(visit));
        }
        let mut after = before.clone();
        let mut packed = EncodedEntries::default();
        match answer {
            Err(error) => visit.outcome = error.outcome(now),
            Ok(Response::NotModified { validators, moved, fresh_for: fresh }) => {
                (after.validators, fresh_for) = (validators, fresh);
                note_redirect(&mut after, moved, address != source.url);
            }
            Ok(Response::Body(body)) => {
                fresh_for = body.fresh_for;
                after.stale_until = body.stale_for.map(|good| now.plus(good).whole_seconds());
                packed = self.read(source, body, known_before, address != source.url, &mut after, &mut visit).await?;
            }
        }
        if address != source.url && matches!(visit.outcome, Outcome::Broken { .. } | Outcome::Gone { .. }) {
            visit.outcome = undo_move(&mut after, visit.outcome);
        }
        if visit.outcome.found().is_some_and(|found| found.new > 0) {
            // Its hub did not tell of these.
            after.pushed_at = None;
        }
        apply_outcome(&mut after, &visit.outcome, &source.id, now);
        visit.due = due(source, &visit.outcome, &after, fresh_for, now);
        // The same body without a 304 is as quiet.
        after.good_at = if visit.outcome == Outcome::Same && before.failures == 0 { before.good_at } else { after.good_at };
        visit.state = (after != before).then_some(after);
        Ok(SettledVisit::new(visit, packed))
    }

    /// Takes what a hub has sent as a visit: nothing is fetched. What it does not name is as it was. Nothing if it is no feed, or
    /// the source has another address by now: then the source is to be visited.
    pub(super) async fn take(
        &self,
        source: &plan::Source,
        claimed: LeasedSource,
        pushed: net::Body,
    ) -> Result<Option<SettledVisit>, StoreError> {
        let before = &claimed.state;
        if before.url != source.url || retired(before).is_some() {
            return Ok(None);
        }
        let mut after = before.clone();
        let mut visit = self.begun(source, Outcome::Same, Duration::ZERO);
        let reading = Reading::of(source, visit.at, self.keep);
        let Ok(read) = reading.read(pushed).await else { return Ok(None) };
        let known = match self.store {
            Some(store) => store.find_entry_rows(&all_ids(&read.ids, &before.listed)).await?,
            None => Vec::new(),
        };
        let brought = reading.compared(read, &known, &before.listed).await;
        let now = visit.at;
        after.listed = brought.listed;
        after.publish_rate.record_published(brought.published, now);
        if brought.found.new + brought.found.changed > 0 {
            after.pushed_at = Some(now.whole_seconds());
            // Whatever is fetched next is to be compared with this, be it the body from before once more.
            (after.body_hash, after.validators) = (None, Validators::default());
        }
        (visit.changes, visit.restored) = (brought.changes, brought.restored);
        visit.outcome = Outcome::Fresh(brought.found);
        apply_outcome(&mut after, &visit.outcome, &source.id, now);
        // What was said of the next visit holds: nothing was fetched.
        visit.due = claimed.due;
        visit.state = Some(after);
        Ok(Some(SettledVisit::new(visit, brought.packed)))
    }

    /// A visit that has brought nothing yet.
    fn begun(&self, source: &plan::Source, outcome: Outcome, took: Duration) -> Visit {
        let now = self.clock.now();
        Visit {
            source: source.id.clone(),
            at: now,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            outcome,
            state: None,
            changes: Vec::new(),
            withdrawn: Vec::new(),
            restored: Vec::new(),
            due: now,
        }
    }

    /// Reads a body, finds what is new in it, and packs that.
    async fn read(
        &self,
        source: &plan::Source,
        body: net::Body,
        known_before: bool,
        is_adopted: bool,
        after: &mut SourceState,
        visit: &mut Visit,
    ) -> Result<EncodedEntries, StoreError> {
        let moved = body.moved.clone().filter(|to| after.moved_to.as_ref() != Some(to));
        note_redirect(after, body.moved.clone(), is_adopted);
        let hash = format!("{:032x}", xxh3_128(&body.bytes));
        if after.body_hash.as_ref() == Some(&hash) {
            after.validators = body.validators;
            return Ok(EncodedEntries::default());
        }
        let (validators, is_part) = (body.validators.clone(), body.is_part);
        let reading = Reading::of(source, visit.at, self.keep);
        let read = match self.store.filter(|_| known_before) {
            // Nothing can be known of its entries. In one piece: each turn from thread to thread costs.
            None => reading.whole(body).await,
            Some(store) => match reading.read(body).await {
                Ok(read) => {
                    let known = store.find_entry_rows(&all_ids(&read.ids, &after.listed)).await?;
                    Ok(reading.compared(read, &known, &after.listed).await)
                }
                Err(error) => Err(error),
            },
        };
        let brought = match read {
            Ok(brought) => brought,
            Err(error) => {
                visit.outcome =
                    Outcome::Broken { kind: error.kind(), message: format!("{}: {error}", net::redact_url(&source.url)) };
                return Ok(EncodedEntries::default());
            }
        };
        after.validators = validators;
        // Of itself a part may say less than the whole does.
        after.body_hash = (!is_part).then_some(hash);
        if !is_part {
            after.meta = brought.meta;
            note_dates(after, brought.entries, brought.dated, visit.at);
        }
        after.listed = brought.listed;
        after.publish_rate.record_published(brought.published, visit.at);
        (visit.changes, visit.withdrawn, visit.restored) = (brought.changes, brought.withdrawn, brought.restored);
        visit.outcome = match moved {
            Some(to) => Outcome::Moved { to, found: brought.found },
            None => Outcome::Fresh(brought.found),
        };
        Ok(brought.packed)
    }
}

/// When the source is due again, if it was left in this state.
fn due(source: &plan::Source, outcome: &Outcome, state: &SourceState, fresh_for: Option<Duration>, now: Time) -> Time {
    next_due(&Question {
        source: &source.id,
        outcome,
        every: source.every,
        failures: state.failures,
        failing_since: state.failing_since,
        is_pushed: state.pushed_at.is_some(),
        poll_hints: &state.meta.poll_hints,
        publish_rate: &state.publish_rate,
        fresh_for,
        now,
    })
}

fn all_ids(now: &[EntryId], before: &[EntryId]) -> Vec<EntryId> {
    let mut ids: Vec<EntryId> = now.iter().chain(before).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Whether requests to a source carry what no other host may see.
fn has_secrets(source: &plan::Source) -> bool {
    source.auth.is_some() || !source.headers.is_empty()
}
