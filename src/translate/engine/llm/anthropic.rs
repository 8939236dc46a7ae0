//! Anthropic's Messages.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, Engine, Limits, Outgoing, Reply};
use super::prompt::{self as llm, FormatNegotiation, Prompt, ResponseFormat};
use super::session::{Failure, Model, Written, talk};
use crate::model::{Lang, Usage};
use crate::net::{ApiClient, ApiResponse};

/// As for other language models.
const LIMITS: Limits = Limits { texts: 20, characters: 4_000, bytes: 6_000, in_flight: 4 };

const VENDOR: &str = "https://api.anthropic.com";

/// The version of the API, which the vendor keeps as it is.
const VERSION: &str = "2023-06-01";

/// The client.
pub(in crate::translate::engine) struct Anthropic {
    http: HttpService,
    headers: [(&'static str, SecretString); 2],
    limits: Limits,
    model: String,
    identity: String,
    formats: FormatNegotiation,
}

#[derive(Deserialize)]
struct Answer {
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Used>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as the API names them")]
struct Used {
    input_tokens: u64,
    output_tokens: u64,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: Said,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    message: String,
}

impl Anthropic {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, caller: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let model = settings.model()?;
        Ok(Self {
            headers: [("x-api-key", settings.key()?), ("anthropic-version", VERSION.to_owned().into())],
            http: settings.http(caller, Some(VENDOR), "/v1/messages")?,
            limits: Limits { in_flight: settings.in_flight.unwrap_or(LIMITS.in_flight), ..LIMITS },
            identity: format!("anthropic:{model}"),
            formats: FormatNegotiation::default(),
            model,
        })
    }

    /// Without a temperature: newer models refuse one.
    fn body(&self, prompt: &Prompt, format: ResponseFormat) -> Value {
        let mut body = json!({
            "model": self.model,
            "max_tokens": prompt.most,
            "system": prompt.system,
            "messages": [{"role": "user", "content": prompt.user}],
        });
        if format == ResponseFormat::Schema {
            body["output_config"] = json!({"format": {"type": "json_schema", "schema": llm::schema()}});
        }
        body
    }

    async fn once(&self, prompt: &Prompt, format: ResponseFormat) -> Result<Written, Failure> {
        let called = self.http.json(&self.http.url, &self.headers, &self.body(prompt, format)).await?;
        if called.status != 200 {
            return Err(self.refused(&called));
        }
        let answer: Answer = self.http.read(&called)?;
        let used = answer.usage.map(|used| {
            let cached = used.cache_creation_input_tokens.unwrap_or(0) + used.cache_read_input_tokens.unwrap_or(0);
            Usage { characters: 0, tokens_in: used.input_tokens.saturating_add(cached), tokens_out: used.output_tokens }
        });
        let unfinished = match answer.stop_reason.as_deref() {
            Some("end_turn" | "stop_sequence") => None,
            Some("refusal") => Some("the model refuses".to_owned()),
            reason => Some(format!("it ended for `{}`", self.http.quoted(reason.unwrap_or("no reason")))),
        };
        let content = answer.content.into_iter().filter(|block| block.kind == "text").map(|block| block.text).collect();
        Ok(Written { content, unfinished, used })
    }

    fn refused(&self, called: &ApiResponse) -> Failure {
        let Refusal { error: Said { message: said } } = serde_json::from_slice(&called.body).unwrap_or_default();
        let message = self.http.answers(called.status, &said);
        let error = match called.status {
            400 if said.contains("credit balance") => EngineError::Quota { message },
            400 if said.contains("prompt is too long") => EngineError::TooLarge { message },
            404 => EngineError::Auth { message: format!("{message}: see `model` of [engine.{}]", self.http.id) },
            _ => return Failure::of(&self.http, called, &said),
        };
        error.into()
    }
}

impl Model for Anthropic {
    fn http(&self) -> &HttpService {
        &self.http
    }

    fn formats(&self) -> &FormatNegotiation {
        &self.formats
    }

    fn ask<'a>(&'a self, prompt: &'a Prompt, format: ResponseFormat) -> BoxFuture<'a, Result<Written, Failure>> {
        self.once(prompt, format).boxed()
    }
}

impl Engine for Anthropic {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn price(&self, text: &Outgoing, from: &Lang, to: &Lang) -> Usage {
        llm::price(text, from, to)
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        talk(self, batch).boxed()
    }
}
