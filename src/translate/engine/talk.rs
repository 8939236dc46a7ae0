//! A request to a language model, whoever serves it.

use futures::future::BoxFuture;

use super::llm::{Form, Ladder, Prompt, counted, prompt, read};
use super::wire::Wire;
use super::{Batch, EngineError, Reply};
use crate::model::Usage;
use crate::net::ApiResponse;

/// A server of a language model.
pub(super) trait Model: Send + Sync {
    /// The way to it.
    fn wire(&self) -> &Wire;

    /// What it understands.
    fn ladder(&self) -> &Ladder;

    /// Asks it once.
    fn ask<'a>(&'a self, prompt: &'a Prompt, form: Form) -> BoxFuture<'a, Result<Written, Failure>>;
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
    /// Whether it may have been for the form of the answer that was asked for.
    pub(super) form: bool,
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self { error, form: false }
    }
}

impl Failure {
    /// A refusal that this service has no word of its own for. Servers that do not know a form of answers say so in many ways,
    /// some by an error 500.
    pub(super) fn of(wire: &Wire, called: &ApiResponse, said: &str) -> Self {
        Self { error: wire.refused(called, said), form: matches!(called.status, 400 | 422 | 500 | 501) }
    }
}

/// Asks for a batch, in the first form of answers that the server understands.
pub(super) async fn talk(model: &dyn Model, batch: &Batch) -> Result<Reply, EngineError> {
    let ladder = model.ladder();
    let mut form = ladder.form();
    loop {
        let prompt = prompt(batch, form);
        match model.ask(&prompt, form).await {
            Ok(written) => return understood(model, batch, &prompt, form, &written),
            // Downwards only, so that this ends.
            Err(failure) if failure.form && ladder.fails(form) && ladder.form() as u8 > form as u8 => form = ladder.form(),
            Err(failure) => {
                ladder.again_from_the_top();
                return Err(failure.error);
            }
        }
    }
}

fn understood(model: &dyn Model, batch: &Batch, prompt: &Prompt, form: Form, written: &Written) -> Result<Reply, EngineError> {
    let used = written.used.unwrap_or_else(|| counted(prompt, &written.content));
    let bad = |why: &str| model.wire().bad(&format!("gives no translation: {why}"), Some(used));
    if let Some(why) = &written.unfinished {
        return Err(bad(why));
    }
    match read(&written.content, form, batch) {
        Ok(texts) => {
            model.ladder().works(form);
            Ok(Reply { texts, used })
        }
        Err(why) => {
            model.ladder().fails(form);
            Err(bad(&why))
        }
    }
}
