//! The publish pass: merges, renders and writes each edition that has changed.

mod deleted;
mod ended;
mod fault_feed;
mod files;
mod hubs;
mod index;
mod manifest;
mod record;
mod stories;
mod view;
mod window;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use crate::config as plan;
use crate::model::{
    Clock, Edition, EditionCount, EntryId, EntryRow, Fault, Lang, Rendition, Show, SourceId, SourceInfo, SourceMeta, Time,
};
use crate::net;
use crate::policy::possible_date;
use crate::sink::OutputDir;
use crate::store::{Store, StoreError};

use super::edition_rows::RowReader;
use super::error::PipelineError;
use super::full_text::Pages;
use super::originals::load_shown_originals;
use deleted::PublishedEntries;
use index::{INDEX, edition_link};
use manifest::{LiveFiles, Manifest};
use record::{Check, Inputs, Record};
use stories::Story;
pub(super) use stories::{Joined, Known, join_stories};
use view::OtherPage;
pub(super) use view::file_stem;
pub(super) use window::{Selected, select_entries};

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
    /// The path of feeds.toml. The files of another one, which shares the output, are not ended.
    pub(super) plan: &'a str,
    /// The HTTP client, for hubs.
    pub(super) client: &'a net::Client,
    /// True if `faults.atom` is written.
    pub(super) faults: bool,
    /// The time for which files stay that are no longer published.
    pub(super) keep_ended: Duration,
    /// All sources, for their titles and links.
    pub(super) sources: &'a [plan::Source],
    /// The metadata of the feeds visited since the last publish pass; that of the others is in the store.
    pub(super) seen: &'a HashMap<SourceId, SourceMeta>,
    /// All editions, for the index.
    pub(super) editions: &'a [plan::Edition],
    /// The editions to publish now.
    pub(super) only: Option<&'a HashSet<String>>,
}

/// One edition in one language.
struct Target<'a> {
    edition: &'a plan::Edition,
    lang: Option<&'a Lang>,
    /// The name of its files without their ending.
    stem: String,
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
    /// Publishes the editions that have changed, after fetching their article pages. The lists of what there is come last.
    pub(super) async fn run(&self, pages: &mut Pages<'_>) -> Result<Published, PipelineError> {
        let infos = self.source_infos().await?;
        let records: HashMap<String, String> = self.store.list_publications(self.target).await?.into_iter().collect();
        let record_of = |name: &str| records.get(name).and_then(|doc| serde_json::from_str::<Record>(doc).ok());
        let mut done = Published::default();
        let (mut links, mut live, mut reader) = (Vec::new(), LiveFiles::default(), RowReader::new(true));
        for target in self.targets() {
            let mut record = record_of(&target.stem);
            if self.only.is_none_or(|only| only.contains(&target.edition.id)) {
                let span = tracing::info_span!(
                    "edition",
                    edition.id = target.edition.id,
                    lang = target.lang.map(tracing::field::display)
                );
                let (count, published) =
                    self.publish_edition(&target, (&infos, &mut reader), record, pages, &mut done).instrument(span).await?;
                done.editions.extend(count);
                record = published;
            }
            if record.is_none() && target.edition.family.is_some() {
                // It has no files yet.
                continue;
            }
            links.push(edition_link(&target, record.as_ref().map_or(0, |record| record.items)));
            live.add_edition(self.plan, &target, record.as_ref());
        }
        live.add_lists(self.write_index(&links, &infos, record_of(INDEX)).await?);
        if self.faults {
            live.expect(fault_feed::file_name());
        }
        let manifest = records.get(manifest::NAME).and_then(|doc| serde_json::from_str::<Manifest>(doc).ok());
        let files = self.write_manifest(live, manifest.unwrap_or_default()).await?;
        done.faults.extend(self.tell_hubs(&files, &records).await?);
        Ok(done)
    }

    /// Returns the editions in each of their languages, in the order of feeds.toml.
    fn targets(&self) -> Vec<Target<'_>> {
        let target = |edition, lang| Target { edition, lang, stem: view::file_stem(edition, lang) };
        let langs = |edition: &plan::Edition| if edition.langs.is_empty() { 1 } else { edition.langs.len() };
        let editions = self.editions.iter();
        editions.flat_map(|edition| (0..langs(edition)).map(move |at| target(edition, edition.langs.get(at)))).collect()
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

    /// Publishes one edition in one language. Returns its count, unless it failed, which is reported as a fault; and the record of its
    /// files.
    async fn publish_edition<'s>(
        &'s self,
        target: &Target<'s>,
        (infos, reader): (&HashMap<SourceId, SourceInfo>, &mut RowReader<'s>),
        record: Option<Record>,
        pages: &mut Pages<'_>,
        done: &mut Published,
    ) -> Result<(Option<EditionCount>, Option<Record>), PipelineError> {
        let Target { edition, lang, .. } = *target;
        let now = self.clock.now();
        let Selected { entries, pinned, renditions, waiting, fault } =
            select_entries(self.store, reader, edition, lang, now).await?;
        // One of another language may have told it.
        done.faults.extend(fault.filter(|fault| !done.faults.contains(fault)));
        if entries.is_empty() && record.is_none() && edition.family.is_some() {
            // One of many, for a tag that no entry has had: its files are written with the first.
            return Ok((None, None));
        }
        let published = record.as_ref().map(|record| record.entries.clone()).unwrap_or_default();
        let joined = join_stories(self.store, reader, edition, (entries, pinned), published.known()).await?;
        let waiting = joined.count_alone(&waiting);
        done.waiting += waiting;
        let item_ids = joined.item_ids();
        let Joined { entries, stories, remembered } = joined;
        let items = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let mut count = EditionCount { id: edition.id.clone(), lang: lang.cloned(), items, written: 0, same: 0 };
        let full_texts = pages.load_or_fetch(&entries, edition.show == Show::Full).await?;
        let published = published.update(self.store, (item_ids, remembered), edition.limit, now).await?;
        let inputs = Inputs {
            edition,
            lang,
            base_url: self.base_url,
            entries: &entries,
            stories: &stories,
            infos,
            full_texts: &full_texts,
            renditions: &renditions,
            withdrawn: &published.withdrawn,
        };
        let inputs = inputs.hash();
        // A date that is not possible was published while the clock was ahead.
        let record = record.filter(|record| record.updated.is_none() || possible_date(record.updated, now).is_some());
        if let Some(record) = self.find_current(&target.stem, &inputs, record.as_ref()).await? {
            tracing::debug!(items, waiting, "the edition has not changed");
            count.same = u32::try_from(record.files.len()).unwrap_or(u32::MAX);
            return Ok((Some(count), Some(record)));
        }
        let updated_if_empty = record.as_ref().and_then(|record| record.updated).unwrap_or_else(|| now.whole_seconds());
        let view = self.build_view(target, (&entries, &stories), &renditions, infos, &published, (updated_if_empty, now)).await?;
        let view = Arc::new(view);
        count.items = u32::try_from(view.items.len()).unwrap_or(u32::MAX);
        let written = self.write_formats(&view, &mut count).await?;
        tracing::debug!(items, waiting, written = count.written, same = count.same, "published the edition");
        let is_whole = written.faults.is_empty();
        done.faults.extend(written.faults);
        let record = written.files.record(record, inputs, published, (&view, now));
        self.save_record(&view.stem, &record).await?;
        Ok((is_whole.then_some(count), Some(record)))
    }

    /// Builds the view of an edition from its entries and the renditions that they are shown in.
    async fn build_view(
        &self,
        target: &Target<'_>,
        (window, stories): (&[EntryRow], &HashMap<EntryId, Story>),
        renditions: &HashMap<EntryId, i64>,
        infos: &HashMap<SourceId, SourceInfo>,
        published: &PublishedEntries,
        (updated_if_empty, now): (Time, Time),
    ) -> Result<Edition, PipelineError> {
        let Target { edition, lang, .. } = *target;
        let (originals, left_out) = load_shown_originals(self.store, window, self.paged, edition.show).await?;
        if left_out > 0 {
            tracing::warn!(left_out, "the edition is larger than 8 MiB: its oldest entries are left out");
        }
        let (base_url, renditions) = (self.base_url, self.load_renditions(renditions, lang).await?);
        let withdrawn = &published.withdrawn;
        let pages = self.load_pages(stories).await?;
        let parts = view::Parts {
            edition,
            lang,
            base_url,
            window,
            originals,
            renditions,
            infos,
            stories,
            pages,
            withdrawn,
            updated_if_empty,
            now,
        };
        Ok(view::build_edition(parts))
    }

    /// Returns the record of files that were made of these inputs and are whole.
    async fn find_current(&self, name: &str, inputs: &str, record: Option<&Record>) -> Result<Option<Record>, PipelineError> {
        let Some(record) = record.filter(|record| record.inputs == inputs && !record.files.is_empty()) else { return Ok(None) };
        match record.check(&self.dir, self.clock.now()).await? {
            Check::Whole => Ok(Some(record.clone())),
            Check::Read(read) => {
                self.save_record(name, &read).await?;
                Ok(Some(read))
            }
            Check::Damaged => Ok(None),
        }
    }

    /// Loads the pages of the entries that are listed beside those that lead their stories.
    async fn load_pages(&self, stories: &HashMap<EntryId, Story>) -> Result<HashMap<EntryId, OtherPage>, StoreError> {
        let ids: Vec<EntryId> = stories.values().flat_map(|story| &story.others).map(|row| row.id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let entries = self.store.load_entries(&ids).await?;
        Ok(entries.into_iter().map(|(id, _, entry)| (id, OtherPage { url: entry.head.url, title: entry.title })).collect())
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

    /// Saves the record of something that is published.
    async fn save_record(&self, name: &str, record: &impl serde::Serialize) -> Result<(), PipelineError> {
        let record =
            serde_json::to_string(record).map_err(|error| PipelineError::render("a record of what was written", &error))?;
        Ok(self.store.save_publication(self.target, name, &record).await?)
    }
}
