//! Shows the entries of a source with the decisions about them.

use serde::Serialize;

use super::PreviewArgs;
use super::sample::{Sample, take_sample};
use crate::cli::context::unknown_name;
use crate::cli::count::count;
use crate::cli::error::CommandError;
use crate::clock::SystemClock;
use crate::config::{self, Plan, Source};
use crate::model::{Clock, ExplainedTopic};
use crate::pipeline::{self, PreviewedEntry, SourcePreview, Topics, preview_source};
use crate::select::{Decision, Rule};

/// A preview in JSON. Scripts rely on the field names.
#[derive(Serialize)]
struct PreviewJson<'p> {
    source: &'p str,
    format: &'p str,
    title: Option<&'p str>,
    entries: Vec<EntryJson<'p>>,
    sample: Option<&'p Sample>,
}

#[derive(Serialize)]
struct EntryJson<'p> {
    id: String,
    title: &'p str,
    url: Option<&'p str>,
    date: String,
    kept: bool,
    rule: Option<&'static str>,
    kept_before: Option<bool>,
    failure: Option<String>,
    topic: Option<&'p ExplainedTopic>,
}

/// Fetches a source and shows its entries with the decisions about them.
pub(super) async fn preview(plan: &Plan, name: &str, args: &PreviewArgs) -> Result<String, CommandError> {
    let source = find_source(plan, name)?;
    let tried = args.tried(&source.filter)?.map(|filter| Source { filter, ..source.clone() });
    let topics = Topics::load(plan).map_err(CommandError::usage)?;
    let client = pipeline::client(&plan.fetch).map_err(CommandError::internal)?;
    let preview = preview_source(&client, &source, tried.as_ref(), &topics, SystemClock.now()).await;
    let preview = preview.map_err(CommandError::fault)?;
    let kept = preview.entries.iter().filter(|entry| entry.decision.is_kept()).map(|entry| entry.entry.clone());
    let sample = take_sample(plan, &source, args.edition.as_deref(), kept.collect()).await?;
    if args.json {
        let entries = preview.entries.iter().map(entry_json).collect();
        let (format, title) = (preview.format, preview.title.as_deref());
        let json = PreviewJson { source: source.id.as_str(), format, title, entries, sample: sample.as_ref() };
        return Ok(serde_json::to_string_pretty(&json).map_err(CommandError::internal)? + "\n");
    }
    Ok(render(&source, &preview) + &sample.map_or_else(String::new, |sample| sample.render()))
}

/// Returns a source of the plan, or one for an address that it does not have.
fn find_source(plan: &Plan, name: &str) -> Result<Source, CommandError> {
    if let Some(known) = plan.sources.iter().find(|source| source.id.as_str() == name || source.url == name) {
        return Ok(known.clone());
    }
    if !name.starts_with("http://") && !name.starts_with("https://") {
        let known: Vec<&str> = plan.sources.iter().map(|source| source.id.as_str()).collect();
        return Err(unknown_name("source", name, &known));
    }
    let table = format!("[source.preview]\nurl = {}\n[edition.preview]\ntitle = \"preview\"\n", toml::Value::from(name));
    let problems = |problems: config::Problems| CommandError::usage(problems.render(false).trim_end());
    let parsed = config::parse(&table, &plan.path).map_err(problems)?;
    parsed.sources.into_iter().next().ok_or_else(|| CommandError::usage(format!("{name} is no address of a feed")))
}

fn render(source: &Source, preview: &SourcePreview) -> String {
    let kept = preview.entries.iter().filter(|entry| entry.decision.is_kept()).count();
    let dropped = preview.entries.len() - kept;
    let entries = count(preview.entries.len() as u64, "entry");
    let title = preview.title.as_deref().unwrap_or(source.public_url.as_str());
    let mut out = format!("{}: {title} ({}), {entries}: {kept} kept, {dropped} dropped\n", source.id, preview.format);
    for entry in &preview.entries {
        out.push_str(&entry_lines(entry));
    }
    out
}

fn entry_lines(entry: &PreviewedEntry) -> String {
    let is_kept = entry.decision.is_kept();
    let change = match entry.before.as_ref().map(Decision::is_kept) {
        Some(true) if !is_kept => " (kept by feeds.toml as it is)",
        Some(false) if is_kept => " (dropped by feeds.toml as it is)",
        _ => "",
    };
    let sign = if is_kept { "+" } else { "-" };
    let mut out = format!("  {sign} {}  {}{change}\n", entry.date.whole_seconds(), entry.entry.title);
    let mut reasons: Vec<String> =
        entry.decision.rule.filter(|_| !is_kept).map(|rule| format!("by `{rule}`")).into_iter().collect();
    if let Some(topic) =
        entry.topic.as_ref().filter(|topic| is_kept || entry.decision.rule == Some(Rule::Topic) || topic.score > 0.0)
    {
        let signals = if topic.signals.is_empty() { "no signal".to_owned() } else { topic.signals.join(", ") };
        let hidden = if topic.hidden.is_empty() { String::new() } else { format!("; hidden: {}", topic.hidden.join(", ")) };
        reasons.push(format!("{} {}: {signals}{hidden}", topic.topic, topic.score));
    }
    reasons.extend(entry.decision.failure.as_ref().map(ToString::to_string));
    if !reasons.is_empty() {
        out.push_str(&format!("      {}\n", reasons.join("; ")));
    }
    out
}

fn entry_json(entry: &PreviewedEntry) -> EntryJson<'_> {
    EntryJson {
        id: entry.entry.key.id().to_string(),
        title: entry.entry.title.as_str(),
        url: entry.entry.head.url.as_deref(),
        date: entry.date.to_string(),
        kept: entry.decision.is_kept(),
        rule: entry.decision.rule.map(Rule::key),
        kept_before: entry.before.as_ref().map(Decision::is_kept),
        failure: entry.decision.failure.as_ref().map(ToString::to_string),
        topic: entry.topic.as_ref(),
    }
}
