//! The chat completions API of `OpenAI`, which many other servers have too.

mod batches;

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::reading::Reader;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, BatchService, ContextUse, Engine, Limits, Outgoing, Reply, TermForm};
use super::flex::FlexTier;
use super::prompt::{Prompt, max_usage, min_usage};
use super::response_format::{FormatNegotiation, ResponseFormat};
use super::session::{Completion, CompletionError, LanguageModel, translate_batch};
use crate::model::{GuidanceTable, Lang, ReasoningEffort, ServiceTier, Usage};
use crate::net::{ApiClient, ApiResponse};

/// Small enough that an answer comes in time and nothing is left out; large enough that the instructions are a small part of it.
const LIMITS: Limits = Limits { texts: 80, characters: 8_000, bytes: 12_000, in_flight: 4 };

/// The limits for a server that wants no key, which is one's own: its context may be of 4,096 tokens, and instructions cost nothing.
const OWN_LIMITS: Limits = Limits { texts: 20, characters: 4_000, bytes: 6_000, in_flight: 4 };

const VENDOR: &str = "https://api.openai.com/v1";

/// The most tokens that a reasoning model may use before it writes, at the effort that it makes by itself. They are billed.
const REASONING_TOKENS: u64 = 8_000;

/// The client of an `OpenAI`-compatible server.
pub(in crate::translate::engine) struct Openai {
    http: HttpService,
    headers: Vec<(&'static str, SecretString)>,
    limits: Limits,
    model: String,
    identity: String,
    /// True for the vendor's own server, which has renamed a parameter that all others know by its old name.
    is_vendor: bool,
    formats: FormatNegotiation,
    guidance: GuidanceTable,
    effort: Option<ReasoningEffort>,
    flex: FlexTier,
    /// True if texts that can wait are submitted in batches.
    is_batch_wanted: bool,
}

#[derive(Deserialize)]
struct OpenaiResponse {
    choices: Vec<Choice>,
    usage: Option<OpenaiUsage>,
}

#[derive(Deserialize)]
struct Choice {
    message: OpenaiMessage,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct OpenaiMessage {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct OpenaiUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Option<OpenaiPromptUsage>,
}

#[derive(Deserialize)]
struct OpenaiPromptUsage {
    cached_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OpenaiError {
    error: Value,
}

impl Openai {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, client: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let model = settings.require_model()?;
        if settings.url.is_none() {
            settings.require_key()?;
        }
        let http = HttpService::new(settings, client, Some(VENDOR), "/chat/completions")?;
        let bearer = |key: &SecretString| ("authorization", format!("Bearer {}", key.expose_secret()).into());
        Ok(Self {
            headers: settings.key.iter().map(bearer).collect(),
            limits: settings.limits(if settings.key.is_some() { LIMITS } else { OWN_LIMITS }),
            identity: format!("openai:{model}"),
            is_vendor: http.url.host_str() == Some("api.openai.com"),
            formats: FormatNegotiation::default(),
            guidance: settings.guidance.clone(),
            effort: settings.reasoning_effort,
            flex: FlexTier::new(settings.tier == Some(ServiceTier::Flex)),
            is_batch_wanted: settings.tier == Some(ServiceTier::Batch),
            http,
            model,
        })
    }

    /// Returns true for the vendor's reasoning models. They refuse a temperature, and their reasoning counts as output.
    fn is_reasoning_model(&self) -> bool {
        self.is_vendor && ["gpt-5", "o1", "o3", "o4"].iter().any(|family| self.model.starts_with(family))
    }

    /// Returns the tokens that the model may use before it writes.
    fn reasoning_tokens(&self) -> u64 {
        match self.effort {
            Some(ReasoningEffort::Minimal) => 500,
            Some(ReasoningEffort::Low) => 2_000,
            Some(ReasoningEffort::Medium) => REASONING_TOKENS,
            Some(ReasoningEffort::High) => 3 * REASONING_TOKENS,
            None if self.is_reasoning_model() => REASONING_TOKENS,
            None | Some(ReasoningEffort::None) => 0,
        }
    }

    fn request_body(&self, prompt: &Prompt, format: ResponseFormat) -> Value {
        let max_tokens = prompt.max_tokens + self.reasoning_tokens();
        let mut body = json!({
            "model": self.model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
        });
        body[if self.is_vendor { "max_completion_tokens" } else { "max_tokens" }] = max_tokens.into();
        if let Some(effort) = self.effort {
            body["reasoning_effort"] = effort.name().into();
        }
        if !self.is_reasoning_model() {
            body["temperature"] = 0.into();
        }
        match format {
            ResponseFormat::Schema => {
                let schema = json!({"name": prompt.answer.name, "strict": true, "schema": (prompt.answer.make)()});
                body["response_format"] = json!({"type": "json_schema", "json_schema": schema});
            }
            // The servers of llama.cpp read a schema here.
            ResponseFormat::Object if self.is_vendor => body["response_format"] = json!({"type": "json_object"}),
            ResponseFormat::Object => body["response_format"] = json!({"type": "json_object", "schema": (prompt.answer.make)()}),
            ResponseFormat::Lines => {}
        }
        body
    }

    /// Sends a request, in the flex tier if it can wait. One that is refused there is not billed, and is sent in the standard tier.
    async fn post(&self, prompt: &Prompt, body: &Value) -> Result<ApiResponse, EngineError> {
        if prompt.is_patient && self.flex.is_open() {
            let response = self.http.post_json(&self.headers, &FlexTier::in_tier(body)).await;
            match &response {
                Ok(answer) if self.flex.is_refused(answer) => {
                    tracing::debug!(engine.id = %self.http.id, status = answer.status, "the flex tier refuses a request");
                }
                _ => {
                    // It may be billed, and is not sent again here; the next try goes the other way.
                    if response.is_err() {
                        self.flex.rest();
                    }
                    return response;
                }
            }
        }
        self.http.post_json(&self.headers, body).await
    }

    async fn complete_once(&self, prompt: &Prompt, format: ResponseFormat) -> Result<Completion, CompletionError> {
        let response = self.post(prompt, &self.request_body(prompt, format)).await?;
        if response.status != 200 {
            return Err(self.classify(&response));
        }
        Ok(self.completion(self.http.parse(&response)?)?)
    }

    /// Reads an answer.
    fn completion(&self, OpenaiResponse { choices, usage }: OpenaiResponse) -> Result<Completion, EngineError> {
        let used = usage.map(|used| Usage {
            characters: 0,
            tokens_in: used.prompt_tokens,
            tokens_out: used.completion_tokens,
            tokens_cached: used.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or_default(),
        });
        let choice = choices.into_iter().next().ok_or_else(|| self.http.bad_answer("answers without a choice", used))?;
        let unfinished = match (choice.message.refusal, choice.finish_reason.as_deref()) {
            (Some(_), _) => Some("the model refuses".to_owned()),
            (None, Some("stop")) => None,
            (None, reason) => Some(format!("it ended for `{}`", self.http.quote(reason.unwrap_or("no reason")))),
        };
        Ok(Completion { content: choice.message.content.unwrap_or_default(), unfinished, used })
    }

    fn classify(&self, response: &ApiResponse) -> CompletionError {
        let OpenaiError { error } = serde_json::from_slice(&response.body).unwrap_or_default();
        let part = |name: &str| error[name].as_str().unwrap_or_default();
        let said = if error.is_string() { error.as_str().unwrap_or_default() } else { part("message") };
        let named = |name: &str| part("code") == name || part("type") == name;
        let message = || self.http.describe(response.status, said);
        // A 429 is a rate limit or a used-up quota: the code tells.
        let error = if named("insufficient_quota") || named("billing_hard_limit_reached") {
            EngineError::Quota { message: message() }
        } else if named("context_length_exceeded") || said.contains("context length") || said.contains("context window") {
            EngineError::TooLarge { message: message() }
        } else if response.status == 404 || named("model_not_found") {
            self.http.misconfigured(&message(), "see `model` and `url`")
        } else {
            return CompletionError::classify(&self.http, response, said);
        };
        error.into()
    }
}

impl LanguageModel for Openai {
    fn http(&self) -> &HttpService {
        &self.http
    }

    fn formats(&self) -> &FormatNegotiation {
        &self.formats
    }

    fn guidance(&self) -> &GuidanceTable {
        &self.guidance
    }

    fn most_reasoning(&self) -> u64 {
        self.reasoning_tokens()
    }

    fn complete<'a>(&'a self, prompt: &'a Prompt, format: ResponseFormat) -> BoxFuture<'a, Result<Completion, CompletionError>> {
        self.complete_once(prompt, format).boxed()
    }
}

impl Engine for Openai {
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
        self.price_together(&[text], from, to)
    }

    fn context_use(&self) -> ContextUse {
        ContextUse::Neighbours
    }

    fn quotes_sources(&self) -> bool {
        self.formats.current() == ResponseFormat::Schema
    }

    fn price_together(&self, texts: &[&Outgoing], from: &Lang, to: &Lang) -> Usage {
        let most = max_usage(texts, (from, to), &self.guidance);
        Usage { tokens_out: most.tokens_out + self.reasoning_tokens(), ..most }
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
