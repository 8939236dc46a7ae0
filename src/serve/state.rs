//! The state shared by all requests.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::mpsc;

use super::health::Health;
use super::slots::Slots;
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
    /// Limits the bodies in memory. The one that has come for longest gives way to a new one: a slow sender, who may have no
    /// right to send, holds nobody up.
    pub(super) bodies: Slots,
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

impl ServerState {
    /// Makes a state without a receiver: until one is set, hubs are asked to retry.
    pub fn new(store: Arc<Store>, clock: &'static dyn Clock, health: Arc<Health>) -> Self {
        Self { store, clock, health, receiver: RwLock::new(None), bodies: Slots::new(MAX_BODIES) }
    }

    /// Sets or removes the receiver of pushed content.
    pub fn set_receiver(&self, receiver: Option<PushReceiver>) {
        *self.receiver.write().unwrap_or_else(PoisonError::into_inner) = receiver;
    }

    /// Returns the receiver of pushed content, if there is one now.
    pub(super) fn receiver(&self) -> Option<PushReceiver> {
        self.receiver.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
