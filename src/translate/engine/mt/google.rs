//! Google Cloud Translation, Basic (v2).

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::super::error::{Billing, EngineError};
use super::super::http::HttpService;
use super::super::marks;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, Engine, Limits, Outgoing, Reply, TermForm};
use super::html_marks::write_html;
use super::paragraphs::{JOINT, join, split};
use crate::model::{EngineKind, Lang, Usage};
use crate::net::{ApiClient, ApiResponse};

/// The vendor's limit is 128 texts and 100 kB; it advises 5,000 characters.
const LIMITS: Limits = Limits { texts: 100, characters: 5_000, bytes: 20_000, in_flight: 4 };

const VENDOR: &str = "https://translation.googleapis.com";

/// The attribute that protects an element from translation.
const KEEP: &str = "translate=no";

/// The client of Google Cloud Translation.
pub(in crate::translate::engine) struct Google {
    http: HttpService,
    headers: [(&'static str, SecretString); 1],
    limits: Limits,
}

#[derive(Serialize)]
struct GoogleRequest<'a> {
    q: &'a [&'a str],
    source: String,
    target: String,
    format: &'static str,
}

#[derive(Deserialize)]
struct GoogleResponse {
    data: GoogleData,
}

#[derive(Deserialize)]
struct GoogleData {
    translations: Vec<GoogleTranslation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GoogleTranslation {
    translated_text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GoogleError {
    error: GoogleErrorBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GoogleErrorBody {
    message: String,
    errors: Vec<GoogleReason>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GoogleReason {
    reason: String,
}

impl Google {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, client: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        // The key could stand in the address too; there it would be in the logs of every proxy.
        let headers = [("x-goog-api-key", settings.require_key()?)];
        let http = HttpService::new(settings, client, Some(VENDOR), "/language/translate/v2")?;
        Ok(Self { http, headers, limits: settings.limits(LIMITS) })
    }

    async fn translate_batch(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let paragraphs = join(&batch.texts, KEEP, &batch.from);
        let q: Vec<&str> = paragraphs.iter().map(|paragraph| paragraph.html.as_str()).collect();
        let used = q.iter().map(|text| marks::count_characters(text)).fold(Usage::default(), |sum, text| sum + text);
        let source = EngineKind::Google.source_code(&batch.from);
        let target = EngineKind::Google.target_language(&batch.to).codes.swap_remove(0);
        let request = GoogleRequest { q: &q, source, target, format: "html" };
        let response = self.http.post_json(&self.headers, &request).await?;
        if response.status != 200 {
            return Err(self.classify(&response, batch));
        }
        let GoogleResponse { data: GoogleData { translations } } = self.http.parse(&response)?;
        self.http.check_count(translations.len(), paragraphs.len(), Some(used))?;
        let answers = translations.iter().zip(paragraphs);
        let texts = answers.flat_map(|(answer, sent)| split(&answer.translated_text, &batch.texts[sent.texts])).collect();
        Ok(Reply { texts, used })
    }

    /// A 403 is a rate limit, a used-up quota or a bad key, by its reason; a 400 may be a bad key.
    fn classify(&self, response: &ApiResponse, batch: &Batch) -> EngineError {
        let GoogleError { error: GoogleErrorBody { message: said, errors } } =
            serde_json::from_slice(&response.body).unwrap_or_default();
        let reason = errors.first().map_or("", |error| error.reason.as_str());
        let message = self.http.describe(response.status, &said);
        let says = |words: &str| said.contains(words);
        match (response.status, reason) {
            (403, "dailyLimitExceeded" | "quotaExceeded") => EngineError::Quota { message },
            (403, _) if says("Daily Limit") => EngineError::Quota { message },
            (403, "userRateLimitExceeded" | "rateLimitExceeded") => {
                EngineError::Transient { message, retry_after: response.retry_after, billing: Billing::Free }
            }
            (400, "keyInvalid") => self.http.unauthorized(400),
            (400, _) if says("API key") => self.http.unauthorized(400),
            (400, _) if says("language pair") || says("Invalid Value") => self.http.unsupported_pair(batch),
            (400, _) if says("too long") || says("too many") || says("Too many") => EngineError::TooLarge { message },
            _ => self.http.classify(response, &said),
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

    fn term_form(&self) -> TermForm {
        TermForm::Element
    }

    /// The vendor bills every code point that is sent, markup too: that of a text, and what joins it to the text before.
    fn price(&self, text: &Outgoing, from: &Lang, to: &Lang) -> Usage {
        let joint = if text.context.continues { JOINT } else { 0 };
        let least = self.least_price(text, from, to);
        Usage { characters: least.characters + joint, ..least }
    }

    fn least_price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        marks::count_characters(&write_html(text, KEEP))
    }

    fn joins_texts(&self) -> bool {
        true
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        self.translate_batch(batch).boxed()
    }
}
