//! What a visit leaves for the next one: what is known of a source's address, of its failures, and what of that is told.

use std::time::Duration;

use crate::model::{BreakKind, Fault, Outcome, PAUSED_AFTER, SourceId, SourceState, Time, authority};

/// So many visits in a row must be sent to the same address before that is asked first.
pub const AGREED: u32 = 3;
/// Nobody is there any more (404, no such name) for so long: that is no accident.
const DEAD_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How a source that is gone for good is visited: not at all, until its table in feeds.toml has another address.
pub fn retired(state: &SourceState) -> Option<Outcome> {
    let trouble = state.trouble.as_ref().filter(|trouble| trouble.kind == "gone")?;
    Some(Outcome::Gone { message: trouble.message.clone() })
}

/// The address that a source has moved to, if enough visits agreed on it. One that would be told a secret is not left for another
/// host: whoever can redirect it would be told.
pub fn adopted<'s>(state: &'s SourceState, url: &str, has_secrets: bool) -> Option<&'s str> {
    let to = state.moved_to.as_deref().filter(|_| state.moved_seen >= AGREED)?;
    (!has_secrets || authority(to) == authority(url)).then_some(to)
}

/// Takes note of where a visit was sent for good. One that went to the adopted address at once was sent nowhere, and that is well.
pub fn seen_moving(state: &mut SourceState, to: Option<String>, is_adopted: bool) {
    match to {
        None if is_adopted => {}
        None => (state.moved_to, state.moved_seen) = (None, 0),
        Some(to) if state.moved_to.as_ref() == Some(&to) => state.moved_seen = (state.moved_seen + 1).min(AGREED),
        Some(to) => (state.moved_to, state.moved_seen) = (Some(to), 1),
    }
}

/// Takes note of whether the entries of a body have dates: a feed that had some and has none any more was made over, and its
/// entries stand in the order in which they are seen from now on.
pub fn seen_dates(state: &mut SourceState, entries: usize, dated: usize, now: Time) {
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

/// Whether the last visit left nothing that a good one would mend.
pub fn is_in_order(state: &SourceState) -> bool {
    state.failures == 0 && state.failing_since.is_none() && state.trouble.is_none()
}

/// What follows from the outcome for the next visit, and for whoever wants to know how the source is.
pub fn settle_state(state: &mut SourceState, outcome: &Outcome, source: &SourceId, now: Time) {
    let Some((kind, message)) = outcome.trouble() else {
        state.good_at = Some(now);
        (state.failures, state.failing_since, state.trouble, state.is_quiet) = (0, None, None, false);
        if outcome.found().is_some_and(|found| found.new + found.changed > 0) {
            state.fresh_at = Some(now);
        }
        return;
    };
    state.failures = state.failures.saturating_add(1);
    let since = *state.failing_since.get_or_insert(now.whole_seconds());
    let (kind, message) = told(source, state.good_at.is_some(), outcome, (kind, message), now.since(since));
    state.trouble = Some(Fault::of_source(source, kind, message, Some(since)));
    // What fails once may have been restarted a moment ago. What never worked is likely to be written wrongly.
    let is_first = state.good_at.is_some() && state.failures == 1;
    let is_excused = state.stale_until.is_some_and(|until| now < until);
    state.is_quiet = (is_first || is_excused) && !matches!(outcome, Outcome::Gone { .. });
}

/// What a failure is called, and what is to be done about it, when it has lasted for so long.
fn told(
    source: &SourceId,
    was_good: bool,
    outcome: &Outcome,
    (kind, message): (String, &str),
    lasted: Duration,
) -> (String, String) {
    let Outcome::Broken { kind: broken, .. } = outcome else { return (kind, message.to_owned()) };
    let nobody_is_there = matches!(broken, BreakKind::NotFound | BreakKind::Dns);
    let (kind, mut message) = match broken {
        _ if nobody_is_there && lasted >= DEAD_AFTER => {
            let days = lasted.as_secs() / 86_400;
            ("dead".to_owned(), format!("{message}, and has for {days} days: change its `url`, or take it out of feeds.toml"))
        }
        BreakKind::NotAFeed if was_good => {
            ("changed".to_owned(), format!("{message}; it was a feed before: look where the site keeps it now (`relais add`)"))
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

/// The state of a source whose address has changed in feeds.toml.
pub fn renewed(state: SourceState, url: &str) -> SourceState {
    SourceState {
        url: url.to_owned(),
        meta: state.meta,
        listed: state.listed,
        good_at: state.good_at,
        fresh_at: state.fresh_at,
        habit: state.habit,
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
            settle_state(&mut state, outcome, &SourceId::new("a"), Time::from_millis(day * DAY));
        }
        state
    }

    fn kind(state: &SourceState) -> &str {
        &state.trouble.as_ref().expect("trouble").kind
    }

    #[test]
    fn the_first_failure_is_quiet_and_the_second_is_not() {
        let outcome = broken(BreakKind::Timeout);
        assert!(failing(&outcome, &[1]).is_quiet);
        assert!(!failing(&outcome, &[1, 2]).is_quiet);
        let gone = Outcome::Gone { message: String::new() };
        assert!(!failing(&gone, &[1]).is_quiet, "that is no accident");
        let mut new = SourceState::default();
        settle_state(&mut new, &outcome, &SourceId::new("a"), Time::EPOCH);
        assert!(!new.is_quiet, "it never worked");
        let mut excused =
            SourceState { good_at: Some(Time::EPOCH), stale_until: Some(Time::from_millis(3 * DAY)), ..SourceState::default() };
        for (day, is_quiet) in [(1, true), (2, true), (3, false)] {
            settle_state(&mut excused, &outcome, &SourceId::new("a"), Time::from_millis(day * DAY));
            assert_eq!(excused.is_quiet, is_quiet, "day {day}: its server allows three days");
        }
    }

    #[test]
    fn what_lasts_is_called_by_its_name() {
        let missing = broken(BreakKind::NotFound);
        assert_eq!(kind(&failing(&missing, &[1, 7])), "not-found");
        assert_eq!(kind(&failing(&missing, &[1, 8])), "dead");
        assert_eq!(kind(&failing(&broken(BreakKind::Dns), &[1, 8])), "dead");
        assert_eq!(kind(&failing(&broken(BreakKind::Http), &[1, 8])), "http");
        let paused = failing(&broken(BreakKind::Http), &[1, 40]);
        let message = &paused.trouble.expect("trouble").message;
        assert!(message.contains("paused") && message.contains("--source a --force"), "{message}");
        assert_eq!(kind(&failing(&broken(BreakKind::NotAFeed), &[1])), "changed");
        let mut new = SourceState::default();
        settle_state(&mut new, &broken(BreakKind::NotAFeed), &SourceId::new("a"), Time::EPOCH);
        assert_eq!(kind(&new), "not-a-feed", "it never was one");
        settle_state(&mut new, &Outcome::Same, &SourceId::new("a"), Time::EPOCH);
        assert!(is_in_order(&new) && !new.is_quiet);
    }

    #[test]
    fn a_feed_whose_entries_lose_their_dates_is_noticed() {
        let mut state = SourceState::default();
        let mut see = |entries, dated, day: i64| {
            seen_dates(&mut state, entries, dated, Time::from_millis(day * DAY));
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
