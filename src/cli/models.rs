//! `relais models`: the models of the embedded engine.

use std::fmt::Write as _;

use anstream::eprintln;
use clap::Subcommand;

use super::context::load_plan;
use super::count::megabytes;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use super::progress::bytes_bar;
use super::table::{Cell, Table};
use crate::config::Plan;
use crate::model::Lang;
use crate::net::Client;
use crate::pipeline;
use crate::translate::{InstallOutcome, InstalledModel, Model, ModelError, ModelFolder, ModelOrigin, install_model, try_model};

#[derive(Debug, Subcommand)]
pub(super) enum ModelsCommand {
    /// List the models that are there, or those of the catalogue.
    List(ListArgs),
    /// Get the model of a pair of languages, or its newest version.
    Add(AddArgs),
    /// Remove the model of a pair of languages.
    Remove(RemoveArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// List the models that can be had.
    #[arg(long)]
    available: bool,
    #[command(flatten)]
    origin: OriginArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// The languages, such as fr-en.
    #[arg(value_name = "PAIR", required = true, value_parser = parse_pair)]
    pairs: Vec<Pair>,
    #[command(flatten)]
    origin: OriginArgs,
    /// The size class, such as tiny [default: the one that Firefox uses].
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct RemoveArgs {
    /// The languages, such as fr-en.
    #[arg(value_name = "PAIR", required = true, value_parser = parse_pair)]
    pairs: Vec<Pair>,
}

#[derive(Debug, clap::Args)]
struct OriginArgs {
    /// Where models come from: the address of a server, or a folder [default: `url` of the engine, or the server of Firefox].
    #[arg(long, value_name = "URL|FOLDER")]
    from: Option<String>,
}

/// A pair of languages.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    from: Lang,
    to: Lang,
}

/// A text that is no pair of languages.
#[derive(Debug, thiserror::Error)]
#[error("not a pair of languages; write one such as fr-en")]
pub(super) struct InvalidPair;

/// Parses `fr-en` and `en-zh-Hans`: of all places to cut it, the one that leaves two tags. A language has two or three letters, so a part
/// with four is a script of the one before.
fn parse_pair(text: &str) -> Result<Pair, InvalidPair> {
    let cuts = text.match_indices('-').filter_map(|(at, _)| Some((Lang::new(&text[..at])?, Lang::new(&text[at + 1..])?)));
    let mut pairs = cuts.filter(|(from, to)| is_of_catalogue(from) && is_of_catalogue(to));
    pairs.next().map(|(from, to)| Pair { from, to }).ok_or(InvalidPair)
}

/// Returns true for a language, or a language with its script.
fn is_of_catalogue(lang: &Lang) -> bool {
    lang.as_str().split('-').skip(1).all(|part| part.len() == 4)
}

/// Lists, adds or removes models.
pub(super) async fn run_models(global: &GlobalArgs, command: &ModelsCommand) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let folder = ModelFolder::new(plan.models_folder());
    match command {
        ModelsCommand::List(args) if args.available => list_available(&plan, args).await,
        ModelsCommand::List(_) => list_installed(&folder),
        ModelsCommand::Add(args) => add(global, &plan, &folder, args).await,
        ModelsCommand::Remove(args) => remove(&folder, args),
    }
}

async fn list_available(plan: &Plan, args: &ListArgs) -> Result<Exit, CommandError> {
    let origin = origin(plan, &args.origin)?;
    let catalogue = origin.catalogue(&client(plan)?).await.map_err(|error| fault(&error))?;
    let mut table = Table::new(&["pair", "version", "class", "size"]);
    for model in &catalogue.models {
        table.row(row(model, model.download_size()));
    }
    print(&table.render())?;
    Ok(Exit::Success)
}

fn list_installed(folder: &ModelFolder) -> Result<Exit, CommandError> {
    let installed = folder.installed().map_err(|error| fault(&error))?;
    if installed.is_empty() {
        eprintln!("there are no models in {}; `relais models add fr-en` gets one", folder.path().display());
        return Ok(Exit::Success);
    }
    let mut table = Table::new(&["pair", "version", "class", "size", "state"]);
    let mut problems = String::new();
    for model in &installed {
        let state = match model.read() {
            Ok(_) => "whole",
            Err(error) => {
                let _ = writeln!(problems, "{error}\nhint: `relais models add {}` gets it again", model.model.pair());
                "damaged"
            }
        };
        let mut cells = row(&model.model, model.model.size());
        cells.push(Cell::text(state));
        table.row(cells);
    }
    print(&table.render())?;
    eprintln!("{}", problems.trim_end());
    Ok(if problems.is_empty() { Exit::Success } else { Exit::Faults })
}

fn row(model: &Model, size: u64) -> Vec<Cell> {
    let class = if model.architecture.is_empty() { "·" } else { &model.architecture };
    vec![Cell::text(model.pair()), Cell::text(model.version.clone()), Cell::text(class), Cell::text(megabytes(size)).right()]
}

async fn add(global: &GlobalArgs, plan: &Plan, folder: &ModelFolder, args: &AddArgs) -> Result<Exit, CommandError> {
    let (origin, client) = (origin(plan, &args.origin)?, client(plan)?);
    for Pair { from, to } in &args.pairs {
        let bar = bytes_bar(&format!("{from}-{to}"));
        let progress = |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        };
        let wanted = (from, to, args.class.as_deref());
        let result = install_model(folder, &origin, wanted, &client, &progress, &|model: &InstalledModel| try_model(model)).await;
        bar.finish_and_clear();
        let outcome = result.map_err(|error| fault(&error))?;
        if !global.quiet {
            eprintln!("{}", describe(&outcome));
        }
    }
    Ok(Exit::Success)
}

fn describe(outcome: &InstallOutcome) -> String {
    match outcome {
        InstallOutcome::Added(model) => format!("added {} ({})", model.name(), megabytes(model.size())),
        InstallOutcome::Replaced { new, old } => format!("replaced {old} by {} ({})", new.name(), megabytes(new.size())),
        InstallOutcome::Same(model) => format!("{} is there already", model.name()),
    }
}

fn remove(folder: &ModelFolder, args: &RemoveArgs) -> Result<Exit, CommandError> {
    for Pair { from, to } in &args.pairs {
        let Some(model) = folder.remove(from, to).map_err(|error| fault(&error))? else {
            let error = CommandError::usage(format!("there is no model {from}-{to} in {}", folder.path().display()));
            return Err(error.with_hint("`relais models list` shows those that are there"));
        };
        eprintln!("removed {}", model.name());
    }
    Ok(Exit::Success)
}

/// Returns where models come from: the argument, else `url` of the first embedded engine, else the server of Firefox.
fn origin(plan: &Plan, args: &OriginArgs) -> Result<ModelOrigin, CommandError> {
    let Some(text) = &args.from else { return Ok(pipeline::model_origin(plan)) };
    let wrong = |why: String| {
        let error = CommandError::usage(format!("`--from {text}` cannot be used: {why}"));
        error.with_hint("write an address such as https://models.example.org, or a folder")
    };
    ModelOrigin::parse(text).map_err(wrong)
}

fn client(plan: &Plan) -> Result<Client, CommandError> {
    Client::new(pipeline::options(&plan.fetch)).map_err(CommandError::internal)
}

fn fault(error: &ModelError) -> CommandError {
    let told = CommandError::fault(error);
    match error {
        ModelError::NoModel { .. } => told
            .with_hint("`relais models list --available` shows all; other pairs are translated through English: fr-en and en-es"),
        ModelError::WrongFile { .. } => {
            told.with_hint("try again later; if it stays so, its server has other files than its catalogue says")
        }
        ModelError::Fetch(_) => told.with_hint("try again later, or name a copy of the models: `--from URL` or `--from FOLDER`"),
        ModelError::Busy { .. } => told.with_hint("wait until it has finished"),
        _ => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pair_is_cut_between_its_languages() {
        for (text, from, to) in [("fr-en", "fr", "en"), ("en-zh-Hans", "en", "zh-Hans"), ("zh-Hant-en", "zh-Hant", "en")] {
            let pair = parse_pair(text).expect(text);
            assert_eq!((pair.from.as_str(), pair.to.as_str()), (from, to));
        }
        for wrong in ["fr", "", "fr-", "french-english", "fr_en", "fr-FR"] {
            assert!(parse_pair(wrong).is_err() || wrong == "fr-FR", "{wrong}");
        }
    }
}
