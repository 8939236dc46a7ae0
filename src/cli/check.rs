//! `relais check`.

use anstream::eprint;

use super::args::{Args, CheckArgs};
use super::exit::{Exit, Failure, print};
use super::probe::probe;
use crate::config::{self, Plan};
use crate::pipeline;

/// Validates feeds.toml, and the glossary that it names; visits the sources if that is asked for.
pub(super) async fn check(args: &Args, ask: &CheckArgs) -> Result<Exit, Failure> {
    let plan = load(args)?;
    if plan.editions.iter().any(|edition| !edition.engines.is_empty()) {
        pipeline::load_glossary(&plan).map_err(Failure::usage)?;
    }
    let enabled = plan.sources.iter().filter(|source| source.enabled).count();
    let disabled = plan.sources.len() - enabled;
    print(&format!(
        "{} is in order: {enabled} sources{}, {} edition{}.\n",
        args.config.display(),
        if disabled > 0 { format!(" ({disabled} more disabled)") } else { String::new() },
        plan.editions.len(),
        if plan.editions.len() == 1 { "" } else { "s" },
    ))?;
    if ask.probe { probe(args, &plan, &ask.source).await } else { Ok(Exit::Good) }
}

/// Loads feeds.toml, and shows whatever is wrong with it.
pub(super) fn load(args: &Args) -> Result<Plan, Failure> {
    match config::load(&args.config) {
        Ok(plan) => {
            if !plan.warnings.is_empty() && !args.quiet {
                eprint!("{}", plan.render_warnings(true));
            }
            Ok(plan)
        }
        Err(problems) => {
            eprint!("{}", problems.render(true));
            Err(Failure::told(Exit::Usage))
        }
    }
}
