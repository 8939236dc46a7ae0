//! The loop that delivers the events of notifications, beside the passes. It holds up none of them.

use std::time::Duration;

use tokio::time::Instant;

use crate::pipeline::error::PipelineError;
use crate::pipeline::ingest::Until;
use crate::pipeline::notify::Deliver;
use crate::pipeline::trigger::Pace;

use super::{FIRST_RETRY, MAX_REST, Passes, Shared, log_faults, next_retry};

/// The time after which `relais run` begins no more deliveries: what waits is delivered by the next run.
const PATIENCE: Duration = Duration::from_secs(15);
/// The shortest time between two looks of a daemon at what waits.
const MIN_REST: Duration = Duration::from_secs(1);

impl Passes<'_> {
    /// Delivers each time that events may have been queued, and in a daemon when one may be sent again.
    pub(super) async fn deliver(&self, shared: &Shared) -> Result<(), PipelineError> {
        if self.prepared.plan.notifications.is_empty() {
            return Ok(());
        }
        let target = self.prepared.plan.output.to_string();
        let mut deliver = Deliver {
            store: self.store,
            client: &self.prepared.api,
            clock: self.clock,
            notifications: &self.prepared.plan.notifications,
            target: &target,
            worker: self.worker,
            until: None,
            stop: self.stop,
        };
        let (mut rest, mut retry) = (Duration::ZERO, FIRST_RETRY);
        while shared.deliver.wait(self.delivery_pace(rest), self.stop).await {
            deliver.until = (self.until == Until::Idle).then(|| Instant::now() + PATIENCE);
            match deliver.run().await {
                Ok(delivered) => {
                    retry = FIRST_RETRY;
                    let next = delivered.next.map(|at| at.since(self.clock.now()));
                    rest = next.unwrap_or(MAX_REST).clamp(MIN_REST, MAX_REST);
                    let appeared = shared.report().add_deliveries(delivered);
                    if self.until == Until::Cancelled {
                        log_faults(&appeared);
                    }
                }
                Err(error) if self.until == Until::Idle => return Err(error.into()),
                Err(error) => {
                    tracing::error!("delivering notifications failed: {error}; retry in {} s", retry.as_secs());
                    (rest, retry) = (retry, next_retry(retry));
                }
            }
        }
        Ok(())
    }

    fn delivery_pace(&self, rest: Duration) -> Pace {
        let max_rest = (self.until == Until::Cancelled).then_some(rest);
        Pace { debounce: Duration::ZERO, max_rest }
    }
}
