//! The publish pass: merges, renders and writes each edition that has changed.

mod archive;
mod basis;
mod content;
mod deleted;
mod digest;
mod ended;
mod fault_feed;
mod file_stem;
mod files;
mod hubs;
mod index;
mod items;
mod manifest;
mod news;
mod page_item;
mod page_templates;
mod pass;
mod record;
mod sources;
mod standing;
mod stories;
mod view;
mod window;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::config as plan;
use crate::model::{Clock, Edition, EditionCount, EntryId, Fault, Lang, Show, SourceId, SourceMeta, Time};
use crate::net;
use crate::policy::possible_date;
use crate::sink::Sink;
use crate::store::Store;

use super::edition_rows::RowReader;
use super::error::PipelineError;
use super::full_text::{Pages, is_page_missing};
use super::output_lease::OutputLeases;
use archive::UpdatedArchive;
use basis::{Bases, Basis};
use content::Content;
use deleted::PublishedEntries;
pub(super) use file_stem::{INDEX, file_stem, stem_of};
pub(super) use items::select_items;
pub(super) use page_templates::PageTemplates;
pub use page_templates::{TemplateError, check_templates, template_files};
use pass::PublishedEdition;
use record::{Check, Record};
use sources::Sources;
pub use standing::{EditionStanding, edition_standings};
pub(super) use stories::{Joined, Known};
pub(super) use window::{Selected, select_entries};

/// The publish pass.
pub(super) struct Publish<'a> {
    pub(super) store: &'a Store,
    /// The sources whose article pages are read.
    pub(super) paged: &'a HashSet<SourceId>,
    /// The output.
    pub(super) sink: Arc<dyn Sink>,
    /// The name of this output among those in the store.
    pub(super) target: &'a str,
    /// The templates of the pages.
    pub(super) templates: &'a PageTemplates,
    /// The clock, for entries that are held for a translation.
    pub(super) clock: &'a dyn Clock,
    /// The address at which the output will be reached.
    pub(super) base_url: Option<&'a str>,
    /// The path of feeds.toml. The files of another one, which shares the output, are not ended.
    pub(super) plan: &'a str,
    /// The HTTP client, for hubs.
    pub(super) client: &'a net::Client,
    /// A hash of its text.
    pub(super) fingerprint: &'a str,
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
    /// The digests of editions.
    pub(super) digests: &'a [plan::Digest],
    /// The receivers of their news.
    pub(super) notifications: &'a [plan::Notification],
    /// The editions to publish now.
    pub(super) only: Option<&'a HashSet<String>>,
    /// The leases of this worker.
    pub(super) leases: OutputLeases<'a>,
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
    /// Returns the editions in each of their languages, in the order of feeds.toml.
    fn targets(&self) -> Vec<Target<'_>> {
        let target = |edition, lang| Target { edition, lang, stem: file_stem(edition, lang) };
        let langs = |edition: &plan::Edition| if edition.langs.is_empty() { 1 } else { edition.langs.len() };
        let editions = self.editions.iter();
        editions.flat_map(|edition| (0..langs(edition)).map(move |at| target(edition, edition.langs.get(at)))).collect()
    }

    /// Publishes one edition in one language. Returns its count, unless it failed, which is reported as a fault; and the record of its
    /// files. If nothing that it depends on has changed, no entry is read.
    async fn publish_edition<'s>(
        &'s self,
        target: &Target<'s>,
        (sources, reader, bases): (&Sources<'_>, &mut RowReader<'s>, &mut Bases<'_>),
        record: Option<Record>,
        pages: &mut Pages<'_>,
        done: &mut Published,
    ) -> Result<PublishedEdition, PipelineError> {
        let (hash, now) = (bases.hash(target.edition, target.lang), self.clock.now());
        if let Some(basis) = bases.find(&target.stem, &hash, now) {
            let current = match &basis.inputs {
                Some(inputs) => self.find_current(&target.stem, inputs, believed(record.as_ref(), now)).await?,
                None => None,
            };
            let is_whole = match &current {
                Some(record) => self.is_archive_whole(target, record).await?,
                None => basis.inputs.is_none() && record.is_none(),
            };
            if is_whole && self.has_queued_news(target, basis.inputs.as_deref()).await? {
                bases.keep(&target.stem);
                done.waiting += basis.waiting;
                tracing::debug!(items = basis.items, waiting = basis.waiting, "nothing has changed that the edition depends on");
                let count = current.as_ref().map(|record| count_same(target, basis.items, record));
                return Ok((count, current));
            }
        }
        self.make_edition(target, (sources, reader), record, pages, (done, bases, hash)).await
    }

    /// Reads the entries of an edition, joins them, and writes its files if they have changed.
    async fn make_edition<'s>(
        &'s self,
        target: &Target<'s>,
        (sources, reader): (&Sources<'_>, &mut RowReader<'s>),
        record: Option<Record>,
        pages: &mut Pages<'_>,
        (done, bases, hash): (&mut Published, &mut Bases<'_>, String),
    ) -> Result<PublishedEdition, PipelineError> {
        let now = self.clock.now();
        let known = record.as_ref().map(|record| &record.entries);
        let content = self.read_content(target, reader, known, (pages, now), done).await?;
        let (items, waiting, until) = (content.items(), content.waiting, content.until());
        let made_of = |inputs, until| content.is_final.then(|| Basis::new(hash, inputs, (items, waiting), (now, until)));
        if items == 0 && record.is_none() && target.edition.family.is_some() {
            // One of many, for a tag that no entry has had: its files are written with the first.
            self.queue_news(target, (&content, sources.infos().await?), "").await?;
            bases.add(&target.stem, made_of(None, until));
            return Ok((None, None));
        }
        done.waiting += waiting;
        let infos = sources.infos().await?;
        let window = self.hash_inputs(target, &content, infos);
        let archive = self.update_archive(target, record.as_ref(), &window, content.shown_items(infos)).await?;
        // Before the files are written: events are delivered after the pass, and one that is killed here writes them next time.
        self.queue_news(target, (&content, infos), &archive.inputs).await?;
        let until = until.into_iter().chain(archive.changes_at).min();
        let made_of = made_of(Some(archive.inputs.clone()), until);
        let record = record.filter(|record| believed(Some(record), now).is_some());
        if let Some(record) = self.find_current_edition(target, &archive, record.as_ref()).await? {
            tracing::debug!(items, waiting, "the edition has not changed");
            bases.add(&target.stem, made_of);
            return Ok((Some(count_same(target, items, &record)), Some(record)));
        }
        let updated_if_empty = record.as_ref().and_then(|record| record.updated).unwrap_or_else(|| now.whole_seconds());
        let times = (updated_if_empty, now);
        let mut view = self.build_view(target, content.shown(), infos, times).await?;
        view.archive = archive.head.clone();
        let items = u32::try_from(view.items.len()).unwrap_or(u32::MAX);
        let (id, lang) = (target.edition.id.clone(), target.lang.cloned());
        let mut count = EditionCount { id, lang, items, written: archive.written, same: 0 };
        let (is_whole, record) = self.write_edition(view, record, (archive, content.published), (&mut count, done)).await?;
        tracing::debug!(items, waiting, written = count.written, same = count.same, "published the edition");
        bases.add(&target.stem, made_of.filter(|_| is_whole));
        Ok((is_whole.then_some(count), Some(record)))
    }

    /// Writes an edition that has changed. Returns its record, and true if all of its files are written.
    async fn write_edition(
        &self,
        view: Edition,
        before: Option<Record>,
        (archive, published): (UpdatedArchive, PublishedEntries),
        (count, done): (&mut EditionCount, &mut Published),
    ) -> Result<(bool, Record), PipelineError> {
        let view = Arc::new(view);
        let written = self.write_formats(&view, count).await?;
        let is_whole = written.is_whole;
        done.faults.extend(written.faults);
        let record = written.files.record(before, archive.inputs, published, (&view, self.clock.now()));
        let record = Record { archive: archive.documents, ..record };
        self.save_record(&view.stem, &record).await?;
        Ok((is_whole, record))
    }

    /// Reads and joins the entries of an edition, of which `known` was published before.
    async fn read_content<'s>(
        &'s self,
        target: &Target<'s>,
        reader: &mut RowReader<'s>,
        known: Option<&PublishedEntries>,
        (pages, now): (&mut Pages<'_>, Time),
        done: &mut Published,
    ) -> Result<Content, PipelineError> {
        let Target { edition, lang, .. } = *target;
        let published = known.cloned().unwrap_or_default();
        let (selected, joined) = select_items(self.store, reader, edition, (lang, now), published.known()).await?;
        let Selected { mut renditions, changes_at, fault, .. } = selected;
        let is_at_fault = fault.is_some();
        // One of another language may have told it.
        done.faults.extend(fault.filter(|fault| !done.faults.contains(fault)));
        let item_ids = joined.item_ids();
        let Joined { entries, stories, remembered, waiting, .. } = joined;
        let shown: HashSet<EntryId> = entries.iter().map(|row| row.id).collect();
        renditions.retain(|id, _| shown.contains(id));
        let full_texts = pages.load_or_fetch(&entries, edition.show == Show::Full).await?;
        let published = published.update(self.store, (item_ids, remembered), edition.limit, now).await?;
        let is_final = !is_at_fault && !is_page_missing(&entries, &full_texts, self.paged);
        Ok(Content { entries, stories, full_texts, renditions, published, waiting, is_final, changes_at })
    }

    /// Returns the record of an edition whose files are current; that of its archive may be new.
    async fn find_current_edition(
        &self,
        target: &Target<'_>,
        archive: &UpdatedArchive,
        record: Option<&Record>,
    ) -> Result<Option<Record>, PipelineError> {
        let Some(record) = self.find_current(&target.stem, &archive.inputs, record).await? else { return Ok(None) };
        let record = Record { archive: archive.documents.clone(), ..record };
        if archive.has_changed {
            self.save_record(&target.stem, &record).await?;
        }
        Ok(Some(record))
    }

    /// Returns the record of files that were made of these inputs and are whole.
    async fn find_current(&self, name: &str, inputs: &str, record: Option<&Record>) -> Result<Option<Record>, PipelineError> {
        let Some(record) = record.filter(|record| record.inputs == inputs && !record.files.is_empty()) else { return Ok(None) };
        match record.check(&*self.sink, self.clock.now()).await? {
            Check::Whole => Ok(Some(record.clone())),
            Check::Read(read) => {
                self.save_record(name, &read).await?;
                Ok(Some(read))
            }
            Check::Damaged => Ok(None),
        }
    }

    /// Saves the record of something that is published.
    async fn save_record(&self, name: &str, record: &impl serde::Serialize) -> Result<(), PipelineError> {
        let record =
            serde_json::to_string(record).map_err(|error| PipelineError::render("a record of what was written", &error))?;
        Ok(self.store.save_publication(self.target, name, &record).await?)
    }
}

/// Returns a record, unless it bears a date that is not possible: it was published while the clock was ahead.
fn believed(record: Option<&Record>, now: Time) -> Option<&Record> {
    record.filter(|record| record.updated.is_none() || possible_date(record.updated, now).is_some())
}

/// Counts an edition whose files are as they were.
fn count_same(target: &Target<'_>, items: u32, record: &Record) -> EditionCount {
    let same = u32::try_from(record.files.len()).unwrap_or(u32::MAX);
    EditionCount { id: target.edition.id.clone(), lang: target.lang.cloned(), items, written: 0, same }
}
