//! One batch of segments through one engine.
//!
//! Segments that another worker has claimed are left to it. A translation that is refused, or that may belong to another text,
//! gets two more attempts: alone, with altered names protected; then without its inline markup. For an engine that reads whole entries
//! it first goes back into the queue, to be sent again with others. One that says a term in other
//! words than the glossary gets one more, and is good enough without. The results are remembered before anything else happens.

pub(super) mod second;
mod without_markup;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::accept::{Altered, RejectedAnswer, accept};
use super::engine_handle::{EngineHandle, TextResult};
use super::reason::UntranslatedReason;
use super::request_context::RequestContext;
use super::second_asking::{AcceptedAnswer, SecondAsking};
use super::segment_job::SegmentJob;
use super::similar_index::index_rows;
use crate::model::{Marked, MemoryResult, SegmentKey, Time};
use crate::policy::engine_health::{AnswerCounts, judge_batch};
use crate::policy::refusal::next_refusal;
use crate::store::{MemoryEntry, MemoryFinding, StoreError};
use crate::translate::{LanguagePair, Outgoing, RejectionKind, find_repeated, find_swapped, take_unknown_words};

/// The time for which other workers leave a claimed segment alone.
pub(super) const CLAIM: Duration = Duration::from_secs(15 * 60);

/// The result of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SegmentOutcome {
    /// Translated.
    Translated(Marked),
    /// Another worker has translated it meanwhile.
    Recalled(Marked),
    /// The engine gave no acceptable translation, and will not be asked again.
    Rejected(UntranslatedReason),
    /// The engine was not available.
    Unavailable(UntranslatedReason),
    /// The answer was refused, or may become better, and the text is to be sent again with others.
    AskAgain,
    /// Another worker has claimed it.
    ClaimedElsewhere,
    /// It was submitted in a batch.
    InBatch,
    /// It cannot be submitted in a batch, and is to be sent in the ordinary way.
    SendSingly,
    /// A later run submits it.
    Left(UntranslatedReason),
}

/// One segment of a batch.
pub(super) struct BatchSegment {
    /// The place of the job in the list of the scheduler.
    pub(super) place: usize,
    pub(super) job: SegmentJob,
    /// The key under which the work of this engine is remembered.
    pub(super) key: SegmentKey,
    pub(super) outcome: SegmentOutcome,
    /// The alteration in the last answer.
    altered: Option<Altered>,
    /// The marks of the terms that the accepted answer says in other words.
    in_other_words: Vec<u16>,
    /// The reason for which the first answer was refused.
    first_refusal: Option<UntranslatedReason>,
    /// The finding of a check in the first answer.
    finding: Option<String>,
    /// The last answer, as the engine gave it.
    answer: Option<Marked>,
    /// The number of earlier refusals of the segment in a row.
    refusals: u32,
    /// The time until which the engine refuses the segment.
    pub(super) refused_until: Option<Time>,
    /// True if the text was sent alone in vain: there is no second attempt.
    was_isolated: bool,
    /// The texts for a second asking.
    pub(super) again: Option<SecondAsking>,
    /// The text as it was last sent, with names held back.
    last_sent: Option<Outgoing>,
    /// True if the first answer was taken and is in the memory.
    is_remembered: bool,
    /// The answer that came in a batch: it is judged instead of sending the text.
    pub(super) collected: Option<Marked>,
}

impl BatchSegment {
    pub(super) fn new(place: usize, job: SegmentJob, key: SegmentKey, refusals: u32) -> Self {
        let is_remembered = job.again.as_ref().is_some_and(|again| again.accepted.is_some());
        // What the second reader has doubted is asked again: that is the first refusal.
        let finding = job.doubt.clone();
        Self {
            place,
            job,
            key,
            outcome: SegmentOutcome::ClaimedElsewhere,
            altered: None,
            in_other_words: Vec::new(),
            first_refusal: finding.is_some().then_some(UntranslatedReason::SecondReader),
            finding,
            answer: None,
            refusals,
            refused_until: None,
            was_isolated: false,
            again: None,
            last_sent: None,
            is_remembered,
            collected: None,
        }
    }

    fn reject(&mut self, answer: RejectedAnswer) {
        if self.first_refusal.is_none() {
            (self.first_refusal, self.finding) = (Some(answer.reason), answer.finding);
        }
        self.outcome = SegmentOutcome::Rejected(answer.reason);
        self.altered = answer.altered;
    }

    /// Records an answer to `sent`, accepted or refused.
    fn record(&mut self, sent: &Outgoing, answer: &Marked) {
        match accept(&self.job, sent, answer.clone()) {
            Ok(AcceptedAnswer { text, altered_terms, has_unknown_words }) => {
                self.outcome = SegmentOutcome::Translated(text);
                self.job.has_unknown_words = has_unknown_words;
                self.in_other_words = altered_terms;
            }
            Err(answer) => self.reject(answer),
        }
        self.answer = Some(take_unknown_words(answer).0);
    }

    /// Takes an answer of an earlier request.
    fn keep(&mut self, first: AcceptedAnswer) {
        self.outcome = SegmentOutcome::Translated(first.text);
        self.in_other_words = first.altered_terms;
        self.job.has_unknown_words = first.has_unknown_words;
    }

    /// Takes another answer if it says more terms as the glossary does.
    fn improve(&mut self, answer: Option<AcceptedAnswer>) {
        if let Some(answer) = answer.filter(|answer| answer.altered_terms.len() < self.in_other_words.len()) {
            self.outcome = SegmentOutcome::Translated(answer.text);
            self.in_other_words = answer.altered_terms;
        }
    }

    /// Returns the reason for which a translation is in doubt, or was asked for again.
    pub(super) fn doubt(&self) -> Option<UntranslatedReason> {
        let has_unknown_words = self.job.has_unknown_words.then_some(UntranslatedReason::UnknownWord);
        let says_otherwise = (!self.in_other_words.is_empty()).then_some(UntranslatedReason::OtherTerm);
        match self.outcome {
            SegmentOutcome::Translated(_) => has_unknown_words.or(self.first_refusal).or(says_otherwise),
            _ => None,
        }
    }

    /// Returns what was found in the answers, for the memory.
    fn finding(&self) -> Option<MemoryFinding> {
        let doubt = self.doubt().map(|reason| reason.as_str().to_owned());
        let one_line = |text: &String| text.replace(char::is_control, " ");
        let finding = self.finding.as_ref().filter(|_| doubt.is_some() || self.is_rejected()).map(one_line);
        (doubt.is_some() || finding.is_some()).then_some(MemoryFinding { key: self.key, doubt, finding })
    }

    fn is_rejected(&self) -> bool {
        matches!(self.outcome, SegmentOutcome::Rejected(_))
    }

    /// Returns true if the engine gave the text back as it was, or nothing.
    fn is_echoed(&self) -> bool {
        let reason = if let SegmentOutcome::Rejected(reason) = self.outcome { Some(reason) } else { None };
        matches!(reason, Some(UntranslatedReason::Check(RejectionKind::Echo | RejectionKind::Empty)))
    }
}

/// A batch on its way through an engine: all its segments are in the same languages. (For a language model, their sources may be in
/// varieties of one.)
pub(super) struct BatchRun<'a> {
    pub(super) engine: &'a EngineHandle,
    pub(super) pair: &'a LanguagePair,
    pub(super) context: RequestContext<'a>,
    pub(super) worker: &'a str,
}

impl BatchRun<'_> {
    /// Translates the segments and sets their outcomes. Returns how many answers were refused.
    pub(super) async fn run(&self, segments: &mut [BatchSegment]) -> Result<u64, StoreError> {
        let mut claimed = self.claim(segments).await?;
        let mut rejected = self.send_together(&mut claimed).await?;
        let was_alone = claimed.len() == 1;
        let verdict = judge_batch(count_answers(&claimed));
        if let Some(is_refused) = verdict {
            self.engine.record_batch(self.pair, is_refused);
        }
        let is_last_word = self.find_last_words(&claimed);
        let tried = claimed.iter_mut().zip(is_last_word).filter(|(segment, _)| segment.is_rejected() && !segment.was_isolated);
        for (segment, is_last_word) in tried {
            if verdict == Some(true) {
                // The engine is in a bad state, not the texts: another run may send them to it again.
                if let SegmentOutcome::Rejected(reason) = segment.outcome {
                    segment.outcome = SegmentOutcome::Unavailable(reason);
                }
                continue;
            }
            if segment.outcome == SegmentOutcome::Rejected(UntranslatedReason::UnknownWord) && was_alone {
                // It does not know the word the next time either.
                continue;
            }
            if self.is_postponed(segment, was_alone) {
                continue;
            }
            if !segment.is_refused_again() {
                rejected += self.send_alone(segment, was_alone || is_last_word).await?;
            }
        }
        rejected += self.send_held_back(&mut claimed).await?;
        rejected += self.send_without_markup(&mut claimed).await?;
        if self.takes_words() {
            for segment in claimed.iter_mut().filter(|segment| !segment.in_other_words.is_empty()) {
                self.send_to_locate(segment).await?;
            }
        } else if self.gathers() {
            claimed.iter_mut().filter(|_| !was_alone).for_each(|segment| segment.postpone_terms());
        } else if !was_alone {
            self.send_for_terms(&mut claimed).await?;
        }
        rejected += reject_repeated(&mut claimed);
        let accepted = claimed.iter().filter(|segment| matches!(segment.outcome, SegmentOutcome::Translated(_))).count();
        self.engine.record_accepted(self.pair, accepted as u64);
        self.remember(&mut claimed).await?;
        Ok(rejected)
    }

    /// Claims the segments, and returns those that no other worker has. Of the others, what the memory knows meanwhile is
    /// taken from it.
    pub(super) async fn claim<'s>(&self, segments: &'s mut [BatchSegment]) -> Result<Vec<&'s mut BatchSegment>, StoreError> {
        let (store, now) = (self.context.store, self.context.clock.now());
        let keys: Vec<SegmentKey> = segments.iter().filter(|segment| !segment.is_remembered).map(|segment| segment.key).collect();
        let claimed: HashSet<SegmentKey> =
            store.lease_segments(&keys, self.worker, now, now.plus(CLAIM)).await?.into_iter().collect();
        let is_ours = |segment: &&mut BatchSegment| segment.is_remembered || claimed.contains(&segment.key);
        let (ours, theirs): (Vec<_>, Vec<_>) = segments.iter_mut().partition(is_ours);
        if theirs.is_empty() {
            return Ok(ours);
        }
        tracing::debug!(engine.id = %self.engine.id, segments = theirs.len(), "segments are claimed by another worker");
        let keys: Vec<SegmentKey> = theirs.iter().map(|segment| segment.key).collect();
        let known: HashMap<SegmentKey, MemoryResult> = store.recall_segments(&keys).await?.into_iter().collect();
        for segment in theirs {
            segment.outcome = match known.get(&segment.key) {
                Some(MemoryResult::Translation(text)) => {
                    Marked::from_tagged(text).map_or(SegmentOutcome::ClaimedElsewhere, SegmentOutcome::Recalled)
                }
                Some(MemoryResult::Refused(refusal)) if refusal.until > now => {
                    segment.refused_until = Some(refusal.until);
                    SegmentOutcome::Rejected(UntranslatedReason::from_name(&refusal.reason))
                }
                Some(MemoryResult::Refused(_)) | None => SegmentOutcome::ClaimedElsewhere,
            };
        }
        Ok(ours)
    }

    /// The first attempt: sends all texts in one request. Returns how many answers were refused.
    async fn send_together(&self, segments: &mut [&mut BatchSegment]) -> Result<u64, StoreError> {
        let results = if let Some(results) = take_collected(segments) {
            results
        } else {
            let texts: Vec<Outgoing> = segments.iter().map(|segment| segment.job.to_send().clone()).collect();
            self.engine.translate(&texts, self.pair, self.context).await?
        };
        let swapped = find_swapped_results(segments, &results);
        for (place, (segment, result)) in segments.iter_mut().zip(results).enumerate() {
            let is_doubted = swapped.contains(&place) && !self.is_confirmed(segment, &result);
            if let Some(first) = segment.job.again.as_ref().and_then(|again| again.accepted.clone()) {
                segment.keep(first);
                if let TextResult::Translated(text) = result
                    && !is_doubted
                {
                    let better = accept(&segment.job, segment.job.to_send(), text).ok();
                    segment.improve(better);
                }
                continue;
            }
            match result {
                TextResult::Unavailable(reason) => segment.outcome = SegmentOutcome::Unavailable(reason),
                TextResult::Unusable(reason) => segment.reject(reason.into()),
                TextResult::Failed(reason) => {
                    segment.reject(reason.into());
                    segment.was_isolated = true;
                }
                TextResult::Translated(text) if is_doubted => {
                    segment.reject(UntranslatedReason::Order.into());
                    segment.answer = Some(take_unknown_words(&text).0);
                }
                TextResult::Translated(text) => {
                    let sent = segment.job.to_send().clone();
                    segment.record(&sent, &text);
                }
            }
        }
        Ok(segments.iter().filter(|segment| segment.is_rejected()).count() as u64)
    }

    /// Remembers the results, and releases the segments that have none.
    async fn remember(&self, segments: &mut [&mut BatchSegment]) -> Result<(), StoreError> {
        let made = self.context.clock.now();
        let (mut memories, mut better, mut open, mut bands) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let findings: Vec<MemoryFinding> = segments.iter().filter_map(|segment| segment.finding()).collect();
        for segment in segments {
            let result = match (&segment.outcome, segment.again.as_ref().and_then(|again| again.accepted.as_ref())) {
                (SegmentOutcome::Translated(text), _) | (SegmentOutcome::AskAgain, Some(AcceptedAnswer { text, .. })) => {
                    MemoryResult::Translation(text.to_tagged())
                }
                (SegmentOutcome::Rejected(reason), _) => {
                    let refusal = next_refusal(reason.as_str(), segment.refusals, made);
                    segment.refused_until = Some(refusal.until);
                    MemoryResult::Refused(refusal)
                }
                (
                    SegmentOutcome::Recalled(_)
                    | SegmentOutcome::Unavailable(_)
                    | SegmentOutcome::AskAgain
                    | SegmentOutcome::ClaimedElsewhere
                    | SegmentOutcome::InBatch
                    | SegmentOutcome::SendSingly
                    | SegmentOutcome::Left(_),
                    _,
                ) => {
                    open.push(segment.key);
                    continue;
                }
            };
            if matches!(segment.outcome, SegmentOutcome::Translated(_)) && segment.doubt().is_none() {
                bands.extend(index_rows(self.engine, &segment.job, segment.key));
            }
            (if segment.is_remembered { &mut better } else { &mut memories }).push(MemoryEntry {
                key: segment.key,
                from: segment.job.pair.from.clone(),
                to: segment.job.pair.to.clone(),
                engine: self.engine.engine.identity_of(&segment.job.pair).into_owned(),
                source: segment.job.source.to_tagged(),
                result,
                made,
            });
        }
        self.context.store.save_memory(&memories, self.worker, false).await?;
        self.context.store.save_memory(&better, self.worker, true).await?;
        self.context.store.save_findings(&findings).await?;
        self.context.store.index_segments(&bands).await?;
        self.context.store.release_segments(&open, self.worker).await
    }
}

/// Takes the answers that came in a batch, if the texts have any: then all have one.
fn take_collected(segments: &mut [&mut BatchSegment]) -> Option<Vec<TextResult>> {
    segments.first()?.collected.as_ref()?;
    let missing = TextResult::Unusable(UntranslatedReason::BadAnswer);
    let taken = segments.iter_mut().map(|segment| segment.collected.take());
    Some(taken.map(|answer| answer.map_or_else(|| missing.clone(), TextResult::Translated)).collect())
}

/// Counts how the texts of a batch were answered. Those on which the server fails say nothing of its answers, and those that were
/// refused before are hard.
fn count_answers(segments: &[&mut BatchSegment]) -> AnswerCounts {
    let first = || segments.iter().filter(|segment| segment.job.again.is_none());
    let count = |is: &dyn Fn(&BatchSegment) -> bool| first().filter(|segment| is(segment)).count();
    let refused = count(&|segment| segment.is_rejected() && !segment.was_isolated);
    AnswerCounts {
        accepted: count(&|segment| matches!(segment.outcome, SegmentOutcome::Translated(_))),
        refused,
        echoed: count(&BatchSegment::is_echoed),
    }
}

/// Rejects one answer that stands under different texts of a batch, although each was sent alone. Returns how many were rejected.
fn reject_repeated(segments: &mut [&mut BatchSegment]) -> u64 {
    let sources: Vec<Marked> = segments.iter().map(|segment| segment.job.source.clone()).collect();
    let texts: Vec<Option<Marked>> = segments
        .iter()
        .map(|segment| if let SegmentOutcome::Translated(text) = &segment.outcome { Some(text.clone()) } else { None })
        .collect();
    let repeated = find_repeated(&sources.iter().collect::<Vec<_>>(), &texts.iter().map(Option::as_ref).collect::<Vec<_>>());
    for place in &repeated {
        segments[*place].reject(UntranslatedReason::Order.into());
    }
    repeated.len() as u64
}

/// Finds the segments whose answers may belong to another text of the batch.
fn find_swapped_results(segments: &[&mut BatchSegment], results: &[TextResult]) -> HashSet<usize> {
    let sources: Vec<&Marked> = segments.iter().map(|segment| &segment.job.source).collect();
    let texts: Vec<Option<&Marked>> =
        results.iter().map(|result| if let TextResult::Translated(text) = result { Some(text) } else { None }).collect();
    find_swapped(&sources, &texts).into_iter().collect()
}
