//! The templates of the operator (`templates` in feeds.toml). One that is wrong keeps the pages as they were, and is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Plan;
use crate::model::{Fault, FaultKind, Format};
use crate::pipeline::blocking::{Panicked, spawn_cpu};
use crate::render::{RenderError, Templates};

use super::file_stem::INDEX;

/// The largest template, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// The most files of a folder that are looked at.
const MAX_FILES: usize = 200;
/// Templates that cannot be used. It says which file is wrong, and why.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A file or the folder cannot be read.
    #[error("cannot read the template {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        source: std::io::Error,
    },
    /// A file is larger than any template.
    #[error("cannot read the template {}: it is larger than 1 MiB", .0.display())]
    TooLarge(PathBuf),
    /// A template is wrong.
    #[error(transparent)]
    Wrong(#[from] RenderError),
    /// Code of relais panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

/// The templates of the pages, if they are in order.
pub(in crate::pipeline) struct PageTemplates {
    loaded: Result<Arc<Templates>, TemplateError>,
}

/// Checks the templates that a plan names.
pub async fn check_templates(plan: &Plan) -> Result<(), TemplateError> {
    PageTemplates::load(plan.templates.as_deref()).await.loaded.map(|_| ())
}

impl PageTemplates {
    /// Loads the templates of a folder; without one they are the built-in ones.
    pub(in crate::pipeline) async fn load(folder: Option<&Path>) -> Self {
        let Some(folder) = folder.map(Path::to_owned) else { return Self { loaded: Ok(Arc::default()) } };
        let read = spawn_cpu("reading the templates", move || read_templates(&folder)).await;
        Self { loaded: read.map_err(TemplateError::from).flatten().map(Arc::new) }
    }

    /// Returns the templates, if they are in order.
    pub(super) fn get(&self) -> Option<Arc<Templates>> {
        self.loaded.as_ref().ok().cloned()
    }

    /// Returns the templates for a format; only pages need those of the operator.
    pub(super) fn for_format(&self, format: Format) -> Option<Arc<Templates>> {
        if format == Format::Html { self.get() } else { Some(Arc::default()) }
    }

    /// Returns what tells these templates from others.
    pub(super) fn key(&self) -> String {
        match &self.loaded {
            Ok(templates) => templates.key(),
            Err(error) => error.to_string(),
        }
    }

    /// Returns the fault of templates that are not in order.
    pub(in crate::pipeline) fn fault(&self) -> Option<Fault> {
        self.loaded.as_ref().err().map(|error| Fault::of_edition(INDEX, FaultKind::Render, error.to_string()))
    }
}

/// Returns the templates of the operator, and the places of those that there may be tomorrow.
pub fn template_files(plan: &Plan) -> Vec<PathBuf> {
    let Some(folder) = &plan.templates else { return Vec::new() };
    let there = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = Templates::names().map(|name| folder.join(name)).chain(there).collect();
    files.sort();
    files.dedup();
    files
}

/// Reads the templates of a folder, and checks their syntax.
fn read_templates(folder: &Path) -> Result<Templates, TemplateError> {
    let cannot_read = |path: &Path, source| TemplateError::Read { path: path.to_owned(), source };
    let mut own = BTreeMap::new();
    let entries = std::fs::read_dir(folder).map_err(|error| cannot_read(folder, error))?;
    for entry in entries.take(MAX_FILES) {
        let entry = entry.map_err(|error| cannot_read(folder, error))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if !Templates::has_place_for(&name) || !path.is_file() {
            continue;
        }
        let size = std::fs::metadata(&path).map_err(|error| cannot_read(&path, error))?.len();
        if size > MAX_BYTES {
            return Err(TemplateError::TooLarge(path));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| cannot_read(&path, error))?;
        own.insert(name, text);
    }
    Ok(Templates::with(own)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a file that is wrong as a template.
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    fn folder_with(name: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(name), "{% for %}").expect("written");
        folder
    }

    #[tokio::test]
    async fn template_that_is_wrong_is_a_fault_and_gives_no_templates() {
        let folder = folder_with("card.html");
        let templates = PageTemplates::load(Some(folder.path())).await;
        assert!(templates.get().is_none() && templates.for_format(Format::Atom).is_some());
        let fault = templates.fault().expect("a fault");
        assert!(fault.message.contains("card.html: line 1"), "{}", fault.message);
    }

    #[tokio::test]
    async fn file_that_is_no_template_is_left_alone() {
        let folder = folder_with("card.html~");
        let templates = PageTemplates::load(Some(folder.path())).await;
        assert!(templates.fault().is_none() && templates.key().is_empty());
    }
}
