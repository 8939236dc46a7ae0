//! `relais run`.

use std::collections::HashSet;
use std::io::IsTerminal;

use anstream::eprintln;
use indicatif::{ProgressBar, ProgressStyle};

use super::args::{Args, RunArgs};
use super::check::load;
use super::exit::{Exit, Failure, print};
use super::report::{fault_line, tables, visit_line};
use crate::clock::SystemClock;
use crate::config::Plan;
use crate::model::SourceId;
use crate::pipeline::{self, Progress, Run};

/// Does each pass once and reports.
pub(super) async fn run(args: &Args, ask: &RunArgs) -> Result<Exit, Failure> {
    let plan = load(args)?;
    let bar = bar(args, ask);
    let progress = |event: Progress<'_>| match (&bar, event) {
        (Some(bar), Progress::Claimed(more)) => bar.inc_length(more as u64),
        (Some(bar), Progress::Visited(visit)) => {
            bar.println(visit_line(visit));
            bar.inc(1);
        }
        (None, _) => {}
    };
    let run = Run {
        plan: &plan,
        clock: &SystemClock,
        sources: chosen_sources(&plan, &ask.source)?,
        editions: chosen_editions(&plan, &ask.edition)?,
        force: ask.force,
        dry: ask.dry_run,
        progress: &progress,
    };
    let report = pipeline::run(&run).await;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let report = report.map_err(|error| if error.is_configuration() { Failure::usage(error) } else { Failure::own(error) })?;
    if ask.json {
        let text = serde_json::to_string(&report).map_err(Failure::own)?;
        print(&format!("{text}\n"))?;
    } else if std::io::stdout().is_terminal() && !args.quiet {
        print(&tables(&report, ask.dry_run))?;
    }
    if bar.is_none() && !args.quiet {
        let yellow = anstyle::AnsiColor::Yellow.on_default().bold();
        for fault in &report.faults {
            eprintln!("{yellow}fault{yellow:#}: {}", fault_line(fault));
        }
    }
    Ok(if report.faults.is_empty() { Exit::Good } else { Exit::Faults })
}

/// A progress bar with a line for each visit above it, for somebody who watches.
fn bar(args: &Args, ask: &RunArgs) -> Option<ProgressBar> {
    let watched = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
    if args.quiet || ask.json || !watched {
        return None;
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} sources, {elapsed}") {
        bar.set_style(style);
    }
    Some(bar)
}

/// The sources that were named, if any were.
pub(super) fn chosen_sources(plan: &Plan, names: &[String]) -> Result<Option<HashSet<SourceId>>, Failure> {
    for name in names {
        if !plan.sources.iter().any(|source| source.id.as_str() == name) {
            return Err(unknown("source", name, plan.sources.iter().map(|source| source.id.as_str())));
        }
    }
    Ok((!names.is_empty()).then(|| names.iter().map(|name| SourceId::new(name)).collect()))
}

/// The editions that were named, if any were.
fn chosen_editions(plan: &Plan, names: &[String]) -> Result<Option<HashSet<String>>, Failure> {
    for name in names {
        if !plan.editions.iter().any(|edition| &edition.id == name) {
            return Err(unknown("edition", name, plan.editions.iter().map(|edition| edition.id.as_str())));
        }
    }
    Ok((!names.is_empty()).then(|| names.iter().cloned().collect()))
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    let shown = known.len().min(20);
    let more = if known.len() > shown { ", …" } else { "" };
    Failure::usage(format!("there is no {what} `{name}` in the configuration; there are: {}{more}", known[..shown].join(", ")))
}
