//! `relais run --dry-run`: fetches and parses due sources and estimates what their translation would cost. Nothing is stored.

use std::cell::RefCell;
use std::collections::HashMap;

use futures::stream::{FuturesUnordered, StreamExt};

use crate::config as plan;
use crate::model::{Change, Report, SourceId, Time};
use crate::store::{Access, LeasedSource, Store, StoreError};

use super::error::PipelineError;
use super::ingest::{Progress, Visitor, by_host, visit_in_turn};
use super::network::client;
use super::prepared::{RunError, open_glossary};
use super::report::ReportBuilder;
use super::run_once::RunRequest;
use super::translate::{OpenedEngines, Translated, estimate, open_engines};

/// Fetches due sources and reports what a run would do.
pub async fn dry_run(request: &RunRequest<'_>) -> Result<Report, RunError> {
    let (plan, started) = (&request.plan, request.clock.now());
    let client = client(&plan.fetch)?;
    let OpenedEngines { engines, faults } = open_engines(plan)?;
    let glossary = open_glossary(plan, &engines)?;
    let store = match Store::open(plan.state.url(), Access::Look).await {
        Ok(store) => Some(store),
        Err(StoreError::Empty { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let sources = request.scope.sources(&plan.sources);
    let due = due_sources(request, store.as_ref(), &sources, started).await?;
    (request.progress)(Progress::Leased(due.len()));
    let report = RefCell::new(ReportBuilder::new(started));
    let changes: RefCell<Vec<Change>> = RefCell::default();
    let visitor =
        &Visitor { client: &client, store: store.as_ref(), keep: false, force: request.scope.force, clock: request.clock };
    let (report_cell, changes_cell, has_engines) = (&report, &changes, !engines.is_empty());
    let by_id: HashMap<&SourceId, &plan::Source> = sources.iter().map(|source| (&source.id, *source)).collect();
    let hosts = by_host(due, &by_id).into_iter().map(|(_, queue)| {
        visit_in_turn(queue, plan.fetch.per_host, |source, known| async move {
            let visited = visitor.visit(source, known).await?;
            let visit = visited.visit();
            report_cell.borrow_mut().add_visit(visit);
            (request.progress)(Progress::Visited(visit));
            if has_engines {
                changes_cell.borrow_mut().extend(visit.changes.iter().cloned());
            }
            Ok::<(), StoreError>(())
        })
    });
    let mut hosts: FuturesUnordered<_> = hosts.collect();
    while let Some(done) = hosts.next().await {
        done?;
    }
    drop(hosts);
    let editions = plan.editions.iter().filter(|edition| request.scope.has_edition(edition));
    let counts = estimate((&engines, &glossary), store.as_ref(), editions, changes.take(), started).await?;
    let mut report = report.into_inner();
    report.add_translation(Translated { counts, faults, ..Translated::default() });
    Ok(report.build(0, request.clock.now()))
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
