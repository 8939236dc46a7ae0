//! A `LibreTranslate` server (1.9).
//!
//! Its html mode splits a sentence at each tag and un-escapes its answer, so that `&lt;script&gt;` comes as an element.
//! So text is sent as text, with marks in it. Measured with Apertium behind it, 100 marked sentences: all marks kept either
//! way, and the words are those of the unmarked sentence in 58 (Catalan) and 61 (Spanish); in html mode, in 49 and 35.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::marks;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, Engine, Limits, Outgoing, Reply, TermForm};
use super::target_codes::TargetCodes;
use crate::model::{EngineKind, Lang, Usage};
use crate::net::{ApiClient, ApiResponse};

/// A server does not tell its limits through the API; these are below those of public servers.
const LIMITS: Limits = Limits { texts: 25, characters: 4_000, bytes: 16_000, in_flight: 2 };

/// The client of a `LibreTranslate` server.
pub(in crate::translate::engine) struct Libretranslate {
    http: HttpService,
    targets: TargetCodes,
    limits: Limits,
}

#[derive(Serialize)]
struct LibretranslateRequest<'a> {
    q: Vec<String>,
    source: String,
    target: String,
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LibretranslateResponse {
    translated_text: TranslatedText,
}

/// An array is answered with an array; a single string is an emoji (see below).
#[derive(Deserialize)]
#[serde(untagged)]
enum TranslatedText {
    Many(Vec<String>),
    One(String),
}

#[derive(Deserialize)]
struct LibretranslateError {
    error: String,
}

impl Libretranslate {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, client: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let http = HttpService::new(settings, client, None, "/translate")?;
        Ok(Self { http, targets: TargetCodes::new(EngineKind::Libretranslate), limits: settings.limits(LIMITS) })
    }

    async fn translate_batch(&self, batch: &Batch) -> Result<Reply, EngineError> {
        self.targets.ask(&batch.pair(), &self.http.id, |code| self.translate_into(code, batch).boxed()).await
    }

    async fn translate_into(&self, target: String, batch: &Batch) -> Result<Reply, EngineError> {
        let q: Vec<String> = batch.texts.iter().map(|text| marks::write_unescaped(&text.in_words())).collect();
        let used = q.iter().map(|text| marks::count_characters(text)).fold(Usage::default(), |sum, text| sum + text);
        let request = LibretranslateRequest {
            q,
            source: EngineKind::Libretranslate.source_code(&batch.from),
            target,
            format: "text",
            api_key: self.http.key.as_ref().map(ExposeSecret::expose_secret),
        };
        let response = self.http.post_json(&[], &request).await?;
        if response.status != 200 {
            return Err(self.classify(&response, batch));
        }
        let LibretranslateResponse { translated_text } = self.http.parse(&response)?;
        let answers = match translated_text {
            TranslatedText::Many(answers) => answers,
            // A server that requires a secret answers a wrong one with 200 and an emoji.
            TranslatedText::One(emoji) => {
                let hint = format!("that is how it answers a wrong key, see `key` of [engine.{}]", self.http.id);
                return Err(EngineError::Unauthorized { message: format!("{}: {hint}", self.http.describe(200, &emoji)) });
            }
        };
        self.http.check_count(answers.len(), batch.texts.len(), None)?;
        let texts = answers.iter().zip(&batch.texts);
        let texts = texts.map(|(answer, sent)| Ok(marks::parse_unescaped(answer, &sent.in_words()))).collect();
        Ok(Reply { texts, used })
    }

    /// The errors are sentences, in English unless the server's operator wants another language.
    fn classify(&self, response: &ApiResponse, batch: &Batch) -> EngineError {
        let said = serde_json::from_slice(&response.body).map_or_else(|_| String::new(), |LibretranslateError { error }| error);
        let says = |words: &str| said.contains(words);
        match response.status {
            400 if says("exceeds text limit") || says("exceeds limit") || says("exceeds the limit") => {
                EngineError::TooLarge { message: self.http.describe(400, &said) }
            }
            400 if says("is not supported") || says("is not available as a target") => self.http.unsupported_pair(batch),
            400 if says("API key") => self.http.unauthorized(400),
            403 if says("request limits") => EngineError::Quota { message: self.http.describe(403, &said) },
            _ => self.http.classify(response, &said),
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

    fn term_form(&self) -> TermForm {
        TermForm::Word
    }

    /// Counts the text as it is sent, with marks, as a server's own limits do.
    fn price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        marks::count_characters(&marks::write_unescaped(&text.in_words()))
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        self.translate_batch(batch).boxed()
    }
}
