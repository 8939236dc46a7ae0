//! The second attempts at texts: alone or with others, with altered names protected; and for the terms that answers say otherwise.

use super::super::accept::{Altered, accept};
use super::super::engine_handle::TextResult;
use super::super::reason::UntranslatedReason;
use super::super::second_asking::{AcceptedAnswer, SecondAsking};
use super::{BatchRun, BatchSegment, SegmentOutcome, find_swapped_results};
use crate::store::StoreError;
use crate::translate::{
    ContextUse, Outgoing, RejectionKind, TermForm, batch_len, locate_terms, protect_name, read_located, take_unknown_words,
};

/// The most altered names that are protected, one after the other.
pub(in super::super) const MAX_PROTECTED_NAMES: usize = 2;

/// A text with more characters is translated in the same way alone and among others.
const LONG_TEXT: usize = 80;

/// Returns true for a check of words, which other sentences and markup do not alter.
fn is_of_words(kind: RejectionKind) -> bool {
    match kind {
        RejectionKind::Characters
        | RejectionKind::Comment
        | RejectionKind::Term
        | RejectionKind::Number
        | RejectionKind::Address
        | RejectionKind::Name
        | RejectionKind::Repetition
        | RejectionKind::Unit
        | RejectionKind::Meaning
        | RejectionKind::Negation
        | RejectionKind::Person
        | RejectionKind::Roles => true,
        RejectionKind::Empty
        | RejectionKind::Marks
        | RejectionKind::Echo
        | RejectionKind::Language
        | RejectionKind::Length
        | RejectionKind::Ending
        | RejectionKind::Unbalanced
        | RejectionKind::Quotes
        | RejectionKind::Addition
        | RejectionKind::Omission => false,
    }
}

impl BatchSegment {
    /// Returns true if a text was refused again among others, for a reason that is not their doing.
    pub(super) fn is_refused_again(&self) -> bool {
        self.job.again.is_some() && self.outcome != SegmentOutcome::Rejected(UntranslatedReason::Order)
    }

    /// Returns true if an answer was refused for what an engine makes of the text itself, whatever stands beside it in a paragraph
    /// (`is_joined`): of 31 texts that were refused for a number, a name or the like none was accepted when it was sent alone, nor was any
    /// of 19 long ones that were given back or left in their language (decision 37).
    fn is_refused_for_itself(&self, is_joined: bool) -> bool {
        let is_long = || self.job.source.plain().chars().count() > LONG_TEXT;
        match self.outcome {
            SegmentOutcome::Rejected(UntranslatedReason::Check(kind)) if is_joined => match kind {
                RejectionKind::Echo | RejectionKind::Language => is_long(),
                kind => is_of_words(kind),
            },
            SegmentOutcome::Rejected(UntranslatedReason::Check(_) | UntranslatedReason::Terms) => !is_joined,
            _ => false,
        }
    }

    /// Returns true if the markup of a text has nothing to do with the refusal of its answer.
    pub(super) fn is_refused_for_its_words(&self) -> bool {
        match self.outcome {
            SegmentOutcome::Rejected(UntranslatedReason::Check(kind)) => kind == RejectionKind::Echo || is_of_words(kind),
            SegmentOutcome::Rejected(UntranslatedReason::UnknownWord) => true,
            _ => false,
        }
    }

    /// Puts a text off whose answer says terms in other words, until others can be sent with it. The answer stands until then, and if
    /// the second one is no better.
    pub(super) fn postpone_terms(&mut self) {
        let SegmentOutcome::Translated(text) = &self.outcome else { return };
        if self.in_other_words.is_empty() || self.job.again.is_some() {
            return;
        }
        let accepted = AcceptedAnswer {
            text: text.clone(),
            altered_terms: self.in_other_words.clone(),
            has_unknown_words: self.job.has_unknown_words,
        };
        self.again = Some(SecondAsking::of_accepted(self.job.outgoing.clone(), accepted));
        self.outcome = SegmentOutcome::AskAgain;
    }

    /// Records the result of a further attempt. Returns how many answers were refused.
    fn record_second(&mut self, sent: &Outgoing, result: TextResult) -> u64 {
        match result {
            TextResult::Translated(text) => {
                self.record(sent, &text);
                // Listed once more, the terms would be answered as they were.
                self.in_other_words.clear();
                u64::from(self.is_rejected())
            }
            TextResult::Unusable(reason) | TextResult::Failed(reason) => {
                self.reject(reason.into());
                1
            }
            // It answered others, but fails on this text: the first refusal stands.
            TextResult::Unavailable(UntranslatedReason::BadAnswer | UntranslatedReason::ServerError) => 0,
            // That makes the first answer no better: the text waits.
            TextResult::Unavailable(_) => {
                self.outcome = SegmentOutcome::Unavailable(UntranslatedReason::SecondChance);
                0
            }
        }
    }
}

impl BatchRun<'_> {
    /// Puts a refused text off until others can be sent with it: for engines that read instructions with each request. Returns false if
    /// it has been put off before, or if nothing about it would change.
    pub(super) fn is_postponed(&self, segment: &mut BatchSegment, was_alone: bool) -> bool {
        if !self.gathers() || segment.job.again.is_some() {
            return false;
        }
        let protected = segment.altered.as_ref().and_then(|altered| self.hold_back(&segment.job.outgoing, altered));
        if protected.is_none() && was_alone {
            return false;
        }
        let text = protected.unwrap_or_else(|| segment.job.outgoing.clone());
        segment.again = Some(SecondAsking::of_refused(text, segment.answer.take()));
        segment.outcome = SegmentOutcome::AskAgain;
        true
    }

    /// Returns true for an engine that reads instructions with each request: what is sent to it once more is gathered.
    pub(super) fn gathers(&self) -> bool {
        self.engine.engine.context_use() == ContextUse::Neighbours
    }

    /// Returns true if an answer is that of its text, however much it looks like that of another one of its request: the engine has quoted
    /// the text that it translates, and says what it said among other texts.
    pub(super) fn is_confirmed(&self, segment: &BatchSegment, result: &TextResult) -> bool {
        let again = segment.job.again.as_ref().filter(|_| self.engine.engine.quotes_sources());
        again.is_some_and(|again| matches!(result, TextResult::Translated(answer) if again.is_said_again(answer)))
    }

    /// Returns for each segment true if sending its text alone, at its price, would bring nothing. That can be told of engines that translate
    /// each text by itself: they answer the same again, unless they were sent the text with others of its paragraph. Then the neighbours may
    /// be to blame, if one of them was refused, too, or for what they are known to spoil.
    pub(super) fn find_last_words(&self, segments: &[&mut BatchSegment]) -> Vec<bool> {
        if !self.engine.engine.joins_texts() {
            return vec![false; segments.len()];
        }
        let at = |place: Option<usize>| place.and_then(|place| segments.get(place));
        let continues = |place: usize| at(Some(place)).is_some_and(|segment| segment.job.outgoing.context.continues);
        let is_rejected = |place: Option<usize>| at(place).is_some_and(|segment| segment.is_rejected());
        let is_last = |(place, segment): (usize, &&mut BatchSegment)| {
            let (follows, is_followed) = (continues(place), continues(place + 1));
            let is_moved = follows && is_rejected(place.checked_sub(1)) || is_followed && is_rejected(Some(place + 1));
            let is_joined = follows || is_followed;
            !is_moved && segment.is_refused_for_itself(is_joined)
        };
        segments.iter().enumerate().map(is_last).collect()
    }

    /// The second attempt: sends the text alone, with the names protected that the answers have altered. Returns how many
    /// answers were refused.
    pub(super) async fn send_alone(&self, segment: &mut BatchSegment, was_alone: bool) -> Result<u64, StoreError> {
        let (mut rejected, mut sent) = (0, segment.job.to_send().clone());
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
            let attempt = if protected.is_some() { "alone, with a name held back" } else { "alone" };
            let before = segment.first_refusal;
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
                        self.log_attempt(attempt, before, &sent, true);
                        break;
                    }
                    self.log_attempt(attempt, before, &sent, false);
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

    /// Logs a further attempt at a text: whether it was worth its characters.
    pub(super) fn log_attempt(
        &self,
        attempt: &'static str,
        before: Option<UntranslatedReason>,
        sent: &Outgoing,
        is_accepted: bool,
    ) {
        let (reason, characters) = (before.map_or("", UntranslatedReason::as_str), sent.text.plain().chars().count());
        tracing::debug!(
            engine.id = %self.engine.id, lang.pair = %self.pair, attempt, reason, accepted = is_accepted, characters,
            "a text was sent again"
        );
    }

    /// Sends texts that were refused among others once more, with the names held back that the answers have altered: as many in one
    /// request as fit. Returns how many answers were refused.
    pub(super) async fn send_held_back(&self, segments: &mut [&mut BatchSegment]) -> Result<u64, StoreError> {
        let mut rejected = 0;
        for _ in 0..=MAX_PROTECTED_NAMES {
            let mut asked: Vec<(&mut BatchSegment, Outgoing)> =
                segments.iter_mut().filter_map(|segment| self.protect_again(segment)).collect();
            if asked.is_empty() {
                break;
            }
            while !asked.is_empty() {
                let together = batch_len(asked.iter().map(|(_, sent)| sent), self.engine.limits()).max(1);
                let (now, texts): (Vec<_>, Vec<Outgoing>) = asked.drain(..together).unzip();
                let results = self.engine.translate(&texts, self.pair, self.context).await?;
                for ((segment, sent), result) in now.into_iter().zip(&texts).zip(results) {
                    rejected += segment.record_second(sent, result);
                }
            }
        }
        Ok(rejected)
    }

    /// Returns a refused segment with the text to send next, if another name of it can be held back.
    fn protect_again<'s>(&self, segment: &'s mut BatchSegment) -> Option<(&'s mut BatchSegment, Outgoing)> {
        if !segment.is_rejected() || segment.was_isolated || !segment.is_refused_again() {
            return None;
        }
        let sent = segment.last_sent.take().unwrap_or_else(|| segment.job.to_send().clone());
        let protected = segment.altered.take().and_then(|altered| self.hold_back(&sent, &altered))?;
        segment.last_sent = Some(protected.clone());
        Some((segment, protected))
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

    /// One more attempt for the terms that an accepted answer says in other words: they are located in the sentence. Whatever comes of
    /// it, there is a translation.
    pub(super) async fn send_to_locate(&self, segment: &mut BatchSegment) -> Result<(), StoreError> {
        let before = segment.in_other_words.len();
        let better = self.locate(segment, &segment.in_other_words).await?;
        segment.improve(better);
        let is_better = segment.in_other_words.len() < before;
        self.log_attempt("with its terms marked", Some(UntranslatedReason::OtherTerm), &segment.job.outgoing, is_better);
        Ok(())
    }

    /// One more attempt for the terms that accepted answers say in other words: their texts are sent once more, in one request.
    pub(super) async fn send_for_terms(&self, segments: &mut [&mut BatchSegment]) -> Result<(), StoreError> {
        let mut asked: Vec<&mut BatchSegment> =
            segments.iter_mut().map(|segment| &mut **segment).filter(|segment| !segment.in_other_words.is_empty()).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let texts: Vec<Outgoing> = asked.iter().map(|segment| segment.job.to_send().clone()).collect();
        let results = self.engine.translate(&texts, self.pair, self.context).await?;
        let swapped = find_swapped_results(&asked, &results);
        for (place, ((segment, sent), result)) in asked.iter_mut().zip(&texts).zip(results).enumerate() {
            if let TextResult::Translated(text) = result
                && !swapped.contains(&place)
            {
                let (before, better) = (segment.in_other_words.len(), accept(&segment.job, sent, text).ok());
                segment.improve(better);
                let is_better = segment.in_other_words.len() < before;
                self.log_attempt("for its terms", Some(UntranslatedReason::OtherTerm), sent, is_better);
            }
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
    pub(super) fn takes_words(&self) -> bool {
        self.engine.engine.term_form() == TermForm::Word
    }
}
