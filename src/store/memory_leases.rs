//! The leases of a SQLite store, kept in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{SourceId, Time};

/// The longest possible lease. A lease that ends later was written by a clock that was wrong and has been corrected since: it
/// is void.
pub(super) const MAX_LEASE: Duration = Duration::from_secs(60 * 60);

/// The leases of a SQLite store by source. They are kept in memory, as the lock on the file keeps other processes out. Written
/// to the database they were a quarter of the cost of a run in which nothing is new.
#[derive(Default)]
pub(super) struct MemoryLeases(Mutex<HashMap<SourceId, Holder>>);

struct Holder {
    worker: String,
    until: Time,
}

impl MemoryLeases {
    /// Returns those of `sources` that nobody has leased at `now`.
    pub(super) fn free(&self, sources: &[SourceId], now: Time) -> Vec<SourceId> {
        let leases = self.lock();
        let is_free = |source: &&SourceId| {
            leases.get(*source).is_none_or(|holder| holder.until <= now || holder.until > now.plus(MAX_LEASE))
        };
        sources.iter().filter(is_free).cloned().collect()
    }

    /// Leases sources to a worker. Returns how many of them were leased to somebody until now: their leases had expired.
    pub(super) fn lease<'s>(&self, sources: impl Iterator<Item = &'s SourceId>, worker: &str, until: Time) -> usize {
        let mut leases = self.lock();
        sources.filter(|source| leases.insert((*source).clone(), Holder { worker: worker.to_owned(), until }).is_some()).count()
    }

    /// Extends the leases that a worker holds on these sources. Returns their number.
    pub(super) fn renew(&self, worker: &str, sources: &[SourceId], until: Time) -> usize {
        let mut leases = self.lock();
        let mut renewed = 0;
        for source in sources {
            if let Some(holder) = leases.get_mut(source).filter(|holder| holder.worker == worker) {
                holder.until = until;
                renewed += 1;
            }
        }
        renewed
    }

    /// Releases the leases that `worker` holds on `sources`. Returns their number.
    pub(super) fn release<'s>(&self, worker: &str, sources: impl Iterator<Item = &'s SourceId>) -> usize {
        let mut leases = self.lock();
        let mut released = 0;
        for source in sources {
            if leases.get(source).is_some_and(|holder| holder.worker == worker) {
                leases.remove(source);
                released += 1;
            }
        }
        released
    }

    /// Releases all leases of a worker. Returns their number.
    pub(super) fn release_all(&self, worker: &str) -> usize {
        let mut leases = self.lock();
        let before = leases.len();
        leases.retain(|_, holder| holder.worker != worker);
        before - leases.len()
    }

    /// Returns the end of the lease on a source.
    pub(super) fn until(&self, source: &SourceId) -> Option<Time> {
        self.lock().get(source).map(|holder| holder.until)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SourceId, Holder>> {
        // The map is consistent after each statement: a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
