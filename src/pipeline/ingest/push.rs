//! Takes what hubs send, one push after the other: so that of two the older is not taken for the newer, and few are in memory.

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

/// How often, a second apart, a source is tried to be leased for what its hub sent: a usual visit is over by then.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);

/// What hubs send; one ingest at a time takes it.
pub(in crate::pipeline) type Pushes = tokio::sync::Mutex<mpsc::Receiver<Push>>;

/// Sources whose hub has told of something new that was not taken: they are to be fetched, due or not.
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

    /// Removes those that are leased for their visit.
    pub(super) fn remove(&self, leased: &[LeasedSource]) {
        let mut left = self.lock();
        for leased in leased {
            left.remove(&leased.source);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<SourceId>> {
        // What is kept is whole after each line: a panic elsewhere spoils nothing.
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ingest<'_> {
    /// Takes what hubs send until it is cancelled; what is left then is pending.
    pub(super) async fn take_pushes(&self, pending: &PendingRefetch, send: mpsc::Sender<Ended>) -> Result<(), StoreError> {
        let Some(pushes) = self.pushes else { return Ok(()) };
        let (context, mut pushes) = (self.context, pushes.lock().await);
        let visitor =
            Visitor { client: context.client, store: Some(context.store), keep: true, force: false, clock: context.clock };
        loop {
            let push = tokio::select! {
                biased;
                () = context.stop.cancelled() => break,
                push = pushes.recv() => push,
            };
            let Some(push) = push else { break };
            let Some(source) = self.sources.iter().find(|source| source.id == push.source) else { continue };
            let taken = self.take_push(&visitor, source, push, &send).await;
            if !self.tolerate(taken, "what a hub sent is fetched instead")? {
                pending.add(source.id.clone());
            }
        }
        while let Ok(push) = pushes.try_recv() {
            pending.add(push.source);
        }
        Ok(())
    }

    /// Takes what a hub has sent as a visit of its source. False if it is no feed, or another worker holds the lease all the time.
    async fn take_push(
        &self,
        visitor: &Visitor<'_>,
        source: &plan::Source,
        push: Push,
        send: &mpsc::Sender<Ended>,
    ) -> Result<bool, StoreError> {
        let id = std::slice::from_ref(&source.id);
        let Some(leased) = self.lease_soon(id, self.context.stop).await? else { return Ok(false) };
        let body = net::Body::pushed(push.bytes, push.content_type, push.topic);
        let taken = visitor.take_push(source, leased, body).await;
        if let Ok(Some(parcel)) = taken {
            return Ok(send.send(Ended::Visit { parcel: Box::new(parcel), is_push: true }).await.is_ok());
        }
        // If this fails too, the lease runs out by itself.
        let _ = self.context.store.release_sources(self.context.worker, id).await;
        taken.map(|_| false)
    }

    /// Leases a source, due or not, as soon as no other worker holds it.
    async fn lease_soon(&self, id: &[SourceId], stop: &CancellationToken) -> Result<Option<LeasedSource>, StoreError> {
        for _ in 0..TRIES {
            if let Some(leased) = self.context.store.lease_due_sources(id, &self.lease(), true, 1).await?.pop() {
                return Ok(Some(leased));
            }
            if !sleep_unless_cancelled(PAUSE, stop).await {
                break;
            }
        }
        Ok(None)
    }
}
