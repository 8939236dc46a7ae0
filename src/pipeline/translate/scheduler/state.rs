//! The state of the scheduler: the queue of each engine, and the documents that wait for segments. It awaits nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio::time::Instant;

use super::super::batch::{BatchSegment, SegmentOutcome};
use super::super::document_job::DocumentJob;
use super::super::engine_handle::EngineHandle;
use super::super::reason::UntranslatedReason;
use super::super::segment_job::{EngineTurn, JobState, QueueRank, SegmentJob, SegmentJobs, SendingWay, engine_keys};
use super::finish::{FinishedDocument, summarise};
use crate::model::{Marked, Refusal, RenditionInputs, SegmentKey, ServiceTier, Time, TranslationCounts};
use crate::store::BatchedText;
use crate::translate::{ContextUse, LanguagePair, Limits, SegmentRequest, TermForm, batch_len, fits};

/// The state of the scheduler.
pub(in super::super) struct SchedulerState<'a> {
    pub(in super::super) engines: Vec<EngineQueue<'a>>,
    pub(in super::super) jobs: SegmentJobs,
    documents: Vec<PendingDocument>,
    /// The engines' refusals of earlier runs. Those that have expired count how many there were in a row.
    pub(in super::super) refused: HashMap<SegmentKey, Refusal>,
    /// The texts that were submitted in batches, and what has become of them.
    pub(in super::super) batched: HashMap<SegmentKey, BatchedText>,
    /// The number of the last change of corrections before they were recalled.
    pub(super) corrections: i64,
    /// The time at which refusals have expired or not.
    pub(super) now: Time,
    /// Documents whose segments have all come to an end, and which are not taken yet.
    finished: Vec<usize>,
    pub(in super::super) counts: TranslationCounts,
}

/// An engine and the segments whose turn it is.
pub(in super::super) struct EngineQueue<'a> {
    pub(in super::super) handle: &'a EngineHandle,
    pub(in super::super) identity: Arc<str>,
    /// Places of jobs, the most urgent first.
    pub(super) queue: BTreeSet<(QueueRank, usize)>,
    /// The places of jobs that are to be submitted in a batch.
    pub(super) for_batch: BTreeSet<(QueueRank, usize)>,
    /// The places of jobs that were answered in a batch, by its name and the place of their request.
    pub(super) answered: BTreeMap<(String, usize), Vec<usize>>,
    /// The places of jobs whose translations it is to read.
    pub(super) reading: BTreeSet<(QueueRank, usize)>,
    pub(super) in_flight: usize,
}

impl EngineQueue<'_> {
    /// Returns the identity of the engine for a pair of languages.
    pub(in super::super) fn identity_of(&self, pair: &LanguagePair) -> Arc<str> {
        match self.handle.engine.identity_of(pair) {
            // Of most engines it is the same for all pairs.
            Cow::Borrowed(_) => Arc::clone(&self.identity),
            Cow::Owned(own) => Arc::from(own),
        }
    }
}

/// A document that waits for its segments.
struct PendingDocument {
    job: DocumentJob,
    /// For each segment of the document its job.
    segments: Vec<usize>,
    /// The number of these jobs that are open.
    open: usize,
}

/// A queued job whose engine is not available.
struct SkippedJob {
    rank: QueueRank,
    place: usize,
    reason: UntranslatedReason,
}

/// A batch that is to be sent.
pub(in super::super) struct QueuedBatch {
    pub(in super::super) engine: usize,
    pub(in super::super) pair: LanguagePair,
    /// True if all its texts are held back for a while in any case.
    pub(in super::super) is_patient: bool,
    pub(in super::super) segments: Vec<BatchSegment>,
}

/// Returns the first jobs of a queue that go into one request: all in the same languages, of one passage where the engine needs that,
/// within its limits.
pub(in super::super) fn next_request(
    queue: &BTreeSet<(QueueRank, usize)>,
    jobs: &[SegmentJob],
    limits: Limits,
    context: ContextUse,
) -> Vec<(QueueRank, usize)> {
    let Some((_, first)) = queue.first() else { return Vec::new() };
    let goes_with_first = |(_, job): &&(QueueRank, usize)| jobs[*job].goes_with(&jobs[*first], context);
    let candidates = || queue.iter().filter(goes_with_first).take(limits.texts);
    let count = batch_len(candidates().map(|(_, job)| jobs[*job].to_send()), limits);
    candidates().take(count).copied().collect()
}

impl<'a> SchedulerState<'a> {
    pub(in super::super) fn new(engines: &'a [EngineHandle], documents: Vec<DocumentJob>, now: Time) -> Self {
        let queue = |handle: &'a EngineHandle| EngineQueue {
            handle,
            identity: Arc::from(handle.engine.identity()),
            queue: BTreeSet::new(),
            for_batch: BTreeSet::new(),
            answered: BTreeMap::new(),
            reading: BTreeSet::new(),
            in_flight: 0,
        };
        let engines: Vec<EngineQueue<'a>> = engines.iter().map(queue).collect();
        let (mut jobs, mut pending) = (SegmentJobs::default(), Vec::with_capacity(documents.len()));
        for (place, job) in documents.into_iter().enumerate() {
            let (from, to) = job.document.languages();
            let pair = LanguagePair { from: from.clone(), to: to.clone() };
            let identities: Vec<Arc<str>> = job.engines.iter().map(|engine| engines[*engine].identity_of(&pair)).collect();
            let turn = |(engine, identity)| -> (usize, &str, TermForm) {
                let (engine, identity): (&usize, &Arc<str>) = (engine, identity);
                (*engine, identity, engines[*engine].handle.engine.term_form())
            };
            let turns: Vec<_> = job.engines.iter().zip(&identities).map(turn).collect();
            let add = |segment: &SegmentRequest| {
                let at = jobs.add(segment, &pair, &turns, place, job.at);
                jobs.all[at].reader = jobs.all[at].reader.or(job.reader);
                jobs.all[at].hold_until(job.held_until);
                for identity in &job.former_engines {
                    let keys = engine_keys(segment, &pair, identity);
                    jobs.all[at].former.extend(keys.map(|key| (key, Arc::from(identity.as_str()))));
                }
                at
            };
            let segments = job.document.segments().iter().map(add).collect();
            pending.push(PendingDocument { job, segments, open: 0 });
        }
        let counts = TranslationCounts { segments: jobs.all.len() as u64, ..TranslationCounts::default() };
        Self {
            engines,
            jobs,
            documents: pending,
            refused: HashMap::new(),
            batched: HashMap::new(),
            corrections: 0,
            now,
            finished: Vec::new(),
            counts,
        }
    }

    /// Puts every open job into the queue of its engine, and finds the documents that need nothing more.
    pub(in super::super) fn enqueue_open(&mut self) {
        for job in 0..self.jobs.all.len() {
            self.enqueue(job);
        }
        for (place, document) in self.documents.iter_mut().enumerate() {
            let segments: HashSet<usize> = document.segments.iter().copied().collect();
            document.open = segments.into_iter().filter(|job| self.jobs.all[*job].is_pending()).count();
            if document.open == 0 {
                self.finished.push(place);
            }
        }
    }

    /// Puts a job into the queue of its next engine, past those that have refused it before or cannot take it; or, once it is
    /// translated, into that of its second reader.
    fn enqueue(&mut self, place: usize) {
        while self.jobs.all[place].state == JobState::Open
            && let Some(turn) = self.jobs.all[place].turn()
        {
            let Some((reason, until)) = self.obstacle(&self.jobs.all[place], turn) else {
                self.enqueue_at(place, turn);
                return;
            };
            self.jobs.all[place].refuse(reason, until);
        }
        self.enqueue_to_read(place);
    }

    /// Returns why an engine is passed over for a job without being asked, and until when; nothing if it may be asked.
    fn obstacle(&self, job: &SegmentJob, turn: EngineTurn) -> Option<(UntranslatedReason, Option<Time>)> {
        let refusal = self.refused.get(&turn.key).filter(|refusal| refusal.until > self.now);
        let refused = refusal.map(|refusal| (UntranslatedReason::from_name(&refusal.reason), Some(refusal.until)));
        let is_too_long = || !fits(&job.outgoing, self.engines[turn.engine].handle.limits());
        refused.or_else(|| is_too_long().then_some((UntranslatedReason::TooLong, None)))
    }

    /// Returns the engines that may be asked for a job, in their order.
    pub(in super::super) fn engines_of(&self, job: &SegmentJob) -> Vec<usize> {
        job.turns.iter().filter(|turn| self.obstacle(job, **turn).is_none()).map(|turn| turn.engine).collect()
    }

    /// Passes on the queued jobs whose engine is not available.
    pub(in super::super) fn skip_unavailable(&mut self, until: Instant) {
        // A job may pass on to an engine that was looked at before.
        while let Some((engine, skipped)) = self.find_unavailable(until) {
            for SkippedJob { rank, place, reason } in skipped {
                self.engines[engine].queue.remove(&(rank, place));
                self.engines[engine].for_batch.remove(&(rank, place));
                let job = &mut self.jobs.all[place];
                if !job.take_accepted(&self.engines[engine].identity_of(&job.pair)) {
                    job.pass_on(reason, true);
                }
                self.advance(place);
            }
        }
        self.skip_unavailable_readers(until);
    }

    fn find_unavailable(&self, until: Instant) -> Option<(usize, Vec<SkippedJob>)> {
        self.engines.iter().enumerate().find_map(|(place, engine)| {
            let skipped = self.unavailable_jobs(engine, until);
            (!skipped.is_empty()).then_some((place, skipped))
        })
    }

    fn unavailable_jobs(&self, engine: &EngineQueue<'_>, until: Instant) -> Vec<SkippedJob> {
        let for_all = engine.unavailable_for_all(until);
        if for_all.is_none() && !engine.handle.has_unavailable_pair() {
            return Vec::new();
        }
        let reason = |place: usize| for_all.or_else(|| engine.handle.unavailable_for(&self.jobs.all[place].pair));
        engine
            .queue
            .iter()
            .chain(&engine.for_batch)
            .filter_map(|(rank, place)| Some(SkippedJob { rank: *rank, place: *place, reason: reason(*place)? }))
            .collect()
    }

    /// Takes the next batch for an engine that is free: the most urgent segments, all in the same languages.
    pub(in super::super) fn next_batch(&mut self, until: Instant) -> Option<QueuedBatch> {
        let is_free = |engine: &EngineQueue<'_>| {
            !engine.queue.is_empty()
                && engine.in_flight < engine.handle.limits().in_flight.max(1)
                && engine.unavailable_for_all(until).is_none()
                && !engine.gathers(&self.jobs.all)
        };
        let place = self.engines.iter().position(is_free)?;
        let engine = &mut self.engines[place];
        let jobs = &self.jobs.all;
        let pair = jobs[engine.queue.first()?.1].pair.clone();
        let taken = next_request(&engine.queue, jobs, engine.handle.limits(), engine.handle.engine.context_use());
        for job in &taken {
            engine.queue.remove(job);
        }
        engine.in_flight += 1;
        let segment = |(_, job): &(QueueRank, usize)| {
            let turn = jobs[*job].turn()?;
            let refusals = self.refused.get(&turn.key).map_or(0, |refusal| refusal.times);
            Some(BatchSegment::new(*job, jobs[*job].clone(), turn.key, refusals))
        };
        let segments: Vec<BatchSegment> = taken.iter().filter_map(segment).collect();
        let until = self.now.plus(ServiceTier::Flex.patience());
        let is_patient = taken.iter().all(|(_, job)| self.jobs.all[*job].held_until.is_some_and(|end| end >= until));
        Some(QueuedBatch { engine: place, pair, is_patient, segments })
    }

    /// Records what became of a batch.
    pub(in super::super) fn record_batch(&mut self, engine: usize, segments: Vec<BatchSegment>, rejected: u64) {
        self.engines[engine].in_flight -= 1;
        self.counts.rejected += rejected;
        self.record_outcomes(engine, segments);
    }

    /// Records what became of some texts of an engine.
    pub(in super::super) fn record_outcomes(&mut self, engine: usize, segments: Vec<BatchSegment>) {
        for segment in segments {
            let job = &mut self.jobs.all[segment.place];
            let (by, found) = (self.engines[engine].identity_of(&job.pair), segment.doubt());
            match segment.outcome {
                SegmentOutcome::Translated(text) => {
                    job.has_unknown_words = segment.job.has_unknown_words;
                    job.found = job.found.or(found);
                    job.state = JobState::Done { text, by, is_recalled: false };
                }
                SegmentOutcome::Recalled(text) => {
                    job.state = JobState::Done { text, by, is_recalled: true };
                    self.counts.recalled += 1;
                }
                SegmentOutcome::Rejected(reason) => job.refuse(reason, segment.refused_until),
                SegmentOutcome::Unavailable(reason) => job.pass_on(reason, true),
                SegmentOutcome::AskAgain => job.again = segment.again,
                SegmentOutcome::ClaimedElsewhere => job.wait(UntranslatedReason::InHandElsewhere),
                SegmentOutcome::InBatch => job.wait(UntranslatedReason::InBatch),
                SegmentOutcome::SendSingly => job.way = SendingWay::Single,
                SegmentOutcome::Left(reason) => job.wait(reason),
            }
            self.advance(segment.place);
        }
    }

    /// Puts a job into its next queue, or tells the documents that want it that it has come to its end.
    pub(super) fn advance(&mut self, place: usize) {
        self.enqueue(place);
        let job = &self.jobs.all[place];
        if job.is_pending() {
            return;
        }
        for document in &job.documents {
            self.documents[*document].open -= 1;
            if self.documents[*document].open == 0 {
                self.finished.push(*document);
            }
        }
    }

    /// Counts the segments without a translation by the names of their reasons.
    pub(super) fn count_reasons(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for job in self.jobs.all.iter().filter(|job| job.translation().is_none()) {
            let reasons: BTreeSet<&str> = job.reasons.iter().map(|reason| reason.as_str()).collect();
            for reason in reasons {
                *counts.entry(reason.to_owned()).or_default() += 1;
            }
        }
        counts
    }

    /// Takes the documents that have come to an end since the last time. Those of which nothing is translated yet, while
    /// something waits, are left out unless `with_untranslated`.
    pub(super) fn take_finished(&mut self, now: Time, with_untranslated: bool) -> Vec<FinishedDocument> {
        let places = std::mem::take(&mut self.finished);
        places.into_iter().filter_map(|place| self.finish(&self.documents[place], now, with_untranslated)).collect()
    }

    fn finish(&self, document: &PendingDocument, now: Time, with_untranslated: bool) -> Option<FinishedDocument> {
        let PendingDocument { job, segments, .. } = document;
        let segments: Vec<&SegmentJob> = segments.iter().map(|place| &self.jobs.all[*place]).collect();
        let translations: Vec<Option<Marked>> = segments.iter().map(|segment| segment.translation().cloned()).collect();
        let by_person = segments.iter().enumerate().filter(|(_, segment)| segment.is_by_person()).map(|(at, _)| at).collect();
        let waits = segments.iter().any(|segment| segment.state == JobState::Waiting);
        if waits && !with_untranslated && translations.iter().all(Option::is_none) {
            return None;
        }
        Some(FinishedDocument {
            id: job.id,
            to: job.to.clone(),
            revision: job.revision,
            inputs: if waits { RenditionInputs { hash: RenditionInputs::UNFINISHED, ..job.inputs } } else { job.inputs },
            provenance: summarise(&segments, now),
            retry_at: segments.iter().filter_map(|segment| segment.retry_at().or_else(|| segment.reread_at(now))).min(),
            document: Arc::clone(&job.document),
            translations,
            by_person,
            corrections: self.corrections,
        })
    }
}

impl EngineQueue<'_> {
    /// Returns true if only second askings are queued, fewer than fill a request, and the requests in flight may add to them.
    fn gathers(&self, jobs: &[SegmentJob]) -> bool {
        let Some(((true, _), first)) = self.queue.first().filter(|_| self.in_flight > 0) else { return false };
        let context = self.handle.engine.context_use();
        let alike = self.queue.iter().filter(|(_, job)| jobs[*job].goes_with(&jobs[*first], context)).count();
        next_request(&self.queue, jobs, self.handle.limits(), context).len() == alike
    }

    /// Returns true if texts are to be sent to it, or were sent.
    pub(super) fn is_at_work(&self) -> bool {
        !self.queue.is_empty() || !self.answered.is_empty() || self.in_flight > 0
    }

    /// Returns why nothing more is sent to the engine, whatever the languages.
    pub(super) fn unavailable_for_all(&self, until: Instant) -> Option<UntranslatedReason> {
        if Instant::now() >= until { Some(UntranslatedReason::Deadline) } else { self.handle.unavailable_for_all() }
    }
}
