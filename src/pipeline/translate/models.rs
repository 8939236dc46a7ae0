//! Gets the models that the embedded engine lacks, before a run translates with it (`auto_download`).

use std::collections::BTreeSet;
use std::path::Path;

use super::super::network::client;
use crate::config::Plan;
use crate::model::{Fault, FaultKind, Lang};
use crate::translate::{DEFAULT_SERVER, ModelError, ModelFolder, ModelOrigin, install_model, missing_models, try_model};

/// Returns where the models of a plan come from: `url` of its first embedded engine, or the server of Firefox.
pub fn model_origin(plan: &Plan) -> ModelOrigin {
    let default = || ModelOrigin::Server(DEFAULT_SERVER.to_owned());
    let of_engine = plan.engines.iter().filter(|engine| engine.models.is_some()).find_map(|engine| engine.url.as_deref());
    // The address was checked when the plan was loaded.
    of_engine.and_then(|url| ModelOrigin::parse(url).ok()).unwrap_or_else(default)
}

/// Returns the names of the models in a folder, with the bytes of their files. There are none if it cannot be read, which a run tells.
pub fn list_models(folder: &Path) -> Vec<(String, u64)> {
    let installed = ModelFolder::new(folder).installed().unwrap_or_default();
    installed.into_iter().map(|installed| (installed.model.name(), installed.model.size())).collect()
}

/// Gets the models that are missing, where `auto_download` allows it. What cannot be had is a fault of its engine; texts wait, or go to the
/// next engine.
pub(in crate::pipeline) async fn get_missing_models(plan: &Plan) -> Vec<Fault> {
    let mut faults = Vec::new();
    let loading = |engine: &&crate::config::Engine| engine.models.as_ref().is_some_and(|models| models.auto_download);
    for engine in plan.engines.iter().filter(loading) {
        let Some(models) = &engine.models else { continue };
        let folder = ModelFolder::new(&models.folder);
        if let Err(error) = get_all(plan, &engine.id, engine.pivot.as_ref(), &folder).await {
            let message = format!("the engine `{}` cannot get a model: {error}", engine.id);
            faults.push(Fault::of_engine(&engine.id, FaultKind::Misconfigured, message));
        }
    }
    faults
}

async fn get_all(plan: &Plan, engine: &str, middle: Option<&Lang>, folder: &ModelFolder) -> Result<(), ModelError> {
    let pairs = wanted_pairs(plan, engine);
    let installed = folder.installed()?;
    if pairs.iter().all(|(from, to)| missing_models(&installed, from, to, middle).is_empty()) {
        return Ok(());
    }
    let client = client(&plan.fetch).map_err(ModelError::from)?;
    let origin = model_origin(plan);
    for (from, to) in pairs {
        for (from, to) in missing_models(&folder.installed()?, &from, &to, middle) {
            tracing::info!(engine.id = %engine, "getting the model {from}-{to}");
            install_model(folder, &origin, (&from, &to, None), &client, &|_, _| (), &try_model).await?;
        }
    }
    Ok(())
}

/// Returns the languages of the sources and editions of an engine, as pairs.
fn wanted_pairs(plan: &Plan, engine: &str) -> BTreeSet<(Lang, Lang)> {
    let editions = plan.editions.iter().filter(|edition| edition.engines.iter().any(|id| id == engine));
    let of_edition = |edition: &crate::config::Edition| {
        let sources = plan.sources.iter().filter(|source| edition.from.contains(&source.id));
        let from: BTreeSet<Lang> = sources.filter_map(|source| source.lang.clone()).collect();
        let pairs = from.into_iter().flat_map(|from| edition.langs.iter().map(move |to| (from.clone(), to.clone())));
        pairs.filter(|(from, to)| from.primary() != to.primary()).collect::<Vec<_>>()
    };
    editions.flat_map(of_edition).collect()
}
