//! Texts that vendors translate in batches: which are submitted, which are out, and which have come back. It awaits nothing.

use std::collections::HashMap;

use tokio::time::Instant;

use super::super::batch::BatchSegment;
use super::super::reason::UntranslatedReason;
use super::super::segment_job::{EngineTurn, JobState, SegmentJob, SendingWay};
use super::super::submission::{MOST_REQUESTS, QueuedRequest};
use super::state::{EngineQueue, QueuedBatch, SchedulerState, next_request};
use crate::model::{Marked, SegmentKey, ServiceTier};
use crate::store::{BatchedText, BatchedTextState};

/// A batch that is to be submitted.
pub(in super::super) struct QueuedSubmission {
    pub(in super::super) engine: usize,
    pub(in super::super) requests: Vec<QueuedRequest>,
}

impl SchedulerState<'_> {
    /// Takes note of the texts that were submitted. Those that are out, and are held back no longer than a single request takes, are
    /// returned: they are sent in the ordinary way, and the answer in the batch is not waited for.
    pub(super) fn note_batched(&mut self, known: Vec<BatchedText>) -> Vec<SegmentKey> {
        let mut known: HashMap<SegmentKey, BatchedText> = known.into_iter().map(|text| (text.key, text)).collect();
        let end = self.now.plus(ServiceTier::Flex.patience());
        let is_urgent = |job: &&SegmentJob| job.state == JobState::Open && job.held_until.is_none_or(|until| until < end);
        let urgent = self.jobs.all.iter().filter(is_urgent).flat_map(|job| &job.turns).map(|turn| turn.key);
        let is_out = |key: &SegmentKey| known.get(key).is_some_and(|text| text.state == BatchedTextState::Out);
        let overtaken: Vec<SegmentKey> = urgent.filter(is_out).collect();
        known.retain(|key, _| !overtaken.contains(key));
        self.batched = known;
        overtaken
    }

    /// Puts a job into a queue of the engine whose turn it is. One that the engine works on in a batch waits.
    pub(super) fn enqueue_at(&mut self, place: usize, turn: EngineTurn) {
        let is_for_batch = self.is_for_batch(&self.jobs.all[place], turn.engine);
        let job = &mut self.jobs.all[place];
        let engine = &mut self.engines[turn.engine];
        let is_first = job.again.is_none() && job.doubt.is_none() && job.way == SendingWay::Any;
        let batched = self.batched.get(&turn.key).filter(|_| is_first);
        let entry = (job.queue_rank(engine.handle.engine.context_use()), place);
        match batched.map(|text| (text, &text.state)) {
            Some((_, BatchedTextState::Out)) => job.wait(UntranslatedReason::InBatch),
            Some((text, BatchedTextState::Answered(_))) => {
                engine.answered.entry((text.batch.clone(), text.request)).or_default().push(place);
            }
            Some((_, BatchedTextState::Failed)) => {
                engine.queue.insert(entry);
            }
            None => {
                (if is_for_batch { &mut engine.for_batch } else { &mut engine.queue }).insert(entry);
            }
        }
    }

    /// Returns true if a job that is not out yet is submitted in a batch when its turn comes at an engine: every document that wants it
    /// is held back for long enough.
    pub(in super::super) fn is_for_batch(&self, job: &SegmentJob, engine: usize) -> bool {
        let end = self.now.plus(ServiceTier::Batch.patience());
        let is_first = job.again.is_none() && job.doubt.is_none() && job.way == SendingWay::Any;
        let is_new = || job.turns.iter().all(|turn| turn.engine != engine || !self.batched.contains_key(&turn.key));
        let can_wait = is_first && job.held_until.is_some_and(|until| until >= end);
        can_wait && self.engines[engine].handle.wanted_batches().is_some() && is_new()
    }

    /// Takes the next answers that came in a batch: those of one request, all of which are in the same languages.
    pub(in super::super) fn next_answered(&mut self) -> Option<QueuedBatch> {
        let engine = self.engines.iter().position(|engine| !engine.answered.is_empty())?;
        let (_, places) = self.engines[engine].answered.pop_first()?;
        let pair = self.jobs.all[*places.first()?].pair.clone();
        let segment = |place: &usize| {
            let (job, turn) = (&self.jobs.all[*place], self.jobs.all[*place].turn()?);
            let refusals = self.refused.get(&turn.key).map_or(0, |refusal| refusal.times);
            let mut segment = BatchSegment::new(*place, job.clone(), turn.key, refusals);
            segment.collected = self.batched.get(&turn.key).and_then(answer);
            Some(segment)
        };
        let segments = places.iter().filter_map(segment).collect();
        self.engines[engine].in_flight += 1;
        Some(QueuedBatch { engine, pair, is_patient: true, segments })
    }

    /// Takes the next texts that are to be submitted, once nothing in flight can add to them.
    pub(in super::super) fn next_submission(&mut self, until: Instant) -> Option<QueuedSubmission> {
        let is_free = |engine: &EngineQueue<'_>| !engine.for_batch.is_empty() && engine.unavailable_for_all(until).is_none();
        if self.engines.iter().any(EngineQueue::is_at_work) {
            return None;
        }
        let place = self.engines.iter().position(is_free)?;
        let engine = &mut self.engines[place];
        let (limits, context) = (engine.handle.limits(), engine.handle.engine.context_use());
        let mut requests = Vec::new();
        while requests.len() < MOST_REQUESTS {
            let taken = next_request(&engine.for_batch, &self.jobs.all, limits, context);
            let Some((_, first)) = taken.first() else { break };
            let pair = self.jobs.all[*first].pair.clone();
            for job in &taken {
                engine.for_batch.remove(job);
            }
            let segment = |(_, place): &(_, usize)| {
                let (job, turn) = (&self.jobs.all[*place], self.jobs.all[*place].turn()?);
                let refusals = self.refused.get(&turn.key).map_or(0, |refusal| refusal.times);
                Some(BatchSegment::new(*place, job.clone(), turn.key, refusals))
            };
            requests.push(QueuedRequest { pair, segments: taken.iter().filter_map(segment).collect() });
        }
        engine.in_flight += 1;
        Some(QueuedSubmission { engine: place, requests })
    }
}

fn answer(text: &BatchedText) -> Option<Marked> {
    if let BatchedTextState::Answered(answer) = &text.state { Marked::from_tagged(answer) } else { None }
}
