//! The status as tables, for people.

use anstyle::{AnsiColor, Style};

use super::super::count::count;
use super::super::table::{Cell, Table};
use super::{engines, notifications};
use crate::model::Time;
use crate::serve::status::spans::{format_ago, format_due};
use crate::serve::status::{EditionStatus, SourceStatus, Status, StoreStatus};

/// Formats the status as tables.
pub(super) fn status_tables(status: &Status) -> String {
    let run = match &status.run {
        None => "Nothing has run yet; start with `relais run`.\n".to_owned(),
        Some(run) => {
            let unfinished = if run.finished { "" } else { " and has not finished" };
            format!("Run {} started {}{unfinished}.\n", run.run, format_ago(status.now, run.started))
        }
    };
    let mut parts = vec![run, sources_table(&status.sources, status.now), editions_table(&status.editions)];
    if !status.engines.is_empty() {
        parts.push(engines::engines_table(&status.engines));
    }
    if !status.notifications.is_empty() {
        parts.push(notifications::notifications_table(&status.notifications, status.now));
    }
    parts.push(store_line(&status.store));
    parts.join("\n")
}

fn sources_table(sources: &[SourceStatus], now: Time) -> String {
    let mut table = Table::new(&["source", "state", "due", "last new entries", "remarks"]);
    for source in sources {
        let colour = match source.state {
            "good" => AnsiColor::Green.on_default(),
            "broken" | "gone" | "dead" | "paused" => AnsiColor::Red.on_default(),
            "unsteady" | "changed" | "stale" => AnsiColor::Yellow.on_default(),
            _ => Style::new().dimmed(),
        };
        table.row(vec![
            Cell::text(source.id.as_str()),
            Cell::text(source.state).style(colour),
            Cell::text(source.due.map_or_else(String::new, |due| format_due(now, due))),
            Cell::text(source.fresh.map_or_else(String::new, |fresh| format_ago(now, fresh))),
            Cell::text(source_remarks(source, now)),
        ]);
    }
    table.render()
}

/// Describes the fault of a source, else its move, else its title.
fn source_remarks(source: &SourceStatus, now: Time) -> String {
    if let Some(fault) = &source.fault {
        let since = fault.since.map(|since| format!(", since {}", format_ago(now, since))).unwrap_or_default();
        let failures = match source.failures {
            0 => "it responds".to_owned(),
            1 => "1 failure".to_owned(),
            count => format!("{count} failures in a row"),
        };
        return format!("{} ({failures}{since})", fault.message);
    }
    if let Some(to) = &source.moved_to {
        return format!("has moved to {to}: change its `url`");
    }
    let pushed = if source.hub.as_ref().is_some_and(|hub| hub.active) { " (subscribed at its hub)" } else { "" };
    format!("{}{pushed}", source.title.as_deref().unwrap_or_default())
}

fn editions_table(editions: &[EditionStatus]) -> String {
    let mut table = Table::new(&["edition", "languages", "sources", "formats"]);
    for editions in editions.chunk_by(|one, other| one.family.is_some() && one.family == other.family) {
        let edition = &editions[0];
        let id = match editions {
            [.., last] if editions.len() > 1 => format!("{} … {} ({})", edition.id, last.id, editions.len()),
            _ => edition.id.clone(),
        };
        let langs = if edition.langs.is_empty() { "as read".to_owned() } else { edition.langs.join(" ") };
        table.row(vec![
            Cell::text(id),
            Cell::text(langs),
            Cell::number(edition.sources as u64),
            Cell::text(edition.formats.join(" ")),
        ]);
    }
    table.render()
}

fn store_line(store: &StoreStatus) -> String {
    let size = store.size_bytes.map(|size| format!(", {}.{} MB", size / 1_000_000, size / 100_000 % 10)).unwrap_or_default();
    format!("{} stored ({} withdrawn){size}.\n", count(store.entries, "entry"), store.withdrawn)
}
