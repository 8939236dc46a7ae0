//! The state shared by all requests.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::{Semaphore, mpsc};

use super::health::Health;
use crate::model::{Clock, SourceId};
use crate::pipeline::Push;
use crate::store::Store;

/// The number of pushed bodies that are received at the same time.
const MAX_BODIES: usize = 4;

/// The state of the server. It outlives the plans of a daemon: each of them sets its own [`PushReceiver`].
pub struct ServerState {
    pub(super) store: Arc<Store>,
    pub(super) clock: &'static dyn Clock,
    pub(super) health: Arc<Health>,
    receiver: RwLock<Option<PushReceiver>>,
    /// Limits the bodies in memory.
    pub(super) bodies: Semaphore,
    /// The sources whose body is being received. One per source, so that a slow hub does not block the others.
    receiving: Mutex<HashSet<SourceId>>,
}

/// The receiver of pushed content.
#[derive(Clone)]
pub struct PushReceiver {
    /// The queue for what hubs send.
    pub pushes: mpsc::Sender<Push>,
    /// The sources of the plan.
    pub sources: Arc<HashSet<SourceId>>,
    /// The largest body, in bytes.
    pub max_bytes: u64,
}

/// The exclusive right to receive a body for a source.
pub(super) struct SourcePermit<'s>(&'s ServerState, SourceId);

impl Drop for SourcePermit<'_> {
    fn drop(&mut self) {
        self.0.receiving.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl ServerState {
    /// Makes a state without a receiver: until one is set, hubs are asked to retry.
    pub fn new(store: Arc<Store>, clock: &'static dyn Clock, health: Arc<Health>) -> Self {
        let bodies = Semaphore::new(MAX_BODIES);
        Self { store, clock, health, receiver: RwLock::new(None), bodies, receiving: Mutex::default() }
    }

    /// Sets or removes the receiver of pushed content.
    pub fn set_receiver(&self, receiver: Option<PushReceiver>) {
        *self.receiver.write().unwrap_or_else(PoisonError::into_inner) = receiver;
    }

    /// Returns the receiver of pushed content, if there is one now.
    pub(super) fn receiver(&self) -> Option<PushReceiver> {
        self.receiver.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the right to receive a body for a source, or nothing while another request has it.
    pub(super) fn lock_source(&self, source: &SourceId) -> Option<SourcePermit<'_>> {
        let is_first = self.receiving.lock().unwrap_or_else(PoisonError::into_inner).insert(source.clone());
        is_first.then(|| SourcePermit(self, source.clone()))
    }
}
