//! The translations that second readers may be sent in a run, from the least to the most.

use super::super::engine_handle::EngineHandle;
use super::super::scheduler::is_worth_reading;
use super::super::scheduler::state::SchedulerState;
use super::super::segment_job::{JobState, ReadingState, SecondReader, SegmentJob};
use crate::model::{Marked, SegmentKind, Usage};
use crate::translate::{ContextUse, ReadingText};

/// A translation has at most so many times the bytes of its source, and so many letters more: longer ones are refused.
const GROWTH: usize = 4;
const SLACK: usize = 40;

/// The readings of one text.
pub(super) struct ReadingCandidate {
    /// The place of the text in the list of all.
    pub(super) job: usize,
    /// The reader.
    pub(super) engine: usize,
    /// The least, once there is a translation; nothing if it may not be read.
    pub(super) least: Option<Usage>,
    /// True if there is a translation already.
    pub(super) has_translation: bool,
    /// The most, if each engine is asked and the reader doubts each answer.
    pub(super) most: Usage,
    pub(super) most_texts: u64,
}

/// Returns true if the memory has a translation of a job that its second reader has not read.
pub(super) fn is_unread(state: &SchedulerState<'_>, job: &SegmentJob) -> bool {
    job.reading == ReadingState::None && matches!(state.reader_of(job), Some(SecondReader::Engine(_)))
}

/// Returns the readings of a job at a place. `engines` are those that may be asked for it.
pub(super) fn candidate(
    state: &SchedulerState<'_>,
    job: &SegmentJob,
    place: usize,
    engines: &[usize],
) -> Option<ReadingCandidate> {
    let Some(SecondReader::Engine(engine)) = job.reader else { return None };
    let has_translation = is_unread(state, job);
    if !has_translation && job.state != JobState::Open {
        return None;
    }
    let handles = || engines.iter().map(|engine| state.engines[*engine].handle);
    let reader = state.engines[engine].handle;
    let is_own = |handle: &EngineHandle| handle.engine.identity() == reader.engine.identity();
    // A language model is asked once more for what is doubted.
    let answers = |handle: &EngineHandle| if handle.engine.context_use() == ContextUse::Neighbours { 2 } else { 1 };
    let most_texts = u64::from(has_translation) + handles().filter(|handle| !is_own(handle)).map(answers).sum::<u64>();
    if most_texts == 0 {
        return None;
    }
    let source = job.source.plain();
    let longest = "é".repeat(source.len() * GROWTH / 2 + SLACK);
    let text = |result: String| ReadingText { source: source.clone(), result, kind: SegmentKind::Title };
    let read = |text: &ReadingText| reader.most_reading_usage(&[text], &job.pair);
    let least = |text: &ReadingText| reader.engine.reader().map(|reader| reader.least_reading_price(text));
    let is_sure = has_translation || (is_worth_reading(job) && !handles().any(is_own));
    let shortest = text(job.translation().map(Marked::plain).unwrap_or_default());
    Some(ReadingCandidate {
        job: place,
        engine,
        least: least(&shortest).filter(|_| is_sure),
        has_translation,
        most: read(&text(longest)).times(most_texts),
        most_texts,
    })
}
