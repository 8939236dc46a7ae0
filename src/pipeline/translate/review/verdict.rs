//! Judges if a person should look at a segment, and for which reason.

use std::collections::HashMap;

use super::super::accept::verify_translation;
use super::super::engine_states::EngineStates;
use super::super::reason::UntranslatedReason;
use super::super::scheduler::state::SchedulerState;
use super::super::segment_job::{EngineTurn, JobState, ReadingState, SegmentJob};
use crate::model::{EngineCondition, EngineState, Refusal, ReviewState, ReviewVerdict, SegmentKey};
use crate::store::{MemoryFinding, Store, StoreError};

/// The judge of segments, after the memory was recalled.
pub(in crate::pipeline::translate) struct Judge<'a> {
    state: &'a SchedulerState<'a>,
    /// The findings in the answers of engines.
    findings: HashMap<SegmentKey, MemoryFinding>,
    /// The states of engines after the last run, by their names.
    engine_states: &'a EngineStates,
}

impl<'a> Judge<'a> {
    /// Makes the judge of the segments of a scheduler that was given no time yet.
    pub(in crate::pipeline::translate) async fn new(
        state: &'a SchedulerState<'a>,
        store: &Store,
        engine_states: &'a EngineStates,
    ) -> Result<Self, StoreError> {
        let keys: Vec<SegmentKey> = state.jobs.all.iter().flat_map(|job| job.turns.iter().map(|turn| turn.key)).collect();
        let findings = store.recall_findings(&keys).await?.into_iter().map(|found| (found.key, found)).collect();
        Ok(Self { state, findings, engine_states })
    }

    /// Returns the reason to look at a segment, if there is one.
    pub(in crate::pipeline::translate) fn verdict(&self, job: &SegmentJob) -> Option<ReviewVerdict> {
        match &job.state {
            JobState::Done { text, .. } if job.is_by_person() => {
                // It is published as it is; the person may want to know.
                let rejection = verify_translation(job, text).err()?;
                let reasons = vec![rejection.kind().as_str().to_owned()];
                Some(ReviewVerdict {
                    state: ReviewState::Doubted,
                    reasons,
                    finding: Some(rejection.to_string()),
                    asked_again_after: None,
                })
            }
            JobState::Done { by, .. } => self.of_translation(job, by),
            JobState::Untranslated => Some(self.of_left(job, ReviewState::Left, None)),
            JobState::Waiting => {
                let no_engine = job.reasons.is_empty().then_some(UntranslatedReason::NoEngine);
                Some(self.of_left(job, ReviewState::Waiting, no_engine))
            }
            JobState::Open => Some(self.of_open(job)),
        }
    }

    /// Judges a translation by an engine: it may be in doubt, or come after answers that were refused.
    fn of_translation(&self, job: &SegmentJob, by: &str) -> Option<ReviewVerdict> {
        let (before, own) = job.turns_until(|engine| *self.state.engines[engine].identity_of(&job.pair) == *by);
        let mut reasons: Vec<String> = before.iter().filter_map(|turn| self.refusal(*turn)).map(|r| r.reason.clone()).collect();
        let of_own = own.and_then(|turn| self.findings.get(&turn.key));
        let doubt = of_own.and_then(|found| found.doubt.clone());
        let in_doubt = [UntranslatedReason::OtherTerm, UntranslatedReason::UnknownWord].map(UntranslatedReason::as_str);
        let is_doubted = doubt.as_deref().is_some_and(|doubt| in_doubt.contains(&doubt));
        let finding = before.iter().find_map(|turn| self.finding(*turn)).or_else(|| of_own?.finding.clone());
        reasons.extend(doubt.filter(|doubt| !reasons.contains(doubt)));
        let unread = match job.reading {
            ReadingState::Queued | ReadingState::Unread(_) => Some(UntranslatedReason::Unread),
            ReadingState::Unclear => Some(UntranslatedReason::NoVerdict),
            ReadingState::None | ReadingState::Fine => None,
        };
        let state = match unread {
            _ if is_doubted => ReviewState::Doubted,
            Some(_) if reasons.is_empty() => ReviewState::Unread,
            _ => ReviewState::AskedAgain,
        };
        reasons.extend(unread.map(|reason| reason.as_str().to_owned()));
        (!reasons.is_empty()).then_some(ReviewVerdict { state, reasons, finding, asked_again_after: None })
    }

    /// Judges a text that the next run sends.
    fn of_open(&self, job: &SegmentJob) -> ReviewVerdict {
        let turn = job.turn();
        if let Some(refusal) = turn.and_then(|turn| self.refusal(turn)) {
            let mut left = self.of_left(job, ReviewState::Left, None);
            left.reasons.push(refusal.reason.clone());
            left.asked_again_after = Some(refusal.until);
            return left;
        }
        let trouble = turn.and_then(|turn| self.trouble(job, turn));
        self.of_left(job, ReviewState::Waiting, Some(trouble.unwrap_or(UntranslatedReason::NotSent)))
    }

    fn of_left(&self, job: &SegmentJob, state: ReviewState, more: Option<UntranslatedReason>) -> ReviewVerdict {
        let mut reasons: Vec<String> = Vec::new();
        for reason in job.reasons.iter().chain(&more).map(|reason| reason.as_str().to_owned()) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let of_engine = job.turn().and_then(|turn| self.engine_state(turn)).and_then(|state| state.message.clone());
        let finding = job.turns.iter().find_map(|turn| self.finding(*turn)).or(of_engine);
        ReviewVerdict { state, reasons, finding, asked_again_after: job.retry_at() }
    }

    fn finding(&self, turn: EngineTurn) -> Option<String> {
        self.findings.get(&turn.key).and_then(|found| found.finding.clone())
    }

    fn refusal(&self, turn: EngineTurn) -> Option<&Refusal> {
        self.state.refused.get(&turn.key)
    }

    fn engine_state(&self, turn: EngineTurn) -> Option<&EngineState> {
        let id = &self.state.engines.get(turn.engine)?.handle.id;
        self.engine_states.get(id).filter(|state| !matches!(state.condition, EngineCondition::Good | EngineCondition::New))
    }

    /// Returns the reason for which an engine did not translate in the last run.
    fn trouble(&self, job: &SegmentJob, turn: EngineTurn) -> Option<UntranslatedReason> {
        let state = self.engine_state(turn)?;
        let lacks_pair = state.unsupported.iter().any(|(from, to)| (from, to) == (&job.pair.from, &job.pair.to));
        match state.condition {
            _ if lacks_pair => Some(UntranslatedReason::UnsupportedPair),
            EngineCondition::OutOfBudget => Some(UntranslatedReason::Budget),
            EngineCondition::UnsupportedPair => None,
            _ => Some(UntranslatedReason::EngineUnavailable),
        }
    }
}
