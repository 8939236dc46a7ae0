//! Requests to translation services, and what a failure means. `classify` holds the statuses that mean the same for every
//! vendor; each client looks for its own exceptions first.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::error::{Billing, EngineError};
use super::settings::{EngineOpenError, EngineSettings};
use super::types::Batch;
use crate::model::Usage;
use crate::net::{ApiBody, ApiClient, ApiError, ApiFile, ApiRequest, ApiResponse, redact_url};

/// The most characters of a vendor's error message that are passed on.
const MAX_QUOTED: usize = 200;

/// The default time-out of a request to a translation API.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The default time-out of a request to a language model: they write hardly faster than people read.
const MODEL_TIMEOUT: Duration = Duration::from_secs(240);

/// Headers of a request. Their values may be keys.
pub(super) type SecretHeaders = [(&'static str, SecretString)];

/// The HTTP endpoint of one engine.
pub(super) struct HttpService {
    client: Arc<ApiClient>,
    /// The name of the engine in feeds.toml.
    pub(super) id: String,
    /// The address that translates.
    pub(super) url: Url,
    pub(super) key: Option<SecretString>,
    timeout: Duration,
}

impl HttpService {
    /// Makes the endpoint `path` below `url`, or below the vendor's own address. Nothing is sent.
    pub(super) fn new(
        settings: &EngineSettings,
        client: Arc<ApiClient>,
        vendor: Option<&str>,
        path: &str,
    ) -> Result<Self, EngineOpenError> {
        let base = settings.url.as_deref().or(vendor).ok_or_else(|| settings.missing("url"))?;
        let default = if settings.kind.is_language_model() { MODEL_TIMEOUT } else { TIMEOUT };
        if let Some(key) = &settings.key {
            let key = key.expose_secret();
            if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(settings.wrong("key", "it is empty, or holds other characters than letters, digits and signs"));
            }
        }
        let url = endpoint(settings, base, path)?;
        let timeout = settings.timeout.unwrap_or(default);
        Ok(Self { client, id: settings.id.clone(), url, key: settings.key.clone(), timeout })
    }

    /// Posts JSON to the endpoint. An answer of any status comes back.
    pub(super) async fn post_json(&self, headers: &SecretHeaders, body: &impl Serialize) -> Result<ApiResponse, EngineError> {
        self.post_json_to(&self.url, headers, body).await
    }

    /// Posts JSON to another address of the service.
    pub(super) async fn post_json_to(
        &self,
        url: &Url,
        headers: &SecretHeaders,
        body: &impl Serialize,
    ) -> Result<ApiResponse, EngineError> {
        let body = serde_json::to_vec(body).map_err(|error| self.bad_answer(&format!("cannot be asked: {error}"), None))?;
        self.send(url, headers, ApiBody::Json(body)).await
    }

    /// Posts a form to the endpoint.
    pub(super) async fn post_form(&self, form: String) -> Result<ApiResponse, EngineError> {
        self.send(&self.url, &[], ApiBody::Form(form)).await
    }

    /// Uploads a file to another address of the service.
    pub(super) async fn post_file_to(
        &self,
        url: &Url,
        headers: &SecretHeaders,
        file: ApiFile,
    ) -> Result<ApiResponse, EngineError> {
        self.send(url, headers, ApiBody::File(file)).await
    }

    /// Gets another address of the service.
    pub(super) async fn get(&self, url: &Url, headers: &SecretHeaders) -> Result<ApiResponse, EngineError> {
        self.send(url, headers, ApiBody::Nothing).await
    }

    /// Returns the address of the service at which the path of the endpoint ends in `path` instead of in `own`.
    pub(super) fn address(&self, own: &str, path: &str) -> Url {
        let mut url = self.url.clone();
        let base = url.path().trim_end_matches('/');
        let path = format!("{}{path}", base.strip_suffix(own).unwrap_or(base));
        url.set_path(&path);
        url
    }

    async fn send(&self, url: &Url, headers: &SecretHeaders, body: ApiBody) -> Result<ApiResponse, EngineError> {
        let request = ApiRequest { url: url.clone(), headers, body, timeout: self.timeout, hides_path: false };
        self.client.call(request).await.map_err(|error| self.unanswered(&error))
    }

    /// Returns what it means that no answer came.
    fn unanswered(&self, error: &ApiError) -> EngineError {
        let message = error.to_string();
        let transient = |message, billing| EngineError::Transient { message, retry_after: None, billing };
        match error {
            ApiError::Unreachable { .. } => transient(message, Billing::Free),
            ApiError::Timeout { .. } => {
                let hint = format!("if it is always so slow, raise `timeout` of [engine.{}]", self.id);
                transient(format!("{message}: {hint}"), Billing::Unknown)
            }
            ApiError::Cut { .. } => transient(message, Billing::Unknown),
            ApiError::TooBig { .. } => EngineError::BadAnswer { message, used: None },
            ApiError::Unsendable => {
                EngineError::Unauthorized { message: format!("{message}: see `key` of [engine.{}]", self.id) }
            }
        }
    }

    /// Parses the body of a successful answer.
    pub(super) fn parse<T: DeserializeOwned>(&self, response: &ApiResponse) -> Result<T, EngineError> {
        serde_json::from_slice(&response.body).map_err(|error| {
            // serde quotes what it read, which may be text of an article.
            let why = if error.is_eof() { "is cut" } else { "has another shape than this service's answers" };
            self.bad_answer(&format!("sends an answer that {why} (line {}, column {})", error.line(), error.column()), None)
        })
    }

    /// Returns what a status other than success means for every vendor. `said` is the vendor's message.
    pub(super) fn classify(&self, response: &ApiResponse, said: &str) -> EngineError {
        let retry_after = response.retry_after;
        let message = self.describe(response.status, said);
        match response.status {
            401 | 403 => self.unauthorized(response.status),
            402 => EngineError::Quota { message },
            413 | 414 => EngineError::TooLarge { message },
            425 | 429 | 503 | 529 => EngineError::Transient { message, retry_after, billing: Billing::Free },
            // Gateways send these too, while the server behind them works on.
            408 | 500..=599 => EngineError::Transient { message, retry_after, billing: Billing::Unknown },
            300..=399 => self.misconfigured(&message, "it leads elsewhere, see `url`"),
            404 | 405 | 410 => self.misconfigured(&message, "see `url`"),
            // It may be about one of the texts, so the others are sent without it. A refusal is not billed.
            _ => EngineError::BadAnswer { message, used: Some(Usage::default()) },
        }
    }

    /// Returns the error of a key that is missing or not accepted. The vendor's message is left out: some repeat parts of the
    /// key.
    pub(super) fn unauthorized(&self, status: u16) -> EngineError {
        let what = if self.key.is_some() { "it does not accept the `key`" } else { "it wants a `key`, or another address" };
        EngineError::Unauthorized { message: format!("{}: {what} of [engine.{}]", self.describe(status, ""), self.id) }
    }

    /// Returns the error of a pair of languages that the service does not translate.
    pub(super) fn unsupported_pair(&self, batch: &Batch) -> EngineError {
        let hint = "take the engine from the edition, or set its `pivot`";
        let url = redact_url(self.url.as_str());
        EngineError::UnsupportedPair {
            message: format!("{url} does not translate from {} into {}: {hint}", batch.from, batch.to),
        }
    }

    /// Returns the error of a wrong setting. `hint` names it: "see `url`".
    pub(super) fn misconfigured(&self, message: &str, hint: &str) -> EngineError {
        EngineError::Misconfigured { message: format!("{message}: {hint} of [engine.{}]", self.id) }
    }

    /// Returns the error of an answer that does not keep the protocol: "ADDRESS WHAT".
    pub(super) fn bad_answer(&self, what: &str, used: Option<Usage>) -> EngineError {
        EngineError::BadAnswer { message: format!("{} {what}", redact_url(self.url.as_str())), used }
    }

    /// Fails unless as many texts came as were sent.
    pub(super) fn check_count(&self, came: usize, sent: usize, used: Option<Usage>) -> Result<(), EngineError> {
        if came == sent { Ok(()) } else { Err(self.bad_answer(&format!("answers with {came} texts for {sent}"), used)) }
    }

    /// Returns "ADDRESS answers 429: Slow down".
    pub(super) fn describe(&self, status: u16, said: &str) -> String {
        let answers = format!("{} answers {status}", redact_url(self.url.as_str()));
        let said = self.quote(said);
        if said.is_empty() { answers } else { format!("{answers}: {said}") }
    }

    /// Returns a vendor's message on one line, cut to 200 characters and without the key if it repeats it.
    pub(super) fn quote(&self, said: &str) -> String {
        let mut said = said.split(|c: char| c.is_whitespace() || c.is_control()).collect::<Vec<_>>().join(" ");
        if let Some(key) = self.key.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty()) {
            said = said.replace(key, "…");
        }
        if let Some((cut, _)) = said.char_indices().nth(MAX_QUOTED) {
            said.truncate(cut);
            said.push('…');
        }
        said.trim().to_owned()
    }
}

/// Returns the address of `path` below `base`; a base that already ends in it is left as it is.
fn endpoint(settings: &EngineSettings, base: &str, path: &str) -> Result<Url, EngineOpenError> {
    let mut url = Url::parse(base.trim()).map_err(|error| settings.wrong("url", &format!("it is no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(settings.wrong("url", "write one like \"https://translate.example.org\""));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(settings.wrong("url", "it holds a name or a password, which belong into `key`"));
    }
    url.set_fragment(None);
    let above = url.path().trim_end_matches('/');
    if !above.ends_with(path) {
        let path = format!("{above}{path}");
        url.set_path(&path);
    }
    Ok(url)
}
