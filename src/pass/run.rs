//! One turn of the passes, with its report: what cron calls.

use std::collections::HashSet;
use std::sync::Arc;

use futures::stream::{FuturesUnordered, StreamExt};

use crate::config as plan;
use crate::config::Plan;
use crate::model::{Clock, Report, SourceId, Time, Visit};
use crate::net::{Client, ClientError, Options};
use crate::sink::{Dir, SinkError};
use crate::store::{Access, Claimed, Store, StoreError};

use super::full_text::PageBudget;
use super::ingest::{Ingest, Ingested, Progress};
use super::publish::{Publish, PublishError, Published};
use super::visit::Visitor;

/// What is asked of a run.
pub struct Run<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The present.
    pub clock: &'a dyn Clock,
    /// The sources to visit; nothing for all.
    pub sources: Option<HashSet<SourceId>>,
    /// The editions to publish; nothing for all.
    pub editions: Option<HashSet<String>>,
    /// Whether everything is due.
    pub force: bool,
    /// Whether to write nothing.
    pub dry: bool,
    /// Told of each visit as it ends.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
}

/// Why a run could not go on. What it had settled and written before stays.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The network cannot be used at all.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output cannot be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// Publishing failed.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// Does each pass once.
pub async fn run(ask: &Run<'_>) -> Result<Report, RunError> {
    let client = client(&ask.plan.fetch)?;
    if ask.dry {
        return dry(ask, &client).await;
    }
    // Everything that must be there is looked at before anything is fetched for it.
    let output = ask.plan.output.clone();
    let dir = tokio::task::spawn_blocking(move || Dir::open(&output))
        .await
        .map_err(|error| PublishError::Internal(error.to_string()))??;
    let store = Store::open(ask.plan.state.url(), Access::Work).await?;
    let started = ask.clock.now();
    let run = store.begin_run(started).await?;
    let worker = format!("{}:{}:{run}", std::process::id(), started.millis());
    let sources = wanted(ask);
    let ingest = Ingest {
        store: &store,
        client: &client,
        clock: ask.clock,
        worker: &worker,
        sources: &sources,
        per_host: ask.plan.fetch.per_host,
        force: ask.force,
        progress: ask.progress,
    };
    let ingested = match ingest.pass().await {
        Ok(ingested) => ingested,
        Err(error) => {
            // What this run still holds is free again; that this may fail too is no news.
            let _ = store.release(&worker).await;
            return Err(error.into());
        }
    };
    let target = ask.plan.output.to_string_lossy().into_owned();
    let publish = Publish {
        store: &store,
        client: &client,
        pages: PageBudget::default(),
        dir: Arc::new(dir),
        target: &target,
        clock: ask.clock,
        base_url: ask.plan.base_url.as_deref(),
        sources: &ask.plan.sources,
        editions: &ask.plan.editions,
        only: ask.editions.as_ref(),
    };
    let published = publish.pass().await?;
    let report = report(run, started, ask.clock.now(), ingested, published);
    store.end_run(run, &report).await?;
    store.close().await?;
    Ok(report)
}

/// Fetches and reads what is due, and keeps nothing of it.
async fn dry(ask: &Run<'_>, client: &Client) -> Result<Report, RunError> {
    let started = ask.clock.now();
    let store = match Store::open(ask.plan.state.url(), Access::Look).await {
        Ok(store) => Some(store),
        Err(StoreError::Empty { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let sources = wanted(ask);
    let ids: Vec<SourceId> = sources.iter().map(|source| source.id.clone()).collect();
    let rows = match &store {
        Some(store) => store.sources(&ids).await?,
        None => Vec::new(),
    };
    let due: Vec<(&plan::Source, Claimed)> = sources
        .iter()
        .filter_map(|source| {
            let row = rows.iter().find(|row| row.id == source.id);
            let due = row.map_or(Time::EPOCH, |row| row.due);
            let state = row.map(|row| row.state.clone()).unwrap_or_default();
            let claimed = Claimed { source: source.id.clone(), state, due, visited: row.and_then(|row| row.visited) };
            (ask.force || due <= started).then_some((*source, claimed))
        })
        .collect();
    (ask.progress)(Progress::Claimed(due.len()));
    let visitor = Visitor { client, store: store.as_ref(), clock: ask.clock };
    let mut visits: FuturesUnordered<_> = due.into_iter().map(|(source, claimed)| visitor.visit(source, claimed)).collect();
    let mut ingested = Ingested::default();
    while let Some(visit) = visits.next().await {
        let visit: Visit = visit?;
        ingested.count(&visit);
        (ask.progress)(Progress::Visited(&visit));
    }
    ingested.faults.sort_by(|a, b| a.of.cmp(&b.of));
    Ok(report(0, started, ask.clock.now(), ingested, Published::default()))
}

/// The sources that this run may visit.
fn wanted<'p>(ask: &Run<'p>) -> Vec<&'p plan::Source> {
    let taken = |source: &&plan::Source| ask.sources.as_ref().map_or(source.enabled, |wanted| wanted.contains(&source.id));
    ask.plan.sources.iter().filter(taken).collect()
}

/// The client that feeds.toml describes.
pub fn client(fetch: &plan::Fetch) -> Result<Client, ClientError> {
    Client::new(Options {
        timeout: fetch.timeout,
        concurrency: fetch.concurrency,
        per_host: fetch.per_host,
        host_interval: fetch.host_interval,
        max_bytes: fetch.max_bytes,
        user_agent: fetch.user_agent.clone(),
        proxy: fetch.proxy.clone(),
        ca: fetch.ca.clone(),
        allow_private: fetch.allow_private.clone(),
    })
}

fn report(run: i64, started: Time, ended: Time, ingested: Ingested, published: Published) -> Report {
    let mut faults = ingested.faults;
    faults.extend(published.faults);
    Report {
        run,
        started,
        duration_ms: u64::try_from(ended.since(started).as_millis()).unwrap_or(u64::MAX),
        sources: ingested.sources,
        entries: ingested.entries,
        translation: published.translation,
        editions: published.editions,
        faults,
    }
}
