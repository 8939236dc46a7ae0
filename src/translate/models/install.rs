//! Gets a model: fetches its files, checks them, and puts it in place of the old one.
//!
//! Nothing changes for a running relais until everything has been checked. The version before stays on the disk until the next change, so
//! that a daemon that still uses it can read it.

mod fetch;

use std::fs;
use std::path::Path;

use super::check::check_model;
use super::error::ModelError;
use super::folder::{InstalledModel, ModelFolder};
use super::origin::ModelOrigin;
use crate::model::Lang;
use crate::net::Client;
use fetch::fetch_file;

use super::catalogue::Model;

/// Is told how much of the files has come: bytes so far, and of all.
pub type Progress<'p> = &'p (dyn Fn(u64, u64) + Send + Sync);

/// The result of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstallOutcome {
    /// The model is new.
    Added(Model),
    /// It has replaced this one.
    Replaced {
        /// The new one.
        new: Model,
        /// The name of the old one.
        old: String,
    },
    /// It was there already, whole.
    Same(Model),
}

/// Gets the best model of a pair, or that of a size class. `try_out` runs it once before it counts.
pub async fn install(
    folder: &ModelFolder,
    origin: &ModelOrigin,
    (from, to, class): (&Lang, &Lang, Option<&str>),
    client: &Client,
    progress: Progress<'_>,
    try_out: &(dyn Fn(&InstalledModel) -> Result<(), ModelError> + Sync),
) -> Result<InstallOutcome, ModelError> {
    let guard = folder.guard()?;
    let catalogue = origin.catalogue(client).await?;
    let of_class = |model: &&Model| class.is_none_or(|class| model.architecture == class);
    let model = catalogue.models.iter().filter(|model| model.from == *from && model.to == *to).find(of_class);
    let missing = || ModelError::NoModel { place: origin.to_string(), from: from.to_string(), to: to.to_string() };
    let model = model.ok_or_else(missing)?.clone();
    let mut installed: Vec<Model> = folder.installed()?.into_iter().map(|installed| installed.model).collect();
    let old = installed.iter().position(|other| other.from == model.from && other.to == model.to).map(|at| installed.remove(at));
    let place = folder.place(&model);
    let candidate = InstalledModel { model: model.clone(), folder: place.clone() };
    if old.as_ref().is_some_and(|old| old.name() == model.name() && old.files == model.files) && candidate.read().is_ok() {
        return Ok(InstallOutcome::Same(model));
    }
    let base = origin.base(client).await?;
    let downloads = folder.downloads()?;
    let total = model.download_size();
    let mut before = 0;
    for file in &model.files {
        let report = |bytes: u64| progress(before + bytes.min(file.attachment.size), total);
        let source = origin.file(base.as_deref(), &model, file);
        fetch_file(&source, file, &downloads, &place, client, &report).await?;
        before += file.attachment.size;
    }
    try_model(&candidate, try_out)?;
    installed.push(model.clone());
    folder.write_lock(&installed, &guard)?;
    let kept: Vec<&Model> = std::iter::once(&model).chain(&old).collect();
    folder.keep_only(&kept, &guard);
    let _ = fs::remove_dir(downloads);
    Ok(match old {
        Some(old) if old.name() != model.name() => InstallOutcome::Replaced { old: old.name(), new: model },
        _ => InstallOutcome::Added(model),
    })
}

/// Checks a model, and runs it once. One that does not pass is removed.
fn try_model(
    candidate: &InstalledModel,
    try_out: &(dyn Fn(&InstalledModel) -> Result<(), ModelError> + Sync),
) -> Result<(), ModelError> {
    let judge = || {
        let bytes = candidate.read()?;
        let unusable = |why| ModelError::Unusable { model: candidate.model.name(), why };
        check_model(&bytes.model, &bytes.source, bytes.target()).map_err(unusable)?;
        drop(bytes);
        try_out(candidate)
    };
    judge().inspect_err(|_| remove(&candidate.folder))
}

fn remove(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
}
