//! The status of sources, editions, engines and the store: for `relais status`, `/status.json` and `/metrics`.

mod engines;

use serde::Serialize;

use crate::config::{Edition, Plan, Source};
use crate::model::{Fault, SourceId, Subscription, Time, public_address};
use crate::net::redact_url;
use crate::policy::source_health;
use crate::store::{Access, SourceRow, Store, StoreError};

pub use engines::{Balance, EngineStatus};

/// The status in JSON. Scripts rely on the field names.
#[derive(Serialize)]
pub struct Status {
    /// The time as of which it is.
    pub now: Time,
    /// The last run.
    pub run: Option<LastRun>,
    /// The sources, in the order of feeds.toml.
    pub sources: Vec<SourceStatus>,
    /// The editions.
    pub editions: Vec<EditionStatus>,
    /// The engines.
    pub engines: Vec<engines::EngineStatus>,
    /// Counts of the rows in the store.
    pub store: StoreStatus,
}

/// The last run.
#[derive(Serialize)]
pub struct LastRun {
    /// Its number.
    pub run: i64,
    /// The time at which it began.
    pub started: Time,
    /// True once it has ended.
    pub finished: bool,
}

/// The state of a source.
#[derive(Serialize)]
pub struct SourceStatus {
    /// The name in feeds.toml.
    pub id: SourceId,
    /// The configured title, else the one of the feed.
    pub title: Option<String>,
    /// Its address, as readers are shown it.
    pub url: String,
    /// True if it is visited.
    pub enabled: bool,
    /// Its health in a word.
    pub state: &'static str,
    /// The time of the next visit.
    pub due: Option<Time>,
    /// The time of the last visit.
    pub visited: Option<Time>,
    /// The time at which it last had something new.
    pub fresh: Option<Time>,
    /// The failures in a row.
    pub failures: u32,
    /// The address to which it has moved.
    pub moved_to: Option<String>,
    /// The entries that it publishes a day, on average.
    pub entries_a_day: f64,
    /// Its WebSub subscription.
    pub hub: Option<HubStatus>,
    /// Its faults.
    pub fault: Option<Fault>,
}

/// The WebSub subscription of a source.
#[derive(Serialize)]
pub struct HubStatus {
    /// The address of the hub.
    pub url: String,
    /// True while the hub sends.
    pub active: bool,
    /// The end of the lease.
    pub until: Option<Time>,
    /// The reason of a refusal.
    pub reason: Option<String>,
}

/// An edition.
#[derive(Serialize)]
pub struct EditionStatus {
    /// The name in feeds.toml.
    pub id: String,
    /// Its languages; none if every entry keeps its own.
    pub langs: Vec<String>,
    /// The number of its sources.
    pub sources: usize,
    /// The extensions of its files.
    pub formats: Vec<&'static str>,
    /// The `[[edition.each]]` that it is of; those of one are one line for people.
    #[serde(skip)]
    pub family: Option<usize>,
}

/// Counts the rows in the store.
#[derive(Serialize, Default)]
pub struct StoreStatus {
    /// The entries.
    pub entries: u64,
    /// Those of them that their sources have withdrawn.
    pub withdrawn: u64,
    /// The entries in one language each.
    pub renditions: u64,
    /// The size of the database.
    pub size_bytes: Option<u64>,
}

impl Status {
    /// Opens the store of a plan for a moment, and collects the status as of `now`. Without a store, nothing has run yet.
    pub async fn read(plan: &Plan, now: Time) -> Result<Self, StoreError> {
        let store = match Store::open(plan.state.url(), Access::Look).await {
            Ok(store) => store,
            Err(StoreError::Empty { .. }) => return gather(plan, None, now).await,
            Err(error) => return Err(error),
        };
        let status = gather(plan, Some(&store), now).await;
        store.close().await?;
        status
    }

    /// Collects the status as of `now` from an open store.
    pub async fn of(plan: &Plan, store: &Store, now: Time) -> Result<Self, StoreError> {
        gather(plan, Some(store), now).await
    }

    /// Returns true if an enabled source or an engine fails. A source that answers does not fail, even if it publishes nothing.
    pub fn has_failure(&self) -> bool {
        let is_failing = |source: &SourceStatus| source.enabled && source.failures > 0 && source.state != "unsteady";
        self.engines.iter().any(|engine| engine.fault.is_some()) || self.sources.iter().any(is_failing)
    }
}

/// Collects the status. Without a store, nothing has run yet.
async fn gather(plan: &Plan, store: Option<&Store>, now: Time) -> Result<Status, StoreError> {
    let ids: Vec<SourceId> = plan.sources.iter().map(|source| source.id.clone()).collect();
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
