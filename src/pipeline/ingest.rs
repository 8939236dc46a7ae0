//! Ingest: sources that are due are leased, visited and settled, until none is due or until it is cancelled.

mod due;
mod host_queue;
mod parse;
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
use crate::store::{Lease, SettledVisit, StoreError};

use super::context::Context;
use due::DueSources;
pub(super) use host_queue::{by_host, visit_in_turn};
use push::PendingRefetch;
pub(super) use push::Pushes;
pub use subscribe::Push;
pub(super) use subscribe::{Hubs, Subscribe};
pub(super) use visit::Visitor;

/// How long a lease lasts: longer than most visits, shorter than anybody's patience with a worker that died.
const LEASE: Duration = Duration::from_secs(3 * 60);
/// How often the leases of visits that take longer are renewed: a host may keep one waiting for its turn.
const RENEW: Duration = Duration::from_secs(30);
/// Visits settled in one transaction, at most. Each transaction writes the pages of the indexes anew.
const SETTLE: usize = 128;
/// The time between two looks at what is due, at least and at most: other workers, and a clock that was put right, are seen by then.
const SHORTEST_NAP: Duration = Duration::from_secs(1);
const LONGEST_NAP: Duration = Duration::from_secs(30);
/// How long the store is left alone after it failed; doubled each time, up to the longest nap (back-off).
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// When ingest ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When nothing is due any more. A store that fails ends it at once.
    Idle,
    /// When it is cancelled. A store that fails is asked again until it is back: what was fetched meanwhile is kept, and no more
    /// is fetched than there is room for.
    Cancelled,
}

/// Something that is told while ingest goes on.
pub enum Progress<'a> {
    /// So many more sources will be visited.
    Leased(usize),
    /// A visit has ended and is settled.
    Visited(&'a Visit),
}

/// What ingest tells to whoever runs it.
#[derive(Clone, Copy)]
pub(super) struct Listeners<'a> {
    /// Told of each visit.
    pub(super) progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Told when something was settled that readers may want to see.
    pub(super) news: &'a (dyn Fn() + Sync),
    /// Told at least once in each longest nap.
    pub(super) alive: &'a (dyn Fn() + Sync),
    /// Told that the network is away, or back.
    pub(super) network: &'a (dyn Fn(NetworkChange, Time) + Sync),
}

/// What ingest works with.
pub(super) struct Ingest<'a> {
    pub(super) context: Context<'a>,
    /// The sources that may be visited.
    pub(super) sources: &'a [&'a plan::Source],
    /// Requests to one host at once.
    pub(super) per_host: usize,
    pub(super) until: Until,
    /// True if sources are visited that are not due.
    pub(super) force: bool,
    /// When to begin no more visits; what was not visited by then stays due.
    pub(super) deadline: Option<Time>,
    /// What hubs send, where they can.
    pub(super) pushes: Option<&'a Pushes>,
    pub(super) listeners: Listeners<'a>,
}

/// A message to whoever settles visits.
enum Ended {
    /// A visit has ended; with `is_push`, a hub sent the body and nothing was fetched.
    Visit { parcel: Box<SettledVisit>, is_push: bool },
    /// No visit is in flight. Answered once all visits before it are settled.
    AllIdle(oneshot::Sender<()>),
}

/// What the parts of one ingest share.
struct Shared {
    outage: Mutex<Outage<SettledVisit>>,
    pending: PendingRefetch,
    /// Sources whose lease is renewed: they are leased, and neither settled nor released.
    in_flight: Mutex<HashSet<SourceId>>,
    /// Until idle: sources that were released because the network is away. They are visited if it comes back.
    released: Mutex<Vec<SourceId>>,
    /// Sources that were due and not visited, because it was too late for that.
    late: Mutex<usize>,
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
    /// Visits what is due and settles each visit. Returns how many sources were left because of the deadline.
    pub(super) async fn run(&self) -> Result<usize, StoreError> {
        let shared = Shared {
            outage: Mutex::new(Outage::new(self.sources.iter().map(|source| authority(&source.url)))),
            pending: PendingRefetch::default(),
            in_flight: Mutex::default(),
            released: Mutex::default(),
            late: Mutex::new(0),
        };
        let (send, receive) = mpsc::channel::<Ended>(SETTLE);
        futures::try_join!(
            self.visit_due(&shared, send.clone()),
            self.take_pushes(&shared.pending, send),
            self.settle_all(&shared, receive)
        )?;
        let pending = shared.pending.all();
        if !pending.is_empty() {
            let hastened = self.context.store.make_due_now(&pending, self.context.clock.now()).await;
            self.tolerate(hastened, "what hubs sent is found when its sources are due")?;
        }
        let late = *locked(&shared.late);
        Ok(late)
    }

    /// The loop: looks at what is due, visits it host by host, and looks again.
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
                () = sleep_until(wake.min(renewed + RENEW)) => {
                    (self.listeners.alive)();
                    if renewed.elapsed() >= RENEW {
                        renewed = Instant::now();
                        self.renew_leases(shared).await;
                        if renewed < wake {
                            continue;
                        }
                    }
                    let look = due.look(shared, queues.is_empty()).await?;
                    for queue in look.queues {
                        queues.push(self.visit_queue(shared, queue, send.clone()));
                    }
                    let Some(next) = look.next else { break };
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

    /// Makes the leases of what is in flight last longer. Others run out, even if they could not be released.
    async fn renew_leases(&self, shared: &Shared) {
        let in_flight: Vec<SourceId> = locked(&shared.in_flight).iter().cloned().collect();
        if let Err(error) = self.context.store.renew_leases(&self.lease(), &in_flight).await {
            tracing::warn!("{error}; leases are not renewed, and what takes long may be visited by another worker, too");
        }
    }

    /// Makes a lease that begins now.
    fn lease(&self) -> Lease {
        let now = self.context.clock.now();
        Lease { worker: self.context.worker.to_owned(), now, until: now.plus(LEASE) }
    }

    /// Lets an error of the store end what is to end when idle; else tells it with its consequence, and goes on.
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

/// No panic can happen while one is locked, so that a poisoned one is as good as any.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
