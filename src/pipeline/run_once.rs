//! One run of the passes, for what is due: what cron calls.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::Plan;
use crate::model::{Clock, Fault, HolderKind, LockHolder, Report, Time};
use crate::policy::is_run_overdue;
use crate::store::{Access, Store, StoreError};

use super::ingest::{Progress, Until};
use super::notices::{has_untold_warnings, untold_faults};
use super::prepared::{Prepared, RunError};
use super::run::{Passes, TIME_UNTIL_IDLE};
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
    /// Called if the plan has warnings that no run has told yet; `None` if nobody wants to know.
    pub warn: Option<&'a (dyn Fn() + Sync)>,
}

/// The end of a run.
#[derive(Debug)]
pub struct Finished {
    /// The report.
    pub report: Report,
    /// The faults that the operator must be told: those of the report, except what an earlier run has told for good.
    pub untold: Vec<Fault>,
}

/// The time after which the holder of a lock is read again: it may have had no time yet to write itself.
const HOLDER_DELAY: Duration = Duration::from_millis(200);

/// Runs each pass until nothing is due, and reports.
pub async fn run(ask: Run<'_>) -> Result<Finished, RunError> {
    // Everything that must be there is looked at before anything is fetched for it.
    let prepared = Prepared::open(ask.plan).await?;
    let store = open_store(prepared.plan(), ask.clock, ask.process).await?;
    if let Some(warn) = ask.warn
        && has_untold_warnings(&store, prepared.plan()).await?
    {
        warn();
    }
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
    let untold = untold_faults(&store, &prepared.plan.engines, &report.faults, ask.clock.now()).await?;
    store.close().await?;
    Ok(Finished { report, untold })
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
