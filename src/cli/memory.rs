//! `relais memory export` and `import`: the translation memory for other tools, and theirs.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anstream::eprintln;
use tempfile::NamedTempFile;

use super::args::{Args, ExportArgs, ImportArgs, MemoryFormat};
use super::check::load;
use super::exit::{Exit, Failure, print};
use crate::clock::SystemClock;
use crate::model::{Clock, Lang, Marked, MemoryResult, SegmentKey, Time};
use crate::pipeline;
use crate::store::{Access, MemoryEntry, Store};
use crate::translate::{
    ExchangeFormat, ExchangeWriter, Glossary, IMPORTED, SkipReason, SkippedRows, TranslationPair, read_exchange,
};

/// How many rows travel to or from the store at a time.
const PAGE: usize = 1000;

/// How the work of people is named that came from a file.
const FROM_FILE: &str = "import:";

/// Writes the memory to a file or to standard output.
pub(super) async fn export(args: &Args, ask: &ExportArgs) -> Result<Exit, Failure> {
    let plan = load(args)?;
    let store = Store::open(plan.state.url(), Access::Look).await.map_err(Failure::own)?;
    let format = format(ask.format, &ask.file);
    if ask.file == "-" {
        let out = BufWriter::new(io::stdout().lock());
        return match write(&store, format, ask, out).await? {
            // A reader that has had enough is no failure.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::own(format!("cannot write the memory: {error}")))
            }
            _ => Ok(Exit::Good),
        };
    }
    let unwritable = |error: io::Error| Failure::own(format!("cannot write {}: {error}", ask.file));
    let path = Path::new(&ask.file);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Beside it and then in its place: the file is whole or as it was.
    let file = NamedTempFile::new_in(folder).map_err(unwritable)?;
    let (count, out) = write(&store, format, ask, BufWriter::new(file)).await?.map_err(unwritable)?;
    let file = out.into_inner().map_err(|error| unwritable(error.into_error()))?;
    file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist(path).map_err(|error| unwritable(error.error))?;
    if !args.quiet {
        eprintln!("{count} translations written to {}", ask.file);
    }
    Ok(Exit::Good)
}

/// Writes page by page. The outer error is the store's, the inner one that of the output.
async fn write<W: Write>(
    store: &Store,
    format: ExchangeFormat,
    ask: &ExportArgs,
    out: W,
) -> Result<io::Result<(u64, W)>, Failure> {
    let mut writer = match ExchangeWriter::begin(format, out) {
        Ok(writer) => writer,
        Err(error) => return Ok(Err(error)),
    };
    let (mut after, mut count) = (None, 0);
    loop {
        let page = store.list_memory((ask.from.as_ref(), ask.to.as_ref()), after, PAGE).await.map_err(Failure::own)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        for pair in page.into_iter().filter_map(pair) {
            if let Err(error) = writer.put(&pair) {
                return Ok(Err(error));
            }
            count += 1;
        }
    }
    Ok(writer.end().map(|out| (count, out)))
}

/// A row of the memory for others. What does not read as a segment is of no use to anybody.
fn pair(memory: MemoryEntry) -> Option<TranslationPair> {
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

/// Takes the translations of a file into the memory.
pub(super) async fn import(args: &Args, ask: &ImportArgs) -> Result<Exit, Failure> {
    let plan = load(args)?;
    let glossary = pipeline::load_glossary(&plan).map_err(Failure::own)?;
    let input: Box<dyn Read> = if ask.file == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(&ask.file).map_err(|error| Failure::usage(format!("cannot read {}: {error}", ask.file)))?)
    };
    let unreadable = |error| Failure::fault(format!("{}: {error}", ask.file));
    let rows = read_exchange(format(ask.format, &ask.file), input).map_err(unreadable)?;
    let store = Store::open(plan.state.url(), Access::Work).await.map_err(Failure::own)?;
    let mut desk =
        Desk { store: &store, ask, glossary: &glossary, name: name(&ask.file), now: SystemClock.now(), page: Vec::new() };
    let mut done = Done::default();
    let mut end = Ok(());
    for row in rows {
        match row {
            Ok(Ok(pair)) => desk.take(pair, &mut done).await?,
            Ok(Err(left)) => *done.left.entry(left).or_default() += 1,
            Err(error) => {
                end = Err(unreadable(error));
                break;
            }
        }
    }
    desk.settle(&mut done).await?;
    store.close().await.map_err(Failure::own)?;
    // What came before a fault in the file is kept, and told.
    if end.is_ok() || done != Done::default() {
        print(&done.to_string())?;
    }
    end.map(|()| Exit::Good)
}

/// What became of the rows of a file.
#[derive(Default, PartialEq)]
struct Done {
    taken: u64,
    known: u64,
    /// In languages that were not asked for.
    other: u64,
    left: SkippedRows,
}

impl std::fmt::Display for Done {
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

/// Where rows become rows of the memory.
struct Desk<'a> {
    store: &'a Store,
    ask: &'a ImportArgs,
    glossary: &'a Glossary,
    /// Whose work it is, where the file does not say.
    name: String,
    now: Time,
    page: Vec<MemoryEntry>,
}

impl Desk<'_> {
    async fn take(&mut self, pair: TranslationPair, done: &mut Done) -> Result<(), Failure> {
        let Some((from, to)) = asked(&pair.from, self.ask.from.as_ref()).zip(asked(&pair.to, self.ask.to.as_ref())) else {
            done.other += 1;
            return Ok(());
        };
        match self.memory(&from, &to, pair) {
            Some(memory) => self.page.push(memory),
            None => *done.left.entry(SkipReason::Empty).or_default() += 1,
        }
        if self.page.len() >= PAGE { self.settle(done).await } else { Ok(()) }
    }

    /// A row for the memory; nothing for a text in which there is nothing to translate. The work of an engine stays as it is,
    /// with the key under which that engine's work is asked for; all else is people's, and gets the key that is asked for
    /// before any engine's.
    fn memory(&self, from: &Lang, to: &Lang, pair: TranslationPair) -> Option<MemoryEntry> {
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

    async fn settle(&mut self, done: &mut Done) -> Result<(), Failure> {
        let taken = self.store.save_memory(&self.page, "import", self.ask.replace).await.map_err(Failure::own)?;
        done.taken += taken;
        done.known += (self.page.len() as u64).saturating_sub(taken);
        self.page.clear();
        Ok(())
    }
}

/// A language as it was asked for: one without a region takes those of all regions for its own. Nothing if it is another.
fn asked(lang: &Lang, wanted: Option<&Lang>) -> Option<Lang> {
    match wanted {
        None => Some(lang.clone()),
        Some(wanted) if wanted == lang || wanted.as_str() == lang.primary() => Some(wanted.clone()),
        Some(_) => None,
    }
}

/// The format that was asked for, else that of the file's name, else TMX.
fn format(asked: Option<MemoryFormat>, file: &str) -> ExchangeFormat {
    let is_jsonl = Path::new(file).extension().is_some_and(|end| end.eq_ignore_ascii_case("jsonl"));
    match asked {
        Some(MemoryFormat::Jsonl) => ExchangeFormat::Jsonl,
        None if is_jsonl => ExchangeFormat::Jsonl,
        _ => ExchangeFormat::Tmx,
    }
}

/// `import:NAME`, NAME being that of the file without its ending.
fn name(file: &str) -> String {
    let stem = Path::new(file).file_stem().filter(|_| file != "-").map(|stem| stem.to_string_lossy().into_owned());
    let stem: String = stem.unwrap_or_else(|| "stdin".to_owned()).chars().filter(|c| !c.is_control()).take(60).collect();
    format!("{FROM_FILE}{stem}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_without_a_region_takes_those_of_all() {
        let lang = |tag: &str| Lang::new(tag).expect("a tag");
        let asked = |there: &str, wanted: &str| asked(&lang(there), Lang::new(wanted).as_ref()).map(|lang| lang.to_string());
        assert_eq!(asked("fr-CA", "").as_deref(), Some("fr-CA"));
        assert_eq!(asked("fr-CA", "fr").as_deref(), Some("fr"));
        assert_eq!(asked("fr-CA", "fr-CA").as_deref(), Some("fr-CA"));
        assert_eq!(asked("fr-CA", "fr-BE"), None);
        assert_eq!(asked("fr", "fr-CA"), None);
    }

    #[test]
    fn a_file_gives_its_name_and_its_format() {
        assert_eq!(name("/a/Été 2024.tmx"), "import:Été 2024");
        assert_eq!(name("-"), "import:stdin");
        assert_eq!(format(None, "a.JSONL"), ExchangeFormat::Jsonl);
        assert_eq!(format(None, "-"), ExchangeFormat::Tmx);
        assert_eq!(format(Some(MemoryFormat::Tmx), "a.jsonl"), ExchangeFormat::Tmx);
    }
}
