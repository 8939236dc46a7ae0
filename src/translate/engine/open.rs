//! Makes an engine from its settings: the one place that knows all vendors.

use std::sync::Arc;

use super::llm::{anthropic, ollama, openai};
use super::mt::{apertium, azure, deepl, google, libretranslate};
use super::pivot::Pivot;
use super::settings::{EngineOpenError, EngineSettings};
use super::types::Engine;
use crate::model::EngineKind;
use crate::net::ApiClient;

/// Makes an engine. Nothing is sent.
pub fn open(settings: EngineSettings, client: Arc<ApiClient>) -> Result<Arc<dyn Engine>, EngineOpenError> {
    let engine: Arc<dyn Engine> = match settings.kind {
        EngineKind::Deepl => Arc::new(deepl::Deepl::open(&settings, client)?),
        EngineKind::Libretranslate => Arc::new(libretranslate::Libretranslate::open(&settings, client)?),
        EngineKind::Openai => Arc::new(openai::Openai::open(&settings, client)?),
        EngineKind::Ollama => Arc::new(ollama::Ollama::open(&settings, client)?),
        EngineKind::Anthropic => Arc::new(anthropic::Anthropic::open(&settings, client)?),
        EngineKind::Google => Arc::new(google::Google::open(&settings, client)?),
        EngineKind::Azure => Arc::new(azure::Azure::open(&settings, client)?),
        EngineKind::Apertium => Arc::new(apertium::Apertium::open(&settings, client)?),
        EngineKind::Firefox => open_embedded(&settings)?,
    };
    Ok(match settings.pivot {
        // The embedded engine knows beforehand which pairs have a model, and goes through the middle itself.
        Some(middle) if !settings.kind.is_embedded() => Arc::new(Pivot::new(engine, middle)),
        _ => engine,
    })
}

#[cfg(feature = "firefox")]
fn open_embedded(settings: &EngineSettings) -> Result<Arc<dyn Engine>, EngineOpenError> {
    Ok(Arc::new(super::embedded::Embedded::open(settings)?))
}

#[cfg(not(feature = "firefox"))]
fn open_embedded(settings: &EngineSettings) -> Result<Arc<dyn Engine>, EngineOpenError> {
    Err(settings.wrong("kind", "this relais was built without the embedded engine (`--features firefox`)"))
}
