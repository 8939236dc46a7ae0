//! The passes for ever, as a service: each source on its own schedule, until somebody says stop.
//!
//! A changed feeds.toml, or SIGHUP, has it read again: one that is wrong is refused and told, and the old one stays. SIGTERM and
//! SIGINT finish what is in hand. systemd is told how things are (`Type=notify`, with a watchdog).

mod changes;
mod signals;
mod systemd;

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::Plan;
use crate::model::{Clock, Time};
use crate::pipeline::{Passes, Prepared, RunError, Scope, Subscribing, Until};
use crate::serve::{Health, ListenError, Listener, PushReceiver, ServerState};
use crate::store::{Access, Store, StoreError};

use changes::Changes;
use signals::{Asked, Signals};
use systemd::Watchdog;

/// How long what is in hand may take once somebody said stop.
const GRACE: Duration = Duration::from_secs(8);
/// How long the store may take to be left in good order after that.
const FAREWELL: Duration = Duration::from_millis(1500);

/// What hubs have sent and nobody has looked at yet.
const PUSHES: usize = 4;

/// How often a sign of life is given while nothing is done.
const REST: Duration = Duration::from_secs(30);

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
    pub clock: &'static dyn Clock,
    /// Where to answer over HTTP, if anywhere.
    pub listen: Option<SocketAddr>,
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
    /// The address to answer at cannot be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
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
    let mut prepared = Prepared::open(plan).await?;
    let listener = match ask.listen {
        Some(address) => Some(Listener::bind(address).await?),
        None => None,
    };
    let store = Arc::new(Store::open(prepared.plan().state.url(), Access::Work).await?);
    let health = Arc::new(Health::default());
    let server = listener.map(|listener| Server::start(listener, &store, ask.clock, &health));
    let mut keeper = Keeper {
        ask,
        store: &store,
        health: &health,
        server: server.as_ref(),
        signals: &mut signals,
        changes: &mut changes,
        watchdog: &watchdog,
    };
    loop {
        match Box::pin(keeper.carry_out(&prepared)).await {
            End::Stopped => break,
            End::Replaced(next) => prepared = *next,
        }
        // The new plan's client has not seen whom the old one asked a moment ago.
        if !keeper.rests(prepared.plan().fetch.host_interval).await {
            break;
        }
    }
    if let Some(server) = server {
        server.end().await;
    }
    // Somebody may still be answered, who then holds it: nothing is lost by that.
    if let Some(store) = Arc::into_inner(store)
        && let Ok(closed) = timeout(FAREWELL, store.close()).await
    {
        closed?;
    }
    Ok(())
}

/// The server beside the passes.
struct Server {
    state: Arc<ServerState>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    fn start(listener: Listener, store: &Arc<Store>, clock: &'static dyn Clock, health: &Arc<Health>) -> Self {
        tracing::warn!("listening on http://{}", listener.address());
        let state = Arc::new(ServerState::new(Arc::clone(store), clock, Arc::clone(health)));
        let stop = CancellationToken::new();
        let task = tokio::spawn(listener.serve(Arc::clone(&state), stop.clone()));
        Self { state, stop, task }
    }

    /// Has what hubs send go to whoever carries out this plan. Without `base_url` nobody knows where hubs could reach us.
    fn set_receiver(&self, plan: &Plan) -> Option<Subscribing> {
        let callback = format!("{}websub/", plan.base_url.as_ref()?);
        let (send, pushes) = mpsc::channel(PUSHES);
        let sources = plan.enabled().map(|source| source.id.clone()).collect();
        self.state.set_receiver(Some(PushReceiver { pushes: send, sources: Arc::new(sources), max_bytes: plan.fetch.max_bytes }));
        Some(Subscribing::new(callback, pushes))
    }

    async fn end(self) {
        self.state.set_receiver(None);
        self.stop.cancel();
        let task = self.task.abort_handle();
        if timeout(FAREWELL, self.task).await.is_err() {
            task.abort();
        }
    }
}

/// What every plan is carried out with.
struct Keeper<'k> {
    ask: &'k Daemon<'k>,
    store: &'k Store,
    health: &'k Health,
    server: Option<&'k Server>,
    signals: &'k mut Signals,
    changes: &'k mut Changes,
    watchdog: &'k Watchdog,
}

impl Keeper<'_> {
    /// Rests; false if somebody says stop meanwhile.
    async fn rests(&mut self, rest: Duration) -> bool {
        let until = Instant::now() + rest;
        loop {
            self.health.record_heartbeat();
            tokio::select! {
                biased;
                () = self.signals.stop() => return false,
                () = self.watchdog.feed(self.health) => {}
                () = sleep_until(until.min(Instant::now() + REST)) => {
                    if Instant::now() >= until {
                        return true;
                    }
                }
            }
        }
    }

    /// Begins a run in the store; nothing if somebody says stop before. A database that is away is waited for.
    async fn begin(&mut self, started: Time) -> Option<i64> {
        let mut retry = FIRST_RETRY;
        loop {
            let error = match self.store.begin_run(started).await {
                Ok(run) => return Some(run),
                Err(error) => error,
            };
            tracing::error!("{error}; it is tried again in {} s", retry.as_secs());
            if !self.rests(retry).await {
                return None;
            }
            retry = (retry * 2).min(LONGEST_RETRY);
        }
    }

    /// Carries out one plan, until it is replaced or somebody says stop.
    async fn carry_out(&mut self, prepared: &Prepared) -> End {
        let (ask, store, health) = (self.ask, self.store, self.health);
        let started = ask.clock.now();
        let Some(run) = self.begin(started).await else { return End::Stopped };
        let worker = format!("{}:{}:{run}", ask.process, started.millis());
        let stop = CancellationToken::new();
        let beat = || health.record_heartbeat();
        let published = || {
            if health.record_published() {
                tracing::info!("the output is up to date");
            }
        };
        let subscribing = self.server.and_then(|server| server.set_receiver(prepared.plan()));
        let scope = Scope::default();
        let passes = Passes {
            prepared,
            scope: &scope,
            store,
            clock: ask.clock,
            worker: &worker,
            run,
            until: Until::Cancelled,
            stop: &stop,
            progress: &|_| (),
            alive: &beat,
            published: &published,
            subscribing,
        };
        let mut running = pin!(passes.run());
        systemd::ready(&Words(prepared.plan()).to_string());
        let Some(end) = self.wait_for_end(prepared, running.as_mut()).await else { return End::Stopped };
        if let Some(server) = self.server {
            // Hubs come again.
            server.state.set_receiver(None);
        }
        stop.cancel();
        let in_time = tokio::select! {
            done = timeout(GRACE, &mut running) => done.is_ok(),
            // Whoever says it twice means it.
            () = self.signals.stop_again() => false,
        };
        if !in_time {
            tracing::warn!("visits in flight did not end within {} s; the next worker retries them", GRACE.as_secs());
            let _ = timeout(FAREWELL, store.release_all(&worker)).await;
        }
        end
    }

    /// Waits until somebody says stop, or a changed feeds.toml replaces the plan. Nothing if the passes end by themselves: they do
    /// only if relais is wrong, as their errors are retried.
    async fn wait_for_end<T, E: fmt::Display>(
        &mut self,
        prepared: &Prepared,
        mut running: Pin<&mut impl Future<Output = Result<T, E>>>,
    ) -> Option<End> {
        loop {
            let asked = tokio::select! {
                biased;
                asked = self.signals.next() => asked,
                () = self.changes.next() => Asked::Reload,
                () = self.watchdog.feed(self.health) => continue,
                ended = &mut running => {
                    if let Err(error) = ended {
                        tracing::error!("{error}");
                    }
                    return None;
                }
            };
            match asked {
                Asked::Stop => {
                    systemd::stopping();
                    return Some(End::Stopped);
                }
                Asked::Reload => {
                    systemd::reloading();
                    match replacement(self.ask, prepared, self.changes).await {
                        Ok(next) => return Some(End::Replaced(Box::new(next))),
                        Err(why) => {
                            tracing::error!("{} was not taken, the old one stays: {why}", self.ask.path.display());
                            systemd::ready("feeds.toml is wrong: the one from before is carried out");
                        }
                    }
                }
            }
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
    let next = Prepared::open(plan).await.map_err(|error| error.to_string())?;
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
