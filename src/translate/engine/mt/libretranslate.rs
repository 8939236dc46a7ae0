//! A `LibreTranslate` server (1.9).
//!
//! Its html mode splits a sentence at each tag and un-escapes what it gives back, so that `&lt;script&gt;` comes as an element.
//! So text is sent as text, with marks in it. Measured with Apertium behind it, 100 marked sentences: all marks kept either
//! way, and the words are those of the unmarked sentence in 58 (Catalan) and 61 (Spanish); in html mode, in 49 and 35.

use std::sync::Arc;

use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::marks;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, Engine, Limits, Outgoing, Reply};
use crate::model::{Lang, Usage};
use crate::net::{ApiClient, ApiResponse};

/// A server declares its limits to nobody who asks; this is below those of public ones.
const LIMITS: Limits = Limits { texts: 25, characters: 4_000, bytes: 16_000, in_flight: 2 };

/// The client.
pub(in crate::translate::engine) struct Libretranslate {
    http: HttpService,
    limits: Limits,
}

#[derive(Serialize)]
struct Question<'a> {
    q: Vec<String>,
    source: String,
    target: String,
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    translated_text: Translated,
}

/// As the question was, so is the answer, but for an emoji.
#[derive(Deserialize)]
#[serde(untagged)]
enum Translated {
    Many(Vec<String>),
    One(String),
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Libretranslate {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, caller: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let http = settings.http(caller, None, "/translate")?;
        Ok(Self { http, limits: Limits { in_flight: settings.in_flight.unwrap_or(LIMITS.in_flight), ..LIMITS } })
    }

    async fn ask(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let q: Vec<String> = batch.texts.iter().map(|text| marks::raw(&text.text)).collect();
        let used = q.iter().map(|text| marks::characters(text)).fold(Usage::default(), |sum, text| sum + text);
        let question = Question {
            q,
            source: code(&batch.from),
            target: code(&batch.to),
            format: "text",
            api_key: self.http.key.as_ref().map(ExposeSecret::expose_secret),
        };
        let called = self.http.json(&self.http.url, &[], &question).await?;
        if called.status != 200 {
            return Err(self.refused(&called, batch));
        }
        let Answer { translated_text } = self.http.read(&called)?;
        let answers = match translated_text {
            Translated::Many(answers) => answers,
            // A server with a secret for its own pages answers who does not know it with an emoji and 200.
            Translated::One(emoji) => {
                let advice = format!("that is how it answers a wrong key, see `key` of [engine.{}]", self.http.id);
                return Err(EngineError::Auth { message: format!("{}: {advice}", self.http.answers(200, &emoji)) });
            }
        };
        self.http.count(answers.len(), batch.texts.len(), None)?;
        let texts = answers.iter().zip(&batch.texts);
        let texts = texts.map(|(answer, sent)| Ok(marks::read_raw(answer, &sent.text))).collect();
        Ok(Reply { texts, used })
    }

    /// The errors are sentences, in English unless the server's operator wants another language.
    fn refused(&self, called: &ApiResponse, batch: &Batch) -> EngineError {
        let said = serde_json::from_slice(&called.body).map_or_else(|_| String::new(), |Refusal { error }| error);
        let says = |words: &str| said.contains(words);
        match called.status {
            400 if says("exceeds text limit") || says("exceeds limit") || says("exceeds the limit") => {
                EngineError::TooLarge { message: self.http.answers(400, &said) }
            }
            400 if says("is not supported") || says("is not available as a target") => {
                self.http.pair(batch.from.as_str(), batch.to.as_str())
            }
            400 if says("API key") => self.http.denied(400),
            403 if says("request limits") => EngineError::Quota { message: self.http.answers(403, &said) },
            _ => self.http.refused(called, &said),
        }
    }
}

impl Engine for Libretranslate {
    fn identity(&self) -> &'static str {
        "libretranslate"
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    /// What is sent, with the marks: this is what a server's own limits count.
    fn price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        marks::characters(&marks::raw(&text.text))
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        Box::pin(self.ask(batch))
    }
}

/// The server's code of a language.
fn code(lang: &Lang) -> String {
    match lang.as_str() {
        "zh-Hant" | "zh-TW" | "zh-HK" | "zh-MO" => "zh-Hant".to_owned(),
        "pt-BR" => "pt-BR".to_owned(),
        _ if lang.primary() == "zh" => "zh-Hans".to_owned(),
        _ => lang.primary().to_owned(),
    }
}
