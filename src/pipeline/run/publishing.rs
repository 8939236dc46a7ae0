//! The loop of the publish pass, and the writing of `faults.atom`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::model::{SourceId, SourceMeta};
use crate::pipeline::context::Context;
use crate::pipeline::error::PipelineError;
use crate::pipeline::ingest::Until;
use crate::pipeline::output_lease::OutputLeases;
use crate::pipeline::publish::{Publish, Published};

use super::{FIRST_RETRY, Passes, Shared, SharedPages, log_faults, next_retry};

/// The time for which `relais run` waits for translations before it publishes without them.
const TRANSLATION_WAIT: Duration = Duration::from_secs(30);

impl Passes<'_> {
    /// Publishes each time that the pass is requested. Nothing is queued for notifications after that.
    pub(super) async fn publish_to_the_end(
        &self,
        context: Context<'_>,
        pages: &SharedPages<'_>,
        shared: &Shared,
    ) -> Result<(), PipelineError> {
        let published = self.publish(context, pages, shared).await;
        shared.deliver.close();
        published
    }

    async fn publish(&self, context: Context<'_>, pages: &SharedPages<'_>, shared: &Shared) -> Result<(), PipelineError> {
        let mut retry = FIRST_RETRY;
        while shared.publish.wait(self.pace(), &shared.abort).await {
            match self.publish_once(context, pages, shared).await {
                Ok(None) => break,
                Ok(Some(published)) => {
                    retry = FIRST_RETRY;
                    let appeared = shared.report().add_publication(published);
                    if self.until == Until::Cancelled {
                        log_faults(&appeared);
                    }
                    (self.published)();
                    shared.deliver.request();
                }
                Err(error) => {
                    retry = next_retry(retry);
                    self.tolerate(error, "publishing", retry, &shared.publish).await?;
                }
            }
        }
        Ok(())
    }

    /// Publishes what has changed, unless cancelled before other workers have. A daemon writes its feed of faults with it; a run does that when all is known.
    async fn publish_once(
        &self,
        context: Context<'_>,
        pages: &SharedPages<'_>,
        shared: &Shared,
    ) -> Result<Option<Published>, PipelineError> {
        let seen = shared.report().take_source_meta();
        let target = self.prepared.plan.output.to_string();
        let pass = self.publisher(context, (&target, &seen), shared);
        if self.until == Until::Idle {
            return Box::pin(pass.run(&mut *pages.lock().await)).await;
        }
        let published = Box::pin(pass.run(&mut self.pages(context))).await?;
        if published.is_some() {
            self.write_fault_feed(context, shared).await?;
        }
        Ok(published)
    }

    fn publisher<'p>(
        &'p self,
        context: Context<'p>,
        (target, seen): (&'p str, &'p HashMap<SourceId, SourceMeta>),
        shared: &'p Shared,
    ) -> Publish<'p> {
        let plan = &self.prepared.plan;
        Publish {
            store: context.store,
            paged: &self.prepared.paged,
            sink: Arc::clone(&self.prepared.sink),
            target,
            templates: &self.prepared.templates,
            clock: context.clock,
            base_url: plan.base_url.as_deref(),
            plan: &self.prepared.plan_path,
            client: context.client,
            fingerprint: &plan.fingerprint,
            faults: plan.faults,
            keep_ended: plan.keep_ended,
            sources: &plan.sources,
            seen,
            editions: &plan.editions,
            digests: &plan.digests,
            notifications: &plan.notifications,
            only: self.scope.editions.as_ref(),
            leases: OutputLeases { store: context.store, clock: context.clock, worker: self.worker, cancel: &shared.abort },
        }
    }

    /// Writes `faults.atom`, if the plan asks for it.
    pub(super) async fn write_fault_feed(&self, context: Context<'_>, shared: &Shared) -> Result<(), PipelineError> {
        if !self.prepared.plan.faults {
            return Ok(());
        }
        let faults = shared.report().other_faults();
        let target = self.prepared.plan.output.to_string();
        let seen = HashMap::new();
        let publisher = self.publisher(context, (&target, &seen), shared);
        publisher.leases.hold(&target, true, publisher.write_fault_feed(&faults)).await.map(|_| ())
    }

    /// Requests a publish pass when translating takes longer than `TRANSLATION_WAIT`, so that a slow engine delays only its own
    /// entries.
    pub(super) async fn publish_when_late(&self, shared: &Shared) {
        if self.until == Until::Cancelled {
            return;
        }
        tokio::select! {
            () = shared.translated.cancelled() => return,
            () = shared.laid_out.cancelled() => {}
        }
        if timeout(TRANSLATION_WAIT, shared.translated.cancelled()).await.is_err() {
            shared.publish.request();
        }
    }
}
