//! `relais memory export` and `import`: exchanges the translation memory with other tools.

mod import;

use std::fs::Permissions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anstream::eprintln;
use clap::{Subcommand, ValueEnum, ValueHint};
use tempfile::NamedTempFile;

use super::context::{load_plan, parse_lang};
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::review::{is_language, list_segments};
use crate::config::Plan;
use crate::model::{Lang, Marked, MemoryResult, ReviewState};
use crate::store::{Access, Correction, MemoryEntry, Store};
use crate::translate::{ExchangeFormat, ExchangeWriter, TranslationPair};
use import::{ImportArgs, import};

/// The rows per query.
const PAGE: usize = 1000;

#[derive(Debug, Subcommand)]
pub(super) enum MemoryCommand {
    /// Export all translations of the memory, or with --left what is not translated.
    Export(ExportArgs),
    /// Import translations into the memory; they take precedence over every engine.
    Import(ImportArgs),
}

/// The values of `--format`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum MemoryFormat {
    /// TMX 1.4b.
    Tmx,
    /// JSON Lines.
    Jsonl,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// The file, or - for standard output.
    #[arg(default_value = "-", value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    file: String,
    /// The format [default: by the extension of the file, else tmx].
    #[arg(long, value_name = "FORMAT")]
    format: Option<MemoryFormat>,
    /// Only translations from this language.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    from: Option<Lang>,
    /// Only translations into this language.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    to: Option<Lang>,
    /// Only texts that editions show untranslated, with the reasons in the place of translations.
    #[arg(long)]
    left: bool,
}

/// Exports or imports.
pub(super) async fn run_memory(global: &GlobalArgs, command: &MemoryCommand) -> Result<Exit, CommandError> {
    match command {
        MemoryCommand::Export(args) => export(global, args).await,
        MemoryCommand::Import(args) => import(global, args).await,
    }
}

/// Writes the memory to a file or to standard output.
async fn export(global: &GlobalArgs, args: &ExportArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let store = Store::open(plan.state.url(), Access::Look).await.map_err(CommandError::internal)?;
    let format = choose_format(args.format, &args.file);
    if args.file == "-" {
        let out = BufWriter::new(io::stdout().lock());
        return match write_all(&plan, &store, format, args, out).await? {
            // A reader that closes the pipe early is not an error.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CommandError::internal(format!("cannot write the memory: {error}")))
            }
            _ => Ok(Exit::Success),
        };
    }
    let unwritable = |error: io::Error| CommandError::internal(format!("cannot write {}: {error}", args.file));
    let path = Path::new(&args.file);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Written beside the file and renamed: an interrupted export leaves the old file.
    let file = NamedTempFile::new_in(folder).map_err(unwritable)?;
    let (count, out) = write_all(&plan, &store, format, args, BufWriter::new(file)).await?.map_err(unwritable)?;
    let file = out.into_inner().map_err(|error| unwritable(error.into_error()))?;
    file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist(path).map_err(|error| unwritable(error.error))?;
    if !global.quiet {
        let what = if args.left { "untranslated texts" } else { "translations" };
        eprintln!("{count} {what} written to {}", args.file);
    }
    Ok(Exit::Success)
}

/// Writes what is asked for. The outer error is one of the store, the inner one of the output.
async fn write_all<W: Write>(
    plan: &Plan,
    store: &Store,
    format: ExchangeFormat,
    args: &ExportArgs,
    out: W,
) -> Result<io::Result<(u64, W)>, CommandError> {
    let mut writer = match ExchangeWriter::begin(format, out) {
        Ok(writer) => writer,
        Err(error) => return Ok(Err(error)),
    };
    let written = if args.left {
        write_left(plan, store, args, &mut writer).await?
    } else {
        write_translations(store, args, &mut writer).await?
    };
    Ok(written.and_then(|count| writer.end().map(|out| (count, out))))
}

/// Writes the memory page by page, and then what people translated.
async fn write_translations<W: Write>(
    store: &Store,
    args: &ExportArgs,
    writer: &mut ExchangeWriter<W>,
) -> Result<io::Result<u64>, CommandError> {
    let langs = (args.from.as_ref(), args.to.as_ref());
    let (mut after, mut count) = (None, 0);
    loop {
        let page = store.list_memory(langs, after, PAGE).await.map_err(CommandError::internal)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        match put_all(writer, page.into_iter().filter_map(to_pair)) {
            Ok(more) => count += more,
            Err(error) => return Ok(Err(error)),
        }
    }
    after = None;
    loop {
        let page = store.list_corrections(langs, after, PAGE).await.map_err(CommandError::internal)?;
        let Some(last) = page.last() else { return Ok(Ok(count)) };
        after = Some(last.key);
        match put_all(writer, page.into_iter().filter_map(correction_pair)) {
            Ok(more) => count += more,
            Err(error) => return Ok(Err(error)),
        }
    }
}

fn put_all<W: Write>(writer: &mut ExchangeWriter<W>, pairs: impl Iterator<Item = TranslationPair>) -> io::Result<u64> {
    let mut count = 0;
    for pair in pairs {
        writer.put(&pair)?;
        count += 1;
    }
    Ok(count)
}

/// Writes the texts that editions show in their own language, with the reasons.
async fn write_left<W: Write>(
    plan: &Plan,
    store: &Store,
    args: &ExportArgs,
    writer: &mut ExchangeWriter<W>,
) -> Result<io::Result<u64>, CommandError> {
    let mut count = 0;
    for segment in list_segments(plan, store, None, None, None).await? {
        let Some(verdict) = segment.verdict.filter(|verdict| matches!(verdict.state, ReviewState::Left | ReviewState::Waiting))
        else {
            continue;
        };
        if is_language(args.from.as_ref(), &segment.from) && is_language(args.to.as_ref(), &segment.to) {
            let reason = verdict.reasons.join(", ");
            if let Err(error) = writer.put_left((&segment.from, &segment.to), &segment.source, &reason) {
                return Ok(Err(error));
            }
            count += 1;
        }
    }
    Ok(Ok(count))
}

/// Converts a row of the memory for export. Skips rows that do not parse as segments.
fn to_pair(memory: MemoryEntry) -> Option<TranslationPair> {
    let MemoryResult::Translation(target) = memory.result else { return None };
    Some(TranslationPair {
        from: memory.from,
        to: memory.to,
        source: Marked::from_tagged(&memory.source)?,
        target: Marked::from_tagged(&target)?,
        engine: Some(memory.engine),
        made: Some(memory.made),
        key: Some(memory.key),
    })
}

/// Converts what a person translated for export.
fn correction_pair(correction: Correction) -> Option<TranslationPair> {
    Some(TranslationPair {
        from: correction.from,
        to: correction.to,
        source: Marked::from_tagged(&correction.source)?,
        target: Marked::from_tagged(&correction.target?)?,
        engine: Some(correction.origin),
        made: Some(correction.made),
        key: Some(correction.key),
    })
}

/// Returns the format of `--format`, else of the extension, else TMX.
fn choose_format(asked: Option<MemoryFormat>, file: &str) -> ExchangeFormat {
    let is_jsonl = Path::new(file).extension().is_some_and(|end| end.eq_ignore_ascii_case("jsonl"));
    match asked {
        Some(MemoryFormat::Jsonl) => ExchangeFormat::Jsonl,
        None if is_jsonl => ExchangeFormat::Jsonl,
        _ => ExchangeFormat::Tmx,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_comes_from_the_file_name() {
        assert_eq!(choose_format(None, "a.JSONL"), ExchangeFormat::Jsonl);
        assert_eq!(choose_format(None, "-"), ExchangeFormat::Tmx);
        assert_eq!(choose_format(Some(MemoryFormat::Tmx), "a.jsonl"), ExchangeFormat::Tmx);
    }
}
