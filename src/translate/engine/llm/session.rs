//! A request to a language model, whatever serves it: negotiates the response format and parses the answer.

use futures::future::{BoxFuture, FutureExt};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::reading::{Reader, ReadingBatch, ReadingReply, ReadingText};
use super::super::types::{Batch, Reply};
use super::prompt::{Prompt, build_prompt, estimate_usage};
use super::reading_prompt::{build_reading_prompt, max_reading_usage, min_reading_usage};
use super::reading_response::parse_verdicts;
use super::response::{ResponseError, parse_response};
use super::response_format::{FormatNegotiation, ResponseFormat};
use crate::model::{GuidanceTable, Lang, Usage};
use crate::net::ApiResponse;

/// A server of a language model.
pub(super) trait LanguageModel: Send + Sync {
    fn http(&self) -> &HttpService;

    fn formats(&self) -> &FormatNegotiation;

    fn guidance(&self) -> &GuidanceTable;

    /// Returns the most tokens that the model may use before it writes.
    fn most_reasoning(&self) -> u64 {
        0
    }

    /// Sends one request.
    fn complete<'a>(&'a self, prompt: &'a Prompt, format: ResponseFormat) -> BoxFuture<'a, Result<Completion, CompletionError>>;
}

/// The text that a model wrote.
pub(super) struct Completion {
    pub(super) content: String,
    /// The reason that the text is not whole; nothing if it ended where the model wanted to end.
    pub(super) unfinished: Option<String>,
    /// The usage, if the server reports it.
    pub(super) used: Option<Usage>,
}

/// A request that failed.
pub(super) struct CompletionError {
    pub(super) error: EngineError,
    /// True if the server may have refused the response format.
    pub(super) may_be_format: bool,
}

impl From<EngineError> for CompletionError {
    fn from(error: EngineError) -> Self {
        Self { error, may_be_format: false }
    }
}

impl CompletionError {
    /// Classifies a status that the vendor has no meaning of its own for. Servers refuse an unknown response format in many
    /// ways, some with a 500.
    pub(super) fn classify(http: &HttpService, response: &ApiResponse, said: &str) -> Self {
        Self { error: http.classify(response, said), may_be_format: matches!(response.status, 400 | 422 | 500 | 501) }
    }
}

/// Translates a batch.
pub(super) async fn translate_batch(model: &dyn LanguageModel, batch: &Batch) -> Result<Reply, EngineError> {
    let build = |format| build_prompt(batch, format, model.guidance());
    let parse = |content: &str, format| parse_response(content, format, batch);
    let (texts, used) = ask(model, "translation", &build, &parse).await?;
    Ok(Reply { texts, used })
}

impl<M: LanguageModel> Reader for M {
    fn reading_price(&self, texts: &[&ReadingText], from: &Lang, to: &Lang) -> Usage {
        let most = max_reading_usage(texts, (from, to));
        Usage { tokens_out: most.tokens_out + self.most_reasoning(), ..most }
    }

    fn least_reading_price(&self, text: &ReadingText) -> Usage {
        min_reading_usage(text)
    }

    fn read<'a>(&'a self, batch: &'a ReadingBatch) -> BoxFuture<'a, Result<ReadingReply, EngineError>> {
        read_batch(self, batch).boxed()
    }
}

async fn read_batch(model: &dyn LanguageModel, batch: &ReadingBatch) -> Result<ReadingReply, EngineError> {
    let build = |format| build_reading_prompt(batch, format);
    let parse = |content: &str, format| parse_verdicts(content, format, batch);
    let (verdicts, used) = ask(model, "verdict", &build, &parse).await?;
    Ok(ReadingReply { verdicts, used })
}

/// Sends a prompt, in the strictest response format that the server supports, and parses the answer. `what` says what was asked for.
async fn ask<T>(
    model: &dyn LanguageModel,
    what: &str,
    build: &(dyn Fn(ResponseFormat) -> Prompt + Sync),
    parse: &(dyn Fn(&str, ResponseFormat) -> Result<T, ResponseError> + Sync),
) -> Result<(T, Usage), EngineError> {
    let formats = model.formats();
    let mut format = formats.current();
    loop {
        let prompt = build(format);
        match model.complete(&prompt, format).await {
            Ok(completion) => {
                let used = completion.used.unwrap_or_else(|| estimate_usage(&prompt, &completion.content));
                return parse_completion(model, (format, what), &completion, used, parse).map(|parsed| (parsed, used));
            }
            // Downwards only, so that this ends.
            Err(failure) if failure.may_be_format && formats.step_down(format) && formats.current() as u8 > format as u8 => {
                format = formats.current();
                tracing::debug!(
                    engine.id = model.http().id,
                    ?format,
                    "the server refuses a response format; the next one is tried"
                );
            }
            Err(failure) => {
                formats.restart();
                return Err(failure.error);
            }
        }
    }
}

fn parse_completion<T>(
    model: &dyn LanguageModel,
    (format, what): (ResponseFormat, &str),
    completion: &Completion,
    used: Usage,
    parse: &dyn Fn(&str, ResponseFormat) -> Result<T, ResponseError>,
) -> Result<T, EngineError> {
    let bad_answer = |why: &str| model.http().bad_answer(&format!("gives no {what}: {why}"), Some(used));
    if let Some(why) = &completion.unfinished {
        return Err(bad_answer(why));
    }
    match parse(&completion.content, format) {
        Ok(parsed) => {
            model.formats().confirm(format);
            Ok(parsed)
        }
        Err(error) => {
            model.formats().step_down(format);
            Err(bad_answer(&error.to_string()))
        }
    }
}
