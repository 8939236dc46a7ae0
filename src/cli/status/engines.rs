//! What engines have done, what their budgets have left, and how far that goes at this pace.

use serde::Serialize;

use super::super::table::{Cell, Table};
use crate::config::Plan;
use crate::model::{Budget, Period, Time, Unit};
use crate::store::{BudgetUsage, Store, StoreError};

/// An engine.
#[derive(Serialize)]
pub(super) struct Engine {
    id: String,
    kind: &'static str,
    /// What it did this month.
    texts: u64,
    characters: u64,
    tokens: u64,
    cost: f64,
    currency: Option<String>,
    budget: Option<Balance>,
}

/// How a budget stands, in its unit: characters, tokens, or the currency.
#[derive(Serialize)]
struct Balance {
    unit: Unit,
    per: Period,
    limit: f64,
    spent: f64,
    /// Set aside for requests that are on their way, or were when their worker was killed: counted as spent until the period ends.
    in_doubt: f64,
    left: f64,
    /// What will be spent by the end of the period at the pace so far.
    forecast: f64,
    until: Time,
}

/// The engines of the plan, in its order.
pub(super) async fn engines(plan: &Plan, store: Option<&Store>, now: Time) -> Result<Vec<Engine>, StoreError> {
    let month = Period::Month.start(now);
    let spending = match store {
        Some(store) => store.load_spending(month).await?,
        None => Vec::new(),
    };
    let mut engines = Vec::with_capacity(plan.engines.len());
    for engine in &plan.engines {
        let own = || spending.iter().filter(|spending| spending.engine == engine.id);
        let budget = match (engine.budget, store) {
            (Some(budget), Some(store)) => {
                let standing = store.load_budget_usage(&engine.id, budget.unit, budget.per, budget.per.start(now)).await?;
                Some(balance(budget, standing, now))
            }
            (Some(budget), None) => Some(balance(budget, BudgetUsage::default(), now)),
            (None, _) => None,
        };
        engines.push(Engine {
            id: engine.id.clone(),
            kind: engine.kind.name(),
            texts: own().map(|spending| spending.texts).sum(),
            characters: own().map(|spending| spending.used.characters).sum(),
            tokens: own().map(|spending| spending.used.tokens()).sum(),
            cost: amount(Unit::Money, own().map(|spending| spending.money).sum()),
            currency: engine.price.as_ref().map(|price| price.currency.clone()),
            budget,
        });
    }
    Ok(engines)
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

/// The same for people.
pub(super) fn shown(engines: &[Engine]) -> String {
    let mut table = Table::new(&["engine", "this month", "cost", "budget left", "at this pace"]);
    for engine in engines {
        let work = match (engine.texts, engine.tokens) {
            (0, _) => "nothing".to_owned(),
            (texts, 0) => format!("{texts} texts, {} characters", engine.characters),
            (texts, tokens) => format!("{texts} texts, {tokens} tokens"),
        };
        let currency = engine.currency.as_deref().unwrap_or_default();
        let figure = |left: &Balance, number: f64| match left.unit {
            Unit::Money => format!("{number:.2} {currency}"),
            Unit::Characters => format!("{number:.0} characters"),
            Unit::Tokens => format!("{number:.0} tokens"),
        };
        let period = |left: &Balance| if left.per == Period::Day { "day" } else { "month" };
        table.row(vec![
            Cell::text(engine.id.clone()),
            Cell::text(work),
            Cell::text(if currency.is_empty() { String::new() } else { format!("{:.2} {currency}", engine.cost) }),
            Cell::text(engine.budget.as_ref().map_or_else(
                || "no limit".to_owned(),
                |budget| format!("{} of {} a {}", figure(budget, budget.left), figure(budget, budget.limit), period(budget)),
            )),
            Cell::text(engine.budget.as_ref().map_or_else(String::new, |budget| {
                let over = if budget.forecast > budget.limit { ", too much" } else { "" };
                format!("{} a {}{over}", figure(budget, budget.forecast), period(budget))
            })),
        ]);
    }
    table.render()
}

/// An amount as people count it: money in whole units.
#[expect(clippy::cast_precision_loss, reason = "shown, not counted with")]
fn amount(unit: Unit, number: u64) -> f64 {
    if unit == Unit::Money { number as f64 / 1e6 } else { number as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_goes_on_as_it_began() {
        let at = |text: &str| Time::from_rfc3339(text).expect("a date");
        let budget = Budget { unit: Unit::Money, limit: 30_000_000, per: Period::Month };
        let left = balance(budget, BudgetUsage { reserved: 1_000_000, spent: 10_000_000 }, at("2026-11-11T00:00:00Z"));
        assert!((left.forecast - 30.0).abs() < 1e-9, "{}", left.forecast);
        assert!((left.left - 19.0).abs() < 1e-9 && (left.in_doubt - 1.0).abs() < 1e-9);
        assert_eq!(left.until, at("2026-12-01T00:00:00Z"));
    }
}
