//! Tells an outage of our own network from failures of sources: when no host can be reached any more, none of them is to blame.
//!
//! A visit that could not reach its host says nothing by itself. It is held until a host is reached (then it was a failure of
//! its source), until enough hosts are unreachable (then it was the network), or until no other visit is in flight. Then other hosts
//! are asked once, unless one was reached a moment ago: a source that is due alone would be blamed for the network. If that decides
//! nothing, it counts as a failure. A failure that began before a host was last reached is the source's own: the network was there
//! meanwhile.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::clock_jump::MAX_CLOCK_SKEW;
use crate::model::{BreakKind, Outcome, SourceId, Time};

/// The number of unreachable hosts in a row that counts as an outage.
const OUTAGE_HOSTS: usize = 3;
/// The length below which an outage may have been failures of the sources: they are settled as such.
const MIN_OUTAGE: Duration = Duration::from_secs(5 * 60);
/// The time for which a host that was reached shows that the network is there.
const STILL_THERE: Duration = Duration::from_secs(60);

/// One visit, as far as it says something about the network.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The source.
    pub source: &'a SourceId,
    /// Its host.
    pub host: &'a str,
    /// The outcome of the visit.
    pub outcome: &'a Outcome,
    /// The start of the request.
    pub began: Time,
    /// The end of the visit.
    pub at: Time,
    /// True if the source had failed before. Such a failure does not count towards an outage.
    pub was_failing: bool,
    /// True for a push: nothing was fetched.
    pub is_push: bool,
}

/// A change of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkChange {
    /// No host can be reached: an outage begins.
    Lost {
        /// The number of unreachable hosts in a row.
        hosts: usize,
    },
    /// A host was reached again: the outage is over.
    Back {
        /// The length of the outage.
        after: Duration,
    },
}

/// The decision about the visits judged so far.
#[derive(Debug)]
pub struct Verdict<V> {
    /// Visits to settle.
    pub settle: Vec<V>,
    /// Sources whose lease is released; their due time does not change.
    pub release: Vec<SourceId>,
    /// The begin or end of an outage.
    pub change: Option<NetworkChange>,
}

impl<V> Default for Verdict<V> {
    fn default() -> Self {
        Self { settle: Vec::new(), release: Vec::new(), change: None }
    }
}

/// The detector of outages. It judges visits in the order in which they end; `V` is what the caller keeps of a visit.
#[derive(Debug)]
pub struct Outage<V> {
    /// Hosts that failed since one was last reached.
    unreached: HashSet<String>,
    /// The number of them that counts as an outage.
    threshold: usize,
    /// The number of all hosts.
    hosts: usize,
    since: Option<Time>,
    /// The last time that a host was reached.
    reached_at: Option<Time>,
    /// True once other hosts were asked about the visits that are held.
    has_asked: bool,
    /// Visits that are not settled yet.
    held: HashMap<SourceId, V>,
}

impl<V> Outage<V> {
    /// Makes a detector for sources on these hosts. With one host no outage is ever detected; with two, both must be unreachable.
    pub fn new<'h>(hosts: impl Iterator<Item = &'h str>) -> Self {
        let hosts: HashSet<&str> = hosts.collect();
        Self {
            unreached: HashSet::new(),
            threshold: hosts.len().clamp(2, OUTAGE_HOSTS),
            hosts: hosts.len(),
            since: None,
            reached_at: None,
            has_asked: false,
            held: HashMap::new(),
        }
    }

    /// Returns the time at which the present outage began.
    pub fn since(&self) -> Option<Time> {
        self.since
    }

    /// Returns true if a host could not be reached since one last was.
    pub fn is_unreached(&self, host: &str) -> bool {
        self.unreached.contains(host)
    }

    /// Returns true if nothing tells yet whether the held visits failed by themselves or because the network is away, and other hosts
    /// could tell.
    pub fn is_doubtful(&self, now: Time) -> bool {
        let is_there = self.reached_at.is_some_and(|reached| now.since(reached) < STILL_THERE);
        let is_undecided = self.since.is_none() && !self.held.is_empty() && !self.unreached.is_empty();
        is_undecided && !is_there && !self.has_asked && self.unreached.len() < self.hosts
    }

    /// Notes that other hosts are asked about the held visits. If they decide nothing either, the visits are settled.
    pub fn note_asked(&mut self) {
        self.has_asked = true;
    }

    /// Judges one visit, and with it those that are held.
    pub fn judge(&mut self, attempt: Attempt<'_>, visit: V) -> Verdict<V> {
        let mut verdict = Verdict::default();
        if attempt.is_push {
            // It is newer than the held visit, and does not show that the network works.
            self.held.remove(attempt.source);
            verdict.settle.push(visit);
            return verdict;
        }
        match attempt.outcome {
            Outcome::Broken { kind: BreakKind::Dns | BreakKind::Connect, .. } => self.unreachable(attempt, visit, &mut verdict),
            // A proxy or a router that has no network itself may still accept connections.
            Outcome::Broken { kind: BreakKind::Timeout, .. } if self.since.is_some() => {
                verdict.release.push(attempt.source.clone());
                self.held.insert(attempt.source.clone(), visit);
            }
            // Nothing was asked, or what was asked is decided without the network.
            Outcome::Broken { kind: BreakKind::Timeout | BreakKind::PrivateAddress | BreakKind::Internal, .. }
            | Outcome::Gone { .. } => {
                self.held.remove(attempt.source);
                verdict.settle.push(visit);
            }
            _ => {
                self.held.remove(attempt.source);
                self.reached(attempt.at, &mut verdict);
                verdict.settle.push(visit);
            }
        }
        verdict
    }

    /// Returns the held visits, unless there is an outage or other hosts could tell of one. Called when no visit is in flight.
    pub fn drain(&mut self, now: Time) -> Vec<V> {
        if self.since.is_some() || self.is_doubtful(now) {
            return Vec::new();
        }
        self.has_asked = false;
        self.held.drain().map(|(_, visit)| visit).collect()
    }

    fn unreachable(&mut self, attempt: Attempt<'_>, visit: V, verdict: &mut Verdict<V>) {
        // A host that was reached long after the present was reached while the clock was ahead.
        let reached_at = self.reached_at.filter(|reached| *reached <= attempt.at.plus(MAX_CLOCK_SKEW));
        if self.since.is_none() && reached_at.is_some_and(|reached| attempt.began < reached) {
            verdict.settle.push(visit);
            return;
        }
        if !attempt.was_failing {
            self.unreached.insert(attempt.host.to_owned());
        }
        self.held.insert(attempt.source.clone(), visit);
        if self.since.is_some() {
            verdict.release.push(attempt.source.clone());
        } else if self.unreached.len() >= self.threshold {
            self.since = Some(attempt.at);
            verdict.release.extend(self.held.keys().cloned());
            verdict.change = Some(NetworkChange::Lost { hosts: self.unreached.len() });
        }
    }

    fn reached(&mut self, at: Time, verdict: &mut Verdict<V>) {
        self.unreached.clear();
        self.has_asked = false;
        self.reached_at = Some(at);
        let lasted = self.since.take().map(|since| at.since(since));
        verdict.change = lasted.map(|after| NetworkChange::Back { after });
        if lasted.is_some_and(|lasted| lasted >= MIN_OUTAGE) {
            // Their leases were released, and they are still due.
            self.held.clear();
        } else {
            verdict.settle.extend(self.held.drain().map(|(_, visit)| visit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A detector with a log of its decisions. Each source is on the host of its name.
    struct Network {
        outage: Outage<String>,
        settled: Vec<String>,
        released: Vec<String>,
    }

    impl Network {
        fn new(hosts: &[&str]) -> Self {
            Self { outage: Outage::new(hosts.iter().copied()), settled: Vec::new(), released: Vec::new() }
        }

        fn visit(&mut self, source: &str, minute: i64, outcome: &Outcome) -> Option<NetworkChange> {
            self.attempt(source, minute, outcome, false, false)
        }

        fn attempt(
            &mut self,
            source: &str,
            minute: i64,
            outcome: &Outcome,
            was_failing: bool,
            is_push: bool,
        ) -> Option<NetworkChange> {
            let id = SourceId::new(source);
            let at = self::minute(minute);
            let attempt = Attempt { source: &id, host: source, outcome, began: at, at, was_failing, is_push };
            let verdict = self.outage.judge(attempt, format!("{source} {minute}"));
            let mut settled = verdict.settle;
            settled.sort();
            self.settled.extend(settled);
            let mut released: Vec<String> = verdict.release.iter().map(ToString::to_string).collect();
            released.sort();
            self.released.extend(released);
            verdict.change
        }
    }

    fn minute(minute: i64) -> Time {
        Time::from_millis(minute * 60_000)
    }

    fn broken(kind: BreakKind) -> Outcome {
        Outcome::Broken { kind, message: String::new() }
    }

    fn four() -> Network {
        Network::new(&["a", "b", "c", "d"])
    }

    #[test]
    fn three_unreachable_hosts_are_an_outage_that_blames_no_source() {
        let mut network = four();
        assert_eq!(network.visit("a", 0, &broken(BreakKind::Dns)), None);
        assert_eq!(network.visit("b", 0, &broken(BreakKind::Connect)), None);
        assert_eq!(network.visit("c", 1, &broken(BreakKind::Dns)), Some(NetworkChange::Lost { hosts: 3 }));
        network.visit("d", 1, &broken(BreakKind::Timeout));
        assert_eq!((network.settled.len(), network.released.len()), (0, 4), "{:?}", network.settled);
        assert!(network.outage.drain(minute(1)).is_empty(), "they are not settled at the end either");
    }

    #[test]
    fn long_outage_settles_no_failure() {
        let mut network = four();
        for source in ["a", "b", "c"] {
            network.visit(source, 0, &broken(BreakKind::Dns));
        }
        let back = network.visit("d", 30, &Outcome::Same);
        assert_eq!(back, Some(NetworkChange::Back { after: Duration::from_secs(1800) }));
        assert_eq!(network.settled, ["d 30"]);
    }

    #[test]
    fn brief_outage_settles_the_failures() {
        let mut network = four();
        for source in ["a", "b", "c"] {
            network.visit(source, 0, &broken(BreakKind::Dns));
        }
        network.visit("d", 1, &Outcome::Same);
        assert_eq!(network.settled, ["a 0", "b 0", "c 0", "d 1"]);
    }

    #[test]
    fn host_that_answers_settles_the_failures_before_it() {
        let mut network = four();
        network.visit("a", 0, &broken(BreakKind::Dns));
        network.visit("b", 0, &broken(BreakKind::Connect));
        assert!(network.settled.is_empty());
        network.visit("c", 0, &broken(BreakKind::Http));
        assert_eq!(network.settled, ["a 0", "b 0", "c 0"], "an answer, whatever it says, came over the network");
        network.visit("a", 1, &broken(BreakKind::Dns));
        network.visit("b", 1, &broken(BreakKind::Dns));
        assert!(network.outage.since().is_none(), "the count begins anew");
    }

    #[test]
    fn failure_that_began_before_a_host_was_reached_is_its_own() {
        let mut network = four();
        network.visit("d", 5, &Outcome::Same);
        for source in ["a", "b", "c"] {
            assert_eq!(network.visit(source, 4, &broken(BreakKind::Dns)), None, "a slow failure, as the network was there");
        }
        assert_eq!(network.settled, ["d 5", "a 4", "b 4", "c 4"]);
    }

    #[test]
    fn host_that_was_reached_while_the_clock_was_ahead_blames_no_source() {
        let mut network = four();
        network.visit("d", 365 * 24 * 60, &Outcome::Same);
        for source in ["a", "b"] {
            network.visit(source, 0, &broken(BreakKind::Dns));
        }
        assert_eq!(network.visit("c", 0, &broken(BreakKind::Dns)), Some(NetworkChange::Lost { hosts: 3 }));
    }

    #[test]
    fn retired_source_says_nothing_of_the_network() {
        let mut network = four();
        for source in ["a", "b", "c"] {
            network.visit(source, 0, &broken(BreakKind::Dns));
        }
        let gone = Outcome::Gone { message: String::new() };
        assert_eq!(network.visit("d", 1, &gone), None);
        assert!(network.outage.since().is_some());
    }

    #[test]
    fn success_replaces_the_held_failure_of_its_source() {
        let mut network = four();
        for source in ["a", "b", "c"] {
            network.visit(source, 0, &broken(BreakKind::Dns));
        }
        network.visit("a", 1, &Outcome::Same);
        assert_eq!(network.settled, ["a 1", "b 0", "c 0"]);
    }

    #[test]
    fn failure_alone_waits_until_other_hosts_were_asked() {
        let mut network = four();
        network.visit("a", 0, &broken(BreakKind::Dns));
        assert!(network.outage.is_doubtful(minute(0)));
        assert!(network.outage.drain(minute(0)).is_empty());
        network.outage.note_asked();
        assert_eq!(network.outage.drain(minute(0)), ["a 0"]);
        assert!(network.outage.drain(minute(0)).is_empty());
    }

    #[test]
    fn failure_alone_is_settled_if_a_host_was_reached_a_moment_ago() {
        let mut network = four();
        network.visit("d", 0, &Outcome::Same);
        network.visit("a", 0, &broken(BreakKind::Dns));
        assert!(network.outage.is_doubtful(minute(1)), "it is a minute ago");
        assert_eq!(network.outage.drain(minute(0)), ["a 0"]);
    }

    #[test]
    fn other_hosts_that_are_unreachable_too_make_a_failure_alone_an_outage() {
        let mut network = four();
        network.visit("a", 0, &broken(BreakKind::Dns));
        network.outage.note_asked();
        network.visit("b", 0, &broken(BreakKind::Dns));
        assert!(network.visit("c", 0, &broken(BreakKind::Dns)).is_some());
        assert!(network.settled.is_empty() && network.outage.drain(minute(0)).is_empty());
    }

    #[test]
    fn nobody_else_is_asked_if_all_hosts_were() {
        let mut network = Network::new(&["a"]);
        network.visit("a", 0, &broken(BreakKind::Dns));
        assert_eq!(network.outage.drain(minute(0)), ["a 0"]);
    }

    #[test]
    fn sources_that_failed_before_are_no_sign_of_an_outage() {
        let mut network = four();
        for source in ["a", "b", "c", "d"] {
            network.attempt(source, 0, &broken(BreakKind::Dns), true, false);
        }
        assert!(network.outage.since().is_none());
        assert_eq!(network.outage.drain(minute(0)).len(), 4);
    }

    #[test]
    fn plan_of_one_host_never_detects_an_outage() {
        let mut network = Network::new(&["a", "a"]);
        for minute in 0..9 {
            network.visit("a", minute, &broken(BreakKind::Connect));
        }
        assert!(network.outage.since().is_none());
    }

    #[test]
    fn plan_of_two_hosts_needs_both_for_an_outage() {
        let mut network = Network::new(&["a", "b"]);
        network.visit("a", 0, &broken(BreakKind::Connect));
        assert!(network.visit("b", 0, &broken(BreakKind::Connect)).is_some());
    }

    #[test]
    fn push_replaces_the_held_visit_during_an_outage() {
        let mut network = four();
        for source in ["a", "b", "c"] {
            network.visit(source, 0, &broken(BreakKind::Dns));
        }
        network.attempt("a", 1, &Outcome::Same, false, true);
        assert!(network.outage.since().is_some());
        network.visit("d", 2, &Outcome::Same);
        assert_eq!(network.settled, ["a 1", "b 0", "c 0", "d 2"]);
    }

    #[test]
    fn timeout_without_an_outage_is_a_failure() {
        let mut network = four();
        network.visit("a", 0, &broken(BreakKind::Timeout));
        assert_eq!(network.settled, ["a 0"]);
    }
}
