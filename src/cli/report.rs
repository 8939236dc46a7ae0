//! The report of a run, for people.

use anstyle::AnsiColor;

use super::count::count;
use super::estimate::estimate_table;
use super::table::{Cell, Table};
use crate::config::Engine;
use crate::model::{Fault, FaultSubject, Report, TranslationCounts, Visit};

/// The number of editions up to which all are listed, unchanged ones too.
const LONG_TABLE: usize = 20;

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

/// Formats the report of a run as tables. `output` is the folder or bucket that was written to.
pub(super) fn report_tables(report: &Report, dry: bool, output: &str, currency: Option<&str>) -> String {
    let mut out = counts_lines(report);
    out.push_str(&translation_line(&report.translation, dry, currency));
    if dry {
        out.push_str(&report.translation.estimate.as_deref().map(estimate_table).unwrap_or_default());
        out.push_str("Dry run: nothing was written.\n");
    } else if !report.editions.is_empty() {
        out.push_str(&output_line(report, output));
        out.push('\n');
        out.push_str(&editions_table(report));
    }
    out
}

/// Returns the currency of the engines that have a price, if it is the same for all.
pub(super) fn common_currency(engines: &[Engine]) -> Option<String> {
    let mut currencies = engines.iter().filter_map(|engine| engine.price.as_ref()).map(|price| price.currency.as_str());
    let first = currencies.next()?;
    (!first.is_empty() && currencies.all(|other| other == first)).then(|| first.to_owned())
}

/// Says what was written, and where.
fn output_line(report: &Report, output: &str) -> String {
    let written: u32 = report.editions.iter().map(|edition| edition.written).sum();
    match written {
        0 => format!("no file of the editions has changed in {output}\n"),
        _ => format!("{} of the editions written to {output}\n", count(written, "file")),
    }
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
    let mut out = format!("{} due", count(sources.due, "source"));
    if !outcomes.is_empty() {
        out.push_str(&format!(": {}", outcomes.join(", ")));
    }
    out.push_str(&format!("\n{} new, {} changed", count(entries.new, "entry"), entries.changed));
    if entries.withdrawn > 0 {
        out.push_str(&format!(", {} withdrawn", entries.withdrawn));
    }
    let unusable = entries.dropped.saturating_sub(entries.dropped_by_rule);
    for (number, what) in [(entries.dropped_by_rule, "left out by rules"), (unusable, "unusable or duplicate")] {
        if number > 0 {
            out.push_str(&format!(", {number} {what}"));
        }
    }
    let duration = std::time::Duration::from_millis(report.duration_ms);
    out + &format!(" ({:.1} s)\n", duration.as_secs_f64())
}

/// Formats the counts of the translation; empty if nothing was to be translated.
fn translation_line(counts: &TranslationCounts, dry: bool, currency: Option<&str>) -> String {
    let TranslationCounts { segments, recalled, sent, characters_sent, cost, waiting, left, read, doubted, unread, .. } = counts;
    if *segments == 0 && *waiting == 0 {
        return String::new();
    }
    let verb = if dry { "to send" } else { "sent" };
    let cost = match currency {
        // Engines with several currencies have no sum that means anything else.
        None if *cost > 0.0 => format!(", cost {cost:.4}"),
        Some(currency) if *cost > 0.0 => format!(", cost {cost:.4} {currency}"),
        _ => String::new(),
    };
    let waiting = if *waiting > 0 { format!("; {} waiting for a translation", count(*waiting, "entry")) } else { String::new() };
    let left = if *left > 0 { format!("; {left} left in the original, as relais review shows") } else { String::new() };
    let doubts = if *doubted > 0 { format!(", {doubted} doubted") } else { String::new() };
    let read = if *read > 0 { format!("; {read} read by a second engine{doubts}") } else { String::new() };
    let unread = if *unread > 0 { format!("; {unread} published unread") } else { String::new() };
    let in_batches: u64 = counts.engines.iter().map(|engine| engine.in_batches).sum();
    let since = counts.engines.iter().filter_map(|engine| engine.in_batches_since).min();
    let batches = since.map(|since| format!("; {} in batches since {since}", count(in_batches, "text"))).unwrap_or_default();
    let (segments, characters) = (count(*segments, "segment"), count(*characters_sent, "character"));
    format!("{segments}: {recalled} from the memory, {sent} {verb} ({characters}{cost}){read}{unread}{left}{waiting}{batches}\n")
}

fn editions_table(report: &Report) -> String {
    let mut table = Table::new(&["edition", "language", "items", "written", "unchanged"]);
    // One edition for each tag makes a hundred, of which most runs change few.
    let is_long = report.editions.len() > LONG_TABLE;
    let (shown, unchanged): (Vec<_>, Vec<_>) = report.editions.iter().partition(|edition| !is_long || edition.written > 0);
    for edition in shown {
        table.row(vec![
            Cell::text(edition.id.clone()),
            Cell::text(edition.lang.as_ref().map_or_else(|| "as read".to_owned(), ToString::to_string)),
            Cell::number(edition.items.into()),
            Cell::number(edition.written.into()),
            Cell::number(edition.same.into()),
        ]);
    }
    let rest = match unchanged.len() as u64 {
        0 => String::new(),
        rest => format!("{} unchanged\n", count(rest, "more edition")),
    };
    table.render() + &rest
}

/// Formats a fault in one line.
pub(super) fn fault_line(fault: &Fault) -> String {
    let since = fault.since.map(|since| format!(" (since {since})")).unwrap_or_default();
    format!("{}: {}{since}", subject(fault), fault.message)
}

/// Returns the line that says that a fault has ended.
pub(super) fn end_line(fault: &Fault) -> String {
    let (works, failed) = match &fault.of {
        FaultSubject::Network(_) => ("it is back", "been away"),
        FaultSubject::Edition(_) => ("it is published again", "failed"),
        FaultSubject::Notify(_) => ("events are delivered again", "failed"),
        FaultSubject::Source(_) | FaultSubject::Engine(_) => ("it works again", "failed"),
    };
    let since = fault.since.map(|since| format!("; it had {failed} since {since}")).unwrap_or_default();
    format!("{}: {works}{since}", subject(fault))
}

fn subject(fault: &Fault) -> String {
    match &fault.of {
        FaultSubject::Source(id) => format!("source {id}"),
        FaultSubject::Engine(id) => format!("engine {id}"),
        FaultSubject::Edition(id) => format!("edition {id}"),
        FaultSubject::Notify(id) => format!("notification {id}"),
        FaultSubject::Network(_) => "network".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EditionCount, EntryCounts, SourceCounts, Time};

    fn report(written: u32, translation: TranslationCounts) -> Report {
        Report {
            run: 1,
            started: Time::EPOCH,
            duration_ms: 1200,
            sources: SourceCounts { due: 1, fresh: 1, ..SourceCounts::default() },
            entries: EntryCounts { new: 1, ..EntryCounts::default() },
            translation,
            editions: vec![EditionCount { id: "jeux".to_owned(), lang: None, items: 1, written, same: 4 - written }],
            notifications: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn shown(report: &Report, dry: bool, currency: Option<&str>) -> String {
        anstream::adapter::strip_str(&report_tables(report, dry, "/srv/output", currency)).to_string()
    }

    fn translation() -> TranslationCounts {
        TranslationCounts { segments: 3, recalled: 2, sent: 1, characters_sent: 40, cost: 0.0008, ..TranslationCounts::default() }
    }

    #[test]
    fn report_says_what_was_written_and_where() {
        assert!(shown(&report(1, translation()), false, None).contains("1 file of the editions written to /srv/output\n"));
        assert!(shown(&report(0, translation()), false, None).contains("no file of the editions has changed in /srv/output\n"));
    }

    #[test]
    fn report_says_how_much_was_translated_and_its_cost() {
        let text = shown(&report(1, translation()), false, Some("EUR"));
        assert!(text.contains("3 segments: 2 from the memory, 1 sent (40 characters, cost 0.0008 EUR)\n"), "{text}");
    }

    #[test]
    fn one_source_and_one_entry_are_singular() {
        let text = shown(&report(4, TranslationCounts::default()), false, None);
        assert!(text.starts_with("1 source due: 1 fresh\n1 entry new, 0 changed (1.2 s)\n"), "{text}");
    }

    #[test]
    fn dry_run_names_no_file() {
        let text = shown(&report(4, translation()), true, None);
        assert!(text.contains("1 to send") && !text.contains("/srv/output"), "{text}");
    }
}
