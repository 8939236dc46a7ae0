//! Ollama's own API. Its `OpenAI` routes cannot set the size of the context, beyond which input is cut without a word.

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

/// Small models lose their way in long requests, and most machines work on one at a time.
const LIMITS: Limits = Limits { texts: 8, characters: 2_500, bytes: 5_000, in_flight: 1 };

const LOCAL: &str = "http://127.0.0.1:11434";

/// The size of a context is a multiple of this: whenever it changes, the server loads the model anew.
const CONTEXT: u64 = 8_192;

/// The client.
pub(in crate::translate::engine) struct Ollama {
    http: HttpService,
    headers: Vec<(&'static str, SecretString)>,
    limits: Limits,
    model: String,
    identity: String,
    formats: FormatNegotiation,
}

#[derive(Deserialize)]
struct Answer {
    message: Message,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
}

#[derive(Deserialize)]
struct Message {
    content: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
}

impl Ollama {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, caller: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let model = settings.model()?;
        let bearer = |key: &SecretString| ("authorization", format!("Bearer {}", key.expose_secret()).into());
        Ok(Self {
            http: settings.http(caller, Some(LOCAL), "/api/chat")?,
            headers: settings.key.iter().map(bearer).collect(),
            limits: Limits { in_flight: settings.in_flight.unwrap_or(LIMITS.in_flight), ..LIMITS },
            identity: format!("ollama:{model}"),
            formats: FormatNegotiation::default(),
            model,
        })
    }

    fn body(&self, prompt: &Prompt, format: ResponseFormat) -> Value {
        let size = llm::counted(prompt, "").tokens_in + prompt.most;
        let mut body = json!({
            "model": self.model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "stream": false,
            "think": false,
            "options": {"temperature": 0, "num_ctx": size.next_multiple_of(CONTEXT), "num_predict": prompt.most},
        });
        match format {
            ResponseFormat::Schema => body["format"] = llm::schema(),
            ResponseFormat::Object => body["format"] = "json".into(),
            ResponseFormat::Lines => {}
        }
        body
    }

    async fn once(&self, prompt: &Prompt, format: ResponseFormat) -> Result<Written, Failure> {
        let called = self.http.json(&self.http.url, &self.headers, &self.body(prompt, format)).await?;
        if called.status != 200 {
            return Err(self.refused(&called));
        }
        let answer: Answer = self.http.read(&called)?;
        let unfinished = match answer.done_reason.as_deref() {
            Some("stop") => None,
            reason => Some(format!("it ended for `{}`", self.http.quoted(reason.unwrap_or("no reason")))),
        };
        // A prompt that the server still knows from before is not counted by some versions.
        let used = answer.eval_count.map(|tokens_out| {
            let counted = || llm::counted(prompt, "").tokens_in;
            Usage { characters: 0, tokens_in: answer.prompt_eval_count.unwrap_or_else(counted), tokens_out }
        });
        Ok(Written { content: answer.message.content, unfinished, used })
    }

    fn refused(&self, called: &ApiResponse) -> Failure {
        let Refusal { error: said } = serde_json::from_slice(&called.body).unwrap_or_default();
        if called.status == 404 {
            let advice = format!("`ollama pull {}`, or see `model` and `url` of [engine.{}]", self.model, self.http.id);
            return EngineError::Auth { message: format!("{}: {advice}", self.http.answers(404, &said)) }.into();
        }
        Failure::of(&self.http, called, &said)
    }
}

impl Model for Ollama {
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

impl Engine for Ollama {
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
