//! What a visit says about a source: its failures and whom to tell of them, its moves, its dates; and how the source is, in one
//! word. The state that is changed here is stored, and read when the next visit begins.

use std::time::Duration;

use crate::model::{BreakKind, Fault, FaultKind, Outcome, SourceId, SourceState, Time, Validators, Visit, authority};

/// Permanent redirects to one address, in visits in a row, after which that address is asked first.
pub const MOVE_AGREED: u32 = 3;
/// A source that has answered 404, or whose name has not resolved, for so long is dead: that is no accident.
const DEAD_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A source that has failed for so long is paused: it is visited once a week.
pub(super) const PAUSED_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How a source is. The names, in kebab case, are promises of `relais status --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceHealth {
    /// Its last visit found a feed.
    Good,
    /// Its last visit failed for the first time, or within the time that its server allows: this may pass by itself.
    Unsteady,
    /// Its visits fail.
    Broken,
    /// It has failed for a month and is visited once a week.
    Paused,
    /// Its server answered 410: it is not visited any more.
    Gone,
    /// Nothing has been at its address for a week.
    Dead,
    /// It serves something else than before: no feed, or entries without dates.
    Changed,
    /// It answers, and has published nothing for far longer than usual.
    Stale,
}

impl SourceHealth {
    /// Returns the name in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Unsteady => "unsteady",
            Self::Broken => "broken",
            Self::Paused => "paused",
            Self::Gone => "gone",
            Self::Dead => "dead",
            Self::Changed => "changed",
            Self::Stale => "stale",
        }
    }
}

/// Judges how a source is at `now`: the one place where this is decided.
pub fn judge(state: &SourceState, now: Time) -> SourceHealth {
    let Some(fault) = &state.last_fault else {
        return if state.undated_since.is_some() {
            SourceHealth::Changed
        } else if state.publish_rate.unusual_silence(now).is_some() {
            SourceHealth::Stale
        } else {
            SourceHealth::Good
        };
    };
    match fault.kind {
        _ if state.is_quiet => SourceHealth::Unsteady,
        FaultKind::Gone => SourceHealth::Gone,
        FaultKind::Dead => SourceHealth::Dead,
        _ if is_paused(state.failing_since, now) => SourceHealth::Paused,
        FaultKind::Changed => SourceHealth::Changed,
        _ => SourceHealth::Broken,
    }
}

/// Returns true if a source that has failed since then is paused.
pub(super) fn is_paused(failing_since: Option<Time>, now: Time) -> bool {
    failing_since.is_some_and(|since| now.since(since) >= PAUSED_AFTER)
}

/// Returns the fault that an operator must be told of. A first failure is not told: it may pass by itself.
pub fn told_fault(state: &SourceState) -> Option<&Fault> {
    state.last_fault.as_ref().filter(|_| !state.is_quiet)
}

/// Returns the fault that a visit leaves and that an operator must be told of.
pub fn visit_fault(visit: &Visit) -> Option<&Fault> {
    told_fault(visit.state.as_ref()?)
}

/// Returns what an operator may want to look into although the source answers: its entries have lost their dates, or it has
/// published nothing for far longer than usual.
pub fn warning(state: &SourceState, source: &SourceId, now: Time) -> Option<Fault> {
    if let Some(since) = state.undated_since {
        let message = "its entries have no dates any more: they stand in the order in which they are seen";
        return Some(Fault::of_source(source, FaultKind::Changed, message, Some(since)));
    }
    let silence = state.publish_rate.unusual_silence(now)?;
    let since = Time::from_millis(now.millis() - i64::try_from(silence.as_millis()).unwrap_or(0)).whole_seconds();
    let message = format!(
        "it answers, and has published nothing for {} days, where {:.1} entries a day were usual: look whether the site has \
         another feed by now",
        silence.as_secs() / 86_400,
        state.publish_rate.entries_per_day(since)
    );
    Some(Fault::of_source(source, FaultKind::Stale, message, Some(since)))
}

/// Returns the outcome of a visit to a source that is gone for good. Nothing is fetched: only another address in feeds.toml ends
/// this.
pub fn retired(state: &SourceState) -> Option<Outcome> {
    let fault = state.last_fault.as_ref().filter(|fault| fault.kind == FaultKind::Gone)?;
    Some(Outcome::Gone { message: fault.message.clone() })
}

/// Returns true if the source asked to be left alone and its time has not come.
pub fn wants_rest(state: &SourceState, due: Time, now: Time) -> bool {
    due > now && state.last_fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Later)
}

/// Returns the address that a source has moved to, if enough visits agree on it. A source whose requests carry secrets is not
/// followed to another host: whoever can redirect it would be told them.
pub fn adopted<'s>(state: &'s SourceState, url: &str, has_secrets: bool) -> Option<&'s str> {
    let to = state.moved_to.as_deref().filter(|_| state.moved_seen >= MOVE_AGREED)?;
    (!has_secrets || authority(to) == authority(url)).then_some(to)
}

/// Notes where a visit was permanently redirected to. A visit that went to the adopted address at once was redirected nowhere,
/// and that is well.
pub fn note_redirect(state: &mut SourceState, to: Option<String>, is_adopted: bool) {
    match to {
        None if is_adopted => {}
        None => (state.moved_to, state.moved_seen) = (None, 0),
        Some(to) if state.moved_to.as_ref() == Some(&to) => state.moved_seen = (state.moved_seen + 1).min(MOVE_AGREED),
        Some(to) => (state.moved_to, state.moved_seen) = (Some(to), 1),
    }
}

/// Forgets the adopted address, which leads nowhere: the address of feeds.toml is asked again. A source is not retired by what
/// another address says, so 410 counts as a failure. Returns the outcome that counts.
pub fn undo_move(state: &mut SourceState, outcome: Outcome) -> Outcome {
    (state.moved_to, state.moved_seen, state.validators) = (None, 0, Validators::default());
    match outcome {
        Outcome::Gone { message } => Outcome::Broken { kind: BreakKind::Http, message },
        other => other,
    }
}

/// Notes how many of a body's entries have dates. A feed that had dates and has none any more was made over; its entries stand in
/// the order of first sight from then on.
pub fn note_dates(state: &mut SourceState, entries: usize, dated: usize, now: Time) {
    if entries == 0 {
        return;
    }
    state.undated_since = match (dated, state.is_dated) {
        (0, true) => Some(now.whole_seconds()),
        (0, false) => state.undated_since,
        _ => None,
    };
    state.is_dated = dated > 0;
}

/// Returns true if the last visits left nothing that a good one would mend.
pub fn is_in_order(state: &SourceState) -> bool {
    state.failures == 0 && state.failing_since.is_none() && state.last_fault.is_none()
}

/// Applies the outcome of a visit to the failures of a source, and to what is told of them.
pub fn apply_outcome(state: &mut SourceState, outcome: &Outcome, source: &SourceId, now: Time) {
    let Some((kind, message)) = outcome.failure() else {
        state.good_at = Some(now);
        (state.failures, state.failing_since, state.last_fault, state.is_quiet) = (0, None, None, false);
        if outcome.found().is_some_and(|found| found.new + found.changed > 0) {
            state.fresh_at = Some(now);
        }
        return;
    };
    state.failures = state.failures.saturating_add(1);
    let since = *state.failing_since.get_or_insert(now.whole_seconds());
    let (kind, message) = describe(source, state.good_at.is_some(), outcome, (kind, message), now.since(since));
    state.last_fault = Some(Fault::of_source(source, kind, message, Some(since)));
    // A server that fails once may just have been restarted. A source that never worked is likely to be written wrongly.
    let is_first = state.good_at.is_some() && state.failures == 1;
    let is_excused = state.stale_until.is_some_and(|until| now < until);
    state.is_quiet = (is_first || is_excused) && !matches!(outcome, Outcome::Gone { .. });
}

/// Returns the kind of a failure that has lasted for so long, and what the operator can do about it.
fn describe(
    source: &SourceId,
    was_good: bool,
    outcome: &Outcome,
    (kind, message): (FaultKind, &str),
    lasted: Duration,
) -> (FaultKind, String) {
    let Outcome::Broken { kind: broken, .. } = outcome else { return (kind, message.to_owned()) };
    let is_absent = matches!(broken, BreakKind::NotFound | BreakKind::Dns);
    let (kind, mut message) = match broken {
        _ if is_absent && lasted >= DEAD_AFTER => {
            let days = lasted.as_secs() / 86_400;
            (FaultKind::Dead, format!("{message}, and has for {days} days: change its `url`, or take it out of feeds.toml"))
        }
        BreakKind::NotAFeed if was_good => {
            (FaultKind::Changed, format!("{message}; it was a feed before: look where the site keeps it now (`relais add`)"))
        }
        _ => (kind, message.to_owned()),
    };
    if lasted >= PAUSED_AFTER {
        message.push_str(&format!(
            " (paused: visited once a week from now on; `relais run --source {source} --force` tries at once)"
        ));
    }
    (kind, message)
}

/// Returns the state of a source whose address has changed in feeds.toml: validators, moves and failures start over, entries and
/// habits stay.
pub fn with_new_address(state: SourceState, url: &str) -> SourceState {
    SourceState {
        url: url.to_owned(),
        meta: state.meta,
        listed: state.listed,
        good_at: state.good_at,
        fresh_at: state.fresh_at,
        publish_rate: state.publish_rate,
        is_dated: state.is_dated,
        ..SourceState::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn broken(kind: BreakKind) -> Outcome {
        Outcome::Broken { kind, message: "https://a.fr/rss answers 404 Not Found".to_owned() }
    }

    /// The state of a source that was good on day 0 and fails in this way on these days.
    fn failing(outcome: &Outcome, days: &[i64]) -> SourceState {
        let mut state = SourceState { good_at: Some(Time::EPOCH), ..SourceState::default() };
        for day in days {
            apply_outcome(&mut state, outcome, &SourceId::new("a"), Time::from_millis(day * DAY));
        }
        state
    }

    fn kind(state: &SourceState) -> &'static str {
        state.last_fault.as_ref().expect("trouble").kind.as_str()
    }

    #[test]
    fn first_failure_is_not_told_and_the_second_is() {
        let outcome = broken(BreakKind::Timeout);
        assert!(failing(&outcome, &[1]).is_quiet);
        assert!(!failing(&outcome, &[1, 2]).is_quiet);
        let gone = Outcome::Gone { message: String::new() };
        assert!(!failing(&gone, &[1]).is_quiet, "that is no accident");
        let mut new = SourceState::default();
        apply_outcome(&mut new, &outcome, &SourceId::new("a"), Time::EPOCH);
        assert!(!new.is_quiet, "it never worked");
        let mut excused =
            SourceState { good_at: Some(Time::EPOCH), stale_until: Some(Time::from_millis(3 * DAY)), ..SourceState::default() };
        for (day, is_quiet) in [(1, true), (2, true), (3, false)] {
            apply_outcome(&mut excused, &outcome, &SourceId::new("a"), Time::from_millis(day * DAY));
            assert_eq!(excused.is_quiet, is_quiet, "day {day}: its server allows three days");
        }
    }

    #[test]
    fn failure_that_lasts_becomes_dead_or_paused() {
        let missing = broken(BreakKind::NotFound);
        assert_eq!(kind(&failing(&missing, &[1, 7])), "not-found");
        assert_eq!(kind(&failing(&missing, &[1, 8])), "dead");
        assert_eq!(kind(&failing(&broken(BreakKind::Dns), &[1, 8])), "dead");
        assert_eq!(kind(&failing(&broken(BreakKind::Http), &[1, 8])), "http");
        let paused = failing(&broken(BreakKind::Http), &[1, 40]);
        let message = &paused.last_fault.expect("trouble").message;
        assert!(message.contains("paused") && message.contains("--source a --force"), "{message}");
        assert_eq!(kind(&failing(&broken(BreakKind::NotAFeed), &[1])), "changed");
        let mut new = SourceState::default();
        apply_outcome(&mut new, &broken(BreakKind::NotAFeed), &SourceId::new("a"), Time::EPOCH);
        assert_eq!(kind(&new), "not-a-feed", "it never was one");
        apply_outcome(&mut new, &Outcome::Same, &SourceId::new("a"), Time::EPOCH);
        assert!(is_in_order(&new) && !new.is_quiet);
    }

    #[test]
    fn feed_whose_entries_lose_their_dates_is_noticed() {
        let mut state = SourceState::default();
        let mut see = |entries, dated, day: i64| {
            note_dates(&mut state, entries, dated, Time::from_millis(day * DAY));
            state.undated_since.map(|since| since.millis() / DAY)
        };
        assert_eq!(see(5, 0, 1), None, "it never had any");
        assert_eq!(see(5, 3, 2), None);
        assert_eq!(see(0, 0, 3), None, "an empty feed says nothing");
        assert_eq!(see(5, 0, 4), Some(4));
        assert_eq!(see(5, 0, 5), Some(4));
        assert_eq!(see(5, 1, 6), None);
    }
}
