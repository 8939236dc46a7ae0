//! A request to a language model, whatever serves it: negotiates the response format and parses the answer.

use futures::future::BoxFuture;

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::types::{Batch, Reply};
use super::prompt::{Prompt, build_prompt, estimate_usage};
use super::response::parse_response;
use super::response_format::{FormatNegotiation, ResponseFormat};
use crate::model::{GuidanceTable, Usage};
use crate::net::ApiResponse;

/// A server of a language model.
pub(super) trait LanguageModel: Send + Sync {
    fn http(&self) -> &HttpService;

    fn formats(&self) -> &FormatNegotiation;

    fn guidance(&self) -> &GuidanceTable;

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

/// Translates a batch, with the strictest response format that the server supports.
pub(super) async fn translate_batch(model: &dyn LanguageModel, batch: &Batch) -> Result<Reply, EngineError> {
    let formats = model.formats();
    let mut format = formats.current();
    loop {
        let prompt = build_prompt(batch, format, model.guidance());
        match model.complete(&prompt, format).await {
            Ok(completion) => return parse_completion(model, batch, &prompt, format, &completion),
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

fn parse_completion(
    model: &dyn LanguageModel,
    batch: &Batch,
    prompt: &Prompt,
    format: ResponseFormat,
    completion: &Completion,
) -> Result<Reply, EngineError> {
    let used = completion.used.unwrap_or_else(|| estimate_usage(prompt, &completion.content));
    let bad_answer = |why: &str| model.http().bad_answer(&format!("gives no translation: {why}"), Some(used));
    if let Some(why) = &completion.unfinished {
        return Err(bad_answer(why));
    }
    match parse_response(&completion.content, format, batch) {
        Ok(texts) => {
            model.formats().confirm(format);
            Ok(Reply { texts, used })
        }
        Err(error) => {
            model.formats().step_down(format);
            Err(bad_answer(&error.to_string()))
        }
    }
}
