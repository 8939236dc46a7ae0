//! The ingest pass: leases, visits and settles the sources that are due, until none is due or until it is cancelled.

mod compare;
mod due;
mod host_queue;
mod parse;
mod parsed_body;
mod push;
mod settle;
mod subscribe;
mod transition;
mod visit;

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::config as plan;
use crate::model::{SourceId, Time, Visit, authority};
use crate::policy::{NetworkChange, Outage};
use crate::store::{Lease, LeasedSource, SettledVisit, StoreError};

use super::context::Context;
use due::DueSources;
pub(super) use host_queue::{by_host, visit_in_turn};
use push::PendingRefetch;
pub(super) use push::Pushes;
pub use subscribe::Push;
pub(super) use subscribe::{Hubs, Subscribe};
pub(super) use visit::Visitor;

/// The length of a lease: longer than most visits, and short enough that the sources of a dead worker are soon visited again.
const LEASE: Duration = Duration::from_secs(3 * 60);
/// The time between two renewals of the leases in flight: a visit may wait long for its turn in the host queue.
const RENEW_EVERY: Duration = Duration::from_secs(30);
/// The most visits that are settled in one transaction. Each transaction rewrites the pages of the indexes.
const SETTLE_BATCH: usize = 128;
/// The shortest and the longest time between two queries for due sources. The longest bounds how late the work of other workers
/// and a corrected clock are noticed.
const MIN_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(30);
/// The first back-off after the store failed; doubled each time, up to the longest wait.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The condition that ends the passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// They end when nothing is due any more, or at once if the store fails (`relais run`).
    Idle,
    /// They end when they are cancelled (`relais daemon`). A store that fails is retried with back-off; visits that have ended
    /// meanwhile wait in a queue of limited length.
    Cancelled,
}

/// An event of ingest.
pub enum Progress<'a> {
    /// This number of sources was leased and will be visited.
    Leased(usize),
    /// A visit has ended and is settled.
    Visited(&'a Visit),
}

/// The callbacks of ingest.
#[derive(Clone, Copy)]
pub(super) struct Listeners<'a> {
    /// Called with the sources that were leased and will be visited.
    pub(super) leased: &'a (dyn Fn(&[LeasedSource]) + Sync),
    /// Called for each event.
    pub(super) progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Called when a settled batch contains something to translate or publish.
    pub(super) news: &'a (dyn Fn() + Sync),
    /// Called at least once in each `MAX_WAIT`.
    pub(super) heartbeat: &'a (dyn Fn() + Sync),
    /// Called when an outage begins or ends, with its time.
    pub(super) network: &'a (dyn Fn(NetworkChange, Time) + Sync),
}

/// One ingest pass: its sources, settings and callbacks.
pub(super) struct Ingest<'a> {
    pub(super) context: Context<'a>,
    /// The sources that may be visited.
    pub(super) sources: &'a [&'a plan::Source],
    /// The number of requests to one host at a time.
    pub(super) per_host: usize,
    pub(super) until: Until,
    /// True if sources are visited although they are not due.
    pub(super) force: bool,
    /// The time after which no visit begins; the remaining sources stay due.
    pub(super) deadline: Option<Time>,
    /// The queue of pushes, if hubs can reach us.
    pub(super) pushes: Option<&'a Pushes>,
    pub(super) listeners: Listeners<'a>,
}

/// A message to the task that settles visits.
enum Ended {
    /// A visit has ended; with `is_push`, a hub sent the body and nothing was fetched.
    Visit { visit: Box<SettledVisit>, is_push: bool },
    /// No visit is in flight. Answered once all visits before it are settled.
    AllIdle(oneshot::Sender<()>),
}

/// The state that the tasks of one ingest share.
struct Shared {
    outage: Mutex<Outage<SettledVisit>>,
    pending: PendingRefetch,
    /// Sources whose lease is renewed: they are leased, and neither settled nor released.
    in_flight: Mutex<HashSet<SourceId>>,
    /// Until idle: sources that were released because the network is away. They are visited if it comes back.
    released: Mutex<Vec<SourceId>>,
    /// The number of sources that were not visited because the deadline had passed.
    past_deadline: Mutex<usize>,
}

impl Shared {
    /// Stops renewing the leases of these sources.
    fn forget<'s>(&self, sources: impl Iterator<Item = &'s SourceId>) {
        let mut in_flight = locked(&self.in_flight);
        for source in sources {
            in_flight.remove(source);
        }
    }
}

impl Ingest<'_> {
    /// Visits the due sources and settles each visit. Returns the number of sources left out because of the deadline.
    pub(super) async fn run(&self) -> Result<usize, StoreError> {
        let shared = Shared {
            outage: Mutex::new(Outage::new(self.sources.iter().map(|source| authority(&source.url)))),
            pending: PendingRefetch::default(),
            in_flight: Mutex::default(),
            released: Mutex::default(),
            past_deadline: Mutex::new(0),
        };
        let (send, receive) = mpsc::channel::<Ended>(SETTLE_BATCH);
        futures::try_join!(
            self.visit_due(&shared, send.clone()),
            self.receive_pushes(&shared.pending, send),
            self.settle_all(&shared, receive)
        )?;
        let pending = shared.pending.all();
        if !pending.is_empty() {
            let hastened = self.context.store.make_due_now(&pending, self.context.clock.now()).await;
            self.tolerate(hastened, "pushed entries are fetched when their sources are due")?;
        }
        let past_deadline = *locked(&shared.past_deadline);
        Ok(past_deadline)
    }

    /// Leases due sources and visits them host by host, in a loop.
    async fn visit_due(&self, shared: &Shared, send: mpsc::Sender<Ended>) -> Result<(), StoreError> {
        let mut due = DueSources::new(self);
        let mut queues = FuturesUnordered::new();
        let (mut wake, mut renewed) = (Instant::now(), Instant::now());
        loop {
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => break,
                Some(done) = queues.next(), if !queues.is_empty() => {
                    done?;
                    if queues.is_empty() {
                        self.tell_idle(&send).await;
                        if self.until == Until::Idle {
                            wake = Instant::now();
                        }
                    }
                }
                () = shared.pending.changed.notified() => wake = Instant::now(),
                () = sleep_until(wake.min(renewed + RENEW_EVERY)) => {
                    (self.listeners.heartbeat)();
                    if renewed.elapsed() >= RENEW_EVERY {
                        renewed = Instant::now();
                        self.renew_leases(shared).await;
                        if renewed < wake {
                            continue;
                        }
                    }
                    let batch = due.lease_next(shared, queues.is_empty()).await?;
                    for queue in batch.queues {
                        queues.push(self.visit_queue(shared, queue, send.clone()));
                    }
                    if queues.is_empty() && self.until == Until::Cancelled {
                        // Nobody could be asked about the visits that are held.
                        self.tell_idle(&send).await;
                    }
                    let Some(next) = batch.next_query else { break };
                    wake = next;
                }
            }
        }
        while let Some(done) = queues.next().await {
            done?;
        }
        self.tell_idle(&send).await;
        Ok(())
    }

    /// Says that no visit is in flight. Until idle, waits until all are settled: whether there is more to do depends on them. A
    /// daemon does not wait: the store may be away for long, and the message is sent again when the next visits have ended.
    async fn tell_idle(&self, send: &mpsc::Sender<Ended>) {
        let (settled, done) = oneshot::channel();
        // Nobody settles any more when the store has failed; its error is the one that is told.
        match self.until {
            Until::Idle => {
                if send.send(Ended::AllIdle(settled)).await.is_ok() {
                    let _ = done.await;
                }
            }
            Until::Cancelled => {
                let _ = send.try_send(Ended::AllIdle(settled));
            }
        }
    }

    /// Renews the leases of the visits in flight. Others run out, even if they could not be released.
    async fn renew_leases(&self, shared: &Shared) {
        let in_flight: Vec<SourceId> = locked(&shared.in_flight).iter().cloned().collect();
        if let Err(error) = self.context.store.renew_leases(&self.lease(), &in_flight).await {
            tracing::warn!("{error}; the leases were not renewed, so another worker may visit the same sources");
        }
    }

    /// Makes a lease that begins now.
    fn lease(&self) -> Lease {
        let now = self.context.clock.now();
        Lease { worker: self.context.worker.to_owned(), now, until: now.plus(LEASE) }
    }

    /// Handles an error of the store: returns it until idle; logs it with its consequence, and goes on, until cancelled.
    fn tolerate<T: Default>(&self, result: Result<T, StoreError>, consequence: &str) -> Result<T, StoreError> {
        match (result, self.until) {
            (Err(error), Until::Cancelled) => {
                tracing::error!("{error}; {consequence}");
                Ok(T::default())
            }
            (result, _) => result,
        }
    }
}

/// Locks a mutex under which nothing panics, so that a poisoned one is still valid.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
