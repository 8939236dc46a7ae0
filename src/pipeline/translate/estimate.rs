//! Estimates the texts that a run would send, and their cost. Nothing is written, and no engine is asked.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::blocking::spawn_cpu;
use super::super::error::PipelineError;
use super::super::originals::make_original;
use super::cost;
use super::document_job::DocumentJob;
use super::engine_handle::EngineHandle;
use super::plan::{RenditionRequests, is_translated, lay_out, newest_entries};
use super::scheduler::queue_unknown;
use super::segment_job::SegmentJob;
use crate::config::Edition;
use crate::model::{Change, EntryId, Original, Time, TranslationCounts, Usage};
use crate::store::{Store, StoreError};
use crate::translate::Glossary;

/// Estimates a run at `now` that would first save `changes` and then translate.
pub(in crate::pipeline) async fn estimate(
    (engines, glossary): (&[EngineHandle], &Arc<Glossary>),
    store: Option<&Store>,
    editions: impl Iterator<Item = &Edition>,
    changes: Vec<Change>,
    now: Time,
) -> Result<TranslationCounts, PipelineError> {
    let changes: HashMap<EntryId, Change> = changes.into_iter().map(|change| (change.entry.key.id(), change)).collect();
    let mut requests = RenditionRequests::new(engines, glossary);
    for edition in editions.filter(|edition| is_translated(edition)) {
        let newest = newest_entries(store, edition, &changes).await?;
        requests.add_edition(edition, &newest, &HashMap::new());
    }
    let requests = requests.find_missing(store, now).await?;
    let stored: Vec<EntryId> = requests.iter().map(|request| request.known.id).filter(|id| !changes.contains_key(id)).collect();
    let mut entries: Vec<_> = match store {
        Some(store) => store.load_entries(&stored).await?.into_iter().map(|(id, _, entry)| (id, entry)).collect(),
        None => Vec::new(),
    };
    entries.extend(changes.into_iter().map(|(id, change)| (id, change.entry)));
    let glossary = Arc::clone(glossary);
    let jobs = spawn_cpu("cutting entries into segments", move || {
        let wanted: HashSet<EntryId> = requests.iter().map(|request| request.known.id).collect();
        let originals: HashMap<EntryId, Original> =
            entries.into_iter().filter(|(id, _)| wanted.contains(id)).map(|(id, entry)| (id, make_original(entry))).collect();
        lay_out(&requests, originals, &glossary)
    })
    .await?;
    Ok(estimate_jobs(engines, store, jobs, now).await?)
}

/// Estimates the translation of documents, if every engine were available: each text goes to the first of its engines that has
/// not refused it.
async fn estimate_jobs(
    engines: &[EngineHandle],
    store: Option<&Store>,
    jobs: Vec<DocumentJob>,
    now: Time,
) -> Result<TranslationCounts, StoreError> {
    let state = queue_unknown(engines, store, jobs, now).await?;
    let (mut counts, mut cost) = (state.counts, 0);
    for engine in &state.engines {
        let jobs = engine.queue.iter().map(|(_, job)| &state.jobs.all[*job]);
        let price = |job: &SegmentJob| engine.handle.engine.price(&job.outgoing, &job.pair.from, &job.pair.to);
        let used = jobs.map(price).fold(Usage::default(), |sum, used| sum + used);
        counts.sent += engine.queue.len() as u64;
        counts.characters_sent += used.characters;
        cost += engine.handle.price.cost_of(used);
    }
    counts.cost = cost::from_millionths(cost);
    Ok(counts)
}
