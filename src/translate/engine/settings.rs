//! The settings of one engine, as feeds.toml has them, and why they may be unusable.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

use super::http::HttpService;
use crate::model::{EngineKind, Lang};
use crate::net::ApiClient;

/// What a request of a translation server may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a request of a language model may take: they write hardly faster than people read.
const MODEL_TIMEOUT: Duration = Duration::from_secs(180);

/// An `[engine.ID]` table.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Its name.
    pub id: String,
    /// Which protocol it speaks.
    pub kind: EngineKind,
    /// The address of the server; without one, the vendor's.
    pub url: Option<String>,
    /// The name of the language model.
    pub model: Option<String>,
    /// What the service knows its customer by.
    pub key: Option<SecretString>,
    /// The region of an Azure resource.
    pub region: Option<String>,
    /// The language to go through.
    pub pivot: Option<Lang>,
    /// What one request may take; without it, as the kind needs it.
    pub timeout: Option<Duration>,
    /// How many requests are under way at a time; without it, as the kind bears it.
    pub in_flight: Option<usize>,
}

/// Why an engine cannot be made of its settings.
#[derive(Debug, Error)]
pub enum EngineOpenError {
    /// A setting is missing.
    #[error("[engine.{id}] needs `{setting}`, since its kind is `{kind}`")]
    Missing {
        /// The engine.
        id: String,
        /// The setting.
        setting: &'static str,
        /// The kind.
        kind: &'static str,
    },
    /// A setting cannot be used. Keys are not shown.
    #[error("`{setting}` of [engine.{id}] cannot be used: {why}")]
    Wrong {
        /// The engine.
        id: String,
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl EngineSettings {
    /// The way to `path` below `url`, or below the vendor's own address.
    pub(super) fn http(&self, caller: Arc<ApiClient>, vendor: Option<&str>, path: &str) -> Result<HttpService, EngineOpenError> {
        let base = self.url.as_deref().or(vendor).ok_or_else(|| self.missing("url"))?;
        let timeout = self.timeout.unwrap_or(if self.kind.is_language_model() { MODEL_TIMEOUT } else { TIMEOUT });
        if let Some(key) = &self.key {
            let key = key.expose_secret();
            if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(self.wrong("key", "it is empty, or holds other characters than letters, digits and signs"));
            }
        }
        Ok(HttpService { caller, id: self.id.clone(), url: self.address(base, path)?, key: self.key.clone(), timeout })
    }

    /// The address of `path` below `base`; one that ends in it already is left as it is.
    fn address(&self, base: &str, path: &str) -> Result<Url, EngineOpenError> {
        let mut url = Url::parse(base.trim()).map_err(|error| self.wrong("url", &format!("it is no URL ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(self.wrong("url", "write one like \"https://translate.example.org\""));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.wrong("url", "it holds a name or a password, which belong into `key`"));
        }
        url.set_fragment(None);
        let above = url.path().trim_end_matches('/');
        if !above.ends_with(path) {
            let path = format!("{above}{path}");
            url.set_path(&path);
        }
        Ok(url)
    }

    /// The key, where there is no way without.
    pub(super) fn key(&self) -> Result<SecretString, EngineOpenError> {
        self.key.clone().ok_or_else(|| self.missing("key"))
    }

    /// The language model.
    pub(super) fn model(&self) -> Result<String, EngineOpenError> {
        self.model.clone().ok_or_else(|| self.missing("model"))
    }

    /// A setting is missing.
    pub(super) fn missing(&self, setting: &'static str) -> EngineOpenError {
        EngineOpenError::Missing { id: self.id.clone(), setting, kind: self.kind.name() }
    }

    /// A setting cannot be used.
    pub(super) fn wrong(&self, setting: &'static str, why: &str) -> EngineOpenError {
        EngineOpenError::Wrong { id: self.id.clone(), setting, why: why.to_owned() }
    }
}
