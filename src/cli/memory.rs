//! `relais memory export` and `import`: exchanges the translation memory with other tools.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anstream::eprintln;
use clap::{Subcommand, ValueEnum, ValueHint};
use tempfile::NamedTempFile;

use super::context::{load_plan, parse_lang};
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use crate::clock::SystemClock;
use crate::model::{Clock, Lang, Marked, MemoryResult, SegmentKey, Time};
use crate::pipeline;
use crate::store::{Access, MemoryEntry, Store};
use crate::translate::{
    ExchangeFormat, ExchangeWriter, Glossary, IMPORTED, SkipReason, SkippedRows, TranslationPair, read_exchange,
};

/// The rows per query.
const PAGE: usize = 1000;

/// The prefix of the engine name of translations that were imported from a file.
const FROM_FILE: &str = "import:";

#[derive(Debug, Subcommand)]
pub(super) enum MemoryCommand {
    /// Export all translations of the memory.
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
}

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// The file, or - for standard input.
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    file: String,
    /// The format [default: by the extension of the file, else tmx].
    #[arg(long, value_name = "FORMAT")]
    format: Option<MemoryFormat>,
    /// Only translations from this language; `fr` includes fr-CA and imports it as fr.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    from: Option<Lang>,
    /// Only translations into this language; regions as with --from.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    to: Option<Lang>,
    /// Replace translations that the memory has already.
    #[arg(long)]
    replace: bool,
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
        return match write_memory(&store, format, args, out).await? {
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
    let (count, out) = write_memory(&store, format, args, BufWriter::new(file)).await?.map_err(unwritable)?;
    let file = out.into_inner().map_err(|error| unwritable(error.into_error()))?;
    file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist(path).map_err(|error| unwritable(error.error))?;
    if !global.quiet {
        eprintln!("{count} translations written to {}", args.file);
    }
    Ok(Exit::Success)
}

/// Writes page by page. The outer error is one of the store, the inner one of the output.
async fn write_memory<W: Write>(
    store: &Store,
    format: ExchangeFormat,
    args: &ExportArgs,
    out: W,
) -> Result<io::Result<(u64, W)>, CommandError> {
    let mut writer = match ExchangeWriter::begin(format, out) {
        Ok(writer) => writer,
        Err(error) => return Ok(Err(error)),
    };
    let (mut after, mut count) = (None, 0);
    loop {
        let page =
            store.list_memory((args.from.as_ref(), args.to.as_ref()), after, PAGE).await.map_err(CommandError::internal)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        for pair in page.into_iter().filter_map(to_pair) {
            if let Err(error) = writer.put(&pair) {
                return Ok(Err(error));
            }
            count += 1;
        }
    }
    Ok(writer.end().map(|out| (count, out)))
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

/// Imports the translations of a file.
async fn import(global: &GlobalArgs, args: &ImportArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let glossary = pipeline::load_glossary(&plan).map_err(CommandError::internal)?;
    let input: Box<dyn Read> = if args.file == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(&args.file).map_err(|error| CommandError::usage(format!("cannot read {}: {error}", args.file)))?)
    };
    let unreadable = |error| CommandError::fault(format!("{}: {error}", args.file));
    let rows = read_exchange(choose_format(args.format, &args.file), input).map_err(unreadable)?;
    let store = Store::open(plan.state.url(), Access::Work).await.map_err(CommandError::internal)?;
    let mut importer = Importer {
        store: &store,
        args,
        glossary: &glossary,
        name: import_name(&args.file),
        now: SystemClock.now(),
        page: Vec::new(),
    };
    let mut counts = ImportCounts::default();
    let mut end = Ok(());
    for row in rows {
        match row {
            Ok(Ok(pair)) => importer.add(pair, &mut counts).await?,
            Ok(Err(left)) => *counts.left.entry(left).or_default() += 1,
            Err(error) => {
                end = Err(unreadable(error));
                break;
            }
        }
    }
    importer.save_page(&mut counts).await?;
    store.close().await.map_err(CommandError::internal)?;
    // Translations before an error in the file are kept and counted.
    if end.is_ok() || counts != ImportCounts::default() {
        print(&counts.to_string())?;
    }
    end.map(|()| Exit::Success)
}

/// The counts of an import.
#[derive(Default, PartialEq)]
struct ImportCounts {
    taken: u64,
    /// In the memory already.
    known: u64,
    /// In languages that were not asked for.
    other: u64,
    /// Skipped, by reason.
    left: SkippedRows,
}

impl std::fmt::Display for ImportCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} translations taken", self.taken)?;
        if self.known > 0 {
            write!(f, ", {} known already", self.known)?;
        }
        if self.other > 0 {
            write!(f, ", {} in other languages", self.other)?;
        }
        for (left, count) in &self.left {
            write!(f, ", {count} {left}")?;
        }
        f.write_str("\n")
    }
}

/// Converts imported translations to rows of the memory, and saves them page by page.
struct Importer<'a> {
    store: &'a Store,
    args: &'a ImportArgs,
    glossary: &'a Glossary,
    /// The engine name for translations whose origin the file does not state.
    name: String,
    now: Time,
    page: Vec<MemoryEntry>,
}

impl Importer<'_> {
    async fn add(&mut self, pair: TranslationPair, counts: &mut ImportCounts) -> Result<(), CommandError> {
        let Some((from, to)) = match_lang(&pair.from, self.args.from.as_ref()).zip(match_lang(&pair.to, self.args.to.as_ref()))
        else {
            counts.other += 1;
            return Ok(());
        };
        match self.to_memory(&from, &to, pair) {
            Some(memory) => self.page.push(memory),
            None => *counts.left.entry(SkipReason::Empty).or_default() += 1,
        }
        if self.page.len() >= PAGE { self.save_page(counts).await } else { Ok(()) }
    }

    /// Makes a row of the memory; `None` if the text has nothing to translate. A translation by an engine keeps its key, under
    /// which that engine's results are looked up. Every other translation is by a person, and gets the key that is looked up
    /// before those of engines.
    fn to_memory(&self, from: &Lang, to: &Lang, pair: TranslationPair) -> Option<MemoryEntry> {
        if !pair.source.is_translatable() {
            return None;
        }
        let made = pair.made.filter(|made| *made <= self.now).unwrap_or(self.now);
        let is_same = *from == pair.from && *to == pair.to;
        let (is_people, key) = (pair.engine.as_ref().is_none_or(|engine| engine.starts_with(FROM_FILE)), pair.key);
        let row = |key, engine, source: &Marked, target: &Marked| {
            let result = MemoryResult::Translation(target.to_tagged());
            MemoryEntry { key, from: from.clone(), to: to.clone(), engine, source: source.to_tagged(), result, made }
        };
        if let (Some(engine), Some(key), false, true) = (&pair.engine, key, is_people, is_same) {
            return Some(row(key, engine.clone(), &pair.source, &pair.target));
        }
        let source = pair.source.normalised();
        let protected = self.glossary.protect(&source, from, to);
        let key = SegmentKey::new(&source, from, to, IMPORTED, &protected.pairs());
        let engine = pair.engine.filter(|_| is_people).unwrap_or_else(|| self.name.clone());
        Some(row(key, engine, &source, &pair.target.normalised()))
    }

    async fn save_page(&mut self, counts: &mut ImportCounts) -> Result<(), CommandError> {
        let taken = self.store.save_memory(&self.page, "import", self.args.replace).await.map_err(CommandError::internal)?;
        counts.taken += taken;
        counts.known += (self.page.len() as u64).saturating_sub(taken);
        self.page.clear();
        Ok(())
    }
}

/// Returns the language to import `lang` as; `None` if another one is wanted. A wanted language without a region matches all its
/// regions.
fn match_lang(lang: &Lang, wanted: Option<&Lang>) -> Option<Lang> {
    match wanted {
        None => Some(lang.clone()),
        Some(wanted) if wanted == lang || wanted.as_str() == lang.primary() => Some(wanted.clone()),
        Some(_) => None,
    }
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

/// Returns `import:NAME`, where NAME is the file name without extension.
fn import_name(file: &str) -> String {
    let stem = Path::new(file).file_stem().filter(|_| file != "-").map(|stem| stem.to_string_lossy().into_owned());
    let stem: String = stem.unwrap_or_else(|| "stdin".to_owned()).chars().filter(|c| !c.is_control()).take(60).collect();
    format!("{FROM_FILE}{stem}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_without_a_region_matches_all_its_regions() {
        let lang = |tag: &str| Lang::new(tag).expect("a tag");
        let matched =
            |there: &str, wanted: &str| match_lang(&lang(there), Lang::new(wanted).as_ref()).map(|lang| lang.to_string());
        assert_eq!(matched("fr-CA", "").as_deref(), Some("fr-CA"));
        assert_eq!(matched("fr-CA", "fr").as_deref(), Some("fr"));
        assert_eq!(matched("fr-CA", "fr-CA").as_deref(), Some("fr-CA"));
        assert_eq!(matched("fr-CA", "fr-BE"), None);
        assert_eq!(matched("fr", "fr-CA"), None);
    }

    #[test]
    fn import_name_and_format_come_from_the_file_name() {
        assert_eq!(import_name("/a/Été 2024.tmx"), "import:Été 2024");
        assert_eq!(import_name("-"), "import:stdin");
        assert_eq!(choose_format(None, "a.JSONL"), ExchangeFormat::Jsonl);
        assert_eq!(choose_format(None, "-"), ExchangeFormat::Tmx);
        assert_eq!(choose_format(Some(MemoryFormat::Tmx), "a.jsonl"), ExchangeFormat::Tmx);
    }
}
