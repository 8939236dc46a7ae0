//! The passes for ever, as a service: each source on its own schedule, until somebody says stop.
//!
//! A changed feeds.toml, or SIGHUP, has it read again: one that is wrong is refused and told, and the old one stays. SIGTERM and
//! SIGINT finish what is in hand. systemd is told how things are (`Type=notify`, with a watchdog).

mod changes;
mod signals;
mod systemd;

use std::fmt;
use std::path::Path;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::Plan;
use crate::model::{Clock, Time};
use crate::pass::{Keep, Prepared, RunError};
use crate::store::{Access, Store, StoreError};

use changes::Changes;
use signals::{Asked, Signals};
use systemd::Watchdog;

/// How long what is in hand may take once somebody said stop.
const GRACE: Duration = Duration::from_secs(8);
/// How long the store may take to be left in good order after that.
const FAREWELL: Duration = Duration::from_millis(1500);

/// How long a database that is away is left alone; doubled each time.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// What a daemon needs.
pub struct Daemon<'a> {
    /// feeds.toml.
    pub path: &'a Path,
    /// Reads it: the plan, or what is wrong with it, complete.
    pub load: &'a dyn Fn() -> Result<Plan, String>,
    /// The present.
    pub clock: &'a dyn Clock,
    /// A number that no other process of this machine has: the process's own.
    pub process: u32,
}

/// Why a daemon could not begin.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Something that the plan names is not there.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The state cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system does not let it listen for signals.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
}

impl DaemonError {
    /// Whether feeds.toml, or a file that it names, has to be changed before anything can run.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Run(error) if error.is_configuration())
    }
}

/// How one plan's time ended.
enum End {
    Stopped,
    Replaced(Box<Prepared>),
}

/// Carries out a plan, and those that replace it, until somebody says stop.
pub async fn daemon(ask: &Daemon<'_>, plan: Plan) -> Result<(), DaemonError> {
    let mut signals = Signals::listen().map_err(DaemonError::Signals)?;
    let watchdog = Watchdog::of_environment();
    let mut changes = Changes::of(ask.path, &plan).await;
    let mut prepared = Prepared::of(plan).await?;
    let store = Store::open(prepared.plan().state.url(), Access::Work).await?;
    loop {
        match Box::pin(carry_out(ask, &prepared, &store, &mut signals, &mut changes, &watchdog)).await {
            End::Stopped => break,
            End::Replaced(next) => prepared = *next,
        }
        // The new plan's client has not seen whom the old one asked a moment ago.
        sleep(prepared.plan().fetch.host_interval).await;
    }
    if let Ok(closed) = timeout(FAREWELL, store.close()).await {
        closed?;
    }
    Ok(())
}

/// Carries out one plan, until it is replaced or somebody says stop.
async fn carry_out(
    ask: &Daemon<'_>,
    prepared: &Prepared,
    store: &Store,
    signals: &mut Signals,
    changes: &mut Changes,
    watchdog: &Watchdog,
) -> End {
    let started = ask.clock.now();
    let Some(run) = begin(store, started, signals).await else { return End::Stopped };
    let worker = format!("{}:{}:{run}", ask.process, started.millis());
    let stop = CancellationToken::new();
    let (alive, is_ready) = (Mutex::new(Instant::now()), AtomicBool::new(false));
    let beat = || {
        if let Ok(mut at) = alive.lock() {
            *at = Instant::now();
        }
    };
    let published = || {
        if !is_ready.swap(true, Ordering::Relaxed) {
            tracing::info!("the output is up to date");
        }
    };
    let keep = Keep { prepared, store, clock: ask.clock, worker: &worker, run, stop: &stop, alive: &beat, published: &published };
    let mut keeping = pin!(keep.keep());
    systemd::ready(&Words(prepared.plan()).to_string());
    let last_beat = || alive.lock().map_or_else(|at| *at.into_inner(), |at| *at);
    let end = loop {
        let asked = tokio::select! {
            biased;
            asked = signals.next() => asked,
            () = changes.next() => Asked::Reload,
            () = watchdog.feed(&last_beat) => continue,
            // It ends only when it is told to.
            () = &mut keeping => break End::Stopped,
        };
        match asked {
            Asked::Stop => {
                systemd::stopping();
                break End::Stopped;
            }
            Asked::Reload => {
                systemd::reloading();
                match replacement(ask, prepared, changes).await {
                    Ok(next) => break End::Replaced(Box::new(next)),
                    Err(why) => {
                        tracing::error!("{} was not taken, the old one stays: {why}", ask.path.display());
                        systemd::ready("feeds.toml is wrong: the one from before is carried out");
                    }
                }
            }
        }
    };
    stop.cancel();
    let in_time = tokio::select! {
        done = timeout(GRACE, &mut keeping) => done.is_ok(),
        // Whoever says it twice means it.
        () = signals.stop() => false,
    };
    if !in_time {
        tracing::warn!("what was in hand took too long and was left: it is done again by whoever comes next");
        let _ = timeout(FAREWELL, store.release(&worker)).await;
    }
    end
}

/// Begins a run in the store; nothing if somebody says stop before. A database that is away is waited for.
async fn begin(store: &Store, started: Time, signals: &mut Signals) -> Option<i64> {
    let mut retry = FIRST_RETRY;
    loop {
        let error = match store.begin_run(started).await {
            Ok(run) => return Some(run),
            Err(error) => error,
        };
        tracing::error!("{error}; it is tried again in {} s", retry.as_secs());
        tokio::select! {
            () = signals.stop() => return None,
            () = sleep(retry) => retry = (retry * 2).min(LONGEST_RETRY),
        }
    }
}

/// The plan that feeds.toml asks for now, if it can be carried out.
async fn replacement(ask: &Daemon<'_>, prepared: &Prepared, changes: &mut Changes) -> Result<Prepared, String> {
    let plan = (ask.load)()?;
    changes.watch(ask.path, &plan).await;
    if plan.state.url() != prepared.plan().state.url() {
        return Err("`state` has changed, and a daemon keeps the one that it began with: stop it and start it again".to_owned());
    }
    let next = Prepared::of(plan).await.map_err(|error| error.to_string())?;
    tracing::warn!("{} was read again: {}", ask.path.display(), Words(next.plan()));
    Ok(next)
}

/// A plan in a few words.
struct Words<'a>(&'a Plan);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sources, {} editions", self.0.enabled().count(), self.0.editions.len())
    }
}
