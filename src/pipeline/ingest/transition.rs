//! The transition of a source by one visit: its state before and the response give its outcome, state and due time after. Pure.

use std::time::Duration;

use super::compare::FeedChanges;
use crate::config as plan;
use crate::model::{BreakKind, Change, DueReason, EntryId, Found, Outcome, SourceState, Time, Validators};
use crate::policy::source_health::{
    ADOPT_AFTER, apply_outcome, has_no_failure, note_damage, note_dates, note_redirect, note_rule_failure, undo_move,
};
use crate::policy::{PollInputs, due_reason, next_due};
use crate::store::EncodedEntries;

/// The result of a request, after its body was parsed and compared with the stored entries.
pub(super) enum Fetched {
    /// The request failed, or the server answered Retry-After or 410.
    Failed(Outcome),
    /// The server answered 304, or the same body as before.
    Unchanged(Headers),
    /// The body is not a feed.
    Unreadable(Headers, BreakKind, String),
    /// The body is a feed.
    Feed(Headers, Box<FeedChanges>),
}

/// The response headers that affect this visit and the next one.
#[derive(Default)]
pub(super) struct Headers {
    pub(super) validators: Validators,
    /// The target of a permanent redirect.
    pub(super) moved: Option<String>,
    /// The lifetime of the response by its cache headers.
    pub(super) fresh_for: Option<Duration>,
    /// The time for which failures are excused (`stale-if-error`).
    pub(super) stale_for: Option<Duration>,
    /// True if there was a body; a 304 does not change `stale-if-error`.
    pub(super) has_body: bool,
    /// The hash of the body, if it is a complete feed.
    pub(super) body_hash: Option<String>,
    /// True if the body has only the new entries (226, RFC 3229).
    pub(super) is_part: bool,
    /// The failure that ended the body before its end, as an outcome.
    pub(super) damage: Option<Outcome>,
}

/// The effect of a visit on its source.
pub(super) struct Transition {
    pub(super) outcome: Outcome,
    /// The new state; `None` if it has not changed.
    pub(super) state: Option<SourceState>,
    pub(super) due: Time,
    /// The reason for that time, if this visit decided it.
    pub(super) due_reason: Option<DueReason>,
    pub(super) changes: Vec<Change>,
    pub(super) withdrawn: Vec<EntryId>,
    pub(super) restored: Vec<EntryId>,
    pub(super) encoded: EncodedEntries,
}

impl Transition {
    fn new(outcome: Outcome, (due, due_reason): (Time, Option<DueReason>)) -> Self {
        let (changes, withdrawn, restored) = (Vec::new(), Vec::new(), Vec::new());
        Self { outcome, state: None, due, due_reason, changes, withdrawn, restored, encoded: EncodedEntries::default() }
    }
}

/// Applies a visit at `now` to a source in the state `before`. `is_adopted`: the target of an adopted redirect was requested.
pub(super) fn transition(
    source: &plan::Source,
    before: &SourceState,
    is_adopted: bool,
    fetched: Fetched,
    now: Time,
) -> Transition {
    if let Fetched::Unchanged(headers) = &fetched
        && has_no_failure(before)
        && before.missing_newest.is_empty()
        && !headers.has_body
        && headers.validators == before.validators
        && (headers.moved.is_none() || before.moved_seen >= ADOPT_AFTER)
    {
        // The usual visit: nothing has changed, and nothing had failed. Only the due time and the time of the visit are written.
        return Transition::new(Outcome::Same, due_after(source, &Outcome::Same, before, headers.fresh_for, now));
    }
    let (mut after, mut result, mut fresh_for) = (before.clone(), Transition::new(Outcome::Same, (now, None)), None);
    let damage = match &fetched {
        Fetched::Unchanged(headers) | Fetched::Feed(headers, _) => headers.damage.clone(),
        Fetched::Failed(_) | Fetched::Unreadable(..) => None,
    };
    match fetched {
        Fetched::Failed(outcome) => result.outcome = outcome,
        Fetched::Unchanged(headers) => {
            fresh_for = headers.fresh_for;
            apply_headers(&mut after, &headers, is_adopted, now);
            after.validators = headers.validators;
            withdraw_missing(&mut after, &mut result);
        }
        Fetched::Unreadable(headers, kind, message) => {
            fresh_for = headers.fresh_for;
            apply_headers(&mut after, &headers, is_adopted, now);
            result.outcome = Outcome::Broken { kind, message };
        }
        Fetched::Feed(headers, changes) => {
            fresh_for = headers.fresh_for;
            let moved = headers.moved.clone().filter(|to| before.moved_to.as_ref() != Some(to));
            apply_headers(&mut after, &headers, is_adopted, now);
            let failure = changes.failure.as_ref().map(ToString::to_string);
            note_rule_failure(&mut after, failure, &source.id, now);
            apply_feed(&mut after, &mut result, headers, *changes, moved, now);
        }
    }
    if is_adopted && matches!(result.outcome, Outcome::Broken { .. } | Outcome::Gone { .. }) {
        result.outcome = undo_move(&mut after, result.outcome);
    }
    if result.outcome.found().is_some_and(|found| found.new > 0) {
        // Its hub did not push these.
        after.pushed_at = None;
    }
    apply_outcome(&mut after, &result.outcome, &source.id, now);
    note_damage(&mut after, damage.as_ref(), &source.id, now);
    (result.due, result.due_reason) = due_after(source, &result.outcome, &after, fresh_for, now);
    // The same body without a 304 is treated like a 304.
    after.good_at = if result.outcome == Outcome::Same && before.failures == 0 { before.good_at } else { after.good_at };
    result.state = (after != *before).then_some(after);
    result
}

/// Applies a push to a source. Nothing was fetched, so the due time and the entries that the push does not name stay, and it only
/// adds entries.
pub(super) fn apply_push(source: &plan::Source, before: &SourceState, changes: FeedChanges, due: Time, now: Time) -> Transition {
    let mut after = before.clone();
    (after.listed, after.renamed, after.missing_newest) = (changes.listed, changes.renamed, changes.missing_newest);
    after.publish_rate.record_published(changes.published, now);
    if changes.found.new > 0 {
        after.pushed_at = Some(now.whole_seconds());
        // The next fetch must be parsed and compared, even if its body has not changed since the last fetch.
        (after.body_hash, after.validators) = (None, Validators::default());
    }
    let mut result = Transition::new(Outcome::Fresh(changes.found), (due, None));
    (result.changes, result.encoded) = (changes.changes, changes.encoded);
    apply_outcome(&mut after, &result.outcome, &source.id, now);
    result.state = Some(after);
    result
}

fn apply_headers(after: &mut SourceState, headers: &Headers, is_adopted: bool, now: Time) {
    if headers.has_body {
        after.stale_until = headers.stale_for.map(|good| now.plus(good).whole_seconds());
    }
    note_redirect(after, headers.moved.clone(), is_adopted);
}

fn apply_feed(
    after: &mut SourceState,
    result: &mut Transition,
    headers: Headers,
    changes: FeedChanges,
    moved: Option<String>,
    now: Time,
) {
    after.validators = headers.validators;
    after.body_hash = headers.body_hash;
    if !headers.is_part {
        // A part may have less metadata than the complete feed.
        after.meta = changes.meta;
        note_dates(after, changes.entries, changes.dated, now);
    }
    (after.listed, after.renamed, after.missing_newest) = (changes.listed, changes.renamed, changes.missing_newest);
    after.publish_rate.record_published(changes.published, now);
    result.outcome = match moved {
        Some(to) => Outcome::Moved { to, found: changes.found },
        None => Outcome::Fresh(changes.found),
    };
    (result.changes, result.withdrawn, result.restored) = (changes.changes, changes.withdrawn, changes.restored);
    result.encoded = changes.encoded;
}

/// Withdraws the newest entries if they were missing in the last body, which the server has sent or confirmed once more.
fn withdraw_missing(after: &mut SourceState, result: &mut Transition) {
    result.withdrawn = std::mem::take(&mut after.missing_newest);
    if !result.withdrawn.is_empty() {
        let withdrawn = u32::try_from(result.withdrawn.len()).unwrap_or(u32::MAX);
        result.outcome = Outcome::Fresh(Found { withdrawn, ..Found::default() });
    }
}

/// Returns the time at which a source in this state is due again, and the reason for it.
pub(super) fn due_after(
    source: &plan::Source,
    outcome: &Outcome,
    state: &SourceState,
    fresh_for: Option<Duration>,
    now: Time,
) -> (Time, Option<DueReason>) {
    let inputs = PollInputs {
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
    };
    (next_due(&inputs), Some(due_reason(&inputs)))
}
