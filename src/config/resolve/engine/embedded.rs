//! The keys of the embedded engine.

use url::Url;

use super::super::super::diagnostics::Diagnostics;
use super::super::super::load_context::LoadContext;
use super::super::super::plan::EngineModels;
use super::super::super::raw::RawEngine;
use super::super::super::state::State;
use super::super::rules::web_address;
use crate::model::EngineKind;

/// Returns where the models are kept.
pub(super) fn models(table: &RawEngine, state: &State, context: &LoadContext<'_>) -> EngineModels {
    let default = || EngineModels::default_folder(state, &context.path("feeds.toml"));
    let folder = table.models.as_ref().map_or_else(default, |at| context.path(&at.value));
    EngineModels { folder, auto_download: table.auto_download.as_ref().is_some_and(|at| at.value) }
}

/// Checks where models come from: a web address, or a folder as `file:` address.
pub(super) fn origin(table: &RawEngine, diagnostics: &mut Diagnostics<'_>) -> Option<Url> {
    let at = table.url.as_ref()?;
    match Url::parse(at.value.trim()) {
        Ok(url) if url.scheme() == "file" => {
            if url.to_file_path().is_err() {
                diagnostics.error(&at.span, "`url` names no folder of this machine", "write url = \"file:///FOLDER\"");
                return None;
            }
            Some(url)
        }
        _ => web_address("url", at, "remove it: models are public", diagnostics),
    }
}

/// Refuses keys that an engine of this kind does not have.
pub(super) fn check_keys(kind: EngineKind, table: &RawEngine, diagnostics: &mut Diagnostics<'_>) {
    if kind.is_embedded() {
        if let Some(at) = &table.key {
            let message = "an engine of the kind \"firefox\" has no `key`";
            diagnostics.error(&at.span, message, "remove it: it runs in relais itself, and nothing is sent anywhere");
        }
        return;
    }
    for (key, span) in
        [("models", table.models.as_ref().map(|at| &at.span)), ("auto_download", table.auto_download.as_ref().map(|at| &at.span))]
    {
        if let Some(span) = span {
            let message = format!("an engine of the kind \"{}\" has no `{key}`", kind.name());
            diagnostics.error(span, message, "remove it: only \"firefox\" has one");
        }
    }
}
