//! The publish pass: merges, renders and writes each edition that has changed.

mod fault_feed;
mod index;
mod record;
mod view;
mod window;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tracing::Instrument;

use crate::config as plan;
use crate::model::{
    Clock, Edition, EditionCount, EntryId, EntryRow, Fault, FaultKind, Format, Lang, Rendition, Show, SourceId, SourceInfo,
    SourceMeta, Time,
};
use crate::policy::possible_date;
use crate::render::{self, RenderError};
use crate::sink::{OutputDir, WriteOutcome};
use crate::store::{Store, StoreError};

use super::blocking::spawn_cpu;
use super::error::PipelineError;
use super::full_text::Pages;
use super::originals::load_shown_originals;
pub(super) use fault_feed::FaultFeed;
use index::{INDEX, edition_link};
use record::{Inputs, Record};
use window::{Selected, select_entries};

/// The publish pass.
pub(super) struct Publish<'a> {
    pub(super) store: &'a Store,
    /// The sources whose article pages are read.
    pub(super) paged: &'a HashSet<SourceId>,
    /// The output folder.
    pub(super) dir: Arc<OutputDir>,
    /// The name of this output among those in the store.
    pub(super) target: &'a str,
    /// The clock, for entries that are held for a translation.
    pub(super) clock: &'a dyn Clock,
    /// The address at which the output will be reached.
    pub(super) base_url: Option<&'a str>,
    /// All sources, for their titles and links.
    pub(super) sources: &'a [plan::Source],
    /// The metadata of the feeds visited since the last publish pass; that of the others is in the store.
    pub(super) seen: &'a HashMap<SourceId, SourceMeta>,
    /// All editions, for the index.
    pub(super) editions: &'a [plan::Edition],
    /// The editions to publish now.
    pub(super) only: Option<&'a HashSet<String>>,
}

/// The result of the pass.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// The editions, in the order of feeds.toml.
    pub(super) editions: Vec<EditionCount>,
    /// The number of entries that wait for a translation.
    pub(super) waiting: u64,
    /// Editions that could not be rendered.
    pub(super) faults: Vec<Fault>,
}

impl Publish<'_> {
    /// Publishes the editions that have changed, after fetching their article pages.
    pub(super) async fn run(&self, pages: &mut Pages<'_>) -> Result<Published, PipelineError> {
        let infos = self.source_infos().await?;
        let records: HashMap<String, String> = self.store.list_publications(self.target).await?.into_iter().collect();
        let record_of = |name: &str| records.get(name).and_then(|doc| serde_json::from_str::<Record>(doc).ok());
        let mut done = Published::default();
        let mut links = Vec::new();
        for edition in self.editions {
            let langs: Vec<Option<&Lang>> =
                if edition.langs.is_empty() { vec![None] } else { edition.langs.iter().map(Some).collect() };
            for lang in langs {
                let stem = view::file_stem(edition, lang);
                let record = record_of(&stem);
                let items = if self.only.is_none_or(|only| only.contains(&edition.id)) {
                    let span = tracing::info_span!("edition", edition.id = edition.id, lang = lang.map(tracing::field::display));
                    let count = self.publish_edition(edition, lang, &infos, record, pages, &mut done).instrument(span).await?;
                    done.editions.extend(count.clone());
                    count.map_or(0, |count| count.items)
                } else {
                    record.map_or(0, |record| record.items)
                };
                links.push(edition_link(edition, lang, &stem, items));
            }
        }
        self.write_index(&links, &infos, record_of(INDEX)).await?;
        Ok(done)
    }

    /// Returns the writer of `faults.atom`.
    pub(super) fn fault_feed(&self) -> FaultFeed<'_> {
        FaultFeed {
            store: self.store,
            dir: &self.dir,
            target: self.target,
            clock: self.clock,
            base_url: self.base_url,
            sources: self.sources,
        }
    }

    /// Returns the title and link of each source, as readers see them.
    async fn source_infos(&self) -> Result<HashMap<SourceId, SourceInfo>, StoreError> {
        let unseen = self.sources.iter().map(|source| &source.id).filter(|id| !self.seen.contains_key(id));
        let unseen: Vec<SourceId> = unseen.cloned().collect();
        let rows = if unseen.is_empty() { Vec::new() } else { self.store.load_source_rows(&unseen).await? };
        let kept: HashMap<SourceId, SourceMeta> = rows.into_iter().map(|row| (row.id, row.state.meta)).collect();
        let meta = |id| self.seen.get(id).or_else(|| kept.get(id));
        Ok(self.sources.iter().map(|source| (source.id.clone(), view::source_info(source, meta(&source.id)))).collect())
    }

    /// Publishes one edition in one language. Returns `None` if it failed, which is reported as a fault.
    async fn publish_edition(
        &self,
        edition: &plan::Edition,
        lang: Option<&Lang>,
        infos: &HashMap<SourceId, SourceInfo>,
        record: Option<Record>,
        pages: &mut Pages<'_>,
        done: &mut Published,
    ) -> Result<Option<EditionCount>, PipelineError> {
        let Selected { entries, renditions, waiting } = select_entries(self.store, edition, lang, self.clock.now()).await?;
        done.waiting += waiting;
        let items = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let mut count = EditionCount { id: edition.id.clone(), lang: lang.cloned(), items, written: 0, same: 0 };
        let full_texts = pages.load_or_fetch(&entries, edition.show == Show::Full).await?;
        let (base_url, full_texts) = (self.base_url, &full_texts);
        let inputs = Inputs { edition, lang, base_url, entries: &entries, infos, full_texts, renditions: &renditions }.hash();
        let now = self.clock.now();
        // A date that is not possible was published while the clock was ahead.
        let record = record.filter(|record| record.updated.is_none() || possible_date(record.updated, now).is_some());
        let updated_if_empty = record.as_ref().and_then(|record| record.updated).unwrap_or_else(|| now.whole_seconds());
        if let Some(record) = record.filter(|record| record.updated.is_some() && record.is_current(&inputs, &self.dir)) {
            tracing::debug!(items, waiting, "the edition has not changed");
            count.same = u32::try_from(record.files.len()).unwrap_or(u32::MAX);
            return Ok(Some(count));
        }
        let view = self.build_view((edition, lang), &entries, &renditions, infos, (updated_if_empty, now)).await?;
        let view = Arc::new(view);
        let items = u32::try_from(view.items.len()).unwrap_or(u32::MAX);
        count.items = items;
        let files = self.write_formats(&view, &edition.formats, &mut count, done).await?;
        tracing::debug!(items, waiting, written = count.written, same = count.same, "published the edition");
        if files.len() < edition.formats.len() {
            return Ok(None);
        }
        self.save_record(&view.stem, &Record { inputs, files, items, updated: Some(view.updated) }).await?;
        Ok(Some(count))
    }

    /// Builds the view of an edition from its entries and the renditions that they are shown in.
    async fn build_view(
        &self,
        (edition, lang): (&plan::Edition, Option<&Lang>),
        window: &[EntryRow],
        renditions: &HashMap<EntryId, i64>,
        infos: &HashMap<SourceId, SourceInfo>,
        (updated_if_empty, now): (Time, Time),
    ) -> Result<Edition, PipelineError> {
        let (originals, left_out) = load_shown_originals(self.store, window, self.paged, edition.show).await?;
        if left_out > 0 {
            tracing::warn!(left_out, "the edition is larger than 16 MiB: its oldest entries are left out");
        }
        let (base_url, renditions) = (self.base_url, self.load_renditions(renditions, lang).await?);
        let parts = view::Parts { edition, lang, base_url, window, originals, renditions, infos, updated_if_empty, now };
        Ok(view::build_edition(parts))
    }

    /// Writes an edition in all its formats. Returns the files that are in place, with their sizes in bytes.
    async fn write_formats(
        &self,
        view: &Arc<Edition>,
        formats: &[Format],
        count: &mut EditionCount,
        done: &mut Published,
    ) -> Result<Vec<(String, u64)>, PipelineError> {
        let mut files = Vec::new();
        for format in formats.iter().copied() {
            match self.write(view, format).await? {
                Ok((size, written)) => {
                    *(if written == WriteOutcome::New { &mut count.written } else { &mut count.same }) += 1;
                    files.push((view.file(format), size));
                }
                Err(error) => done.faults.push(Fault::of_edition(&view.stem, FaultKind::Render, error.to_string())),
            }
        }
        Ok(files)
    }

    /// Loads the texts of renditions.
    async fn load_renditions(
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
    async fn write(
        &self,
        view: &Arc<Edition>,
        format: Format,
    ) -> Result<Result<(u64, WriteOutcome), RenderError>, PipelineError> {
        let (view, dir) = (Arc::clone(view), Arc::clone(&self.dir));
        let result = spawn_cpu("rendering an edition", move || match render::render_edition(&view, format) {
            Ok(text) => Ok(Ok((text.len() as u64, dir.write_file(&view.file(format), text.as_bytes())?))),
            Err(error) => Ok(Err(error)),
        })
        .await?;
        result.map_err(PipelineError::Sink)
    }

    async fn save_record(&self, name: &str, record: &Record) -> Result<(), PipelineError> {
        let record =
            serde_json::to_string(record).map_err(|error| PipelineError::render("a record of what was written", &error))?;
        Ok(self.store.save_publication(self.target, name, &record).await?)
    }
}
