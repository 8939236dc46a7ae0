//! Sends texts in one request, and in parts if that fails: to find out if one text is the reason, or the server.

use std::collections::VecDeque;
use std::ops::Range;

use tokio::time::Instant;

use super::super::reason::UntranslatedReason;
use super::super::request_context::RequestContext;
use super::{EngineHandle, RequestOutcome, TextResult, lock};
use crate::store::StoreError;
use crate::translate::{Batch, EngineError, LanguagePair, Outgoing};

/// After so many parts of a request have failed and none was answered, the server is to blame: the whole, its halves and its
/// quarters.
const MAX_FAILED_PARTS: usize = 7;

/// The texts of one call on their way.
struct Parts<'t> {
    texts: &'t [Outgoing],
    results: Vec<TextResult>,
    /// The parts that are still to be sent. Of a request that failed, the larger parts come first: one that is answered tells
    /// most.
    todo: VecDeque<Part>,
    /// True once a request was answered in the protocol.
    is_answered: bool,
    /// The parts that failed.
    failed: Vec<(Range<usize>, EngineError)>,
}

struct Part {
    range: Range<usize>,
    /// True if it is part of a request that failed.
    is_retry: bool,
}

impl EngineHandle {
    /// Translates texts: as many results, in their order. Requests that fail, are too large, or over the budget, are split.
    pub(in super::super) async fn translate(
        &self,
        texts: &[Outgoing],
        pair: &LanguagePair,
        context: RequestContext<'_>,
    ) -> Result<Vec<TextResult>, StoreError> {
        let mut parts = Parts::new(texts);
        while let Some(part) = parts.todo.pop_front() {
            if part.range.is_empty() {
                continue;
            }
            if let Some(reason) = self.unavailable_for(pair) {
                parts.results[part.range].fill(TextResult::Unavailable(reason));
                continue;
            }
            let texts = texts[part.range.clone()].to_vec();
            let batch = Batch { from: pair.from.clone(), to: pair.to.clone(), texts, is_patient: context.is_patient };
            let outcome = self.request(&batch, pair, part.is_retry, context).await?;
            parts.record(part, outcome);
            if !parts.is_answered && parts.failed.len() >= MAX_FAILED_PARTS {
                break;
            }
        }
        self.blame(&mut parts, pair, context);
        Ok(parts.results)
    }

    /// Decides what the failed parts tell. If no part was answered, the server failed, and the texts wait. Else those that
    /// failed alone are the reason.
    fn blame(&self, parts: &mut Parts<'_>, pair: &LanguagePair, context: RequestContext<'_>) {
        let Some((_, error)) = parts.failed.last() else { return };
        if !parts.is_answered {
            let requests = u32::try_from(parts.failed.len()).unwrap_or(u32::MAX);
            lock(&self.breaker).record_unanswered(pair, requests, error, Instant::now());
            self.record_failure(error, context);
            for (range, error) in &parts.failed {
                parts.results[range.clone()].fill(TextResult::Unavailable(reason(error)));
            }
            return;
        }
        for (range, error) in parts.failed.iter().filter(|(range, _)| range.len() == 1) {
            parts.results[range.start] = TextResult::Failed(reason(error));
            let text = parts.texts[range.start].text.plain();
            let start: String = text.chars().take(60).collect();
            tracing::warn!(
                engine.id = %self.id, lang.pair = %pair,
                "the engine `{}` fails on one text, which stays in its language for now: \"{start}\" ({error})", self.id
            );
        }
    }
}

impl<'t> Parts<'t> {
    fn new(texts: &'t [Outgoing]) -> Self {
        Self {
            texts,
            results: vec![TextResult::Unavailable(UntranslatedReason::Deadline); texts.len()],
            todo: VecDeque::from([Part { range: 0..texts.len(), is_retry: false }]),
            is_answered: false,
            failed: Vec::new(),
        }
    }

    fn record(&mut self, part: Part, outcome: RequestOutcome) {
        let Part { range, is_retry } = part;
        match outcome {
            RequestOutcome::Answered(answered) => {
                self.is_answered = true;
                self.results.splice(range, answered).for_each(drop);
            }
            RequestOutcome::Split(_) if range.len() > 1 => {
                // The more urgent half goes first: it may take the rest of the budget.
                for part in halves(&range, is_retry).into_iter().rev() {
                    self.todo.push_front(part);
                }
            }
            RequestOutcome::Split(result) => self.results[range.start] = result,
            RequestOutcome::Failed(error) => {
                if range.len() > 1 {
                    self.todo.extend(halves(&range, true));
                }
                self.failed.push((range, error));
            }
            RequestOutcome::GaveUp(reason) => self.results[range].fill(TextResult::Unavailable(reason)),
        }
    }
}

fn halves(range: &Range<usize>, is_retry: bool) -> [Part; 2] {
    let middle = range.start + range.len() / 2;
    [range.start..middle, middle..range.end].map(|range| Part { range, is_retry })
}

fn reason(error: &EngineError) -> UntranslatedReason {
    if error.is_answer() { UntranslatedReason::BadAnswer } else { UntranslatedReason::ServerError }
}
