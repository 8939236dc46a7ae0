//! Waits until this worker may publish an edition, or what all editions of an output have in common, and keeps the lease meanwhile.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::model::Clock;
use crate::store::{Lease, Store};

use super::error::PipelineError;
use super::trigger::sleep_unless_cancelled;

/// The time after which a lease that nobody renews is free.
const LEASE: Duration = Duration::from_secs(60);
const RENEW_EVERY: Duration = Duration::from_secs(15);

/// The time between two attempts to get the lease, and the time after which it is given up.
const RETRY_EVERY: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// The leases of one worker on an output and its parts.
#[derive(Clone, Copy)]
pub(super) struct OutputLeases<'a> {
    pub(super) store: &'a Store,
    pub(super) clock: &'a dyn Clock,
    /// The unique name of the worker.
    pub(super) worker: &'a str,
    /// Ends the waiting.
    pub(super) cancel: &'a CancellationToken,
}

/// The outcome of some work that needs a lease.
pub(super) enum Turn<T> {
    /// It is done.
    Done(T),
    /// Another worker has the lease.
    Busy,
    /// The waiting was cancelled.
    Cancelled,
}

impl OutputLeases<'_> {
    /// Does `work` on a part of an output while no other worker does any. It waits for its turn if `waits`.
    pub(super) async fn hold<T>(
        &self,
        part: &str,
        waits: bool,
        work: impl Future<Output = Result<T, PipelineError>>,
    ) -> Result<Turn<T>, PipelineError> {
        if !self.store.lease_output(part, &self.lease()).await? {
            if !waits {
                return Ok(Turn::Busy);
            }
            if !self.wait_for(part).await? {
                return Ok(Turn::Cancelled);
            }
        }
        let result = tokio::select! {
            biased;
            lost = self.keep(part) => Err(lost),
            result = work => result,
        };
        // If this fails, the lease expires by itself.
        let _ = self.store.release_output(part, self.worker).await;
        result.map(Turn::Done)
    }

    async fn wait_for(&self, part: &str) -> Result<bool, PipelineError> {
        let begun = Instant::now();
        tracing::info!("another worker publishes {part}: waiting for it");
        while !self.store.lease_output(part, &self.lease()).await? {
            if begun.elapsed() > LONGEST_WAIT {
                return Err(PipelineError::OutputBusy { target: part.to_owned(), waited: LONGEST_WAIT });
            }
            if !sleep_unless_cancelled(RETRY_EVERY, self.cancel).await {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Renews the lease. Returns once it is lost.
    async fn keep(&self, part: &str) -> PipelineError {
        loop {
            sleep(RENEW_EVERY).await;
            match self.store.renew_output(part, &self.lease()).await {
                Ok(true) => {}
                Ok(false) => return PipelineError::OutputLost { target: part.to_owned() },
                Err(error) => return error.into(),
            }
        }
    }

    fn lease(&self) -> Lease {
        let now = self.clock.now();
        Lease { worker: self.worker.to_owned(), now, until: now.plus(LEASE) }
    }
}
