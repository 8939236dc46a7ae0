//! `relais review import`: takes what people wrote. The checks warn, and never overrule.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anstream::eprintln;
use anstyle::AnsiColor;
use clap::ValueHint;

use crate::cli::context::{load_plan, open_beside_workers};
use crate::cli::count::count;
use crate::cli::error::{CommandError, Exit};
use crate::cli::global::GlobalArgs;
use crate::cli::output::print;
use crate::clock::SystemClock;
use crate::config::Plan;
use crate::model::{Clock, Lang, Marked, SegmentKey, SegmentKind};
use crate::pipeline::load_glossary;
use crate::store::{Correction, ExistingCorrections, Store};
use crate::translate::{Glossary, TranslationCheck, WrittenRow, fit_marks, read_review, verify};

/// The longest part of a text in a warning.
const LONGEST: usize = 60;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ImportArgs {
    /// The file, or - for standard input: TSV or XLIFF 2, recognised by its content.
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    file: String,
}

/// Takes the corrections of a file.
pub(super) async fn import(global: &GlobalArgs, args: &ImportArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let glossary = load_glossary(&plan).map_err(CommandError::usage)?;
    let input: Box<dyn Read> = if args.file == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(&args.file).map_err(|error| CommandError::usage(format!("cannot read {}: {error}", args.file)))?)
    };
    let rows = read_review(input).map_err(|error| CommandError::fault(format!("{}: {error}", args.file)))?;
    let (mut written, mut unchanged, mut faulty) = (Vec::new(), 0, 0);
    for row in rows {
        match row.and_then(check_source) {
            Ok(WrittenRow { from, to, source, correction: Some(target), .. }) => written.push((from, to, source, target)),
            Ok(_) => unchanged += 1,
            Err(why) => {
                faulty += 1;
                eprintln!("{}: {why}: not taken", args.file);
            }
        }
    }
    for (from, to, source, target) in &written {
        warn(&glossary, (from, to), source, target, SegmentKind::Paragraph);
    }
    let taken = save(&plan, &written, &origin_of_file(&args.file)).await?;
    let known = written.len() as u64 - taken.min(written.len() as u64);
    let mut text = format!("{} taken", count(taken, "correction"));
    for (number, what) in [(known, "known already"), (unchanged, "not edited"), (faulty, "not understood")] {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    print(&(text + "\n"))?;
    if taken > 0 && !global.quiet {
        eprintln!("the next run publishes them");
    }
    Ok(if faulty > 0 { Exit::Faults } else { Exit::Success })
}

/// Checks that the source text of a row is the one that was exported: its correction would never be found.
fn check_source(row: WrittenRow) -> Result<WrittenRow, String> {
    let key = SegmentKey::of_person(&row.source, &row.from, &row.to);
    match row.id {
        Some(id) if id.key != key && row.correction.is_some() => {
            Err(format!("row {}: its source text or its languages were changed ({})", row.number, shorten(&row.source.plain())))
        }
        _ => Ok(row),
    }
}

/// A segment in two languages with the translation of a person.
pub(in crate::cli) type Written = (Lang, Lang, Marked, Marked);

/// Saves corrections. Returns how many are new, or other than before.
pub(in crate::cli) async fn save(plan: &Plan, written: &[Written], origin: &str) -> Result<u64, CommandError> {
    if written.is_empty() {
        return Ok(0);
    }
    let made = SystemClock.now();
    let correction = |(from, to, source, target): &Written| Correction {
        key: SegmentKey::of_person(source, from, to),
        from: from.clone(),
        to: to.clone(),
        source: source.to_tagged(),
        target: Some(fit_marks(source, target).text.to_tagged()),
        origin: origin.to_owned(),
        made,
    };
    let corrections: Vec<Correction> = written.iter().map(correction).collect();
    let store: Store = open_beside_workers(plan).await?;
    let taken = store.save_corrections(&corrections, ExistingCorrections::Replace).await;
    store.close().await.map_err(CommandError::internal)?;
    taken.map_err(CommandError::internal)
}

/// Warns of what the checks find in a correction. It is taken all the same.
pub(in crate::cli) fn warn(glossary: &Glossary, (from, to): (&Lang, &Lang), source: &Marked, target: &Marked, kind: SegmentKind) {
    let fitted = fit_marks(source, target);
    let mut findings: Vec<String> = Vec::new();
    if fitted.lost.is_empty() {
        let terms = glossary.protect(source, from, to).terms;
        let check = TranslationCheck { source, result: &fitted.text, from, to, terms: &terms, kind };
        findings.extend(verify(&check).err().map(|rejection| rejection.to_string().replace("the answer", "the translation")));
    } else {
        let marks: Vec<String> = fitted.lost.iter().map(|number| format!("<x{number}>")).collect();
        findings.push(format!("it leaves out {}: that markup, such as a link or a picture, will be missing", marks.join(", ")));
    }
    let yellow = AnsiColor::Yellow.on_default().bold();
    for finding in findings {
        eprintln!("{yellow}warning{yellow:#}: {}: {finding}; taken as it is", shorten(&fitted.text.plain()));
    }
}

/// Returns `review:NAME`, where NAME is the file name without extension.
pub(in crate::cli) fn origin_of_file(file: &str) -> String {
    let stem = Path::new(file).file_stem().filter(|_| file != "-").map(|stem| stem.to_string_lossy().into_owned());
    let stem: String = stem.unwrap_or_else(|| "stdin".to_owned()).chars().filter(|c| !c.is_control()).take(60).collect();
    format!("review:{stem}")
}

/// Returns the beginning of a text of a file, without what a terminal would act on.
fn shorten(text: &str) -> String {
    let short: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < text.len() { format!("“{}…”", short.trim_end()) } else { format!("“{short}”") }
}
