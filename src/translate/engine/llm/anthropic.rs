//! The Messages API of Anthropic.

mod batches;

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::reading::Reader;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, BatchService, ContextUse, Engine, Limits, Outgoing, Reply, TermForm};
use super::prompt::{Prompt, max_usage, min_usage};
use super::response_format::{FormatNegotiation, ResponseFormat};
use super::session::{Completion, CompletionError, LanguageModel, translate_batch};
use crate::model::{GuidanceTable, Lang, ReasoningEffort, ServiceTier, Usage};
use crate::net::{ApiClient, ApiResponse};

/// The same as for other language models.
const LIMITS: Limits = Limits { texts: 80, characters: 8_000, bytes: 12_000, in_flight: 4 };

const VENDOR: &str = "https://api.anthropic.com";

/// The version of the API, which the vendor keeps stable.
const VERSION: &str = "2023-06-01";

/// The size of instructions from which on the vendor is asked to keep them for the next requests. It keeps none of fewer than 1,024
/// tokens, and bills more for the first request.
const CACHED_BYTES: usize = 4_400;

/// The client of Anthropic.
pub(in crate::translate::engine) struct Anthropic {
    http: HttpService,
    headers: [(&'static str, SecretString); 2],
    limits: Limits,
    model: String,
    identity: String,
    formats: FormatNegotiation,
    guidance: GuidanceTable,
    effort: Option<ReasoningEffort>,
    /// True if texts that can wait are submitted in batches.
    is_batch_wanted: bool,
}

#[derive(Deserialize)]
struct AnthropicResponse {
    content: Vec<ContentBlock>,
    stop_reason: Option<String>,
    usage: Option<AnthropicUsage>,
}

#[derive(Deserialize)]
struct ContentBlock {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as the API names them")]
struct AnthropicUsage {
    input_tokens: u64,
    output_tokens: u64,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AnthropicError {
    error: AnthropicErrorBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AnthropicErrorBody {
    message: String,
}

impl Anthropic {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, client: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let model = settings.require_model()?;
        Ok(Self {
            headers: [("x-api-key", settings.require_key()?), ("anthropic-version", VERSION.to_owned().into())],
            http: HttpService::new(settings, client, Some(VENDOR), "/v1/messages")?,
            limits: settings.limits(LIMITS),
            identity: format!("anthropic:{model}"),
            formats: FormatNegotiation::default(),
            guidance: settings.guidance.clone(),
            effort: settings.reasoning_effort,
            is_batch_wanted: settings.tier == Some(ServiceTier::Batch),
            model,
        })
    }

    /// Builds the body. It has no temperature: newer models refuse one.
    fn request_body(&self, prompt: &Prompt, format: ResponseFormat) -> Value {
        let mut body = json!({
            "model": self.model,
            "max_tokens": prompt.max_tokens,
            "system": prompt.system,
            "messages": [{"role": "user", "content": prompt.user}],
        });
        if prompt.system.len() >= CACHED_BYTES {
            body["system"] = json!([{"type": "text", "text": prompt.system, "cache_control": {"type": "ephemeral"}}]);
        }
        if format == ResponseFormat::Schema {
            body["output_config"]["format"] = json!({"type": "json_schema", "schema": (prompt.answer.make)()});
        }
        if let Some(effort) = self.effort {
            body["output_config"]["effort"] = effort.name().into();
        }
        body
    }

    async fn complete_once(&self, prompt: &Prompt, format: ResponseFormat) -> Result<Completion, CompletionError> {
        let response = self.http.post_json(&self.headers, &self.request_body(prompt, format)).await?;
        if response.status != 200 {
            return Err(self.classify(&response));
        }
        Ok(self.completion(self.http.parse(&response)?))
    }

    /// Reads an answer.
    fn completion(&self, answer: AnthropicResponse) -> Completion {
        let used = answer.usage.map(|used| {
            let cached = [used.cache_creation_input_tokens, used.cache_read_input_tokens].into_iter().flatten();
            let tokens_in = cached.fold(used.input_tokens, u64::saturating_add);
            Usage {
                characters: 0,
                tokens_in,
                tokens_out: used.output_tokens,
                tokens_cached: used.cache_read_input_tokens.unwrap_or_default(),
            }
        });
        let unfinished = match answer.stop_reason.as_deref() {
            Some("end_turn" | "stop_sequence") => None,
            Some("refusal") => Some("the model refuses".to_owned()),
            reason => Some(format!("it ended for `{}`", self.http.quote(reason.unwrap_or("no reason")))),
        };
        let content = answer.content.into_iter().filter(|block| block.kind == "text").map(|block| block.text).collect();
        Completion { content, unfinished, used }
    }

    fn classify(&self, response: &ApiResponse) -> CompletionError {
        let AnthropicError { error: AnthropicErrorBody { message: said } } =
            serde_json::from_slice(&response.body).unwrap_or_default();
        let message = self.http.describe(response.status, &said);
        let error = match response.status {
            // "Your credit balance is too low to access the API."
            400 if said.contains("credit balance") => EngineError::Quota { message },
            400 if said.contains("prompt is too long") => EngineError::TooLarge { message },
            404 => self.http.misconfigured(&message, "see `model`"),
            _ => return CompletionError::classify(&self.http, response, &said),
        };
        error.into()
    }
}

impl LanguageModel for Anthropic {
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

impl Engine for Anthropic {
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

    fn batches(&self) -> Option<&dyn BatchService> {
        Some(self)
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        translate_batch(self, batch).boxed()
    }
}
