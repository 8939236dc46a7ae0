//! The health of a source: the effect of a visit on its failures, permanent redirects and dates, and the one word that
//! `relais status` shows. The state changed here is stored, and read when the next visit begins.

use std::time::Duration;

use crate::model::{BreakKind, Fault, FaultKind, Outcome, SourceId, SourceState, Time, Validators, Visit, authority};

/// The number of visits in a row with the same permanent redirect after which its target is requested directly.
pub const ADOPT_AFTER: u32 = 3;
/// The time of 404 responses or failed DNS look-ups after which a source is dead.
const DEAD_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The time of failures after which a source is paused: it is visited once a week.
pub(super) const PAUSED_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The health of a source. The names, in kebab case, are a contract of `relais status --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceHealth {
    /// Its last visit found a feed.
    Good,
    /// Its last visit failed for the first time, or within the `stale-if-error` of its server: it may recover by itself.
    Unsteady,
    /// Its last visits failed.
    Broken,
    /// It has failed for a month and is visited once a week.
    Paused,
    /// Its server answered 410: it is not visited any more.
    Gone,
    /// Its address has not existed for a week: 404, or no DNS name.
    Dead,
    /// It was a feed with dates before, and now serves no feed or no dates.
    Changed,
    /// It answers, but has published nothing for far longer than usual.
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

/// Returns the health of a source at `now`.
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

/// Returns the fault of a source that is to be reported. A first failure is not reported: it may pass by itself.
pub fn reported_fault(state: &SourceState) -> Option<&Fault> {
    state.last_fault.as_ref().filter(|_| !state.is_quiet)
}

/// Returns the fault of a visit that is to be reported: also that of a body that was read all the same.
pub fn visit_fault(visit: &Visit) -> Option<&Fault> {
    let state = visit.state.as_ref()?;
    reported_fault(state).or(state.damage.as_ref()).or(state.rule_fault.as_ref())
}

/// Returns the warning about a source that answers: its bodies break off, its entries have lost their dates, or it has published
/// nothing for far longer than usual.
pub fn warning(state: &SourceState, source: &SourceId, now: Time) -> Option<Fault> {
    if let Some(fault) = state.damage.as_ref().or(state.rule_fault.as_ref()) {
        return Some(fault.clone());
    }
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

/// Returns the outcome of a visit to a retired source, one that answered 410. It is not fetched again until its address in
/// feeds.toml changes.
pub fn retired(state: &SourceState) -> Option<Outcome> {
    let fault = state.last_fault.as_ref().filter(|fault| fault.kind == FaultKind::Gone)?;
    Some(Outcome::Gone { message: fault.message.clone() })
}

/// Returns true if the source sent a Retry-After that has not passed yet.
pub fn is_rate_limited(state: &SourceState, due: Time, now: Time) -> bool {
    due > now && state.last_fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Later)
}

/// Returns the adopted target of a permanent redirect, once enough visits agree on it. If requests to the source carry secrets,
/// another host is never adopted: it would receive them.
pub fn adopted<'s>(state: &'s SourceState, url: &str, has_secrets: bool) -> Option<&'s str> {
    let to = state.moved_to.as_deref().filter(|_| state.moved_seen >= ADOPT_AFTER)?;
    (!has_secrets || authority(to) == authority(url)).then_some(to)
}

/// Records the target of a visit's permanent redirect. A visit to the adopted target is not redirected, which confirms it.
pub fn note_redirect(state: &mut SourceState, to: Option<String>, is_adopted: bool) {
    match to {
        None if is_adopted => {}
        None => (state.moved_to, state.moved_seen) = (None, 0),
        Some(to) if state.moved_to.as_ref() == Some(&to) => state.moved_seen = (state.moved_seen + 1).min(ADOPT_AFTER),
        Some(to) => (state.moved_to, state.moved_seen) = (Some(to), 1),
    }
}

/// Drops an adopted redirect whose target failed: the address of feeds.toml is requested again. Returns the outcome to record. A
/// 410 of the target does not retire the source, so it becomes a failure.
pub fn undo_move(state: &mut SourceState, outcome: Outcome) -> Outcome {
    (state.moved_to, state.moved_seen, state.validators) = (None, 0, Validators::default());
    match outcome {
        Outcome::Gone { message } => Outcome::Broken { kind: BreakKind::Http, message },
        other => other,
    }
}

/// Records how many entries of a body have dates. A feed that had dates and has none any more has changed; its entries are then
/// sorted by the time at which they were first seen.
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

/// Records the failure that ended a body whose entries were read, or that there was none.
pub fn note_damage(state: &mut SourceState, damage: Option<&Outcome>, source: &SourceId, now: Time) {
    let since = state.damage.take().and_then(|damage| damage.since).unwrap_or(now.whole_seconds());
    state.damage = damage.and_then(Outcome::failure).map(|(kind, message)| {
        let message = format!("{message}; the entries that arrived were read");
        Fault::of_source(source, kind, message, Some(since))
    });
}

/// Records that a rule could not be evaluated for an entry of the last body, or that all could.
pub fn note_rule_failure(state: &mut SourceState, failure: Option<String>, source: &SourceId, now: Time) {
    let since = state.rule_fault.take().and_then(|fault| fault.since).unwrap_or(now.whole_seconds());
    state.rule_fault = failure.map(|failure| {
        let message = format!("{failure}; the entry is taken");
        Fault::of_source(source, FaultKind::Rule, message, Some(since))
    });
}

/// Returns true if the state has no failure that a good visit would clear.
pub fn has_no_failure(state: &SourceState) -> bool {
    state.failures == 0 && state.failing_since.is_none() && state.last_fault.is_none()
}

/// Updates the failures of a source, and the fault to report, after a visit.
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
    // A server that fails once may just have restarted. A source that never worked probably has a wrong address.
    let is_first = state.good_at.is_some() && state.failures == 1;
    let is_excused = state.stale_until.is_some_and(|until| now < until);
    state.is_quiet = (is_first || is_excused) && !matches!(outcome, Outcome::Gone { .. });
}

/// Returns the kind of a failure that has lasted this long, and its message with what the operator can do.
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

/// Returns the state of a source whose address has changed in feeds.toml: validators, redirects and failures are reset; entries
/// and publish rate stay.
pub fn with_new_address(state: SourceState, url: &str) -> SourceState {
    SourceState {
        url: url.to_owned(),
        meta: state.meta,
        listed: state.listed,
        renamed: state.renamed,
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

    /// Returns the state of a source that was good on day 0 and had this outcome on these days.
    fn failing(outcome: &Outcome, days: &[i64]) -> SourceState {
        let mut state = SourceState { good_at: Some(Time::EPOCH), ..SourceState::default() };
        for day in days {
            apply_outcome(&mut state, outcome, &SourceId::new("a"), Time::from_millis(day * DAY));
        }
        state
    }

    fn kind(state: &SourceState) -> &'static str {
        state.last_fault.as_ref().expect("a fault").kind.as_str()
    }

    #[test]
    fn second_failure_in_a_row_is_reported() {
        let outcome = broken(BreakKind::Timeout);
        assert!(failing(&outcome, &[1]).is_quiet);
        assert!(!failing(&outcome, &[1, 2]).is_quiet);
    }

    #[test]
    fn first_failure_is_reported_after_410_or_if_the_source_never_worked() {
        let gone = Outcome::Gone { message: String::new() };
        assert!(!failing(&gone, &[1]).is_quiet, "410 is deliberate");
        let mut new = SourceState::default();
        apply_outcome(&mut new, &broken(BreakKind::Timeout), &SourceId::new("a"), Time::EPOCH);
        assert!(!new.is_quiet, "it never worked");
    }

    #[test]
    fn failures_within_stale_if_error_are_not_reported() {
        let outcome = broken(BreakKind::Timeout);
        let mut excused =
            SourceState { good_at: Some(Time::EPOCH), stale_until: Some(Time::from_millis(3 * DAY)), ..SourceState::default() };
        for (day, is_quiet) in [(1, true), (2, true), (3, false)] {
            apply_outcome(&mut excused, &outcome, &SourceId::new("a"), Time::from_millis(day * DAY));
            assert_eq!(excused.is_quiet, is_quiet, "day {day}: its server allows three days");
        }
    }

    #[test]
    fn absent_source_is_dead_after_a_week() {
        let missing = broken(BreakKind::NotFound);
        assert_eq!(kind(&failing(&missing, &[1, 7])), "not-found");
        assert_eq!(kind(&failing(&missing, &[1, 8])), "dead");
        assert_eq!(kind(&failing(&broken(BreakKind::Dns), &[1, 8])), "dead");
        assert_eq!(kind(&failing(&broken(BreakKind::Http), &[1, 8])), "http");
    }

    #[test]
    fn source_that_fails_for_a_month_is_paused() {
        let paused = failing(&broken(BreakKind::Http), &[1, 40]);
        let message = &paused.last_fault.expect("a fault").message;
        assert!(message.contains("paused") && message.contains("--source a --force"), "{message}");
    }

    #[test]
    fn page_in_place_of_a_feed_is_a_change_only_if_there_was_a_feed() {
        assert_eq!(kind(&failing(&broken(BreakKind::NotAFeed), &[1])), "changed");
        let mut new = SourceState::default();
        apply_outcome(&mut new, &broken(BreakKind::NotAFeed), &SourceId::new("a"), Time::EPOCH);
        assert_eq!(kind(&new), "not-a-feed", "it never was one");
    }

    #[test]
    fn good_visit_clears_the_failures() {
        let mut new = failing(&broken(BreakKind::Http), &[1, 2]);
        apply_outcome(&mut new, &Outcome::Same, &SourceId::new("a"), Time::EPOCH);
        assert!(has_no_failure(&new) && !new.is_quiet);
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
