//! Recalls translations before any engine is asked: texts of nothing but terms, work of people, earlier work of engines.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::accept::verify_translation;
use super::super::segment_job::{GLOSSARY, JobState, SegmentJob};
use super::state::{EngineQueue, SchedulerState};
use crate::model::{Marked, MemoryResult, SegmentKey};
use crate::store::{Store, StoreError};
use crate::translate::{IMPORTED, put_marks_right, restore};

/// Recalls what is known of the open jobs. Returns the keys that were found in the memory.
pub(in super::super) async fn recall_known(
    state: &mut SchedulerState<'_>,
    store: Option<&Store>,
) -> Result<Vec<SegmentKey>, StoreError> {
    restore_only_terms(state);
    let Some(store) = store else { return Ok(Vec::new()) };
    let keys: Vec<SegmentKey> =
        state.jobs.all.iter().filter(|job| job.state != JobState::Untranslated).flat_map(keys_of).collect();
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
    Ok(in_use)
}

fn restore_only_terms(state: &mut SchedulerState<'_>) {
    for job in state.jobs.all.iter_mut().filter(|job| job.is_only_terms) {
        if let Ok(text) = restore(&job.outgoing.text, &job.outgoing.terms, &job.pair.to) {
            job.state = JobState::Done { text, by: Arc::from(GLOSSARY), is_recalled: true };
        }
    }
}

fn keys_of(job: &SegmentJob) -> impl Iterator<Item = SegmentKey> {
    std::iter::once(job.imported).chain(job.turns.iter().map(|turn| turn.key))
}

/// Finds a translation in the memory, and the identity of its maker: people come first, then the engines in their order.
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
    // Imported translations were never verified here.
    if let Some(text) = translation(&job.imported).filter(|text| verify_translation(job, text).is_ok()) {
        return Some((text, Arc::from(IMPORTED)));
    }
    job.turns.iter().find_map(|turn| Some((translation(&turn.key)?, Arc::clone(&engines[turn.engine].identity))))
}
