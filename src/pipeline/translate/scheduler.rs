//! The scheduler: sends the segments of documents through their engines, and saves each rendition as soon as all segments of
//! its document have come to an end.

mod batched;
mod finish;
mod reading;
mod recall;
pub(super) mod state;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use super::super::blocking::spawn_cpu;
use super::super::error::PipelineError;
use super::batch::{BatchRun, BatchSegment};
use super::document_job::DocumentJob;
use super::engine_handle::EngineHandle;
use super::reading::{ReadSegment, ReadingRun};
use super::request_context::RequestContext;
use super::segment_job::{JobState, SegmentJob};
use super::submission::SubmissionRun;
use crate::model::{Rendition, SegmentKey, TranslationCounts};
use crate::store::{StoreError, TranslatedEntry};
pub(super) use batched::QueuedSubmission;
use finish::{FinishedDocument, make_rendition};
pub(super) use reading::{QueuedReading, is_worth_reading};
pub(super) use recall::recall_known;
use state::{QueuedBatch, SchedulerState};

/// Translates documents with some engines.
pub(super) struct Scheduler<'a> {
    pub(super) engines: &'a [EngineHandle],
    pub(super) context: RequestContext<'a>,
    pub(super) worker: &'a str,
}

/// The result of a run of the scheduler.
#[derive(Debug, Default)]
pub(super) struct Scheduled {
    pub(super) counts: TranslationCounts,
    /// Renditions that were saved.
    pub(super) saved: usize,
    /// The renditions, if they were not to be saved.
    pub(super) renditions: Vec<Rendition>,
}

/// The destination of finished renditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// Save them in the store.
    Store,
    /// Return them. Only the memory of segments is changed.
    Caller,
}

/// A future that has finished.
enum SchedulerEvent {
    Batch { engine: usize, result: Result<(Vec<BatchSegment>, u64), StoreError> },
    Reading { engine: usize, result: Result<Vec<ReadSegment>, StoreError> },
    Documents(Result<Vec<TranslatedEntry>, PipelineError>),
}

impl Scheduler<'_> {
    /// Translates documents as far as the engines are available.
    ///
    /// The loop awaits nothing but the futures in flight: a future that is not polled may hold the one connection of the store,
    /// and whoever is polled instead would wait for it forever.
    pub(super) async fn run(&self, jobs: Vec<DocumentJob>, destination: Destination) -> Result<Scheduled, PipelineError> {
        let mut state = SchedulerState::new(self.engines, jobs, self.context.clock.now());
        state.corrections = self.context.store.last_correction_serial().await?;
        let in_use = recall_known(&mut state, Some(self.context.store)).await?;
        self.context.store.forget_batched_texts(&in_use.overtaken).await?;
        self.context.store.mark_segments_used(&in_use.memory, self.context.clock.now()).await?;
        self.context.store.mark_readings_used(&in_use.readings, self.context.clock.now()).await?;
        state.enqueue_open();
        let mut scheduled = Scheduled::default();
        let mut in_flight: FuturesUnordered<BoxFuture<'_, SchedulerEvent>> = FuturesUnordered::new();
        loop {
            state.skip_unavailable(self.context.until());
            while let Some(batch) = state.next_batch(self.context.until()) {
                in_flight.push(Box::pin(self.send(batch)));
            }
            while let Some(answered) = state.next_answered() {
                in_flight.push(Box::pin(self.judge(answered)));
            }
            while let Some(submission) = state.next_submission(self.context.until()) {
                in_flight.push(Box::pin(self.submit(submission)));
            }
            while let Some(reading) = state.next_reading(self.context.until()) {
                in_flight.push(Box::pin(self.have_read(reading)));
            }
            let finished = state.take_finished(self.context.clock.now(), destination == Destination::Caller);
            if !finished.is_empty() {
                in_flight.push(Box::pin(self.finish(finished, destination)));
            }
            match in_flight.next().await {
                None => {
                    let is_left = |job: &&SegmentJob| job.state == JobState::Untranslated;
                    state.counts.left = state.jobs.all.iter().filter(is_left).count() as u64;
                    state.counts.add_reasons(state.count_reasons());
                    scheduled.counts = state.counts;
                    return Ok(scheduled);
                }
                Some(SchedulerEvent::Batch { engine, result }) => {
                    let (segments, rejected) = result?;
                    state.record_batch(engine, segments, rejected);
                }
                Some(SchedulerEvent::Reading { engine, result }) => state.record_readings(engine, result?),
                Some(SchedulerEvent::Documents(result)) => {
                    let finished = result?;
                    match destination {
                        Destination::Store => scheduled.saved += finished.len(),
                        Destination::Caller => {
                            scheduled.renditions.extend(finished.into_iter().map(|translated| translated.rendition));
                        }
                    }
                }
            }
        }
    }

    async fn send(&self, batch: QueuedBatch) -> SchedulerEvent {
        let QueuedBatch { engine, pair, is_patient, mut segments } = batch;
        tracing::debug!(
            engine.id = %self.engines[engine].id, lang.pair = %pair, segments = segments.len(),
            "segments that the memory does not have are sent to an engine"
        );
        let context = RequestContext { is_patient, ..self.context };
        let run = BatchRun { engine: &self.engines[engine], pair: &pair, context, worker: self.worker };
        let result = run.run(&mut segments).await.map(|rejected| (segments, rejected));
        SchedulerEvent::Batch { engine, result }
    }

    /// Judges answers that came in a batch, and forgets that they were in it.
    async fn judge(&self, answered: QueuedBatch) -> SchedulerEvent {
        let keys: Vec<SegmentKey> = answered.segments.iter().map(|segment| segment.key).collect();
        let judged = self.send(answered).await;
        match (self.context.store.forget_batched_texts(&keys).await, judged) {
            (Err(error), SchedulerEvent::Batch { engine, result: Ok(_) }) => SchedulerEvent::Batch { engine, result: Err(error) },
            (_, judged) => judged,
        }
    }

    /// Submits texts in a batch.
    async fn submit(&self, submission: QueuedSubmission) -> SchedulerEvent {
        let QueuedSubmission { engine, mut requests } = submission;
        let context = RequestContext { is_patient: true, ..self.context };
        let run = SubmissionRun { engine: &self.engines[engine], context, worker: self.worker };
        let result = run.run(&mut requests).await;
        let segments = requests.into_iter().flat_map(|request| request.segments).collect();
        SchedulerEvent::Batch { engine, result: result.map(|()| (segments, 0)) }
    }

    async fn have_read(&self, reading: QueuedReading) -> SchedulerEvent {
        let QueuedReading { engine, pair, mut segments } = reading;
        tracing::debug!(
            engine.id = %self.engines[engine].id, lang.pair = %pair, segments = segments.len(),
            "translations are sent to a second reader"
        );
        let run = ReadingRun { engine: &self.engines[engine], pair: &pair, context: self.context, worker: self.worker };
        let result = run.run(&mut segments).await.map(|()| segments);
        SchedulerEvent::Reading { engine, result }
    }

    /// Assembles documents, and saves their renditions if they are to be saved.
    async fn finish(&self, finished: Vec<FinishedDocument>, destination: Destination) -> SchedulerEvent {
        let assemble = move || finished.into_iter().map(make_rendition).collect::<Vec<_>>();
        let renditions = match spawn_cpu("assembling translated entries", assemble).await {
            Ok(renditions) => renditions,
            Err(error) => return SchedulerEvent::Documents(Err(error.into())),
        };
        if destination == Destination::Store
            && let Err(error) = self.context.store.save_translations(&renditions).await
        {
            return SchedulerEvent::Documents(Err(error.into()));
        }
        SchedulerEvent::Documents(Ok(renditions))
    }
}
