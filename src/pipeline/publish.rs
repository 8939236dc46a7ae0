//! Publish: each edition is merged, rendered and written, if anything in it has changed.

mod fault_feed;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config as plan;
use crate::model::{
    Clock, Edition, EditionCount, EntryId, EntryRow, Fault, FaultKind, Format, FullText, Lang, Rendition, Show, SourceId,
    SourceInfo, SourceMeta,
};
use crate::render::{self, EditionLink, Index, ListedSource};
use crate::select::{Admission, Window, decide_admission};
use crate::sink::{OutputDir, WriteOutcome};
use crate::store::{Store, StoreError, TranslationRow};

use super::blocking::spawn_cpu;
use super::error::PipelineError;
use super::full_text::Pages;
use super::originals::originals;
use super::translate::source_language;
use super::view;
use fault_feed::Operator;

/// Rows asked for at once, beyond the limit of the edition.
const PAGE: usize = 100;
/// The name under which the store remembers the files that list everything; no edition may be called so.
const INDEX: &str = "index";

/// What the publish pass works with.
pub(super) struct Publish<'a> {
    /// Where it takes its work from.
    pub(super) store: &'a Store,
    /// The sources whose pages are read.
    pub(super) paged: &'a HashSet<SourceId>,
    /// Where it writes to.
    pub(super) dir: Arc<OutputDir>,
    /// What tells this output from others in the store.
    pub(super) target: &'a str,
    /// The present: what is held for a translation is held for a time.
    pub(super) clock: &'a dyn Clock,
    /// Where the output will be reached.
    pub(super) base_url: Option<&'a str>,
    /// All sources, to name them.
    pub(super) sources: &'a [plan::Source],
    /// What those that were visited a moment ago say of themselves; of the others the store knows.
    pub(super) seen: &'a HashMap<SourceId, SourceMeta>,
    /// All editions, to list them.
    pub(super) editions: &'a [plan::Edition],
    /// The editions to publish now.
    pub(super) only: Option<&'a HashSet<String>>,
}

/// What the pass did.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// The editions, in the order of feeds.toml.
    pub(super) editions: Vec<EditionCount>,
    /// Entries that wait for a translation.
    pub(super) waiting: u64,
    /// Editions in trouble.
    pub(super) faults: Vec<Fault>,
}

/// What was written of an edition the last time.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// A hash of everything that the files were made of.
    inputs: String,
    /// The files, with their sizes.
    files: Vec<(String, u64)>,
    items: u32,
}

/// What an edition shows.
struct Chosen {
    entries: Vec<EntryRow>,
    /// The renditions that entries are shown in, each with a hash of what it says.
    renditions: HashMap<EntryId, i64>,
    /// How many entries wait for a translation.
    waiting: u64,
}

impl Publish<'_> {
    /// Publishes what has changed. Pages of entries are looked at before.
    pub(super) async fn pass(&self, pages: &mut Pages<'_>) -> Result<Published, PipelineError> {
        let origins = self.origins().await?;
        let records: HashMap<String, String> = self.store.list_publications(self.target).await?.into_iter().collect();
        let record_of = |name: &str| records.get(name).and_then(|doc| serde_json::from_str::<Record>(doc).ok());
        let mut done = Published::default();
        let mut links = Vec::new();
        for edition in self.editions {
            let langs: Vec<Option<&Lang>> =
                if edition.langs.is_empty() { vec![None] } else { edition.langs.iter().map(Some).collect() };
            for lang in langs {
                let stem = view::stem(edition, lang);
                let record = record_of(&stem);
                let count = if self.only.is_none_or(|only| only.contains(&edition.id)) {
                    let count = self.edition(edition, lang, &origins, record, pages, &mut done).await?;
                    done.editions.extend(count.clone());
                    count.map_or(0, |count| count.items)
                } else {
                    record.map_or(0, |record| record.items)
                };
                links.push(link(edition, lang, &stem, count));
            }
        }
        self.index(&links, &origins, record_of(INDEX)).await?;
        Ok(done)
    }

    /// What writes the feed of what is wrong.
    pub(super) fn operator(&self) -> Operator<'_> {
        Operator {
            store: self.store,
            dir: &self.dir,
            target: self.target,
            clock: self.clock,
            base_url: self.base_url,
            sources: self.sources,
        }
    }

    /// Who the sources are to readers.
    async fn origins(&self) -> Result<HashMap<SourceId, SourceInfo>, StoreError> {
        let unseen = self.sources.iter().map(|source| &source.id).filter(|id| !self.seen.contains_key(id));
        let unseen: Vec<SourceId> = unseen.cloned().collect();
        let rows = if unseen.is_empty() { Vec::new() } else { self.store.load_source_rows(&unseen).await? };
        let kept: HashMap<SourceId, SourceMeta> = rows.into_iter().map(|row| (row.id, row.state.meta)).collect();
        let meta = |id| self.seen.get(id).or_else(|| kept.get(id));
        Ok(self.sources.iter().map(|source| (source.id.clone(), view::origin(source, meta(&source.id)))).collect())
    }

    /// Publishes one edition in one language; nothing when it failed, which is told as a fault.
    async fn edition(
        &self,
        edition: &plan::Edition,
        lang: Option<&Lang>,
        origins: &HashMap<SourceId, SourceInfo>,
        record: Option<Record>,
        pages: &mut Pages<'_>,
        done: &mut Published,
    ) -> Result<Option<EditionCount>, PipelineError> {
        let Chosen { entries: window, renditions, waiting } = self.window(edition, lang).await?;
        done.waiting += waiting;
        let items = u32::try_from(window.len()).unwrap_or(u32::MAX);
        let mut count = EditionCount { id: edition.id.clone(), lang: lang.cloned(), items, written: 0, same: 0 };
        let full_texts = pages.look(&window, edition.show == Show::Full).await?;
        let inputs = inputs(edition, lang, self.base_url, &window, origins, &full_texts, &renditions);
        if let Some(record) = record
            && self.is_written(&record, &inputs)
        {
            count.same = u32::try_from(record.files.len()).unwrap_or(u32::MAX);
            return Ok(Some(count));
        }
        let originals = originals(self.store, &window, self.paged).await?;
        let renditions = self.renditions(&renditions, lang).await?;
        let stem = view::stem(edition, lang);
        let parts = view::Parts { edition, lang, base_url: self.base_url, window: &window, originals, renditions, origins };
        let view = Arc::new(view::edition(parts));
        let mut files = Vec::new();
        for format in edition.formats.iter().copied() {
            match self.write(&view, format).await? {
                Ok((size, written)) => {
                    *(if written == WriteOutcome::New { &mut count.written } else { &mut count.same }) += 1;
                    files.push((view.file(format), size));
                }
                Err(message) => done.faults.push(Fault::of_edition(&stem, FaultKind::Render, message)),
            }
        }
        if files.len() < edition.formats.len() {
            return Ok(None);
        }
        self.remember(&stem, &Record { inputs, files, items }).await?;
        Ok(Some(count))
    }

    /// The entries of an edition, newest first, with the renditions that they are shown in, and how many wait for one.
    async fn window(&self, edition: &plan::Edition, lang: Option<&Lang>) -> Result<Chosen, StoreError> {
        let now = self.clock.now();
        let mut window = Window::new(edition.limit);
        let mut renditions = HashMap::new();
        let (mut before, mut waiting) = (None, 0);
        while !window.is_full() {
            let page = edition.limit + PAGE;
            let rows = self.store.list_newest_entries(&edition.from, before, page).await?;
            let full = rows.len() == page;
            before = rows.last().map(|row| (row.at, row.id));
            let kept = self.kept(&rows, lang, edition.show).await?;
            for row in rows {
                let rendition = kept.get(&row.id);
                let is_translated = rendition.is_some_and(|kept| kept.inputs.is_finished());
                match decide_admission(&row, lang, is_translated, edition.untranslated, now) {
                    Admission::Shown => window.push(row),
                    // What is translated of an unfinished one is better than nothing.
                    Admission::Translated | Admission::Foreign => {
                        let rendition = rendition.filter(|kept| is_translated || kept.revision == row.revision);
                        renditions.extend(rendition.map(|kept| (row.id, kept.stamp)));
                        window.push(row);
                    }
                    Admission::Waits => waiting += u64::from(!window.is_full()),
                    Admission::Left => {}
                }
            }
            if !full {
                break;
            }
        }
        let entries = window.into_entries();
        let shown: HashSet<EntryId> = entries.iter().map(|known| known.id).collect();
        renditions.retain(|id, _| shown.contains(id));
        Ok(Chosen { entries, renditions, waiting })
    }

    /// The renditions that there are of those rows that are in another language, as far as they hold what the edition shows. One of
    /// an older revision does until the new one is translated: an entry that has been published does not go away meanwhile.
    async fn kept(
        &self,
        rows: &[EntryRow],
        lang: Option<&Lang>,
        show: Show,
    ) -> Result<HashMap<EntryId, TranslationRow>, StoreError> {
        let Some(lang) = lang else { return Ok(HashMap::new()) };
        let foreign: Vec<EntryId> = rows.iter().filter(|row| source_language(row, lang).is_some()).map(|row| row.id).collect();
        if foreign.is_empty() {
            return Ok(HashMap::new());
        }
        let kept = self.store.find_translation_rows(&foreign, lang).await?;
        Ok(kept.into_iter().filter(|kept| kept.inputs.show >= show).map(|kept| (kept.entry, kept)).collect())
    }

    /// The texts of renditions.
    async fn renditions(
        &self,
        chosen: &HashMap<EntryId, i64>,
        lang: Option<&Lang>,
    ) -> Result<HashMap<EntryId, Rendition>, StoreError> {
        let ids: Vec<EntryId> = chosen.keys().copied().collect();
        match lang {
            Some(lang) if !ids.is_empty() => Ok(self.store.load_translations(&ids, lang).await?.into_iter().collect()),
            _ => Ok(HashMap::new()),
        }
    }

    /// Renders and writes one format. A renderer that fails keeps the last good file; an output that cannot be written ends
    /// the pass.
    async fn write(&self, view: &Arc<Edition>, format: Format) -> Result<Result<(u64, WriteOutcome), String>, PipelineError> {
        let (view, dir) = (Arc::clone(view), Arc::clone(&self.dir));
        let result = spawn_cpu("rendering an edition", move || match render::render_edition(&view, format) {
            Ok(text) => Ok(Ok((text.len() as u64, dir.write_file(&view.file(format), text.as_bytes())?))),
            Err(error) => Ok(Err(error.to_string())),
        })
        .await?;
        result.map_err(PipelineError::Sink)
    }

    /// Writes the files that list everything.
    async fn index(
        &self,
        editions: &[EditionLink],
        origins: &HashMap<SourceId, SourceInfo>,
        record: Option<Record>,
    ) -> Result<(), PipelineError> {
        let listed: Vec<ListedSource> = self
            .sources
            .iter()
            .filter(|source| source.enabled)
            .filter_map(|source| {
                let origin = origins.get(&source.id)?;
                Some(ListedSource {
                    title: origin.title.clone(),
                    site: origin.site.clone(),
                    feed: origin.feed.clone(),
                    tags: source.tags.clone(),
                })
            })
            .collect();
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{} {:?} {editions:?} {listed:?}", env!("CARGO_PKG_VERSION"), self.base_url).as_bytes());
        let inputs = hasher.finalize().to_hex().to_string();
        if record.is_some_and(|record| self.is_written(&record, &inputs)) {
            return Ok(());
        }
        let (editions, base_url, dir) = (editions.to_vec(), self.base_url.map(str::to_owned), Arc::clone(&self.dir));
        let written = spawn_cpu("rendering the list of editions", move || {
            let index = Index { title: "relais", base_url: base_url.as_deref(), editions: &editions, sources: &listed };
            let index = render::render_index(&index).map_err(|error| PipelineError::render("index.html", &error))?;
            let opml = render::render_opml("relais", &listed).map_err(|error| PipelineError::render("sources.opml", &error))?;
            dir.write_file("index.html", index.as_bytes())?;
            dir.write_file("sources.opml", opml.as_bytes())?;
            Ok::<_, PipelineError>(vec![
                ("index.html".to_owned(), index.len() as u64),
                ("sources.opml".to_owned(), opml.len() as u64),
            ])
        });
        let record = Record { inputs, files: written.await??, items: 0 };
        self.remember(INDEX, &record).await
    }

    /// Whether the files that were made of these inputs are all in place.
    fn is_written(&self, record: &Record, inputs: &str) -> bool {
        record.inputs == inputs && record.files.iter().all(|(file, size)| self.dir.has_file(file, *size))
    }

    async fn remember(&self, name: &str, record: &Record) -> Result<(), PipelineError> {
        let record =
            serde_json::to_string(record).map_err(|error| PipelineError::render("a record of what was written", &error))?;
        Ok(self.store.save_publication(self.target, name, &record).await?)
    }
}

/// A hash of everything that an edition's files are made of: when it has not changed, neither would they.
fn inputs(
    edition: &plan::Edition,
    lang: Option<&Lang>,
    base_url: Option<&str>,
    window: &[EntryRow],
    origins: &HashMap<SourceId, SourceInfo>,
    full_texts: &HashMap<EntryId, FullText>,
    renditions: &HashMap<EntryId, i64>,
) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &str| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    add(env!("CARGO_PKG_VERSION"));
    add(&format!("{:?} {:?} {:?} {lang:?} {base_url:?}", edition.show, edition.bilingual, edition.formats));
    add(&edition.id);
    add(edition.title.as_str());
    add(edition.description.as_str());
    let mut sources: HashSet<&SourceId> = HashSet::new();
    for known in window {
        add(&format!("{} {} {}", known.id, known.revision, known.at.millis()));
        match full_texts.get(&known.id) {
            None | Some(FullText::Failed { .. }) => {}
            Some(FullText::Taken) => add("full text"),
            Some(FullText::Left { .. }) => add("no full text"),
        }
        if let Some(stamp) = renditions.get(&known.id) {
            add(&format!("rendition {stamp}"));
        }
        if sources.insert(&known.source) {
            add(&format!("{:?}", origins.get(&known.source)));
        }
    }
    hasher.finalize().to_hex().to_string()
}

fn link(edition: &plan::Edition, lang: Option<&Lang>, stem: &str, items: u32) -> EditionLink {
    EditionLink {
        title: edition.title.clone(),
        lang: lang.cloned(),
        files: edition.formats.iter().map(|format| (*format, format!("{stem}.{}", format.extension()))).collect(),
        items: items as usize,
    }
}
