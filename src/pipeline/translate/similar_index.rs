//! The index of similar sentences: what language models and people have translated.

use super::engine_handle::EngineHandle;
use super::segment_job::SegmentJob;
use crate::model::{Marked, PERSON, SegmentKey};
use crate::store::{SimilarityBand, Store, StoreError};
use crate::translate::{ContextUse, LanguagePair, similarity_bands};

/// The corrections that are indexed at a time.
const PAGE: i64 = 500;

/// Returns true if an engine is given similar sentences: if it reads instructions with each text.
pub(super) fn takes_similar(engine: &EngineHandle) -> bool {
    engine.engine.context_use() == ContextUse::Neighbours
}

/// Returns the rows of the index for a translation that an engine has made.
pub(super) fn index_rows(engine: &EngineHandle, job: &SegmentJob, key: SegmentKey) -> Vec<SimilarityBand> {
    if !takes_similar(engine) {
        return Vec::new();
    }
    let bands = similarity_bands(&job.source, &job.pair, &engine.engine.identity_of(&job.pair));
    bands.into_iter().map(|band| SimilarityBand { band, key }).collect()
}

/// Adds the corrections to the index that have come since the last time.
pub(super) async fn index_corrections(store: &Store) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.list_unindexed_corrections(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.serial, last.key));
        let rows = page.iter().filter_map(|correction| {
            let pair = LanguagePair { from: correction.from.clone(), to: correction.to.clone() };
            let bands = similarity_bands(&Marked::from_tagged(&correction.source)?, &pair, PERSON);
            Some(bands.into_iter().map(|band| SimilarityBand { band, key: correction.key }))
        });
        store.index_segments(&rows.flatten().collect::<Vec<_>>()).await?;
    }
    match after {
        Some((serial, _)) => store.set_corrections_indexed(serial).await,
        None => Ok(()),
    }
}
