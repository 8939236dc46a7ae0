//! Settles visits as they end: stores their entries, the state of their sources and the next due times.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

use super::host_queue::retry_after;
use super::{Ended, FIRST_RETRY, Ingest, MAX_WAIT, Progress, SETTLE_BATCH, Shared, Until, locked};
use crate::config as plan;
use crate::model::{Outcome, SourceId, Time, Visit, authority};
use crate::policy::{Attempt, Verdict};
use crate::store::{SettledVisit, StoreError};

/// The longest time that a visit waits for others to be settled with it. A transaction costs about as much as ten visits do.
const GATHER: Duration = Duration::from_millis(20);

/// Receives visits until there is a full batch, none comes for a moment, or nobody will send one. Returns their number.
async fn receive_batch(visits: &mut mpsc::Receiver<Ended>, ended: &mut Vec<Ended>) -> usize {
    let mut count = visits.recv_many(ended, SETTLE_BATCH).await;
    let until = Instant::now() + GATHER;
    while count > 0 && count < SETTLE_BATCH && !matches!(ended.last(), Some(Ended::AllIdle(_))) {
        match timeout_at(until, visits.recv_many(ended, SETTLE_BATCH - count)).await {
            Ok(more) if more > 0 => count += more,
            _ => break,
        }
    }
    count
}

impl Ingest<'_> {
    /// Settles visits until no more come.
    pub(super) async fn settle_all(&self, shared: &Shared, mut visits: mpsc::Receiver<Ended>) -> Result<(), StoreError> {
        let hosts: HashMap<&SourceId, &str> = self.sources.iter().map(|source| (&source.id, authority(&source.url))).collect();
        let mut ended = Vec::with_capacity(SETTLE_BATCH);
        while receive_batch(&mut visits, &mut ended).await > 0 {
            let mut waiting = Vec::new();
            let (batch, released) = self.judge(shared, &hosts, ended.drain(..), &mut waiting);
            shared.forget(released.iter());
            if !released.is_empty() {
                let release = self.context.store.release_sources(self.context.worker, &released).await;
                self.tolerate(release, "the leases expire by themselves")?;
                if self.until == Until::Idle {
                    locked(&shared.released).extend(released);
                }
            }
            if self.until == Until::Idle {
                // By force they would be visited again.
                let mut released = locked(&shared.released);
                if !released.is_empty() {
                    released.retain(|id| !batch.iter().any(|settled| settled.visit().source == *id));
                }
            }
            if !batch.is_empty() && self.settle(&batch).await? {
                let postponed = self.postpone_hosts(&batch).await;
                self.tolerate(postponed, "sources of hosts that asked to wait may be visited sooner")?;
                self.report_settled(&batch);
            }
            shared.forget(batch.iter().map(|settled| &settled.visit().source));
            for settled in waiting {
                // Whoever asked may have ended meanwhile.
                let _ = settled.send(());
            }
        }
        Ok(())
    }

    /// Returns the visits to settle, and the sources to release because of an outage.
    fn judge(
        &self,
        shared: &Shared,
        hosts: &HashMap<&SourceId, &str>,
        ended: impl Iterator<Item = Ended>,
        waiting: &mut Vec<oneshot::Sender<()>>,
    ) -> (Vec<SettledVisit>, Vec<SourceId>) {
        let (mut batch, mut released) = (Vec::new(), Vec::new());
        for ended in ended {
            let mut outage = locked(&shared.outage);
            let (settled, is_push) = match ended {
                Ended::Visit { visit, is_push } => (visit, is_push),
                Ended::AllIdle(done) => {
                    batch.extend(outage.drain(self.context.clock.now()));
                    waiting.push(done);
                    continue;
                }
            };
            let visit = settled.visit();
            let (source, at, outcome) = (visit.source.clone(), visit.at, visit.outcome.clone());
            let began = Time::from_millis(at.millis() - i64::try_from(visit.duration_ms).unwrap_or(0));
            let was_failing = visit.state.as_ref().is_some_and(|state| state.failures > 1);
            let host = hosts.get(&source).copied().unwrap_or_default();
            let attempt = Attempt { source: &source, host, outcome: &outcome, began, at, was_failing, is_push };
            let Verdict { settle, release, change } = outage.judge(attempt, *settled);
            drop(outage);
            batch.extend(settle);
            released.extend(release);
            if let Some(change) = change {
                (self.listeners.network)(change, at);
            }
        }
        (batch, released)
    }

    /// Settles a batch. In a daemon it retries with back-off while the store fails, and returns false if it is cancelled meanwhile.
    async fn settle(&self, batch: &[SettledVisit]) -> Result<bool, StoreError> {
        let mut retry = FIRST_RETRY;
        loop {
            let Err(error) = self.context.store.settle_visits(self.context.worker, batch).await else { return Ok(true) };
            if self.until == Until::Idle {
                return Err(error);
            }
            tracing::error!("{error}; {} visits wait to be settled; retry in {} s", batch.len(), retry.as_secs());
            tokio::select! {
                // The sources stay due and are fetched again.
                () = self.context.stop.cancelled() => return Ok(false),
                () = sleep(retry) => retry = (retry * 2).min(MAX_WAIT),
            }
        }
    }

    /// Postpones all sources of each host that sent a Retry-After, not only the source that received it.
    async fn postpone_hosts(&self, batch: &[SettledVisit]) -> Result<(), StoreError> {
        for visit in batch {
            let Some(until) = retry_after(visit) else { continue };
            let host = self.sources.iter().find(|source| source.id == visit.visit().source).map(|source| authority(&source.url));
            let is_on_host = |source: &&&plan::Source| Some(authority(&source.url)) == host;
            let neighbours: Vec<SourceId> = self.sources.iter().filter(is_on_host).map(|source| source.id.clone()).collect();
            self.context.store.postpone_sources(&neighbours, until).await?;
        }
        Ok(())
    }

    fn report_settled(&self, batch: &[SettledVisit]) {
        let mut is_news = false;
        for visit in batch.iter().map(SettledVisit::visit) {
            log_visit(visit);
            is_news |= visit.outcome.found().is_some() || visit.state.is_some();
            (self.listeners.progress)(Progress::Visited(visit));
        }
        if is_news {
            (self.listeners.news)();
        }
    }
}

/// Logs the outcome of a visit, and its next due time.
fn log_visit(visit: &Visit) {
    let (source, outcome, duration_ms) = (&visit.source, visit.outcome.name(), visit.duration_ms);
    match &visit.outcome {
        Outcome::Broken { message, .. } | Outcome::Gone { message } | Outcome::Later { message, .. } => {
            tracing::info!(source.id = %source, outcome, duration_ms, "{source}: {message}");
        }
        other => {
            let found = other.found().copied().unwrap_or_default();
            tracing::info!(
                source.id = %source, outcome, duration_ms, entries.new = found.new, entries.changed = found.changed,
                "{source}: {outcome}"
            );
        }
    }
    let due_in_s = visit.due.since(visit.at).as_secs();
    tracing::debug!(source.id = %source, due_in_s, "{source}: next visit scheduled in {due_in_s} s");
}
