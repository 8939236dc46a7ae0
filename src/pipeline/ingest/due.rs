//! Looks at what is due and leases it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use super::host_queue::{HostQueue, by_host};
use super::{FIRST_RETRY, Ingest, LONGEST_NAP, Progress, SHORTEST_NAP, Shared, Until, locked};
use crate::config as plan;
use crate::model::{SourceId, authority};
use crate::policy::source_health::is_rate_limited;
use crate::store::{LeasedSource, StoreError};

/// Sources leased at once.
const BATCH: usize = 1000;
/// Sources that a run visits to confirm an outage.
const PROBES: usize = 3;

/// The sources that one ingest may still lease, and when it looks again.
pub(super) struct DueSources<'i, 'p> {
    ingest: &'i Ingest<'p>,
    sources: HashMap<&'p SourceId, &'p plan::Source>,
    /// Hosts that several sources are on: these are asked how much time they want between two requests.
    shared_hosts: HashSet<&'p str>,
    /// The sources that may be leased. What ends when idle leases each once.
    ids: Vec<SourceId>,
    looks: usize,
    retry: Duration,
    /// True once a run has asked other hosts whether the network is away.
    is_outage_confirmed: bool,
}

/// What one look has found.
#[derive(Default)]
pub(super) struct Look<'p> {
    /// Leased sources, by host.
    pub(super) queues: Vec<HostQueue<'p>>,
    /// When to look again; nothing if all is done.
    pub(super) next: Option<Instant>,
}

impl<'i, 'p> DueSources<'i, 'p> {
    pub(super) fn new(ingest: &'i Ingest<'p>) -> Self {
        Self {
            ingest,
            sources: ingest.sources.iter().map(|source| (&source.id, *source)).collect(),
            shared_hosts: shared_hosts(ingest.sources),
            ids: ingest.sources.iter().map(|source| source.id.clone()).collect(),
            looks: 0,
            retry: FIRST_RETRY,
            is_outage_confirmed: false,
        }
    }

    /// Leases what is due. `is_idle`: no visit is in flight.
    pub(super) async fn look(&mut self, shared: &Shared, is_idle: bool) -> Result<Look<'p>, StoreError> {
        let look = match self.ingest.until {
            Until::Idle => self.look_until_idle(shared, is_idle).await,
            Until::Cancelled => self.look_for_ever(shared).await,
        };
        match look {
            Ok(look) => {
                (self.looks, self.retry) = (self.looks + 1, FIRST_RETRY);
                Ok(look)
            }
            Err(error) if self.ingest.until == Until::Idle => Err(error),
            Err(error) => {
                tracing::error!("{error}; nothing is fetched until it is back; retry in {} s", self.retry.as_secs());
                let next = Some(Instant::now() + self.retry);
                self.retry = (self.retry * 2).min(LONGEST_NAP);
                Ok(Look { queues: Vec::new(), next })
            }
        }
    }

    /// Leases the next batch once the one before it is done.
    async fn look_until_idle(&mut self, shared: &Shared, is_idle: bool) -> Result<Look<'p>, StoreError> {
        let ingest = self.ingest;
        if !is_idle {
            return Ok(Look { queues: Vec::new(), next: Some(Instant::now() + LONGEST_NAP) });
        }
        self.register_once().await?;
        if locked(&shared.outage).since().is_some() {
            return self.confirm_outage(shared).await;
        }
        // They were released while the network seemed to be away.
        self.ids.append(&mut locked(&shared.released));
        let is_late = ingest.deadline.is_some_and(|deadline| ingest.context.clock.now() >= deadline);
        if self.ids.is_empty() || is_late && self.looks > 0 {
            return Ok(Look::default());
        }
        let leased = ingest.context.store.lease_due_sources(&self.ids, &ingest.lease(), ingest.force, BATCH).await?;
        let taken: HashSet<&SourceId> = leased.iter().map(|leased| &leased.source).collect();
        let is_last = leased.len() < BATCH;
        // What was visited is not due by force a second time, and what was released waits for the next run.
        self.ids.retain(|id| !is_last && !taken.contains(id));
        let next = (!leased.is_empty()).then(|| Instant::now() + LONGEST_NAP);
        Ok(Look { queues: self.queues(shared, leased, false), next })
    }

    /// Visits sources on hosts that were not asked yet, once: a few dead hosts that are due together are no outage if another one
    /// answers.
    async fn confirm_outage(&mut self, shared: &Shared) -> Result<Look<'p>, StoreError> {
        if std::mem::replace(&mut self.is_outage_confirmed, true) {
            return Ok(Look::default());
        }
        let is_unasked = |source: &&&plan::Source| !locked(&shared.outage).is_unreached(authority(&source.url));
        let others: Vec<SourceId> = self.ingest.sources.iter().filter(is_unasked).map(|source| source.id.clone()).collect();
        let leased = self.ingest.context.store.lease_due_sources(&others, &self.ingest.lease(), true, PROBES).await?;
        let next = (!leased.is_empty()).then(|| Instant::now() + LONGEST_NAP);
        Ok(Look { queues: self.queues(shared, leased, true), next })
    }

    /// Leases what is due now, and says when the next source is. While the network is away one source is tried, each time
    /// another one.
    async fn look_for_ever(&mut self, shared: &Shared) -> Result<Look<'p>, StoreError> {
        let (ingest, store) = (self.ingest, self.ingest.context.store);
        self.register_once().await?;
        let (lease, is_away) = (ingest.lease(), locked(&shared.outage).since().is_some());
        let leased = if let Some(one) = is_away.then(|| self.ids.get(self.looks % self.ids.len().max(1))).flatten() {
            store.lease_due_sources(std::slice::from_ref(one), &lease, true, 1).await?
        } else {
            let mut leased = self.lease_pending(shared).await?;
            match store.lease_due_sources(&self.ids, &lease, false, BATCH).await {
                Ok(due) => leased.extend(due),
                // What is leased is visited; the next look says again what is wrong.
                Err(error) if leased.is_empty() => return Err(error),
                Err(error) => tracing::error!("{error}; retry in {} s", LONGEST_NAP.as_secs()),
            }
            leased
        };
        let next = ingest.tolerate(store.next_due(&self.ids, lease.now).await, "the next look is in half a minute")?;
        let until_next = next.map_or(LONGEST_NAP, |next| next.since(ingest.context.clock.now()));
        let shortest = if is_away { LONGEST_NAP } else { SHORTEST_NAP };
        tracing::debug!(leased = leased.len(), next_ms = until_next.as_millis(), "looked at what is due");
        let next = Some(Instant::now() + until_next.clamp(shortest, LONGEST_NAP));
        Ok(Look { queues: self.queues(shared, leased, is_away), next })
    }

    async fn register_once(&mut self) -> Result<(), StoreError> {
        if self.looks == 0 {
            self.ingest.context.store.register_sources(&self.ids, self.ingest.context.clock.now()).await?;
        }
        Ok(())
    }

    /// Leases the sources whose hub has told of something new that was not taken, but for those that asked to be left alone: these
    /// have their visit when they want it.
    async fn lease_pending(&self, shared: &Shared) -> Result<Vec<LeasedSource>, StoreError> {
        let (pending, context, lease) = (shared.pending.all(), self.ingest.context, self.ingest.lease());
        if pending.is_empty() {
            return Ok(Vec::new());
        }
        let leased = context.store.lease_due_sources(&pending, &lease, true, pending.len()).await?;
        shared.pending.remove(&leased);
        let (resting, leased): (Vec<LeasedSource>, Vec<LeasedSource>) =
            leased.into_iter().partition(|leased| is_rate_limited(&leased.state, leased.due, lease.now));
        if !resting.is_empty() {
            let resting: Vec<SourceId> = resting.into_iter().map(|leased| leased.source).collect();
            context.store.release_sources(context.worker, &resting).await?;
        }
        Ok(leased)
    }

    fn queues(&self, shared: &Shared, leased: Vec<LeasedSource>, is_probe: bool) -> Vec<HostQueue<'p>> {
        locked(&shared.in_flight).extend(leased.iter().map(|leased| leased.source.clone()));
        (self.ingest.listeners.progress)(Progress::Leased(leased.len()));
        by_host(leased, &self.sources)
            .into_iter()
            .map(|(host, sources)| HostQueue { host, is_shared: self.shared_hosts.contains(host), is_probe, sources })
            .collect()
    }
}

/// Returns the hosts that several sources are on.
fn shared_hosts<'p>(sources: &[&'p plan::Source]) -> HashSet<&'p str> {
    let (mut seen, mut shared) = (HashSet::new(), HashSet::new());
    for host in sources.iter().map(|source| authority(&source.url)) {
        if !seen.insert(host) {
            shared.insert(host);
        }
    }
    shared
}
