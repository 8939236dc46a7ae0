//! What all clients of services share: one call, and what its failure means. The table of statuses is that of every vendor,
//! and each client looks for its own exceptions first.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::error::{Billing, EngineError};
use crate::model::Usage;
use crate::net::{ApiBody, ApiClient, ApiError, ApiRequest, ApiResponse, redact_url};

/// So much of what a service says of an error is passed on.
const MAX_SAID: usize = 200;

/// Headers of a call.
pub(super) type Headers = [(&'static str, SecretString)];

/// The way to one service.
pub(super) struct HttpService {
    pub(super) caller: Arc<ApiClient>,
    /// The name of the engine in feeds.toml.
    pub(super) id: String,
    /// What is called to translate.
    pub(super) url: Url,
    pub(super) key: Option<SecretString>,
    pub(super) timeout: Duration,
}

impl HttpService {
    /// Posts JSON. An answer of any status comes back.
    pub(super) async fn json(&self, url: &Url, headers: &Headers, body: &impl Serialize) -> Result<ApiResponse, EngineError> {
        let body = serde_json::to_vec(body).map_err(|error| self.bad(&format!("cannot be asked: {error}"), None))?;
        self.send(url, headers, ApiBody::Json(body)).await
    }

    /// Calls; what the failure of a call means.
    pub(super) async fn send(&self, url: &Url, headers: &Headers, body: ApiBody) -> Result<ApiResponse, EngineError> {
        let call = ApiRequest { url: url.clone(), headers, body, timeout: self.timeout };
        self.caller.call(call).await.map_err(|error| {
            let message = error.to_string();
            match error {
                ApiError::Unreachable { .. } => EngineError::Transient { message, retry_after: None, billing: Billing::Free },
                ApiError::Timeout { .. } => {
                    let message = format!("{message}: if it is always so slow, raise `timeout` of [engine.{}]", self.id);
                    EngineError::Transient { message, retry_after: None, billing: Billing::Unknown }
                }
                ApiError::Cut { .. } => EngineError::Transient { message, retry_after: None, billing: Billing::Unknown },
                ApiError::TooBig { .. } => EngineError::BadOutput { message, used: None },
                ApiError::Unsendable => EngineError::Auth { message: format!("{message}: see `key` of [engine.{}]", self.id) },
            }
        })
    }

    /// Reads an answer of success.
    pub(super) fn read<T: DeserializeOwned>(&self, called: &ApiResponse) -> Result<T, EngineError> {
        serde_json::from_slice(&called.body).map_err(|error| {
            // serde's words quote what it read, which is none of the reader's business.
            let why = if error.is_eof() { "is cut" } else { "has another shape than this service's answers" };
            self.bad(&format!("sends an answer that {why} (line {}, column {})", error.line(), error.column()), None)
        })
    }

    /// What a status other than success means, unless the vendor means something else by it. `said` is what the service says.
    pub(super) fn refused(&self, called: &ApiResponse, said: &str) -> EngineError {
        let retry_after = called.retry_after;
        let message = self.answers(called.status, said);
        match called.status {
            401 | 403 => self.denied(called.status),
            402 => EngineError::Quota { message },
            413 | 414 => EngineError::TooLarge { message },
            425 | 429 | 503 | 529 => EngineError::Transient { message, retry_after, billing: Billing::Free },
            // These come from gateways too, when whoever stands behind them works on.
            408 | 500..=599 => EngineError::Transient { message, retry_after, billing: Billing::Unknown },
            300..=399 => EngineError::Auth { message: format!("{message}: set `url` of [engine.{}] to where it leads", self.id) },
            404 | 405 | 410 => EngineError::Auth { message: format!("{message}: see `url` of [engine.{}]", self.id) },
            // It may be about one of the texts, so that the others can do without it. Refused is not paid for.
            _ => EngineError::BadOutput { message, used: Some(Usage::default()) },
        }
    }

    /// Another key is needed. What the service says is left out: some repeat parts of the key.
    pub(super) fn denied(&self, status: u16) -> EngineError {
        let what = if self.key.is_some() { "it does not accept the `key`" } else { "it wants a `key`, or another address" };
        EngineError::Auth { message: format!("{}: {what} of [engine.{}]", self.answers(status, ""), self.id) }
    }

    /// It does not translate this way.
    pub(super) fn pair(&self, from: &str, to: &str) -> EngineError {
        let advice = "take the engine from the edition, or set its `pivot`";
        EngineError::Auth {
            message: format!("{} does not translate from {from} into {to}: {advice}", redact_url(self.url.as_str())),
        }
    }

    /// What came is no answer.
    pub(super) fn bad(&self, what: &str, used: Option<Usage>) -> EngineError {
        EngineError::BadOutput { message: format!("{} {what}", redact_url(self.url.as_str())), used }
    }

    /// Whether as many texts came as were sent.
    pub(super) fn count(&self, came: usize, sent: usize, used: Option<Usage>) -> Result<(), EngineError> {
        let wrong = || self.bad(&format!("answers with {came} texts for {sent}"), used);
        (came == sent).then_some(()).ok_or_else(wrong)
    }

    /// "ADDRESS answers 429: Slow down".
    pub(super) fn answers(&self, status: u16, said: &str) -> String {
        let answers = format!("{} answers {status}", redact_url(self.url.as_str()));
        let said = self.quoted(said);
        if said.is_empty() { answers } else { format!("{answers}: {said}") }
    }

    /// What a service says, as it can be shown: short, in one line, and without the key if it repeats it.
    pub(super) fn quoted(&self, said: &str) -> String {
        let mut said = said.split(|c: char| c.is_whitespace() || c.is_control()).collect::<Vec<_>>().join(" ");
        if let Some(key) = self.key.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty()) {
            said = said.replace(key, "…");
        }
        if let Some((cut, _)) = said.char_indices().nth(MAX_SAID) {
            said.truncate(cut);
            said.push('…');
        }
        said.trim().to_owned()
    }
}
