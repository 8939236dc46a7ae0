//! Whether it is the network that is away, and not the sources: when no host can be reached any more, none of them is to blame.

use std::collections::HashSet;

use crate::model::{BreakKind, Outcome, Time};

/// So many hosts that cannot be reached, and none that can, are one cause and not many.
const HOSTS: usize = 3;

/// What the last visits say of the network.
#[derive(Debug)]
pub struct Outage {
    /// Hosts that could not be reached since one last could.
    unreached: HashSet<String>,
    /// How many of them mean that it is the network.
    enough: usize,
    /// Since when that is so.
    since: Option<Time>,
}

impl Outage {
    /// Nothing seen yet. A plan of one host only can never tell; one of two tells by both.
    pub fn of<'h>(hosts: impl Iterator<Item = &'h str>) -> Self {
        let hosts: HashSet<&str> = hosts.collect();
        Self { unreached: HashSet::new(), enough: hosts.len().clamp(2, HOSTS), since: None }
    }

    /// Whether the network is away.
    pub fn is_away(&self) -> bool {
        self.since.is_some()
    }

    /// Since when the network is away, if it is.
    pub fn since(&self) -> Option<Time> {
        self.since
    }

    /// Sees how a visit to a host ended at a time; false if that is the network's doing and says nothing of the source.
    pub fn saw(&mut self, host: &str, outcome: &Outcome, at: Time) -> bool {
        match outcome {
            Outcome::Broken { kind: BreakKind::Dns | BreakKind::Connect, .. } => {
                self.unreached.insert(host.to_owned());
                if self.unreached.len() >= self.enough {
                    self.since.get_or_insert(at);
                }
                !self.is_away()
            }
            // A proxy or a router that has no network itself may still keep connections open.
            Outcome::Broken { kind: BreakKind::Timeout, .. } => !self.is_away(),
            _ => {
                self.unreached.clear();
                self.since = None;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::EPOCH;

    fn broken(kind: BreakKind) -> Outcome {
        Outcome::Broken { kind, message: String::new() }
    }

    #[test]
    fn three_hosts_in_a_row_are_the_network_and_one_that_answers_ends_it() {
        let mut outage = Outage::of(["a", "b", "c", "d"].into_iter());
        assert!(outage.saw("a", &broken(BreakKind::Dns), NOW));
        assert!(outage.saw("a", &broken(BreakKind::Dns), NOW), "one host is one host");
        assert!(outage.saw("b", &broken(BreakKind::Connect), NOW));
        assert!(!outage.saw("c", &broken(BreakKind::Dns), NOW));
        assert!(outage.is_away());
        assert!(!outage.saw("d", &broken(BreakKind::Timeout), NOW));
        assert!(outage.saw("d", &broken(BreakKind::Http), NOW), "an answer, whatever it says, came over the network");
        assert!(!outage.is_away());
    }

    #[test]
    fn one_host_that_answers_between_them_says_that_the_network_is_there() {
        let mut outage = Outage::of(["a", "b", "c", "d"].into_iter());
        for host in ["a", "b"] {
            assert!(outage.saw(host, &broken(BreakKind::Dns), NOW));
        }
        assert!(outage.saw("c", &Outcome::Same, NOW));
        for host in ["a", "b"] {
            assert!(outage.saw(host, &broken(BreakKind::Dns), NOW));
        }
        assert!(!outage.is_away());
    }

    #[test]
    fn a_plan_of_one_host_cannot_tell() {
        let mut outage = Outage::of(["a", "a"].into_iter());
        for _ in 0..9 {
            assert!(outage.saw("a", &broken(BreakKind::Connect), NOW));
        }
        let mut outage = Outage::of(["a", "b"].into_iter());
        assert!(outage.saw("a", &broken(BreakKind::Connect), NOW));
        assert!(!outage.saw("b", &broken(BreakKind::Connect), NOW));
    }
}
