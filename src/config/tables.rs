//! Parses the text of feeds.toml into raw tables: key by key where something is wrong, so that one bad key hides no other.

use std::collections::HashMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostics::Diagnostics;
use super::id::{MAX_ID, is_id, propose_id};
use super::raw;
use super::reference::KnownKeys;
use super::values::{Located, quoted, shortened};

mod duplicate;
mod each;
mod explain_error;
mod one_table;
mod secret_spans;

pub(super) use each::EachTable;
use one_table::read_table;

/// The bytes of a key or a value in the file.
type Span = Range<usize>;

/// A table with its ID.
pub(super) struct NamedTable<T> {
    pub(super) id: Located<String>,
    pub(super) table: T,
    /// The keys of the table; true if the value could be read.
    pub(super) keys: HashMap<String, bool>,
}

/// The readable part of a file.
pub(super) struct ParsedFile {
    /// The keys at the top of the file, `s3`, `fetch` and `glossary`.
    pub(super) file: raw::RawFile,
    /// True if there is a table `s3`.
    pub(super) has_s3: bool,
    /// In the order of the file; `None` if `engine` is not a table of tables.
    pub(super) engines: Option<Vec<NamedTable<raw::RawEngine>>>,
    /// In the order of the file.
    pub(super) topics: Vec<NamedTable<raw::RawTopic>>,
    /// In the order of the file.
    pub(super) sources: Vec<NamedTable<raw::RawSource>>,
    /// In the order of the file.
    pub(super) editions: Vec<NamedTable<raw::RawEdition>>,
    /// In the order of the file.
    pub(super) digests: Vec<NamedTable<raw::RawDigest>>,
    /// In the order of the file.
    pub(super) notifications: Vec<NamedTable<raw::RawNotify>>,
    /// In the order of the file; `None` if `edition.each` is not a list of tables.
    pub(super) each: Option<Vec<EachTable>>,
}

/// The stack of the parsing thread. The parser limits its own depth, but copying or dropping a table of 80 × 80 tables overflowed
/// a stack of 2 MiB. Only the used part takes memory.
const STACK: usize = 64 * 1024 * 1024;

/// Parses a whole text, on a thread with a larger stack. Returns `None` after a syntax error.
pub(super) fn parse_document(text: &str, diagnostics: &mut Diagnostics<'_>) -> Option<ParsedFile> {
    let done = std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().name("feeds.toml".to_owned()).stack_size(STACK);
        reader.spawn_scoped(scope, || parse_root(text, diagnostics)).map(std::thread::ScopedJoinHandle::join)
    });
    match done {
        Ok(Ok(document)) => document,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(error) => {
            diagnostics.error_in_file(
                format!("cannot start a thread to parse the file: {error}"),
                "allow relais more memory or threads",
            );
            None
        }
    }
}

fn parse_root(text: &str, diagnostics: &mut Diagnostics<'_>) -> Option<ParsedFile> {
    let mut root = match DeTable::parse(text) {
        Ok(root) => root.into_inner(),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            diagnostics.hide(secret_spans::in_broken_text(text, &diagnostics.line(span.start)));
            report_syntax_error(text, &span, error.message(), diagnostics);
            return None;
        }
    };
    diagnostics.hide(secret_spans::in_table(&root));
    let s3 = take_table(&mut root, "s3", diagnostics);
    let fetch = take_table(&mut root, "fetch", diagnostics);
    let glossary = take_table(&mut root, "glossary", diagnostics);
    let has_engines = root.contains_key("engine");
    let engine = take_table(&mut root, "engine", diagnostics);
    let topic = take_table(&mut root, "topic", diagnostics);
    let source = take_table(&mut root, "source", diagnostics);
    let mut edition = take_table(&mut root, "edition", diagnostics);
    let digest = take_table(&mut root, "digest", diagnostics);
    let notify = take_table(&mut root, "notify", diagnostics);
    let each = edition.as_mut().map_or(Some(Vec::new()), |editions| each::take(editions, diagnostics));
    let (mut file, _) = read_table::<raw::RawFile>("", root, KnownKeys::of_file(), diagnostics);
    let has_s3 = s3.is_some();
    if let Some(s3) = s3 {
        file.s3 = read_table("s3", s3, &KnownKeys::of::<raw::RawBucket>(), diagnostics).0;
    }
    if let Some(fetch) = fetch {
        file.fetch = read_table("fetch", fetch, &KnownKeys::of::<raw::RawFetch>(), diagnostics).0;
    }
    if let Some(glossary) = glossary {
        file.glossary = read_table("glossary", glossary, &KnownKeys::of::<raw::RawGlossary>(), diagnostics).0;
    }
    let engines = read_named_tables("engine", engine, diagnostics);
    Some(ParsedFile {
        file,
        has_s3,
        engines: (!has_engines || !engines.is_empty()).then_some(engines),
        topics: read_named_tables("topic", topic, diagnostics),
        sources: read_named_tables("source", source, diagnostics),
        editions: read_named_tables("edition", edition, diagnostics),
        digests: read_named_tables("digest", digest, diagnostics),
        notifications: read_named_tables("notify", notify, diagnostics),
        each,
    })
}

/// Reports an error of the TOML parser. For a duplicate it tells both places.
fn report_syntax_error(text: &str, span: &Span, message: &str, diagnostics: &mut Diagnostics<'_>) {
    let duplicate = if message.contains("duplicate") { duplicate::find(text, span.start) } else { None };
    let Some(duplicate) = duplicate else {
        diagnostics.error(span, format!("invalid TOML: {}", message.replace('\n', "; ")), "");
        return;
    };
    let place = diagnostics.place(duplicate.first.start);
    let (what, remedy) = if duplicate.name.starts_with('[') {
        ("the table", "remove one of them, or give it another name")
    } else {
        ("the key", "remove one of them")
    };
    let name = shortened(&duplicate.name);
    diagnostics.error(span, format!("{what} `{name}` is there twice"), format!("the first is at {place}: {remedy}"));
}

/// Takes a table out of the root; any other value is an error.
fn take_table<'t>(root: &mut DeTable<'t>, name: &str, diagnostics: &mut Diagnostics<'_>) -> Option<DeTable<'t>> {
    let (key, value) = root.remove_entry(name)?;
    match value.into_inner() {
        DeValue::Table(table) => Some(table),
        other => {
            let header = if matches!(name, "s3" | "fetch" | "glossary") { format!("[{name}]") } else { format!("[{name}.NAME]") };
            let message = format!("`{name}` must be a table, not {}", explain_error::kind(&other));
            diagnostics.error(&key.span(), message, format!("write {header} on its own line, and the keys below"));
            None
        }
    }
}

/// Reads each `[group.ID]`, in the order of the file.
fn read_named_tables<T: DeserializeOwned + Default + JsonSchema>(
    group: &str,
    tables: Option<DeTable<'_>>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<NamedTable<T>> {
    let known = KnownKeys::of::<T>();
    let mut tables: Vec<_> = tables.into_iter().flatten().collect();
    tables.sort_by_key(|(key, _)| key.span().start);
    for (key, _) in &tables {
        let is_taken = |id: &str| tables.iter().any(|(other, _)| other.get_ref() == id);
        check_id(group, key, &is_taken, diagnostics);
    }
    let mut out = Vec::with_capacity(tables.len());
    for (key, value) in tables {
        let id = Located { span: key.span(), value: key.into_inner().into_owned() };
        match value.into_inner() {
            DeValue::Table(body) => {
                let (table, keys) = read_table(&format!("{group}.{}", id.value), body, &known, diagnostics);
                out.push(NamedTable { id, table, keys });
            }
            _ if known.has(&id.value) => diagnostics.error(
                &id.span,
                format!("`{}` is in [{group}], a table without a name", id.value),
                format!("give the table a name: [{group}.NAME]"),
            ),
            other => {
                let message = format!("`{group}.{}` must be a table, not {}", shortened(&id.value), explain_error::kind(&other));
                diagnostics.error(&id.span, message, format!("write [{group}.NAME] on its own line, and the keys below"));
            }
        }
    }
    out
}

fn check_id(
    group: &str,
    key: &Spanned<std::borrow::Cow<'_, str>>,
    is_taken: &dyn Fn(&str) -> bool,
    diagnostics: &mut Diagnostics<'_>,
) {
    let name = key.get_ref().as_ref();
    if name.len() > MAX_ID {
        let hint = format!("use at most {MAX_ID} characters");
        diagnostics.error(&key.span(), format!("the name of this {group} is too long"), hint);
    } else if !is_id(name) {
        let proposal = propose_id(name, is_taken).map(|id| format!("write [{group}.{id}]: ")).unwrap_or_default();
        let hint = format!("{proposal}use lower-case letters (a to z), digits, `-` and `_`, starting with a letter or a digit");
        diagnostics.error(&key.span(), format!("{} is not a valid name for a {group}", quoted(name)), hint);
    }
}
