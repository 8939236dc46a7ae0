//! An Apertium `APy` server (0.11 to 0.13).
//!
//! It takes forms, one text each, and silently cuts a text after ten chunks. Marks in html mode are kept best of all:
//! measured over 100 marked sentences, all marks came back, and the words are those of the unmarked sentence in 95 (Catalan)
//! and 100 (Spanish).
//!
//! It is asked to mark the words that it does not know. A text that itself holds such marks is sent without asking for them.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use url::form_urlencoded;

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::marks;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, Engine, Limits, Outgoing, Reply, TermForm, UnusableText};
use super::super::unknown_words::{has_signs, read_signs};
use super::target_codes::TargetCodes;
use crate::model::{EngineKind, Lang, Marked, Usage};
use crate::net::{ApiClient, ApiResponse};

/// The least that ten chunks hold: a chunk may have only 1,000 characters, and begins a line where it can.
const LIMITS: Limits = Limits { texts: 1, characters: 3_500, bytes: 3_500, in_flight: 2 };

/// A translation with less than this part (one third) of the characters of its source was cut.
const CUT: usize = 3;

/// Texts up to this many characters are not checked for a cut.
const SHORT: usize = 200;

/// The client of an Apertium server.
pub(in crate::translate::engine) struct Apertium {
    http: HttpService,
    targets: TargetCodes,
    limits: Limits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApertiumResponse {
    response_data: ApertiumData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApertiumData {
    translated_text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ApertiumError {
    explanation: String,
}

impl Apertium {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, client: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let http = HttpService::new(settings, client, None, "/translate")?;
        Ok(Self { http, targets: TargetCodes::new(EngineKind::Apertium), limits: settings.limits(LIMITS) })
    }

    async fn translate_batch(&self, batch: &Batch) -> Result<Reply, EngineError> {
        self.targets.ask(&batch.pair(), &self.http.id, |code| self.translate_into(code, batch).boxed()).await
    }

    async fn translate_into(&self, target: String, batch: &Batch) -> Result<Reply, EngineError> {
        let mut reply = Reply { texts: Vec::with_capacity(batch.texts.len()), used: Usage::default() };
        for text in &batch.texts {
            let words = text.in_words();
            let sent = words.to_tagged();
            let is_marked = !has_signs(&words);
            let response = self.http.post_form(build_form(&sent, is_marked, (&batch.from, &target))).await?;
            if response.status != 200 {
                return Err(self.classify(&response, batch));
            }
            let ApertiumResponse { response_data } = self.http.parse(&response)?;
            reply.used += marks::count_characters(&sent);
            let text = parse_translation(&response_data.translated_text, &words);
            reply.texts.push(if is_marked { text.map(|text| read_signs(&text)) } else { text });
        }
        Ok(reply)
    }

    fn classify(&self, response: &ApiResponse, batch: &Batch) -> EngineError {
        let ApertiumError { explanation } = serde_json::from_slice(&response.body).unwrap_or_default();
        match response.status {
            // "That pair is not installed"
            400 if explanation.contains("not installed") => self.http.unsupported_pair(batch),
            _ => self.http.classify(response, &explanation),
        }
    }
}

impl Engine for Apertium {
    fn identity(&self) -> &'static str {
        "apertium"
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn term_form(&self) -> TermForm {
        TermForm::Word
    }

    /// Counts the text as it is sent, with marks and escapes. Nobody bills it.
    fn price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        marks::count_characters(&text.in_words().to_tagged())
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        self.translate_batch(batch).boxed()
    }
}

/// The server knows two-letter codes as well as its own. The escapes of the canonical form are the only ones that it does not
/// corrupt.
fn build_form(text: &str, is_marked: bool, (from, target): (&Lang, &str)) -> String {
    let pair = format!("{}|{target}", EngineKind::Apertium.source_code(from));
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("langpair", &pair).append_pair("q", text);
    form.append_pair("markUnknown", if is_marked { "yes" } else { "no" }).append_pair("format", "html").finish()
}

/// Parses a translation, unless the server has cut it.
fn parse_translation(answer: &str, source: &Marked) -> Result<Marked, UnusableText> {
    let text = marks::parse_tagged(answer, source)?;
    let (came, sent) = (text.plain().chars().count(), source.plain().chars().count());
    if sent > SHORT && came < sent / CUT {
        return Err(UnusableText::new(format!("it was cut: {came} characters came for {sent}")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translation_that_was_cut_is_refused() {
        let source = Marked::text("mot ".repeat(100));
        assert!(parse_translation(&"mot ".repeat(90), &source).is_ok());
        let error = parse_translation(&"mot ".repeat(20), &source).expect_err("a reason");
        assert!(error.to_string().contains("cut"));
    }
}
