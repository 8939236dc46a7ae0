//! Leases the sources that are due, in batches.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use super::host_queue::{HostQueue, by_host};
use super::{FIRST_RETRY, Ingest, MAX_WAIT, MIN_WAIT, Progress, Shared, Until, locked};
use crate::config as plan;
use crate::model::{SourceId, authority};
use crate::policy::source_health::is_rate_limited;
use crate::store::{LeasedSource, StoreError};

/// The most sources that are leased in one query.
const BATCH: usize = 1000;
/// Hosts that are asked whether the network is away.
const PROBES: usize = 3;

/// The sources that one ingest may still lease.
pub(super) struct DueSources<'i, 'p> {
    ingest: &'i Ingest<'p>,
    sources: HashMap<&'p SourceId, &'p plan::Source>,
    /// The hosts of several sources: their `Crawl-delay` is looked up.
    shared_hosts: HashSet<&'p str>,
    /// The sources that may be leased. Until idle, each is leased once.
    ids: Vec<SourceId>,
    queries: usize,
    retry: Duration,
    /// True once a run has asked other hosts whether the network is away.
    is_outage_confirmed: bool,
}

/// The result of one query for due sources.
#[derive(Default)]
pub(super) struct DueBatch<'p> {
    /// Leased sources, by host.
    pub(super) queues: Vec<HostQueue<'p>>,
    /// The time of the next query; `None` if nothing is left to visit.
    pub(super) next_query: Option<Instant>,
}

impl<'i, 'p> DueSources<'i, 'p> {
    pub(super) fn new(ingest: &'i Ingest<'p>) -> Self {
        Self {
            ingest,
            sources: ingest.sources.iter().map(|source| (&source.id, *source)).collect(),
            shared_hosts: shared_hosts(ingest.sources),
            ids: ingest.sources.iter().map(|source| source.id.clone()).collect(),
            queries: 0,
            retry: FIRST_RETRY,
            is_outage_confirmed: false,
        }
    }

    /// Leases the next due sources. `is_idle`: no visit is in flight.
    pub(super) async fn lease_next(&mut self, shared: &Shared, is_idle: bool) -> Result<DueBatch<'p>, StoreError> {
        let batch = match self.ingest.until {
            Until::Idle => self.lease_until_idle(shared, is_idle).await,
            Until::Cancelled => self.lease_until_cancelled(shared, is_idle).await,
        };
        match batch {
            Ok(batch) => {
                (self.queries, self.retry) = (self.queries + 1, FIRST_RETRY);
                Ok(batch)
            }
            Err(error) if self.ingest.until == Until::Idle => Err(error),
            Err(error) => {
                tracing::error!("{error}; nothing is fetched until it is back; retry in {} s", self.retry.as_secs());
                let next = Some(Instant::now() + self.retry);
                self.retry = (self.retry * 2).min(MAX_WAIT);
                Ok(DueBatch { queues: Vec::new(), next_query: next })
            }
        }
    }

    /// Leases the next batch once the previous one is done.
    async fn lease_until_idle(&mut self, shared: &Shared, is_idle: bool) -> Result<DueBatch<'p>, StoreError> {
        let ingest = self.ingest;
        if !is_idle {
            return Ok(DueBatch { queues: Vec::new(), next_query: Some(Instant::now() + MAX_WAIT) });
        }
        self.register_once().await?;
        if locked(&shared.outage).since().is_some() {
            return if std::mem::replace(&mut self.is_outage_confirmed, true) {
                Ok(DueBatch::default())
            } else {
                self.ask_other_hosts(shared).await
            };
        }
        if locked(&shared.outage).is_doubtful(ingest.context.clock.now()) {
            self.is_outage_confirmed = true;
            let batch = self.ask_other_hosts(shared).await?;
            // If nobody can be asked, what is due goes on; the held visits are settled at the end.
            if !batch.queues.is_empty() {
                return Ok(batch);
            }
        }
        // The sources that were released during a presumed outage are leased again.
        self.ids.append(&mut locked(&shared.released));
        let is_late = ingest.deadline.is_some_and(|deadline| ingest.context.clock.now() >= deadline);
        if self.ids.is_empty() || is_late && self.queries > 0 {
            return Ok(DueBatch::default());
        }
        let leased = ingest.context.store.lease_due_sources(&self.ids, &ingest.lease(), ingest.force, BATCH).await?;
        let leased_ids: HashSet<&SourceId> = leased.iter().map(|leased| &leased.source).collect();
        let is_last = leased.len() < BATCH;
        // With `force`, no source is visited twice; what was released waits for the next run.
        self.ids.retain(|id| !is_last && !leased_ids.contains(id));
        let next = (!leased.is_empty()).then(|| Instant::now() + MAX_WAIT);
        Ok(DueBatch { queues: self.queues(shared, leased, false), next_query: next })
    }

    /// Visits a source on each of a few hosts that were not asked yet: dead hosts that are due together are no outage if another one
    /// answers, and a host that is due alone is not to blame if no other one does.
    async fn ask_other_hosts(&self, shared: &Shared) -> Result<DueBatch<'p>, StoreError> {
        locked(&shared.outage).note_asked();
        let mut hosts = HashSet::new();
        let sources = self.ingest.sources.iter();
        let others: Vec<SourceId> = sources
            .filter(|source| !locked(&shared.outage).is_unreached(authority(&source.url)) && hosts.insert(authority(&source.url)))
            .map(|source| source.id.clone())
            .collect();
        let leased = self.ingest.context.store.lease_due_sources(&others, &self.ingest.lease(), true, PROBES).await?;
        let leased = self.release_rate_limited(leased).await?;
        let next = (!leased.is_empty()).then(|| Instant::now() + MAX_WAIT);
        Ok(DueBatch { queues: self.queues(shared, leased, true), next_query: next })
    }

    /// Leases the due sources, and computes when the next one is due. During an outage it leases one source per query, in
    /// rotation, to probe the network.
    async fn lease_until_cancelled(&mut self, shared: &Shared, is_idle: bool) -> Result<DueBatch<'p>, StoreError> {
        let (ingest, store) = (self.ingest, self.ingest.context.store);
        self.register_once().await?;
        let (lease, is_away) = (ingest.lease(), locked(&shared.outage).since().is_some());
        if is_idle && locked(&shared.outage).is_doubtful(lease.now) {
            return Ok(DueBatch { next_query: Some(Instant::now() + MIN_WAIT), ..self.ask_other_hosts(shared).await? });
        }
        let leased = if let Some(one) = is_away.then(|| self.ids.get(self.queries % self.ids.len().max(1))).flatten() {
            store.lease_due_sources(std::slice::from_ref(one), &lease, true, 1).await?
        } else {
            let mut leased = self.lease_pending(shared).await?;
            match store.lease_due_sources(&self.ids, &lease, false, BATCH).await {
                Ok(due) => leased.extend(due),
                // What is leased is visited; the next look says again what is wrong.
                Err(error) if leased.is_empty() => return Err(error),
                Err(error) => tracing::error!("{error}; retry in {} s", MAX_WAIT.as_secs()),
            }
            leased
        };
        let next = ingest.tolerate(store.next_due(&self.ids, lease.now).await, "the next look is in half a minute")?;
        let until_next = next.map_or(MAX_WAIT, |next| next.since(ingest.context.clock.now()));
        let shortest = if is_away { MAX_WAIT } else { MIN_WAIT };
        tracing::debug!(leased = leased.len(), next_ms = until_next.as_millis(), "queried the due sources");
        let next = Some(Instant::now() + until_next.clamp(shortest, MAX_WAIT));
        Ok(DueBatch { queues: self.queues(shared, leased, is_away), next_query: next })
    }

    async fn register_once(&mut self) -> Result<(), StoreError> {
        if self.queries == 0 {
            self.ingest.context.store.register_sources(&self.ids, self.ingest.context.clock.now()).await?;
        }
        Ok(())
    }

    /// Leases the sources whose push could not be processed, so that they are fetched now.
    async fn lease_pending(&self, shared: &Shared) -> Result<Vec<LeasedSource>, StoreError> {
        let pending = shared.pending.all();
        if pending.is_empty() {
            return Ok(Vec::new());
        }
        let leased = self.ingest.context.store.lease_due_sources(&pending, &self.ingest.lease(), true, pending.len()).await?;
        shared.pending.remove(&leased);
        self.release_rate_limited(leased).await
    }

    /// Releases the sources that sent a Retry-After, which keep their due time, and returns the others.
    async fn release_rate_limited(&self, leased: Vec<LeasedSource>) -> Result<Vec<LeasedSource>, StoreError> {
        let (context, now) = (self.ingest.context, self.ingest.context.clock.now());
        let (limited, leased): (Vec<LeasedSource>, Vec<LeasedSource>) =
            leased.into_iter().partition(|leased| is_rate_limited(&leased.state, leased.due, now));
        if !limited.is_empty() {
            let limited: Vec<SourceId> = limited.into_iter().map(|leased| leased.source).collect();
            context.store.release_sources(context.worker, &limited).await?;
        }
        Ok(leased)
    }

    fn queues(&self, shared: &Shared, leased: Vec<LeasedSource>, is_probe: bool) -> Vec<HostQueue<'p>> {
        locked(&shared.in_flight).extend(leased.iter().map(|leased| leased.source.clone()));
        (self.ingest.listeners.leased)(&leased);
        (self.ingest.listeners.progress)(Progress::Leased(leased.len()));
        by_host(leased, &self.sources)
            .into_iter()
            .map(|(host, sources)| HostQueue { host, is_shared: self.shared_hosts.contains(host), is_probe, sources })
            .collect()
    }
}

/// Returns the hosts of more than one source.
fn shared_hosts<'p>(sources: &[&'p plan::Source]) -> HashSet<&'p str> {
    let (mut seen, mut shared) = (HashSet::new(), HashSet::new());
    for host in sources.iter().map(|source| authority(&source.url)) {
        if !seen.insert(host) {
            shared.insert(host);
        }
    }
    shared
}
