//! The queues of second readers: which translations are to be read, and what their verdicts mean. It awaits nothing.

use tokio::time::Instant;

use super::super::reading::{ReadSegment, SegmentVerdict};
use super::super::reason::UntranslatedReason;
use super::super::second_asking::SecondAsking;
use super::super::segment_job::{GLOSSARY, JobState, QueueRank, ReadingState, SecondReader, SegmentJob};
use super::state::{EngineQueue, SchedulerState};
use crate::model::{Marked, SegmentKey};
use crate::policy::refusal::next_refusal;
use crate::translate::{ContextUse, LanguagePair, Part, has_number_or_negation};

/// Translations that are to be read in one request.
pub(in super::super) struct QueuedReading {
    pub(in super::super) engine: usize,
    pub(in super::super) pair: LanguagePair,
    pub(in super::super) segments: Vec<ReadSegment>,
}

/// Returns true if a second reader reads the translation of a text: a headline, one in which a check has found something, and one with a
/// number or a negation.
pub(in super::super) fn is_worth_reading(job: &SegmentJob) -> bool {
    let is_flagged = job.found.is_some() || job.has_unknown_words;
    job.rank.0 == Part::Title || is_flagged || has_number_or_negation(&job.source, &job.pair.from)
}

impl SchedulerState<'_> {
    /// Returns the second reader of a job whose translation by an engine is to be read. No reader reads its own work.
    pub(in super::super) fn reader_of(&self, job: &SegmentJob) -> Option<SecondReader> {
        let JobState::Done { by, .. } = &job.state else { return None };
        let reader = job.reader.filter(|_| !job.is_by_person() && &**by != GLOSSARY)?;
        let is_own = matches!(reader, SecondReader::Engine(place) if self.engines[place].identity == *by);
        (!is_own && is_worth_reading(job)).then_some(reader)
    }

    /// Puts a translated job into the queue of its second reader, if it has not been read.
    pub(super) fn enqueue_to_read(&mut self, place: usize) {
        let job = &self.jobs.all[place];
        if job.reading != ReadingState::None {
            return;
        }
        let (reader, rank) = (self.reader_of(job), job.queue_rank(ContextUse::Neighbours));
        let reading = match reader {
            None => return,
            Some(SecondReader::Missing) => {
                self.counts.unread += 1;
                ReadingState::Unread(UntranslatedReason::NoEngine)
            }
            Some(SecondReader::Engine(engine)) => {
                self.engines[engine].reading.insert((rank, place));
                ReadingState::Queued
            }
        };
        self.jobs.all[place].reading = reading;
    }

    /// Publishes unread what a reader is not available for.
    pub(super) fn skip_unavailable_readers(&mut self, until: Instant) {
        let mut skipped: Vec<(usize, (QueueRank, usize), UntranslatedReason)> = Vec::new();
        for (place, engine) in self.engines.iter().enumerate().filter(|(_, engine)| !engine.reading.is_empty()) {
            let for_all = engine.unavailable_for_all(until);
            let reason = |pair| for_all.or_else(|| engine.handle.unavailable_to_read(pair));
            let jobs = engine.reading.iter();
            skipped.extend(jobs.filter_map(|job| Some((place, *job, reason(&self.jobs.all[job.1].pair)?))));
        }
        for (engine, job, reason) in skipped {
            self.engines[engine].reading.remove(&job);
            self.leave_unread(job.1, reason);
            self.advance(job.1);
        }
    }

    fn leave_unread(&mut self, place: usize, reason: UntranslatedReason) {
        self.jobs.all[place].reading = ReadingState::Unread(reason);
        self.counts.unread += 1;
    }

    /// Takes the next translations for a reader that is free: a whole request, or, once no text is on its way to an engine, what there is.
    pub(in super::super) fn next_reading(&mut self, until: Instant) -> Option<QueuedReading> {
        let is_idle = !self.engines.iter().any(EngineQueue::is_at_work);
        let engines = self.engines.iter().enumerate();
        let is_free = |engine: &EngineQueue<'_>| {
            engine.in_flight < engine.handle.limits().in_flight.max(1) && engine.unavailable_for_all(until).is_none()
        };
        let mut taken = engines.filter(|(_, engine)| is_free(engine)).filter_map(|(place, _)| {
            let (request, is_full) = self.next_to_read(place);
            (!request.is_empty() && (is_full || is_idle)).then_some((place, request))
        });
        let (engine, request) = taken.next()?;
        let pair = self.jobs.all[request.first()?.1].pair.clone();
        let segments = request.iter().filter_map(|(_, job)| self.read_segment(*job)).collect();
        for job in &request {
            self.engines[engine].reading.remove(job);
        }
        self.engines[engine].in_flight += 1;
        Some(QueuedReading { engine, pair, segments })
    }

    /// Returns the first jobs of a queue that go into one request, and whether another one would not fit.
    fn next_to_read(&self, engine: usize) -> (Vec<(QueueRank, usize)>, bool) {
        let (queue, limits) = (&self.engines[engine].reading, self.engines[engine].handle.limits());
        let Some((_, first)) = queue.first() else { return (Vec::new(), false) };
        let (mut characters, mut bytes, mut taken) = (0, 0, Vec::new());
        let first = &self.jobs.all[*first];
        for entry in queue.iter().filter(|(_, job)| self.jobs.all[*job].goes_with(first, ContextUse::Neighbours)) {
            let job = &self.jobs.all[entry.1];
            for text in [Some(&job.source), job.translation()].into_iter().flatten().map(Marked::plain) {
                characters += text.chars().count();
                bytes += text.len();
            }
            let is_full = taken.len() >= limits.texts || characters > limits.characters || bytes > limits.bytes;
            if is_full && !taken.is_empty() {
                return (taken, true);
            }
            taken.push(*entry);
        }
        (taken, false)
    }

    fn read_segment(&self, place: usize) -> Option<ReadSegment> {
        let job = &self.jobs.all[place];
        let JobState::Done { text, by, .. } = &job.state else { return None };
        let of_turn =
            job.turns.iter().find(|turn| *self.engines[turn.engine].identity_of(&job.pair) == **by).map(|turn| turn.key);
        let of_former = || job.former.iter().find(|(_, identity)| identity == by).map(|(key, _)| *key);
        let memory = of_turn.or_else(of_former)?;
        let refusals = self.refused.get(&memory).map_or(0, |refusal| refusal.times);
        Some(ReadSegment::new(place, job, text, (memory, by, refusals)))
    }

    /// Records the verdicts on a batch.
    pub(in super::super) fn record_readings(&mut self, engine: usize, segments: Vec<ReadSegment>) {
        self.engines[engine].in_flight -= 1;
        for segment in segments {
            self.counts.read += u64::from(segment.was_sent);
            match segment.verdict {
                SegmentVerdict::Fine => self.jobs.all[segment.place].reading = ReadingState::Fine,
                SegmentVerdict::Unclear => self.jobs.all[segment.place].reading = ReadingState::Unclear,
                SegmentVerdict::Unread(reason) => self.leave_unread(segment.place, reason),
                SegmentVerdict::Doubted(finding) => {
                    self.counts.doubted += 1;
                    self.ask_otherwise(segment.place, segment.memory, finding);
                }
            }
            self.advance(segment.place);
        }
    }

    /// Asks for another translation than the one that the reader doubts: a language model once more, which answers otherwise in another
    /// request, then the next engine. The doubt is a refusal of the engine's translation, and was remembered as one.
    fn ask_otherwise(&mut self, place: usize, memory: SegmentKey, finding: String) {
        let refusal = next_refusal("", self.refused.get(&memory).map_or(0, |refusal| refusal.times), self.now);
        let job = &mut self.jobs.all[place];
        let turn = job.turns.iter().position(|turn| turn.key == memory);
        job.reopen(turn.unwrap_or(0));
        job.found = Some(UntranslatedReason::SecondReader);
        let Some(turn) = turn else {
            // An engine that the edition names no more.
            job.former.retain(|(key, _)| *key != memory);
            if job.turn().is_none() {
                job.state = JobState::Untranslated;
                job.reasons.push(UntranslatedReason::SecondReader);
            }
            return;
        };
        let engine = job.turns[turn].engine;
        if self.engines[engine].handle.engine.context_use() == ContextUse::Neighbours && job.doubt.is_none() {
            job.again = Some(SecondAsking::of_refused(job.outgoing.clone(), None));
            job.doubt = Some(finding);
            return;
        }
        job.refuse(UntranslatedReason::SecondReader, Some(refusal.until));
    }
}
