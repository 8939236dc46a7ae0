//! One engine at work: its client, its budget, and how it is doing in this run. A text is sent only after what it costs was
//! set aside in the store, and what was not used is given back: whatever crashes in between, no more is spent than allowed.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::xxh3_64;

use crate::model::{Budget, Clock, Lang, Marked, Period, Price, Usage};
use crate::store::{Reservation, Spending, Store, StoreError};
use crate::translate::{Batch, Billing, CircuitBreaker, Engine, EngineError, Limits, Outgoing, RetryDecision};

/// An engine at work.
pub struct EngineHandle {
    /// Its name in feeds.toml.
    pub id: String,
    /// Its client.
    pub engine: Arc<dyn Engine>,
    /// How much of it may be used.
    pub budget: Option<Budget>,
    /// What it costs.
    pub price: Price,
    gate: Mutex<CircuitBreaker>,
    usage: Mutex<EngineUsage>,
}

/// What an engine did in this run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::pipeline) struct EngineUsage {
    /// Texts sent; one that is sent again counts again.
    pub(in crate::pipeline) sent: u64,
    /// What that has used up, as far as anybody knows.
    pub(in crate::pipeline) used: Usage,
    /// Whether something was not sent for want of budget.
    pub(in crate::pipeline) is_short: bool,
}

/// What became of one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// What the engine says. It is not verified.
    Text(Marked),
    /// The engine answered, but not this text.
    Unfit(String),
    /// The engine is not to be had now.
    Absent(&'static str),
}

/// What requests need beside the engine.
#[derive(Clone, Copy)]
pub(super) struct RequestContext<'a> {
    pub(super) store: &'a Store,
    pub(super) clock: &'a dyn Clock,
    /// No request begins after this.
    pub(super) until: Instant,
    /// Nor after somebody has said stop: what flies then is waited for, as it is paid for.
    pub(super) stop: Option<&'a CancellationToken>,
}

impl RequestContext<'_> {
    /// When the last request may begin.
    pub(super) fn until(&self) -> Instant {
        if self.stop.is_some_and(CancellationToken::is_cancelled) { Instant::now().min(self.until) } else { self.until }
    }
}

/// How one request ended.
enum Called {
    Replied(Vec<Answer>),
    /// In halves, if it can be halved; else this.
    Halve(Answer),
    Left(&'static str),
}

impl EngineHandle {
    /// An engine that has not done anything yet.
    pub fn new(id: String, engine: Arc<dyn Engine>, budget: Option<Budget>, price: Price) -> Self {
        Self { id, engine, budget, price, gate: Mutex::default(), usage: Mutex::default() }
    }

    /// Returns the same engine with a closed circuit breaker and nothing counted: what made it be left alone may be over.
    pub(in crate::pipeline) fn renewed(&self) -> Self {
        Self::new(self.id.clone(), Arc::clone(&self.engine), self.budget, self.price.clone())
    }

    /// What one request may hold.
    pub(super) fn limits(&self) -> Limits {
        self.engine.limits()
    }

    /// Why nothing more is sent to it in this run, if that is so.
    pub(super) fn closed(&self) -> Option<&'static str> {
        if locked(&self.usage).is_short {
            Some("budget")
        } else if locked(&self.gate).shut().is_some() {
            Some("engine-unavailable")
        } else {
            None
        }
    }

    /// What made the engine be left alone for the rest of this run, if it is.
    pub(in crate::pipeline) fn shut(&self) -> Option<String> {
        locked(&self.gate).shut().map(str::to_owned)
    }

    /// What it did so far.
    pub(in crate::pipeline) fn usage(&self) -> EngineUsage {
        locked(&self.usage).clone()
    }

    /// Most of a whole request was of no use: as if it had failed.
    pub(super) fn disappointed(&self, context: RequestContext<'_>) {
        let error = EngineError::Transient {
            message: "most of what it answered was refused by the checks".to_owned(),
            retry_after: None,
            billing: Billing::Unknown,
        };
        locked(&self.gate).failed(&error, u32::MAX, Instant::now(), context.until(), 0.0);
    }

    /// Has texts translated: as many answers, in their request. Requests that are too large, or beyond the budget, are halved.
    pub(super) async fn ask(
        &self,
        texts: &[Outgoing],
        (from, to): (&Lang, &Lang),
        context: RequestContext<'_>,
    ) -> Result<Vec<Answer>, StoreError> {
        let mut answers = vec![Answer::Absent("deadline"); texts.len()];
        let mut todo: Vec<Range<usize>> = std::iter::once(0..texts.len()).collect();
        while let Some(range) = todo.pop() {
            if range.is_empty() {
                continue;
            }
            if let Some(why) = self.closed() {
                answers[range].fill(Answer::Absent(why));
                continue;
            }
            let batch = Batch { from: from.clone(), to: to.clone(), texts: texts[range.clone()].to_vec() };
            match self.call(&batch, context).await? {
                Called::Replied(replied) => answers.splice(range, replied).for_each(drop),
                Called::Halve(_) if range.len() > 1 => {
                    let middle = range.start + range.len() / 2;
                    todo.extend([middle..range.end, range.start..middle]);
                }
                Called::Halve(answer) => answers[range.start] = answer,
                Called::Left(why) => answers[range].fill(Answer::Absent(why)),
            }
        }
        Ok(answers)
    }

    /// One request, tried again as often as that makes sense.
    async fn call(&self, batch: &Batch, context: RequestContext<'_>) -> Result<Called, StoreError> {
        let mut tries = 0;
        loop {
            if !self.wait(context.until()).await {
                return Ok(Called::Left("engine-unavailable"));
            }
            tries += 1;
            let (most, reserved) = match self.reserve(batch, context).await? {
                Ok(reserved) => reserved,
                Err(answer) => return Ok(answer),
            };
            let result = self.engine.translate(batch).await;
            let used = match &result {
                Ok(reply) => reply.used,
                Err(EngineError::BadOutput { used, .. }) => used.unwrap_or(most),
                Err(EngineError::Transient { billing: Billing::Unknown, .. }) => most,
                Err(_) => Usage::default(),
            };
            self.settle(batch, used, reserved, context).await?;
            let error = match result {
                Ok(reply) if reply.texts.len() == batch.texts.len() => {
                    locked(&self.gate).answered();
                    return Ok(Called::Replied(reply.texts.into_iter().map(answer).collect()));
                }
                Ok(_) => EngineError::BadOutput { message: "it answered another number of texts".to_owned(), used: Some(used) },
                Err(error) => error,
            };
            tracing::debug!(engine = %self.id, texts = batch.texts.len(), tries, %error, "a request failed");
            let now = Instant::now();
            let advice = locked(&self.gate).failed(&error, tries, now, context.until(), self.jitter(batch, tries));
            match advice {
                RetryDecision::RetryAt(then) => sleep_until(then).await,
                RetryDecision::Split => return Ok(Called::Halve(Answer::Unfit("too-long".to_owned()))),
                RetryDecision::Isolate => return Ok(Called::Halve(Answer::Unfit("bad-answer".to_owned()))),
                RetryDecision::GiveUp => return Ok(Called::Left("engine-unavailable")),
            }
        }
    }

    /// Waits until the engine may be asked; false if that is not to be in this run.
    async fn wait(&self, until: Instant) -> bool {
        loop {
            let now = Instant::now();
            let opens = {
                let gate = locked(&self.gate);
                if gate.shut().is_some() || gate.opens(now) >= until {
                    return false;
                }
                gate.opens(now)
            };
            if opens <= now {
                return true;
            }
            sleep_until(opens).await;
        }
    }

    /// Sets aside the most that a request can use up.
    async fn reserve(
        &self,
        batch: &Batch,
        context: RequestContext<'_>,
    ) -> Result<Result<(Usage, Option<Reservation>), Called>, StoreError> {
        let most = batch.texts.iter().fold(Usage::default(), |sum, text| sum + self.engine.price(text, &batch.from, &batch.to));
        let Some(budget) = self.budget else { return Ok(Ok((most, None))) };
        let reservation = Reservation {
            engine: self.id.clone(),
            unit: budget.unit,
            per: budget.per,
            since: budget.per.start(context.clock.now()),
            amount: budget.unit.amount_of(most, &self.price),
        };
        if context.store.reserve_budget(&reservation, budget.limit).await? {
            return Ok(Ok((most, Some(reservation))));
        }
        // Where not even one text can be paid for, nothing less urgent is: the smaller ones behind it would jump the queue.
        locked(&self.usage).is_short |= batch.texts.len() == 1;
        Ok(Err(Called::Halve(Answer::Absent("budget"))))
    }

    async fn settle(
        &self,
        batch: &Batch,
        used: Usage,
        reserved: Option<Reservation>,
        context: RequestContext<'_>,
    ) -> Result<(), StoreError> {
        let done = Spending {
            engine: self.id.clone(),
            day: Period::Day.start(context.clock.now()),
            texts: batch.texts.len() as u64,
            used,
            money: self.price.cost_of(used),
        };
        let spent = reserved.as_ref().map(|reserved| (reserved, reserved.unit.amount_of(used, &self.price)));
        context.store.settle_spending(&done, spent).await?;
        let mut usage = locked(&self.usage);
        usage.sent += batch.texts.len() as u64;
        usage.used += used;
        Ok(())
    }

    /// From 0 to 1, another one for each request and try.
    #[expect(clippy::cast_precision_loss, reason = "a fraction of a wait")]
    fn jitter(&self, batch: &Batch, tries: u32) -> f64 {
        let first = batch.texts.first().map(|text| text.text.plain()).unwrap_or_default();
        let hash = xxh3_64(format!("{} {tries} {} {first}", self.id, std::process::id()).as_bytes());
        (hash >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn answer(text: Result<Marked, String>) -> Answer {
    match text {
        Ok(text) => Answer::Text(text),
        Err(_) => Answer::Unfit("bad-answer".to_owned()),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept is whole after each line: a panic elsewhere spoils nothing.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
