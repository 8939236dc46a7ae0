//! Collects what a run would do with its texts, and what may become of each at each engine.

use std::collections::{BTreeSet, HashSet};

use super::super::document_job::DocumentJob;
use super::super::engine_handle::EngineHandle;
use super::super::scheduler::recall_known;
use super::super::scheduler::state::{SchedulerState, next_request};
use super::super::segment_job::{JobState, ReadingState, SegmentJob};
use super::askings::Askings;
use super::engine_terms::{Candidate, EngineTerms};
use super::readings::{ReadingCandidate, candidate, is_unread};
use super::simulation::Simulation;
use crate::model::{SegmentKey, Time, Usage};
use crate::store::{Store, StoreError};
use crate::translate::ContextUse;

/// The edition and the language that first want a text, as places in their lists.
pub(super) type Owner = (usize, usize);

/// The outcome of a text if every engine takes it at the first attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expectation {
    /// The memory has it, or will have it by then.
    Recalled,
    Sent,
    /// Refused before, and not sent again yet.
    Left,
    Waiting,
}

/// A text of the run.
pub(super) struct ForecastJob {
    pub(super) owner: Owner,
    /// The engines that may be asked, in their order.
    pub(super) engines: Vec<usize>,
    /// The engine that has translated it, would be sent it, or would be asked first.
    pub(super) engine: Option<usize>,
    pub(super) expectation: Expectation,
    /// False if an earlier part of the run has the same text.
    pub(super) is_new: bool,
}

/// The course of a run, part by part.
pub(super) struct Forecast<'a> {
    engines: &'a [EngineHandle],
    pub(super) terms: Vec<EngineTerms>,
    pub(super) jobs: Vec<ForecastJob>,
    /// For each engine the texts that may come to it, in the order of its requests.
    pub(super) candidates: Vec<Vec<Candidate>>,
    /// The readings of second readers.
    pub(super) readings: Vec<ReadingCandidate>,
    pub(super) simulation: Simulation<'a>,
    /// Segments that the memory has, or will have by then.
    pub(super) recalled: u64,
    /// Entries that would not be translated completely.
    pub(super) entries_waiting: u64,
    /// The texts that would be translated so far.
    translated: HashSet<SegmentKey>,
}

impl<'a> Forecast<'a> {
    pub(super) fn new(engines: &'a [EngineHandle], terms: Vec<EngineTerms>) -> Self {
        Self {
            engines,
            jobs: Vec::new(),
            candidates: vec![Vec::new(); engines.len()],
            readings: Vec::new(),
            simulation: Simulation::new(engines, terms.clone()),
            terms,
            recalled: 0,
            entries_waiting: 0,
            translated: HashSet::new(),
        }
    }

    /// Adds documents that the run lays out together. `owners` are those of the documents.
    pub(super) async fn add(
        &mut self,
        store: Option<&Store>,
        documents: Vec<DocumentJob>,
        owners: &[Owner],
        now: Time,
    ) -> Result<(), StoreError> {
        let mut state = SchedulerState::new(self.engines, documents, now);
        recall_known(&mut state, store).await?;
        // What a second reader doubts is asked for again.
        let may_be_asked = |job: &SegmentJob| job.state == JobState::Open || is_unread(&state, job);
        let engines_of = |job: &SegmentJob| if may_be_asked(job) { state.engines_of(job) } else { Vec::new() };
        let engines: Vec<Vec<usize>> = state.jobs.all.iter().map(engines_of).collect();
        let is_known = |job: &SegmentJob| self.translated.contains(&job.by_person[1]);
        let is_new: Vec<bool> = state.jobs.all.iter().map(|job| job.state == JobState::Open && !is_known(job)).collect();
        for (place, job) in state.jobs.all.iter().enumerate().filter(|(_, job)| !is_known(job)) {
            self.readings.extend(candidate(&state, job, self.jobs.len() + place, &engines[place]));
        }
        for engine in 0..self.engines.len() {
            let places = engines.iter().enumerate().filter(|(_, engines)| engines.contains(&engine)).map(|(place, _)| place);
            self.add_candidates(engine, places, &state, &is_new);
        }
        for (job, is_new) in state.jobs.all.iter_mut().zip(&is_new) {
            if let (JobState::Open, false, Some(turn)) = (&job.state, is_new, job.turn()) {
                let by = state.engines[turn.engine].identity_of(&job.pair);
                job.state = JobState::Done { text: job.source.clone(), by, is_recalled: true };
                job.reading = ReadingState::Fine;
                state.counts.recalled += 1;
            }
        }
        self.recalled += state.counts.recalled;
        state.enqueue_open();
        let sent = self.simulation.run(&mut state);
        let waiting = state.jobs.all.iter().filter(|job| job.state == JobState::Waiting);
        self.entries_waiting += waiting.flat_map(|job| &job.documents).collect::<HashSet<_>>().len() as u64;
        for (((place, job), engines), is_new) in state.jobs.all.iter().enumerate().zip(engines).zip(is_new) {
            let engine = sent.get(&place).copied().or_else(|| self.maker(job)).or(job.turns.first().map(|turn| turn.engine));
            let owner = owner_of(job, owners);
            if sent.contains_key(&place) {
                self.translated.insert(job.by_person[1]);
            }
            let expectation = expect(job, sent.contains_key(&place));
            self.jobs.push(ForecastJob { owner, engines, engine, expectation, is_new });
        }
        Ok(())
    }

    /// Adds the texts that may come to an engine, in the order of its requests.
    fn add_candidates(
        &mut self,
        engine: usize,
        places: impl Iterator<Item = usize>,
        state: &SchedulerState<'_>,
        is_new: &[bool],
    ) {
        let jobs = &state.jobs.all;
        let is_for_batch: Vec<bool> = jobs.iter().map(|job| state.is_for_batch(job, engine)).collect();
        let (handle, limits) = (&self.engines[engine], self.engines[engine].limits());
        let context = handle.engine.context_use();
        let mut queue: BTreeSet<_> = places.map(|place| (jobs[place].queue_rank(context), place)).collect();
        let together = limits.texts.min(queue.len());
        loop {
            let request = next_request(&queue, jobs, limits, context);
            let mut reserved = Usage::default();
            for taken in &request {
                queue.remove(taken);
                let job = &jobs[taken.1];
                let is_for_batch = is_for_batch[taken.1];
                let mut askings = if is_for_batch {
                    Askings::once(&*handle.engine, &job.outgoing, &job.pair)
                } else {
                    Askings::of(&*handle.engine, &job.outgoing, &job.pair, together)
                };
                if !is_for_batch && job.reader.is_some() && context == ContextUse::Neighbours {
                    askings.ask_twice();
                }
                reserved += askings.reserved;
                let is_sure = is_new[taken.1] && !self.terms[engine].unsupported.contains(&job.pair);
                self.candidates[engine].push(Candidate { job: self.jobs.len() + taken.1, askings, is_sure, is_for_batch });
            }
            if request.is_empty() {
                return;
            }
            let largest = &mut self.terms[engine].largest_request;
            *largest = largest.max(reserved);
        }
    }

    /// Returns the engine of a job that has translated it, if it was one of those that would be asked.
    fn maker(&self, job: &SegmentJob) -> Option<usize> {
        let JobState::Done { by, .. } = &job.state else { return None };
        let turns = job.turns.iter().map(|turn| turn.engine);
        turns.into_iter().find(|engine| self.engines[*engine].engine.identity_of(&job.pair) == **by)
    }

    /// Returns for each engine the candidates that come to it whatever the other engines do.
    pub(super) fn certain(&self) -> Vec<Vec<bool>> {
        let mut skipped: Vec<HashSet<usize>> = vec![HashSet::new(); self.engines.len()];
        let certain_at = |engine: usize, skipped: &[HashSet<usize>]| -> Vec<bool> {
            let comes = |candidate: &Candidate| {
                let mut before = self.jobs[candidate.job].engines.iter().take_while(|other| **other != engine);
                before.all(|other| skipped[*other].contains(&candidate.job))
            };
            self.candidates[engine].iter().map(comes).collect()
        };
        // What an engine certainly does not take comes to the next one, which may then certainly not take something.
        for _ in 0..self.engines.len() {
            for engine in 0..self.engines.len() {
                let candidates = &self.candidates[engine];
                let reachable = self.terms[engine].reachable(candidates, &certain_at(engine, &skipped));
                let left = candidates.iter().zip(reachable).filter(|(_, is_reachable)| !is_reachable);
                skipped[engine] = left.map(|(candidate, _)| candidate.job).collect();
            }
        }
        (0..self.engines.len()).map(|engine| certain_at(engine, &skipped)).collect()
    }

    /// Returns for each engine the candidates that it may be sent.
    pub(super) fn reachable(&self, certain: &[Vec<bool>]) -> Vec<Vec<bool>> {
        let engines = self.terms.iter().zip(&self.candidates).zip(certain);
        engines.map(|((terms, candidates), certain)| terms.reachable(candidates, certain)).collect()
    }
}

/// Returns the owner of the first document that wants a text.
fn owner_of(job: &SegmentJob, owners: &[Owner]) -> Owner {
    job.documents.first().map_or((0, 0), |document| owners[*document])
}

fn expect(job: &SegmentJob, is_sent: bool) -> Expectation {
    match job.state {
        _ if is_sent => Expectation::Sent,
        JobState::Done { .. } => Expectation::Recalled,
        JobState::Untranslated => Expectation::Left,
        JobState::Waiting | JobState::Open => Expectation::Waiting,
    }
}
