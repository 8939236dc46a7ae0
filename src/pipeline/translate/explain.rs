//! Explains the segments of one entry: which are in the memory, which are refused, and what the others would cost. Nothing is sent.

use std::sync::Arc;

use super::super::blocking::spawn_cpu;
use super::super::error::PipelineError;
use super::document_job::DocumentJob;
use super::engine_handle::EngineHandle;
use super::plan::second_reader;
use super::reason::UntranslatedReason;
use super::review::verdict::Judge;
use super::scheduler::recall_known;
use super::scheduler::state::SchedulerState;
use super::segment_job::{JobState, SegmentJob};
use super::{cost, part_name};
use crate::config::Edition;
use crate::model::{EntryRow, ExplainedSegment, Lang, Original, RenditionInputs, ReviewState, ReviewVerdict, Time};
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
            former_engines: Vec::new(),
            reader: second_reader(edition, self.engines),
            // What is out in a batch is shown as such, however long it is held back.
            held_until: Some(Time::from_millis(i64::MAX)),
            document: Arc::clone(&document),
        };
        let mut state = SchedulerState::new(self.engines, vec![job], self.now);
        recall_known(&mut state, Some(self.store)).await?;
        state.enqueue_open();
        let engine_states = self.store.load_engine_states().await?.into_iter().collect();
        let judge = Judge::new(&state, self.store, &engine_states).await?;
        let explained = document.segments().iter().filter_map(|segment| {
            let job = state.jobs.all.iter().find(|job| job.source == segment.source)?;
            Some(self.explain_segment(segment.part, job, judge.verdict(job)))
        });
        Ok(explained.collect())
    }

    fn explain_segment(&self, part: Part, job: &SegmentJob, verdict: Option<ReviewVerdict>) -> ExplainedSegment {
        let (target, by) = match &job.state {
            JobState::Done { text, by, .. } => (Some(text.plain()), Some(by.to_string())),
            JobState::Open | JobState::Untranslated | JobState::Waiting => (None, None),
        };
        let is_done = target.is_some();
        let engine = job.turn().or(job.turns.first().copied()).map(|turn| &self.engines[turn.engine]);
        let used = engine.map(|handle| handle.engine.price(&job.outgoing, &job.pair.from, &job.pair.to));
        let millionths = engine.zip(used).map(|(handle, used)| handle.price.cost_of(used));
        let left = verdict.as_ref().filter(|_| target.is_none()).map(left_sentence);
        ExplainedSegment {
            part: part_name(part),
            source: job.source.plain(),
            target,
            by,
            left,
            doubt: verdict.as_ref().filter(|_| is_done).map(doubt_sentence),
            reasons: verdict.map(|verdict| verdict.reasons).unwrap_or_default(),
            characters: used.map_or(0, |used| used.characters),
            cost: millionths.filter(|millionths| *millionths > 0).map(cost::from_millionths),
        }
    }
}

/// Says why a text stays in its language, and for how long.
fn left_sentence(verdict: &ReviewVerdict) -> String {
    let ReviewVerdict { state, reasons, finding, asked_again_after } = verdict;
    let (reasons, finding) = (reasons.join(", "), finding.as_ref().map(|finding| format!(" ({finding})")).unwrap_or_default());
    match (state, asked_again_after) {
        (ReviewState::Waiting, _) if reasons == UntranslatedReason::NotSent.as_str() => "the next run sends it".to_owned(),
        (ReviewState::Waiting, _) if reasons == UntranslatedReason::InBatch.as_str() => {
            "the vendor works on it, in a batch".to_owned()
        }
        (ReviewState::Waiting, _) if reasons == UntranslatedReason::NoEngine.as_str() => "no engine can be used".to_owned(),
        (ReviewState::Waiting, _) => format!("the next run sends it; until now {reasons}{finding}"),
        (_, Some(after)) => format!("refused: {reasons}{finding}; asked again after {after}"),
        (_, None) => format!("refused: {reasons}{finding}"),
    }
}

/// Says why a translation is in doubt, or was asked for again.
fn doubt_sentence(verdict: &ReviewVerdict) -> String {
    let finding = verdict.finding.as_ref().map(|finding| format!(" ({finding})")).unwrap_or_default();
    let what = match verdict.state {
        ReviewState::Doubted => "in doubt",
        ReviewState::Unread => "not read by the second reader",
        _ => "asked again",
    };
    format!("{what}: {}{finding}", verdict.reasons.join(", "))
}
