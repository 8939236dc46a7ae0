//! Adds sources to feeds.toml, for `relais add` and `relais opml import`.

use std::collections::{BTreeSet, HashSet};
use std::io::Write as _;
use std::path::Path;

use anstream::eprintln;

use super::context::load_plan;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use crate::config::{self, NewSource, Plan, source_table, with_sources};
use crate::model::SourceId;

/// An edition to complete a file that has none, so that it can be validated.
const ANY_EDITION: &str = "\n[edition.relais-add]\nfrom = [\"*\"]\n";

/// Loads the plan to which sources are added. The file may lack sources and editions.
pub(super) fn load_incomplete_plan(global: &GlobalArgs) -> Result<Plan, CommandError> {
    // A file that does not exist is told as by every command, with the way to make one.
    if !global.config.exists() || config::load(&global.config).is_ok() {
        return load_plan(global);
    }
    let any = NewSource { id: "relais-add".to_owned(), url: "https://relais.invalid/".to_owned(), ..NewSource::default() };
    let text = std::fs::read_to_string(&global.config).unwrap_or_default();
    let complete = |more: &str| {
        let text = with_sources(&text, std::slice::from_ref(&any)).ok()? + more;
        let mut plan = config::parse(&text, &global.config).ok()?;
        plan.sources.retain(|source| source.id.as_str() != any.id);
        Some(plan)
    };
    complete("").or_else(|| complete(ANY_EDITION)).map_or_else(|| load_plan(global), Ok)
}

/// Returns the ID of the source that has this address.
pub(super) fn find_by_url<'p>(plan: &'p Plan, url: &str) -> Option<&'p str> {
    let canonical =
        |url: &str| crate::feed::canonicalize_url(url, None).unwrap_or_else(|| url.to_owned()).trim_end_matches('/').to_owned();
    plan.sources.iter().find(|source| canonical(&source.url) == canonical(url)).map(|source| source.id.as_str())
}

/// Returns those of the new sources that no edition of the file would take; none if it would be invalid with them, or has no
/// edition.
pub(super) fn unpublished_sources<'s>(path: &Path, sources: &'s [NewSource]) -> Vec<&'s NewSource> {
    let text = std::fs::read_to_string(path).ok().and_then(|text| with_sources(&text, sources).ok());
    let Some(plan) = text.and_then(|text| config::parse(&text, path).ok()) else { return Vec::new() };
    let is_taken = |id: &str| plan.editions.iter().flat_map(|edition| &edition.from).any(|source| source.as_str() == id);
    sources.iter().filter(|source| !is_taken(&source.id)).collect()
}

/// Returns the tags of the sources that editions take, sorted.
pub(super) fn published_tags(plan: &Plan) -> Vec<&str> {
    let taken: HashSet<&SourceId> = plan.editions.iter().flat_map(|edition| &edition.from).collect();
    let tags = plan.sources.iter().filter(|source| taken.contains(&source.id)).flat_map(|source| &source.tags);
    let tags: BTreeSet<&str> = tags.map(String::as_str).collect();
    tags.into_iter().collect()
}

/// Adds sources to the file `path` if it stays valid, and prints their tables. With `dry_run`, only prints.
pub(super) fn add_sources(path: &Path, sources: &[NewSource], dry_run: bool) -> Result<Exit, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| failed("read", path, &error))?;
    let text = with_sources(&text, sources).map_err(CommandError::usage)?;
    if let Err(problems) = config::parse(&text, path) {
        // A file without an edition was invalid before, and may stay so.
        if config::parse(&(text.clone() + ANY_EDITION), path).is_err() {
            let file = path.display();
            return Err(CommandError::usage(format!(
                "{file} would be invalid with the new sources and was not changed:\n{}",
                problems.render(true)
            )));
        }
        eprintln!("there is no edition yet: add a table [edition.NAME] with `from = [\"*\"]`");
    }
    if !dry_run {
        replace_file(path, &text)?;
    }
    let tables: Vec<String> = sources.iter().map(source_table).collect();
    print(&tables.join("\n"))?;
    Ok(Exit::Success)
}

/// Replaces a file atomically and keeps its permissions. Follows a symbolic link, so that the link stays one.
fn replace_file(path: &Path, text: &str) -> Result<(), CommandError> {
    let file = std::fs::canonicalize(path).map_err(|error| failed("find", path, &error))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let permissions = std::fs::metadata(&file).map_err(|error| failed("read the permissions of", path, &error))?.permissions();
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed("create a file beside", path, &error))?;
    new.write_all(text.as_bytes()).and_then(|()| new.as_file().sync_all()).map_err(|error| failed("write", path, &error))?;
    new.as_file().set_permissions(permissions).map_err(|error| failed("write", path, &error))?;
    new.persist(&file).map_err(|error| failed("replace", path, &error.error))?;
    Ok(())
}

fn failed(action: &str, path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::internal(format!("cannot {action} {}: {error}", path.display()))
}
