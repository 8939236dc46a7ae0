//! The batches of an engine: what is reserved for one, what it has cost, and what is to be told of it.

use tokio::time::Instant;

use super::super::request_context::RequestContext;
use super::{EngineHandle, RequestFacts, lock};
use crate::model::{Budget, FaultKind, Period, SegmentKey, Usage};
use crate::store::{ClosedBatch, Reservation, Spending, StoreError, VendorBatch};
use crate::translate::{BatchService, EngineError, LanguagePair};

/// More tries than any request gets: the next one is that of a later run.
const LAST_TRY: u32 = 10;

/// Holds the results of a batch.
pub(in super::super) struct BatchHarvest {
    /// The answers, with marks.
    pub(in super::super) answers: Vec<(SegmentKey, String)>,
    /// The texts that were worked on.
    pub(in super::super) texts: u64,
    /// Their usage.
    pub(in super::super) used: Usage,
}

impl EngineHandle {
    /// Returns the batch service of the vendor, if texts that can wait are to be submitted to it.
    pub(in super::super) fn wanted_batches(&self) -> Option<&dyn BatchService> {
        self.engine.batches().filter(|service| service.is_wanted())
    }

    /// Returns the most that a request with this usage reserves in a batch, in the unit of the budget.
    fn batch_amount(&self, budget: Budget, most: Usage) -> u64 {
        budget.unit.batch_amount_of(most, &self.price)
    }

    /// Reserves what a batch can use up at most. `Err` tells that the budget does not allow it.
    pub(in super::super) async fn reserve_batch(
        &self,
        most: Usage,
        texts: usize,
        context: RequestContext<'_>,
    ) -> Result<Result<Option<Reservation>, BudgetExhausted>, StoreError> {
        let Some(budget) = self.budget else { return Ok(Ok(None)) };
        let reserved = self.reserve_amount(budget, self.batch_amount(budget, most), texts, context).await?;
        Ok(reserved.map(Some).ok_or(BudgetExhausted))
    }

    /// Records the results of a batch and what it has cost, at once. Whatever the vendor does not bill is free again.
    pub(in super::super) async fn close_batch(
        &self,
        batch: &VendorBatch,
        harvest: BatchHarvest,
        context: RequestContext<'_>,
    ) -> Result<(), StoreError> {
        let BatchHarvest { answers, texts, used } = harvest;
        let spent = batch.reservation.as_ref().map_or(0, |reserved| reserved.unit.batch_amount_of(used, &self.price));
        let spending = Spending { texts, used, money: self.price.batch_cost_of(used), ..self.nothing_spent(context) };
        let closed = ClosedBatch { batch, answers, spending, spent, now: context.clock.now() };
        if context.store.close_vendor_batch(closed).await? {
            let mut usage = lock(&self.usage);
            usage.sent += texts;
            usage.characters_sent += used.characters;
            usage.used += used;
            usage.used_in_batches += used;
        }
        Ok(())
    }

    /// Forgets a batch that the vendor does not have.
    pub(in super::super) async fn drop_batch(&self, batch: &VendorBatch, context: RequestContext<'_>) -> Result<(), StoreError> {
        context.store.drop_vendor_batch(batch, self.nothing_spent(context)).await
    }

    fn nothing_spent(&self, context: RequestContext<'_>) -> Spending {
        let day = Period::Day.start(context.clock.now());
        Spending { engine: self.id.clone(), day, texts: 0, used: Usage::default(), money: 0 }
    }

    /// Waits until the rate limit of the engine allows a request. Returns false if that is not in this pass.
    pub(in super::super) async fn may_submit(&self, pair: &LanguagePair, until: Instant) -> bool {
        self.wait_for_turn(pair, until).await
    }

    /// Records that a request about a batch failed.
    pub(in super::super) fn record_batch_failure(
        &self,
        pair: &LanguagePair,
        texts: usize,
        error: &EngineError,
        context: RequestContext<'_>,
    ) {
        let facts = RequestFacts { pair, texts, first: String::new() };
        self.decide(&facts, error, (LAST_TRY, false), context);
    }

    /// Has something told about a batch, once.
    pub(in super::super) fn tell_of_batch(&self, kind: FaultKind, message: String) {
        lock(&self.usage).batch_faults.push((kind, message));
    }

    /// Returns the cost of what was used up in this pass, in millionths.
    pub(in super::super) fn cost_so_far(&self) -> u64 {
        let usage = lock(&self.usage).clone();
        let single = usage.used.without(usage.used_in_batches);
        self.price.cost_of(single) + self.price.batch_cost_of(usage.used_in_batches)
    }
}

/// The budget of an engine does not allow a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct BudgetExhausted;
