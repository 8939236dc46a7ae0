//! The circuit breaker of one engine: what a failed request means, when to try again, and when to stop asking.
//!
//! It keeps one circuit for the whole engine and one for each pair of languages. A wrong key, a used-up quota or a server that
//! cannot be reached opens the circuit of the engine; a pair that the engine does not have, or a pair for which it keeps
//! failing, opens the circuit of that pair only. It is pure: the caller passes the time and the jitter, and does the waiting.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::engine::{EngineError, FailureScope, LanguagePair, NextStep};
use crate::model::FaultKind;

/// The most tries of one request.
const MAX_TRIES: u32 = 5;
/// The most tries of a request that may be billed although it failed.
const MAX_BILLED_TRIES: u32 = 2;
/// The longest first back-off; each further one may be twice as long.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The longest back-off, unless the server asks for more.
const MAX_BACKOFF: Duration = Duration::from_secs(60);
/// This many requests in a row that failed after all their tries open a circuit.
const FAILURE_THRESHOLD: u32 = 3;
/// The time for which a circuit opens first; each further time in a row is twice as long.
const OPEN_FOR: Duration = Duration::from_secs(120);

/// Decides about all requests to one engine: one of them learns for the others.
#[derive(Debug, Default)]
pub struct CircuitBreaker {
    engine: Circuit,
    pairs: HashMap<LanguagePair, Circuit>,
}

/// The decision about a request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryDecision {
    /// Send the request again, not before this time.
    RetryAt(Instant),
    /// Send the texts in two halves.
    Split,
    /// Send nothing more of this request to this engine now.
    GiveUp,
    /// The engine answered, but not usefully, or failed on the request: send the texts in halves, to find out if one of them is
    /// the reason.
    Isolate,
}

/// One try of a request that failed.
#[derive(Clone, Copy, Debug)]
pub struct FailedTry {
    /// Its number, from 1.
    pub number: u32,
    /// The present.
    pub now: Instant,
    /// The end of the run: nothing is tried again after it.
    pub until: Instant,
    /// A random number from 0 to 1, so that requests that failed together do not come back together.
    pub jitter: f64,
    /// True if the request has several texts, or is part of one that failed: its failure may be about one text.
    pub may_be_one_text: bool,
}

/// A circuit that is open, or would be but for a trial request: what the operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCircuit {
    /// The pair of languages; nothing for the whole engine.
    pub pair: Option<LanguagePair>,
    /// The kind of the last failure.
    pub kind: FaultKind,
    /// The last failure.
    pub message: String,
}

/// The state of one circuit.
#[derive(Debug, Default)]
struct Circuit {
    /// Requests in a row that failed after all their tries.
    failures: u32,
    /// Batches in a row of which most answers were refused by the checks.
    rejected_batches: u32,
    /// Times in a row that the circuit opened.
    trips: u32,
    /// No request before this time, as the server asked for.
    not_before: Option<Instant>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    /// The circuit is half-open from then on: requests are sent, and the next result closes it or opens it again. Nothing if it
    /// stays open for the whole run.
    until: Option<Instant>,
    kind: FaultKind,
    message: String,
}

impl CircuitBreaker {
    /// Returns why no request of a pair may be sent; nothing if the circuits of the engine and the pair are closed or half-open.
    pub fn blocked_by(&self, pair: &LanguagePair, now: Instant) -> Option<FaultKind> {
        self.engine.blocked_by(now).or_else(|| self.pairs.get(pair)?.blocked_by(now))
    }

    /// Returns true if no request of any pair may be sent.
    pub fn is_engine_open(&self, now: Instant) -> bool {
        self.engine.blocked_by(now).is_some()
    }

    /// Returns true if the circuit of some pair is open.
    pub fn has_open_pair(&self, now: Instant) -> bool {
        self.pairs.values().any(|circuit| circuit.blocked_by(now).is_some())
    }

    /// Returns the time from which the next request of a pair may be sent.
    pub fn next_request_at(&self, pair: &LanguagePair, now: Instant) -> Instant {
        let of_pair = self.pairs.get(pair).and_then(|circuit| circuit.not_before);
        [self.engine.not_before, of_pair].into_iter().flatten().fold(now, Instant::max)
    }

    /// Sends nothing before this time, whatever the languages.
    pub fn pause_until(&mut self, then: Instant) {
        self.engine.not_before = self.engine.not_before.max(Some(then));
    }

    /// Records that a request was answered. It closes half-open circuits.
    pub fn record_success(&mut self, pair: &LanguagePair) {
        self.engine.record_success();
        if let Some(circuit) = self.pairs.get_mut(pair) {
            circuit.record_success();
        }
    }

    /// Records a failure and decides what to do next.
    pub fn record_failure(&mut self, pair: &LanguagePair, error: &EngineError, failed: FailedTry) -> RetryDecision {
        match error.next_step() {
            NextStep::Retry { after, scope } => self.record_transient(pair, error, after, scope, failed),
            NextStep::Stop(scope) => {
                self.circuit(scope, pair).open(None, error.fault_kind(), &error.to_string());
                RetryDecision::GiveUp
            }
            NextStep::Split => {
                self.record_success(pair);
                RetryDecision::Split
            }
            // If it is the server's failure or a text's is known when each half has been sent.
            NextStep::Isolate => RetryDecision::Isolate,
        }
    }

    /// Records that a request failed, and each of its parts, `requests` in all: the server is the reason, not the texts. From
    /// three on the circuit of the pair opens.
    pub fn record_unanswered(&mut self, pair: &LanguagePair, requests: u32, error: &EngineError, now: Instant) {
        let circuit = self.circuit(FailureScope::Pair, pair);
        circuit.failures = circuit.failures.saturating_add(requests);
        if circuit.failures >= FAILURE_THRESHOLD {
            circuit.trip(now, now, error.fault_kind(), &error.to_string());
        }
    }

    /// Records a batch of which most answers were refused by the checks. Several in a row open the circuit of the pair.
    pub fn record_rejected_batch(&mut self, pair: &LanguagePair, now: Instant) {
        let circuit = self.circuit(FailureScope::Pair, pair);
        circuit.rejected_batches += 1;
        if circuit.rejected_batches >= FAILURE_THRESHOLD {
            let message = format!("most of its last translations from {} into {} were refused by the checks", pair.from, pair.to);
            circuit.trip(now, now, FaultKind::Engine, &message);
        }
    }

    /// Records a batch of which most answers were accepted.
    pub fn record_accepted_batch(&mut self, pair: &LanguagePair) {
        if let Some(circuit) = self.pairs.get_mut(pair) {
            circuit.rejected_batches = 0;
        }
    }

    /// Returns the circuits that are open or half-open, that of the engine first, then by pair.
    pub fn open_circuits(&self) -> Vec<OpenCircuit> {
        let describe = |pair: Option<&LanguagePair>, circuit: &Circuit| {
            let open = circuit.open.as_ref()?;
            Some(OpenCircuit { pair: pair.cloned(), kind: open.kind, message: open.message.clone() })
        };
        let mut pairs: Vec<_> = self.pairs.iter().collect();
        pairs.sort_by_key(|(pair, _)| *pair);
        let of_pairs = pairs.into_iter().filter_map(|(pair, circuit)| describe(Some(pair), circuit));
        describe(None, &self.engine).into_iter().chain(of_pairs).collect()
    }

    fn record_transient(
        &mut self,
        pair: &LanguagePair,
        error: &EngineError,
        after: Option<Duration>,
        scope: FailureScope,
        failed: FailedTry,
    ) -> RetryDecision {
        let retry_at = failed.now + after.unwrap_or_else(|| backoff(failed.number, failed.jitter));
        let is_open = self.blocked_by(pair, failed.now).is_some();
        let circuit = self.circuit(scope, pair);
        if after.is_some() {
            circuit.not_before = circuit.not_before.max(Some(retry_at));
        }
        // What may be billed is not sent again and again.
        let max_tries = if error.may_be_billed() { MAX_BILLED_TRIES } else { MAX_TRIES };
        if failed.number < max_tries && retry_at < failed.until && !is_open {
            return RetryDecision::RetryAt(retry_at);
        }
        // A text on which the server crashes fails like a server that is down: so it is not counted before it is sent in parts.
        if error.may_be_billed() && failed.may_be_one_text && !is_open {
            return RetryDecision::Isolate;
        }
        circuit.failures += 1;
        if circuit.failures >= FAILURE_THRESHOLD || retry_at >= failed.until {
            circuit.trip(failed.now, retry_at, error.fault_kind(), &error.to_string());
        }
        RetryDecision::GiveUp
    }

    fn circuit(&mut self, scope: FailureScope, pair: &LanguagePair) -> &mut Circuit {
        match scope {
            FailureScope::Engine => &mut self.engine,
            FailureScope::Pair => self.pairs.entry(pair.clone()).or_default(),
        }
    }
}

impl Circuit {
    fn blocked_by(&self, now: Instant) -> Option<FaultKind> {
        let open = self.open.as_ref()?;
        open.until.is_none_or(|until| now < until).then_some(open.kind)
    }

    fn record_success(&mut self) {
        self.failures = 0;
        // A request that was in flight says nothing against a used-up quota or a wrong key.
        if self.open.as_ref().is_some_and(|open| open.until.is_some()) {
            self.open = None;
            self.trips = 0;
        }
    }

    /// Opens for a while, and not before the server wants to be asked again.
    fn trip(&mut self, now: Instant, retry_at: Instant, kind: FaultKind, message: &str) {
        // Requests that were in flight when it opened do not open it again.
        if self.blocked_by(now).is_none() {
            let time = OPEN_FOR.saturating_mul(1 << self.trips.min(6));
            self.trips += 1;
            self.rejected_batches = 0;
            self.open(Some(retry_at.max(now + time)), kind, message);
        }
        // Half-open, one more failure is enough.
        self.failures = FAILURE_THRESHOLD - 1;
    }

    fn open(&mut self, until: Option<Instant>, kind: FaultKind, message: &str) {
        // The first reason to stop for the whole run is the one to tell.
        if self.open.as_ref().is_none_or(|open| open.until.is_some()) {
            self.open = Some(Open { until, kind, message: message.to_owned() });
        }
    }
}

/// Returns a back-off with full jitter: anything up to the exponential time.
fn backoff(tries: u32, jitter: f64) -> Duration {
    let longest = FIRST_BACKOFF.saturating_mul(1 << tries.saturating_sub(1).min(6)).min(MAX_BACKOFF);
    longest.mul_f64(jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
