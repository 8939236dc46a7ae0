//! The main loop: ingest, translate and publish side by side, until nothing is left to do (`relais run`) or until cancelled
//! (`relais daemon`). Each pass takes its work from the store, and asks for the next one when it has left something there.
//!
//! Until idle, an error ends the run: cron must see it. Until cancelled it is logged and tried again with a back-off: a database
//! that is away, a full disk, an engine that is down.

mod publishing;
mod translating;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config as plan;
use crate::model::{Clock, Fault, Report, Time};
use crate::policy::NetworkChange;
use crate::store::Store;

use super::context::Context;
use super::error::PipelineError;
use super::full_text::{PageBudget, Pages};
use super::ingest::{Hubs, Ingest, Listeners, Progress, Push, Pushes, Subscribe, Until};
use super::prepared::Prepared;
use super::report::ReportBuilder;
use super::robots_cache::RobotsCache;
use super::scope::Scope;
use super::trigger::{Pace, Trigger, sleep_unless_cancelled};

/// A daemon publishes together what comes together, and at least once a minute: what is held for a translation may have been held
/// for long enough.
const DEBOUNCE: Duration = Duration::from_secs(2);
const REST: Duration = Duration::from_secs(60);
/// The back-off of a pass that failed: doubled each time.
const FIRST_RETRY: Duration = Duration::from_secs(5);
const LONGEST_RETRY: Duration = Duration::from_secs(10 * 60);
/// How often a daemon saves its report, when there is something new in it.
const SAVE: Duration = Duration::from_secs(60);

pub(super) use translating::TIME_UNTIL_IDLE;

/// How hubs reach us.
pub struct Subscribing {
    callback: String,
    pushes: Pushes,
}

impl Subscribing {
    /// At addresses that begin with `callback`, which ends in `/`; what they send there comes through `pushes`.
    pub fn new(callback: String, pushes: mpsc::Receiver<Push>) -> Self {
        Self { callback, pushes: Pushes::new(pushes) }
    }
}

/// The three passes over one plan.
pub struct Passes<'a> {
    /// The plan, and what it needs.
    pub prepared: &'a Prepared,
    /// The part of it that is carried out.
    pub scope: &'a Scope,
    /// Where work is taken from.
    pub store: &'a Store,
    /// The present.
    pub clock: &'a dyn Clock,
    /// A name that no other worker has.
    pub worker: &'a str,
    /// The number that the store gave to this run.
    pub run: i64,
    /// When the passes end.
    pub until: Until,
    /// After this nothing is begun; what is in flight is finished.
    pub stop: &'a CancellationToken,
    /// Told of each visit.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Told that ingest is alive, at least twice a minute.
    pub alive: &'a (dyn Fn() + Sync),
    /// Told each time that everything was published as it should be.
    pub published: &'a (dyn Fn() + Sync),
    /// Where hubs can reach us.
    pub subscribing: Option<Subscribing>,
}

/// The article pages of a run: translate and publish share one budget.
type SharedPages<'a> = tokio::sync::Mutex<Pages<'a>>;

/// What the passes of one run tell each other.
struct Shared {
    report: Mutex<ReportBuilder>,
    translate: Trigger,
    publish: Trigger,
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
            hubs: Hubs::default(),
            laid_out: CancellationToken::new(),
            translated: CancellationToken::new(),
            abort: stop.child_token(),
        }
    }

    fn report(&self) -> MutexGuard<'_, ReportBuilder> {
        // No panic can happen while it is locked, so that a poisoned one is as good as any.
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passes<'_> {
    /// Runs the passes to their end, and reports. The report is saved in the store.
    #[tracing::instrument(name = "run", skip_all, fields(run.id = self.run))]
    pub async fn run(&self) -> Result<Report, PipelineError> {
        let robots = self.robots();
        let (context, shared) = (self.context(&robots), Shared::new(self.clock.now(), self.stop));
        let done = CancellationToken::new();
        // A run waits for the pages of its articles once, whoever wants them.
        let pages = SharedPages::new(self.pages(context));
        let passes = async {
            // A pass that fails does not drop the others half-way: what engines have been asked is paid for.
            let (ingested, translated, published, ()) = futures::join!(
                self.ingest_or_abort(context, &shared),
                self.translate(context, &pages, &shared),
                self.publish(context, &pages, &shared),
                self.publish_when_late(&shared)
            );
            done.cancel();
            ingested.and(translated).and(published)
        };
        let (result, (), ()) = futures::join!(passes, self.subscribe(context, &shared), self.save_regularly(&shared, &done));
        if let Err(error) = result {
            // What this worker still holds is free again; that this may fail too is no news.
            let _ = self.store.release_all(self.worker).await;
            return Err(error);
        }
        let fault_feed = self.write_fault_feed(context, &shared).await;
        let report = shared.report().build(self.run, self.clock.now());
        self.store.end_run(self.run, &report).await?;
        fault_feed.map(|()| report)
    }

    /// Runs ingest alone; nothing is translated or published, and no report is saved.
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
            // What the last run left undone, and what the new plan wants, is seen to at once.
            shared.translate.request();
            shared.publish.request();
        }
        let fetch = &self.prepared.plan.fetch;
        let sources = self.scope.sources(&self.prepared.plan.sources);
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
            listeners: Listeners { progress: &progress, news: &news, alive: self.alive, network: &network },
        };
        let late = ingest.run().await?;
        if late > 0 {
            let seconds = fetch.deadline.as_secs();
            tracing::warn!("{late} sources were not visited within the `deadline` of {seconds} s, and stay due");
        }
        shared.translate.request();
        shared.translate.close();
        Ok(())
    }

    /// Subscribes at the hubs of sources, where they can reach us.
    async fn subscribe(&self, context: Context<'_>, shared: &Shared) {
        let Some(subscribing) = &self.subscribing else { return };
        let sources: Vec<&plan::Source> = self.prepared.plan.enabled().collect();
        Subscribe { context, sources: &sources, hubs: &shared.hubs, callback: &subscribing.callback }.run().await;
    }

    /// Saves the report now and then, so that `status` can tell it and a daemon that is killed leaves it.
    async fn save_regularly(&self, shared: &Shared, done: &CancellationToken) {
        while self.until == Until::Cancelled && sleep_unless_cancelled(SAVE, done).await {
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
            Until::Idle => Pace { debounce: Duration::ZERO, rest: None },
            Until::Cancelled => Pace { debounce: DEBOUNCE, rest: Some(REST) },
        }
    }

    fn note_network(&self, shared: &Shared, change: NetworkChange, at: Time) {
        let fault = match change {
            NetworkChange::Lost { hosts } => Some(Fault::of_network(hosts, at)),
            NetworkChange::Back { .. } => None,
        };
        // A run tells it as a fault when it ends, once.
        if self.until == Until::Cancelled {
            match (&fault, change) {
                (Some(fault), _) => tracing::error!("{}", fault.message),
                (None, NetworkChange::Back { after }) => tracing::warn!("the network is back after {} s", after.as_secs()),
                (None, NetworkChange::Lost { .. }) => {}
            }
        }
        shared.report().set_network_fault(fault);
    }

    /// Ends what is to end when idle with an error. Else logs it, rests, and asks for the pass again.
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
