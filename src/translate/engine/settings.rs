//! The settings of one engine, and their errors.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use thiserror::Error;

use super::types::Limits;
use crate::model::{EngineKind, GuidanceTable, Lang, ReasoningEffort, ServiceTier};

/// An `[engine.ID]` table of feeds.toml.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// The name of the engine.
    pub id: String,
    /// The protocol that it speaks.
    pub kind: EngineKind,
    /// The address of the server; without one, the vendor's.
    pub url: Option<String>,
    /// The name of the language model.
    pub model: Option<String>,
    /// The API key.
    pub key: Option<SecretString>,
    /// The region of an Azure resource.
    pub region: Option<String>,
    /// The language to translate through where there is no direct way.
    pub pivot: Option<Lang>,
    /// Wishes about translations, for engines that can be told them.
    pub guidance: GuidanceTable,
    /// The effort of a reasoning model; without it none is asked for.
    pub reasoning_effort: Option<ReasoningEffort>,
    /// The cheap tier of the vendor in which texts that can wait are sent.
    pub tier: Option<ServiceTier>,
    /// The time-out of one request; without it, the default of the kind.
    pub timeout: Option<Duration>,
    /// The number of requests in flight at a time; without it, the default of the kind.
    pub in_flight: Option<usize>,
    /// The folder of the models, for the embedded engine.
    pub models: Option<PathBuf>,
}

/// An error of the settings of an engine.
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
        /// The problem.
        why: String,
    },
}

impl EngineSettings {
    /// Returns the key, for vendors that require one.
    pub(super) fn require_key(&self) -> Result<SecretString, EngineOpenError> {
        self.key.clone().ok_or_else(|| self.missing("key"))
    }

    /// Returns the name of the language model.
    pub(super) fn require_model(&self) -> Result<String, EngineOpenError> {
        self.model.clone().ok_or_else(|| self.missing("model"))
    }

    /// Returns the limits of the kind, with `in_flight` as it is set.
    pub(super) fn limits(&self, of_kind: Limits) -> Limits {
        Limits { in_flight: self.in_flight.unwrap_or(of_kind.in_flight), ..of_kind }
    }

    pub(super) fn missing(&self, setting: &'static str) -> EngineOpenError {
        EngineOpenError::Missing { id: self.id.clone(), setting, kind: self.kind.name() }
    }

    pub(super) fn wrong(&self, setting: &'static str, why: &str) -> EngineOpenError {
        EngineOpenError::Wrong { id: self.id.clone(), setting, why: why.to_owned() }
    }
}
