//! The leases on outputs and their editions: of the workers that share a database, one at a time publishes. A lease expires by itself if the
//! worker dies.

use super::json::without_nul;
use super::memory_leases::MAX_LEASE;
use super::{Lease, Store, StoreError};

/// Takes or renews the lease, unless another worker has it. `$5` is the end of the longest possible lease: one that ends later was
/// written by a clock that was wrong.
const LEASE: &str = "insert into output_lease (target, lease_by, lease_until) values ($1, $2, $4)
     on conflict (target) do update set lease_by = excluded.lease_by, lease_until = excluded.lease_until
     where output_lease.lease_by = $2 or output_lease.lease_until <= $3 or output_lease.lease_until > $5";

const RENEW: &str = "update output_lease set lease_until = $3 where target = $1 and lease_by = $2";

const RELEASE: &str = "delete from output_lease where target = $1 and lease_by = $2";

impl Store {
    /// Returns true if several workers may share the store.
    pub fn is_shared(&self) -> bool {
        self.memory_leases.is_none()
    }

    /// Leases an output, or an edition in it, to a worker: `target` is its name. Returns false while another worker has it. A SQLite store has one worker, which
    /// always may.
    pub async fn lease_output(&self, target: &str, lease: &Lease) -> Result<bool, StoreError> {
        if !self.is_shared() {
            return Ok(true);
        }
        let query = sqlx::query(LEASE).bind(without_nul(target)).bind(without_nul(&lease.worker)).bind(lease.now.millis());
        let query = query.bind(lease.until.millis()).bind(lease.now.plus(MAX_LEASE).millis());
        Ok(self.execute("lease the output", query).await? == 1)
    }

    /// Extends the lease of a worker. Returns false if it has it no more.
    pub async fn renew_output(&self, target: &str, lease: &Lease) -> Result<bool, StoreError> {
        if !self.is_shared() {
            return Ok(true);
        }
        let query = sqlx::query(RENEW).bind(without_nul(target)).bind(without_nul(&lease.worker)).bind(lease.until.millis());
        Ok(self.execute("renew the lease on the output", query).await? == 1)
    }

    /// Gives the lease of a worker back.
    pub async fn release_output(&self, target: &str, worker: &str) -> Result<(), StoreError> {
        if !self.is_shared() {
            return Ok(());
        }
        let query = sqlx::query(RELEASE).bind(without_nul(target)).bind(without_nul(worker));
        self.execute("release the output", query).await.map(|_| ())
    }
}
