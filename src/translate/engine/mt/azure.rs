//! Azure Translator, version 3.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::marks;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, Engine, Limits, Outgoing, Reply};
use super::span_marks as html;
use crate::model::{Lang, Usage};
use crate::net::{ApiClient, ApiResponse};

/// The vendor's limit is 1,000 texts and 50,000 characters; but a free resource may send some 33,000 a minute, and a request
/// that is larger is refused for ever.
const LIMITS: Limits = Limits { texts: 100, characters: 8_000, bytes: 32_000, in_flight: 2 };

const VENDOR: &str = "https://api.cognitive.microsofttranslator.com";

/// What leaves an element alone.
const KEEP: &str = "class=\"notranslate\"";

/// The client.
pub(in crate::translate::engine) struct Azure {
    http: HttpService,
    headers: Vec<(&'static str, SecretString)>,
    limits: Limits,
}

#[derive(Serialize)]
struct Text {
    #[serde(rename = "Text")]
    text: String,
}

#[derive(Deserialize)]
struct Answer {
    translations: Vec<Translation>,
}

#[derive(Deserialize)]
struct Translation {
    text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: Said,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: u32,
    message: String,
}

impl Azure {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, caller: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let mut headers = vec![("ocp-apim-subscription-key", settings.key()?)];
        if let Some(region) = &settings.region {
            if !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                return Err(settings.wrong("region", "write it as the portal does, like \"westeurope\""));
            }
            headers.push(("ocp-apim-subscription-region", region.clone().into()));
        }
        let http = settings.http(caller, Some(VENDOR), "/translate")?;
        Ok(Self { http, headers, limits: Limits { in_flight: settings.in_flight.unwrap_or(LIMITS.in_flight), ..LIMITS } })
    }

    async fn ask(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let texts: Vec<Text> = batch.texts.iter().map(|text| Text { text: html::written(text, KEEP) }).collect();
        let used = texts.iter().map(|text| marks::characters(&text.text)).fold(Usage::default(), |sum, text| sum + text);
        let mut url = self.http.url.clone();
        url.query_pairs_mut()
            .append_pair("api-version", "3.0")
            .append_pair("from", &code(&batch.from))
            .append_pair("to", &code(&batch.to))
            .append_pair("textType", "html");
        let called = self.http.json(&url, &self.headers, &texts).await?;
        if called.status != 200 {
            return Err(self.refused(&called, batch));
        }
        let answers: Vec<Answer> = self.http.read(&called)?;
        self.http.count(answers.len(), batch.texts.len(), Some(used))?;
        let texts = answers.iter().zip(&batch.texts).map(|(answer, sent)| match answer.translations.as_slice() {
            [translation] => html::understood(&translation.text, sent),
            _ => Err("there is not one translation of it".to_owned()),
        });
        Ok(Reply { texts: texts.collect(), used })
    }

    /// The vendor's codes begin with the status.
    fn refused(&self, called: &ApiResponse, batch: &Batch) -> EngineError {
        let Refusal { error: Said { code, message: said } } = serde_json::from_slice(&called.body).unwrap_or_default();
        let message = self.http.answers(called.status, &said);
        match code {
            403_001 => EngineError::Quota { message },
            400_023 | 400_035 | 400_036 => self.http.pair(batch.from.as_str(), batch.to.as_str()),
            400_050 | 400_077 => EngineError::TooLarge { message },
            _ => self.http.refused(called, &said),
        }
    }
}

impl Engine for Azure {
    fn identity(&self) -> &'static str {
        "azure"
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
        ("zh", "zh-Hant" | "zh-TW" | "zh-HK" | "zh-MO") => "zh-Hant".to_owned(),
        ("zh", _) => "zh-Hans".to_owned(),
        ("pt", "pt-PT") => "pt-pt".to_owned(),
        ("fr", "fr-CA") => "fr-ca".to_owned(),
        ("sr", "sr-Latn") => "sr-Latn".to_owned(),
        ("sr", _) => "sr-Cyrl".to_owned(),
        (primary, _) => primary.to_owned(),
    }
}
