//! Ollama's own API. Its `OpenAI` routes cannot set the size of the context, beyond which input is cut silently.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::reading::Reader;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, ContextUse, Engine, Limits, Outgoing, Reply, TermForm};
use super::prompt::{Prompt, estimate_usage, max_usage, min_usage};
use super::response_format::{FormatNegotiation, ResponseFormat};
use super::session::{Completion, CompletionError, LanguageModel, translate_batch};
use crate::model::{GuidanceTable, Lang, ReasoningEffort, Usage};
use crate::net::{ApiClient, ApiResponse};

/// Small models lose their way in long requests, and most machines work on one at a time.
const LIMITS: Limits = Limits { texts: 8, characters: 2_500, bytes: 5_000, in_flight: 1 };

const LOCAL: &str = "http://127.0.0.1:11434";

/// The size of a context is a multiple of this many tokens: whenever it changes, the server loads the model again.
const CONTEXT: u64 = 8_192;

/// The client of an Ollama server.
pub(in crate::translate::engine) struct Ollama {
    http: HttpService,
    headers: Vec<(&'static str, SecretString)>,
    limits: Limits,
    model: String,
    identity: String,
    formats: FormatNegotiation,
    guidance: GuidanceTable,
    effort: Option<ReasoningEffort>,
}

#[derive(Deserialize)]
struct OllamaResponse {
    message: OllamaMessage,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
}

#[derive(Deserialize)]
struct OllamaMessage {
    content: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OllamaError {
    error: String,
}

impl Ollama {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, client: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let model = settings.require_model()?;
        let bearer = |key: &SecretString| ("authorization", format!("Bearer {}", key.expose_secret()).into());
        Ok(Self {
            http: HttpService::new(settings, client, Some(LOCAL), "/api/chat")?,
            headers: settings.key.iter().map(bearer).collect(),
            limits: settings.limits(LIMITS),
            identity: format!("ollama:{model}"),
            formats: FormatNegotiation::default(),
            guidance: settings.guidance.clone(),
            effort: settings.reasoning_effort,
            model,
        })
    }

    /// Returns the value of `think`. Of an effort, the API knows three degrees.
    fn thinking(&self) -> Value {
        match self.effort {
            None | Some(ReasoningEffort::None) => false.into(),
            Some(ReasoningEffort::Minimal) => ReasoningEffort::Low.name().into(),
            Some(effort) => effort.name().into(),
        }
    }

    fn request_body(&self, prompt: &Prompt, format: ResponseFormat) -> Value {
        let size = estimate_usage(prompt, "").tokens_in + prompt.max_tokens;
        let mut body = json!({
            "model": self.model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "stream": false,
            "think": self.thinking(),
            "options": {"temperature": 0, "num_ctx": size.next_multiple_of(CONTEXT), "num_predict": prompt.max_tokens},
        });
        match format {
            ResponseFormat::Schema => body["format"] = (prompt.answer.make)(),
            ResponseFormat::Object => body["format"] = "json".into(),
            ResponseFormat::Lines => {}
        }
        body
    }

    async fn complete_once(&self, prompt: &Prompt, format: ResponseFormat) -> Result<Completion, CompletionError> {
        let response = self.http.post_json(&self.headers, &self.request_body(prompt, format)).await?;
        if response.status != 200 {
            return Err(self.classify(&response));
        }
        let answer: OllamaResponse = self.http.parse(&response)?;
        let unfinished = match answer.done_reason.as_deref() {
            Some("stop") => None,
            reason => Some(format!("it ended for `{}`", self.http.quote(reason.unwrap_or("no reason")))),
        };
        // Some versions do not count a prompt that they have in their cache.
        let used = answer.eval_count.map(|tokens_out| {
            let estimated = || estimate_usage(prompt, "").tokens_in;
            Usage { characters: 0, tokens_in: answer.prompt_eval_count.unwrap_or_else(estimated), tokens_out, tokens_cached: 0 }
        });
        Ok(Completion { content: answer.message.content, unfinished, used })
    }

    fn classify(&self, response: &ApiResponse) -> CompletionError {
        let OllamaError { error: said } = serde_json::from_slice(&response.body).unwrap_or_default();
        if response.status == 404 {
            let hint = format!("`ollama pull {}`, or see `model` and `url`", self.model);
            return self.http.misconfigured(&self.http.describe(404, &said), &hint).into();
        }
        CompletionError::classify(&self.http, response, &said)
    }
}

impl LanguageModel for Ollama {
    fn http(&self) -> &HttpService {
        &self.http
    }

    fn formats(&self) -> &FormatNegotiation {
        &self.formats
    }

    fn guidance(&self) -> &GuidanceTable {
        &self.guidance
    }

    fn complete<'a>(&'a self, prompt: &'a Prompt, format: ResponseFormat) -> BoxFuture<'a, Result<Completion, CompletionError>> {
        self.complete_once(prompt, format).boxed()
    }
}

impl Engine for Ollama {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn term_form(&self) -> TermForm {
        TermForm::Listed
    }

    fn price(&self, text: &Outgoing, from: &Lang, to: &Lang) -> Usage {
        max_usage(&[text], (from, to), &self.guidance)
    }

    fn context_use(&self) -> ContextUse {
        ContextUse::Neighbours
    }

    fn quotes_sources(&self) -> bool {
        self.formats.current() == ResponseFormat::Schema
    }

    fn price_together(&self, texts: &[&Outgoing], from: &Lang, to: &Lang) -> Usage {
        max_usage(texts, (from, to), &self.guidance)
    }

    fn least_price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        min_usage(text)
    }

    fn reader(&self) -> Option<&dyn Reader> {
        Some(self)
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        translate_batch(self, batch).boxed()
    }
}
