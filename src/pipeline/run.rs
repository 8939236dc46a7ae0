//! The main loop: ingest, translate and publish side by side, until nothing is left to do (`relais run`) or until cancelled
//! (`relais daemon`). Each pass takes its work from the store, and requests the next pass when it has stored something for it.
//!
//! Until idle, an error ends the run, so that cron sees it. Until cancelled, errors (no database, a full disk, a failing engine) are
//! logged, and the pass is retried with back-off.

mod delivering;
mod publishing;
mod translating;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config as plan;
use crate::model::{Clock, Fault, Report, Time};
use crate::policy::NetworkChange;
use crate::store::{LeasedSource, Store};

use super::context::Context;
use super::error::PipelineError;
use super::full_text::{PageBudget, Pages};
use super::ingest::{Hubs, Ingest, Listeners, Progress, Push, Pushes, Subscribe, Until};
use super::prepared::Prepared;
use super::report::ReportBuilder;
use super::robots_cache::RobotsCache;
use super::scope::Scope;
use super::trigger::{Pace, Trigger, sleep_unless_cancelled};

/// The debounce of a daemon's passes, and the longest time between two: entries held for a translation may become due.
const DEBOUNCE: Duration = Duration::from_secs(2);
const MAX_REST: Duration = Duration::from_secs(60);
/// The first and the longest back-off of a pass that failed; doubled each time.
const FIRST_RETRY: Duration = Duration::from_secs(5);
const LONGEST_RETRY: Duration = Duration::from_secs(10 * 60);
/// The time between two saves of a daemon's report, if it has changed.
const SAVE_EVERY: Duration = Duration::from_secs(60);

pub(super) use translating::TIME_UNTIL_IDLE;

/// The receiving end of WebSub: the callback address and the queue of pushes.
pub struct Subscribing {
    callback: String,
    pushes: Pushes,
}

impl Subscribing {
    /// Makes the receiving end. Callback addresses begin with `callback`, which ends in `/`; their content arrives in `pushes`.
    pub fn new(callback: String, pushes: mpsc::Receiver<Push>) -> Self {
        Self { callback, pushes: Pushes::new(pushes) }
    }
}

/// The three passes over one plan.
pub struct Passes<'a> {
    /// The plan, with everything that it names opened.
    pub prepared: &'a Prepared,
    /// The part of the plan to carry out.
    pub scope: &'a Scope,
    /// The database.
    pub store: &'a Store,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// The unique name of this worker, in which sources are leased.
    pub worker: &'a str,
    /// The number of this run in the store.
    pub run: i64,
    /// The condition that ends the passes.
    pub until: Until,
    /// Cancels the passes: no work begins any more, and work in flight is finished.
    pub stop: &'a CancellationToken,
    /// Called for each event of ingest.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Called at least twice a minute while ingest runs.
    pub heartbeat: &'a (dyn Fn() + Sync),
    /// Called each time that a publish pass succeeded.
    pub published: &'a (dyn Fn() + Sync),
    /// Called after each translate pass with a failure of an engine, if there is one.
    pub engines: &'a (dyn Fn(Option<&Fault>) + Sync),
    /// The receiving end of WebSub, if hubs can reach us.
    pub subscribing: Option<Subscribing>,
}

/// The article pages of a run: translate and publish share one budget.
type SharedPages<'a> = tokio::sync::Mutex<Pages<'a>>;

/// The state that the passes of one run share.
struct Shared {
    report: Mutex<ReportBuilder>,
    translate: Trigger,
    publish: Trigger,
    /// Requested when events may have been queued.
    deliver: Trigger,
    hubs: Hubs,
    /// Cancelled once a run has found what there is to translate.
    laid_out: CancellationToken,
    /// Cancelled once translate has ended.
    translated: CancellationToken,
    /// Cancelled with the run, and when ingest fails: no pass begins after that.
    abort: CancellationToken,
}

impl Shared {
    fn new(now: Time, stop: &CancellationToken) -> Self {
        Self {
            report: Mutex::new(ReportBuilder::new(now)),
            translate: Trigger::default(),
            publish: Trigger::default(),
            deliver: Trigger::default(),
            hubs: Hubs::default(),
            laid_out: CancellationToken::new(),
            translated: CancellationToken::new(),
            abort: stop.child_token(),
        }
    }

    fn report(&self) -> MutexGuard<'_, ReportBuilder> {
        // Nothing panics under this lock, so that a poisoned one is still valid.
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passes<'_> {
    /// Runs the passes to their end. Returns the report, which is also saved in the store.
    #[tracing::instrument(name = "run", skip_all, fields(run.id = self.run))]
    pub async fn run(&self) -> Result<Report, PipelineError> {
        let robots = self.robots();
        let (context, shared) = (self.context(&robots), Shared::new(self.clock.now(), self.stop));
        let done = CancellationToken::new();
        // A run waits for the pages of its articles once, whoever wants them.
        let pages = SharedPages::new(self.pages(context));
        let passes = async {
            // A pass that fails does not drop the others half-way: what engines have been asked is paid for.
            let (ingested, translated, published, delivered, ()) = futures::join!(
                self.ingest_or_abort(context, &shared),
                self.translate(context, &pages, &shared),
                self.publish_to_the_end(context, &pages, &shared),
                self.deliver(&shared),
                self.publish_when_late(&shared)
            );
            done.cancel();
            ingested.and(translated).and(published).and(delivered)
        };
        let (result, (), ()) = futures::join!(passes, self.subscribe(context, &shared), self.save_regularly(&shared, &done));
        if let Err(error) = result {
            // The leases of this worker are released. If this fails too, they expire by themselves.
            let _ = self.store.release_all(self.worker).await;
            return Err(error);
        }
        let fault_feed = self.write_fault_feed(context, &shared).await;
        let report = shared.report().build(self.run, self.clock.now());
        self.store.end_run(self.run, &report).await?;
        fault_feed.map(|()| report)
    }

    /// Runs the ingest pass only, without a report.
    pub async fn run_ingest(&self) -> Result<(), PipelineError> {
        let robots = self.robots();
        self.ingest(self.context(&robots), &Shared::new(self.clock.now(), self.stop)).await
    }

    fn robots(&self) -> RobotsCache<'_> {
        RobotsCache::new(self.store, &self.prepared.client, self.clock, &self.prepared.plan.fetch.user_agent)
    }

    fn context<'c>(&'c self, robots: &'c RobotsCache<'c>) -> Context<'c> {
        Context {
            store: self.store,
            client: &self.prepared.client,
            clock: self.clock,
            worker: self.worker,
            topics: &self.prepared.topics,
            robots,
            stop: self.stop,
        }
    }

    async fn ingest_or_abort(&self, context: Context<'_>, shared: &Shared) -> Result<(), PipelineError> {
        let result = self.ingest(context, shared).await;
        if result.is_err() {
            shared.abort.cancel();
        }
        result
    }

    async fn ingest(&self, context: Context<'_>, shared: &Shared) -> Result<(), PipelineError> {
        if self.until == Until::Cancelled {
            // Work that the last run left, or that the new plan adds, is done at once.
            shared.translate.request();
            shared.publish.request();
        }
        let fetch = &self.prepared.plan.fetch;
        let sources = self.scope.sources(&self.prepared.plan.sources);
        // Publish names the sources of its items; what was leased need not be read again. A daemon's would be out of date.
        let leased = |leased: &[LeasedSource]| {
            if self.until == Until::Idle {
                let mut report = shared.report();
                for leased in leased {
                    report.add_source_meta(&leased.source, &leased.state.meta);
                }
            }
        };
        let progress = |event: Progress<'_>| {
            if let Progress::Visited(visit) = &event {
                shared.report().add_visit(visit);
                if let Some(state) = &visit.state {
                    shared.hubs.update(&visit.source, state.meta.hub.as_ref());
                }
            }
            (self.progress)(event);
        };
        let news = || {
            if self.until == Until::Cancelled {
                shared.translate.request();
                shared.publish.request();
            }
        };
        let network = |change: NetworkChange, at: Time| self.note_network(shared, change, at);
        let ingest = Ingest {
            context,
            sources: &sources,
            per_host: fetch.per_host,
            until: self.until,
            force: self.scope.force,
            deadline: (self.until == Until::Idle).then(|| self.clock.now().plus(fetch.deadline)),
            pushes: self.subscribing.as_ref().map(|subscribing| &subscribing.pushes),
            listeners: Listeners {
                leased: &leased,
                progress: &progress,
                news: &news,
                heartbeat: self.heartbeat,
                network: &network,
            },
        };
        let past_deadline = ingest.run().await?;
        if past_deadline > 0 {
            let seconds = fetch.deadline.as_secs();
            tracing::warn!("{past_deadline} sources were not visited within the `deadline` of {seconds} s, and stay due");
        }
        shared.translate.request();
        shared.translate.close();
        Ok(())
    }

    /// Subscribes at the hubs of sources, if hubs can reach us.
    async fn subscribe(&self, context: Context<'_>, shared: &Shared) {
        let Some(subscribing) = &self.subscribing else { return };
        let sources: Vec<&plan::Source> = self.prepared.plan.enabled().collect();
        Subscribe { context, sources: &sources, hubs: &shared.hubs, callback: &subscribing.callback }.run().await;
    }

    /// Saves the report of a daemon regularly, for `relais status` and in case the daemon is killed.
    async fn save_regularly(&self, shared: &Shared, done: &CancellationToken) {
        while self.until == Until::Cancelled && sleep_unless_cancelled(SAVE_EVERY, done).await {
            let report = {
                let mut builder = shared.report();
                if !builder.take_changed() {
                    continue;
                }
                builder.build(self.run, self.clock.now())
            };
            if let Err(error) = self.store.end_run(self.run, &report).await {
                tracing::warn!("the report was not saved: {error}");
                shared.report().set_changed();
            }
        }
    }

    fn pages<'p>(&'p self, context: Context<'p>) -> Pages<'p> {
        Pages::new(context, &self.prepared.plan.sources, PageBudget::default())
    }

    fn pace(&self) -> Pace {
        match self.until {
            Until::Idle => Pace { debounce: Duration::ZERO, max_rest: None },
            Until::Cancelled => Pace { debounce: DEBOUNCE, max_rest: Some(MAX_REST) },
        }
    }

    fn note_network(&self, shared: &Shared, change: NetworkChange, at: Time) {
        let fault = match change {
            NetworkChange::Lost { hosts } => Some(Fault::of_network(hosts, at)),
            NetworkChange::Back { .. } => None,
        };
        // `relais run` reports it as a fault at its end.
        if self.until == Until::Cancelled {
            match (&fault, change) {
                (Some(fault), _) => tracing::error!("{}", fault.message),
                (None, NetworkChange::Back { after }) => tracing::warn!("the network is back after {} s", after.as_secs()),
                (None, NetworkChange::Lost { .. }) => {}
            }
        }
        shared.report().set_network_fault(fault);
    }

    /// Handles the error of a pass: returns it until idle; logs it, and requests the pass again after `retry`, until cancelled.
    async fn tolerate(&self, error: PipelineError, what: &str, retry: Duration, trigger: &Trigger) -> Result<(), PipelineError> {
        if self.until == Until::Idle {
            return Err(error);
        }
        tracing::error!("{what} failed: {error}; retry in {} s", retry.as_secs());
        if sleep_unless_cancelled(retry, self.stop).await {
            trigger.request();
        }
        Ok(())
    }
}

fn log_faults(faults: &[Fault]) {
    for fault in faults {
        tracing::warn!("{}", fault.message);
    }
}

fn next_retry(retry: Duration) -> Duration {
    (retry * 2).min(LONGEST_RETRY)
}
