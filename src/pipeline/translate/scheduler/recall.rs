//! Recalls translations before any engine is asked: work of people, texts of nothing but terms, earlier work of engines.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::reason::UntranslatedReason;
use super::super::segment_job::{EngineTurn, GLOSSARY, JobState, ReadingState, SegmentJob};
use super::super::similar::add_similar;
use super::state::{EngineQueue, SchedulerState};
use crate::model::{Marked, MemoryResult, PERSON, SegmentKey};
use crate::store::{Store, StoreError, Verdict};
use crate::translate::{fit_marks, put_marks_right, restore};

/// The rows that a run makes use of.
#[derive(Default)]
pub(in super::super) struct RowsInUse {
    /// Of the memory.
    pub(super) memory: Vec<SegmentKey>,
    /// Of what second readers have said.
    pub(super) readings: Vec<SegmentKey>,
    /// Texts of batches whose answers are not waited for any more.
    pub(super) overtaken: Vec<SegmentKey>,
}

/// Recalls what is known of the open jobs. Returns the rows that were found.
pub(in super::super) async fn recall_known(
    state: &mut SchedulerState<'_>,
    store: Option<&Store>,
) -> Result<RowsInUse, StoreError> {
    if let Some(store) = store {
        recall_corrections(state, store).await?;
    }
    restore_only_terms(state);
    let Some(store) = store else { return Ok(RowsInUse::default()) };
    let open = state.jobs.all.iter().filter(|job| matches!(job.state, JobState::Open | JobState::Waiting));
    let keys: Vec<SegmentKey> = open.flat_map(keys_of).collect();
    let known: HashMap<SegmentKey, MemoryResult> = store.recall_segments(&keys).await?.into_iter().collect();
    for job in state.jobs.all.iter_mut().filter(|job| !matches!(job.state, JobState::Done { .. })) {
        if let Some((text, by)) = find_translation(job, &known, &state.engines) {
            job.state = JobState::Done { text, by, is_recalled: true };
            state.counts.recalled += 1;
        }
    }
    let in_use: Vec<SegmentKey> = known.keys().copied().collect();
    state.refused = known
        .into_iter()
        .filter_map(|(key, remembered)| match remembered {
            MemoryResult::Refused(refusal) => Some((key, refusal)),
            MemoryResult::Translation(_) => None,
        })
        .collect();
    tracing::debug!(
        segments = state.jobs.all.len(),
        recalled = state.counts.recalled,
        refused_before = state.refused.len(),
        "segments recalled from the memory"
    );
    let overtaken = recall_batched(state, store).await?;
    recall_findings(state, store).await?;
    let readings = recall_readings(state, store).await?;
    add_similar(state, store).await?;
    Ok(RowsInUse { memory: in_use, readings, overtaken })
}

/// Recalls which texts were submitted in batches. Returns those that are not waited for any more.
async fn recall_batched(state: &mut SchedulerState<'_>, store: &Store) -> Result<Vec<SegmentKey>, StoreError> {
    let has_batches = |turn: &&EngineTurn| state.engines[turn.engine].handle.engine.batches().is_some();
    let open = state.jobs.all.iter().filter(|job| job.state == JobState::Open);
    let keys: Vec<SegmentKey> = open.flat_map(|job| job.turns.iter().filter(has_batches)).map(|turn| turn.key).collect();
    let known = store.recall_batched_texts(&keys).await?;
    Ok(state.note_batched(known))
}

/// Recalls what was found in the answers that were accepted.
async fn recall_findings(state: &mut SchedulerState<'_>, store: &Store) -> Result<(), StoreError> {
    let is_done = |job: &&SegmentJob| matches!(job.state, JobState::Done { .. }) && !job.is_by_person();
    let keys: Vec<SegmentKey> = state.jobs.all.iter().filter(is_done).flat_map(keys_of).collect();
    let found = store.recall_findings(&keys).await?.into_iter().filter_map(|found| Some((found.key, found.doubt?)));
    let found: HashMap<SegmentKey, String> = found.collect();
    for job in state.jobs.all.iter_mut().filter(|_| !found.is_empty()) {
        let JobState::Done { by, .. } = &job.state else { continue };
        let of_turns = job.turns.iter().map(|turn| (turn.key, state.engines[turn.engine].identity_of(&job.pair)));
        let mut keys = of_turns.chain(job.former.iter().map(|(key, identity)| (*key, Arc::clone(identity))));
        let Some(doubt) = keys.find(|(_, identity)| identity == by).and_then(|(key, _)| found.get(&key)) else { continue };
        let found = UntranslatedReason::from_name(doubt);
        (job.found, job.has_unknown_words) = (Some(found), found == UntranslatedReason::UnknownWord);
    }
    Ok(())
}

/// Recalls what second readers have said of the translations that are to be read. A doubt is left to the reader's turn, which remembers
/// it as a refusal. Returns the keys of the readings.
async fn recall_readings(state: &mut SchedulerState<'_>, store: &Store) -> Result<Vec<SegmentKey>, StoreError> {
    let key = |job: &SegmentJob| {
        let text = job.translation().filter(|_| state.reader_of(job).is_some())?;
        Some(SegmentKey::of_reading(&job.source, text, &job.pair.from, &job.pair.to))
    };
    let keys: Vec<Option<SegmentKey>> = state.jobs.all.iter().map(key).collect();
    let asked: Vec<SegmentKey> = keys.iter().flatten().copied().collect();
    let known = store.recall_readings(&asked).await?.into_iter().map(|reading| (reading.key, reading.verdict));
    let known: HashMap<SegmentKey, Verdict> = known.collect();
    for (job, key) in state.jobs.all.iter_mut().zip(keys) {
        job.reading = match key.and_then(|key| known.get(&key)) {
            Some(Verdict::Fine) => ReadingState::Fine,
            Some(Verdict::Unclear) => ReadingState::Unclear,
            Some(Verdict::Wrong) | None => continue,
        };
    }
    Ok(known.into_keys().collect())
}

/// Recalls what people translated. No check overrules them, nothing of the glossary is put into their words, and marks stand as they
/// were set; only what cannot be put into the document at all is passed over.
async fn recall_corrections(state: &mut SchedulerState<'_>, store: &Store) -> Result<(), StoreError> {
    let keys: Vec<SegmentKey> = state.jobs.all.iter().flat_map(|job| job.by_person).collect();
    let known: HashMap<SegmentKey, String> = store.recall_corrections(&keys).await?.into_iter().collect();
    for job in state.jobs.all.iter_mut().filter(|_| !known.is_empty()) {
        let written = job.by_person.iter().find_map(|key| Marked::from_tagged(known.get(key)?));
        let Some(text) = written.map(|text| fit_marks(&job.source, &text).text) else { continue };
        job.state = JobState::Done { text, by: Arc::from(PERSON), is_recalled: true };
        state.counts.recalled += 1;
    }
    Ok(())
}

fn restore_only_terms(state: &mut SchedulerState<'_>) {
    for job in state.jobs.all.iter_mut().filter(|job| job.is_only_terms && !job.is_by_person()) {
        if let Ok(text) = restore(&job.outgoing.text, &job.outgoing.terms, &job.pair.to) {
            job.state = JobState::Done { text, by: Arc::from(GLOSSARY), is_recalled: true };
        }
    }
}

fn keys_of(job: &SegmentJob) -> impl Iterator<Item = SegmentKey> {
    job.turns.iter().map(|turn| turn.key).chain(job.former.iter().map(|(key, _)| *key))
}

/// Finds a translation in the memory, and the identity of the engine that made it; the engines come in their order.
fn find_translation(
    job: &SegmentJob,
    known: &HashMap<SegmentKey, MemoryResult>,
    engines: &[EngineQueue<'_>],
) -> Option<(Marked, Arc<str>)> {
    let translation = |key: &SegmentKey| match known.get(key) {
        Some(MemoryResult::Translation(text)) => {
            let text = Marked::from_tagged(text).filter(|text| text.marks() == job.source.marks() && text.is_well_nested())?;
            put_marks_right(&job.source, &text, &job.pair.to)
        }
        _ => None,
    };
    let of_turn = |turn: &EngineTurn| Some((translation(&turn.key)?, engines[turn.engine].identity_of(&job.pair)));
    let of_former = |(key, identity): &(SegmentKey, Arc<str>)| Some((translation(key)?, Arc::clone(identity)));
    job.turns.iter().find_map(of_turn).or_else(|| job.former.iter().find_map(of_former))
}
