//! Goes through the requests of a run in which every engine takes each text at the first attempt. The queues are those of the
//! scheduler; nothing is sent.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use tokio::time::Instant;

use super::super::batch::{BatchSegment, SegmentOutcome};
use super::super::engine_handle::EngineHandle;
use super::super::reading::{ReadSegment, SegmentVerdict};
use super::super::reason::UntranslatedReason;
use super::super::scheduler::state::{QueuedBatch, SchedulerState};
use super::super::scheduler::{QueuedReading, QueuedSubmission};
use super::super::segment_job::SegmentJob;
use super::super::submission::QueuedRequest;
use super::engine_terms::EngineTerms;
use crate::model::{Price, Unit, Usage};
use crate::translate::{LanguagePair, ReadingText};

/// Longer than the simulation takes.
const TIME: Duration = Duration::from_hours(1);

/// The engines in the course of a simulation.
pub(super) struct Simulation<'a> {
    engines: &'a [EngineHandle],
    terms: Vec<EngineTerms>,
    /// The work of each engine so far.
    pub(super) work: Vec<SimulatedWork>,
}

/// The work that an engine was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SimulatedWork {
    pub(super) texts: u64,
    pub(super) used: Usage,
    /// Of this, what is submitted in batches.
    pub(super) used_in_batches: Usage,
}

impl SimulatedWork {
    /// Returns what it costs, in millionths.
    pub(super) fn cost(&self, price: &Price) -> u64 {
        price.cost_of(self.used.without(self.used_in_batches)) + price.batch_cost_of(self.used_in_batches)
    }
}

impl<'a> Simulation<'a> {
    pub(super) fn new(engines: &'a [EngineHandle], terms: Vec<EngineTerms>) -> Self {
        Self { engines, terms, work: vec![SimulatedWork::default(); engines.len()] }
    }

    /// Brings all queued jobs to their end. Returns the engine of each one that was sent.
    pub(super) fn run(&mut self, state: &mut SchedulerState<'_>) -> HashMap<usize, usize> {
        let (mut sent, until) = (HashMap::new(), Instant::now() + TIME);
        loop {
            state.skip_unavailable(until);
            if let Some(QueuedBatch { engine, mut segments, .. }) = state.next_answered() {
                // They were paid for.
                for segment in &mut segments {
                    segment.outcome = SegmentOutcome::Translated(segment.job.source.clone());
                }
                state.record_batch(engine, segments, 0);
                continue;
            }
            if let Some(QueuedSubmission { engine, requests }) = state.next_submission(until) {
                for QueuedRequest { mut segments, .. } in requests {
                    self.submit(engine, &mut segments);
                    let is_sent = |segment: &&BatchSegment| segment.outcome == SegmentOutcome::InBatch;
                    sent.extend(segments.iter().filter(is_sent).map(|segment| (segment.place, engine)));
                    state.record_outcomes(engine, segments);
                }
                state.record_batch(engine, Vec::new(), 0);
                continue;
            }
            let Some(QueuedBatch { engine, mut segments, .. }) = state.next_batch(until) else {
                let Some(QueuedReading { engine, pair, mut segments }) = state.next_reading(until) else { return sent };
                self.read(engine, &pair, &mut segments);
                state.record_readings(engine, segments);
                continue;
            };
            self.send(engine, &mut segments);
            let is_sent = |segment: &&BatchSegment| matches!(segment.outcome, SegmentOutcome::Translated(_));
            sent.extend(segments.iter().filter(is_sent).map(|segment| (segment.place, engine)));
            state.record_batch(engine, segments, 0);
        }
    }

    /// Sends a request as far as the budget goes: one that exceeds it is halved, and the more urgent half goes first.
    fn send(&mut self, engine: usize, segments: &mut [BatchSegment]) {
        let mut parts = Vec::from_iter([Range { start: 0, end: segments.len() }]);
        while let Some(part) = parts.pop() {
            if let Some(reason) = self.obstacle(engine, &segments[part.start].job) {
                segments[part].iter_mut().for_each(|segment| segment.outcome = SegmentOutcome::Unavailable(reason));
            } else if self.pay(engine, &segments[part.clone()]) {
                segments[part].iter_mut().for_each(|segment| {
                    segment.outcome = SegmentOutcome::Translated(segment.job.source.clone());
                });
            } else if part.len() > 1 {
                let middle = part.start + part.len() / 2;
                parts.extend([middle..part.end, part.start..middle]);
            } else {
                self.engines[engine].stop_for_budget();
                segments[part.start].outcome = SegmentOutcome::Unavailable(UntranslatedReason::Budget);
            }
        }
    }

    /// Submits a request in a batch as far as the budget goes.
    fn submit(&mut self, engine: usize, segments: &mut [BatchSegment]) {
        let Some(first) = segments.first() else { return };
        let texts = segments.iter().map(|segment| &segment.job.outgoing);
        let most = self.engines[engine].most_usage(texts, &first.job.pair);
        let outcome = match self.obstacle(engine, &first.job) {
            Some(reason) => SegmentOutcome::Unavailable(reason),
            None if self.pay_for_batch(engine, most, segments.len()) => SegmentOutcome::InBatch,
            None => {
                self.engines[engine].stop_for_budget();
                SegmentOutcome::Unavailable(UntranslatedReason::Budget)
            }
        };
        for segment in segments {
            segment.outcome = outcome.clone();
        }
    }

    /// Has translations read, if the budget allows it all: a reader finds nothing.
    fn read(&mut self, engine: usize, pair: &LanguagePair, segments: &mut [ReadSegment]) {
        let texts: Vec<&ReadingText> = segments.iter().map(ReadSegment::text).collect();
        let most = self.engines[engine].most_reading_usage(&texts, pair);
        let is_read = self.terms[engine].is_available && self.pay_for(engine, most, segments.len());
        for segment in segments {
            segment.was_sent = is_read;
            segment.verdict = if is_read { SegmentVerdict::Fine } else { SegmentVerdict::Unread(UntranslatedReason::Budget) };
        }
    }

    /// Returns why an engine is sent nothing in the languages of a job.
    fn obstacle(&self, engine: usize, job: &SegmentJob) -> Option<UntranslatedReason> {
        let terms = &self.terms[engine];
        let rests = (!terms.is_available).then_some(UntranslatedReason::EngineUnavailable);
        let lacks = || terms.unsupported.contains(&job.pair).then_some(UntranslatedReason::UnsupportedPair);
        self.engines[engine].unavailable_for_all().or(rests).or_else(lacks)
    }

    /// Takes the price of a request from the budget. Returns false if it does not allow it.
    fn pay(&mut self, engine: usize, segments: &[BatchSegment]) -> bool {
        let Some(first) = segments.first() else { return true };
        let texts = segments.iter().map(|segment| &segment.job.outgoing);
        let most = self.engines[engine].most_usage(texts, &first.job.pair);
        self.pay_for(engine, most, segments.len())
    }

    fn pay_for(&mut self, engine: usize, most: Usage, texts: usize) -> bool {
        self.pay_amount(engine, most, texts, Unit::amount_of)
    }

    fn pay_for_batch(&mut self, engine: usize, most: Usage, texts: usize) -> bool {
        let is_paid = self.pay_amount(engine, most, texts, Unit::batch_amount_of);
        if is_paid {
            self.work[engine].used_in_batches += most;
        }
        is_paid
    }

    fn pay_amount(&mut self, engine: usize, most: Usage, texts: usize, amount: fn(Unit, Usage, &Price) -> u64) -> bool {
        let terms = &mut self.terms[engine];
        if let Some((unit, left)) = terms.left {
            let Some(rest) = left.checked_sub(amount(unit, most, &terms.price)) else { return false };
            terms.left = Some((unit, rest));
        }
        self.work[engine].texts += texts as u64;
        self.work[engine].used += most;
        true
    }
}
