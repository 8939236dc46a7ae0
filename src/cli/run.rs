//! `relais run`.

use std::io::IsTerminal;

use anstream::eprintln;
use anstyle::AnsiColor;
use indicatif::ProgressBar;

use super::context::{load_plan, select_editions, select_sources};
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use super::progress::sources_bar;
use super::report::{fault_line, report_tables, visit_line};
use crate::clock::SystemClock;
use crate::model::Fault;
use crate::pipeline::{self, Progress, Run, Scope};

#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// Visit only these sources, even if they are disabled.
    #[arg(long, value_name = "ID", num_args = 1..)]
    source: Vec<String>,
    /// Publish only these editions.
    #[arg(long, value_name = "ID", num_args = 1..)]
    edition: Vec<String>,
    /// Visit sources that are not due, too.
    #[arg(long)]
    force: bool,
    /// Fetch and parse, but write nothing; estimate the cost of the translations.
    #[arg(long)]
    dry_run: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs each pass until nothing is left to do, and reports.
pub(super) async fn run(global: &GlobalArgs, args: &RunArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let bar = progress_bar(global, args);
    let progress = |event: Progress<'_>| match (&bar, event) {
        (Some(bar), Progress::Leased(more)) => bar.inc_length(more as u64),
        (Some(bar), Progress::Visited(visit)) => {
            bar.println(visit_line(visit));
            bar.inc(1);
        }
        (None, _) => {}
    };
    let scope = Scope {
        sources: select_sources(&plan, &args.source)?,
        editions: select_editions(&plan, &args.edition)?,
        force: args.force,
    };
    let process = std::process::id();
    let run = Run { plan, clock: &SystemClock, scope, process, progress: &progress };
    let report = if args.dry_run { Box::pin(pipeline::dry_run(&run)).await } else { Box::pin(pipeline::run(run)).await };
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let report = report
        .map_err(|error| if error.is_configuration() { CommandError::usage(error) } else { CommandError::internal(error) })?;
    if args.json {
        let text = serde_json::to_string(&report).map_err(CommandError::internal)?;
        print(&format!("{text}\n"))?;
    } else if (args.dry_run || std::io::stdout().is_terminal()) && !global.quiet {
        print(&report_tables(&report, args.dry_run))?;
    }
    if bar.is_none() && !global.quiet {
        print_faults(&report.faults);
    }
    Ok(if report.faults.is_empty() { Exit::Success } else { Exit::Faults })
}

fn print_faults(faults: &[Fault]) {
    let yellow = AnsiColor::Yellow.on_default().bold();
    for fault in faults {
        eprintln!("{yellow}fault{yellow:#}: {}", fault_line(fault));
    }
}

/// Makes a progress bar if somebody watches: both outputs are terminals.
fn progress_bar(global: &GlobalArgs, args: &RunArgs) -> Option<ProgressBar> {
    let is_watched = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
    (is_watched && !global.quiet && !args.json).then(|| sources_bar(0))
}
