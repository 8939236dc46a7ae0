//! Finds the renditions that new corrections concern: only these are made again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::document_job::DocumentJob;
use super::plan::{RenditionRequest, lay_out, newest_first};
use super::segment_job::person_keys;
use super::{CHUNK, Translate};
use crate::model::{EntryId, EntryRow, Lang, SegmentKey, is_person};
use crate::pipeline::blocking::spawn_cpu;
use crate::pipeline::error::PipelineError;
use crate::pipeline::originals::load_or_make_originals;
use crate::store::StoreError;
use crate::translate::LanguagePair;

impl Translate<'_> {
    /// Leaves out the renditions with which nothing is wrong and that no change of corrections concerns. That is recorded, so that the
    /// next pass need not look at their texts.
    pub(super) async fn without_unconcerned(
        &self,
        requests: Vec<RenditionRequest>,
    ) -> Result<Vec<RenditionRequest>, PipelineError> {
        let (suspects, mut wanted): (Vec<_>, Vec<_>) =
            requests.into_iter().partition(|request| request.corrected_until.is_some());
        if suspects.is_empty() {
            return Ok(wanted);
        }
        let serial = self.store.last_correction_serial().await?;
        for suspects in suspects.chunks(CHUNK) {
            let concerned = self.find_concerned(suspects).await?;
            let (corrected, others): (Vec<&RenditionRequest>, Vec<_>) =
                suspects.iter().partition(|request| concerned.contains(&(request.known.id, request.to.clone())));
            tracing::debug!(corrected = corrected.len(), of = suspects.len(), "renditions that new corrections concern");
            wanted.extend(self.with_former_engines(corrected).await?);
            self.note_unconcerned(&others, serial).await?;
        }
        Ok(wanted)
    }

    /// Has requests for which no engine can be used keep what the engines of the stored renditions made.
    pub(super) async fn with_former_work(&self, requests: Vec<RenditionRequest>) -> Result<Vec<RenditionRequest>, StoreError> {
        let (mut stranded, mut others): (Vec<_>, Vec<_>) =
            requests.into_iter().partition(|request| request.engines.is_empty() && request.former_engines.is_empty());
        if !stranded.is_empty() {
            stranded = self.with_former_engines(stranded.iter().collect()).await?;
        }
        others.extend(stranded);
        Ok(newest_first(others))
    }

    /// Returns the renditions that hold a segment whose correction was changed since they were made.
    async fn find_concerned(&self, suspects: &[RenditionRequest]) -> Result<HashSet<(EntryId, Lang)>, PipelineError> {
        let rows: Vec<EntryRow> = suspects.iter().map(|request| request.known.clone()).collect();
        let originals = load_or_make_originals(self.store, &rows, self.paged).await?;
        let (requests, glossary) = (suspects.to_vec(), Arc::clone(self.glossary));
        let jobs = spawn_cpu("cutting entries into segments", move || lay_out(&requests, originals, &glossary)).await?;
        let keys: Vec<Vec<SegmentKey>> = jobs.iter().map(keys_of).collect();
        let oldest = suspects.iter().filter_map(|request| request.corrected_until).min().unwrap_or_default();
        let changed: HashSet<SegmentKey> =
            self.store.find_changed_corrections(&keys.concat(), oldest).await?.into_iter().collect();
        let concerned = jobs.iter().zip(&keys).filter(|(_, keys)| keys.iter().any(|key| changed.contains(key)));
        Ok(concerned.map(|(job, _)| (job.id, job.to.clone())).collect())
    }

    /// Returns the requests with the engines that made the stored renditions.
    async fn with_former_engines(&self, requests: Vec<&RenditionRequest>) -> Result<Vec<RenditionRequest>, StoreError> {
        let mut by_lang: HashMap<&Lang, Vec<EntryId>> = HashMap::new();
        for request in &requests {
            by_lang.entry(&request.to).or_default().push(request.known.id);
        }
        let mut engines: HashMap<(EntryId, &Lang), Vec<String>> = HashMap::new();
        for (lang, entries) in by_lang {
            let made = self.store.load_translations(&entries, lang).await?;
            engines.extend(made.into_iter().map(|(id, rendition)| ((id, lang), rendition.provenance.engines)));
        }
        let with_engines = |request: &RenditionRequest| {
            let former = engines.get(&(request.known.id, &request.to)).into_iter().flatten();
            let former_engines = former.filter(|identity| !is_person(identity)).cloned().collect();
            RenditionRequest { former_engines, ..request.clone() }
        };
        Ok(requests.into_iter().map(with_engines).collect())
    }

    async fn note_unconcerned(&self, requests: &[&RenditionRequest], serial: i64) -> Result<(), StoreError> {
        let mut by_lang: HashMap<&Lang, Vec<EntryId>> = HashMap::new();
        for request in requests {
            by_lang.entry(&request.to).or_default().push(request.known.id);
        }
        for (lang, entries) in by_lang {
            self.store.note_corrections(&entries, lang, serial).await?;
        }
        Ok(())
    }
}

fn keys_of(job: &DocumentJob) -> Vec<SegmentKey> {
    let (from, to) = job.document.languages();
    let pair = LanguagePair { from: from.clone(), to: to.clone() };
    job.document.segments().iter().flat_map(|segment| person_keys(segment, &pair)).collect()
}
