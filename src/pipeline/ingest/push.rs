//! What hubs send, one after the other: so that of two the older is not taken for the newer, and few are in memory.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::lasting::{Ended, LEASE, Lasting};
use super::subscribe::Push;
use super::visit::Visitor;
use crate::config as plan;
use crate::model::SourceId;
use crate::net;
use crate::policy::source_health::wants_rest;
use crate::store::{Lease, LeasedSource, StoreError};

/// How often, a second apart, a source is tried to be had for what its hub sent: a usual visit is over by then.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);

/// Sources whose hub has told of something new that is not taken: they are to be visited, due or not.
#[derive(Default)]
pub(super) struct Owed {
    sources: Mutex<HashSet<SourceId>>,
    pub(super) changed: Notify,
}

impl Owed {
    fn add(&self, source: SourceId) {
        self.lock().insert(source);
        self.changed.notify_one();
    }

    pub(super) fn all(&self) -> Vec<SourceId> {
        self.lock().iter().cloned().collect()
    }

    fn paid(&self, claimed: &[LeasedSource]) {
        let mut left = self.lock();
        for claimed in claimed {
            left.remove(&claimed.source);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<SourceId>> {
        // What is kept is whole after each line: a panic elsewhere spoils nothing.
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ingest<'_> {
    /// Takes what hubs send until it is told to stop; what is left then is owed.
    pub(super) async fn take_pushes(&self, lasting: &Lasting<'_>, owed: &Owed, send: mpsc::Sender<Ended>) {
        let Some(pushes) = lasting.pushes else { return };
        let mut pushes = pushes.lock().await;
        let visitor = Visitor { client: self.client, store: Some(self.store), keep: true, force: false, clock: self.clock };
        loop {
            let push = tokio::select! {
                biased;
                () = lasting.stop.cancelled() => break,
                push = pushes.recv() => push,
            };
            let Some(push) = push else { break };
            let Some(source) = self.sources.iter().find(|source| source.id == push.source) else { continue };
            if !self.take_push(&visitor, source, push, lasting.stop, &send).await {
                owed.add(source.id.clone());
            }
        }
        while let Ok(push) = pushes.try_recv() {
            owed.add(push.source);
        }
    }

    /// Takes what a hub has sent of a source as a visit. False if it is no feed, or somebody else has the source all the time.
    async fn take_push(
        &self,
        visitor: &Visitor<'_>,
        source: &plan::Source,
        push: Push,
        stop: &CancellationToken,
        send: &mpsc::Sender<Ended>,
    ) -> bool {
        let failed = |error: StoreError| tracing::error!("{}: {error}; what its hub sent is found with a visit", source.id);
        let id = std::slice::from_ref(&source.id);
        let claimed = match self.claim_soon(id, stop).await {
            Ok(Some(claimed)) => claimed,
            Ok(None) => return false,
            Err(error) => {
                failed(error);
                return false;
            }
        };
        let body = net::Body::pushed(push.bytes, push.content_type, push.topic);
        match visitor.take(source, claimed, body).await {
            Ok(Some(parcel)) => return send.send(Ended { parcel, is_push: true }).await.is_ok(),
            Ok(None) => {}
            Err(error) => failed(error),
        }
        // If this fails too, the lease runs out by itself.
        let _ = self.store.release_sources(self.worker, id).await;
        false
    }

    /// Takes a source, due or not, as soon as nobody else has it.
    async fn claim_soon(&self, id: &[SourceId], stop: &CancellationToken) -> Result<Option<LeasedSource>, StoreError> {
        for _ in 0..TRIES {
            let now = self.clock.now();
            let lease = Lease { worker: self.worker.to_owned(), now, until: now.plus(LEASE) };
            if let Some(claimed) = self.store.lease_due_sources(id, &lease, true, 1).await?.pop() {
                return Ok(Some(claimed));
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = sleep(PAUSE) => {}
            }
        }
        Ok(None)
    }

    /// Takes sources that are owed a visit, but for those that asked to be left alone: these have their visit when they want it.
    pub(super) async fn claim_owed(&self, lease: &Lease, owed: &Owed) -> Result<Vec<LeasedSource>, StoreError> {
        let sources = owed.all();
        if sources.is_empty() {
            return Ok(Vec::new());
        }
        let claimed = self.store.lease_due_sources(&sources, lease, true, sources.len()).await?;
        owed.paid(&claimed);
        let (resting, claimed): (Vec<LeasedSource>, Vec<LeasedSource>) =
            claimed.into_iter().partition(|claimed| wants_rest(&claimed.state, claimed.due, lease.now));
        if !resting.is_empty() {
            let resting: Vec<SourceId> = resting.into_iter().map(|claimed| claimed.source).collect();
            self.store.release_sources(self.worker, &resting).await?;
        }
        Ok(claimed)
    }

    /// Makes the claims of what is in hand last longer.
    pub(super) async fn renew(&self, lease: &Lease) {
        if let Err(error) = self.store.renew_leases(lease).await {
            tracing::warn!("{error}; what takes long may be visited by another worker, too");
        }
    }
}
