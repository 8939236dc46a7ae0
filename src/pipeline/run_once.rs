//! `relais run`: one run of the passes over everything that is due.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::Plan;
use crate::model::{Clock, HolderKind, LockHolder, Report, Time};
use crate::policy::{Notices, is_run_overdue};
use crate::store::{Access, Store, StoreError};

use super::ingest::{Progress, Until};
use super::notices::{has_untold_warnings, take_notices};
use super::prepared::{Prepared, RunError};
use super::run::{Passes, TIME_UNTIL_IDLE};
use super::scope::Scope;

/// The request for a run.
pub struct RunRequest<'a> {
    /// The plan.
    pub plan: Plan,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// The part of the plan to carry out.
    pub scope: Scope,
    /// The process id, unique on this machine.
    pub process: u32,
    /// Called for each event of ingest.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Called if the plan has warnings that no run has reported yet. `None` if the operator is told nothing, not even faults.
    pub warn: Option<&'a (dyn Fn() + Sync)>,
}

/// The end of a run.
#[derive(Debug)]
pub struct Finished {
    /// The report.
    pub report: Report,
    /// The news for the operator.
    pub notices: Notices,
}

/// The time after which the holder of a lock is read again: it may not have written its name yet.
const HOLDER_DELAY: Duration = Duration::from_millis(200);

/// Runs the passes until nothing is due.
pub async fn run(request: RunRequest<'_>) -> Result<Finished, RunError> {
    // Everything that the plan names is opened before anything is fetched.
    let prepared = Prepared::open(request.plan).await?;
    let store = open_store(prepared.plan(), request.clock, request.process).await?;
    if let Some(warn) = request.warn
        && has_untold_warnings(&store, prepared.plan()).await?
    {
        warn();
    }
    let started = request.clock.now();
    let run = store.begin_run(started).await?;
    let worker = format!("{}:{}:{run}", request.process, started.millis());
    let passes = Passes {
        prepared: &prepared,
        scope: &request.scope,
        store: &store,
        clock: request.clock,
        worker: &worker,
        run,
        until: Until::Idle,
        stop: &CancellationToken::new(),
        progress: request.progress,
        heartbeat: &|| (),
        published: &|| (),
        engines: &|_| (),
        subscribing: None,
    };
    let report = Box::pin(passes.run()).await?;
    // A run that tells nobody leaves the notices to the next one.
    let notices = match request.warn {
        Some(_) => take_notices(&store, &prepared.plan, &report, request.clock.now()).await?,
        None => Notices::default(),
    };
    store.close().await?;
    Ok(Finished { report, notices })
}

/// Opens the store, and writes into its lock who works there. If another process does, tells whether that is as it should be.
async fn open_store(plan: &Plan, clock: &dyn Clock, process: u32) -> Result<Store, RunError> {
    let mut is_first_try = true;
    loop {
        let now = clock.now();
        match Store::open(plan.state.url(), Access::Work).await {
            Ok(store) => {
                store.record_holder(&LockHolder { process, since: now, kind: HolderKind::Run })?;
                return Ok(store);
            }
            Err(StoreError::Busy { file, holder }) => match overdue_holder(holder, now, plan.fetch.deadline) {
                Some(_) if is_first_try => tokio::time::sleep(HOLDER_DELAY).await,
                Some(holder) => return Err(RunError::Overdue { holder, deadline: plan.fetch.deadline }),
                None => {
                    let holder = holder.map(|holder| holder.to_string()).unwrap_or_default();
                    tracing::info!(file, holder, "another relais works on the state: this run has nothing to do");
                    return Err(RunError::OtherWorks);
                }
            },
            Err(error) => return Err(error.into()),
        }
        is_first_try = false;
    }
}

/// Returns the holder of the lock if it is a run that should have ended long ago. A daemon never should.
fn overdue_holder(holder: Option<LockHolder>, now: Time, deadline: Duration) -> Option<LockHolder> {
    let longest = deadline + TIME_UNTIL_IDLE;
    holder.filter(|holder| holder.kind == HolderKind::Run && is_run_overdue(holder.since, now, longest))
}
