//! `relais topic`: scores topic rules.

use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::count::count;
use super::error::{CommandError, Exit};
use super::output::print;
use crate::select::{Judgement, Topic, TopicFacts, built_in_rule};

/// The largest file of labelled lines, and the largest rule.
const MAX_LABELLED: u64 = 64 << 20;
const MAX_RULE: u64 = 1 << 20;
/// The label of lines that are about something else.
const OTHER: &str = "other";
#[derive(Debug, clap::Subcommand)]
pub(super) enum TopicCommand {
    /// Score a topic rule on labelled lines: precision, recall, and what matched in each line that it gets wrong.
    Test(TestArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct TestArgs {
    /// Lines of a label, a tab and a headline. The label is the topic, or "other". Lines that begin with # are skipped.
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// The rule file [default: the built-in rule of the topic that the labels name].
    #[arg(long, value_name = "RULE.toml")]
    rule: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// A labelled headline.
struct Labelled<'t> {
    line: usize,
    label: &'t str,
    title: &'t str,
}

/// The result of a test, as `--json` prints it.
#[derive(Debug, Default, Serialize)]
struct Score {
    lines: usize,
    precision: Option<f64>,
    recall: Option<f64>,
    true_positives: usize,
    false_positives: usize,
    false_negatives: usize,
    misses: Vec<Miss>,
}

/// A line that the rule gets wrong.
#[derive(Debug, Serialize)]
struct Miss {
    line: usize,
    label: String,
    title: String,
    score: f64,
    matched: Vec<String>,
    masked: Vec<String>,
}

/// Runs `relais topic`.
pub(super) fn run_topic(command: &TopicCommand) -> Result<Exit, CommandError> {
    let TopicCommand::Test(args) = command;
    let name = args.file.display().to_string();
    let text = read(&args.file, MAX_LABELLED)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let labelled = lines.map(|(index, line)| {
        let (label, title) = line.split_once('\t').ok_or_else(|| {
            CommandError::usage(format!("{name}:{}: there is no tab", index + 1)).with_hint("write: LABEL, a tab, HEADLINE")
        })?;
        Ok(Labelled { line: index + 1, label: label.trim(), title })
    });
    let labelled = labelled.collect::<Result<Vec<_>, CommandError>>()?;
    let topic = find_topic(&name, &labelled)?;
    let rule = load_rule(topic, args.rule.as_deref())?;
    let score = score(&rule, &labelled);
    if args.json {
        print(&format!("{}\n", serde_json::to_string(&score).map_err(CommandError::internal)?))?;
    } else {
        print(&render(&score))?;
    }
    Ok(Exit::Success)
}

/// Returns the one topic of the labels.
fn find_topic<'t>(name: &str, labelled: &[Labelled<'t>]) -> Result<&'t str, CommandError> {
    let mut topics: Vec<&str> = labelled.iter().map(|line| line.label).filter(|label| *label != OTHER).collect();
    topics.sort_unstable();
    topics.dedup();
    match topics[..] {
        [topic] => Ok(topic),
        [] => {
            Err(CommandError::usage(format!("{name}: no line has the label of a topic: each is \"{OTHER}\", or there is none")))
        }
        [first, second, ..] => Err(CommandError::usage(format!("{name}: there are several topics: \"{first}\", \"{second}\""))
            .with_hint(format!("test one topic at a time; label the other lines \"{OTHER}\""))),
    }
}

fn load_rule(topic: &str, path: Option<&Path>) -> Result<Topic, CommandError> {
    let built_in = built_in_rule(topic).map(|text| (topic.to_owned(), text.to_owned()));
    let from_file = |path: &Path| Ok((path.display().to_string(), read(path, MAX_RULE)?));
    let (name, text) = path.map(from_file).transpose()?.or(built_in).ok_or_else(|| {
        CommandError::usage(format!("there is no built-in rule \"{topic}\""))
            .with_hint("name your rule file with --rule; built in: olympic")
    })?;
    Topic::parse(&text).map_err(|error| CommandError::usage(error.in_file(&name, &text)))
}

/// Reads a file, or standard input for `-`.
fn read(path: &Path, limit: u64) -> Result<String, CommandError> {
    let name = path.display();
    let fault = |error: std::io::Error| CommandError::usage(format!("cannot read {name}: {error}"));
    let mut text = String::new();
    let mut input: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(path).map_err(fault)?),
    };
    (&mut input).take(limit + 1).read_to_string(&mut text).map_err(fault)?;
    if text.len() as u64 > limit {
        return Err(CommandError::usage(format!("{name} is larger than {} MiB", limit >> 20)));
    }
    Ok(text)
}

fn score(rule: &Topic, labelled: &[Labelled<'_>]) -> Score {
    let mut score = Score { lines: labelled.len(), ..Score::default() };
    for line in labelled {
        let judged = rule.judge(&TopicFacts { title: line.title, ..TopicFacts::default() });
        let belongs = line.label != OTHER;
        match (belongs, judged.is_about) {
            (true, true) => score.true_positives += 1,
            (true, false) => score.false_negatives += 1,
            (false, true) => score.false_positives += 1,
            (false, false) => {}
        }
        if belongs != judged.is_about {
            score.misses.push(miss(line, judged));
        }
    }
    score.precision = ratio(score.true_positives, score.true_positives + score.false_positives);
    score.recall = ratio(score.true_positives, score.true_positives + score.false_negatives);
    score
}

fn miss(line: &Labelled<'_>, judged: Judgement) -> Miss {
    let matched = judged.signals.iter().map(|found| format!("{} {:+} “{}”", found.id, found.weight, found.text));
    Miss {
        line: line.line,
        label: line.label.to_owned(),
        title: line.title.to_owned(),
        score: judged.score,
        matched: matched.collect(),
        masked: judged.masks.into_iter().map(|found| format!("{} “{}”", found.id, found.text)).collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn render(score: &Score) -> String {
    let Score { true_positives: hits, false_positives, false_negatives, .. } = score;
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| format!("{share:.3}"));
    let mut out = format!(
        "{}\nprecision  {}  ({hits} of {} that it takes)\nrecall     {}  ({hits} of {} that it should take)\n",
        count(score.lines as u64, "line"),
        share(score.precision),
        hits + false_positives,
        share(score.recall),
        hits + false_negatives,
    );
    for miss in &score.misses {
        let found = if miss.matched.is_empty() { "no signal".to_owned() } else { miss.matched.join(", ") };
        let masked = if miss.masked.is_empty() { String::new() } else { format!("; hidden: {}", miss.masked.join(", ")) };
        let _ = write!(out, "\nline {}, {}: {}\n  score {}: {found}{masked}\n", miss.line, miss.label, miss.title, miss.score);
    }
    out
}
