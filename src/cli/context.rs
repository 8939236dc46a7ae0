//! Steps that several commands share: loading feeds.toml, selecting sources and editions by name, parsing language tags.

use std::collections::HashSet;

use anstream::eprint;

use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use crate::config::{self, Plan};
use crate::model::{Lang, SourceId, Time};
use crate::store::{Access, Store, StoreError};

/// At most so many known names are listed in a hint.
const MAX_LISTED: usize = 20;

/// Loads feeds.toml. Prints its problems if it is invalid. Its warnings are for `check`, `run` and `daemon` to print.
pub(super) fn load_plan(global: &GlobalArgs) -> Result<Plan, CommandError> {
    match config::load(&global.config) {
        Ok(plan) => Ok(plan),
        Err(problems) => {
            eprint!("{}", problems.render(true));
            Err(CommandError::already_printed(Exit::Usage))
        }
    }
}

/// Opens the store to write a little: beside a worker, if there is one, else as the only one.
pub(super) async fn open_beside_workers(plan: &Plan) -> Result<Store, CommandError> {
    match Store::open(plan.state.url(), Access::Work).await {
        Err(StoreError::Busy { .. }) => Store::open(plan.state.url(), Access::Note).await,
        opened => opened,
    }
    .map_err(CommandError::internal)
}

/// Loads feeds.toml as [`load_plan`] does, and prints its warnings.
pub(super) fn load_plan_and_warn(global: &GlobalArgs) -> Result<Plan, CommandError> {
    let plan = load_plan(global)?;
    if !global.quiet {
        eprint!("{}", plan.render_warnings(true));
    }
    Ok(plan)
}

/// Looks up the sources of `--source`. Returns `None` if there are no names.
pub(super) fn select_sources(plan: &Plan, names: &[String]) -> Result<Option<HashSet<SourceId>>, CommandError> {
    let known: Vec<&str> = plan.sources.iter().map(|source| source.id.as_str()).collect();
    check_names("source", names, &known)?;
    Ok((!names.is_empty()).then(|| names.iter().map(|name| SourceId::new(name)).collect()))
}

/// Looks up the editions of `--edition`. Returns `None` if there are no names.
pub(super) fn select_editions(plan: &Plan, names: &[String]) -> Result<Option<HashSet<String>>, CommandError> {
    let known: Vec<&str> = plan.editions.iter().map(|edition| edition.id.as_str()).collect();
    check_names("edition", names, &known)?;
    Ok((!names.is_empty()).then(|| names.iter().cloned().collect()))
}

fn check_names(kind: &str, names: &[String], known: &[&str]) -> Result<(), CommandError> {
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(unknown_name(kind, name, known)),
        None => Ok(()),
    }
}

/// Makes the error for a name that feeds.toml does not have.
pub(super) fn unknown_name(kind: &str, name: &str, known: &[&str]) -> CommandError {
    let error = CommandError::usage(format!("there is no {kind} `{name}` in the configuration"));
    if known.is_empty() {
        return error;
    }
    let mut known = known.to_vec();
    known.sort_unstable();
    let more = if known.len() > MAX_LISTED { ", …" } else { "" };
    known.truncate(MAX_LISTED);
    error.with_hint(format!("the {kind}s are {}{more}", known.join(", ")))
}

/// A text that is not a language tag.
#[derive(Debug, thiserror::Error)]
#[error("not a language tag; write one such as fr or pt-BR")]
pub(super) struct InvalidLangTag;

/// Parses a language tag, for clap.
pub(super) fn parse_lang(tag: &str) -> Result<Lang, InvalidLangTag> {
    Lang::new(tag).ok_or(InvalidLangTag)
}

/// Parses a day (`2026-11-24`, in UTC) or an instant (RFC 3339).
pub(super) fn parse_day(text: &str) -> Result<Time, CommandError> {
    Time::from_rfc3339(text)
        .or_else(|| Time::from_rfc3339(&format!("{text}T00:00:00Z")))
        .ok_or_else(|| CommandError::usage(format!("--since {text:?} is not a date")).with_hint("write one such as 2026-11-24"))
}
