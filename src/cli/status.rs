//! `relais status`: what works, what is broken and since when, what is due, what engines may still spend.

mod engines;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::args::{Args, StatusArgs};
use super::check::load;
use super::exit::{Exit, Failure, print};
use super::table::{Cell, Table};
use crate::clock::SystemClock;
use crate::config::Plan;
use crate::model::{Clock, Fault, SourceId, Time};
use crate::policy::source_health;
use crate::store::{Access, Store, StoreError};

/// What is told. The field names are promises to scripts.
#[derive(Serialize)]
struct Status {
    now: Time,
    run: Option<LastRun>,
    sources: Vec<Source>,
    editions: Vec<Edition>,
    engines: Vec<engines::Engine>,
    store: Kept,
}

#[derive(Serialize)]
struct LastRun {
    run: i64,
    started: Time,
    finished: bool,
}

#[derive(Serialize)]
struct Source {
    id: SourceId,
    title: Option<String>,
    url: String,
    enabled: bool,
    state: &'static str,
    due: Option<Time>,
    visited: Option<Time>,
    fresh: Option<Time>,
    failures: u32,
    moved_to: Option<String>,
    entries_a_day: f64,
    hub: Option<Hub>,
    fault: Option<Fault>,
}

/// Who tells of what is new in a source.
#[derive(Serialize)]
struct Hub {
    url: String,
    active: bool,
    until: Option<Time>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Edition {
    id: String,
    langs: Vec<String>,
    sources: usize,
    formats: Vec<&'static str>,
}

#[derive(Serialize)]
struct Kept {
    entries: u64,
    withdrawn: u64,
    renditions: u64,
    size_bytes: Option<u64>,
}

/// Shows sources, editions, engines and what is kept.
pub(super) async fn status(args: &Args, ask: &StatusArgs) -> Result<Exit, Failure> {
    let plan = load(args)?;
    let status = match Store::open(plan.state.url(), Access::Look).await {
        Ok(store) => gather(&plan, Some(&store)).await,
        Err(StoreError::Empty { .. }) => gather(&plan, None).await,
        Err(error) => Err(error),
    }
    .map_err(Failure::own)?;
    let text = if ask.json { serde_json::to_string_pretty(&status).map_err(Failure::own)? + "\n" } else { shown(&status) };
    print(&text)?;
    // What answers as it should is no failure, however silent it is.
    let is_told = |source: &Source| source.enabled && source.failures > 0 && source.state != "unsteady";
    Ok(if status.sources.iter().any(is_told) { Exit::Faults } else { Exit::Good })
}

async fn gather(plan: &Plan, store: Option<&Store>) -> Result<Status, StoreError> {
    let ids: Vec<SourceId> = plan.sources.iter().map(|source| source.id.clone()).collect();
    let now = SystemClock.now();
    let mut subscriptions = Vec::new();
    let (mut rows, mut run, mut kept) = (Vec::new(), None, Kept { entries: 0, withdrawn: 0, renditions: 0, size_bytes: None });
    if let Some(store) = store {
        rows = store.load_source_rows(&ids).await?;
        subscriptions = store.load_subscriptions(&ids).await?;
        run = store.load_last_run().await?.map(|(run, started, report)| LastRun { run, started, finished: report.is_some() });
        let counts = store.load_counts().await?;
        kept = Kept {
            entries: counts.entries,
            withdrawn: counts.withdrawn,
            renditions: counts.renditions,
            size_bytes: counts.size_bytes,
        };
    }
    let sources = plan
        .sources
        .iter()
        .map(|source| {
            let row = rows.iter().find(|row| row.id == source.id);
            let state = row.map(|row| &row.state);
            let own = state.map(|state| state.meta.title.to_string()).filter(|title| !title.is_empty());
            Source {
                id: source.id.clone(),
                title: source.title.as_ref().map(ToString::to_string).or(own),
                url: source.url.clone(),
                enabled: source.enabled,
                state: match state.filter(|_| row.is_some_and(|row| row.visited.is_some())) {
                    _ if !source.enabled => "disabled",
                    None => "new",
                    Some(state) => source_health::judge(state, now).as_str(),
                },
                due: row.filter(|_| source.enabled).map(|row| row.due),
                visited: row.and_then(|row| row.visited),
                fresh: state.and_then(|state| state.fresh_at),
                failures: state.map_or(0, |state| state.failures),
                moved_to: state.and_then(|state| state.moved_to.clone()),
                entries_a_day: state.map_or(0.0, |state| (state.publish_rate.entries_per_day(now) * 10.0).round() / 10.0),
                hub: subscriptions.iter().find(|known| known.source == source.id).map(|known| Hub {
                    url: crate::net::redact_url(&known.hub.url),
                    active: known.is_active(now),
                    until: known.until,
                    reason: known.reason.clone(),
                }),
                fault: state
                    .and_then(|state| state.last_fault.clone().or_else(|| source_health::warning(state, &source.id, now))),
            }
        })
        .collect();
    let editions = plan
        .editions
        .iter()
        .map(|edition| Edition {
            id: edition.id.clone(),
            langs: edition.langs.iter().map(ToString::to_string).collect(),
            sources: edition.from.len(),
            formats: edition.formats.iter().map(|format| format.extension()).collect(),
        })
        .collect();
    let engines = engines::engines(plan, store, now).await?;
    Ok(Status { now, run, sources, editions, engines, store: kept })
}

/// The same for people.
fn shown(status: &Status) -> String {
    let mut out = match &status.run {
        None => "Nothing has run yet: `relais run` begins.\n".to_owned(),
        Some(run) => {
            let ended = if run.finished { "" } else { " and has not ended" };
            format!("Run {} began {}{ended}.\n", run.run, ago(status.now, run.started))
        }
    };
    let mut table = Table::new(&["source", "state", "due", "new entries", "what"]);
    for source in &status.sources {
        let colour = match source.state {
            "good" => AnsiColor::Green.on_default(),
            "broken" | "gone" | "dead" | "paused" => AnsiColor::Red.on_default(),
            "unsteady" | "changed" | "stale" => AnsiColor::Yellow.on_default(),
            _ => Style::new().dimmed(),
        };
        let what = match (&source.fault, &source.moved_to) {
            (Some(fault), _) => {
                let since = fault.since.map(|since| format!(", since {}", ago(status.now, since))).unwrap_or_default();
                let row = if source.failures > 0 { format!("{} in a row", source.failures) } else { "it answers".to_owned() };
                format!("{} ({row}{since})", fault.message)
            }
            (None, Some(to)) => format!("has moved to {to}: change its `url`"),
            (None, None) => {
                let pushed =
                    if source.hub.as_ref().is_some_and(|hub| hub.active) { " (its hub tells of what is new)" } else { "" };
                format!("{}{pushed}", source.title.as_deref().unwrap_or_default())
            }
        };
        table.row(vec![
            Cell::text(source.id.as_str()),
            Cell::text(source.state).style(colour),
            Cell::text(source.due.map_or_else(String::new, |due| ahead(status.now, due))),
            Cell::text(source.fresh.map_or_else(String::new, |fresh| ago(status.now, fresh))),
            Cell::text(what),
        ]);
    }
    out.push('\n');
    out.push_str(&table.render());
    let mut table = Table::new(&["edition", "languages", "sources", "formats"]);
    for edition in &status.editions {
        let langs = if edition.langs.is_empty() { "as read".to_owned() } else { edition.langs.join(" ") };
        table.row(vec![
            Cell::text(edition.id.clone()),
            Cell::text(langs),
            Cell::number(edition.sources as u64),
            Cell::text(edition.formats.join(" ")),
        ]);
    }
    out.push('\n');
    out.push_str(&table.render());
    if !status.engines.is_empty() {
        out.push('\n');
        out.push_str(&engines::shown(&status.engines));
    }
    let kept = &status.store;
    let size = kept.size_bytes.map(|size| format!(", {}.{} MB", size / 1_000_000, size / 100_000 % 10)).unwrap_or_default();
    out.push_str(&format!("\n{} entries kept ({} withdrawn){size}.\n", kept.entries, kept.withdrawn));
    out
}

/// A time before now, as people say it.
fn ago(now: Time, then: Time) -> String {
    format!("{} ago", span(now.since(then)))
}

/// A time to come, as people say it.
fn ahead(now: Time, then: Time) -> String {
    if then <= now { "now".to_owned() } else { format!("in {}", span(then.since(now))) }
}

fn span(time: std::time::Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds @ 7200..=172_799 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
