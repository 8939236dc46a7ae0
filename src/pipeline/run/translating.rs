//! The loop of the translate pass.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Edition;
use crate::model::{Fault, FaultKind};
use crate::pipeline::context::Context;
use crate::pipeline::error::PipelineError;
use crate::pipeline::ingest::Until;
use crate::pipeline::translate::{EngineHandle, RenditionRequest, Translate, Translated, Tried, tried};
use crate::pipeline::trigger::sleep_unless_cancelled;

use super::{FIRST_RETRY, Passes, Shared, SharedPages, log_faults, next_retry};

/// The time limit of one translate pass. In `relais run` the rest waits for the next run; in a daemon the next pass begins again
/// with the newest entries.
pub(in crate::pipeline) const TIME_UNTIL_IDLE: Duration = Duration::from_secs(600);
const TIME_UNTIL_CANCELLED: Duration = Duration::from_secs(60);

impl Passes<'_> {
    /// Translates each time that the pass is requested, and retries failing engines.
    pub(super) async fn translate(
        &self,
        context: Context<'_>,
        pages: &SharedPages<'_>,
        shared: &Shared,
    ) -> Result<(), PipelineError> {
        let result = self.translate_until_done(context, pages, shared).await;
        shared.publish.close();
        shared.translated.cancel();
        result
    }

    async fn translate_until_done(
        &self,
        context: Context<'_>,
        pages: &SharedPages<'_>,
        shared: &Shared,
    ) -> Result<(), PipelineError> {
        let (mut retry, mut renditions) = (FIRST_RETRY, 0);
        while shared.translate.wait(self.pace(), &shared.abort).await {
            match self.translate_once(context, pages, shared).await {
                Ok(translated) => {
                    renditions += translated.renditions;
                    if self.until == Until::Cancelled {
                        let is_stuck = !translated.faults.is_empty() && translated.renditions == 0;
                        retry = if is_stuck { next_retry(retry) } else { FIRST_RETRY };
                    }
                    if !self.after_translating(shared, translated, retry).await {
                        break;
                    }
                }
                Err(error) => {
                    retry = next_retry(retry);
                    self.tolerate(error, "translating", retry, &shared.translate).await?;
                }
            }
        }
        if renditions > 0 || !shared.publish.was_requested() {
            shared.publish.request();
        }
        Ok(())
    }

    /// Reports a translate pass, and requests the passes that follow from it. Returns false if it is cancelled meanwhile.
    async fn after_translating(&self, shared: &Shared, translated: Translated, retry: Duration) -> bool {
        let (is_late, renditions, has_faults) = (translated.is_late, translated.renditions, !translated.faults.is_empty());
        (self.engines)(translated.faults.iter().find(|fault| is_failure(fault)));
        let appeared = shared.report().add_translation(translated);
        if self.until == Until::Idle {
            return true;
        }
        log_faults(&appeared);
        if renditions > 0 {
            shared.publish.request();
        }
        if has_faults && !sleep_unless_cancelled(retry, self.stop).await {
            return false;
        }
        if is_late {
            shared.translate.request();
        }
        true
    }

    async fn translate_once(
        &self,
        context: Context<'_>,
        pages: &SharedPages<'_>,
        shared: &Shared,
    ) -> Result<Translated, PipelineError> {
        let (prepared, until) = (self.prepared, self.until);
        let engines: Vec<EngineHandle> = prepared.engines.iter().map(EngineHandle::renewed).collect();
        // Without an engine, what people have corrected is published all the same.
        let wants_translations = |edition: &Edition| !edition.engines.is_empty() && !edition.langs.is_empty();
        if engines.is_empty() && !prepared.plan.editions.iter().any(wants_translations) {
            return Ok(Translated { faults: prepared.engine_faults.clone(), ..Translated::default() });
        }
        let translate = Translate {
            store: context.store,
            clock: context.clock,
            worker: context.worker,
            paged: &prepared.paged,
            engines: &engines,
            glossary: &prepared.glossary,
            plan: &prepared.plan_path,
            fingerprint: &prepared.plan.fingerprint,
            editions: &prepared.plan.editions,
            only: self.scope.editions.as_ref(),
            force: self.scope.force,
            time: if until == Until::Idle { TIME_UNTIL_IDLE } else { TIME_UNTIL_CANCELLED },
            stop: Some(self.stop),
        };
        let has_batches = translate.collect_batches().await?;
        let requests = self.find_missing(context, &translate, pages, &Tried::default()).await?;
        shared.laid_out.cancel();
        let is_idle = requests.is_empty() && !has_batches;
        let mut translated =
            if is_idle { translate.idle().await? } else { self.translate_requests(context, &translate, pages, requests).await? };
        translated.faults.splice(0..0, prepared.engine_faults.iter().cloned());
        Ok(translated)
    }
}

impl Passes<'_> {
    /// Translates what is missing, and then other entries in the place of those that could not be translated.
    async fn translate_requests(
        &self,
        context: Context<'_>,
        translate: &Translate<'_>,
        pages: &SharedPages<'_>,
        requests: Vec<RenditionRequest>,
    ) -> Result<Translated, PipelineError> {
        let (states, until, mut done) = (translate.begin().await?, Instant::now() + translate.time, Translated::default());
        let tried = tried(&requests);
        translate.translate_all(requests, until, &mut done).await?;
        if translate.has_stand_ins(until) {
            let stand_ins = self.find_missing(context, translate, pages, &tried).await?;
            translate.translate_all(stand_ins, until, &mut done).await?;
        }
        translate.end(&states, done).await
    }

    async fn find_missing(
        &self,
        context: Context<'_>,
        translate: &Translate<'_>,
        pages: &SharedPages<'_>,
        tried: &Tried,
    ) -> Result<Vec<RenditionRequest>, PipelineError> {
        match self.until {
            Until::Idle => translate.find_missing(&mut *pages.lock().await, tried).await,
            Until::Cancelled => translate.find_missing(&mut self.pages(context), tried).await,
        }
    }
}

/// Returns true if an engine does not translate, other than for a budget or a pair of languages.
fn is_failure(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Engine | FaultKind::Unauthorized | FaultKind::Misconfigured)
}
