//! One batch of segments through one engine.
//!
//! Segments that another worker has claimed are left to it. A translation that is refused, or that may belong to another text,
//! gets two more attempts: alone, with altered names protected; then without its inline markup. One that says a term in other
//! words than the glossary gets one more, and is good enough without. The results are remembered before anything else happens.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::accept::{AcceptedAnswer, Altered, RejectedAnswer, accept};
use super::engine_handle::{EngineHandle, TextResult};
use super::reason::UntranslatedReason;
use super::request_context::RequestContext;
use super::segment_job::SegmentJob;
use crate::model::{Marked, MemoryResult, SegmentKey, Time};
use crate::policy::engine_health::{AnswerCounts, judge_batch};
use crate::policy::refusal::next_refusal;
use crate::store::{MemoryEntry, StoreError};
use crate::translate::{
    LanguagePair, Outgoing, RejectionKind, TermForm, find_repeated, find_swapped, locate_terms, protect_name, read_located,
    restore_markup, strip_markup, take_unknown_words,
};

/// The time for which other workers leave a claimed segment alone.
const CLAIM: Duration = Duration::from_secs(15 * 60);
/// The most altered names that are protected, one after the other.
pub(super) const MAX_PROTECTED_NAMES: usize = 2;

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
    /// Another worker has claimed it.
    ClaimedElsewhere,
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
    /// The last answer, as the engine gave it.
    answer: Option<Marked>,
    /// The number of earlier refusals of the segment in a row.
    refusals: u32,
    /// The time until which the engine refuses the segment.
    pub(super) refused_until: Option<Time>,
    /// True if the text was sent alone in vain: there is no second attempt.
    was_isolated: bool,
}

impl BatchSegment {
    pub(super) fn new(place: usize, job: SegmentJob, key: SegmentKey, refusals: u32) -> Self {
        Self {
            place,
            job,
            key,
            outcome: SegmentOutcome::ClaimedElsewhere,
            altered: None,
            in_other_words: Vec::new(),
            answer: None,
            refusals,
            refused_until: None,
            was_isolated: false,
        }
    }

    fn reject(&mut self, answer: RejectedAnswer) {
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

    fn is_rejected(&self) -> bool {
        matches!(self.outcome, SegmentOutcome::Rejected(_))
    }

    /// Returns true if the engine gave the text back as it was, or nothing.
    fn is_echoed(&self) -> bool {
        let reason = if let SegmentOutcome::Rejected(reason) = self.outcome { Some(reason) } else { None };
        matches!(reason, Some(UntranslatedReason::Check(RejectionKind::Echo | RejectionKind::Empty)))
    }
}

/// A batch on its way through an engine: all its segments are in the same languages.
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
        for segment in claimed.iter_mut().filter(|segment| segment.is_rejected() && !segment.was_isolated) {
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
            rejected += self.send_alone(segment, was_alone).await?;
            if segment.is_rejected() {
                rejected += self.send_without_markup(segment).await?;
            }
        }
        for segment in claimed.iter_mut().filter(|segment| !segment.in_other_words.is_empty()) {
            self.send_for_terms(segment, was_alone).await?;
        }
        rejected += reject_repeated(&mut claimed);
        let accepted = claimed.iter().filter(|segment| matches!(segment.outcome, SegmentOutcome::Translated(_))).count();
        self.engine.record_accepted(self.pair, accepted as u64);
        self.remember(&mut claimed).await?;
        Ok(rejected)
    }

    /// Claims the segments, and returns those that no other worker has. Of the others, what the memory knows meanwhile is
    /// taken from it.
    async fn claim<'s>(&self, segments: &'s mut [BatchSegment]) -> Result<Vec<&'s mut BatchSegment>, StoreError> {
        let (store, now) = (self.context.store, self.context.clock.now());
        let keys: Vec<SegmentKey> = segments.iter().map(|segment| segment.key).collect();
        let claimed: HashSet<SegmentKey> =
            store.lease_segments(&keys, self.worker, now, now.plus(CLAIM)).await?.into_iter().collect();
        let (ours, theirs): (Vec<_>, Vec<_>) = segments.iter_mut().partition(|segment| claimed.contains(&segment.key));
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
        let texts: Vec<Outgoing> = segments.iter().map(|segment| segment.job.outgoing.clone()).collect();
        let results = self.engine.translate(&texts, self.pair, self.context).await?;
        let swapped = find_swapped_results(segments, &results);
        for (place, (segment, result)) in segments.iter_mut().zip(results).enumerate() {
            match result {
                TextResult::Unavailable(reason) => segment.outcome = SegmentOutcome::Unavailable(reason),
                TextResult::Unusable(reason) => segment.reject(reason.into()),
                TextResult::Failed(reason) => {
                    segment.reject(reason.into());
                    segment.was_isolated = true;
                }
                TextResult::Translated(_) if swapped.contains(&place) => segment.reject(UntranslatedReason::Order.into()),
                TextResult::Translated(text) => {
                    let sent = segment.job.outgoing.clone();
                    segment.record(&sent, &text);
                }
            }
        }
        Ok(segments.iter().filter(|segment| segment.is_rejected()).count() as u64)
    }

    /// The second attempt: sends the text alone, with the names protected that the answers have altered. Returns how many
    /// answers were refused.
    async fn send_alone(&self, segment: &mut BatchSegment, was_alone: bool) -> Result<u64, StoreError> {
        let (mut rejected, mut sent) = (0, segment.job.outgoing.clone());
        if let Some(Altered::Listed(marks)) = &segment.altered
            && self.takes_words()
            && let Some(answer) = self.locate(segment, marks).await?
        {
            segment.outcome = SegmentOutcome::Translated(answer.text);
            return Ok(0);
        }
        for turn in 0..=MAX_PROTECTED_NAMES {
            let protected = segment.altered.take().and_then(|altered| self.hold_back(&sent, &altered));
            if protected.is_none() && (was_alone || turn > 0) {
                break;
            }
            sent = protected.unwrap_or(sent);
            let results = self.engine.translate(std::slice::from_ref(&sent), self.pair, self.context).await?;
            match results.into_iter().next() {
                Some(TextResult::Translated(text)) => {
                    segment.record(&sent, &text);
                    if !segment.is_rejected() {
                        // Listed once more, the terms would be answered as they were.
                        if !self.takes_words() {
                            segment.in_other_words.clear();
                        }
                        break;
                    }
                }
                Some(TextResult::Unusable(reason) | TextResult::Failed(reason)) => segment.reject(reason.into()),
                // It answered the batch, but fails on this text: the first refusal stands.
                Some(TextResult::Unavailable(UntranslatedReason::BadAnswer | UntranslatedReason::ServerError)) => break,
                // That makes the first answer no better: the text waits.
                Some(TextResult::Unavailable(_)) | None => {
                    segment.outcome = SegmentOutcome::Unavailable(UntranslatedReason::SecondChance);
                    break;
                }
            }
            rejected += 1;
        }
        Ok(rejected)
    }

    /// Returns a text in which what the engine has altered is held back; nothing if nothing more can be.
    fn hold_back(&self, sent: &Outgoing, altered: &Altered) -> Option<Outgoing> {
        match altered {
            Altered::Name(name) => protect_name(sent, name),
            // An element is as much as such an engine can be told.
            Altered::Listed(_) if self.engine.engine.term_form() == TermForm::Element => None,
            Altered::Listed(marks) => {
                let mut held = sent.clone();
                let names = held.terms.iter_mut().filter(|term| marks.contains(&term.mark) && !term.is_held);
                (names.map(|term| term.is_held = true).count() > 0).then_some(held)
            }
        }
    }

    /// The third attempt: sends the text without its inline markup, and puts the markup back. Returns how many answers were
    /// refused.
    async fn send_without_markup(&self, segment: &mut BatchSegment) -> Result<u64, StoreError> {
        let job = &segment.job;
        let Some(stripped) = strip_markup(&job.outgoing) else { return Ok(0) };
        let mut texts = vec![stripped.whole.clone()];
        texts.extend(stripped.spans.iter().map(|(_, span)| span.clone()));
        let mut results = self.engine.translate(&texts, self.pair, self.context).await?.into_iter();
        let whole = match results.next() {
            Some(TextResult::Translated(whole)) => whole.shaped_like(&stripped.whole.text),
            Some(TextResult::Unusable(_) | TextResult::Failed(_)) => return Ok(1),
            Some(TextResult::Unavailable(UntranslatedReason::BadAnswer | UntranslatedReason::ServerError)) => return Ok(0),
            Some(TextResult::Unavailable(_)) | None => {
                segment.outcome = SegmentOutcome::Unavailable(UntranslatedReason::SecondChance);
                return Ok(0);
            }
        };
        let spans: Vec<Option<Marked>> =
            results.map(|result| if let TextResult::Translated(text) = result { Some(text) } else { None }).collect();
        let restored = restore_markup(&job.outgoing, &stripped, &whole, &spans);
        let Some(answer) = restored.and_then(|text| accept(job, &job.outgoing, text).ok()) else { return Ok(1) };
        segment.outcome = SegmentOutcome::Translated(answer.text);
        Ok(0)
    }

    /// One more attempt for the terms that an accepted answer says in other words: they are located in the sentence, or listed once
    /// more. Whatever comes of it, there is a translation.
    async fn send_for_terms(&self, segment: &mut BatchSegment, was_alone: bool) -> Result<(), StoreError> {
        let (job, marks) = (&segment.job, &segment.in_other_words);
        let better = if self.takes_words() {
            self.locate(segment, marks).await?
        } else if was_alone {
            None
        } else {
            let results = self.engine.translate(std::slice::from_ref(&job.outgoing), self.pair, self.context).await?;
            let answer = results.into_iter().next();
            if let Some(TextResult::Translated(text)) = answer { accept(job, &job.outgoing, text).ok() } else { None }
        };
        if let Some(answer) = better.filter(|answer| answer.altered_terms.len() < marks.len()) {
            segment.outcome = SegmentOutcome::Translated(answer.text);
        }
        Ok(())
    }

    /// Sends a text once more, with pairs of marks around the terms that the answer says in other words. Returns that answer with these
    /// terms in their places, if only marks tell it from the one before.
    async fn locate(&self, segment: &BatchSegment, marks: &[u16]) -> Result<Option<AcceptedAnswer>, StoreError> {
        let (sent, Some(first)) = (&segment.job.outgoing, &segment.answer) else { return Ok(None) };
        let results = self.engine.translate(&[locate_terms(sent, marks)], self.pair, self.context).await?;
        let Some(TextResult::Translated(answer)) = results.into_iter().next() else { return Ok(None) };
        let answer = take_unknown_words(&answer).0;
        let placed = read_located(&first.normalised(), &answer.normalised(), sent, marks, &self.pair.to);
        Ok(placed.and_then(|answer| accept(&segment.job, sent, answer).ok()))
    }

    /// Returns true if the engine is sent terms as words, so that it shows by marks what it made of them.
    fn takes_words(&self) -> bool {
        self.engine.engine.term_form() == TermForm::Word
    }

    /// Remembers the results, and releases the segments that have none.
    async fn remember(&self, segments: &mut [&mut BatchSegment]) -> Result<(), StoreError> {
        let made = self.context.clock.now();
        let (mut memories, mut open) = (Vec::new(), Vec::new());
        for segment in segments {
            let result = match &segment.outcome {
                SegmentOutcome::Translated(text) => MemoryResult::Translation(text.to_tagged()),
                SegmentOutcome::Rejected(reason) => {
                    let refusal = next_refusal(reason.as_str(), segment.refusals, made);
                    segment.refused_until = Some(refusal.until);
                    MemoryResult::Refused(refusal)
                }
                SegmentOutcome::Recalled(_) | SegmentOutcome::Unavailable(_) | SegmentOutcome::ClaimedElsewhere => {
                    open.push(segment.key);
                    continue;
                }
            };
            memories.push(MemoryEntry {
                key: segment.key,
                from: self.pair.from.clone(),
                to: self.pair.to.clone(),
                engine: self.engine.engine.identity().to_owned(),
                source: segment.job.source.to_tagged(),
                result,
                made,
            });
        }
        self.context.store.save_memory(&memories, self.worker, false).await?;
        self.context.store.release_segments(&open, self.worker).await
    }
}

/// Counts how the texts of a batch were answered. Those on which the server fails say nothing of its answers.
fn count_answers(segments: &[&mut BatchSegment]) -> AnswerCounts {
    let count = |is: &dyn Fn(&BatchSegment) -> bool| segments.iter().filter(|segment| is(segment)).count();
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
