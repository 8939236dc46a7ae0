//! The report of a run, for people.

use anstyle::AnsiColor;

use super::table::{Cell, Table};
use crate::model::{Fault, FaultSubject, Report, TranslationCounts, Visit};

/// Formats the line of one visit.
pub(super) fn visit_line(visit: &Visit) -> String {
    let (sign, colour) = match visit.outcome.failure() {
        None => ("✓", AnsiColor::Green),
        Some(_) => ("✗", AnsiColor::Red),
    };
    let style = colour.on_default();
    let result = match (visit.outcome.found(), visit.outcome.failure()) {
        (_, Some((_, message))) => message.to_owned(),
        (Some(found), _) if found.new + found.changed > 0 => match (found.new, found.changed) {
            (new, 0) => format!("{new} new"),
            (0, changed) => format!("{changed} changed"),
            (new, changed) => format!("{new} new, {changed} changed"),
        },
        _ => "nothing new".to_owned(),
    };
    format!("{style}{sign}{style:#} {}: {result}", visit.source)
}

/// Formats the report of a run as tables.
pub(super) fn report_tables(report: &Report, dry: bool) -> String {
    let mut out = counts_lines(report);
    out.push_str(&translation_line(&report.translation, dry));
    if dry {
        out.push_str("Dry run: nothing was written.\n");
    } else if !report.editions.is_empty() {
        out.push('\n');
        out.push_str(&editions_table(report));
    }
    out
}

/// Formats the counts of sources and entries, and the duration.
fn counts_lines(report: &Report) -> String {
    let (sources, entries) = (&report.sources, &report.entries);
    let outcomes = [
        ("fresh", sources.fresh),
        ("same", sources.same),
        ("later", sources.later),
        ("moved", sources.moved),
        ("gone", sources.gone),
        ("broken", sources.broken),
    ];
    let outcomes: Vec<String> = outcomes.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{n} {name}")).collect();
    let mut out = format!("{} sources due", sources.due);
    if !outcomes.is_empty() {
        out.push_str(&format!(": {}", outcomes.join(", ")));
    }
    out.push_str(&format!("\n{} entries new, {} changed", entries.new, entries.changed));
    if entries.withdrawn > 0 {
        out.push_str(&format!(", {} withdrawn", entries.withdrawn));
    }
    if entries.dropped > 0 {
        out.push_str(&format!(", {} unusable or duplicate", entries.dropped));
    }
    let duration = std::time::Duration::from_millis(report.duration_ms);
    out + &format!(" ({:.1} s)\n", duration.as_secs_f64())
}

/// Formats the counts of the translation; empty if nothing was to be translated.
fn translation_line(counts: &TranslationCounts, dry: bool) -> String {
    let TranslationCounts { segments, recalled, sent, characters_sent, cost, .. } = counts;
    if *segments == 0 {
        return String::new();
    }
    let verb = if dry { "to send" } else { "sent" };
    // The price of each engine has its own currency.
    let cost = if *cost > 0.0 { format!(", cost {cost:.4}") } else { String::new() };
    format!("{segments} segments: {recalled} from the memory, {sent} {verb} ({characters_sent} characters{cost})\n")
}

fn editions_table(report: &Report) -> String {
    let mut table = Table::new(&["edition", "language", "items", "written", "unchanged"]);
    for edition in &report.editions {
        table.row(vec![
            Cell::text(edition.id.clone()),
            Cell::text(edition.lang.as_ref().map_or_else(|| "as read".to_owned(), ToString::to_string)),
            Cell::number(edition.items.into()),
            Cell::number(edition.written.into()),
            Cell::number(edition.same.into()),
        ]);
    }
    table.render()
}

/// Formats a fault in one line.
pub(super) fn fault_line(fault: &Fault) -> String {
    let of = match &fault.of {
        FaultSubject::Source(id) => format!("source {id}"),
        FaultSubject::Engine(id) => format!("engine {id}"),
        FaultSubject::Edition(id) => format!("edition {id}"),
        FaultSubject::Network(_) => "network".to_owned(),
    };
    let since = fault.since.map(|since| format!(" (since {since})")).unwrap_or_default();
    format!("{of}: {}{since}", fault.message)
}
