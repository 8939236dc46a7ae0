//! The readiness of a server that only reads what other processes publish.

use std::sync::Arc;
use std::time::Duration;

use super::files::SharedFiles;
use super::health::Unhealthy;
use crate::model::Clock;
use crate::store::{Access, Store, StoreError};

/// The least age that the last run may have: that of an hourly cron job that took its time.
const LEAST_MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);
/// The number of intervals between visits that may pass without a run.
const INTERVALS: u32 = 4;

/// Tells whether what is served is fresh enough.
pub struct Freshness {
    /// The published files.
    pub files: Arc<SharedFiles>,
    /// The address of the database that the publishing process writes.
    pub state: String,
    /// The longest interval between two visits to a source.
    pub every: Duration,
    /// The clock.
    pub clock: &'static dyn Clock,
}

impl Freshness {
    /// Checks that something is published, and that a run began lately: within four intervals of `[fetch] every`, and two hours at
    /// least. Where the database cannot be reached (only the output is on this machine), the files have to do.
    pub(super) async fn check(&self) -> Result<(), Unhealthy> {
        if !self.files.present().is_published().await {
            return Err(Unhealthy::Unpublished);
        }
        let Ok(Some(started)) = self.last_run().await else { return Ok(()) };
        let age = self.clock.now().since(started);
        if age <= (self.every * INTERVALS).max(LEAST_MAX_AGE) { Ok(()) } else { Err(Unhealthy::Outdated(age)) }
    }

    async fn last_run(&self) -> Result<Option<crate::model::Time>, StoreError> {
        let store = Store::open(&self.state, Access::Look).await?;
        let run = store.load_last_run().await;
        store.close().await?;
        Ok(run?.map(|(_, started, _)| started))
    }
}
