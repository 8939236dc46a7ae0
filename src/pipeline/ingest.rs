//! Ingest: what is due is claimed, visited and settled.

mod lasting;
mod parse;
mod push;
mod subscribe;
mod visit;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::config as plan;
use crate::model::{Clock, EntryCounts, Fault, Outcome, SourceCounts, SourceId, SourceMeta, Time, Visit, authority};
use crate::net::Client;
use crate::policy::source_health::visit_fault;
use crate::store::{Lease, LeasedSource, SettledVisit, Store, StoreError};

use super::robots_cache::Manners;
pub(super) use lasting::{Lasting, Pushes};
pub use subscribe::Push;
pub(super) use subscribe::{Hubs, Subscribe};
pub(super) use visit::{Visitor, net_auth};

/// Sources claimed at once.
const CLAIM: usize = 1000;
/// How long a claim lasts: longer than any visit, shorter than anybody's patience with a worker that died.
const LEASE: Duration = Duration::from_secs(10 * 60);
/// How long the sources of one host may keep a run waiting because their host wants time between two requests.
const LONGEST_QUEUE: Duration = Duration::from_secs(30);
/// Visits settled in one transaction, at most. Each transaction writes the pages of the indexes anew.
const SETTLE: usize = 128;

/// What the ingest pass works with.
pub struct Ingest<'a> {
    /// Where it takes its work from.
    pub store: &'a Store,
    /// The network.
    pub client: &'a Client,
    /// The present.
    pub clock: &'a dyn Clock,
    /// Who we are among the workers of this store.
    pub worker: &'a str,
    /// The sources that may be visited.
    pub sources: &'a [&'a plan::Source],
    /// Requests to one host at once.
    pub per_host: usize,
    /// How we are called in the `User-Agent` header.
    pub user_agent: &'a str,
    /// When to begin no more visits; what was not visited by then stays due.
    pub deadline: Option<Time>,
    /// Whether to visit what is not due as well.
    pub force: bool,
    /// Told of each visit as it ends.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
}

/// What is told while the pass goes on.
pub enum Progress<'a> {
    /// So many more sources will be visited.
    Claimed(usize),
    /// A visit has ended.
    Visited(&'a Visit),
}

/// What the pass did.
#[derive(Debug, Default)]
pub struct Ingested {
    /// Sources by outcome.
    pub sources: SourceCounts,
    /// Entries.
    pub entries: EntryCounts,
    /// Sources in trouble.
    pub faults: Vec<Fault>,
    /// Sources that were due and not visited, because it was too late for that.
    pub left: usize,
    /// What the visited sources say of themselves.
    pub seen: HashMap<SourceId, SourceMeta>,
}

impl Ingested {
    /// Counts a visit.
    pub(super) fn count(&mut self, visit: &Visit) {
        self.sources.due += 1;
        self.sources.count(&visit.outcome);
        if let Some(found) = visit.outcome.found() {
            self.entries.add(found);
        }
        self.faults.extend(visit_fault(visit).cloned());
        if let Some(state) = &visit.state {
            self.seen.insert(visit.source.clone(), state.meta.clone());
        }
    }
}

impl Ingest<'_> {
    /// Visits all that is due, and settles each visit.
    pub async fn pass(&self) -> Result<Ingested, StoreError> {
        let ids: Vec<SourceId> = self.sources.iter().map(|source| source.id.clone()).collect();
        self.store.register_sources(&ids, self.clock.now()).await?;
        let mut done = Ingested::default();
        let mut left: Vec<SourceId> = ids;
        loop {
            let now = self.clock.now();
            let lease = Lease { worker: self.worker.to_owned(), now, until: now.plus(LEASE) };
            let claimed = self.store.lease_due_sources(&left, &lease, self.force, CLAIM).await?;
            let more = claimed.len() == CLAIM;
            (self.progress)(Progress::Claimed(claimed.len()));
            done.seen.extend(claimed.iter().map(|claimed| (claimed.source.clone(), claimed.state.meta.clone())));
            if self.force {
                // What was visited is not due by force a second time.
                let taken: HashSet<&SourceId> = claimed.iter().map(|claimed| &claimed.source).collect();
                left.retain(|id| !taken.contains(id));
            }
            self.visit_all(claimed, &mut done).await?;
            if !more || self.is_late() {
                break;
            }
        }
        done.faults.sort_by(|a, b| a.of.cmp(&b.of));
        Ok(done)
    }

    /// Whether no more visits are to begin.
    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.clock.now() >= deadline)
    }

    /// The hosts that several sources are on: these are asked how much time they want between two requests.
    fn shared_hosts(&self) -> HashSet<&str> {
        let (mut seen, mut shared) = (HashSet::new(), HashSet::new());
        for host in self.sources.iter().map(|source| authority(&source.url)) {
            if !seen.insert(host) {
                shared.insert(host);
            }
        }
        shared
    }

    /// Visits what was claimed, hosts side by side, and settles the visits as they end.
    async fn visit_all(&self, claimed: Vec<LeasedSource>, done: &mut Ingested) -> Result<(), StoreError> {
        let sources: HashMap<&SourceId, &plan::Source> = self.sources.iter().map(|source| (&source.id, *source)).collect();
        let visitor = Visitor { client: self.client, store: Some(self.store), keep: true, force: self.force, clock: self.clock };
        let (shared, left) = (self.shared_hosts(), Cell::new(0));
        let manners = Manners::new(self.store, self.client, self.clock, self.user_agent);
        let (send, mut visits) = mpsc::channel::<SettledVisit>(SETTLE);
        let visiting = async {
            // Each host is a queue of its own, so that a slow one delays only itself; the client bounds them all.
            let mut hosts: FuturesUnordered<_> = by_host(claimed, &sources)
                .into_iter()
                .map(|queue| {
                    let is_shared = queue.first().is_some_and(|(source, _)| shared.contains(authority(&source.url)));
                    self.visit_host(&visitor, is_shared.then_some(&manners), queue, &left, send.clone())
                })
                .collect();
            drop(send);
            while let Some(result) = hosts.next().await {
                result?;
            }
            Ok::<(), StoreError>(())
        };
        let settling = async {
            let mut batch = Vec::with_capacity(SETTLE);
            while visits.recv_many(&mut batch, SETTLE).await > 0 {
                self.store.settle_visits(self.worker, &batch).await?;
                self.postpone_mates(&batch).await?;
                for parcel in batch.drain(..) {
                    let visit = parcel.visit();
                    log(visit);
                    done.count(visit);
                    (self.progress)(Progress::Visited(visit));
                }
            }
            Ok::<(), StoreError>(())
        };
        // A host may keep a visit waiting for its turn.
        let renewing = async {
            loop {
                sleep(LEASE / 3).await;
                let now = self.clock.now();
                self.renew(&Lease { worker: self.worker.to_owned(), now, until: now.plus(LEASE) }).await;
            }
        };
        tokio::select! {
            done = async { futures::try_join!(visiting, settling) } => done.map(|_| ())?,
            () = renewing => {}
        }
        done.left += left.get();
        Ok(())
    }

    /// Has the sources of those hosts wait that asked to be left alone, and not only the source that was told so.
    async fn postpone_mates(&self, batch: &[SettledVisit]) -> Result<(), StoreError> {
        for parcel in batch {
            let Some(until) = told_later(parcel) else { continue };
            let host = self.sources.iter().find(|source| source.id == parcel.visit().source).map(|source| authority(&source.url));
            let is_mate = |source: &&&plan::Source| Some(authority(&source.url)) == host;
            let mates: Vec<SourceId> = self.sources.iter().filter(is_mate).map(|source| source.id.clone()).collect();
            self.store.postpone_sources(&mates, until).await?;
        }
        Ok(())
    }

    /// Visits the sources of one host, as many at once as it may be asked.
    async fn visit_host(
        &self,
        visitor: &Visitor<'_>,
        manners: Option<&Manners<'_>>,
        queue: Vec<(&plan::Source, LeasedSource)>,
        left: &Cell<usize>,
        send: mpsc::Sender<SettledVisit>,
    ) -> Result<(), StoreError> {
        let begun = Instant::now();
        let delay = match (manners, queue.first()) {
            (Some(manners), Some((first, _))) => manners.of(&first.url).await?.delay(),
            _ => Duration::ZERO,
        };
        // A host that wants much time between two requests gets it between runs: everybody else's news would wait for it here.
        let is_long = &|| !delay.is_zero() && begun.elapsed() + delay > LONGEST_QUEUE;
        let is_first = &Cell::new(true);
        let (send, away) = (&send, &Cell::new(None));
        // Each visit hands itself over. If this stream did it, the others in it would stand still meanwhile, some of them with
        // a turn at the store or a core in their hands, for which the one who empties the channel waits.
        let mut visits = futures::stream::iter(queue)
            .map(|(source, claimed)| {
                Box::pin(async move {
                    if self.is_late() {
                        left.set(left.get() + 1);
                        return self.store.release_sources(self.worker, std::slice::from_ref(&source.id)).await;
                    }
                    if !is_first.replace(false) && is_long() {
                        return self.store.release_sources(self.worker, std::slice::from_ref(&source.id)).await;
                    }
                    if away.get().is_some_and(|until| self.clock.now() < until) {
                        // One of its sources was told to come later: that is the host's word for all of them.
                        return self.store.release_sources(self.worker, std::slice::from_ref(&source.id)).await;
                    }
                    let parcel = visitor.visit(source, claimed).await?;
                    away.set(told_later(&parcel).or(away.get()));
                    // Nobody settles any more when the store has failed; its error is the one that is told.
                    let _ = send.send(parcel).await;
                    Ok::<(), StoreError>(())
                })
            })
            .buffer_unordered(self.per_host);
        while let Some(visited) = visits.next().await {
            visited?;
        }
        Ok(())
    }
}

/// Until when a host wants to be left alone, if that is how the visit ended.
fn told_later(parcel: &SettledVisit) -> Option<Time> {
    if let Outcome::Later { until, .. } = parcel.visit().outcome { Some(until) } else { None }
}

/// Sources by host, in the order of the claim. Hosts are told apart as they are written: one that has two spellings gets two
/// queues here, and its one turn at a time from the client.
fn by_host<'p>(
    claimed: Vec<LeasedSource>,
    sources: &HashMap<&SourceId, &'p plan::Source>,
) -> Vec<Vec<(&'p plan::Source, LeasedSource)>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut hosts: Vec<Vec<(&plan::Source, LeasedSource)>> = Vec::new();
    for claimed in claimed {
        let Some(source) = sources.get(&claimed.source) else { continue };
        let place = *places.entry(authority(&source.url)).or_insert_with(|| {
            hosts.push(Vec::new());
            hosts.len() - 1
        });
        hosts[place].push((source, claimed));
    }
    hosts
}

/// One line for each visit; a failure is a warning, once, here.
fn log(visit: &Visit) {
    let outcome = visit.outcome.name();
    match &visit.outcome {
        Outcome::Broken { message, .. } | Outcome::Gone { message } | Outcome::Later { message, .. } => {
            tracing::info!(source.id = %visit.source, outcome, duration_ms = visit.duration_ms, "{}: {message}", visit.source);
        }
        other => {
            let found = other.found().copied().unwrap_or_default();
            tracing::info!(
                source.id = %visit.source, outcome, duration_ms = visit.duration_ms, entries.new = found.new, entries.changed = found.changed,
                "{}: {outcome}", visit.source
            );
        }
    }
}
