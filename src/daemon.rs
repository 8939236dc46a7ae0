//! The daemon: runs the passes until it is stopped, each source on its own schedule.
//!
//! It reloads feeds.toml when the file changes or on SIGHUP. An invalid one is logged and the old plan stays. SIGTERM and SIGINT
//! finish the work in flight. systemd is notified of the state (`Type=notify`, with a watchdog).

mod changes;
mod reader;
mod signals;
mod systemd;

use std::fmt;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::{Plan, Problems};
use crate::model::{Clock, Fault, FaultSubject, HolderKind, ListenAddress, LockHolder, Time};
use crate::pipeline::{Passes, Prepared, RunError, Scope, Subscribing, Until};
use crate::serve::{Console, Files, Health, ListenError, Listener, PushReceiver, Role, ServerState, SharedFiles, Site};
use crate::store::{Access, Store, StoreError};

pub use reader::serve_output;

use changes::Changes;
use signals::{SignalRequest, Signals};
use systemd::Watchdog;

/// The time that work in flight has after a request to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(8);
/// The time that closing the store, or the server, may take after that.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(1500);

/// The length of the queue of pushed content.
const MAX_PUSHES: usize = 4;

/// The time between two heartbeats while the daemon waits.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// The first and the longest wait before the database is tried again. The wait doubles each time.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(30);

/// The settings of a daemon.
pub struct Daemon<'a> {
    /// The path of feeds.toml.
    pub path: &'a Path,
    /// Loads its plan.
    pub load: &'a dyn Fn() -> Result<Plan, Problems>,
    /// The clock.
    pub clock: &'static dyn Clock,
    /// The address of the HTTP server, if the command line names one.
    pub listen: Option<ListenAddress>,
    /// The process id, unique on this machine.
    pub process: u32,
}

/// A daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// A resource that the plan names is missing.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP server cannot bind its address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The metrics cannot be made.
    #[error("cannot count requests: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The signal handlers cannot be registered.
    #[error("cannot register signal handlers: {0}")]
    Signals(std::io::Error),
}

impl DaemonError {
    /// True if feeds.toml, or a file that it names, has to be changed first.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Run(error) if error.is_configuration())
    }
}

/// The end of running one plan.
enum PlanEnd {
    Stopped,
    Replaced(Box<Prepared>),
}

/// Runs a plan, and those that replace it, until the daemon is stopped.
pub async fn run_daemon(settings: &Daemon<'_>, plan: Plan) -> Result<(), DaemonError> {
    let mut signals = Signals::listen().map_err(DaemonError::Signals)?;
    let watchdog = Watchdog::from_environment();
    let mut changes = Changes::new(settings.path, &plan).await;
    let mut prepared = Prepared::open(plan).await?;
    let listener = listener(settings.listen.as_ref(), prepared.plan()).await?;
    let store = Arc::new(Store::open(prepared.plan().state.url(), Access::Work).await?);
    store.record_holder(&LockHolder { process: settings.process, since: settings.clock.now(), kind: HolderKind::Daemon })?;
    let health = Arc::new(Health::default());
    let server = match listener {
        Some(listener) => Some(Server::start(listener, &store, settings.clock, &health, prepared.plan())?),
        None => None,
    };
    let mut runner = PlanRunner {
        settings,
        store: &store,
        health: &health,
        server: server.as_ref(),
        signals: &mut signals,
        changes: &mut changes,
        watchdog: &watchdog,
    };
    loop {
        match Box::pin(runner.run_plan(&prepared)).await {
            PlanEnd::Stopped => break,
            PlanEnd::Replaced(next) => prepared = *next,
        }
        // The client of the new plan does not know which hosts the old one has just asked.
        if !runner.wait(prepared.plan().fetch.host_interval).await {
            break;
        }
    }
    if let Some(server) = server {
        server.shut_down().await;
    }
    // A response in flight may still hold the store. Nothing is lost then.
    if let Some(store) = Arc::into_inner(store)
        && let Ok(closed) = timeout(CLOSE_TIMEOUT, store.close()).await
    {
        closed?;
    }
    Ok(())
}

/// Binds what the server listens on: the socket that systemd passes, else the address of the command line, else that of feeds.toml.
async fn listener(address: Option<&ListenAddress>, plan: &Plan) -> Result<Option<Listener>, ListenError> {
    if let Some(passed) = Listener::take_passed()? {
        return Ok(Some(passed));
    }
    match address.or(plan.serve.listen.as_ref()) {
        Some(address) => Ok(Some(Listener::bind(address, plan.serve.socket_mode).await?)),
        None => Ok(None),
    }
}

/// The HTTP server that runs beside the passes.
struct Server {
    state: Arc<ServerState>,
    files: Arc<SharedFiles>,
    console: Arc<Console>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    fn start(
        listener: Listener,
        store: &Arc<Store>,
        clock: &'static dyn Clock,
        health: &Arc<Health>,
        plan: &Plan,
    ) -> Result<Self, DaemonError> {
        tracing::warn!("listening on {}", listener.address());
        let state = Arc::new(ServerState::new(Arc::clone(store), clock, Arc::clone(health)));
        let stop = CancellationToken::new();
        let files = Arc::new(SharedFiles::new(Files::of(plan)?));
        let role = Role::Daemon(Arc::clone(&state));
        let console = Arc::new(Console::new(plan.clone(), Some(Arc::clone(store)), clock, listener.is_local())?);
        let site = Site { files: Arc::clone(&files), console: Arc::clone(&console), role };
        let task = tokio::spawn(listener.serve(site, stop.clone()));
        Ok(Self { state, files, console, stop, task })
    }

    /// Serves the output of this plan, and sends pushed content to its passes. Without `base_url` there is no address for hubs to call.
    fn set_plan(&self, plan: &Plan) -> Option<Subscribing> {
        self.console.set_plan(plan.clone());
        match Files::of(plan) {
            Ok(files) => self.files.replace(files),
            // The passes have opened the same output a moment ago.
            Err(error) => tracing::error!("the output of before is served on: {error}"),
        }
        let callback = format!("{}websub/", plan.base_url.as_ref()?);
        let (send, pushes) = mpsc::channel(MAX_PUSHES);
        let sources = plan.enabled().map(|source| source.id.clone()).collect();
        self.state.set_receiver(Some(PushReceiver { pushes: send, sources: Arc::new(sources), max_bytes: plan.fetch.max_bytes }));
        Some(Subscribing::new(callback, pushes))
    }

    async fn shut_down(self) {
        self.state.set_receiver(None);
        self.stop.cancel();
        let task = self.task.abort_handle();
        if timeout(CLOSE_TIMEOUT, self.task).await.is_err() {
            task.abort();
        }
    }
}

/// Runs plans, one after the other.
struct PlanRunner<'k> {
    settings: &'k Daemon<'k>,
    store: &'k Store,
    health: &'k Health,
    server: Option<&'k Server>,
    signals: &'k mut Signals,
    changes: &'k mut Changes,
    watchdog: &'k Watchdog,
}

impl PlanRunner<'_> {
    /// Waits. Returns false if the daemon is stopped meanwhile.
    async fn wait(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            self.health.record_heartbeat();
            tokio::select! {
                biased;
                () = self.signals.stop() => return false,
                () = self.watchdog.notify_when_due(self.health) => {}
                () = sleep_until(until.min(Instant::now() + HEARTBEAT)) => {
                    if Instant::now() >= until {
                        return true;
                    }
                }
            }
        }
    }

    /// Begins a run in the store, and retries while the database is away. Returns nothing if the daemon is stopped meanwhile.
    async fn begin_run(&mut self, started: Time) -> Option<i64> {
        let mut retry = FIRST_RETRY;
        loop {
            let error = match self.store.begin_run(started).await {
                Ok(run) => return Some(run),
                Err(error) => error,
            };
            tracing::error!("{error}; retrying in {} s", retry.as_secs());
            if !self.wait(retry).await {
                return None;
            }
            retry = (retry * 2).min(MAX_RETRY);
        }
    }

    /// Runs one plan until it is replaced or the daemon is stopped.
    async fn run_plan(&mut self, prepared: &Prepared) -> PlanEnd {
        let (settings, store, health) = (self.settings, self.store, self.health);
        let started = settings.clock.now();
        let Some(run) = self.begin_run(started).await else { return PlanEnd::Stopped };
        let worker = format!("{}:{}:{run}", settings.process, started.millis());
        let stop = CancellationToken::new();
        let beat = || health.record_heartbeat();
        let published = || {
            if health.record_published() {
                tracing::info!("the output is up to date");
            }
        };
        let engines = |fault: Option<&Fault>| health.record_engine_failure(fault.map(engine_failure));
        let subscribing = self.server.and_then(|server| server.set_plan(prepared.plan()));
        let scope = Scope::default();
        let passes = Passes {
            prepared,
            scope: &scope,
            store,
            clock: settings.clock,
            worker: &worker,
            run,
            until: Until::Cancelled,
            stop: &stop,
            progress: &|_| (),
            heartbeat: &beat,
            published: &published,
            engines: &engines,
            subscribing,
        };
        let mut running = pin!(passes.run());
        systemd::notify_ready(&PlanSummary(prepared.plan()).to_string());
        let Some(end) = self.wait_for_end(prepared, running.as_mut()).await else { return PlanEnd::Stopped };
        if let Some(server) = self.server {
            // Hubs retry.
            server.state.set_receiver(None);
        }
        stop.cancel();
        self.finish(&worker, running).await;
        end
    }

    /// Waits until the plan is replaced or the daemon is stopped. Returns nothing if the passes have ended by themselves.
    async fn wait_for_end<T, E: fmt::Display>(
        &mut self,
        prepared: &Prepared,
        mut running: Pin<&mut impl Future<Output = Result<T, E>>>,
    ) -> Option<PlanEnd> {
        loop {
            let request = tokio::select! {
                biased;
                request = self.signals.next() => request,
                () = self.changes.next() => SignalRequest::Reload,
                () = self.watchdog.notify_when_due(self.health) => continue,
                // The passes end by themselves only if relais is wrong: their errors are retried.
                ended = &mut running => {
                    if let Err(error) = ended {
                        tracing::error!("{error}");
                    }
                    return None;
                }
            };
            match request {
                SignalRequest::Stop => {
                    systemd::notify_stopping();
                    return Some(PlanEnd::Stopped);
                }
                SignalRequest::Reload => {
                    systemd::notify_reloading();
                    match load_replacement(self.settings, prepared, self.changes).await {
                        Ok(next) => return Some(PlanEnd::Replaced(Box::new(next))),
                        Err(why) => {
                            tracing::error!("{} is invalid, the old plan stays: {why}", self.settings.path.display());
                            systemd::notify_ready("feeds.toml is invalid: the old plan is running");
                        }
                    }
                }
            }
        }
    }

    /// Gives the passes time to finish, and releases the leases of those that do not.
    async fn finish<T, E: fmt::Display>(&mut self, worker: &str, running: Pin<&mut impl Future<Output = Result<T, E>>>) {
        let in_time = tokio::select! {
            done = timeout(SHUTDOWN_GRACE, running) => {
                if let Ok(Err(error)) = &done {
                    tracing::error!("{error}");
                }
                done.is_ok()
            }
            // A second request to stop ends the grace period.
            () = self.signals.stop_again() => false,
        };
        if !in_time {
            tracing::warn!("visits in flight did not end within {} s; the next worker retries them", SHUTDOWN_GRACE.as_secs());
            let _ = timeout(CLOSE_TIMEOUT, self.store.release_all(worker)).await;
        }
    }
}

/// A changed feeds.toml cannot replace the present plan.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    /// It has errors.
    #[error(transparent)]
    Invalid(#[from] Problems),
    /// It names another database.
    #[error("`state` has changed: restart the daemon to use another database")]
    StateChanged,
    /// A resource that it names is missing.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Loads the plan of the present feeds.toml.
async fn load_replacement(settings: &Daemon<'_>, prepared: &Prepared, changes: &mut Changes) -> Result<Prepared, ReloadError> {
    let plan = (settings.load)()?;
    changes.watch(settings.path, &plan).await;
    if plan.state.url() != prepared.plan().state.url() {
        return Err(ReloadError::StateChanged);
    }
    let next = Prepared::open(plan).await?;
    tracing::warn!("reloaded {}: {}", settings.path.display(), PlanSummary(next.plan()));
    Ok(next)
}

/// A summary of a plan.
struct PlanSummary<'a>(&'a Plan);

impl fmt::Display for PlanSummary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sources, {} editions", self.0.enabled().count(), self.0.editions.len())
    }
}

/// Describes the failure of an engine in one line, without addresses: whoever asks for the readiness reads it.
fn engine_failure(fault: &Fault) -> String {
    let name = if let FaultSubject::Engine(name) = &fault.of { name } else { "" };
    let since = fault.since.map(|since| format!(" since {since}")).unwrap_or_default();
    format!("the engine {name} does not translate{since} ({}): see the log", fault.kind)
}
