//! The status of sources, editions, engines, notifications and the store: for `relais status`, `/status.json` and `/metrics`.

mod engines;
mod notifications;
mod page;
mod review;
mod runs;
mod sources;
pub(crate) mod spans;
mod words;

use serde::Serialize;

use crate::config::{Edition, Plan};
use crate::model::Time;
use crate::pipeline::{EditionStanding, edition_standings};
use crate::store::{Access, Store, StoreError};

pub use engines::{Balance, EngineStatus, ModelStatus};
pub use notifications::NotificationStatus;
pub(super) use page::status_page;
pub(super) use review::{ReviewSummary, summarise_review};
pub use runs::{MemoryStatus, RunStatus};
pub use sources::{DayStatus, HubStatus, SourceStatus};

/// The status in JSON. Scripts rely on the field names.
#[derive(Serialize)]
pub struct Status {
    /// The time as of which it is.
    pub now: Time,
    /// The last run.
    pub run: Option<LastRun>,
    /// The last runs, the newest first.
    pub runs: Vec<RunStatus>,
    /// The sources, in the order of feeds.toml.
    pub sources: Vec<SourceStatus>,
    /// The editions.
    pub editions: Vec<EditionStatus>,
    /// The engines.
    pub engines: Vec<engines::EngineStatus>,
    /// The use of the memory in the last days.
    pub memory: MemoryStatus,
    /// The notifications.
    pub notifications: Vec<NotificationStatus>,
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
    /// Its last publication, by language.
    pub published: Vec<PublishedStatus>,
}

/// An edition in one language, as it was last published.
#[derive(Serialize)]
pub struct PublishedStatus {
    /// The language, if it has one.
    pub lang: Option<String>,
    /// The items in it; nothing if it was never published.
    pub items: Option<u32>,
    /// The date of the newest item.
    pub updated: Option<Time>,
    /// The entries that it would show if they were translated.
    pub waiting: u64,
}

/// Counts of the rows in the store.
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

    /// Returns true if an enabled source, an engine or a notification fails. A source that answers does not fail, even if it publishes
    /// nothing.
    pub fn has_failure(&self) -> bool {
        let is_failing = |source: &SourceStatus| source.enabled && source.failures > 0 && source.state != "unsteady";
        let is_other_failing = self.engines.iter().any(|engine| engine.fault.is_some())
            || self.notifications.iter().any(|notification| notification.fault.is_some());
        is_other_failing || self.sources.iter().any(is_failing)
    }
}

/// Collects the status. Without a store, nothing has run yet.
pub(super) async fn gather(plan: &Plan, store: Option<&Store>, now: Time) -> Result<Status, StoreError> {
    let (mut run, mut runs, mut kept, mut standings) = (None, Vec::new(), StoreStatus::default(), Vec::new());
    let mut memory = MemoryStatus::default();
    if let Some(store) = store {
        run = store.load_last_run().await?.map(|(run, started, report)| LastRun { run, started, finished: report.is_some() });
        runs = runs::load_runs(store).await?;
        memory = runs::load_memory(store, now).await?;
        standings = edition_standings(plan, store).await?;
        let counts = store.load_counts().await?;
        kept = StoreStatus {
            entries: counts.entries,
            withdrawn: counts.withdrawn,
            renditions: counts.renditions,
            size_bytes: counts.size_bytes,
        };
    }
    let sources = sources::gather(plan, store, now).await?;
    let editions = plan.editions.iter().map(|edition| edition_status(edition, &standings)).collect();
    let engines = engines::gather(plan, store, now).await?;
    let notifications = notifications::gather(plan, store, now).await?;
    Ok(Status { now, run, runs, sources, editions, engines, memory, notifications, store: kept })
}

fn edition_status(edition: &Edition, standings: &[EditionStanding]) -> EditionStatus {
    let own = standings.iter().filter(|standing| standing.edition == edition.id);
    let published = |standing: &EditionStanding| PublishedStatus {
        lang: standing.lang.as_ref().map(ToString::to_string),
        items: standing.items,
        updated: standing.updated,
        waiting: standing.waiting,
    };
    EditionStatus {
        id: edition.id.clone(),
        langs: edition.langs.iter().map(ToString::to_string).collect(),
        sources: edition.from.len(),
        formats: edition.formats.iter().map(|format| format.extension()).collect(),
        family: edition.family,
        published: own.map(published).collect(),
    }
}
