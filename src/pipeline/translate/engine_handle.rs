//! One engine at work: its client, its budget, its circuit breaker, and what it has done in this run.
//!
//! A request is sent only after the most that it can cost was reserved in the store, and what was not used is given back: if
//! the program crashes in between, no more is spent than allowed.

mod batches;
mod budget;
mod health;
mod parts;
mod reading;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Instant, sleep_until};
use tracing::Instrument;
use tracing::field::Empty;
use xxhash_rust::xxh3::xxh3_64;

use super::reason::UntranslatedReason;
use super::request_context::RequestContext;
use crate::model::{Budget, FaultKind, Marked, Price, Usage};
use crate::policy::engine_health::EngineFailure;
use crate::store::StoreError;
use crate::translate::{Batch, CircuitBreaker, Engine, EngineError, FailedTry, LanguagePair, Limits, Reply, RetryDecision};
pub(super) use batches::{BatchHarvest, BudgetExhausted};
pub(super) use reading::ReadingResult;

/// An engine at work.
pub struct EngineHandle {
    /// The name of the engine in feeds.toml.
    pub id: String,
    /// The client.
    pub engine: Arc<dyn Engine>,
    /// The limit of its use.
    pub budget: Option<Budget>,
    /// The price of its use.
    pub price: Price,
    breaker: Mutex<CircuitBreaker>,
    usage: Mutex<EngineUsage>,
}

/// The use of an engine in this pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::pipeline) struct EngineUsage {
    /// Texts that were sent and answered; one that is sent again counts again.
    pub(in crate::pipeline) sent: u64,
    /// The characters of these.
    pub(in crate::pipeline) characters_sent: u64,
    /// The usage, as far as it is known. Requests that were not answered, but may be billed, count.
    pub(in crate::pipeline) used: Usage,
    /// Of this, the usage in batches, which costs half.
    pub(in crate::pipeline) used_in_batches: Usage,
    /// True if something was not sent for want of budget.
    pub(in crate::pipeline) is_budget_exhausted: bool,
    /// Translations that passed the checks.
    accepted: u64,
    /// The pairs of languages of these.
    pairs: Vec<LanguagePair>,
    /// The last request that failed for good.
    failure: Option<EngineFailure>,
    /// True if nothing is sent before a time that the server has set in an earlier run.
    is_resting: bool,
    /// True if it doubted most of what it read.
    is_distrusted: bool,
    /// The faults of batches.
    batch_faults: Vec<(FaultKind, String)>,
}

/// The result for one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextResult {
    /// The translation of the engine. It is not verified.
    Translated(Marked),
    /// The engine answered, but gave no usable translation of this text.
    Unusable(UntranslatedReason),
    /// The engine fails on this text even alone, while it translates others.
    Failed(UntranslatedReason),
    /// The engine was not available.
    Unavailable(UntranslatedReason),
}

/// The facts of a request, whatever it asks for.
struct RequestFacts<'r> {
    pair: &'r LanguagePair,
    /// The number of its texts.
    texts: usize,
    /// The first of them.
    first: String,
}

/// The result of one request, after all its tries.
enum RequestOutcome {
    Answered(Vec<TextResult>),
    /// The texts are to be sent in two halves; a single text has this result.
    Split(TextResult),
    /// The request failed, perhaps for one of its texts.
    Failed(EngineError),
    GaveUp(UntranslatedReason),
}

impl EngineHandle {
    /// Makes a handle of an engine that has not done anything yet.
    pub fn new(id: String, engine: Arc<dyn Engine>, budget: Option<Budget>, price: Price) -> Self {
        Self { id, engine, budget, price, breaker: Mutex::default(), usage: Mutex::default() }
    }

    /// Returns the same engine with a closed circuit breaker and nothing counted, for the next pass.
    pub(in crate::pipeline) fn renewed(&self) -> Self {
        Self::new(self.id.clone(), Arc::clone(&self.engine), self.budget, self.price.clone())
    }

    pub(super) fn limits(&self) -> Limits {
        self.engine.limits()
    }

    pub(in crate::pipeline) fn usage(&self) -> EngineUsage {
        lock(&self.usage).clone()
    }

    /// Returns why nothing may be sent to the engine, whatever the languages.
    pub(super) fn unavailable_for_all(&self) -> Option<UntranslatedReason> {
        if lock(&self.usage).is_budget_exhausted {
            return Some(UntranslatedReason::Budget);
        }
        lock(&self.breaker).is_engine_open(Instant::now()).then_some(UntranslatedReason::EngineUnavailable)
    }

    /// Returns why nothing may be sent to the engine in these languages.
    pub(super) fn unavailable_for(&self, pair: &LanguagePair) -> Option<UntranslatedReason> {
        if lock(&self.usage).is_budget_exhausted {
            return Some(UntranslatedReason::Budget);
        }
        lock(&self.breaker).blocked_by(pair, Instant::now()).map(|kind| match kind {
            FaultKind::UnsupportedPair => UntranslatedReason::UnsupportedPair,
            _ => UntranslatedReason::EngineUnavailable,
        })
    }

    /// Returns true if nothing may be sent to the engine in some languages.
    pub(super) fn has_unavailable_pair(&self) -> bool {
        lock(&self.breaker).has_open_pair(Instant::now())
    }

    /// Sends one request, as often as the circuit breaker says. A part of a request that failed is not tried a second time if
    /// that may be billed.
    async fn request(
        &self,
        batch: &Batch,
        pair: &LanguagePair,
        is_part: bool,
        context: RequestContext<'_>,
    ) -> Result<RequestOutcome, StoreError> {
        let mut tries = u32::from(is_part);
        loop {
            if !self.wait_for_turn(pair, context.until()).await {
                return Ok(RequestOutcome::GaveUp(UntranslatedReason::EngineUnavailable));
            }
            let Some(reserved) = self.reserve(self.most_usage(&batch.texts, pair), batch.texts.len(), context).await? else {
                return Ok(RequestOutcome::Split(TextResult::Unavailable(UntranslatedReason::Budget)));
            };
            tries += 1;
            let result = self.send(batch, pair, reserved.most).await;
            let used = result.as_ref().map_or_else(|error| error.used(reserved.most), |reply| reply.used);
            let is_answered = result.as_ref().map_or_else(EngineError::is_answer, |_| true);
            self.settle(batch.texts.len(), used, is_answered, &reserved, context).await?;
            let error = match result {
                Ok(reply) => {
                    lock(&self.breaker).record_success(pair);
                    return Ok(RequestOutcome::Answered(reply.texts.into_iter().map(text_result).collect()));
                }
                Err(error) => error,
            };
            let may_be_one_text = is_part || batch.texts.len() > 1;
            let first = batch.texts.first().map(|text| text.text.plain()).unwrap_or_default();
            let facts = RequestFacts { pair, texts: batch.texts.len(), first };
            match self.decide(&facts, &error, (tries, may_be_one_text), context) {
                RetryDecision::RetryAt(then) => sleep_until(then).await,
                RetryDecision::Split => {
                    return Ok(RequestOutcome::Split(TextResult::Unusable(UntranslatedReason::TooLong)));
                }
                RetryDecision::Isolate => return Ok(RequestOutcome::Failed(error)),
                RetryDecision::GiveUp => return Ok(RequestOutcome::GaveUp(self.reason_to_give_up(pair))),
            }
        }
    }

    /// Sends one request once.
    async fn send(&self, batch: &Batch, pair: &LanguagePair, most: Usage) -> Result<Reply, EngineError> {
        let span = tracing::debug_span!(
            "engine_request",
            engine.id = %self.id,
            lang.pair = %pair,
            segments = batch.texts.len(),
            characters = most.characters,
            duration_ms = Empty,
        );
        let started = Instant::now();
        let result = self.engine.translate(batch).instrument(span.clone()).await;
        span.record("duration_ms", u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        let reply = result?;
        let bad_answer = |message: String| Err(EngineError::BadAnswer { message, used: Some(reply.used) });
        if reply.texts.len() != batch.texts.len() {
            return bad_answer("it answered another number of texts".to_owned());
        }
        // None of several texts came: that is about the engine, or about one of them.
        if let [Err(why), _, ..] = &reply.texts[..]
            && reply.texts.iter().all(Result::is_err)
        {
            return bad_answer(format!("it answered none of {} texts: {why}", reply.texts.len()));
        }
        span.in_scope(|| tracing::debug!("the engine answered"));
        Ok(reply)
    }

    /// Records a failure, and decides what to do next.
    fn decide(
        &self,
        request: &RequestFacts<'_>,
        error: &EngineError,
        (tries, may_be_one_text): (u32, bool),
        context: RequestContext<'_>,
    ) -> RetryDecision {
        let (RequestFacts { pair, texts, .. }, now, until) = (request, Instant::now(), context.until());
        let failed = FailedTry { number: tries, now, until, jitter: self.jitter(request, tries), may_be_one_text };
        let mut breaker = lock(&self.breaker);
        let was_open = breaker.blocked_by(pair, now).is_some();
        let decision = breaker.record_failure(pair, error, failed);
        let opened_by = breaker.blocked_by(pair, now).filter(|_| !was_open);
        drop(breaker);
        if decision == RetryDecision::GiveUp {
            self.record_failure(error, context);
        }
        let (action, retry_in_ms) = match &decision {
            RetryDecision::RetryAt(then) => ("retry", u64::try_from((*then - now).as_millis()).ok()),
            RetryDecision::Split => ("split", None),
            RetryDecision::Isolate => ("isolate", None),
            RetryDecision::GiveUp => ("give-up", None),
        };
        tracing::debug!(
            engine.id = %self.id, lang.pair = %pair, segments = texts, tries, action, retry_in_ms, %error,
            "a request to an engine failed"
        );
        if let Some(kind) = opened_by {
            tracing::debug!(engine.id = %self.id, lang.pair = %pair, kind = kind.as_str(), "the circuit breaker opened");
        }
        decision
    }

    fn reason_to_give_up(&self, pair: &LanguagePair) -> UntranslatedReason {
        match lock(&self.breaker).blocked_by(pair, Instant::now()) {
            Some(FaultKind::UnsupportedPair) => UntranslatedReason::UnsupportedPair,
            _ => UntranslatedReason::EngineUnavailable,
        }
    }

    /// Waits until the rate limit of the engine allows a request. Returns false if that is not before `until`, if the circuit
    /// breaker is open, or if the engine rests since an earlier pass: the next one asks it.
    async fn wait_for_turn(&self, pair: &LanguagePair, until: Instant) -> bool {
        loop {
            let now = Instant::now();
            let turn = {
                let breaker = lock(&self.breaker);
                if breaker.blocked_by(pair, now).is_some() {
                    return false;
                }
                breaker.next_request_at(pair, now)
            };
            if turn <= now {
                return true;
            }
            if turn >= until || lock(&self.usage).is_resting {
                return false;
            }
            let wait_ms = u64::try_from((turn - now).as_millis()).ok();
            tracing::debug!(engine.id = %self.id, lang.pair = %pair, wait_ms, "waiting for the rate limit of an engine");
            sleep_until(turn).await;
        }
    }

    /// Returns a number from 0 to 1, another one for each request and try.
    #[expect(clippy::cast_precision_loss, reason = "a fraction of a wait")]
    fn jitter(&self, request: &RequestFacts<'_>, tries: u32) -> f64 {
        let hash = xxh3_64(format!("{} {tries} {} {}", self.id, std::process::id(), request.first).as_bytes());
        (hash >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn text_result<E>(text: Result<Marked, E>) -> TextResult {
    text.map_or(TextResult::Unusable(UntranslatedReason::BadAnswer), TextResult::Translated)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is complete in itself: a panic elsewhere leaves nothing half-done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
