//! `relais explain`: all that is known of one entry.

mod text;

use std::collections::HashSet;

use super::context::load_plan;
use super::count::count;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use crate::clock::SystemClock;
use crate::config::Plan;
use crate::model::{Clock, EntryRow, Explanation, SourceId};
use crate::pipeline::{Explainer, FoundEntry, Topics, find_entries, open_glossary_and_engines};
use crate::store::{Access, Store, StoreError};

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// The id of the entry as in the output, its link, or words of its headline.
    #[arg(value_name = "ENTRY", required = true, num_args = 1..)]
    entry: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Explains one entry. Nothing is fetched, sent or written.
pub(super) async fn run_explain(global: &GlobalArgs, args: &ExplainArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let name = args.entry.join(" ");
    let store = match Store::open(plan.state.url(), Access::Look).await {
        Ok(store) => store,
        Err(StoreError::Empty { .. }) => {
            return Err(CommandError::usage("nothing has been fetched yet").with_hint("run `relais run` first"));
        }
        Err(error) => return Err(CommandError::internal(error)),
    };
    let sources: Vec<SourceId> = plan.sources.iter().map(|source| source.id.clone()).collect();
    let found = find_entries(&store, &sources, &name).await.map_err(CommandError::internal)?;
    let row = choose(found, &name)?;
    let explanation = explain(&plan, &store, &row).await?;
    let text = if args.json {
        serde_json::to_string_pretty(&explanation).map_err(CommandError::internal)? + "\n"
    } else {
        text::render(&explanation)
    };
    print(&text)?;
    Ok(Exit::Success)
}

/// Returns the one entry that was found.
fn choose(mut found: Vec<FoundEntry>, name: &str) -> Result<EntryRow, CommandError> {
    match found.len() {
        0 => Err(CommandError::usage(format!("no stored entry is “{name}”"))
            .with_hint("name the id, the link, or words of the headline; what a rule leaves out is not stored: `relais preview SOURCE` shows it")),
        1 => Ok(found.remove(0).row),
        many => {
            let lines: Vec<String> =
                found.iter().map(|entry| format!("  {}  {}: {}", entry.row.id, entry.row.source, entry.title)).collect();
            let message = format!("{} match “{name}”:\n{}", count(many as u64, "entry"), lines.join("\n"));
            Err(CommandError::usage(message).with_hint("name one by its id"))
        }
    }
}

async fn explain(plan: &Plan, store: &Store, row: &EntryRow) -> Result<Explanation, CommandError> {
    let topics = Topics::load(plan).map_err(CommandError::usage)?;
    let (engines, glossary) = open_glossary_and_engines(plan).map_err(CommandError::usage)?;
    let paged: HashSet<SourceId> =
        plan.sources.iter().filter(|source| source.full_text).map(|source| source.id.clone()).collect();
    let now = SystemClock.now();
    let explainer = Explainer { plan, store, topics: &topics, engines: &engines, glossary: &glossary, paged: &paged, now };
    let found = explainer.explain(row).await.map_err(CommandError::internal)?;
    found.ok_or_else(|| CommandError::usage("the entry was deleted a moment ago"))
}
