//! One worker at a time publishes an output. Workers that share a database agree by a lease, which is renewed while its holder lives and
//! taken over when it dies.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::pipeline::error::PipelineError;
use crate::pipeline::trigger::sleep_unless_cancelled;
use crate::store::Lease;

use super::Passes;

/// The time after which a lease that nobody renews is free.
const LEASE: Duration = Duration::from_secs(60);
const RENEW_EVERY: Duration = Duration::from_secs(15);

/// The time between two attempts to get the lease, and the time after which it is given up.
const RETRY_EVERY: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_mins(10);

impl Passes<'_> {
    /// Does `work` on an output while no other worker does any. Returns nothing if it is cancelled before its turn comes.
    pub(super) async fn with_output<T>(
        &self,
        target: &str,
        cancel: &CancellationToken,
        work: impl Future<Output = Result<T, PipelineError>>,
    ) -> Result<Option<T>, PipelineError> {
        if !self.wait_for_output(target, cancel).await? {
            return Ok(None);
        }
        let result = tokio::select! {
            biased;
            lost = self.keep_output(target) => Err(lost),
            result = work => result,
        };
        // If this fails, the lease expires by itself.
        let _ = self.store.release_output(target, self.worker).await;
        result.map(Some)
    }

    async fn wait_for_output(&self, target: &str, cancel: &CancellationToken) -> Result<bool, PipelineError> {
        let begun = Instant::now();
        let mut is_told = false;
        while !self.store.lease_output(target, &self.output_lease()).await? {
            if !is_told {
                tracing::info!("another worker publishes to {target}: waiting for it");
                is_told = true;
            }
            if begun.elapsed() > LONGEST_WAIT {
                return Err(PipelineError::OutputBusy { target: target.to_owned(), waited: LONGEST_WAIT });
            }
            if !sleep_unless_cancelled(RETRY_EVERY, cancel).await {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Renews the lease. Returns once it is lost.
    async fn keep_output(&self, target: &str) -> PipelineError {
        loop {
            sleep(RENEW_EVERY).await;
            match self.store.renew_output(target, &self.output_lease()).await {
                Ok(true) => {}
                Ok(false) => return PipelineError::OutputLost { target: target.to_owned() },
                Err(error) => return error.into(),
            }
        }
    }

    fn output_lease(&self) -> Lease {
        let now = self.clock.now();
        Lease { worker: self.worker.to_owned(), now, until: now.plus(LEASE) }
    }
}
