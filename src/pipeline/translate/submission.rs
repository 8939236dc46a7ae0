//! One batch on its way to a vendor: claims its texts, reserves its price, stores it, submits it.
//!
//! It is stored before it is submitted. If the submission breaks off, it is not known whether the vendor has the batch: it stays out, and
//! is looked for later under its name (`collection`). What a vendor refuses is sent in the ordinary way, or waits for the next run.

use xxhash_rust::xxh3::xxh3_64;

use super::batch::{BatchRun, BatchSegment, SegmentOutcome};
use super::collection::{FIRST_LOOK, SEARCH_AFTER};
use super::engine_handle::{BudgetExhausted, EngineHandle};
use super::reason::UntranslatedReason;
use super::request_context::RequestContext;
use crate::model::{FaultKind, SegmentKey, Usage};
use crate::store::{SentRequest, SentTerm, SentText, StoreError, VendorBatch};
use crate::translate::{Batch, BatchService, Billing, EngineError, LanguagePair, NextStep, Outgoing};

/// The most requests of one batch: so many results are a few megabytes.
pub(super) const MOST_REQUESTS: usize = 100;

/// A request of a batch that is to be submitted.
pub(super) struct QueuedRequest {
    pub(super) pair: LanguagePair,
    pub(super) segments: Vec<BatchSegment>,
}

/// A batch on its way to a vendor.
pub(super) struct SubmissionRun<'a> {
    pub(super) engine: &'a EngineHandle,
    pub(super) context: RequestContext<'a>,
    pub(super) worker: &'a str,
}

/// A request whose texts are claimed.
struct ClaimedRequest<'s> {
    pair: LanguagePair,
    segments: Vec<&'s mut BatchSegment>,
}

impl SubmissionRun<'_> {
    /// Submits as many of the requests as the budget allows, and sets the outcomes of their texts.
    pub(super) async fn run(&self, requests: &mut [QueuedRequest]) -> Result<(), StoreError> {
        let mut claimed = self.claim(requests).await?;
        let (Some(service), Some(first)) = (self.engine.wanted_batches(), claimed.first()) else { return Ok(()) };
        if !self.engine.may_submit(&first.pair, self.context.until()).await {
            return self.give_back(&mut claimed, &SegmentOutcome::Left(UntranslatedReason::EngineUnavailable)).await;
        }
        let reservation = loop {
            let texts = claimed.iter().map(|request| request.segments.len()).sum();
            match self.engine.reserve_batch(self.most_usage(&claimed), texts, self.context).await? {
                Ok(reservation) => break reservation,
                Err(BudgetExhausted) if claimed.len() > 1 => {
                    // The more urgent half goes first; the other one may find a rest of the budget.
                    let mut rest = claimed.split_off(claimed.len() / 2);
                    self.give_back(&mut rest, &SegmentOutcome::AskAgain).await?;
                }
                Err(BudgetExhausted) => {
                    self.engine.stop_for_budget();
                    return self.give_back(&mut claimed, &SegmentOutcome::Unavailable(UntranslatedReason::Budget)).await;
                }
            }
        };
        let now = self.context.clock.now();
        let batch = VendorBatch {
            name: self.name(&claimed),
            engine: self.engine.id.clone(),
            vendor_id: None,
            submitted: now,
            expires: None,
            requests: claimed.iter().map(sent_request).collect(),
            reservation,
        };
        self.context.store.open_vendor_batch(&batch, self.worker, now.plus(SEARCH_AFTER)).await?;
        self.submit(service, &batch, &mut claimed).await
    }

    /// Claims the texts of all requests. Requests of which no text is left are left out.
    async fn claim<'s>(&self, requests: &'s mut [QueuedRequest]) -> Result<Vec<ClaimedRequest<'s>>, StoreError> {
        let mut claimed = Vec::with_capacity(requests.len());
        for QueuedRequest { pair, segments } in requests {
            let run = BatchRun { engine: self.engine, pair, context: self.context, worker: self.worker };
            let segments = run.claim(segments).await?;
            if !segments.is_empty() {
                claimed.push(ClaimedRequest { pair: pair.clone(), segments });
            }
        }
        Ok(claimed)
    }

    fn most_usage(&self, requests: &[ClaimedRequest<'_>]) -> Usage {
        let most = |request: &ClaimedRequest<'_>| {
            self.engine.most_usage(request.segments.iter().map(|segment| &segment.job.outgoing), &request.pair)
        };
        requests.iter().map(most).fold(Usage::default(), |sum, most| sum + most)
    }

    /// Returns a name that no other batch has.
    fn name(&self, requests: &[ClaimedRequest<'_>]) -> String {
        let first = requests.first().and_then(|request| request.segments.first()).map(|segment| segment.key.to_string());
        let (now, id) = (self.context.clock.now().millis(), std::process::id());
        let parts = format!("{} {id} {now} {} {}", self.worker, self.engine.id, first.unwrap_or_default());
        format!("relais-{:016x}", xxh3_64(parts.as_bytes()))
    }

    async fn submit(
        &self,
        service: &dyn BatchService,
        batch: &VendorBatch,
        requests: &mut [ClaimedRequest<'_>],
    ) -> Result<(), StoreError> {
        let sent: Vec<Batch> = requests.iter().map(batch_of).collect();
        let outcome = match service.submit(&batch.name, &sent).await {
            Ok(submitted) => {
                let look_at = batch.submitted.plus(FIRST_LOOK);
                for request in requests.iter() {
                    self.engine.record_submitted(&request.pair, request.segments.len() as u64);
                }
                self.context.store.confirm_vendor_batch(&batch.name, &submitted.id, submitted.expires, look_at).await?;
                tracing::info!(
                    engine.id = %self.engine.id, requests = sent.len(), segments = batch.texts(),
                    "submitted the batch {} as {}", batch.name, submitted.id
                );
                SegmentOutcome::InBatch
            }
            Err(error) if is_in_doubt(&error) => {
                tracing::warn!(
                    engine.id = %self.engine.id,
                    "the submission of the batch {} broke off, and it is looked for later: {error}", batch.name
                );
                SegmentOutcome::InBatch
            }
            Err(error) => {
                self.engine.drop_batch(batch, self.context).await?;
                self.refused(batch, &requests[0].pair, &error)
            }
        };
        set_outcome(requests, &outcome);
        Ok(())
    }

    /// Returns what becomes of the texts of a batch that the vendor has refused, and has it told.
    fn refused(&self, batch: &VendorBatch, pair: &LanguagePair, error: &EngineError) -> SegmentOutcome {
        match (error, error.next_step()) {
            (EngineError::Misconfigured { .. }, _) | (_, NextStep::Split | NextStep::Isolate) => {
                let message = format!("a batch was refused, and its {} texts are sent at the full price: {error}", batch.texts());
                self.engine.tell_of_batch(FaultKind::Misconfigured, message);
                SegmentOutcome::SendSingly
            }
            (_, NextStep::Retry { .. }) => {
                self.engine.record_batch_failure(pair, batch.texts(), error, self.context);
                SegmentOutcome::Left(UntranslatedReason::EngineUnavailable)
            }
            (_, NextStep::Stop(_)) => {
                self.engine.record_batch_failure(pair, batch.texts(), error, self.context);
                SegmentOutcome::Unavailable(UntranslatedReason::EngineUnavailable)
            }
        }
    }

    /// Releases claimed texts, and sets their outcome.
    async fn give_back(&self, requests: &mut [ClaimedRequest<'_>], outcome: &SegmentOutcome) -> Result<(), StoreError> {
        let keys: Vec<SegmentKey> = requests.iter().flat_map(|request| &request.segments).map(|segment| segment.key).collect();
        self.context.store.release_segments(&keys, self.worker).await?;
        set_outcome(requests, outcome);
        Ok(())
    }
}

fn set_outcome(requests: &mut [ClaimedRequest<'_>], outcome: &SegmentOutcome) {
    for segment in requests.iter_mut().flat_map(|request| &mut request.segments) {
        segment.outcome = outcome.clone();
    }
}

/// Returns true if the vendor may have taken a batch all the same.
fn is_in_doubt(error: &EngineError) -> bool {
    matches!(error, EngineError::Transient { billing: Billing::Unknown, .. } | EngineError::BadAnswer { used: None, .. })
}

fn batch_of(request: &ClaimedRequest<'_>) -> Batch {
    let texts = request.segments.iter().map(|segment| segment.job.outgoing.clone()).collect();
    Batch { from: request.pair.from.clone(), to: request.pair.to.clone(), texts, is_patient: true }
}

fn sent_request(request: &ClaimedRequest<'_>) -> SentRequest {
    let text = |segment: &&mut BatchSegment| {
        let Outgoing { text, terms, .. } = &segment.job.outgoing;
        let terms =
            terms.iter().map(|term| SentTerm { mark: term.mark, source: term.source.clone(), target: term.target.clone() });
        SentText { key: segment.key.to_string(), text: text.to_tagged(), terms: terms.collect() }
    };
    SentRequest {
        from: request.pair.from.clone(),
        to: request.pair.to.clone(),
        texts: request.segments.iter().map(text).collect(),
    }
}
