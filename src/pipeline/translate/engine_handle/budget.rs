//! The budget of an engine: reserves the most that a request can use up, and gives back what it did not.

use super::super::request_context::RequestContext;
use super::{EngineHandle, lock};
use crate::model::{Budget, Period, Usage};
use crate::store::{Reservation, Spending, StoreError};
use crate::translate::{LanguagePair, Outgoing, ReadingText};

/// An amount that was reserved for one request.
pub(super) struct ReservedUsage {
    /// The most that the request can use up.
    pub(super) most: Usage,
    /// The reservation in the store; nothing for an engine without a budget.
    reservation: Option<Reservation>,
}

impl EngineHandle {
    /// Returns the most that a request with these texts can use up.
    pub(in super::super) fn most_usage<'t>(&self, texts: impl IntoIterator<Item = &'t Outgoing>, pair: &LanguagePair) -> Usage {
        self.engine.price_together(&texts.into_iter().collect::<Vec<_>>(), &pair.from, &pair.to)
    }

    /// Returns the most that reading these translations can use up; nothing for an engine that cannot read.
    pub(in super::super) fn most_reading_usage(&self, texts: &[&ReadingText], pair: &LanguagePair) -> Usage {
        self.engine.reader().map_or_else(Usage::default, |reader| reader.reading_price(texts, &pair.from, &pair.to))
    }

    /// Sends nothing more: the budget is used up.
    pub(in super::super) fn stop_for_budget(&self) {
        lock(&self.usage).is_budget_exhausted = true;
    }

    /// Reserves the most that a request with so many texts can use up; nothing if the budget does not allow it.
    pub(super) async fn reserve(
        &self,
        most: Usage,
        texts: usize,
        context: RequestContext<'_>,
    ) -> Result<Option<ReservedUsage>, StoreError> {
        let Some(budget) = self.budget else { return Ok(Some(ReservedUsage { most, reservation: None })) };
        let amount = budget.unit.amount_of(most, &self.price);
        if let Some(reservation) = self.reserve_amount(budget, amount, texts, context).await? {
            return Ok(Some(ReservedUsage { most, reservation: Some(reservation) }));
        }
        // Where not even one text can be paid for, nothing less urgent is sent: smaller texts would jump the queue.
        if texts == 1 {
            self.stop_for_budget();
        }
        Ok(None)
    }

    /// Reserves an amount for so many texts; nothing if the budget does not allow it.
    pub(super) async fn reserve_amount(
        &self,
        budget: Budget,
        amount: u64,
        texts: usize,
        context: RequestContext<'_>,
    ) -> Result<Option<Reservation>, StoreError> {
        let since = budget.per.start(context.clock.now());
        let reservation = Reservation { engine: self.id.clone(), unit: budget.unit, per: budget.per, since, amount };
        if context.store.reserve_budget(&reservation, budget.limit).await? {
            tracing::debug!(engine.id = %self.id, amount, "quota reserved");
            return Ok(Some(reservation));
        }
        tracing::debug!(engine.id = %self.id, amount, segments = texts, "quota exhausted: a request is not sent");
        Ok(None)
    }

    /// Records what a request has used up, and gives back the rest of the reserved amount. Only what was answered counts as
    /// sent; but what may be billed counts as spent.
    pub(super) async fn settle(
        &self,
        texts: usize,
        used: Usage,
        is_answered: bool,
        reserved: &ReservedUsage,
        context: RequestContext<'_>,
    ) -> Result<(), StoreError> {
        let texts = if is_answered { texts as u64 } else { 0 };
        let spending = Spending {
            engine: self.id.clone(),
            day: Period::Day.start(context.clock.now()),
            texts,
            used,
            money: self.price.cost_of(used),
        };
        let spent = reserved.reservation.as_ref().map(|reserved| (reserved, reserved.unit.amount_of(used, &self.price)));
        context.store.settle_spending(&spending, spent).await?;
        let mut usage = lock(&self.usage);
        usage.sent += texts;
        usage.characters_sent += if is_answered { used.characters } else { 0 };
        usage.used += used;
        Ok(())
    }
}
