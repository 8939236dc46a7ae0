//! Azure Translator, version 3.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::marks;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, Engine, Limits, Outgoing, Reply, TermForm, UnusableText};
use super::html_marks::write_html;
use super::paragraphs::{JOINT, join, split};
use crate::model::{EngineKind, Lang, Usage};
use crate::net::{ApiClient, ApiResponse};

/// The vendor's limit is 1,000 texts and 50,000 characters; but a free resource may send some 33,000 a minute, and a larger
/// request is refused each time.
const LIMITS: Limits = Limits { texts: 100, characters: 8_000, bytes: 32_000, in_flight: 2 };

const VENDOR: &str = "https://api.cognitive.microsofttranslator.com";

/// The attribute that protects an element from translation.
const KEEP: &str = "class=notranslate";

/// The client of Azure Translator.
pub(in crate::translate::engine) struct Azure {
    http: HttpService,
    headers: Vec<(&'static str, SecretString)>,
    limits: Limits,
}

#[derive(Serialize)]
struct AzureText {
    #[serde(rename = "Text")]
    text: String,
}

#[derive(Deserialize)]
struct AzureItem {
    translations: Vec<AzureTranslation>,
}

#[derive(Deserialize)]
struct AzureTranslation {
    text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AzureError {
    error: AzureErrorBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AzureErrorBody {
    code: u32,
    message: String,
}

impl Azure {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, client: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let mut headers = vec![("ocp-apim-subscription-key", settings.require_key()?)];
        if let Some(region) = &settings.region {
            if !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                return Err(settings.wrong("region", "write it as the portal does, like \"westeurope\""));
            }
            headers.push(("ocp-apim-subscription-region", region.clone().into()));
        }
        let http = HttpService::new(settings, client, Some(VENDOR), "/translate")?;
        Ok(Self { http, headers, limits: settings.limits(LIMITS) })
    }

    async fn translate_batch(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let paragraphs = join(&batch.texts, KEEP, &batch.from);
        let texts: Vec<AzureText> = paragraphs.iter().map(|paragraph| AzureText { text: paragraph.html.clone() }).collect();
        let used = texts.iter().map(|text| marks::count_characters(&text.text)).fold(Usage::default(), |sum, text| sum + text);
        let mut url = self.http.url.clone();
        url.query_pairs_mut()
            .append_pair("api-version", "3.0")
            .append_pair("from", &EngineKind::Azure.source_code(&batch.from))
            .append_pair("to", &EngineKind::Azure.target_language(&batch.to).codes[0])
            .append_pair("textType", "html");
        let response = self.http.post_json_to(&url, &self.headers, &texts).await?;
        if response.status != 200 {
            return Err(self.classify(&response, batch));
        }
        let items: Vec<AzureItem> = self.http.parse(&response)?;
        self.http.check_count(items.len(), paragraphs.len(), Some(used))?;
        let texts = items.iter().zip(paragraphs).flat_map(|(item, sent)| match item.translations.as_slice() {
            [translation] => split(&translation.text, &batch.texts[sent.texts]),
            _ => sent.texts.map(|_| Err(UnusableText::new("there is not one translation of it"))).collect(),
        });
        Ok(Reply { texts: texts.collect(), used })
    }

    /// The vendor's codes begin with the status.
    fn classify(&self, response: &ApiResponse, batch: &Batch) -> EngineError {
        let AzureError { error: AzureErrorBody { code, message: said } } =
            serde_json::from_slice(&response.body).unwrap_or_default();
        let message = self.http.describe(response.status, &said);
        match code {
            // The free quota is used up.
            403_001 => EngineError::Quota { message },
            // The language pair, the source language, the target language is not valid.
            400_023 | 400_035 | 400_036 => self.http.unsupported_pair(batch),
            400_050 | 400_077 => EngineError::TooLarge { message },
            _ => self.http.classify(response, &said),
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
