//! `relais run --dry-run`: fetches and parses due sources and estimates what their translation would cost. Nothing is stored.

use std::cell::RefCell;
use std::collections::HashMap;

use futures::stream::{FuturesUnordered, StreamExt};

use crate::config as plan;
use crate::model::{Report, SourceId, Time, TranslationCounts, Visit};
use crate::store::{Access, LeasedSource, Store, StoreError};

use super::error::PipelineError;
use super::ingest::{Progress, Visitor, by_host, visit_in_turn};
use super::network::client;
use super::prepared::{RunError, open_glossary};
use super::report::ReportBuilder;
use super::run_once::RunRequest;
use super::topics::Topics;
use super::translate::{EstimateRequest, ExpectedEntries, OpenedEngines, Translated, open_engines};

/// Fetches due sources and reports what a run would do.
pub async fn dry_run(request: &RunRequest<'_>) -> Result<Report, RunError> {
    let (plan, started) = (&request.plan, request.clock.now());
    let OpenedEngines { engines, faults } = open_engines(plan)?;
    let glossary = open_glossary(plan, &engines)?;
    let store = match Store::open(plan.state.url(), Access::Look).await {
        Ok(store) => Some(store),
        Err(StoreError::Empty { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let (mut report, visits) = visit_due(request, store.as_ref(), started).await?;
    // Without engines, a run leaves its texts alone.
    let mut counts = TranslationCounts::default();
    if !engines.is_empty() {
        let estimate = EstimateRequest {
            engines: &engines,
            glossary: &glossary,
            store: store.as_ref(),
            editions: plan.editions.iter().filter(|edition| request.scope.has_edition(edition)).collect(),
            paged: plan.sources.iter().filter(|source| source.full_text).map(|source| source.id.clone()).collect(),
            expected: expect_entries(store.as_ref(), visits).await?,
            force: request.scope.force,
            now: started,
        };
        counts = estimate.estimate().await?;
    }
    report.add_translation(Translated { counts, faults, ..Translated::default() });
    Ok(report.build(0, request.clock.now()))
}

/// Visits the sources that are due. Returns the report so far, and the visits.
async fn visit_due(
    request: &RunRequest<'_>,
    store: Option<&Store>,
    started: Time,
) -> Result<(ReportBuilder, Vec<Visit>), RunError> {
    let client = client(&request.plan.fetch)?;
    let sources = request.scope.sources(&request.plan.sources);
    let due = due_sources(request, store, &sources, started).await?;
    (request.progress)(Progress::Leased(due.len()));
    let topics = Topics::load(&request.plan)?;
    let (force, clock) = (request.scope.force, request.clock);
    let visitor = &Visitor { client: &client, store, topics: &topics, keep: false, force, clock };
    let done: RefCell<(ReportBuilder, Vec<Visit>)> = RefCell::new((ReportBuilder::new(started), Vec::new()));
    let done_cell = &done;
    let by_id: HashMap<&SourceId, &plan::Source> = sources.iter().map(|source| (&source.id, *source)).collect();
    let hosts = by_host(due, &by_id).into_iter().map(|(_, queue)| {
        visit_in_turn(queue, request.plan.fetch.per_host, |source, known| async move {
            let visited = visitor.visit(source, known).await?;
            let visit = visited.visit();
            (request.progress)(Progress::Visited(visit));
            let (report, visits) = &mut *done_cell.borrow_mut();
            report.add_visit(visit);
            visits.push(visit.clone());
            Ok::<(), StoreError>(())
        })
    });
    let mut hosts: FuturesUnordered<_> = hosts.collect();
    while let Some(done) = hosts.next().await {
        done?;
    }
    drop(hosts);
    Ok(done.into_inner())
}

/// Returns what a run would store of these visits.
async fn expect_entries(store: Option<&Store>, visits: Vec<Visit>) -> Result<ExpectedEntries, StoreError> {
    let mut expected = ExpectedEntries::default();
    let mut restored = Vec::new();
    for visit in visits {
        expected.changes.extend(visit.changes.into_iter().map(|change| (change.id, change)));
        expected.withdrawn.extend(visit.withdrawn);
        restored.extend(visit.restored);
    }
    if let Some(store) = store.filter(|_| !restored.is_empty()) {
        expected.restored = store.find_entry_rows(&restored).await?;
    }
    Ok(expected)
}

/// Returns the sources that are due, with what the store knows of them. Nothing is leased.
async fn due_sources(
    request: &RunRequest<'_>,
    store: Option<&Store>,
    sources: &[&plan::Source],
    now: Time,
) -> Result<Vec<LeasedSource>, PipelineError> {
    let ids: Vec<SourceId> = sources.iter().map(|source| source.id.clone()).collect();
    let rows = match store {
        Some(store) => store.load_source_rows(&ids).await?,
        None => Vec::new(),
    };
    let mut rows: HashMap<SourceId, _> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    let known = ids.into_iter().map(|id| match rows.remove(&id) {
        Some(row) => LeasedSource { source: id, state: row.state, due: row.due, visited: row.visited },
        None => LeasedSource { source: id, state: crate::model::SourceState::default(), due: Time::EPOCH, visited: None },
    });
    Ok(known.filter(|known| request.scope.force || known.due <= now).collect())
}
