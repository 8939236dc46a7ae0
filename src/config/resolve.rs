//! From raw tables to the plan: every rule that feeds.toml must keep beyond the shape of its values.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::findings::Findings;
use super::plan::Plan;
use super::read::Document;
use super::secret::Surroundings;
use super::state::{self, State};
use super::written::{At, Lapse, human, quoted};

mod edition;
mod engine;
mod fetch;
mod glossary;
mod header;
mod source;

/// Longer texts are no addresses or names any more.
const MAX_TEXT: usize = 2000;

/// Makes the plan; problems go to `findings`, and the plan is of no use when there are errors among them.
pub(super) fn plan(
    document: Document,
    path: &Path,
    environment: &dyn Fn(&str) -> Option<OsString>,
    findings: &mut Findings<'_>,
) -> Option<Plan> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = match std::path::absolute(parent) {
        Ok(folder) => folder,
        Err(error) => {
            findings.lacks(format!("the folder of the file cannot be found: {error}"), "name the file by an absolute path");
            return None;
        }
    };
    let around = Surroundings { folder, environment };
    let Document { file, engines, sources, editions } = document;
    let base_url = file.base_url.as_ref().and_then(|at| base_url(at, findings));
    let fetch = fetch::fetch(&file.fetch, base_url.as_deref(), &around, findings);
    let state = database(&file.state, &around, findings);
    let output = folder_of_output(&file.output, &around, findings);
    if sources.is_empty() {
        findings.lacks("there is no source in this file", "add a table [source.NAME] with the `url` of a feed");
    }
    if editions.is_empty() {
        findings.lacks("there is no edition in this file", "add a table [edition.NAME] with `from = [\"*\"]`");
    }
    let planned = source::sources(&sources, fetch.every, &around, findings);
    let names = engines.as_ref().map(|engines| engines.iter().map(|engine| engine.id.value.as_str()).collect::<Vec<_>>());
    let editions = edition::editions(&editions, &sources, &planned, names.as_deref(), findings);
    source::unread_pages(&sources, &planned, &editions, findings);
    let engines = engine::engines(engines.as_deref().unwrap_or_default(), &editions, &around, findings);
    let translates = editions.iter().any(|edition| !edition.engines.is_empty());
    let glossary = glossary::glossary(&file.glossary, translates, &around, findings);
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

fn database(at: &At<String>, around: &Surroundings<'_>, findings: &mut Findings<'_>) -> Option<State> {
    match state::read(&at.value, &around.folder) {
        Ok((state, false)) => Some(state),
        Ok((state, true)) => {
            let help = "leave it out and set PGPASSWORD in the environment";
            findings.warn(&at.span, "`state` holds a password, for everyone who can read this file", help);
            Some(state)
        }
        Err((message, help)) => {
            findings.error(&at.span, message, help);
            None
        }
    }
}

fn folder_of_output(at: &At<String>, around: &Surroundings<'_>, findings: &mut Findings<'_>) -> Option<PathBuf> {
    if at.value.starts_with("s3://") {
        let help = "write the name of a folder, and copy it to the bucket";
        findings.error(&at.span, "`output = \"s3://…\"` is not supported by this version of relais", help);
    } else if at.value.trim().is_empty() || at.value.contains("://") || at.value.contains('\0') {
        findings.error(&at.span, "`output` must be the name of a folder", "for example output = \"output\"");
    } else {
        return Some(around.path(&at.value));
    }
    None
}

fn base_url(at: &At<String>, findings: &mut Findings<'_>) -> Option<String> {
    let url = web_address("base_url", at, IN_AUTH, findings)?;
    if url.query().is_some() || url.fragment().is_some() {
        findings.error(&at.span, "`base_url` must end with a path", "take out what begins with `?` or `#`");
        return None;
    }
    let url = String::from(url);
    Some(if url.ends_with('/') { url } else { url + "/" })
}

/// Where a source has the password that must not stand in its address.
const IN_AUTH: &str = "take it out; a source gives it with auth = { user = \"…\", password = { env = \"…\" } }";

/// Reads an absolute address of the web that has no name or password in it; `instead` says where these belong.
fn web_address(key: &str, at: &At<String>, instead: &str, findings: &mut Findings<'_>) -> Option<Url> {
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
    findings.error(&at.span, message, help);
    None
}

/// A number that must lie in a range; the nearest allowed one when it does not.
fn number(key: &str, at: &At<i64>, (least, most): (i64, i64), findings: &mut Findings<'_>) -> usize {
    if !(least..=most).contains(&at.value) {
        findings.error(&at.span, format!("`{key}` cannot be {}", at.value), format!("from {least} to {most}"));
    }
    usize::try_from(at.value.clamp(least, most)).unwrap_or(1)
}

/// A duration that must lie in a range; the nearest allowed one when it does not.
fn lapse(key: &str, at: &At<Lapse>, (least, most): (Duration, Duration), findings: &mut Findings<'_>) -> Duration {
    let time = at.value.0;
    if !(least..=most).contains(&time) {
        let help = format!("from {} to {}", human(least), human(most));
        findings.error(&at.span, format!("`{key}` cannot be {}", human(time)), help);
    }
    time.clamp(least, most)
}

/// A minute, the shortest interval that is polite, and a month.
const EVERY: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(30 * 24));

/// One line of text that says something.
fn line(key: &str, at: &At<String>, findings: &mut Findings<'_>) -> Option<crate::model::Text> {
    let text = crate::model::Text::new(&at.value);
    if text.is_blank() || at.value.len() > MAX_TEXT {
        let what = if text.is_blank() { "empty" } else { "too long" };
        findings.error(&at.span, format!("`{key}` is {what}"), format!("write a line of text, or leave `{key}` out"));
        return None;
    }
    Some(text)
}

/// `ID` as it is named in a sentence.
fn named(id: &str) -> String {
    let quoted = quoted(id);
    format!("`{}`", &quoted[1..quoted.len() - 1])
}
