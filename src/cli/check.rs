//! `relais check`.

use super::context::load_plan_and_warn;
use super::count::count;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use super::probe::probe;
use crate::config::Plan;
use crate::pipeline;

#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Also visit each source, without storing anything, and report its problems and its wishes.
    #[arg(long)]
    probe: bool,
    /// Visit only these sources, even if they are disabled.
    #[arg(long, value_name = "ID", num_args = 1.., requires = "probe")]
    source: Vec<String>,
}

/// Validates feeds.toml, its glossary, topic rules and templates; visits the sources with `--probe`.
pub(super) async fn run_check(global: &GlobalArgs, args: &CheckArgs) -> Result<Exit, CommandError> {
    let plan = load_plan_and_warn(global)?;
    if plan.editions.iter().any(|edition| !edition.engines.is_empty()) {
        pipeline::load_glossary(&plan).map_err(CommandError::usage)?;
    }
    pipeline::Topics::load(&plan).map_err(CommandError::usage)?;
    pipeline::check_templates(&plan).await.map_err(CommandError::usage)?;
    print(&format!("{} is valid: {}.\n", global.config.display(), size_of(&plan)))?;
    if args.probe { probe(global, &plan, &args.source).await } else { Ok(Exit::Success) }
}

/// Counts the sources and editions of a plan, in words.
pub(super) fn size_of(plan: &Plan) -> String {
    let enabled = plan.sources.iter().filter(|source| source.enabled).count();
    let disabled = plan.sources.len() - enabled;
    let disabled = if disabled > 0 { format!(" ({disabled} more disabled)") } else { String::new() };
    let (sources, editions) = (count(enabled as u64, "source"), count(plan.editions.len() as u64, "edition"));
    format!("{sources}{disabled}, {editions}")
}
