//! `relais check --probe`: visits each source without storing anything.

use std::io::IsTerminal;
use std::time::Duration;

use anstyle::AnsiColor;

use super::context::select_sources;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use super::progress::sources_bar;
use super::table::{Cell, Table};
use crate::clock::SystemClock;
use crate::config::{self, Plan};
use crate::model::{Clock, PollHints, Time};
use crate::pipeline::{self, ProbedFeed};

/// Visits the named sources, or all enabled ones, and prints a table of the results.
pub(super) async fn probe(global: &GlobalArgs, plan: &Plan, names: &[String]) -> Result<Exit, CommandError> {
    let chosen = select_sources(plan, names)?;
    let wanted = |source: &&config::Source| chosen.as_ref().map_or(source.enabled, |chosen| chosen.contains(&source.id));
    let sources: Vec<&config::Source> = plan.sources.iter().filter(wanted).collect();
    let client = pipeline::client(&plan.fetch).map_err(CommandError::internal)?;
    let bar = (!global.quiet && std::io::stderr().is_terminal()).then(|| sources_bar(sources.len() as u64));
    let done = |_: &pipeline::Probe| {
        if let Some(bar) = &bar {
            bar.inc(1);
        }
    };
    let probes = pipeline::probe(&client, &sources, &done).await;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    print(&format!("\n{}", results_table(&probes)))?;
    Ok(if probes.iter().all(|probe| probe.found.is_ok()) { Exit::Success } else { Exit::Faults })
}

fn results_table(probes: &[pipeline::Probe]) -> String {
    let now = SystemClock.now();
    let mut table = Table::new(&["source", "ms", "format", "lang", "entries", "newest", "remarks"]);
    for probe in probes {
        let (good, bad) = (AnsiColor::Green.on_default(), AnsiColor::Red.on_default());
        let name = Cell::text(probe.source.as_str()).style(if probe.found.is_ok() { good } else { bad });
        let took = Cell::number(u64::try_from(probe.took.as_millis()).unwrap_or(u64::MAX));
        table.row(match &probe.found {
            Ok(found) => vec![
                name,
                took,
                Cell::text(found.format),
                Cell::text(found.lang.as_ref().map(ToString::to_string).unwrap_or_default()),
                Cell::number(found.entries as u64),
                Cell::text(found.newest.map(|newest| describe_age(now, newest)).unwrap_or_default()),
                Cell::text(list_remarks(found)),
            ],
            Err(error) => {
                let nothing = || Cell::text("");
                vec![name, took, nothing(), nothing(), nothing(), nothing(), Cell::text(error.to_string())]
            }
        });
    }
    table.render()
}

/// Describes the age of an entry.
fn describe_age(now: Time, then: Time) -> String {
    let hours = now.since(then).as_secs() / 3600;
    match hours {
        0 if then > now => "in the future".to_owned(),
        0 => "this hour".to_owned(),
        1..=47 => format!("{hours} h ago"),
        _ => format!("{} days ago", hours / 24),
    }
}

/// Lists remarks on a feed: moved, undated entries, repairs, wishes for polling.
fn list_remarks(found: &ProbedFeed) -> String {
    let mut remarks = Vec::new();
    if let Some(to) = &found.moved {
        remarks.push(format!("has moved to {to}: change its `url`"));
    }
    if found.dated < found.entries {
        remarks.push(format!("{} without a date", found.entries - found.dated));
    }
    if !found.repaired.is_empty() {
        remarks.push(format!("repaired: {}", found.repaired.join(", ")));
    }
    remarks.extend(polling_wishes(&found.poll_hints, found.fresh_for));
    remarks.join("; ")
}

/// Describes how often the source wants to be polled.
fn polling_wishes(hints: &PollHints, fresh_for: Option<Duration>) -> Option<String> {
    let mut wishes = Vec::new();
    if let Some(minutes) = hints.minutes {
        wishes.push(format!("every {minutes} min"));
    }
    let bits = |set: u32| (0..32).filter(move |bit| set >> bit & 1 == 1);
    if hints.quiet_hours != 0 {
        wishes
            .push(format!("not at {} h UTC", bits(hints.quiet_hours).map(|hour| hour.to_string()).collect::<Vec<_>>().join(" ")));
    }
    if hints.quiet_days != 0 {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let days: Vec<&str> =
            names.iter().enumerate().filter(|(day, _)| hints.quiet_days >> day & 1 == 1).map(|(_, name)| *name).collect();
        wishes.push(format!("not on {}", days.join(" ")));
    }
    if let Some(fresh_for) = fresh_for {
        wishes.push(format!("fresh for {} s", fresh_for.as_secs()));
    }
    (!wishes.is_empty()).then(|| format!("asks: {}", wishes.join(", ")))
}
