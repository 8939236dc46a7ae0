//! The Batch API of `OpenAI`: <https://developers.openai.com/api/docs/guides/batch>. Requests are uploaded as a file of up to 50,000 lines
//! and 200 MB; answers come in one file within 24 hours, errors in another. What was answered is billed, also of a batch that expires.

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::super::super::error::{Billing, EngineError};
use super::super::super::types::{Batch, BatchProgress, BatchResult, BatchService, CollectedBatch, FoundBatch, SubmittedBatch};
use super::super::batches::{
    answered, batch_format, batch_prompt, checked_id, forgotten, garbled, in_order, place_of, read_lines, request_name,
    unanswered,
};
use super::{Openai, OpenaiResponse};
use crate::model::{Time, Usage};
use crate::net::{ApiFile, ApiResponse};

/// The endpoint as the vendor names it in batches, whatever the address of the server.
const ENDPOINT: &str = "/v1/chat/completions";

/// The key of our name in the metadata of a batch.
const NAME: &str = "relais";

/// The pages of the list of batches that are read, and the batches of one: the most that the vendor gives.
const PAGES: usize = 10;
const LISTED: usize = 100;

#[derive(Deserialize)]
struct UploadedFile {
    id: String,
}

#[derive(Deserialize)]
struct OpenaiBatch {
    id: String,
    status: String,
    /// In seconds of the Unix epoch, as all times of this API.
    created_at: Option<i64>,
    expires_at: Option<i64>,
    output_file_id: Option<String>,
    error_file_id: Option<String>,
    #[serde(default)]
    errors: Value,
    #[serde(default)]
    metadata: Value,
}

#[derive(Deserialize)]
struct OpenaiBatchList {
    data: Vec<OpenaiBatch>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct ResultLine {
    custom_id: String,
    response: Option<LineResponse>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct LineResponse {
    status_code: u16,
    #[serde(default)]
    body: Value,
}

impl Openai {
    fn service_url(&self, path: &str) -> Url {
        self.http.address("/chat/completions", path)
    }

    async fn submit_batch(&self, name: &str, requests: &[Batch]) -> Result<SubmittedBatch, EngineError> {
        let file = self.upload(name, requests).await?;
        let body = json!({
            "input_file_id": file,
            "endpoint": ENDPOINT,
            "completion_window": "24h",
            "metadata": { NAME: name },
        });
        let response = self.http.post_json_to(&self.service_url("/batches"), &self.headers, &body).await?;
        if response.status != 200 {
            return Err(self.refused(&response));
        }
        self.submitted(&self.http.parse(&response)?)
    }

    /// Uploads the requests. As long as there is no batch of a file, nothing is done with it, and nothing billed.
    async fn upload(&self, name: &str, requests: &[Batch]) -> Result<String, EngineError> {
        let format = batch_format(self);
        let mut lines = Vec::new();
        for (place, request) in requests.iter().enumerate() {
            let body = self.request_body(&batch_prompt(self, request), format);
            let line = json!({"custom_id": request_name(name, place), "method": "POST", "url": ENDPOINT, "body": body});
            lines.extend(line.to_string().into_bytes());
            lines.push(b'\n');
        }
        let file = ApiFile { name: format!("{name}.jsonl"), purpose: "batch", lines };
        let response = self.http.post_file_to(&self.service_url("/files"), &self.headers, file).await.map_err(not_billed)?;
        if response.status != 200 {
            return Err(not_billed(self.refused(&response)));
        }
        let file: UploadedFile = self.http.parse(&response).map_err(not_billed)?;
        Ok(checked_id(&self.http, &file.id).map_err(not_billed)?.to_owned())
    }

    /// Classifies a refusal. Many servers of the protocol have no batch service: they do not know the address.
    fn refused(&self, response: &ApiResponse) -> EngineError {
        match response.status {
            404 | 405 | 501 => self.http.misconfigured(
                &self.http.describe(response.status, ""),
                "the server seems to have no batch service, see `service_tier`",
            ),
            _ => self.classify(response).error,
        }
    }

    fn submitted(&self, batch: &OpenaiBatch) -> Result<SubmittedBatch, EngineError> {
        Ok(SubmittedBatch { id: checked_id(&self.http, &batch.id)?.to_owned(), expires: batch.expires_at.and_then(from_seconds) })
    }

    async fn find_batch(&self, name: &str, since: Time) -> Result<FoundBatch, EngineError> {
        let mut after = String::new();
        for _ in 0..PAGES {
            let mut url = self.service_url("/batches");
            url.set_query(Some(&format!("limit={LISTED}{after}")));
            let response = self.http.get(&url, &self.headers).await?;
            if response.status != 200 {
                return Err(self.refused(&response));
            }
            let list: OpenaiBatchList = self.http.parse(&response)?;
            if let Some(batch) = list.data.iter().find(|batch| batch.metadata[NAME] == name) {
                return Ok(FoundBatch::Here(self.submitted(batch)?));
            }
            // The newest come first.
            let oldest = list.data.last().filter(|_| list.has_more);
            let oldest = oldest.filter(|batch| batch.created_at.and_then(from_seconds).is_none_or(|at| at >= since));
            let Some(oldest) = oldest else { return Ok(FoundBatch::Nowhere) };
            after = format!("&after={}", checked_id(&self.http, &oldest.id)?);
        }
        Ok(FoundBatch::Unclear)
    }

    async fn collect_batch(&self, batch: CollectedBatch<'_>) -> Result<BatchProgress, EngineError> {
        let url = self.service_url(&format!("/batches/{}", checked_id(&self.http, batch.id)?));
        let response = self.http.get(&url, &self.headers).await?;
        match response.status {
            200 => {}
            404 | 410 => return Ok(forgotten()),
            _ => return Err(self.classify(&response).error),
        }
        let seen: OpenaiBatch = self.http.parse(&response)?;
        let why = match seen.status.as_str() {
            "completed" => "it was not answered",
            "expired" => "it was not done in time",
            "cancelled" => "it was cancelled",
            "failed" => {
                let said = seen.errors["data"][0]["message"].as_str().unwrap_or("no reason given");
                let why = format!("the vendor refuses it: {}", self.http.quote(said));
                return Ok(BatchProgress::Lost { why, billing: Billing::Free });
            }
            _ => return Ok(BatchProgress::Running),
        };
        let mut results = Vec::new();
        for file in [&seen.output_file_id, &seen.error_file_id].into_iter().flatten() {
            for line in self.result_lines(file).await? {
                let Some(request) = place_of(batch.name, &line.custom_id).and_then(|place| batch.requests.get(place)) else {
                    continue;
                };
                let result = self.batch_result(request, &line, why);
                results.push((line.custom_id, result));
            }
        }
        Ok(BatchProgress::Ended(in_order(batch, results)))
    }

    async fn result_lines(&self, file: &str) -> Result<Vec<ResultLine>, EngineError> {
        let url = self.service_url(&format!("/files/{}/content", checked_id(&self.http, file)?));
        let response = self.http.get(&url, &self.headers).await?;
        match response.status {
            200 => Ok(read_lines(&response.body).collect()),
            404 | 410 => Ok(Vec::new()),
            _ => Err(self.classify(&response).error),
        }
    }

    fn batch_result(&self, request: &Batch, line: &ResultLine, why: &str) -> BatchResult {
        let Some(LineResponse { status_code, body }) = &line.response else {
            let said = line.error["message"].as_str().unwrap_or(why);
            return unanswered(format!("it was not answered: {}", self.http.quote(said)));
        };
        if *status_code != 200 {
            let said = body["error"]["message"].as_str().unwrap_or("no reason given");
            return unanswered(format!("it was refused with {status_code}: {}", self.http.quote(said)));
        }
        let read = OpenaiResponse::deserialize(body).ok().and_then(|answer| self.completion(answer).ok());
        match read {
            Some(completion) => answered(self, request, &completion),
            None => garbled(self, request),
        }
    }
}

/// Returns a failure of the upload, which is billed in no case.
fn not_billed(error: EngineError) -> EngineError {
    match error {
        EngineError::Transient { message, retry_after, .. } => {
            EngineError::Transient { message, retry_after, billing: Billing::Free }
        }
        EngineError::BadAnswer { message, .. } => EngineError::BadAnswer { message, used: Some(Usage::default()) },
        other => other,
    }
}

fn from_seconds(seconds: i64) -> Option<Time> {
    seconds.checked_mul(1000).map(Time::from_millis)
}

impl BatchService for Openai {
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
