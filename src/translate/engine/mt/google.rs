//! Google Cloud Translation, Basic (v2).

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::super::error::{Billing, EngineError};
use super::super::http::HttpService;
use super::super::marks;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, Engine, Limits, Outgoing, Reply};
use super::span_marks as html;
use crate::model::{Lang, Usage};
use crate::net::{ApiClient, ApiResponse};

/// The vendor's limit is 128 texts and 100 kB; he advises 5,000 characters.
const LIMITS: Limits = Limits { texts: 100, characters: 5_000, bytes: 20_000, in_flight: 4 };

const VENDOR: &str = "https://translation.googleapis.com";

/// What leaves an element alone.
const KEEP: &str = "translate=\"no\"";

/// The client.
pub(in crate::translate::engine) struct Google {
    http: HttpService,
    headers: [(&'static str, SecretString); 1],
    limits: Limits,
}

#[derive(Serialize)]
struct Question<'a> {
    q: &'a [String],
    source: String,
    target: String,
    format: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    translations: Vec<Translation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Translation {
    translated_text: String,
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
    errors: Vec<Reason>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reason {
    reason: String,
}

impl Google {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, caller: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        // The key could stand in the address too; there it would be in the logs of every proxy.
        let headers = [("x-goog-api-key", settings.key()?)];
        let http = settings.http(caller, Some(VENDOR), "/language/translate/v2")?;
        Ok(Self { http, headers, limits: Limits { in_flight: settings.in_flight.unwrap_or(LIMITS.in_flight), ..LIMITS } })
    }

    async fn ask(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let q: Vec<String> = batch.texts.iter().map(|text| html::written(text, KEEP)).collect();
        let used = q.iter().map(|text| marks::characters(text)).fold(Usage::default(), |sum, text| sum + text);
        let question = Question { q: &q, source: code(&batch.from), target: code(&batch.to), format: "html" };
        let called = self.http.json(&self.http.url, &self.headers, &question).await?;
        if called.status != 200 {
            return Err(self.refused(&called, batch));
        }
        let Answer { data: Data { translations } } = self.http.read(&called)?;
        self.http.count(translations.len(), batch.texts.len(), Some(used))?;
        let texts = translations.iter().zip(&batch.texts);
        let texts = texts.map(|(answer, sent)| html::understood(&answer.translated_text, sent)).collect();
        Ok(Reply { texts, used })
    }

    fn refused(&self, called: &ApiResponse, batch: &Batch) -> EngineError {
        let Refusal { error: Said { message: said, errors } } = serde_json::from_slice(&called.body).unwrap_or_default();
        let reason = errors.first().map_or("", |error| error.reason.as_str());
        let message = self.http.answers(called.status, &said);
        match (called.status, reason) {
            (403, "dailyLimitExceeded" | "quotaExceeded") => EngineError::Quota { message },
            (403, _) if said.contains("Daily Limit") => EngineError::Quota { message },
            (403, "userRateLimitExceeded" | "rateLimitExceeded") => {
                EngineError::Transient { message, retry_after: called.retry_after, billing: Billing::Free }
            }
            (400, _) if said.contains("API key") => self.http.denied(400),
            (400, _) if said.contains("language pair") || said.contains("Invalid Value") => {
                self.http.pair(batch.from.as_str(), batch.to.as_str())
            }
            (400, _) if said.contains("too long") || said.contains("too many") || said.contains("Too many") => {
                EngineError::TooLarge { message }
            }
            _ => self.http.refused(called, &said),
        }
    }
}

impl Engine for Google {
    fn identity(&self) -> &'static str {
        "google"
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    /// The vendor bills every code point that is sent, markup too.
    fn price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        marks::characters(&html::written(text, KEEP))
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        self.ask(batch).boxed()
    }
}

/// The vendor's code of a language: without region, but for the few that he tells apart.
fn code(lang: &Lang) -> String {
    match (lang.primary(), lang.as_str()) {
        ("zh", "zh-Hant" | "zh-TW" | "zh-HK" | "zh-MO") => "zh-TW".to_owned(),
        ("zh", _) => "zh-CN".to_owned(),
        ("pt", "pt-PT") => "pt-PT".to_owned(),
        ("fr", "fr-CA") => "fr-CA".to_owned(),
        (primary, _) => primary.to_owned(),
    }
}
