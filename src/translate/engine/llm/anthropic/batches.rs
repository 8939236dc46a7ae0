//! The Message Batches API of Anthropic: <https://docs.claude.com/en/docs/build-with-claude/batch-processing>. A batch may have 100,000
//! requests and 256 MB, and ends within 24 hours. What was not answered is not billed.

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::super::super::error::EngineError;
use super::super::super::types::{Batch, BatchProgress, BatchResult, BatchService, CollectedBatch, FoundBatch, SubmittedBatch};
use super::super::batches::{
    answered, batch_format, batch_prompt, checked_id, forgotten, in_order, place_of, read_lines, request_name, unanswered,
};
use super::{Anthropic, AnthropicResponse};
use crate::model::Time;

/// The batches of one page of the list, the newest first. Of the batch of an interrupted run there are hardly more after it.
const LISTED: u32 = 100;

#[derive(Deserialize)]
struct MessageBatch {
    id: String,
    processing_status: String,
    created_at: Option<String>,
    expires_at: Option<String>,
}

#[derive(Deserialize)]
struct MessageBatchList {
    data: Vec<MessageBatch>,
}

#[derive(Deserialize)]
struct ResultLine {
    custom_id: String,
    result: RequestResult,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum RequestResult {
    Succeeded {
        message: AnthropicResponse,
    },
    Errored {
        #[serde(default)]
        error: Value,
    },
    Canceled,
    Expired,
    #[serde(other)]
    Unknown,
}

impl Anthropic {
    fn batches_url(&self, path: &str) -> Url {
        self.http.address("", &format!("/batches{path}"))
    }

    async fn submit_batch(&self, name: &str, requests: &[Batch]) -> Result<SubmittedBatch, EngineError> {
        let format = batch_format(self);
        let request = |(place, request): (usize, &Batch)| json!({"custom_id": request_name(name, place), "params": self.request_body(&batch_prompt(self, request), format)});
        let requests: Vec<Value> = requests.iter().enumerate().map(request).collect();
        let response = self.http.post_json_to(&self.batches_url(""), &self.headers, &json!({ "requests": requests })).await?;
        if response.status != 200 {
            return Err(self.classify(&response).error);
        }
        self.submitted(&self.http.parse(&response)?)
    }

    fn submitted(&self, batch: &MessageBatch) -> Result<SubmittedBatch, EngineError> {
        let id = checked_id(&self.http, &batch.id)?.to_owned();
        Ok(SubmittedBatch { id, expires: batch.expires_at.as_deref().and_then(Time::from_rfc3339) })
    }

    /// Looks for a batch. The vendor takes no name of a batch, only of its requests, and tells these once it has ended.
    async fn find_batch(&self, name: &str, since: Time) -> Result<FoundBatch, EngineError> {
        let mut url = self.batches_url("");
        url.set_query(Some(&format!("limit={LISTED}")));
        let response = self.http.get(&url, &self.headers).await?;
        if response.status != 200 {
            return Err(self.classify(&response).error);
        }
        let list: MessageBatchList = self.http.parse(&response)?;
        let is_later = |batch: &&MessageBatch| {
            batch.created_at.as_deref().and_then(Time::from_rfc3339).is_none_or(|created| created >= since)
        };
        let mut found = FoundBatch::Nowhere;
        for batch in list.data.iter().filter(is_later) {
            if batch.processing_status != "ended" {
                found = FoundBatch::Unclear;
            } else if self.result_lines(&batch.id).await?.is_some_and(|lines| has_request_of(&lines, name)) {
                return Ok(FoundBatch::Here(self.submitted(batch)?));
            }
        }
        Ok(found)
    }

    /// Returns the results of a batch that has ended; nothing if the vendor does not have them any more.
    async fn result_lines(&self, id: &str) -> Result<Option<Vec<ResultLine>>, EngineError> {
        let url = self.batches_url(&format!("/{}/results", checked_id(&self.http, id)?));
        let response = self.http.get(&url, &self.headers).await?;
        match response.status {
            200 => Ok(Some(read_lines(&response.body).collect())),
            404 | 410 => Ok(None),
            _ => Err(self.classify(&response).error),
        }
    }

    async fn collect_batch(&self, batch: CollectedBatch<'_>) -> Result<BatchProgress, EngineError> {
        let url = self.batches_url(&format!("/{}", checked_id(&self.http, batch.id)?));
        let response = self.http.get(&url, &self.headers).await?;
        match response.status {
            200 => {}
            404 | 410 => return Ok(forgotten()),
            _ => return Err(self.classify(&response).error),
        }
        let seen: MessageBatch = self.http.parse(&response)?;
        if seen.processing_status != "ended" {
            return Ok(BatchProgress::Running);
        }
        let Some(lines) = self.result_lines(batch.id).await? else { return Ok(forgotten()) };
        let results = lines.into_iter().filter_map(|line| {
            let request = batch.requests.get(place_of(batch.name, &line.custom_id)?)?;
            Some((line.custom_id, self.batch_result(request, line.result)))
        });
        Ok(BatchProgress::Ended(in_order(batch, results)))
    }

    fn batch_result(&self, request: &Batch, result: RequestResult) -> BatchResult {
        match result {
            RequestResult::Succeeded { message } => answered(self, request, &self.completion(message)),
            RequestResult::Errored { error } => {
                let said = error["error"]["message"].as_str().or(error["message"].as_str()).unwrap_or("no reason given");
                unanswered(format!("it was refused: {}", self.http.quote(said)))
            }
            RequestResult::Canceled => unanswered("it was cancelled"),
            RequestResult::Expired => unanswered("it was not done in time"),
            RequestResult::Unknown => unanswered("its result is of an unknown type"),
        }
    }
}

fn has_request_of(lines: &[ResultLine], name: &str) -> bool {
    lines.iter().any(|line| place_of(name, &line.custom_id).is_some())
}

impl BatchService for Anthropic {
    fn is_wanted(&self) -> bool {
        self.is_batch_wanted
    }

    fn submit<'a>(&'a self, name: &'a str, requests: &'a [Batch]) -> BoxFuture<'a, Result<SubmittedBatch, EngineError>> {
        self.submit_batch(name, requests).boxed()
    }

    fn find<'a>(&'a self, name: &'a str, since: Time) -> BoxFuture<'a, Result<FoundBatch, EngineError>> {
        self.find_batch(name, since).boxed()
    }

    fn collect<'a>(&'a self, batch: CollectedBatch<'a>) -> BoxFuture<'a, Result<BatchProgress, EngineError>> {
        self.collect_batch(batch).boxed()
    }
}
