//! Sends translations to an engine that reads them, under the same budget, rate limit and circuit breaker as its translations.

use std::collections::VecDeque;
use std::ops::Range;

use tokio::time::{Instant, sleep_until};

use super::super::reason::UntranslatedReason;
use super::super::request_context::RequestContext;
use super::{EngineHandle, RequestFacts, lock};
use crate::store::StoreError;
use crate::translate::{EngineError, LanguagePair, ReaderVerdict, ReadingBatch, ReadingReply, ReadingText, RetryDecision};

/// After so many parts of a request have failed and none was answered, the server is to blame.
const MAX_FAILED_PARTS: usize = 7;

/// The result of reading one translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum ReadingResult {
    /// The reader answered; it may have given no verdict that can be used.
    Answered(Option<ReaderVerdict>),
    /// The reader was not available.
    Unavailable(UntranslatedReason),
}

/// The result of one request, after all its tries.
enum RequestOutcome {
    Answered(Vec<Option<ReaderVerdict>>),
    /// The texts are to be sent in two halves; a single text stays unread for this reason.
    Halve(UntranslatedReason),
    /// The answer was none, perhaps because of one of the texts.
    Failed(EngineError),
    GaveUp(UntranslatedReason),
}

/// The texts of one call on their way.
struct Parts {
    results: Vec<ReadingResult>,
    todo: VecDeque<Range<usize>>,
    /// True once a request was answered in the protocol.
    is_answered: bool,
    /// The parts that failed.
    failed: Vec<(Range<usize>, EngineError)>,
}

impl Parts {
    fn record(&mut self, range: Range<usize>, outcome: RequestOutcome) {
        match outcome {
            RequestOutcome::Answered(verdicts) => {
                self.is_answered = true;
                self.results.splice(range, verdicts.into_iter().map(ReadingResult::Answered)).for_each(drop);
            }
            RequestOutcome::GaveUp(reason) => self.results[range].fill(ReadingResult::Unavailable(reason)),
            RequestOutcome::Halve(reason) => {
                self.results[range.clone()].fill(ReadingResult::Unavailable(reason));
                self.halve(&range);
            }
            RequestOutcome::Failed(error) => {
                self.halve(&range);
                self.failed.push((range, error));
            }
        }
    }

    fn halve(&mut self, range: &Range<usize>) {
        let middle = range.start + range.len() / 2;
        if range.len() > 1 {
            self.todo.extend([range.start..middle, middle..range.end]);
        }
    }
}

impl EngineHandle {
    /// Has translations read: as many results, in their order. Requests that fail, are too large, or over the budget, are halved.
    pub(in super::super) async fn read(
        &self,
        texts: &[ReadingText],
        pair: &LanguagePair,
        context: RequestContext<'_>,
    ) -> Result<Vec<ReadingResult>, StoreError> {
        let results = vec![ReadingResult::Unavailable(UntranslatedReason::BadAnswer); texts.len()];
        let mut todo = VecDeque::new();
        todo.push_back(0..texts.len());
        let mut parts = Parts { results, todo, is_answered: false, failed: Vec::new() };
        while let Some(range) = parts.todo.pop_front() {
            if range.is_empty() {
                continue;
            }
            if let Some(reason) = self.unavailable_for(pair) {
                parts.results[range].fill(ReadingResult::Unavailable(reason));
                continue;
            }
            let batch = ReadingBatch { from: pair.from.clone(), to: pair.to.clone(), texts: texts[range.clone()].to_vec() };
            let outcome = self.request_reading(&batch, pair, context).await?;
            parts.record(range, outcome);
            if !parts.is_answered && parts.failed.len() >= MAX_FAILED_PARTS {
                break;
            }
        }
        self.blame_reading(&mut parts, pair, context);
        Ok(parts.results)
    }

    /// Decides what the failed parts tell. If no part was answered, the server failed, and the texts stay unread. Else those that failed
    /// alone have no verdict.
    fn blame_reading(&self, parts: &mut Parts, pair: &LanguagePair, context: RequestContext<'_>) {
        let Some((_, error)) = parts.failed.last() else { return };
        if parts.is_answered {
            for (range, _) in parts.failed.iter().filter(|(range, _)| range.len() == 1) {
                parts.results[range.start] = ReadingResult::Answered(None);
            }
            return;
        }
        let requests = u32::try_from(parts.failed.len()).unwrap_or(u32::MAX);
        lock(&self.breaker).record_unanswered(pair, requests, error, Instant::now());
        self.record_failure(error, context);
    }

    /// Sends one request, as often as the circuit breaker says.
    async fn request_reading(
        &self,
        batch: &ReadingBatch,
        pair: &LanguagePair,
        context: RequestContext<'_>,
    ) -> Result<RequestOutcome, StoreError> {
        let texts = batch.texts.len();
        let Some(reader) = self.engine.reader() else {
            return Ok(RequestOutcome::GaveUp(UntranslatedReason::NoEngine));
        };
        let mut tries = 0;
        loop {
            if !self.wait_for_turn(pair, context.until()).await {
                return Ok(RequestOutcome::GaveUp(UntranslatedReason::EngineUnavailable));
            }
            let most = self.most_reading_usage(&batch.texts.iter().collect::<Vec<_>>(), pair);
            let Some(reserved) = self.reserve(most, texts, context).await? else {
                return Ok(RequestOutcome::Halve(UntranslatedReason::Budget));
            };
            tries += 1;
            let result = check_count(reader.read(batch).await, texts);
            let used = result.as_ref().map_or_else(|error| error.used(most), |reply| reply.used);
            let is_answered = result.as_ref().map_or_else(EngineError::is_answer, |_| true);
            self.settle(texts, used, is_answered, &reserved, context).await?;
            let error = match result {
                Ok(reply) => {
                    lock(&self.breaker).record_success(pair);
                    return Ok(RequestOutcome::Answered(reply.verdicts));
                }
                Err(error) => error,
            };
            let first = batch.texts.first().map(|text| text.source.clone()).unwrap_or_default();
            match self.decide(&RequestFacts { pair, texts, first }, &error, (tries, true), context) {
                RetryDecision::RetryAt(then) => sleep_until(then).await,
                RetryDecision::Split => return Ok(RequestOutcome::Halve(UntranslatedReason::TooLong)),
                RetryDecision::Isolate => return Ok(RequestOutcome::Failed(error)),
                RetryDecision::GiveUp => return Ok(RequestOutcome::GaveUp(self.reason_to_give_up(pair))),
            }
        }
    }

    /// Records that a reader doubts most of what it reads. It is sent no more in this pass.
    pub(in super::super) fn record_distrust(&self) {
        lock(&self.usage).is_distrusted = true;
    }

    /// Returns why no translation in these languages may be sent to be read.
    pub(in super::super) fn unavailable_to_read(&self, pair: &LanguagePair) -> Option<UntranslatedReason> {
        let is_distrusted = lock(&self.usage).is_distrusted;
        is_distrusted.then_some(UntranslatedReason::ReaderDistrusted).or_else(|| self.unavailable_for(pair))
    }
}

fn check_count(reply: Result<ReadingReply, EngineError>, texts: usize) -> Result<ReadingReply, EngineError> {
    let reply = reply?;
    if reply.verdicts.len() == texts {
        return Ok(reply);
    }
    Err(EngineError::BadAnswer { message: "it gave another number of verdicts".to_owned(), used: Some(reply.used) })
}
