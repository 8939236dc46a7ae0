//! The queue of one host: visits its sources in due order, `per_host` at a time. Each host has its own queue, so that a slow one
//! delays only itself; the client limits the total.

use std::cell::Cell;
use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use futures::stream::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::Instrument;

use super::{Ended, Ingest, Shared, Until, Visitor, locked};
use crate::config as plan;
use crate::model::{Outcome, SourceId, Time, authority};
use crate::store::{LeasedSource, SettledVisit, StoreError};

/// The time for which the `Crawl-delay` of one host may delay a run.
const MAX_QUEUE_TIME: Duration = Duration::from_secs(30);

/// The leased sources of one host.
pub(super) struct HostQueue<'p> {
    /// The host, as written in the addresses. A host with two spellings has two queues; the client still applies one rate limit.
    pub(super) host: &'p str,
    /// True if the plan has several sources on this host.
    pub(super) is_shared: bool,
    /// True if the visit probes whether an outage is over.
    pub(super) is_probe: bool,
    pub(super) sources: Vec<(&'p plan::Source, LeasedSource)>,
}

/// Leased sources grouped by host, in the order in which they were leased.
pub(in crate::pipeline) type Hosts<'p> = Vec<(&'p str, Vec<(&'p plan::Source, LeasedSource)>)>;

/// Groups sources by host.
pub(in crate::pipeline) fn by_host<'p>(leased: Vec<LeasedSource>, sources: &HashMap<&SourceId, &'p plan::Source>) -> Hosts<'p> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut hosts: Hosts<'p> = Vec::new();
    for leased in leased {
        let Some(source) = sources.get(&leased.source) else { continue };
        let host = authority(&source.url);
        let place = *places.entry(host).or_insert_with(|| {
            hosts.push((host, Vec::new()));
            hosts.len() - 1
        });
        hosts[place].1.push((source, leased));
    }
    hosts
}

/// Visits the sources of one host, `per_host` at a time, until `visit` fails.
///
/// `visit` passes on its result itself. If the loop here did, the other visits would not be polled meanwhile.
pub(in crate::pipeline) async fn visit_in_turn<'p, F, E>(
    sources: Vec<(&'p plan::Source, LeasedSource)>,
    per_host: usize,
    visit: impl Fn(&'p plan::Source, LeasedSource) -> F,
) -> Result<(), E>
where
    F: Future<Output = Result<(), E>>,
{
    let mut visits =
        futures::stream::iter(sources).map(|(source, leased)| Box::pin(visit(source, leased))).buffer_unordered(per_host);
    while let Some(visited) = visits.next().await {
        visited?;
    }
    Ok(())
}

/// The reason for releasing a source without a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skip {
    /// The pass was cancelled.
    Cancelled,
    /// There is an outage.
    Outage,
    /// The deadline has passed.
    Deadline,
    /// Another source of the host received a Retry-After, which applies to the whole host.
    HostAskedToWait,
    /// The `Crawl-delay` of the host is too long for this run: the source waits for the next one, so that it delays no other.
    LongInterval,
}

impl Ingest<'_> {
    /// Visits the sources of one host. Those that are skipped are released, and stay due.
    pub(super) async fn visit_queue(
        &self,
        shared: &Shared,
        queue: HostQueue<'_>,
        send: mpsc::Sender<Ended>,
    ) -> Result<(), StoreError> {
        let context = self.context;
        let started = Instant::now();
        let interval = self.host_interval(&queue).await?;
        let is_long = || !interval.is_zero() && started.elapsed() + interval > MAX_QUEUE_TIME && self.until == Until::Idle;
        let visitor = Visitor::new(context, self.force);
        let (is_first, wait_until, skipped) = (Cell::new(true), Cell::new(None), std::cell::RefCell::new(Vec::new()));
        let (visitor, send, is_probe, host) = (&visitor, &send, queue.is_probe, queue.host);
        let (is_first, wait_until, skipped, is_long) = (&is_first, &wait_until, &skipped, &is_long);
        visit_in_turn(queue.sources, self.per_host, |source, leased| async move {
            if let Some(skip) = self.skip(shared, is_probe, wait_until.get(), !is_first.replace(false) && is_long()) {
                tracing::debug!(source.id = %source.id, ?skip, "the lease is released without a visit");
                self.record_skip(shared, skip, &source.id);
                skipped.borrow_mut().push(source.id.clone());
                return Ok(());
            }
            let span = tracing::info_span!("visit", source.id = %source.id, url.host = host);
            match visitor.visit(source, leased).instrument(span).await {
                Ok(visit) => {
                    wait_until.set(retry_after(&visit).or(wait_until.get()));
                    // If the store has failed, the receiver is gone, and the error of the store is returned.
                    let _ = send.send(Ended::Visit { visit: Box::new(visit), is_push: false }).await;
                }
                Err(error) => {
                    self.tolerate(Err::<(), _>(error), "the source is visited again once the store is back")?;
                    skipped.borrow_mut().push(source.id.clone());
                }
            }
            Ok(())
        })
        .await?;
        let skipped = skipped.take();
        if !skipped.is_empty() {
            shared.forget(skipped.iter());
            let released = context.store.release_sources(context.worker, &skipped).await;
            self.tolerate(released, "the leases expire by themselves")?;
        }
        Ok(())
    }

    /// Returns the `Crawl-delay` of a host with several sources, else zero.
    async fn host_interval(&self, queue: &HostQueue<'_>) -> Result<Duration, StoreError> {
        let Some((first, _)) = queue.sources.first().filter(|_| queue.is_shared) else { return Ok(Duration::ZERO) };
        let robots = self.context.robots.get(&first.url).await.map(|robots| Some(robots.delay()));
        let delay = self.tolerate(robots, "the Crawl-delay of the host is not applied")?;
        Ok(delay.unwrap_or_default())
    }

    fn record_skip(&self, shared: &Shared, skip: Skip, source: &SourceId) {
        match skip {
            Skip::Outage if self.until == Until::Idle => locked(&shared.released).push(source.clone()),
            Skip::Deadline => *locked(&shared.past_deadline) += 1,
            Skip::Outage | Skip::Cancelled | Skip::HostAskedToWait | Skip::LongInterval => {}
        }
    }

    /// Returns the reason for skipping the next source of a queue, if there is one.
    fn skip(&self, shared: &Shared, is_probe: bool, wait_until: Option<Time>, is_long: bool) -> Option<Skip> {
        let now = self.context.clock.now();
        if self.context.stop.is_cancelled() {
            Some(Skip::Cancelled)
        } else if !is_probe && locked(&shared.outage).since().is_some() {
            Some(Skip::Outage)
        } else if self.deadline.is_some_and(|deadline| now >= deadline) {
            Some(Skip::Deadline)
        } else if wait_until.is_some_and(|until| now < until) {
            Some(Skip::HostAskedToWait)
        } else if is_long {
            Some(Skip::LongInterval)
        } else {
            None
        }
    }
}

/// Returns the time that the host of a visit named in a Retry-After.
pub(super) fn retry_after(visit: &SettledVisit) -> Option<Time> {
    if let Outcome::Later { until, .. } = visit.visit().outcome { Some(until) } else { None }
}
