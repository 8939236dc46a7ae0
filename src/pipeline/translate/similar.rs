//! Earlier translations of similar sentences, as context for language models: those by people first. None is published by itself.

use std::collections::HashMap;
use std::sync::Arc;

use super::scheduler::state::SchedulerState;
use super::segment_job::{JobState, SegmentJob};
use super::similar_index::takes_similar;
use crate::model::{Marked, PERSON};
use crate::store::{SimilarSegment, Store, StoreError};
use crate::translate::{SimilarText, likeness, similarity_bands};

/// The jobs whose sentences are looked up together.
const TOGETHER: usize = 80;

/// Gives the open jobs of language models the most similar sentence that was translated before, with its translation.
pub(super) async fn add_similar(state: &mut SchedulerState<'_>, store: &Store) -> Result<(), StoreError> {
    let bands: Vec<(usize, Vec<i64>)> =
        (0..state.jobs.all.len()).map(|place| (place, bands_of(state, place))).filter(|(_, bands)| !bands.is_empty()).collect();
    for jobs in bands.chunks(TOGETHER) {
        let all: Vec<i64> = jobs.iter().flat_map(|(_, bands)| bands.iter().copied()).collect();
        let mut by_band: HashMap<i64, Vec<SimilarSegment>> = HashMap::new();
        for segment in store.find_similar(&all).await? {
            by_band.entry(segment.band).or_default().push(segment);
        }
        for (place, bands) in jobs {
            let job = &mut state.jobs.all[*place];
            let candidates = bands.iter().filter_map(|band| by_band.get(band)).flatten();
            job.outgoing.context.similar = most_similar(job, candidates);
        }
    }
    Ok(())
}

/// Returns the bands in which a job looks for similar sentences: those of people, and those of the language models that may be asked.
fn bands_of(state: &SchedulerState<'_>, place: usize) -> Vec<i64> {
    let job = &state.jobs.all[place];
    let models = job.turns.iter().map(|turn| &state.engines[turn.engine]).filter(|engine| takes_similar(engine.handle));
    let mut makers: Vec<&str> = models.map(|engine| &*engine.identity).collect();
    if makers.is_empty() || job.state != JobState::Open {
        return Vec::new();
    }
    makers.push(PERSON);
    makers.into_iter().flat_map(|maker| similarity_bands(&job.source, &job.pair, maker)).collect()
}

/// Chooses the most similar sentence, of a person if there is one.
fn most_similar<'s>(job: &SegmentJob, candidates: impl Iterator<Item = &'s SimilarSegment>) -> Option<Arc<SimilarText>> {
    let source = job.source.plain();
    let plain = |tagged: &str| Marked::from_tagged(tagged).map(|text| text.plain());
    let alike = candidates.filter_map(|candidate| {
        let own = plain(&candidate.source)?;
        Some((candidate.is_correction, likeness(&source, &own, &job.pair.from)?, own, &candidate.target))
    });
    let best = alike.max_by(|a, b| (a.0, a.1, &a.2).partial_cmp(&(b.0, b.1, &b.2)).unwrap_or(std::cmp::Ordering::Equal));
    best.and_then(|(_, _, source, target)| Some(Arc::new(SimilarText { source, translation: plain(target)? })))
}
