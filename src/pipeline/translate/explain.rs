//! Explains the segments of one entry: which are in the memory, which are refused, and what the others would cost. Nothing is sent.

use std::sync::Arc;

use super::super::blocking::spawn_cpu;
use super::super::error::PipelineError;
use super::cost;
use super::document_job::DocumentJob;
use super::engine_handle::EngineHandle;
use super::scheduler::recall_known;
use super::scheduler::state::SchedulerState;
use super::segment_job::{JobState, SegmentJob};
use crate::config::Edition;
use crate::model::{EntryRow, ExplainedSegment, Lang, Original, RenditionInputs, Time};
use crate::store::Store;
use crate::translate::{Document, Glossary, Part};

/// The explainer of segments, with all that they depend on beside the entry.
pub(in crate::pipeline) struct SegmentExplainer<'a> {
    /// The engines that can be used.
    pub(in crate::pipeline) engines: &'a [EngineHandle],
    /// Terms and names.
    pub(in crate::pipeline) glossary: &'a Arc<Glossary>,
    /// The store.
    pub(in crate::pipeline) store: &'a Store,
    /// The present.
    pub(in crate::pipeline) now: Time,
}

impl SegmentExplainer<'_> {
    /// Returns the segments that an edition wants of an entry in a language, in the order of the text.
    pub(in crate::pipeline) async fn explain(
        &self,
        edition: &Edition,
        row: &EntryRow,
        original: Original,
        (from, to): (&Lang, &Lang),
    ) -> Result<Vec<ExplainedSegment>, PipelineError> {
        let place = |id: &String| self.engines.iter().position(|engine| engine.id == *id);
        let engines: Vec<usize> = edition.engines.iter().filter_map(place).collect();
        let (glossary, from, to, show) = (Arc::clone(self.glossary), from.clone(), to.clone(), edition.translated());
        let cut = move || Arc::new(Document::new(&original, show, &from, &to, &glossary));
        let document = spawn_cpu("cutting an entry into segments", cut).await?;
        let job = DocumentJob {
            id: row.id,
            revision: row.revision,
            at: row.at,
            to: document.languages().1.clone(),
            inputs: RenditionInputs { hash: RenditionInputs::UNFINISHED, show },
            engines,
            document: Arc::clone(&document),
        };
        let mut state = SchedulerState::new(self.engines, vec![job], self.now);
        recall_known(&mut state, Some(self.store)).await?;
        state.enqueue_open();
        let explained = document.segments().iter().filter_map(|segment| {
            let job = state.jobs.all.iter().find(|job| job.source == segment.source)?;
            Some(self.explain_segment(segment.part, job))
        });
        Ok(explained.collect())
    }

    fn explain_segment(&self, part: Part, job: &SegmentJob) -> ExplainedSegment {
        let (target, by) = match &job.state {
            JobState::Done { text, by, .. } => (Some(text.plain()), Some(by.to_string())),
            JobState::Open | JobState::Untranslated | JobState::Waiting => (None, None),
        };
        let engine = job.turn().or(job.turns.first().copied()).map(|turn| &self.engines[turn.engine]);
        let used = engine.map(|handle| handle.engine.price(&job.outgoing, &job.pair.from, &job.pair.to));
        let millionths = engine.zip(used).map(|(handle, used)| handle.price.cost_of(used));
        let left = match &job.state {
            JobState::Done { .. } => None,
            JobState::Open => Some("the next run sends it".to_owned()),
            JobState::Waiting if job.turns.is_empty() => Some("no engine can be used".to_owned()),
            JobState::Waiting | JobState::Untranslated => {
                let reasons: Vec<&str> = job.reasons.iter().map(|reason| reason.as_str()).collect();
                let until = job.retry_at().map(|until| format!("; asked again after {until}")).unwrap_or_default();
                Some(format!("refused: {}{until}", reasons.join(", ")))
            }
        };
        ExplainedSegment {
            part: match part {
                Part::Title => "title",
                Part::Summary => "summary",
                Part::Content => "content",
            },
            source: job.source.plain(),
            target,
            by,
            left,
            characters: used.map_or(0, |used| used.characters),
            cost: millionths.filter(|millionths| *millionths > 0).map(cost::from_millionths),
        }
    }
}
