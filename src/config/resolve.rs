//! From raw tables to the plan: every rule that feeds.toml must keep beyond the shape of its values.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::diagnostics::Diagnostics;
use super::load_context::LoadContext;
use super::plan::Plan;
use super::state::{self, State};
use super::tables::ParsedFile;
use super::values::{Located, RawDuration, human, quoted};

mod edition;
mod engine;
mod fetch;
mod glossary;
mod header;
mod source;

/// Longer texts are no addresses or names any more.
const MAX_TEXT: usize = 2000;

/// Makes the plan; problems go to `diagnostics`, and the plan is of no use when there are errors among them.
pub(super) fn plan(
    document: ParsedFile,
    path: &Path,
    environment: &dyn Fn(&str) -> Option<OsString>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Plan> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = match std::path::absolute(parent) {
        Ok(folder) => folder,
        Err(error) => {
            diagnostics.lacks(format!("the folder of the file cannot be found: {error}"), "name the file by an absolute path");
            return None;
        }
    };
    let context = LoadContext { folder, environment };
    let ParsedFile { file, engines, sources, editions } = document;
    let base_url = file.base_url.as_ref().and_then(|at| base_url(at, diagnostics));
    let fetch = fetch::fetch(&file.fetch, base_url.as_deref(), &context, diagnostics);
    let state = database(&file.state, &context, diagnostics);
    let output = folder_of_output(&file.output, &context, diagnostics);
    if sources.is_empty() {
        diagnostics.lacks("there is no source in this file", "add a table [source.NAME] with the `url` of a feed");
    }
    if editions.is_empty() {
        diagnostics.lacks("there is no edition in this file", "add a table [edition.NAME] with `from = [\"*\"]`");
    }
    let planned = source::sources(&sources, fetch.every, &context, diagnostics);
    let names = engines.as_ref().map(|engines| engines.iter().map(|engine| engine.id.value.as_str()).collect::<Vec<_>>());
    let editions = edition::editions(&editions, &sources, &planned, names.as_deref(), diagnostics);
    source::unread_pages(&sources, &planned, &editions, diagnostics);
    let engines = engine::engines(engines.as_deref().unwrap_or_default(), &editions, &context, diagnostics);
    let translates = editions.iter().any(|edition| !edition.engines.is_empty());
    let glossary = glossary::glossary(&file.glossary, translates, &context, diagnostics);
    Some(Plan {
        path: path.to_owned(),
        state: state?,
        output: output?,
        base_url,
        faults: file.faults,
        fetch,
        engines,
        glossary,
        sources: planned,
        editions,
        warnings: Vec::new(),
    })
}

fn database(at: &Located<String>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<State> {
    match state::read(&at.value, &context.folder) {
        Ok((state, false)) => Some(state),
        Ok((state, true)) => {
            let help = "leave it out and set PGPASSWORD in the environment";
            diagnostics.warn(&at.span, "`state` holds a password, for everyone who can read this file", help);
            Some(state)
        }
        Err((message, help)) => {
            diagnostics.error(&at.span, message, help);
            None
        }
    }
}

fn folder_of_output(at: &Located<String>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<PathBuf> {
    if at.value.starts_with("s3://") {
        let help = "write the name of a folder, and copy it to the bucket";
        diagnostics.error(&at.span, "`output = \"s3://…\"` is not supported by this version of relais", help);
    } else if at.value.trim().is_empty() || at.value.contains("://") || at.value.contains('\0') {
        diagnostics.error(&at.span, "`output` must be the name of a folder", "for example output = \"output\"");
    } else {
        return Some(context.path(&at.value));
    }
    None
}

fn base_url(at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let url = web_address("base_url", at, IN_AUTH, diagnostics)?;
    if url.query().is_some() || url.fragment().is_some() {
        diagnostics.error(&at.span, "`base_url` must end with a path", "take out what begins with `?` or `#`");
        return None;
    }
    let url = String::from(url);
    Some(if url.ends_with('/') { url } else { url + "/" })
}

/// Where a source has the password that must not stand in its address.
const IN_AUTH: &str = "take it out; a source gives it with auth = { user = \"…\", password = { env = \"…\" } }";

/// Reads an absolute address of the web that has no name or password in it; `instead` says where these belong.
fn web_address(key: &str, at: &Located<String>, instead: &str, diagnostics: &mut Diagnostics<'_>) -> Option<Url> {
    let example = format!("for example {key} = \"https://www.example.org/…\"");
    let (message, help) = match Url::parse(at.value.trim()) {
        _ if at.value.len() > MAX_TEXT => (format!("`{key}` is too long for an address"), example),
        Err(url::ParseError::RelativeUrlWithoutBase) => (format!("`{key}` is not a whole address"), example),
        Err(error) => (format!("`{key}` is no address: {error}"), example),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => (format!("`{key}` must begin with http:// or https://"), example),
        Ok(url) if url.host_str().is_none_or(str::is_empty) => (format!("`{key}` names no host"), example),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            (format!("`{key}` holds a user name or a password"), instead.to_owned())
        }
        Ok(url) => return Some(url),
    };
    diagnostics.error(&at.span, message, help);
    None
}

/// A number that must lie in a range; the nearest allowed one when it does not.
fn number(key: &str, at: &Located<i64>, (least, most): (i64, i64), diagnostics: &mut Diagnostics<'_>) -> usize {
    if !(least..=most).contains(&at.value) {
        diagnostics.error(&at.span, format!("`{key}` cannot be {}", at.value), format!("from {least} to {most}"));
    }
    usize::try_from(at.value.clamp(least, most)).unwrap_or(1)
}

/// A duration that must lie in a range; the nearest allowed one when it does not.
fn lapse(
    key: &str,
    at: &Located<RawDuration>,
    (least, most): (Duration, Duration),
    diagnostics: &mut Diagnostics<'_>,
) -> Duration {
    let time = at.value.0;
    if !(least..=most).contains(&time) {
        let help = format!("from {} to {}", human(least), human(most));
        diagnostics.error(&at.span, format!("`{key}` cannot be {}", human(time)), help);
    }
    time.clamp(least, most)
}

/// A minute, the shortest interval that is polite, and a month.
const EVERY: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(30 * 24));

/// One line of text that says something.
fn line(key: &str, at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Option<crate::model::Text> {
    let text = crate::model::Text::new(&at.value);
    if text.is_blank() || at.value.len() > MAX_TEXT {
        let what = if text.is_blank() { "empty" } else { "too long" };
        diagnostics.error(&at.span, format!("`{key}` is {what}"), format!("write a line of text, or leave `{key}` out"));
        return None;
    }
    Some(text)
}

/// `ID` as it is named in a sentence.
fn named(id: &str) -> String {
    let quoted = quoted(id);
    format!("`{}`", &quoted[1..quoted.len() - 1])
}
