//! Batches of requests to language models, whatever the vendor: the names of their requests, the lines of their results.

use std::collections::HashMap;

use serde::de::DeserializeOwned;

use super::super::error::{Billing, EngineError};
use super::super::http::HttpService;
use super::super::types::{Batch, BatchProgress, BatchResult, CollectedBatch, Reply};
use super::prompt::{Prompt, build_prompt, estimate_usage};
use super::response::parse_response;
use super::response_format::ResponseFormat;
use super::session::{Completion, LanguageModel};
use crate::model::Usage;

/// The longest name of a batch, a file or a request that a vendor may give.
const MAX_ID: usize = 200;

/// The reason of a request of which the vendor says nothing.
const MISSING: &str = "the vendor says nothing of it";

/// Returns the format that answers in a batch are asked for in. It cannot be negotiated there: both are parsed in the same way.
pub(super) fn batch_format(model: &dyn LanguageModel) -> ResponseFormat {
    match model.formats().current() {
        ResponseFormat::Schema => ResponseFormat::Schema,
        ResponseFormat::Object | ResponseFormat::Lines => ResponseFormat::Object,
    }
}

/// Builds the prompt of a request.
pub(super) fn batch_prompt(model: &dyn LanguageModel, request: &Batch) -> Prompt {
    build_prompt(request, batch_format(model), model.guidance())
}

/// Returns the name of the request at a place of a batch.
pub(super) fn request_name(batch: &str, place: usize) -> String {
    format!("{batch}-{place}")
}

/// Returns the place of a request that has this name, if it is of the batch.
pub(super) fn place_of(batch: &str, name: &str) -> Option<usize> {
    name.strip_prefix(batch)?.strip_prefix('-')?.parse().ok()
}

/// Returns a vendor's name of something as part of an address, if it cannot lead elsewhere.
pub(super) fn checked_id<'i>(http: &HttpService, id: &'i str) -> Result<&'i str, EngineError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(is_plain) {
        return Ok(id);
    }
    Err(http.bad_answer("names a batch or a file in a way that is no name", None))
}

/// Reads lines of JSON. One that is of another shape is passed over: its request has no result then.
pub(super) fn read_lines<T: DeserializeOwned>(body: &[u8]) -> impl Iterator<Item = T> {
    body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

/// Puts results that come in any order in the order of the requests. Unknown names are passed over, and of two results with one name
/// neither is believed.
pub(super) fn in_order(batch: CollectedBatch<'_>, results: impl IntoIterator<Item = (String, BatchResult)>) -> Vec<BatchResult> {
    let mut by_place: HashMap<usize, BatchResult> = HashMap::new();
    for (name, result) in results {
        let Some(place) = place_of(batch.name, &name).filter(|place| *place < batch.requests.len()) else { continue };
        let used = used_by(&result);
        if let Some(other) = by_place.insert(place, result) {
            let used = used_by(&other) + used;
            by_place.insert(place, BatchResult::Failed { why: "it was answered more than once".to_owned(), used });
        }
    }
    let missing = || BatchResult::Failed { why: MISSING.to_owned(), used: Usage::default() };
    (0..batch.requests.len()).map(|place| by_place.remove(&place).unwrap_or_else(missing)).collect()
}

fn used_by(result: &BatchResult) -> Usage {
    match result {
        BatchResult::Answered(reply) => reply.used,
        BatchResult::Failed { used, .. } => *used,
    }
}

/// Returns the result of a request that was answered.
pub(super) fn answered(model: &dyn LanguageModel, request: &Batch, completion: &Completion) -> BatchResult {
    let prompt = batch_prompt(model, request);
    let used = completion.used.unwrap_or_else(|| estimate_usage(&prompt, &completion.content));
    let failed = |why: String| BatchResult::Failed { why, used };
    if let Some(why) = &completion.unfinished {
        return failed(why.clone());
    }
    match parse_response(&completion.content, ResponseFormat::Object, request) {
        Ok(texts) => BatchResult::Answered(Reply { texts, used }),
        Err(error) => failed(error.to_string()),
    }
}

/// Returns the progress of a batch that the vendor does not know any more.
pub(super) fn forgotten() -> BatchProgress {
    BatchProgress::Lost { why: "the vendor does not know it any more".to_owned(), billing: Billing::Unknown }
}

/// Returns the result of a request whose answer cannot be read: it was billed, at least what it says.
pub(super) fn garbled(model: &dyn LanguageModel, request: &Batch) -> BatchResult {
    let why = "its answer has another shape than this service's answers".to_owned();
    BatchResult::Failed { why, used: estimate_usage(&batch_prompt(model, request), "") }
}

/// Returns the result of a request that was not answered. That is not billed.
pub(super) fn unanswered(why: impl Into<String>) -> BatchResult {
    BatchResult::Failed { why: why.into(), used: Usage::default() }
}
