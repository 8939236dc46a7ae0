//! One turn of the passes, with its report: what cron calls.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::timeout;

use crate::config as plan;
use crate::config::Plan;
use crate::model::{Clock, Fault, Report, SourceId, Time, TranslationCounts};
use crate::net::{Client, ClientError, Options};
use crate::sink::{OutputDir, SinkError};
use crate::store::{Access, LeasedSource, Store, StoreError};
use crate::translate::Glossary;

use super::blocking::spawn_cpu;
use super::error::PipelineError;
use super::full_text::{PageBudget, Pages};
use super::ingest::{Ingest, Ingested, Progress, Visitor};
use super::publish::{Publish, Published};
use super::robots_cache::Manners;
use super::translate::{EngineHandle, Translate, TranslateSetupError, Translated, estimate, load_glossary, open_engines};

/// How long readers are kept waiting for translations, when there is something else to publish.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a run goes on asking engines. What is not translated by then waits for the next one.
const TIME: Duration = Duration::from_secs(600);

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
    /// An engine or the glossary cannot be used.
    #[error(transparent)]
    Translate(#[from] TranslateSetupError),
    /// A pass failed.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
}

impl RunError {
    /// Whether feeds.toml, or a file that it names, has to be changed before anything can run.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Translate(error) if !matches!(error, TranslateSetupError::Client(_)))
    }
}

/// Does each pass once.
pub async fn run(ask: &Run<'_>) -> Result<Report, RunError> {
    let client = client(&ask.plan.fetch)?;
    if ask.dry {
        return dry(ask, &client).await;
    }
    // Everything that must be there is looked at before anything is fetched for it.
    let desks = open_engines(ask.plan)?;
    let glossary = terms(ask.plan, &desks)?;
    let dir = open_output(ask.plan).await?;
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
        user_agent: &ask.plan.fetch.user_agent,
        deadline: Some(started.plus(ask.plan.fetch.deadline)),
        force: ask.force,
        progress: ask.progress,
    };
    let ingested = match ingest.pass().await {
        Ok(ingested) => ingested,
        Err(error) => {
            // What this run still holds is free again; that this may fail too is no news.
            let _ = store.release_all(&worker).await;
            return Err(error.into());
        }
    };
    if ingested.left > 0 {
        let seconds = ask.plan.fetch.deadline.as_secs();
        tracing::warn!("{} sources were not visited within the `deadline` of {seconds} s, and stay due", ingested.left);
    }
    let target = ask.plan.output.to_string_lossy().into_owned();
    let paged = paged(ask.plan);
    let mut articles = Pages::new(
        Manners::new(&store, &client, ask.clock, &ask.plan.fetch.user_agent),
        &ask.plan.sources,
        PageBudget::default(),
    );
    let translate = Translate {
        store: &store,
        clock: ask.clock,
        worker: &worker,
        paged: &paged,
        desks: &desks,
        glossary: &glossary,
        editions: &ask.plan.editions,
        only: ask.editions.as_ref(),
        time: TIME,
        stop: None,
    };
    let publish = Publish {
        store: &store,
        paged: &paged,
        dir,
        target: &target,
        clock: ask.clock,
        base_url: ask.plan.base_url.as_deref(),
        sources: &ask.plan.sources,
        seen: &ingested.seen,
        editions: &ask.plan.editions,
        only: ask.editions.as_ref(),
    };
    let (translated, published) = translate_and_publish(&translate, &publish, &mut articles).await?;
    if ask.plan.faults {
        let others: Vec<Fault> = translated.faults.iter().chain(&published.faults).cloned().collect();
        publish.operator().tell(&others).await?;
    }
    let report = report(run, started, ask.clock.now(), ingested, translated, published);
    store.end_run(run, &report).await?;
    store.close().await?;
    Ok(report)
}

/// Translates for as long as readers may be kept waiting, then publishes what there is while the rest is translated, and then
/// publishes again what has come of that: a slow engine delays its own entries and nothing else.
async fn translate_and_publish(
    translate: &Translate<'_>,
    publish: &Publish<'_>,
    pages: &mut Pages<'_>,
) -> Result<(Translated, Published), RunError> {
    let orders = translate.find_missing(pages).await?;
    if orders.is_empty() {
        return Ok((Translated::default(), publish.pass(pages).await?));
    }
    let mut filling = pin!(translate.translate_all(orders));
    if let Ok(translated) = timeout(PATIENCE, &mut filling).await {
        return Ok((translated?, publish.pass(pages).await?));
    }
    let (translated, published) = join(filling, publish.pass(pages)).await;
    let (translated, mut published) = (translated?, published?);
    if translated.renditions > 0 {
        published = published.then(publish.pass(pages).await?);
    }
    Ok((translated, published))
}

/// Fetches and reads what is due, says what translating it would send and cost, and keeps nothing of it.
async fn dry(ask: &Run<'_>, client: &Client) -> Result<Report, RunError> {
    let started = ask.clock.now();
    let desks = open_engines(ask.plan)?;
    let glossary = terms(ask.plan, &desks)?;
    let store = match Store::open(ask.plan.state.url(), Access::Look).await {
        Ok(store) => Some(store),
        Err(StoreError::Empty { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let sources = wanted(ask);
    let ids: Vec<SourceId> = sources.iter().map(|source| source.id.clone()).collect();
    let rows = match &store {
        Some(store) => store.load_source_rows(&ids).await?,
        None => Vec::new(),
    };
    let due: Vec<(&plan::Source, LeasedSource)> = sources
        .iter()
        .filter_map(|source| {
            let row = rows.iter().find(|row| row.id == source.id);
            let due = row.map_or(Time::EPOCH, |row| row.due);
            let state = row.map(|row| row.state.clone()).unwrap_or_default();
            let claimed = LeasedSource { source: source.id.clone(), state, due, visited: row.and_then(|row| row.visited) };
            (ask.force || due <= started).then_some((*source, claimed))
        })
        .collect();
    (ask.progress)(Progress::Claimed(due.len()));
    let visitor = Visitor { client, store: store.as_ref(), keep: false, force: ask.force, clock: ask.clock };
    let mut visits: FuturesUnordered<_> = due.into_iter().map(|(source, claimed)| visitor.visit(source, claimed)).collect();
    let (mut ingested, mut changes) = (Ingested::default(), Vec::new());
    while let Some(parcel) = visits.next().await {
        let parcel = parcel?;
        ingested.count(parcel.visit());
        (ask.progress)(Progress::Visited(parcel.visit()));
        if !desks.is_empty() {
            changes.extend(parcel.visit().changes.iter().cloned());
        }
    }
    ingested.faults.sort_by(|a, b| a.of.cmp(&b.of));
    let chosen = |edition: &&plan::Edition| ask.editions.as_ref().is_none_or(|only| only.contains(&edition.id));
    let counts = estimate((&desks, &glossary), store.as_ref(), ask.plan.editions.iter().filter(chosen), changes).await?;
    let translated = Translated { counts, ..Translated::default() };
    Ok(report(0, started, ask.clock.now(), ingested, translated, Published::default()))
}

/// The sources that this run may visit.
fn wanted<'p>(ask: &Run<'p>) -> Vec<&'p plan::Source> {
    let taken = |source: &&plan::Source| ask.sources.as_ref().map_or(source.enabled, |wanted| wanted.contains(&source.id));
    ask.plan.sources.iter().filter(taken).collect()
}

/// The terms that these engines must keep.
pub(super) fn terms(plan: &Plan, desks: &[EngineHandle]) -> Result<Arc<Glossary>, TranslateSetupError> {
    if desks.is_empty() { Ok(Arc::new(Glossary::empty())) } else { load_glossary(plan) }
}

/// Where the output goes; the folder is made if it is not there.
pub(super) async fn open_output(plan: &Plan) -> Result<Arc<OutputDir>, PipelineError> {
    let output = plan.output.clone();
    let opened = spawn_cpu("opening the output", move || OutputDir::open(&output)).await??;
    Ok(Arc::new(opened))
}

/// The sources whose pages are read.
pub(super) fn paged(plan: &Plan) -> HashSet<SourceId> {
    plan.sources.iter().filter(|source| source.full_text).map(|source| source.id.clone()).collect()
}

/// The client that feeds.toml describes.
pub fn client(fetch: &plan::Fetch) -> Result<Client, ClientError> {
    Client::new(options(fetch))
}

/// How feeds.toml wants the network to be used.
pub fn options(fetch: &plan::Fetch) -> Options {
    Options {
        timeout: fetch.timeout,
        concurrency: fetch.concurrency,
        per_host: fetch.per_host,
        host_interval: fetch.host_interval,
        max_bytes: fetch.max_bytes,
        user_agent: fetch.user_agent.clone(),
        proxy: fetch.proxy.clone(),
        ca: fetch.ca.clone(),
        allow_private: fetch.allow_private.clone(),
    }
}

fn report(run: i64, started: Time, ended: Time, ingested: Ingested, translated: Translated, published: Published) -> Report {
    let mut faults = ingested.faults;
    faults.extend(translated.faults);
    faults.extend(published.faults);
    Report {
        run,
        started,
        duration_ms: u64::try_from(ended.since(started).as_millis()).unwrap_or(u64::MAX),
        sources: ingested.sources,
        entries: ingested.entries,
        translation: TranslationCounts { waiting: published.waiting, ..translated.counts },
        editions: published.editions,
        faults,
    }
}
