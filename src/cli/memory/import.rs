//! `relais memory import`: takes translations from a file. What an engine made goes into the memory; everything else a person made, and
//! comes before every engine.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use clap::ValueHint;

use super::{MemoryFormat, PAGE, choose_format};
use crate::cli::context::{load_plan, open_beside_workers, parse_lang};
use crate::cli::error::{CommandError, Exit};
use crate::cli::global::GlobalArgs;
use crate::cli::output::print;
use crate::clock::SystemClock;
use crate::model::{Clock, Lang, MemoryResult, SegmentKey, Time};
use crate::store::{Correction, ExistingCorrections, MemoryEntry, Store};
use crate::translate::{SkipReason, SkippedRows, TranslationPair, read_exchange};

/// The beginnings of the origins of translations by people: imported from a file, given back with a review, corrected one by one.
const BY_PEOPLE: [&str; 3] = ["import:", "review:", "person"];

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ImportArgs {
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

/// Imports the translations of a file.
pub(super) async fn import(global: &GlobalArgs, args: &ImportArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let input: Box<dyn Read> = if args.file == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(&args.file).map_err(|error| CommandError::usage(format!("cannot read {}: {error}", args.file)))?)
    };
    let unreadable = |error| CommandError::fault(format!("{}: {error}", args.file));
    let rows = read_exchange(choose_format(args.format, &args.file), input).map_err(unreadable)?;
    let store = open_beside_workers(&plan).await?;
    let mut importer = Importer {
        store: &store,
        args,
        name: import_name(&args.file),
        now: SystemClock.now(),
        page: Vec::new(),
        corrections: Vec::new(),
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
    /// The engine name for translations whose origin the file does not state.
    name: String,
    now: Time,
    /// Translations by engines.
    page: Vec<MemoryEntry>,
    /// Translations by people.
    corrections: Vec<Correction>,
}

impl Importer<'_> {
    async fn add(&mut self, pair: TranslationPair, counts: &mut ImportCounts) -> Result<(), CommandError> {
        let Some((from, to)) = match_lang(&pair.from, self.args.from.as_ref()).zip(match_lang(&pair.to, self.args.to.as_ref()))
        else {
            counts.other += 1;
            return Ok(());
        };
        if !pair.source.is_translatable() {
            *counts.left.entry(SkipReason::Empty).or_default() += 1;
        } else if let Some(memory) = self.of_engine(&from, &to, &pair) {
            self.page.push(memory);
        } else {
            self.corrections.push(self.of_person(from, to, pair));
        }
        if self.page.len() + self.corrections.len() >= PAGE { self.save_page(counts).await } else { Ok(()) }
    }

    /// Makes a row of the memory of a translation by an engine, which keeps its key: under it that engine's results are looked up.
    fn of_engine(&self, from: &Lang, to: &Lang, pair: &TranslationPair) -> Option<MemoryEntry> {
        let (engine, key) = (pair.engine.as_ref().filter(|engine| !is_by_people(engine))?, pair.key?);
        (*from == pair.from && *to == pair.to).then(|| MemoryEntry {
            key,
            from: from.clone(),
            to: to.clone(),
            engine: engine.clone(),
            source: pair.source.to_tagged(),
            result: MemoryResult::Translation(pair.target.to_tagged()),
            made: self.made(pair),
        })
    }

    /// Makes a correction of every other translation: a person made it.
    fn of_person(&self, from: Lang, to: Lang, pair: TranslationPair) -> Correction {
        let (source, made) = (pair.source.normalised(), self.made(&pair));
        let origin = pair.engine.filter(|engine| is_by_people(engine)).unwrap_or_else(|| self.name.clone());
        Correction {
            key: SegmentKey::of_person(&source, &from, &to),
            source: source.to_tagged(),
            target: Some(pair.target.normalised().to_tagged()),
            from,
            to,
            origin,
            made,
        }
    }

    fn made(&self, pair: &TranslationPair) -> Time {
        pair.made.filter(|made| *made <= self.now).unwrap_or(self.now)
    }

    async fn save_page(&mut self, counts: &mut ImportCounts) -> Result<(), CommandError> {
        let replace = self.args.replace;
        let existing = if replace { ExistingCorrections::Replace } else { ExistingCorrections::Keep };
        let all = (self.page.len() + self.corrections.len()) as u64;
        let mut taken = self.store.save_memory(&self.page, "import", replace).await.map_err(CommandError::internal)?;
        taken += self.store.save_corrections(&self.corrections, existing).await.map_err(CommandError::internal)?;
        counts.taken += taken;
        counts.known += all.saturating_sub(taken);
        self.corrections.clear();
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

/// Returns true if people made the translations of an origin.
fn is_by_people(origin: &str) -> bool {
    BY_PEOPLE.iter().any(|beginning| origin.starts_with(beginning))
}

/// Returns `import:NAME`, where NAME is the file name without extension.
fn import_name(file: &str) -> String {
    let stem = Path::new(file).file_stem().filter(|_| file != "-").map(|stem| stem.to_string_lossy().into_owned());
    let stem: String = stem.unwrap_or_else(|| "stdin".to_owned()).chars().filter(|c| !c.is_control()).take(60).collect();
    format!("import:{stem}")
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
    fn import_name_comes_from_the_file_name() {
        assert_eq!(import_name("/a/Été 2024.tmx"), "import:Été 2024");
        assert_eq!(import_name("-"), "import:stdin");
    }
}
