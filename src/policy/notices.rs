//! Decides what the operator is told at the end of a run. Whatever cron's run prints is a mail, so that each change of state is told
//! once: a fault when it begins or becomes another one, and its end. What holds up the output is told again each day.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Fault, FaultKind, FaultSubject, Time};

/// The time after which a fault that holds up the output is told again.
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A fault that the operator has been told about, and whose end not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldFault {
    /// The fault, as it was seen last.
    pub fault: Fault,
    /// The time at which it was told last.
    pub told: Time,
}

/// The observations of a run.
pub struct Observed<'a> {
    /// The faults of the run, without used-up budgets.
    pub faults: &'a [Fault],
    /// Tells whether the plan still has a subject.
    pub exists: &'a dyn Fn(&FaultSubject) -> bool,
    /// Tells whether a subject without a fault is known to work.
    pub works: &'a dyn Fn(&FaultSubject) -> bool,
    /// The number of sources that may be visited.
    pub sources: usize,
}

/// The news for the operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// Faults that are new, have become others, or are told again.
    pub faults: Vec<Fault>,
    /// Faults that have ended.
    pub ended: Vec<Fault>,
}

/// Decides what is told after a run, and updates what has been `told`.
pub fn decide_notices(told: &mut Vec<ToldFault>, observed: &Observed<'_>, now: Time) -> Notices {
    let mut notices = Notices::default();
    told.retain(|before| {
        let fault = &before.fault;
        if observed.faults.iter().any(|seen| is_same_place(seen, fault)) {
            return true;
        }
        if !(observed.exists)(&fault.of) {
            return false;
        }
        if fault.kind == FaultKind::UnsupportedPair {
            // The engine works for other pairs, and nobody can say that this one does until it is asked for.
            return !is_overdue(before, now);
        }
        let has_ended = (observed.works)(&fault.of);
        notices.ended.extend(has_ended.then(|| fault.clone()));
        !has_ended
    });
    for fault in observed.faults {
        let before = told.iter_mut().find(|before| is_same_place(&before.fault, fault));
        // A dead hub holds nothing up: readers that it does not tell poll. What a notification has given up is told as another fault.
        let is_held_up = !matches!(fault.of, FaultSubject::Source(_) | FaultSubject::Notify(_));
        let repeats = is_held_up && fault.kind != FaultKind::Hub;
        match before {
            Some(before) if state(before.fault.kind) == state(fault.kind) => {
                let since = before.fault.since.or(fault.since);
                before.fault = Fault { since, ..fault.clone() };
                if repeats && is_overdue(before, now) {
                    before.told = now;
                    notices.faults.push(before.fault.clone());
                }
            }
            Some(before) => {
                *before = ToldFault { fault: fault.clone(), told: now };
                notices.faults.push(fault.clone());
            }
            None => {
                told.push(ToldFault { fault: fault.clone(), told: now });
                notices.faults.push(fault.clone());
            }
        }
    }
    notices.faults.extend(repeat_if_all_sources_fail(told, observed.sources, now));
    notices
}

/// Returns the faults of all sources if none of the plan's works and none was told for a day: one broken source is told once, but
/// an edition without any source is never silent.
fn repeat_if_all_sources_fail(told: &mut [ToldFault], sources: usize, now: Time) -> Vec<Fault> {
    let failing: Vec<&mut ToldFault> = told
        .iter_mut()
        .filter(|told| matches!(told.fault.of, FaultSubject::Source(_)) && told.fault.kind != FaultKind::Stale)
        .collect();
    if failing.is_empty() || failing.len() < sources || !failing.iter().all(|told| is_overdue(told, now)) {
        return Vec::new();
    }
    let repeat = |told: &mut ToldFault| {
        told.told = now;
        told.fault.clone()
    };
    failing.into_iter().map(repeat).collect()
}

/// Returns true if a fault was told a day ago, or in the future: then the clock was set back.
fn is_overdue(told: &ToldFault, now: Time) -> bool {
    now.since(told.told) >= TELL_AGAIN_AFTER || told.told > now
}

/// Returns true if two faults are about the same thing, so that one takes the place of the other.
fn is_same_place(a: &Fault, b: &Fault) -> bool {
    match (&a.of, &b.of) {
        (FaultSubject::Network(_), FaultSubject::Network(_)) => true,
        _ if a.kind == FaultKind::UnsupportedPair || b.kind == FaultKind::UnsupportedPair => {
            (&a.of, a.kind, &a.message) == (&b.of, b.kind, &b.message)
        }
        // That an edition cannot be rendered does not replace that its hub is dead.
        _ => a.of == b.of && (a.kind == FaultKind::Hub) == (b.kind == FaultKind::Hub),
    }
}

/// Returns the kind that stands for a state. The ways in which a source can fail (time-outs one day, 500 the next) are one state.
fn state(kind: FaultKind) -> FaultKind {
    match kind {
        FaultKind::Dns
        | FaultKind::Connect
        | FaultKind::Tls
        | FaultKind::Timeout
        | FaultKind::Http
        | FaultKind::NotFound
        | FaultKind::TooBig
        | FaultKind::PrivateAddress
        | FaultKind::Redirect
        | FaultKind::NotAFeed
        | FaultKind::Unreadable
        | FaultKind::Internal
        | FaultKind::Later => FaultKind::Http,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;

    const HOUR: i64 = 60 * 60 * 1000;

    fn hour(hour: i64) -> Time {
        Time::from_millis(hour * HOUR)
    }

    fn source(name: &str, kind: FaultKind) -> Fault {
        Fault::of_source(&SourceId::new(name), kind, kind.as_str(), None)
    }

    /// Decides after a run at `at` in which everything works that has no fault.
    fn after_run(told: &mut Vec<ToldFault>, faults: &[Fault], at: Time) -> (usize, usize) {
        let observed = Observed { faults, exists: &|_| true, works: &|_| true, sources: 2 };
        let notices = decide_notices(told, &observed, at);
        (notices.faults.len(), notices.ended.len())
    }

    #[test]
    fn broken_source_is_told_once_and_its_end_once() {
        let (mut told, broken) = (Vec::new(), [source("a", FaultKind::Http)]);
        let days = (0..5).map(|day| after_run(&mut told, &broken, hour(24 * day)).0).collect::<Vec<_>>();
        assert_eq!(days, [1, 0, 0, 0, 0]);
        assert_eq!(after_run(&mut told, &[], hour(130)), (0, 1));
        assert_eq!(after_run(&mut told, &[], hour(131)), (0, 0));
    }

    #[test]
    fn source_that_fails_in_another_way_is_not_told_again_and_a_dead_one_is() {
        let mut told = Vec::new();
        after_run(&mut told, &[source("a", FaultKind::Timeout)], hour(0));
        assert_eq!(after_run(&mut told, &[source("a", FaultKind::NotFound)], hour(1)), (0, 0));
        assert_eq!(after_run(&mut told, &[source("a", FaultKind::Dead)], hour(200)), (1, 0));
    }

    #[test]
    fn sources_that_all_fail_are_told_again_each_day() {
        let mut told = Vec::new();
        after_run(&mut told, &[source("a", FaultKind::Http)], hour(0));
        after_run(&mut told, &[source("b", FaultKind::Dns)], hour(9));
        assert_eq!(told.len(), 1, "a works");
        let all = [source("a", FaultKind::Http), source("b", FaultKind::Dns)];
        let hours = (10..70).map(|at| after_run(&mut told, &all, hour(at)).0).collect::<Vec<_>>();
        assert_eq!((hours[0], hours[24], hours[48]), (1, 2, 2));
        assert_eq!(hours.iter().sum::<usize>(), 5);
    }

    #[test]
    fn engine_that_fails_is_told_again_each_day_while_it_is_wanted() {
        let (mut told, failing) = (Vec::new(), [Fault::of_engine("deepl", FaultKind::Engine, "500")]);
        let hours = (0..49).map(|at| after_run(&mut told, &failing, hour(at)).0).collect::<Vec<_>>();
        assert_eq!((hours[0], hours[24], hours[48], hours.iter().sum::<usize>()), (1, 1, 1, 3));
    }

    #[test]
    fn fault_that_nobody_knows_the_end_of_stays() {
        let mut told = Vec::new();
        after_run(&mut told, &[source("a", FaultKind::Http)], hour(0));
        let not_visited = Observed { faults: &[], exists: &|_| true, works: &|_| false, sources: 2 };
        assert_eq!(decide_notices(&mut told, &not_visited, hour(1)), Notices::default());
        assert_eq!(told.len(), 1);
    }

    #[test]
    fn source_that_left_the_plan_is_forgotten_without_a_word() {
        let mut told = Vec::new();
        after_run(&mut told, &[source("a", FaultKind::Http)], hour(0));
        let removed = Observed { faults: &[], exists: &|_| false, works: &|_| true, sources: 2 };
        assert_eq!(decide_notices(&mut told, &removed, hour(1)), Notices::default());
        assert!(told.is_empty());
    }

    #[test]
    fn each_pair_that_an_engine_lacks_is_told_and_none_recovers_by_itself() {
        let pair = |pair: &str| Fault::of_engine("apertium", FaultKind::UnsupportedPair, format!("it has no {pair}"));
        let mut told = Vec::new();
        assert_eq!(after_run(&mut told, &[pair("fr–en"), pair("fr–de")], hour(0)), (2, 0));
        assert_eq!(after_run(&mut told, &[], hour(1)), (0, 0));
        assert_eq!(after_run(&mut told, &[pair("fr–de")], hour(2)), (0, 0));
        assert_eq!(after_run(&mut told, &[], hour(30)), (0, 0));
        assert!(told.is_empty(), "a day later they may be told again");
    }

    #[test]
    fn outage_keeps_its_beginning_when_it_is_told_again() {
        let mut told = Vec::new();
        after_run(&mut told, &[Fault::of_network(5, hour(0))], hour(0));
        let observed = Observed { faults: &[Fault::of_network(3, hour(25))], exists: &|_| true, works: &|_| false, sources: 2 };
        let notices = decide_notices(&mut told, &observed, hour(25));
        assert_eq!(notices.faults.iter().map(|fault| fault.since).collect::<Vec<_>>(), [Some(hour(0))]);
    }
}
