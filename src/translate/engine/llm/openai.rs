//! Chat completions as `OpenAI` has them, and many other servers.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::{ExposeSecret, SecretString};
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

/// Small enough that an answer comes in time and nothing is left out, large enough that the instructions are not most of it.
const LIMITS: Limits = Limits { texts: 20, characters: 4_000, bytes: 6_000, in_flight: 4 };

const VENDOR: &str = "https://api.openai.com/v1";

/// What a reasoning model may think before it writes, in tokens. They are on the bill.
const THOUGHT: u64 = 2_000;

/// The client.
pub(in crate::translate::engine) struct Openai {
    http: HttpService,
    headers: Vec<(&'static str, SecretString)>,
    limits: Limits,
    model: String,
    identity: String,
    /// Whether it is the vendor himself, who has renamed a parameter that all others know by its old name.
    vendor: bool,
    formats: FormatNegotiation,
}

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
    usage: Option<Used>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Used {
    prompt_tokens: u64,
    completion_tokens: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: Value,
}

impl Openai {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, caller: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let model = settings.model()?;
        if settings.url.is_none() {
            settings.key()?;
        }
        let http = settings.http(caller, Some(VENDOR), "/chat/completions")?;
        let bearer = |key: &SecretString| ("authorization", format!("Bearer {}", key.expose_secret()).into());
        Ok(Self {
            headers: settings.key.iter().map(bearer).collect(),
            limits: Limits { in_flight: settings.in_flight.unwrap_or(LIMITS.in_flight), ..LIMITS },
            identity: format!("openai:{model}"),
            vendor: http.url.host_str() == Some("api.openai.com"),
            formats: FormatNegotiation::default(),
            http,
            model,
        })
    }

    /// The vendor's models that think first. They refuse a temperature, and their thoughts count as written.
    fn thinks(&self) -> bool {
        self.vendor && ["gpt-5", "o1", "o3", "o4"].iter().any(|family| self.model.starts_with(family))
    }

    fn body(&self, prompt: &Prompt, format: ResponseFormat) -> Value {
        let most = prompt.most + if self.thinks() { THOUGHT } else { 0 };
        let mut body = json!({
            "model": self.model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
        });
        body[if self.vendor { "max_completion_tokens" } else { "max_tokens" }] = most.into();
        if self.thinks() {
            body["reasoning_effort"] = "low".into();
        } else {
            body["temperature"] = 0.into();
        }
        match format {
            ResponseFormat::Schema => {
                let schema = json!({"name": "translations", "strict": true, "schema": llm::schema()});
                body["response_format"] = json!({"type": "json_schema", "json_schema": schema});
            }
            // llama.cpp's servers read a schema here.
            ResponseFormat::Object if self.vendor => body["response_format"] = json!({"type": "json_object"}),
            ResponseFormat::Object => body["response_format"] = json!({"type": "json_object", "schema": llm::schema()}),
            ResponseFormat::Lines => {}
        }
        body
    }

    async fn once(&self, prompt: &Prompt, format: ResponseFormat) -> Result<Written, Failure> {
        let called = self.http.json(&self.http.url, &self.headers, &self.body(prompt, format)).await?;
        if called.status != 200 {
            return Err(self.refused(&called));
        }
        let Answer { choices, usage } = self.http.read(&called)?;
        let used = usage.map(|used| Usage { characters: 0, tokens_in: used.prompt_tokens, tokens_out: used.completion_tokens });
        let choice = choices.into_iter().next().ok_or_else(|| self.http.bad("answers without a choice", used))?;
        let unfinished = match (choice.message.refusal, choice.finish_reason.as_deref()) {
            (Some(_), _) => Some("the model refuses".to_owned()),
            (None, Some("stop")) => None,
            (None, reason) => Some(format!("it ended for `{}`", self.http.quoted(reason.unwrap_or("no reason")))),
        };
        Ok(Written { content: choice.message.content.unwrap_or_default(), unfinished, used })
    }

    fn refused(&self, called: &ApiResponse) -> Failure {
        let Refusal { error } = serde_json::from_slice(&called.body).unwrap_or_default();
        let part = |name: &str| error[name].as_str().unwrap_or_default();
        let said = if error.is_string() { error.as_str().unwrap_or_default() } else { part("message") };
        let named = |name: &str| part("code") == name || part("type") == name;
        let message = || self.http.answers(called.status, said);
        let error = if named("insufficient_quota") || named("billing_hard_limit_reached") {
            EngineError::Quota { message: message() }
        } else if named("context_length_exceeded") || said.contains("context length") || said.contains("context window") {
            EngineError::TooLarge { message: message() }
        } else if called.status == 404 || named("model_not_found") {
            EngineError::Auth { message: format!("{}: see `model` and `url` of [engine.{}]", message(), self.http.id) }
        } else {
            return Failure::of(&self.http, called, said);
        };
        error.into()
    }
}

impl Model for Openai {
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

impl Engine for Openai {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn price(&self, text: &Outgoing, from: &Lang, to: &Lang) -> Usage {
        let price = llm::price(text, from, to);
        Usage { tokens_out: price.tokens_out + if self.thinks() { THOUGHT } else { 0 }, ..price }
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        talk(self, batch).boxed()
    }
}
