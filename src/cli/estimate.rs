//! The estimate of a dry run, for people.

use super::count::count;
use super::table::{Cell, Table};
use crate::model::{BudgetEstimate, EditionEstimate, EngineEstimate, Estimate, EstimatedWork, Range, Unit};

/// Formats an estimate as a table, a line for each edition and engine. It is empty if editions want nothing.
pub(super) fn estimate_table(estimate: &Estimate) -> String {
    if estimate.editions.is_empty() {
        return pages_line(estimate.pages_to_fetch);
    }
    let headings = ["edition", "engine", "segments", "recalled", "to send", "amount", "cost", "budget left", "must wait"];
    let mut table = Table::new(&headings).or_list();
    for edition in &estimate.editions {
        table.row(row(edition, &estimate.engines));
    }
    let mut out = table.render();
    if estimate.sent.most > estimate.sent.least {
        out.push_str(
            "Least: each first answer is taken. Most: answers are refused, and asked for again as often as they may be.\n",
        );
    }
    out + &pages_line(estimate.pages_to_fetch)
}

fn row(edition: &EditionEstimate, engines: &[EngineEstimate]) -> Vec<Cell> {
    let engine = engines.iter().find(|engine| Some(&engine.id) == edition.engine.as_ref());
    let currency = engine.and_then(|engine| engine.currency.as_deref()).unwrap_or_default();
    vec![
        Cell::text(format!("{}.{}", edition.id, edition.lang)),
        Cell::text(edition.engine.clone().unwrap_or_else(|| "none".to_owned())),
        Cell::number(edition.segments),
        Cell::number(edition.recalled),
        range_cell(edition.work.sent),
        Cell::text(amount(&edition.work)).right(),
        Cell::text(money(edition.work.cost, currency)).right(),
        Cell::text(engine.map_or_else(String::new, |engine| budget(engine.budget, currency))),
        range_cell(edition.segments_waiting),
    ]
}

fn range_cell(range: Range<u64>) -> Cell {
    if range.most == 0 { Cell::number(0) } else { Cell::text(figures(range)).right() }
}

/// Formats `5`, or `5–9`.
fn figures(Range { least, most }: Range<u64>) -> String {
    if least == most { most.to_string() } else { format!("{least}–{most}") }
}

/// Formats what is billed: characters, or for language models tokens.
fn amount(work: &EstimatedWork) -> String {
    let tokens = Range {
        least: work.tokens_in.least.saturating_add(work.tokens_out.least),
        most: work.tokens_in.most.saturating_add(work.tokens_out.most),
    };
    match (work.characters.most, tokens.most) {
        (0, 0) => "·".to_owned(),
        (_, 0) => format!("{} characters", figures(work.characters)),
        _ => format!("{} tokens", figures(tokens)),
    }
}

fn money(cost: Range<f64>, currency: &str) -> String {
    let (least, most) = (format!("{:.4}", cost.least), format!("{:.4}", cost.most));
    let cost = match (least == most, most == "0.0000") {
        (_, true) => return "·".to_owned(),
        (true, false) => most,
        (false, false) => format!("{least}–{most}"),
    };
    format!("{cost} {currency}").trim_end().to_owned()
}

fn budget(budget: Option<BudgetEstimate>, currency: &str) -> String {
    let Some(BudgetEstimate { unit, left, .. }) = budget else { return "no limit".to_owned() };
    match unit {
        Unit::Money => format!("{left:.2} {currency}"),
        Unit::Characters => format!("{left:.0} characters"),
        Unit::Tokens => format!("{left:.0} tokens"),
    }
}

/// Says that a run knows more than this one.
fn pages_line(pages: u64) -> String {
    match pages {
        0 => String::new(),
        pages => format!(
            "A run first fetches the {} of full texts: what they say more than the feeds is not counted.\n",
            count(pages, "page")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Lang, Period};

    fn estimate(budget: Option<BudgetEstimate>, work: EstimatedWork) -> Estimate {
        let engine = EngineEstimate { id: "deepl".to_owned(), work, currency: Some("EUR".to_owned()), budget };
        let edition = EditionEstimate {
            id: "jeux".to_owned(),
            lang: Lang::new("en").expect("a tag"),
            engine: Some("deepl".to_owned()),
            segments: 12,
            recalled: 4,
            left: 0,
            segments_waiting: Range { least: 0, most: 2 },
            work,
        };
        let mut estimate = Estimate { engines: vec![engine], editions: vec![edition], ..Estimate::default() };
        estimate.add(work);
        estimate
    }

    fn shown(estimate: &Estimate) -> String {
        anstream::adapter::strip_str(&estimate_table(estimate)).to_string()
    }

    #[test]
    fn characters_and_cost_are_told_from_least_to_most() {
        let work = EstimatedWork {
            sent: Range { least: 6, most: 24 },
            characters: Range { least: 480, most: 2100 },
            cost: Range { least: 0.0096, most: 0.042 },
            ..EstimatedWork::default()
        };
        let left = BudgetEstimate { unit: Unit::Characters, per: Period::Month, limit: 450_000.0, left: 3200.0 };
        insta::assert_snapshot!(shown(&estimate(Some(left), work)), @r"
        edition  engine  segments  recalled  to send  amount               cost               budget left      must wait
        jeux.en  deepl         12         4     6–24  480–2100 characters  0.0096–0.0420 EUR  3200 characters        0–2
        Least: each first answer is taken. Most: answers are refused, and asked for again as often as they may be.
        ");
    }

    #[test]
    fn tokens_are_told_of_language_models() {
        let work = EstimatedWork {
            sent: Range { least: 1, most: 1 },
            tokens_in: Range { least: 10, most: 900 },
            tokens_out: Range { least: 1, most: 200 },
            ..EstimatedWork::default()
        };
        let text = shown(&estimate(None, work));
        assert!(text.contains("11–1100 tokens") && text.contains("no limit"), "{text}");
    }

    #[test]
    fn pages_that_only_a_run_fetches_are_told() {
        let text = shown(&Estimate { pages_to_fetch: 1, ..Estimate::default() });
        assert!(text.contains("the 1 page of full texts"), "{text}");
    }
}
