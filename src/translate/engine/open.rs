//! Makes an engine of its settings.

use std::sync::Arc;

use super::llm::{anthropic, ollama, openai};
use super::mt::{apertium, azure, deepl, google, libretranslate};
use super::pivot;
use super::settings::{EngineOpenError, EngineSettings};
use super::types::Engine;
use crate::model::EngineKind;
use crate::net::ApiClient;

/// Makes an engine. Nothing is sent.
pub fn open(settings: EngineSettings, caller: Arc<ApiClient>) -> Result<Arc<dyn Engine>, EngineOpenError> {
    let engine: Arc<dyn Engine> = match settings.kind {
        EngineKind::Deepl => Arc::new(deepl::Deepl::open(&settings, caller)?),
        EngineKind::Libretranslate => Arc::new(libretranslate::Libretranslate::open(&settings, caller)?),
        EngineKind::Openai => Arc::new(openai::Openai::open(&settings, caller)?),
        EngineKind::Ollama => Arc::new(ollama::Ollama::open(&settings, caller)?),
        EngineKind::Anthropic => Arc::new(anthropic::Anthropic::open(&settings, caller)?),
        EngineKind::Google => Arc::new(google::Google::open(&settings, caller)?),
        EngineKind::Azure => Arc::new(azure::Azure::open(&settings, caller)?),
        EngineKind::Apertium => Arc::new(apertium::Apertium::open(&settings, caller)?),
    };
    Ok(match settings.pivot {
        Some(middle) => Arc::new(pivot::Pivot::new(engine, middle)),
        None => engine,
    })
}
