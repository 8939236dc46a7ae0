//! The observations of a pass about an engine: whether it translates, and what keeps it from that.

use std::time::Duration;

use tokio::time::Instant;

use super::super::request_context::RequestContext;
use super::{EngineHandle, lock};
use crate::model::{Fault, FaultKind, Lang};
use crate::policy::engine_health::{EngineFailure, EngineObservation};
use crate::translate::{EngineError, LanguagePair, OpenCircuit};

impl EngineHandle {
    /// Sends nothing for this time, because of what happened in an earlier pass.
    pub(in super::super) fn rest_for(&self, time: Duration) {
        lock(&self.breaker).pause_until(Instant::now() + time);
        lock(&self.usage).is_resting = true;
    }

    /// Records that so many translations passed the checks.
    pub(in super::super) fn record_accepted(&self, pair: &LanguagePair, translations: u64) {
        let mut usage = lock(&self.usage);
        usage.accepted += translations;
        if translations > 0 && !usage.pairs.contains(pair) {
            usage.pairs.push(pair.clone());
        }
    }

    /// Records that the vendor has taken a batch: the engine works.
    pub(in super::super) fn record_submitted(&self, pair: &LanguagePair, texts: u64) {
        lock(&self.breaker).record_success(pair);
        self.record_accepted(pair, texts);
    }

    /// Records that a request failed for good.
    pub(super) fn record_failure(&self, error: &EngineError, context: RequestContext<'_>) {
        let retry_at = error.retry_after().map(|after| context.clock.now().plus(after));
        lock(&self.usage).failure = Some(EngineFailure { kind: error.fault_kind(), message: error.to_string(), retry_at });
    }

    /// Records if most answers of a batch were refused by the checks, which says something about the engine.
    pub(in super::super) fn record_batch(&self, pair: &LanguagePair, is_mostly_rejected: bool) {
        if !is_mostly_rejected {
            lock(&self.breaker).record_accepted_batch(pair);
            return;
        }
        tracing::debug!(engine.id = %self.id, lang.pair = %pair, "most answers of a batch were refused by the checks");
        lock(&self.breaker).record_rejected_batch(pair, Instant::now());
        let message = format!("most of its last translations from {} into {} were refused by the checks", pair.from, pair.to);
        lock(&self.usage).failure = Some(EngineFailure { kind: FaultKind::Engine, message, retry_at: None });
    }

    /// Returns what this pass has seen of the engine. A failure counts if nothing was translated in spite of it, or if it opened
    /// a circuit.
    pub(in super::super) fn observe(&self) -> EngineObservation {
        let usage = lock(&self.usage).clone();
        let mut open = lock(&self.breaker).open_circuits();
        let lacking = open.iter().filter(|open| open.kind == FaultKind::UnsupportedPair);
        let unsupported = lacking.filter_map(|open| open.pair.clone()).map(as_tuple).collect();
        // A pair that the engine does not have is the least of its troubles.
        open.sort_by_key(|open| open.kind == FaultKind::UnsupportedPair);
        let last = usage.failure.filter(|_| usage.accepted == 0 || !open.is_empty());
        let of_circuit = open.into_iter().next().map(|open| {
            let retry_at = last.as_ref().filter(|last| last.kind == open.kind).and_then(|last| last.retry_at);
            EngineFailure { kind: open.kind, message: describe(open), retry_at }
        });
        let message = "its budget is used up".to_owned();
        let budget = usage.is_budget_exhausted.then_some(EngineFailure { kind: FaultKind::Budget, message, retry_at: None });
        EngineObservation {
            has_translated: usage.accepted > 0,
            failure: budget.or(of_circuit).or(last),
            is_resting: usage.is_resting,
            translated: usage.pairs.into_iter().map(as_tuple).collect(),
            unsupported,
        }
    }

    /// Returns the faults of this pass beside the state of the engine: a budget or quota that is used up, and pairs of languages
    /// that the engine does not have.
    pub(in super::super) fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if lock(&self.usage).is_budget_exhausted {
            let message =
                "its budget is used up: what is not translated goes to the next engine, or waits for the next day or month";
            faults.push(Fault::of_engine(&self.id, FaultKind::Budget, message));
        }
        if lock(&self.usage).is_distrusted {
            let message =
                "as a second reader it doubts most translations of a request, which is not believed: they are published";
            faults.push(Fault::of_engine(&self.id, FaultKind::Engine, message));
        }
        let of_batches = lock(&self.usage).batch_faults.clone();
        faults.extend(of_batches.into_iter().map(|(kind, message)| Fault::of_engine(&self.id, kind, message)));
        let open = lock(&self.breaker).open_circuits().into_iter();
        let told = open.filter(|open| matches!(open.kind, FaultKind::Quota | FaultKind::UnsupportedPair));
        faults.extend(told.map(|open| Fault::of_engine(&self.id, open.kind, describe(open))));
        faults
    }
}

fn as_tuple(LanguagePair { from, to }: LanguagePair) -> (Lang, Lang) {
    (from, to)
}

fn describe(open: OpenCircuit) -> String {
    match &open.pair {
        // That message names the pair itself.
        Some(pair) if open.kind != FaultKind::UnsupportedPair => {
            format!("from {} into {}: {}", pair.from, pair.to, open.message)
        }
        _ => open.message,
    }
}
