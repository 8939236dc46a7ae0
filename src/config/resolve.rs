//! Checks the raw tables and makes the plan. One file per table has its rules; `rules` has those that tables share.

use super::diagnostics::Diagnostics;
use super::load_context::LoadContext;
use super::plan::Plan;
use super::state::{State, parse_state};
use super::tables::ParsedFile;
use super::values::Located;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod digest;
mod each;
mod edition;
mod edition_auth;
mod edition_langs;
mod edition_sources;
mod engine;
mod entry_filter;
mod fetch;
mod glossary;
mod header;
mod hub;
mod notify;
mod output;
mod rules;
mod selection;
mod serve;
mod source;
mod topic;

use rules::{USE_AUTH, duration, web_address};

/// The range of `keep_ended`.
const KEEP_ENDED: (Duration, Duration) = (Duration::ZERO, Duration::from_hours(10 * 366 * 24));

/// Makes the plan. Problems go to `diagnostics`; with errors among them the plan must not be used.
pub(super) fn plan(
    document: ParsedFile,
    path: &Path,
    environment: &dyn Fn(&str) -> Option<OsString>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Plan> {
    let context = LoadContext { folder: folder_of(path, diagnostics)?, environment };
    let ParsedFile { file, has_s3, engines, topics, sources, editions, digests, notifications, each } = document;
    let base_url = file.base_url.as_ref().and_then(|at| base_url(at, diagnostics));
    let fetch = fetch::fetch(&file.fetch, base_url.as_deref(), &context, diagnostics);
    let state = state(&file.state, &context, diagnostics);
    let output = output::output(&file.output, (&file.s3, has_s3), &context, diagnostics);
    if sources.is_empty() {
        diagnostics.error_in_file("the file has no source", "add a table [source.NAME] with the `url` of a feed");
    }
    if editions.is_empty() && each.as_ref().is_some_and(Vec::is_empty) {
        diagnostics.error_in_file("the file has no edition", "add a table [edition.NAME] with `from = [\"*\"]`");
    }
    let planned = source::sources(&sources, &topics, fetch.every, &context, diagnostics);
    let tables = editions.iter().map(|named| &named.table).chain(each.iter().flatten().map(|each| &each.edition));
    hub::warn_of_hubs_without_address(tables, file.base_url.is_some(), diagnostics);
    let names = engines.as_ref().map(|engines| {
        let kinds = engines.iter().map(|engine| engine.table.kind.as_ref().map(|at| at.value.0));
        engines.iter().map(|engine| engine.id.value.as_str()).zip(kinds).collect::<Vec<_>>()
    });
    let editions = edition::editions(
        (&editions, each.as_deref().unwrap_or_default()),
        &sources,
        &planned,
        (names.as_deref(), &context),
        diagnostics,
    );
    let digests = digest::digests(&digests, &editions, diagnostics);
    let notifications = notify::notifications(&notifications, &editions, &context, diagnostics);
    source::warn_of_unused_full_text(&sources, &planned, &editions, diagnostics);
    let engines = engine::engines(engines.as_deref().unwrap_or_default(), &editions, state.as_ref(), &context, diagnostics);
    let translates = editions.iter().any(|edition| !edition.engines.is_empty());
    let glossary = glossary::glossary(&file.glossary, translates, &context, diagnostics);
    Some(Plan {
        path: path.to_owned(),
        state: state?,
        output: output?,
        base_url,
        faults: file.faults,
        keep_ended: duration("keep_ended", &file.keep_ended, KEEP_ENDED, diagnostics),
        templates: file.templates.as_ref().and_then(|at| templates(at, &context, diagnostics)),
        fetch,
        serve: serve::serve(&file.serve, &context, diagnostics),
        engines,
        glossary,
        topics: topic::topics(&topics, &context, diagnostics),
        sources: planned,
        editions,
        digests,
        notifications,
        fingerprint: String::new(),
        warnings: Vec::new(),
    })
}

/// Returns the folder of the configuration, absolute.
fn folder_of(path: &Path, diagnostics: &mut Diagnostics<'_>) -> Option<PathBuf> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match std::path::absolute(parent) {
        Ok(folder) => Some(folder),
        Err(error) => {
            let message = format!("cannot find the folder of the configuration: {error}");
            diagnostics.error_in_file(message, "name the file by an absolute path");
            None
        }
    }
}

fn state(at: &Located<String>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<State> {
    match parse_state(&at.value, &context.folder) {
        Ok((state, false)) => Some(state),
        Ok((state, true)) => {
            let hint = "remove it and set PGPASSWORD in the environment";
            diagnostics.warn(&at.span, "`state` holds a password that everyone who reads this file can see", hint);
            Some(state)
        }
        Err(diagnosis) => {
            diagnostics.error_at(&at.span, diagnosis);
            None
        }
    }
}

/// Resolves the folder of templates. It is read where pages are made of them: templates that are wrong must not prevent publishing.
fn templates(at: &Located<String>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<PathBuf> {
    if at.value.trim().is_empty() {
        diagnostics.error(&at.span, "`templates` is empty", "name a folder, or remove `templates`");
        return None;
    }
    Some(context.path(&at.value))
}

fn base_url(at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let url = web_address("base_url", at, USE_AUTH, diagnostics)?;
    if url.query().is_some() || url.fragment().is_some() {
        diagnostics.error(&at.span, "`base_url` has a query or a fragment", "remove everything from the first `?` or `#`");
        return None;
    }
    let url = String::from(url);
    Some(if url.ends_with('/') { url } else { url + "/" })
}
