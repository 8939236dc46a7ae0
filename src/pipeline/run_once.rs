//! One run of the passes, for what is due: what cron calls.

use tokio_util::sync::CancellationToken;

use crate::config::Plan;
use crate::model::{Clock, Report};
use crate::store::{Access, Store};

use super::ingest::{Progress, Until};
use super::prepared::{Prepared, RunError};
use super::run::Passes;
use super::scope::Scope;

/// What is asked of a run.
pub struct Run<'a> {
    /// The plan.
    pub plan: Plan,
    /// The present.
    pub clock: &'a dyn Clock,
    /// The part of the plan to carry out.
    pub scope: Scope,
    /// A number that no other process of this machine has: the process's own.
    pub process: u32,
    /// Told of each visit as it ends.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
}

/// Runs each pass until nothing is due, and reports.
pub async fn run(ask: Run<'_>) -> Result<Report, RunError> {
    // Everything that must be there is looked at before anything is fetched for it.
    let prepared = Prepared::open(ask.plan).await?;
    let store = Store::open(prepared.plan().state.url(), Access::Work).await?;
    let started = ask.clock.now();
    let run = store.begin_run(started).await?;
    let worker = format!("{}:{}:{run}", ask.process, started.millis());
    let passes = Passes {
        prepared: &prepared,
        scope: &ask.scope,
        store: &store,
        clock: ask.clock,
        worker: &worker,
        run,
        until: Until::Idle,
        stop: &CancellationToken::new(),
        progress: ask.progress,
        alive: &|| (),
        published: &|| (),
        subscribing: None,
    };
    let report = Box::pin(passes.run()).await?;
    store.close().await?;
    Ok(report)
}
