//! `relais status`: the state of sources, editions, engines and the store.

mod engines;
mod tables;

use serde::Serialize;

use super::context::load_plan;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use crate::clock::SystemClock;
use crate::config::{Edition, Plan, Source};
use crate::model::{Clock, Fault, SourceId, Subscription, Time, public_address};
use crate::net::redact_url;
use crate::policy::source_health;
use crate::store::{Access, SourceRow, Store, StoreError};

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The status in JSON. Scripts rely on the field names.
#[derive(Serialize)]
struct Status {
    now: Time,
    run: Option<LastRun>,
    sources: Vec<SourceStatus>,
    editions: Vec<EditionStatus>,
    engines: Vec<engines::EngineStatus>,
    store: StoreStatus,
}

#[derive(Serialize)]
struct LastRun {
    run: i64,
    started: Time,
    finished: bool,
}

#[derive(Serialize)]
struct SourceStatus {
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
    hub: Option<HubStatus>,
    fault: Option<Fault>,
}

/// The WebSub subscription of a source.
#[derive(Serialize)]
struct HubStatus {
    url: String,
    active: bool,
    until: Option<Time>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct EditionStatus {
    id: String,
    langs: Vec<String>,
    sources: usize,
    formats: Vec<&'static str>,
    /// The `[[edition.each]]` that it is of; those of one are one line for people.
    #[serde(skip)]
    family: Option<usize>,
}

#[derive(Serialize, Default)]
struct StoreStatus {
    entries: u64,
    withdrawn: u64,
    renditions: u64,
    size_bytes: Option<u64>,
}

/// Prints the status. The exit code says whether an enabled source or an engine fails.
pub(super) async fn run_status(global: &GlobalArgs, args: &StatusArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let status = match Store::open(plan.state.url(), Access::Look).await {
        Ok(store) => gather(&plan, Some(&store)).await,
        Err(StoreError::Empty { .. }) => gather(&plan, None).await,
        Err(error) => Err(error),
    }
    .map_err(CommandError::internal)?;
    let text = if args.json {
        serde_json::to_string_pretty(&status).map_err(CommandError::internal)? + "\n"
    } else {
        tables::status_tables(&status)
    };
    print(&text)?;
    // A source that answers does not fail, even if it publishes nothing.
    let is_failing = |source: &SourceStatus| source.enabled && source.failures > 0 && source.state != "unsteady";
    let has_failing_engine = status.engines.iter().any(|engine| engine.fault.is_some());
    Ok(if has_failing_engine || status.sources.iter().any(is_failing) { Exit::Faults } else { Exit::Success })
}

/// Collects the status. Without a store, nothing has run yet.
async fn gather(plan: &Plan, store: Option<&Store>) -> Result<Status, StoreError> {
    let ids: Vec<SourceId> = plan.sources.iter().map(|source| source.id.clone()).collect();
    let now = SystemClock.now();
    let (mut rows, mut subscriptions, mut run, mut kept) = (Vec::new(), Vec::new(), None, StoreStatus::default());
    if let Some(store) = store {
        rows = store.load_source_rows(&ids).await?;
        subscriptions = store.load_subscriptions(&ids).await?;
        run = store.load_last_run().await?.map(|(run, started, report)| LastRun { run, started, finished: report.is_some() });
        let counts = store.load_counts().await?;
        kept = StoreStatus {
            entries: counts.entries,
            withdrawn: counts.withdrawn,
            renditions: counts.renditions,
            size_bytes: counts.size_bytes,
        };
    }
    let sources = plan.sources.iter().map(|source| {
        let row = rows.iter().find(|row| row.id == source.id);
        let subscription = subscriptions.iter().find(|subscription| subscription.source == source.id);
        source_status(source, row, subscription, now)
    });
    let sources = sources.collect();
    let editions = plan.editions.iter().map(edition_status).collect();
    let engines = engines::gather(plan, store, now).await?;
    Ok(Status { now, run, sources, editions, engines, store: kept })
}

fn source_status(source: &Source, row: Option<&SourceRow>, subscription: Option<&Subscription>, now: Time) -> SourceStatus {
    let state = row.map(|row| &row.state);
    let feed_title = state.map(|state| state.meta.title.to_string()).filter(|title| !title.is_empty());
    SourceStatus {
        id: source.id.clone(),
        title: source.title.as_ref().map(ToString::to_string).or(feed_title),
        url: source.public_url.clone(),
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
        moved_to: state.and_then(|state| state.moved_to.as_deref().map(public_address)),
        entries_a_day: state.map_or(0.0, |state| (state.publish_rate.entries_per_day(now) * 10.0).round() / 10.0),
        hub: subscription.map(|subscription| HubStatus {
            url: redact_url(&subscription.hub.url),
            active: subscription.is_active(now),
            until: subscription.until,
            reason: subscription.reason.clone(),
        }),
        fault: state.and_then(|state| state.last_fault.clone().or_else(|| source_health::warning(state, &source.id, now))),
    }
}

fn edition_status(edition: &Edition) -> EditionStatus {
    EditionStatus {
        id: edition.id.clone(),
        langs: edition.langs.iter().map(ToString::to_string).collect(),
        sources: edition.from.len(),
        formats: edition.formats.iter().map(|format| format.extension()).collect(),
        family: edition.family,
    }
}
