//! From what was known of a source and what a visit has brought to what is known now: pure, so that it can be read as a table.

use std::time::Duration;

use super::parse::FeedChanges;
use crate::config as plan;
use crate::model::{BreakKind, Change, EntryId, Outcome, SourceState, Time, Validators};
use crate::policy::source_health::{ADOPT_AFTER, apply_outcome, has_no_failure, note_dates, note_redirect, undo_move};
use crate::policy::{PollInputs, next_due};
use crate::store::EncodedEntries;

/// What a request has brought, once its body was parsed and compared with what is known.
pub(super) enum Fetched {
    /// No body: the request failed, or the server wants to be asked later or never again.
    Failed(Outcome),
    /// 304, or the last body once more.
    Unchanged(Headers),
    /// A body that is no feed.
    Unreadable(Headers, BreakKind, String),
    /// A feed.
    Feed(Headers, Box<FeedChanges>),
}

/// What the headers of an answer say about this visit and the next one.
#[derive(Default)]
pub(super) struct Headers {
    pub(super) validators: Validators,
    /// Where the source has moved for good.
    pub(super) moved: Option<String>,
    /// For how long the answer is good.
    pub(super) fresh_for: Option<Duration>,
    /// For how long the body may stand in for an answer that fails, from now (`stale-if-error`).
    pub(super) stale_for: Option<Duration>,
    /// True if there was a body; a 304 says nothing of `stale-if-error`.
    pub(super) has_body: bool,
    /// The hash of the body, if it is a whole feed.
    pub(super) body_hash: Option<String>,
    /// True if the body is only what is new (226, RFC 3229).
    pub(super) is_part: bool,
}

/// What a visit leaves.
pub(super) struct Transition {
    pub(super) outcome: Outcome,
    /// What the next visit starts from; nothing when it is what the last one left.
    pub(super) state: Option<SourceState>,
    pub(super) due: Time,
    pub(super) changes: Vec<Change>,
    pub(super) withdrawn: Vec<EntryId>,
    pub(super) restored: Vec<EntryId>,
    pub(super) encoded: EncodedEntries,
}

impl Transition {
    fn new(outcome: Outcome, due: Time) -> Self {
        let (changes, withdrawn, restored) = (Vec::new(), Vec::new(), Vec::new());
        Self { outcome, state: None, due, changes, withdrawn, restored, encoded: EncodedEntries::default() }
    }
}

/// Returns what a visit at `now` leaves of a source that was in the state `before`. `is_adopted`: the address was asked to which
/// the source has moved.
pub(super) fn transition(
    source: &plan::Source,
    before: &SourceState,
    is_adopted: bool,
    fetched: Fetched,
    now: Time,
) -> Transition {
    if let Fetched::Unchanged(headers) = &fetched
        && has_no_failure(before)
        && !headers.has_body
        && headers.validators == before.validators
        && (headers.moved.is_none() || before.moved_seen >= ADOPT_AFTER)
    {
        // The usual visit: nothing has changed, and nothing was wrong before. It writes nothing but its due time; that the feed was
        // in order shows from its row being visited.
        return Transition::new(Outcome::Same, due(source, &Outcome::Same, before, headers.fresh_for, now));
    }
    let (mut after, mut left, mut fresh_for) = (before.clone(), Transition::new(Outcome::Same, now), None);
    match fetched {
        Fetched::Failed(outcome) => left.outcome = outcome,
        Fetched::Unchanged(headers) => {
            fresh_for = headers.fresh_for;
            note_headers(&mut after, &headers, is_adopted, now);
            after.validators = headers.validators;
        }
        Fetched::Unreadable(headers, kind, message) => {
            fresh_for = headers.fresh_for;
            note_headers(&mut after, &headers, is_adopted, now);
            left.outcome = Outcome::Broken { kind, message };
        }
        Fetched::Feed(headers, changes) => {
            fresh_for = headers.fresh_for;
            let moved = headers.moved.clone().filter(|to| before.moved_to.as_ref() != Some(to));
            note_headers(&mut after, &headers, is_adopted, now);
            apply_feed(&mut after, &mut left, headers, *changes, moved, now);
        }
    }
    if is_adopted && matches!(left.outcome, Outcome::Broken { .. } | Outcome::Gone { .. }) {
        left.outcome = undo_move(&mut after, left.outcome);
    }
    if left.outcome.found().is_some_and(|found| found.new > 0) {
        // Its hub did not tell of these.
        after.pushed_at = None;
    }
    apply_outcome(&mut after, &left.outcome, &source.id, now);
    left.due = due(source, &left.outcome, &after, fresh_for, now);
    // The same body without a 304 is as quiet as with one.
    after.good_at = if left.outcome == Outcome::Same && before.failures == 0 { before.good_at } else { after.good_at };
    left.state = (after != *before).then_some(after);
    left
}

/// Returns what a push leaves. Nothing was fetched: when the source is due stays as it was, and what the push does not name, too.
pub(super) fn transition_of_push(
    source: &plan::Source,
    before: &SourceState,
    changes: FeedChanges,
    due: Time,
    now: Time,
) -> Transition {
    let mut after = before.clone();
    after.listed = changes.listed;
    after.publish_rate.record_published(changes.published, now);
    if changes.found.new + changes.found.changed > 0 {
        after.pushed_at = Some(now.whole_seconds());
        // Whatever is fetched next is to be compared with this, be it the body from before once more.
        (after.body_hash, after.validators) = (None, Validators::default());
    }
    let mut left = Transition::new(Outcome::Fresh(changes.found), due);
    (left.changes, left.restored, left.encoded) = (changes.changes, changes.restored, changes.encoded);
    apply_outcome(&mut after, &left.outcome, &source.id, now);
    left.state = Some(after);
    left
}

fn note_headers(after: &mut SourceState, headers: &Headers, is_adopted: bool, now: Time) {
    if headers.has_body {
        after.stale_until = headers.stale_for.map(|good| now.plus(good).whole_seconds());
    }
    note_redirect(after, headers.moved.clone(), is_adopted);
}

fn apply_feed(
    after: &mut SourceState,
    left: &mut Transition,
    headers: Headers,
    changes: FeedChanges,
    moved: Option<String>,
    now: Time,
) {
    after.validators = headers.validators;
    after.body_hash = headers.body_hash;
    if !headers.is_part {
        // Of itself a part may say less than the whole does.
        after.meta = changes.meta;
        note_dates(after, changes.entries, changes.dated, now);
    }
    after.listed = changes.listed;
    after.publish_rate.record_published(changes.published, now);
    left.outcome = match moved {
        Some(to) => Outcome::Moved { to, found: changes.found },
        None => Outcome::Fresh(changes.found),
    };
    (left.changes, left.withdrawn, left.restored) = (changes.changes, changes.withdrawn, changes.restored);
    left.encoded = changes.encoded;
}

/// Returns when the source is due again, if it is left in this state.
pub(super) fn due(source: &plan::Source, outcome: &Outcome, state: &SourceState, fresh_for: Option<Duration>, now: Time) -> Time {
    next_due(&PollInputs {
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
