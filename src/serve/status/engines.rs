//! The usage of engines, the balance of their budgets, and a forecast.

use std::collections::HashMap;

use serde::Serialize;

use crate::config::Plan;
use crate::model::{Budget, EngineState, Fault, Period, Time, Unit};
use crate::pipeline::list_models;
use crate::policy::engine_health::told_fault;
use crate::store::{BudgetUsage, OpenBatch, Store, StoreError};

/// The usage and the budget of an engine.
#[derive(Serialize)]
pub struct EngineStatus {
    /// The name in feeds.toml.
    pub id: String,
    /// The protocol.
    pub kind: &'static str,
    /// Its health in a word.
    pub state: &'static str,
    /// The time since when it is in this state; of trouble, since when it has not been good.
    pub since: Option<Time>,
    /// The time until which nothing is sent to it.
    pub paused_until: Option<Time>,
    /// The fault to tell of it.
    pub fault: Option<Fault>,
    /// Texts translated this month.
    pub texts: u64,
    /// Characters sent this month.
    pub characters: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// Tokens read this month.
    pub tokens_in: u64,
    /// Tokens written this month.
    pub tokens_out: u64,
    /// Of the tokens read, those that the server had in its cache.
    pub tokens_cached: u64,
    /// The cost of this month.
    pub cost: f64,
    /// The currency of its price.
    pub currency: Option<String>,
    /// The balance of its budget.
    pub budget: Option<Balance>,
    /// The batches that the vendor works on, the oldest first.
    pub batches: Vec<BatchStatus>,
    /// The models of the embedded engine that are there; absent for other engines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<ModelStatus>>,
}

/// A model of the embedded engine.
#[derive(Serialize)]
pub struct ModelStatus {
    /// Its languages, version and size class, such as `fr-en-3.0-base-memory`.
    pub name: String,
    /// The bytes of its files.
    pub bytes: u64,
}

/// A batch that a vendor works on.
#[derive(Serialize)]
pub struct BatchStatus {
    /// The vendor's name of it; nothing if it is not known whether the vendor has it.
    pub id: Option<String>,
    /// The number of its texts.
    pub texts: u64,
    /// The time of its submission.
    pub since: Time,
    /// The time at which it ends, done or not.
    pub expires: Option<Time>,
}

/// The balance of a budget, in its unit: characters, tokens, or the currency.
#[derive(Serialize)]
pub struct Balance {
    /// The unit.
    pub unit: Unit,
    /// The period.
    pub per: Period,
    /// The limit of a period.
    pub limit: f64,
    /// The amount spent in this period.
    pub spent: f64,
    /// Reserved for requests in flight, or in flight when their worker was killed: counts as spent until the period ends.
    pub in_doubt: f64,
    /// The amount left of it.
    pub left: f64,
    /// The spending at the end of the period, if it goes on at the same pace.
    pub forecast: f64,
    /// The end of the period.
    pub until: Time,
}

/// Collects the status of all engines, in the order of feeds.toml.
pub(super) async fn gather(plan: &Plan, store: Option<&Store>, now: Time) -> Result<Vec<EngineStatus>, StoreError> {
    let month = Period::Month.start(now);
    let spending = match store {
        Some(store) => store.load_spending(month).await?,
        None => Vec::new(),
    };
    let states: HashMap<String, EngineState> = match store {
        Some(store) => store.load_engine_states().await?.into_iter().collect(),
        None => HashMap::new(),
    };
    let open = match store {
        Some(store) => store.list_open_batches().await?,
        None => Vec::new(),
    };
    let mut engines = Vec::with_capacity(plan.engines.len());
    for engine in &plan.engines {
        let own = || spending.iter().filter(|spending| spending.engine == engine.id);
        let budget = match (engine.budget, store) {
            (Some(budget), Some(store)) => {
                let usage = store.load_budget_usage(&engine.id, budget.unit, budget.per, budget.per.start(now)).await?;
                Some(balance(budget, usage, now))
            }
            (Some(budget), None) => Some(balance(budget, BudgetUsage::default(), now)),
            (None, _) => None,
        };
        let state = states.get(&engine.id).cloned().unwrap_or_default();
        engines.push(EngineStatus {
            id: engine.id.clone(),
            kind: engine.kind.name(),
            state: state.condition.as_str(),
            since: state.since,
            paused_until: state.paused_until,
            fault: told_fault(&engine.id, &state),
            texts: own().map(|spending| spending.texts).sum(),
            characters: own().map(|spending| spending.used.characters).sum(),
            tokens: own().map(|spending| spending.used.tokens()).sum(),
            tokens_in: own().map(|spending| spending.used.tokens_in).sum(),
            tokens_out: own().map(|spending| spending.used.tokens_out).sum(),
            tokens_cached: own().map(|spending| spending.used.tokens_cached).sum(),
            cost: amount(Unit::Money, own().map(|spending| spending.money).sum()),
            currency: engine.price.as_ref().map(|price| price.currency.clone()),
            budget,
            models: engine
                .models
                .as_ref()
                .map(|models| list_models(&models.folder).into_iter().map(|(name, bytes)| ModelStatus { name, bytes }).collect()),
            batches: open.iter().filter(|batch| batch.engine == engine.id).map(batch_status).collect(),
        });
    }
    Ok(engines)
}

fn batch_status(batch: &OpenBatch) -> BatchStatus {
    BatchStatus { id: batch.vendor_id.clone(), texts: batch.texts, since: batch.submitted, expires: batch.expires }
}

fn balance(Budget { unit, limit, per }: Budget, BudgetUsage { reserved, spent }: BudgetUsage, now: Time) -> Balance {
    let (begin, until) = (per.start(now), per.end(now));
    let pace = until.since(begin).as_secs_f64() / now.since(begin).as_secs_f64().max(1.0);
    let spent_so_far = amount(unit, spent);
    Balance {
        unit,
        per,
        limit: amount(unit, limit),
        spent: spent_so_far,
        in_doubt: amount(unit, reserved),
        left: amount(unit, limit.saturating_sub(spent).saturating_sub(reserved)),
        forecast: if unit == Unit::Money { spent_so_far * pace } else { (spent_so_far * pace).round() },
        until,
    }
}

/// Converts an amount for display: money from millionths to units.
#[expect(clippy::cast_precision_loss, reason = "for display only")]
fn amount(unit: Unit, number: u64) -> f64 {
    if unit == Unit::Money { number as f64 / 1e6 } else { number as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forecast_extrapolates_the_spending_of_the_period() {
        let at = |text: &str| Time::from_rfc3339(text).expect("a date");
        let budget = Budget { unit: Unit::Money, limit: 30_000_000, per: Period::Month };
        let left = balance(budget, BudgetUsage { reserved: 1_000_000, spent: 10_000_000 }, at("2026-11-11T00:00:00Z"));
        assert!((left.forecast - 30.0).abs() < 1e-9, "{}", left.forecast);
        assert!((left.left - 19.0).abs() < 1e-9 && (left.in_doubt - 1.0).abs() < 1e-9);
        assert_eq!(left.until, at("2026-12-01T00:00:00Z"));
    }
}
