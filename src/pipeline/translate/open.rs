//! From feeds.toml to engines that can be asked, and to the terms that they must keep.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::network::options;
use super::engine_handle::EngineHandle;
use crate::config::{self as plan, Plan};
use crate::net::{ApiClient, ClientError};
use crate::translate::{EngineOpenError, EngineSettings, Glossary, GlossaryError, open};

/// Why nothing can be translated.
#[derive(Debug, thiserror::Error)]
pub enum TranslateSetupError {
    /// The network cannot be used at all.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An engine's settings are of no use.
    #[error("the engine `{id}` cannot be used: {why}")]
    Engine {
        /// Its name.
        id: String,
        /// What is wrong with it.
        why: EngineOpenError,
    },
    /// A file cannot be read.
    #[error("{} cannot be read ({why}): name another one in [glossary], or take the key out", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// The glossary is wrong.
    #[error("{}", .0)]
    Glossary(#[from] GlossaryError),
}

/// The engines that editions name, in the request of feeds.toml. None when nothing is to be translated.
pub(in crate::pipeline) fn open_engines(plan: &Plan) -> Result<Vec<EngineHandle>, TranslateSetupError> {
    let wanted = |engine: &&plan::Engine| {
        plan.editions.iter().any(|edition| !edition.langs.is_empty() && edition.engines.contains(&engine.id))
    };
    let engines: Vec<&plan::Engine> = plan.engines.iter().filter(wanted).collect();
    if engines.is_empty() {
        return Ok(Vec::new());
    }
    let caller = Arc::new(ApiClient::new(&options(&plan.fetch))?);
    engines.into_iter().map(|engine| open_engine(engine, &caller)).collect()
}

/// One engine, whether an edition names it or not.
pub fn open_engine(engine: &plan::Engine, caller: &Arc<ApiClient>) -> Result<EngineHandle, TranslateSetupError> {
    let settings = EngineSettings {
        id: engine.id.clone(),
        kind: engine.kind,
        url: engine.url.clone(),
        model: engine.model.clone(),
        key: engine.key.clone(),
        region: engine.region.clone(),
        pivot: engine.pivot.clone(),
        timeout: engine.timeout,
        in_flight: engine.in_flight,
    };
    let client = open(settings, Arc::clone(caller)).map_err(|why| TranslateSetupError::Engine { id: engine.id.clone(), why })?;
    Ok(EngineHandle::new(engine.id.clone(), client, engine.budget, engine.price.clone().unwrap_or_default()))
}

/// The glossary that is built in, with that of the files of feeds.toml laid over it.
pub fn load_glossary(plan: &Plan) -> Result<Arc<Glossary>, TranslateSetupError> {
    let read = |path: &Option<PathBuf>| path.as_deref().map_or_else(|| Ok(String::new()), text);
    let (terms, keep) = (read(&plan.glossary.file)?, read(&plan.glossary.keep)?);
    Ok(Arc::new(Glossary::built_in().overlay(Glossary::parse(&terms, &keep)?)?))
}

fn text(path: &Path) -> Result<String, TranslateSetupError> {
    std::fs::read_to_string(path).map_err(|why| TranslateSetupError::File { path: path.to_owned(), why })
}
