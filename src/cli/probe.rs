//! `relais check --probe`: what each source would give now, and what it asks for.

use std::io::IsTerminal;
use std::time::Duration;

use anstyle::AnsiColor;
use indicatif::{ProgressBar, ProgressStyle};

use super::args::Args;
use super::exit::{Exit, Failure, print};
use super::run::chosen_sources;
use super::table::{Cell, Table};
use crate::clock::SystemClock;
use crate::config::{self, Plan};
use crate::model::{Clock, PollHints, Time};
use crate::pipeline::{self, Probed};

/// Visits the sources that are named, or all that are enabled, and tells of each.
pub(super) async fn probe(args: &Args, plan: &Plan, names: &[String]) -> Result<Exit, Failure> {
    let chosen = chosen_sources(plan, names)?;
    let wanted = |source: &&config::Source| chosen.as_ref().map_or(source.enabled, |chosen| chosen.contains(&source.id));
    let sources: Vec<&config::Source> = plan.sources.iter().filter(wanted).collect();
    let client = pipeline::client(&plan.fetch).map_err(Failure::own)?;
    let bar = (!args.quiet && std::io::stderr().is_terminal()).then(|| ProgressBar::new(sources.len() as u64));
    if let Some(bar) = &bar
        && let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} sources, {elapsed}")
    {
        bar.set_style(style);
    }
    let done = |_: &pipeline::Probe| {
        if let Some(bar) = &bar {
            bar.inc(1);
        }
    };
    let probes = pipeline::probe(&client, &sources, &done).await;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let now = SystemClock.now();
    let mut table = Table::new(&["source", "ms", "format", "lang", "entries", "newest", "what"]);
    for probe in &probes {
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
                Cell::text(found.newest.map(|newest| age(now, newest)).unwrap_or_default()),
                Cell::text(remarks(found)),
            ],
            Err(why) => {
                let nothing = || Cell::text("");
                vec![name, took, nothing(), nothing(), nothing(), nothing(), Cell::text(why.as_str())]
            }
        });
    }
    print(&format!("\n{}", table.render()))?;
    Ok(if probes.iter().all(|probe| probe.found.is_ok()) { Exit::Good } else { Exit::Faults })
}

/// How old something is, as people say it.
fn age(now: Time, then: Time) -> String {
    let hours = now.since(then).as_secs() / 3600;
    match hours {
        0 if then > now => "ahead of us".to_owned(),
        0 => "this hour".to_owned(),
        1..=47 => format!("{hours} h ago"),
        _ => format!("{} days ago", hours / 24),
    }
}

/// What is worth knowing of a feed beside its figures.
fn remarks(found: &Probed) -> String {
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
    remarks.extend(wishes(&found.poll_hints, found.fresh_for));
    remarks.join("; ")
}

/// What a source asks of those who come again.
fn wishes(poll_hints: &PollHints, fresh_for: Option<Duration>) -> Option<String> {
    let mut wishes = Vec::new();
    if let Some(minutes) = poll_hints.minutes {
        wishes.push(format!("every {minutes} min"));
    }
    let bits = |set: u32| (0..32).filter(move |bit| set >> bit & 1 == 1);
    if poll_hints.quiet_hours != 0 {
        wishes.push(format!(
            "not at {} h UTC",
            bits(poll_hints.quiet_hours).map(|hour| hour.to_string()).collect::<Vec<_>>().join(" ")
        ));
    }
    if poll_hints.quiet_days != 0 {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let days: Vec<&str> =
            names.iter().enumerate().filter(|(day, _)| poll_hints.quiet_days >> day & 1 == 1).map(|(_, name)| *name).collect();
        wishes.push(format!("not on {}", days.join(" ")));
    }
    if let Some(fresh_for) = fresh_for {
        wishes.push(format!("good for {} s", fresh_for.as_secs()));
    }
    (!wishes.is_empty()).then(|| format!("asks: {}", wishes.join(", ")))
}
