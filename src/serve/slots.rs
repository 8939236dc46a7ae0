//! Slots for what clients may keep open: connections, and bodies that are being received. Where there are too many, the oldest
//! that does nothing gives way, so that nobody can keep others out by being slow.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A limited number of slots.
pub(super) struct Slots {
    max: usize,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    taken: Mutex<Taken>,
    /// A slot is free, or has no request any more.
    changed: Notify,
}

#[derive(Default)]
struct Taken {
    /// The number of slots that were taken so far.
    count: u64,
    /// The holders, the oldest first.
    holders: BTreeMap<u64, Arc<Holder>>,
}

#[derive(Default)]
struct Holder {
    /// The requests in flight.
    requests: AtomicUsize,
    /// Cancelled when another one takes the slot.
    displaced: CancellationToken,
}

/// A slot that is taken. It is free again when this is dropped.
pub(super) struct Slot {
    number: u64,
    holder: Arc<Holder>,
    shared: Arc<Shared>,
}

/// The count of requests of one connection: while there is one, its slot is its own.
#[derive(Clone)]
pub(super) struct Activity {
    holder: Arc<Holder>,
    shared: Arc<Shared>,
}

impl Slots {
    /// Makes `max` free slots.
    pub(super) fn new(max: usize) -> Self {
        Self { max, shared: Arc::default() }
    }

    /// Takes a slot. If all are taken, the oldest holder without a request in flight is displaced; if all have one, waits.
    pub(super) async fn take(&self) -> Slot {
        loop {
            // Made before the look, so that no change is missed.
            let changed = self.shared.changed.notified();
            if let Some(slot) = self.try_take() {
                return slot;
            }
            changed.await;
        }
    }

    fn try_take(&self) -> Option<Slot> {
        let mut taken = self.shared.lock();
        if taken.holders.len() >= self.max {
            let is_idle = |holder: &Holder| holder.requests.load(Ordering::SeqCst) == 0;
            let oldest = taken.holders.iter().find(|(_, holder)| is_idle(holder)).map(|(number, _)| *number)?;
            if let Some(holder) = taken.holders.remove(&oldest) {
                holder.displaced.cancel();
            }
        }
        taken.count += 1;
        let (number, holder) = (taken.count, Arc::<Holder>::default());
        taken.holders.insert(number, Arc::clone(&holder));
        Some(Slot { number, holder, shared: Arc::clone(&self.shared) })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Nothing panics under this lock, so that a poisoned one is still valid.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Waits until another one has taken the slot.
    pub(super) async fn displaced(&self) {
        self.holder.displaced.cancelled().await;
    }

    /// Returns the count of the holder's requests.
    pub(super) fn activity(&self) -> Activity {
        Activity { holder: Arc::clone(&self.holder), shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.lock().holders.remove(&self.number);
        self.shared.changed.notify_one();
    }
}

/// A request in flight.
pub(super) struct InFlight(Activity);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.holder.requests.fetch_sub(1, Ordering::SeqCst);
        self.0.shared.changed.notify_one();
    }
}

impl Activity {
    /// Counts a request for as long as what is returned lives.
    pub(super) fn begin(&self) -> InFlight {
        self.holder.requests.fetch_add(1, Ordering::SeqCst);
        InFlight(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn is_displaced(slot: &Slot) -> bool {
        slot.displaced().now_or_never().is_some()
    }

    fn request(slot: &Slot) -> InFlight {
        slot.activity().begin()
    }

    #[tokio::test]
    async fn oldest_holder_without_a_request_is_displaced() {
        let slots = Slots::new(2);
        let (first, second) = (slots.take().await, slots.take().await);
        let busy = request(&first);
        let third = slots.take().await;
        assert_eq!([&first, &second, &third].map(is_displaced), [false, true, false]);
        drop(busy);
        slots.take().await;
        assert!(is_displaced(&first));
    }

    #[tokio::test]
    async fn nobody_is_displaced_with_a_request_in_flight() {
        let slots = Slots::new(1);
        let first = slots.take().await;
        let busy = request(&first);
        let mut next = std::pin::pin!(slots.take());
        assert!(next.as_mut().now_or_never().is_none());
        drop(busy);
        next.await;
        assert!(is_displaced(&first));
    }

    #[tokio::test]
    async fn dropped_slot_is_free() {
        let slots = Slots::new(1);
        let first = slots.take().await;
        let _busy = request(&first);
        drop(first);
        assert!(slots.take().now_or_never().is_some());
    }
}
