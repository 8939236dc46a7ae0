//! Collects the batches that vendors have worked on: settles what they have cost, and keeps their answers. The scheduler takes these as if
//! they had just come, so that they get the checks of all answers (`scheduler/batched.rs`).

use std::time::Duration;

use super::Translate;
use super::engine_handle::{BatchHarvest, EngineHandle};
use super::request_context::RequestContext;
use crate::model::{FaultKind, Marked, SegmentKey, SegmentKind, Time, Usage};
use crate::store::{SentRequest, SentText, StoreError, VendorBatch};
use crate::translate::{
    Batch, BatchProgress, BatchResult, BatchService, Billing, CollectedBatch, EngineError, FoundBatch, LanguagePair, Outgoing,
    Reply, SegmentContext, SubmittedBatch, Term,
};

/// The time after which a new batch is looked at.
pub(super) const FIRST_LOOK: Duration = Duration::from_mins(1);

/// The longest time between two looks.
const LONGEST_REST: Duration = Duration::from_mins(10);

/// The time after which a vendor shows a batch in its list, so that one that is not there was never submitted.
pub(super) const SEARCH_AFTER: Duration = Duration::from_mins(10);

/// The time by which clocks may differ.
const SKEW: Duration = Duration::from_hours(1);

/// The time for which no other worker looks at a batch that one looks at: three requests at the longest time-out.
const LEASE: Duration = Duration::from_mins(30);

/// The time within which vendors end batches, if they do not say.
const WINDOW: Duration = Duration::from_hours(24);

/// The time after that, after which a batch is given up.
const PATIENCE: Duration = Duration::from_hours(6);

/// A batch whose vendor is asked about it.
struct Collection<'a> {
    engine: &'a EngineHandle,
    service: &'a dyn BatchService,
    context: RequestContext<'a>,
    batch: VendorBatch,
}

impl Translate<'_> {
    /// Looks at the batches that are due, and collects those that have ended. Returns true if there was one to look at.
    pub(in crate::pipeline) async fn collect_batches(&self) -> Result<bool, StoreError> {
        let with_service = || self.engines.iter().filter_map(|engine| Some((engine, engine.engine.batches()?)));
        let ids: Vec<&str> = with_service().map(|(engine, _)| engine.id.as_str()).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        let (now, context) = (self.clock.now(), self.context());
        let due = if self.force { Time::from_millis(i64::MAX) } else { now };
        let batches = self.store.lease_vendor_batches(&ids, (now, now.plus(LEASE)), due).await?;
        let any = !batches.is_empty();
        for batch in batches {
            if let Some((engine, service)) = with_service().find(|(engine, _)| engine.id == batch.engine) {
                Collection { engine, service, context, batch }.look().await?;
            }
        }
        Ok(any)
    }
}

impl Collection<'_> {
    async fn look(mut self) -> Result<(), StoreError> {
        if self.batch.vendor_id.is_none() && !self.search().await? {
            return Ok(());
        }
        let Some(id) = self.batch.vendor_id.clone() else { return Ok(()) };
        let requests: Vec<Batch> = self.batch.requests.iter().map(request_of).collect();
        let collected = CollectedBatch { name: &self.batch.name, id: &id, requests: &requests };
        match self.service.collect(collected).await {
            Ok(BatchProgress::Running) if self.is_overdue() => self.lose("the vendor does not end it", Billing::Unknown).await,
            Ok(BatchProgress::Running) => self.postpone(None).await,
            Ok(BatchProgress::Lost { why, billing }) => self.lose(&why, billing).await,
            Ok(BatchProgress::Ended(results)) => self.settle(results).await,
            Err(error) => self.fail(&error).await,
        }
    }

    /// Looks for a batch whose submission broke off. Returns true if the vendor has it.
    async fn search(&mut self) -> Result<bool, StoreError> {
        let since = self.batch.submitted;
        if self.now().since(since) < SEARCH_AFTER {
            self.context.store.postpone_vendor_batch(&self.batch.name, since.plus(SEARCH_AFTER)).await?;
            return Ok(false);
        }
        match self.service.find(&self.batch.name, since.minus(SKEW)).await {
            Ok(FoundBatch::Here(SubmittedBatch { id, expires })) => {
                let look_at = self.now().plus(FIRST_LOOK);
                self.context.store.confirm_vendor_batch(&self.batch.name, &id, expires, look_at).await?;
                (self.batch.vendor_id, self.batch.expires) = (Some(id), expires);
                return Ok(true);
            }
            Ok(FoundBatch::Nowhere) => {
                tracing::warn!(engine.id = %self.engine.id, "the batch {} never came to the vendor", self.batch.name);
                self.engine.drop_batch(&self.batch, self.context).await?;
            }
            Ok(FoundBatch::Unclear) if self.is_overdue() => self.lose("it cannot be found", Billing::Unknown).await?,
            Ok(FoundBatch::Unclear) => self.postpone(None).await?,
            Err(error) => self.fail(&error).await?,
        }
        Ok(false)
    }

    /// Keeps the answers of a batch that has ended, settles it, and tells what was not answered.
    async fn settle(&self, results: Vec<BatchResult>) -> Result<(), StoreError> {
        let mut harvest = BatchHarvest { answers: Vec::new(), texts: 0, used: Usage::default() };
        let (mut failed, mut reason) = (0, None);
        for (request, result) in self.batch.requests.iter().zip(results) {
            match result {
                BatchResult::Answered(Reply { texts, used }) => {
                    harvest.used += used;
                    harvest.texts += request.texts.len() as u64;
                    let answers = request.texts.iter().zip(texts);
                    harvest.answers.extend(answers.filter_map(|(sent, text)| Some((key_of(sent)?, text.ok()?.to_tagged()))));
                }
                BatchResult::Failed { why, used } => {
                    harvest.used += used;
                    harvest.texts += if used == Usage::default() { 0 } else { request.texts.len() as u64 };
                    failed += request.texts.len();
                    reason = reason.or(Some(why));
                }
            }
        }
        tracing::info!(
            engine.id = %self.engine.id, segments = harvest.answers.len(), failed,
            "collected the batch {}", self.batch.name
        );
        if let Some(why) = reason {
            let of = self.batch.texts();
            self.tell(format!("{failed} of {of} texts of a batch were not translated, and are sent at the full price: {why}"));
        }
        self.engine.close_batch(&self.batch, harvest, self.context).await
    }

    /// Gives a batch up: its texts are asked for in the ordinary way.
    async fn lose(&self, why: &str, billing: Billing) -> Result<(), StoreError> {
        let texts = self.batch.texts();
        self.tell(format!("a batch with {texts} texts is lost, and they are sent at the full price: {why}"));
        let used = match billing {
            Billing::Free => Usage::default(),
            Billing::Unknown => self.most_usage(),
        };
        let worked_on = if billing == Billing::Free { 0 } else { texts as u64 };
        self.engine.close_batch(&self.batch, BatchHarvest { answers: Vec::new(), texts: worked_on, used }, self.context).await
    }

    /// Leaves a batch about which a request failed to a later run, unless that has been going on for too long.
    async fn fail(&self, error: &EngineError) -> Result<(), StoreError> {
        let is_unreadable = matches!(error, EngineError::BadAnswer { .. } | EngineError::TooLarge { .. });
        if is_unreadable && self.is_overdue() {
            return self.lose(&error.to_string(), Billing::Unknown).await;
        }
        if is_unreadable {
            self.tell(format!("the results of a batch cannot be read, and are asked for again: {error}"));
        } else if let Some(request) = self.batch.requests.first() {
            let pair = LanguagePair { from: request.from.clone(), to: request.to.clone() };
            self.engine.record_batch_failure(&pair, self.batch.texts(), error, self.context);
        }
        self.postpone(error.retry_after()).await
    }

    async fn postpone(&self, wanted: Option<Duration>) -> Result<(), StoreError> {
        let age = self.now().since(self.batch.submitted);
        let rest = wanted.unwrap_or((age / 8).clamp(FIRST_LOOK, LONGEST_REST));
        self.context.store.postpone_vendor_batch(&self.batch.name, self.now().plus(rest)).await
    }

    fn tell(&self, message: String) {
        self.engine.tell_of_batch(FaultKind::Engine, message);
    }

    /// Returns true if the vendor should have ended the batch long ago.
    fn is_overdue(&self) -> bool {
        let end = self.batch.expires.unwrap_or_else(|| self.batch.submitted.plus(WINDOW));
        self.now() > end.plus(PATIENCE)
    }

    fn most_usage(&self) -> Usage {
        let requests = self.batch.requests.iter().map(request_of);
        let most = |request: Batch| self.engine.most_usage(&request.texts, &request.pair());
        requests.map(most).fold(Usage::default(), |sum, most| sum + most)
    }

    fn now(&self) -> Time {
        self.context.clock.now()
    }
}

fn key_of(sent: &SentText) -> Option<SegmentKey> {
    SegmentKey::parse(&sent.key)
}

/// Returns a request as it was submitted, without the context of its texts.
fn request_of(request: &SentRequest) -> Batch {
    let text = |sent: &SentText| Outgoing {
        text: Marked::from_tagged(&sent.text).unwrap_or_default(),
        terms: sent
            .terms
            .iter()
            .map(|term| Term { mark: term.mark, source: term.source.clone(), target: term.target.clone(), is_held: false })
            .collect(),
        kind: SegmentKind::Paragraph,
        context: SegmentContext::default(),
    };
    let texts = request.texts.iter().map(text).collect();
    Batch { from: request.from.clone(), to: request.to.clone(), texts, is_patient: true }
}
