//! The status page: the status in words.

use super::review::ReviewSummary;
use super::spans::{format_ago, format_due, format_span};
use super::words::{due_reason, engine_health, review_state, source_health, urgency};
use super::{Balance, EditionStatus, EngineStatus, MemoryStatus, RunStatus, SourceStatus, Status, StoreStatus};
use crate::model::{Fault, Period, SeenSegment, Time, Unit};
use crate::render::{
    BudgetLine, ChartDay, EditionLine, EngineLine, Moment, ReviewLine, ReviewLines, RunLine, SourceLine, StatusPage,
};

/// The characters of a text that are shown.
const EXCERPT: usize = 240;
/// The percentage of a budget that shows as spent.
const ALL: f64 = 100.0;

/// Puts a status into words.
pub(in crate::serve) fn status_page(status: &Status, review: &ReviewSummary) -> StatusPage {
    let now = status.now;
    let mut troubled: Vec<&SourceStatus> = status.sources.iter().filter(|source| urgency(source.state).is_some()).collect();
    // Stable: within a state in the order of feeds.toml.
    troubled.sort_by_key(|source| urgency(source.state));
    let others: Vec<&SourceStatus> = status.sources.iter().filter(|source| urgency(source.state).is_none()).collect();
    let failing = status.engines.iter().filter(|engine| engine.fault.is_some()).count();
    StatusPage {
        title: "Status of relais".to_owned(),
        summary: summary(troubled.len(), failing, status),
        is_well: troubled.is_empty() && failing == 0,
        now: Moment { words: now.chrono().format("%-d %B %Y, %H:%M UTC").to_string(), at: now },
        stored: stored(&status.store),
        others_summary: others_summary(&others),
        troubled: troubled.into_iter().map(|source| source_line(source, now)).collect(),
        others: others.into_iter().map(|source| source_line(source, now)).collect(),
        engines: status.engines.iter().map(|engine| engine_line(engine, now)).collect(),
        memory: memory(&status.memory),
        editions: status.editions.iter().flat_map(|edition| edition_lines(edition, now)).collect(),
        runs: status.runs.iter().map(|run| run_line(run, now)).collect(),
        review: review_lines(review),
    }
}

fn summary(troubled: usize, failing: usize, status: &Status) -> String {
    let run = status.run.as_ref().map(|run| format!("run {} began {}", run.run, format_ago(status.now, run.started)));
    let run = run.unwrap_or_else(|| "nothing has run yet".to_owned());
    let trouble = match (troubled, failing) {
        (0, 0) => "Nothing needs you".to_owned(),
        (sources, 0) => format!("{} your attention", needing(sources, "source")),
        (0, engines) => format!("{} your attention", needing(engines, "engine")),
        (sources, engines) => format!("{} and {} need your attention", number(sources, "source"), number(engines, "engine")),
    };
    format!("{trouble}; {run}.")
}

fn needing(count: usize, noun: &str) -> String {
    format!("{} {}", number(count, noun), if count == 1 { "needs" } else { "need" })
}

fn number(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn stored(store: &StoreStatus) -> String {
    let size = store.size_bytes.map(|size| format!(" in {}.{} MB", size / 1_000_000, size / 100_000 % 10)).unwrap_or_default();
    format!("Stored: {} entries ({} withdrawn) and {} renditions{size}.", store.entries, store.withdrawn, store.renditions)
}

fn others_summary(others: &[&SourceStatus]) -> String {
    let count = |state: &str| others.iter().filter(|source| source.state == state).count();
    let parts = [("good", "work"), ("unsteady", "failed once"), ("new", "not visited yet"), ("disabled", "disabled")];
    let parts = parts.map(|(state, words)| (count(state), words)).into_iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, words)| format!("{count} {words}")).collect::<Vec<_>>().join(", ")
}

fn ago(now: Time, at: Time) -> Moment {
    Moment { words: format_ago(now, at), at }
}

/// For how long something has been so.
fn lasting(now: Time, since: Time) -> Moment {
    Moment { words: format_span(now.since(since)), at: since }
}

/// The fault, of which the message names the source already.
fn fault_text(fault: Option<&Fault>) -> Option<String> {
    fault.map(|fault| excerpt(&fault.message))
}

fn source_line(source: &SourceStatus, now: Time) -> SourceLine {
    let is_settled = matches!(source.state, "good" | "new" | "disabled" | "unsteady");
    let pending = source.due.filter(|_| !matches!(source.state, "new" | "disabled"));
    SourceLine {
        id: source.id.to_string(),
        title: source.title.clone(),
        state: source.state,
        health: source_health(source.state).to_owned(),
        since: source.since.filter(|_| !is_settled).map(|since| lasting(now, since)),
        fault: fault_text(source.fault.as_ref()).or_else(|| moved(source)),
        due: pending.map(|due| Moment { words: format_due(now, due), at: due }),
        due_reason: source.due_reason.filter(|_| pending.is_some()).map(due_reason),
        fresh: source.fresh.map(|fresh| ago(now, fresh)),
        days: source.week.iter().map(|day| ChartDay { visits: day.visits, failed: day.failed, entries: day.entries }).collect(),
    }
}

fn moved(source: &SourceStatus) -> Option<String> {
    source.moved_to.as_ref().map(|to| format!("it has moved to {to}: change its `url`"))
}

fn engine_line(engine: &EngineStatus, now: Time) -> EngineLine {
    let (state, health) = engine_health(engine.state);
    let currency = engine.currency.as_deref().unwrap_or_default();
    let work = match (engine.texts, engine.tokens) {
        (0, _) => "nothing".to_owned(),
        (texts, 0) => format!("{texts} texts, {} characters", engine.characters),
        (texts, _) => format!("{texts} texts, {} tokens in, {} out", engine.tokens_in, engine.tokens_out),
    };
    let since = engine.since.filter(|_| !matches!(engine.state, "good" | "new"));
    EngineLine {
        id: engine.id.clone(),
        kind: engine.kind,
        state,
        health: health.to_owned(),
        since: since.map(|since| lasting(now, since)),
        fault: fault_text(engine.fault.as_ref()),
        work,
        cost: (!currency.is_empty()).then(|| format!("{:.2} {currency}", engine.cost)),
        budget: engine.budget.as_ref().map(|budget| budget_line(budget, currency)),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number from 0 to 100")]
fn budget_line(budget: &Balance, currency: &str) -> BudgetLine {
    let figure = |amount: f64| match budget.unit {
        Unit::Money => format!("{amount:.2} {currency}"),
        Unit::Characters => format!("{amount:.0} characters"),
        Unit::Tokens => format!("{amount:.0} tokens"),
    };
    let period = if budget.per == Period::Day { "day" } else { "month" };
    let spent = if budget.limit > 0.0 { (budget.limit - budget.left) / budget.limit * ALL } else { ALL };
    let is_over = budget.forecast > budget.limit;
    let over = if is_over { ", more than there is" } else { "" };
    BudgetLine {
        percent: spent.clamp(0.0, ALL).round() as u64,
        left: format!("{} left of {} a {period}", figure(budget.left), figure(budget.limit)),
        forecast: format!("{} by the end of the {period} at this pace{over}", figure(budget.forecast)),
        is_over,
    }
}

fn memory(memory: &MemoryStatus) -> Option<String> {
    let rate = memory.hit_rate? * ALL;
    let (recalled, sent) = (memory.recalled, memory.sent);
    Some(format!("In the last seven days the memory had {rate:.1} % of the texts: {recalled} were known, {sent} were sent."))
}

fn edition_lines(edition: &EditionStatus, now: Time) -> Vec<EditionLine> {
    // A page is the first choice, and then any format.
    let extension = edition.formats.iter().find(|format| **format == "html").or(edition.formats.first());
    let line = |published: &super::PublishedStatus| EditionLine {
        id: edition.id.clone(),
        lang: published.lang.clone(),
        href: extension.filter(|_| published.items.is_some()).map(|extension| {
            let lang = published.lang.as_ref().map(|lang| format!(".{lang}")).unwrap_or_default();
            format!("{}{lang}.{extension}", edition.id)
        }),
        items: published.items,
        updated: published.updated.map(|updated| ago(now, updated)),
        waiting: published.waiting,
    };
    edition.published.iter().map(line).collect()
}

fn run_line(run: &RunStatus, now: Time) -> RunLine {
    RunLine {
        run: run.run,
        started: ago(now, run.started),
        took: run.until.map_or_else(|| "not finished".to_owned(), |until| format_span(until.since(run.started))),
        visits: if run.failed > 0 { format!("{} ({} failed)", run.visits, run.failed) } else { run.visits.to_string() },
        entries: run.entries,
        sent: run.sent,
        written: run.written,
        faults: run.faults,
    }
}

fn review_lines(review: &ReviewSummary) -> ReviewLines {
    if let Some(failure) = review.failure {
        return ReviewLines { summary: format!("There is no list: {failure}."), first: Vec::new() };
    }
    let all: usize = review.counts.values().sum();
    if all == 0 {
        let summary = "Nothing: every text that editions show is translated, and none is in doubt.".to_owned();
        return ReviewLines { summary, first: Vec::new() };
    }
    let counts: Vec<String> = review.counts.iter().map(|(state, count)| format!("{count} {}", review_state(*state))).collect();
    let rest = if all > review.first.len() { " The most urgent are here; `relais review` lists all." } else { "" };
    ReviewLines {
        summary: format!("{}: {}.{rest}", number(all, "text"), counts.join(", ")),
        first: review.first.iter().filter_map(review_line).collect(),
    }
}

fn review_line(segment: &SeenSegment) -> Option<ReviewLine> {
    let verdict = segment.verdict.as_ref()?;
    Some(ReviewLine {
        state: review_state(verdict.state),
        from: segment.from.to_string(),
        to: segment.to.to_string(),
        source: excerpt(&segment.source.plain()),
        target: segment.target.as_ref().map(|target| excerpt(&target.plain())),
        finding: verdict.finding.as_deref().map_or_else(|| verdict.reasons.join(", "), excerpt),
        headline: excerpt(&segment.headline.to_string()),
        link: segment.link.clone(),
    })
}

/// The beginning of a text.
fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(EXCERPT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
