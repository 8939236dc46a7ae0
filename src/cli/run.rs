//! `relais run`.

use std::io::IsTerminal;

use anstream::{eprint, eprintln};
use anstyle::AnsiColor;
use indicatif::ProgressBar;

use super::context::{load_plan, select_editions, select_sources};
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::open::FrontPage;
use super::output::print;
use super::progress::sources_bar;
use super::report::{common_currency, end_line, fault_line, report_tables, visit_line};
use crate::clock::SystemClock;
use crate::model::{Fault, FaultKind, FaultSubject, Report};
use crate::pipeline::{self, Finished, Progress, RunError, RunRequest, Scope};
use crate::policy::Notices;

#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Debug, Default, clap::Args)]
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
    /// Open the front page of the output in a browser.
    #[arg(long, conflicts_with = "dry_run")]
    open: bool,
    /// Print the report for people even if standard output is no terminal.
    #[arg(skip)]
    reports: bool,
}

impl RunArgs {
    /// The arguments of the run of `relais init`.
    pub(super) fn first(open: bool) -> Self {
        Self { open, reports: true, ..Self::default() }
    }
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
    let (front_page, output, currency) = (FrontPage::of(&plan), plan.output.to_string(), common_currency(&plan.engines));
    let warnings = plan.render_warnings(true);
    let warn = || eprint!("{warnings}");
    let warn: Option<&(dyn Fn() + Sync)> = (!global.quiet).then_some(&warn);
    let process = std::process::id();
    let request = RunRequest { plan, clock: &SystemClock, scope, process, progress: &progress, warn };
    let finished = if args.dry_run { Box::pin(dry_run(&request)).await } else { Box::pin(pipeline::run(request)).await };
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let Finished { report, notices } = match finished {
        Ok(finished) => finished,
        Err(RunError::OtherWorks) => return Ok(met_other_process(bar.is_some())),
        Err(error) if error.is_configuration() => return Err(CommandError::usage(error)),
        Err(error) => return Err(CommandError::internal(error)),
    };
    if args.json {
        let text = serde_json::to_string(&report).map_err(CommandError::internal)?;
        print(&format!("{text}\n"))?;
    } else if (args.dry_run || args.reports || std::io::stdout().is_terminal()) && !global.quiet {
        let place = if args.dry_run { String::new() } else { front_page.line() };
        print(&(report_tables(&report, args.dry_run, &output, currency.as_deref()) + &place))?;
    }
    if !global.quiet {
        print_notices(&report, &notices, bar.is_some());
    }
    if args.open {
        front_page.open().await;
    }
    // A budget is used up on purpose: it is told once, and then as it should be.
    let fails = report.faults.iter().any(|fault| fault.kind != FaultKind::Budget) || !notices.faults.is_empty();
    Ok(if fails { Exit::Faults } else { Exit::Success })
}

/// Makes a dry run, which remembers nothing: all its warnings and faults are told.
async fn dry_run(run: &RunRequest<'_>) -> Result<Finished, RunError> {
    if let Some(warn) = run.warn {
        warn();
    }
    let report = pipeline::dry_run(run).await?;
    Ok(Finished { notices: Notices { faults: report.faults.clone(), ended: Vec::new() }, report })
}

/// Ends a run that met another process at work: nothing is wrong, and cron need not know. Somebody who watches is told.
fn met_other_process(is_watched: bool) -> Exit {
    if is_watched {
        eprintln!("another relais works on this state: nothing was done");
    }
    Exit::Success
}

/// Prints the faults. Whoever watches is told all of them; the progress bar has told those of sources.
fn print_notices(report: &Report, notices: &Notices, is_watched: bool) {
    if is_watched {
        report.faults.iter().filter(|fault| !matches!(fault.of, FaultSubject::Source(_))).for_each(print_fault);
    } else {
        notices.faults.iter().for_each(print_fault);
    }
    notices.ended.iter().for_each(print_end);
}

fn print_fault(fault: &Fault) {
    let yellow = AnsiColor::Yellow.on_default().bold();
    eprintln!("{yellow}fault{yellow:#}: {}", fault_line(fault));
}

fn print_end(fault: &Fault) {
    let green = AnsiColor::Green.on_default().bold();
    eprintln!("{green}mended{green:#}: {}", end_line(fault));
}

/// Makes a progress bar if somebody watches: both outputs are terminals.
fn progress_bar(global: &GlobalArgs, args: &RunArgs) -> Option<ProgressBar> {
    let is_watched = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
    (is_watched && !global.quiet && !args.json).then(|| sources_bar(0))
}
