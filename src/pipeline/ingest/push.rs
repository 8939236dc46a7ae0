//! Processes the pushes of hubs one by one, so that their order is kept and few are in memory.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::subscribe::Push;
use super::visit::Visitor;
use super::{Ended, Ingest};
use crate::config as plan;
use crate::model::SourceId;
use crate::net;
use crate::pipeline::trigger::sleep_unless_cancelled;
use crate::store::{LeasedSource, StoreError};

/// The number of attempts to lease a source for a push, and the pause between two: most visits end within that time.
const LEASE_TRIES: u32 = 10;
const LEASE_PAUSE: Duration = Duration::from_secs(1);

/// The queue of pushes; one ingest at a time receives from it.
pub(in crate::pipeline) type Pushes = tokio::sync::Mutex<mpsc::Receiver<Push>>;

/// The sources whose push could not be processed: they are fetched instead, due or not.
#[derive(Default)]
pub(super) struct PendingRefetch {
    sources: Mutex<HashSet<SourceId>>,
    pub(super) changed: Notify,
}

impl PendingRefetch {
    fn add(&self, source: SourceId) {
        self.lock().insert(source);
        self.changed.notify_one();
    }

    /// Returns all of them.
    pub(super) fn all(&self) -> Vec<SourceId> {
        self.lock().iter().cloned().collect()
    }

    /// Removes the sources that were leased for a visit.
    pub(super) fn remove(&self, leased: &[LeasedSource]) {
        let mut sources = self.lock();
        for leased in leased {
            sources.remove(&leased.source);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<SourceId>> {
        // Nothing panics under this lock, so that a poisoned one is still valid.
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ingest<'_> {
    /// Processes pushes until it is cancelled; the sources of those still in the queue are then pending.
    pub(super) async fn receive_pushes(&self, pending: &PendingRefetch, send: mpsc::Sender<Ended>) -> Result<(), StoreError> {
        let Some(pushes) = self.pushes else { return Ok(()) };
        let (context, mut pushes) = (self.context, pushes.lock().await);
        let visitor = Visitor::new(context, false);
        loop {
            let push = tokio::select! {
                biased;
                () = context.stop.cancelled() => break,
                push = pushes.recv() => push,
            };
            let Some(push) = push else { break };
            let Some(source) = self.sources.iter().find(|source| source.id == push.source) else { continue };
            let processed = self.process_push(&visitor, source, push, &send).await;
            if !self.tolerate(processed, "the pushed source is fetched instead")? {
                pending.add(source.id.clone());
            }
        }
        while let Ok(push) = pushes.try_recv() {
            pending.add(push.source);
        }
        Ok(())
    }

    /// Processes a push like a visit of its source. Returns false if it is not a feed, or if another worker keeps the lease.
    async fn process_push(
        &self,
        visitor: &Visitor<'_>,
        source: &plan::Source,
        push: Push,
        send: &mpsc::Sender<Ended>,
    ) -> Result<bool, StoreError> {
        let id = std::slice::from_ref(&source.id);
        let Some(leased) = self.lease_soon(id, self.context.stop).await? else { return Ok(false) };
        let body = net::Body::pushed(push.bytes, push.content_type, push.topic);
        let processed = visitor.process_push(source, leased, body).await;
        if let Ok(Some(visit)) = processed {
            return Ok(send.send(Ended::Visit { visit: Box::new(visit), is_push: true }).await.is_ok());
        }
        // If this fails too, the lease expires by itself.
        let _ = self.context.store.release_sources(self.context.worker, id).await;
        processed.map(|_| false)
    }

    /// Leases a source, due or not, once no other worker holds it. Returns `None` if another worker keeps it.
    async fn lease_soon(&self, id: &[SourceId], stop: &CancellationToken) -> Result<Option<LeasedSource>, StoreError> {
        for _ in 0..LEASE_TRIES {
            if let Some(leased) = self.context.store.lease_due_sources(id, &self.lease(), true, 1).await?.pop() {
                return Ok(Some(leased));
            }
            if !sleep_unless_cancelled(LEASE_PAUSE, stop).await {
                break;
            }
        }
        Ok(None)
    }
}
