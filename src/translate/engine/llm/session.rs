//! A request to a language model, whoever serves it.

use futures::future::BoxFuture;

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::types::{Batch, Reply};
use super::prompt::{FormatNegotiation, Prompt, ResponseFormat, counted, prompt, read};
use crate::model::Usage;
use crate::net::ApiResponse;

/// A server of a language model.
pub(super) trait Model: Send + Sync {
    /// The way to it.
    fn http(&self) -> &HttpService;

    /// What it understands.
    fn formats(&self) -> &FormatNegotiation;

    /// Asks it once.
    fn ask<'a>(&'a self, prompt: &'a Prompt, format: ResponseFormat) -> BoxFuture<'a, Result<Written, Failure>>;
}

/// What a model wrote.
pub(super) struct Written {
    pub(super) content: String,
    /// Why it is not whole: nothing if it ended where the model wanted to end.
    pub(super) unfinished: Option<String>,
    /// What it has cost, if the server says so.
    pub(super) used: Option<Usage>,
}

/// A request that failed.
pub(super) struct Failure {
    pub(super) error: EngineError,
    /// Whether it may have been for the format of the answer that was asked for.
    pub(super) format: bool,
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self { error, format: false }
    }
}

impl Failure {
    /// A refusal that this service has no word of its own for. Servers that do not know a format of answers say so in many ways,
    /// some by an error 500.
    pub(super) fn of(http: &HttpService, called: &ApiResponse, said: &str) -> Self {
        Self { error: http.refused(called, said), format: matches!(called.status, 400 | 422 | 500 | 501) }
    }
}

/// Asks for a batch, in the first format of answers that the server understands.
pub(super) async fn talk(model: &dyn Model, batch: &Batch) -> Result<Reply, EngineError> {
    let formats = model.formats();
    let mut format = formats.format();
    loop {
        let prompt = prompt(batch, format);
        match model.ask(&prompt, format).await {
            Ok(written) => return understood(model, batch, &prompt, format, &written),
            // Downwards only, so that this ends.
            Err(failure) if failure.format && formats.fails(format) && formats.format() as u8 > format as u8 => {
                format = formats.format();
            }
            Err(failure) => {
                formats.again_from_the_top();
                return Err(failure.error);
            }
        }
    }
}

fn understood(
    model: &dyn Model,
    batch: &Batch,
    prompt: &Prompt,
    format: ResponseFormat,
    written: &Written,
) -> Result<Reply, EngineError> {
    let used = written.used.unwrap_or_else(|| counted(prompt, &written.content));
    let bad = |why: &str| model.http().bad(&format!("gives no translation: {why}"), Some(used));
    if let Some(why) = &written.unfinished {
        return Err(bad(why));
    }
    match read(&written.content, format, batch) {
        Ok(texts) => {
            model.formats().works(format);
            Ok(Reply { texts, used })
        }
        Err(why) => {
            model.formats().fails(format);
            Err(bad(&why))
        }
    }
}
