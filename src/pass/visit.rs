//! One visit: a source is fetched and read, and compared with what is known of it. Nothing is written here.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_128;

use crate::config as plan;
use crate::model::{BreakKind, Clock, EntryId, Outcome, SourceId, SourceState, Time, Validators, Visit};
use crate::net::{self, Answer, Ask, Client};
use crate::store::{Claimed, Packed, Parcel, Store, StoreError};

use super::ingest::authority;
use super::reading::Reading;
use super::schedule::{Question, next_due};

/// So many visits in a row must be sent to the same address before that is asked first.
const AGREED: u32 = 3;

/// What a visit needs; no store when nothing is known.
pub(super) struct Visitor<'a> {
    pub(super) client: &'a Client,
    pub(super) store: Option<&'a Store>,
    /// Whether what is found will be settled, and must be packed for it.
    pub(super) keep: bool,
    /// Whether a source that has retired is asked all the same.
    pub(super) force: bool,
    pub(super) clock: &'a dyn Clock,
}

impl Visitor<'_> {
    /// Visits a source. Whatever the server does is an outcome; only a store that fails is an error.
    pub(super) async fn visit(&self, source: &plan::Source, claimed: Claimed) -> Result<Parcel, StoreError> {
        // Validators belong to an address: another one in feeds.toml starts over, and keeps the entries.
        let known_before = claimed.state.good_at.is_some();
        let before = if claimed.state.url == source.url { claimed.state } else { renewed(claimed.state, &source.url) };
        if let Some(gone) = retired(&before).filter(|_| !self.force) {
            let due = due(source, &gone, &before, None, self.clock.now());
            return Ok(Parcel::of(Visit { due, state: Some(before), ..self.begun(source, gone, Duration::ZERO) }));
        }
        let auth = source.auth.as_ref().map(net_auth);
        let address = adopted(&before, source).unwrap_or(&source.url);
        let ask = Ask { url: address, validators: &before.validators, headers: &source.headers, auth: auth.as_ref() };
        let (answer, took) = self.client.get_timed(&ask).await;
        let mut visit = self.begun(source, Outcome::Same, took);
        let now = visit.at;
        let mut fresh_for = None;
        if let Ok(Answer::NotModified { validators, moved, fresh_for }) = &answer
            && is_in_order(&before)
            && *validators == before.validators
            && (moved.is_none() || before.moved_seen >= AGREED)
        {
            // The usual visit: nothing has changed, and nothing was wrong before. It writes nothing but its due time; that the
            // feed was in order shows from its row being visited.
            visit.due = due(source, &visit.outcome, &before, *fresh_for, now);
            return Ok(Parcel::of(visit));
        }
        let mut after = before.clone();
        let mut packed = Packed::default();
        match answer {
            Err(error) => visit.outcome = error.outcome(now),
            Ok(Answer::NotModified { validators, moved, fresh_for: fresh }) => {
                (after.validators, fresh_for) = (validators, fresh);
                seen_moving(&mut after, moved, address != source.url);
            }
            Ok(Answer::Body(body)) => {
                fresh_for = body.fresh_for;
                packed = self.read(source, body, known_before, address != source.url, &mut after, &mut visit).await?;
            }
        }
        if address != source.url && matches!(visit.outcome, Outcome::Broken { .. } | Outcome::Gone { .. }) {
            // Where it had moved to it is no more: the address of feeds.toml is asked again, and it is not retired by this.
            (after.moved_to, after.moved_seen, after.validators) = (None, 0, Validators::default());
            if let Outcome::Gone { message } = visit.outcome {
                visit.outcome = Outcome::Broken { kind: BreakKind::Http, message };
            }
        }
        settle_state(&mut after, &visit.outcome, &source.id, now);
        visit.due = due(source, &visit.outcome, &after, fresh_for, now);
        // The same body without a 304 is as quiet.
        after.good_at = if visit.outcome == Outcome::Same && before.failures == 0 { before.good_at } else { after.good_at };
        visit.state = (after != before).then_some(after);
        Ok(Parcel::packed(visit, packed))
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
    ) -> Result<Packed, StoreError> {
        let moved = body.moved.clone().filter(|to| after.moved_to.as_ref() != Some(to));
        seen_moving(after, body.moved.clone(), is_adopted);
        let hash = format!("{:032x}", xxh3_128(&body.bytes));
        if after.body_hash.as_ref() == Some(&hash) {
            after.validators = body.validators;
            return Ok(Packed::default());
        }
        let validators = body.validators.clone();
        let reading = Reading::of(source, visit.at, self.keep);
        let read = match self.store.filter(|_| known_before) {
            // Nothing can be known of its entries. In one piece: each turn from thread to thread costs.
            None => reading.whole(body).await,
            Some(store) => match reading.read(body).await {
                Ok(read) => {
                    let known = store.known(&all_ids(&read.ids, &after.listed)).await?;
                    Ok(reading.compared(read, &known, &after.listed).await)
                }
                Err(error) => Err(error),
            },
        };
        let brought = match read {
            Ok(brought) => brought,
            Err(error) => {
                visit.outcome = Outcome::Broken { kind: error.kind(), message: format!("{}: {error}", net::shown(&source.url)) };
                return Ok(Packed::default());
            }
        };
        after.validators = validators;
        after.body_hash = Some(hash);
        (after.meta, after.listed) = (brought.meta, brought.listed);
        after.habit.saw(brought.published, visit.at);
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
        pace: &state.meta.pace,
        habit: &state.habit,
        fresh_for,
        now,
    })
}

/// How a source that is gone for good is visited: not at all, until its table in feeds.toml has another address.
fn retired(state: &SourceState) -> Option<Outcome> {
    let trouble = state.trouble.as_ref().filter(|trouble| trouble.kind == "gone")?;
    Some(Outcome::Gone { message: trouble.message.clone() })
}

/// The address that a source has moved to, if enough visits agreed on it. One that would be told a secret is not left for another
/// host: whoever can redirect it would be told.
fn adopted<'s>(state: &'s SourceState, source: &plan::Source) -> Option<&'s str> {
    let to = state.moved_to.as_deref().filter(|_| state.moved_seen >= AGREED)?;
    (source.auth.is_none() && source.headers.is_empty() || authority(to) == authority(&source.url)).then_some(to)
}

/// Takes note of where a visit was sent for good. One that went to the adopted address at once was sent nowhere, and that is well.
fn seen_moving(state: &mut SourceState, to: Option<String>, is_adopted: bool) {
    match to {
        None if is_adopted => {}
        None => (state.moved_to, state.moved_seen) = (None, 0),
        Some(to) if state.moved_to.as_ref() == Some(&to) => state.moved_seen = (state.moved_seen + 1).min(AGREED),
        Some(to) => (state.moved_to, state.moved_seen) = (Some(to), 1),
    }
}

/// Whether the last visit left nothing that a good one would mend.
fn is_in_order(state: &SourceState) -> bool {
    state.failures == 0 && state.failing_since.is_none() && state.trouble.is_none()
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
        habit: state.habit,
        ..SourceState::default()
    }
}

fn all_ids(now: &[EntryId], before: &[EntryId]) -> Vec<EntryId> {
    let mut ids: Vec<EntryId> = now.iter().chain(before).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

pub(super) fn net_auth(auth: &plan::Auth) -> net::Auth {
    match auth {
        plan::Auth::Basic { user, password } => net::Auth::Basic { user: user.clone(), password: password.clone() },
        plan::Auth::Bearer(token) => net::Auth::Bearer(token.clone()),
    }
}
