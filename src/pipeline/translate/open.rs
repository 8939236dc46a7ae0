//! Opens the engines of feeds.toml, and loads the glossary.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::network::options;
use super::engine_handle::EngineHandle;
use crate::config::{self as plan, Plan};
use crate::model::{Fault, FaultKind};
use crate::net::{ApiClient, ClientError};
use crate::translate::{EngineOpenError, EngineSettings, Glossary, GlossaryError, open};

/// An error in setting up translation.
#[derive(Debug, thiserror::Error)]
pub enum TranslateSetupError {
    /// The network cannot be used.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The settings of an engine are unusable.
    #[error("the engine `{id}` cannot be used: {why}")]
    Engine {
        /// The name of the engine.
        id: String,
        /// The error of its settings.
        why: EngineOpenError,
    },
    /// The key of an engine is missing or cannot be read.
    #[error("the engine `{id}` cannot be used: {why}")]
    Key {
        /// The name of the engine.
        id: String,
        /// The reason and what to do.
        why: String,
    },
    /// A file cannot be read.
    #[error("{} cannot be read ({why}): name another one in [glossary], or take the key out", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        why: std::io::Error,
    },
    /// The glossary is wrong.
    #[error("{}", .0)]
    Glossary(#[from] GlossaryError),
}

/// The engines that editions name.
#[derive(Default)]
pub(in crate::pipeline) struct OpenedEngines {
    /// Those that can be used, in the order of feeds.toml.
    pub(in crate::pipeline) engines: Vec<EngineHandle>,
    /// The engines that cannot be used, with the reasons. Their texts wait, or go to the next engine of the edition.
    pub(in crate::pipeline) faults: Vec<Fault>,
}

/// Opens the engines that editions name. There are none when nothing is to be translated.
pub(in crate::pipeline) fn open_engines(plan: &Plan) -> Result<OpenedEngines, TranslateSetupError> {
    let wanted = |engine: &&plan::Engine| {
        let is_named =
            |edition: &plan::Edition| edition.engines.contains(&engine.id) || edition.review.as_ref() == Some(&engine.id);
        plan.editions.iter().any(|edition| !edition.langs.is_empty() && is_named(edition))
    };
    let engines: Vec<&plan::Engine> = plan.engines.iter().filter(wanted).collect();
    if engines.is_empty() {
        return Ok(OpenedEngines::default());
    }
    let client = Arc::new(ApiClient::new(&options(&plan.fetch))?);
    let mut opened = OpenedEngines::default();
    for engine in engines {
        match open_engine(engine, &client) {
            Ok(handle) => opened.engines.push(handle),
            Err(TranslateSetupError::Key { id, why }) => {
                opened.faults.push(Fault::of_engine(
                    &id,
                    FaultKind::Unauthorized,
                    format!("the engine `{id}` has no key: {why}"),
                ));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(opened)
}

/// Opens one engine, also one that no edition names.
pub fn open_engine(engine: &plan::Engine, client: &Arc<ApiClient>) -> Result<EngineHandle, TranslateSetupError> {
    if let Some(why) = &engine.key_error {
        return Err(TranslateSetupError::Key { id: engine.id.clone(), why: why.clone() });
    }
    let settings = EngineSettings {
        id: engine.id.clone(),
        kind: engine.kind,
        url: engine.url.clone(),
        model: engine.model.clone(),
        key: engine.key.clone(),
        region: engine.region.clone(),
        pivot: engine.pivot.clone(),
        guidance: engine.guidance.clone(),
        reasoning_effort: engine.reasoning_effort,
        tier: engine.tier,
        timeout: engine.timeout,
        in_flight: engine.in_flight,
        models: engine.models.as_ref().map(|models| models.folder.clone()),
    };
    let opened = open(settings, Arc::clone(client)).map_err(|why| TranslateSetupError::Engine { id: engine.id.clone(), why })?;
    Ok(EngineHandle::new(engine.id.clone(), opened, engine.budget, engine.price.clone().unwrap_or_default()))
}

/// Loads the built-in glossary, with the files of feeds.toml laid over it.
pub fn load_glossary(plan: &Plan) -> Result<Arc<Glossary>, TranslateSetupError> {
    let read = |path: &Option<PathBuf>| path.as_deref().map_or_else(|| Ok(String::new()), read_file);
    let (terms, keep) = (read(&plan.glossary.file)?, read(&plan.glossary.keep)?);
    Ok(Arc::new(Glossary::built_in().overlay(Glossary::parse(&terms, &keep)?)?))
}

fn read_file(path: &Path) -> Result<String, TranslateSetupError> {
    std::fs::read_to_string(path).map_err(|why| TranslateSetupError::File { path: path.to_owned(), why })
}
