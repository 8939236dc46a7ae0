//! The engines as a table, for people.

use super::super::count::{count, megabytes};
use super::super::table::{Cell, Table};
use crate::model::{Period, Unit};
use crate::serve::status::{Balance, EngineStatus};

/// Returns "1,200 tokens in (800 cached), 300 out".
fn tokens_text(engine: &EngineStatus) -> String {
    let cached = if engine.tokens_cached > 0 { format!(" ({} cached)", engine.tokens_cached) } else { String::new() };
    format!("{} in{cached}, {} out", count(engine.tokens_in, "token"), engine.tokens_out)
}

/// Formats the engines as a table.
pub(super) fn engines_table(engines: &[EngineStatus]) -> String {
    let mut table = Table::new(&["engine", "state", "this month", "cost", "budget left", "forecast"]).or_list();
    for engine in engines {
        let work = match (engine.texts, engine.tokens) {
            (0, _) => "nothing".to_owned(),
            (texts, 0) => format!("{}, {}", count(texts, "text"), count(engine.characters, "character")),
            (texts, _) => format!("{}, {}", count(texts, "text"), tokens_text(engine)),
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
            Cell::text(state_text(engine)),
            Cell::text(work),
            Cell::text(if currency.is_empty() { String::new() } else { format!("{:.2} {currency}", engine.cost) }),
            Cell::text(engine.budget.as_ref().map_or_else(
                || "no limit".to_owned(),
                |budget| format!("{} of {} a {}", figure(budget, budget.left), figure(budget, budget.limit), period(budget)),
            )),
            Cell::text(engine.budget.as_ref().map_or_else(String::new, |budget| {
                let over = if budget.forecast > budget.limit { ", over budget" } else { "" };
                format!("{} a {}{over}", figure(budget, budget.forecast), period(budget))
            })),
        ]);
    }
    let models: String = engines.iter().filter_map(models_text).collect();
    table.render() + &models
}

/// Formats the models of an embedded engine as a line.
fn models_text(engine: &EngineStatus) -> Option<String> {
    let models = engine.models.as_ref()?;
    let named: Vec<String> = models.iter().map(|model| format!("{} ({})", model.name, megabytes(model.bytes))).collect();
    let named = if named.is_empty() { "none; `relais models add fr-en` gets one".to_owned() } else { named.join(", ") };
    Some(format!("models of {}: {named}\n", engine.id))
}

/// Formats the state, of trouble with its beginning and its reason.
fn state_text(engine: &EngineStatus) -> String {
    let since = engine.since.filter(|_| !matches!(engine.state, "good" | "new"));
    let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
    let reason = engine.fault.as_ref().map(|fault| format!(": {}", fault.message)).unwrap_or_default();
    format!("{}{since}{reason}{}", engine.state, batches_text(engine))
}

/// Returns "; 120 texts in a batch since 2026-11-27T18:00:00Z".
fn batches_text(engine: &EngineStatus) -> String {
    let texts: u64 = engine.batches.iter().map(|batch| batch.texts).sum();
    let batches = if engine.batches.len() == 1 { "a batch".to_owned() } else { format!("{} batches", engine.batches.len()) };
    engine
        .batches
        .first()
        .map(|oldest| format!("; {} in {batches} since {}", count(texts, "text"), oldest.since))
        .unwrap_or_default()
}
