//! The archive of an edition (RFC 5005 §4): documents with everything that it has published, so that a reader that was away misses
//! nothing. An item stays in the document of the month in which the edition first published it, whatever becomes of it: a document that
//! is closed does not change when old news arrives late.

pub(super) mod documents;
mod write;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::model::{Archive, EntryId, EntryRow, Format, FullText, Lang, SourceId, SourceInfo, Time};
use crate::pipeline::error::PipelineError;
use crate::store::ArchivedItem;

use super::record::Record;
use super::stories::Story;
use super::{Publish, Target};
use documents::{ArchiveDocument, DocumentName};
pub(super) use write::FORMATS;

/// The items that an edition shows now.
#[derive(Clone, Copy)]
pub(super) struct ShownItems<'a> {
    pub(super) entries: &'a [EntryRow],
    pub(super) stories: &'a HashMap<EntryId, Story>,
    pub(super) infos: &'a HashMap<SourceId, SourceInfo>,
    pub(super) full_texts: &'a HashMap<EntryId, FullText>,
}

/// The documents of an archive after a pass.
#[derive(Debug, Default)]
pub(super) struct UpdatedArchive {
    /// The oldest first.
    pub(super) documents: Vec<ArchiveDocument>,
    /// The place of the feed that readers subscribe to.
    pub(super) head: Archive,
    /// The hash of the inputs of the feed, with its place.
    pub(super) inputs: String,
    /// The number of files that were written.
    pub(super) written: u32,
    /// True if the documents are not those of the record.
    pub(super) has_changed: bool,
    /// The time at which the clock alone closes or removes a document.
    pub(super) changes_at: Option<Time>,
}

/// Returns the place of the feed that readers subscribe to: before the newest document of its archive, which has the items of this month
/// that the feed has no room for.
fn head(target: &Target<'_>, documents: &[ArchiveDocument]) -> Archive {
    let newest = documents.last().filter(|_| target.edition.archive);
    Archive { previous: newest.map(|document| document.name.stem(&target.stem)), ..Archive::default() }
}

/// Returns the formats of the documents of an edition.
fn formats(target: &Target<'_>) -> Vec<Format> {
    FORMATS.into_iter().filter(|format| target.edition.formats.contains(format)).collect()
}

/// Returns the time at which the clock alone closes a document, or makes the oldest one too old.
fn changes_at(documents: &[ArchiveDocument], keep_for: Duration) -> Option<Time> {
    let closes = (0..documents.len()).filter_map(|at| documents::closes_at(documents, at));
    closes.chain(ends_at(documents, keep_for)).min()
}

/// Returns the time at which the oldest document is removed. The last one there is stays: the feed links to it.
fn ends_at(documents: &[ArchiveDocument], keep_for: Duration) -> Option<Time> {
    let oldest = documents.first().filter(|oldest| oldest.is_closed && documents.len() > 1)?;
    Some(oldest.last_added?.plus(keep_for))
}

/// Returns the edition (`jeux.en`) and the name of a document of an archive; nothing of another file.
pub(super) fn document_of(edition: &str, lang: Option<&Lang>, stem: &str) -> Option<(String, String)> {
    let edition = lang.map_or_else(|| edition.to_owned(), |lang| format!("{edition}.{lang}"));
    let name = stem.strip_prefix("archive/")?.strip_prefix(&edition)?.strip_prefix('-')?;
    let name: DocumentName = name.parse().ok()?;
    Some((edition, name.to_string()))
}

impl Publish<'_> {
    /// Brings the archive of an edition up to date, if it has one. The files of its documents are written before the feed that links to
    /// them. `window` is the hash of what the feed shows.
    pub(super) async fn update_archive(
        &self,
        target: &Target<'_>,
        record: Option<&Record>,
        window: &str,
        shown: ShownItems<'_>,
    ) -> Result<UpdatedArchive, PipelineError> {
        let before = record.map(|record| record.archive.clone()).unwrap_or_default();
        let mut update = UpdatedArchive { documents: before.clone(), ..UpdatedArchive::default() };
        if target.edition.archive {
            let has_news = record.is_none_or(|record| !record.inputs.starts_with(window) || record.archive.is_empty());
            update.written = self.update_documents(target, &mut update.documents, shown, has_news).await?;
            update.has_changed = update.documents != before;
            update.changes_at = changes_at(&update.documents, target.edition.keep_for);
        }
        update.head = head(target, &update.documents);
        update.inputs = format!("{window}{}", update.head.previous.as_deref().unwrap_or_default());
        Ok(update)
    }

    /// Brings the documents up to date. Returns the number of files that were written.
    async fn update_documents(
        &self,
        target: &Target<'_>,
        documents: &mut Vec<ArchiveDocument>,
        shown: ShownItems<'_>,
        has_news: bool,
    ) -> Result<u32, PipelineError> {
        let (key, now) = ((self.target, target.stem.as_str()), self.clock.now());
        let withdrawn = self.store.find_archived_withdrawals(key).await?;
        if has_news {
            self.assign(target, documents, shown, now).await?;
        }
        if has_news || documents.iter().any(|document| document.last_added.is_none()) {
            let sizes = self.store.list_archive_documents(key).await?;
            *documents = documents::merge(std::mem::take(documents), &sizes);
        }
        let is_oldest_new = self.remove_old(target, documents, now).await?;
        let (formats, mut written) = (formats(target), 0);
        for at in 0..documents.len() {
            let closes = documents::closes_at(documents, at).is_some_and(|at| now >= at);
            let document = &mut documents[at];
            // A file of a format that the edition has no more is not the archive's.
            document.keep_only(&formats, &target.stem);
            let told = withdrawn.get(&document.name.to_string()).copied();
            let is_touched = !document.is_closed && has_news;
            let is_due = is_touched || closes || told != document.withdrawn || (at == 0 && is_oldest_new);
            let missing = document.missing(&formats, &target.stem);
            if !is_due && missing.is_empty() && self.is_whole(document).await? {
                continue;
            }
            // What is closed stays as it is when the edition gets another format.
            let is_added = !is_due && document.is_closed && missing.len() < formats.len() && self.is_whole(document).await?;
            document.is_closed |= closes;
            document.withdrawn = told;
            let formats = if is_added { &missing } else { &formats };
            written += self.write_document(target, documents, at, (shown, formats)).await?;
        }
        Ok(written)
    }

    /// Returns true if the documents of an edition's archive, if it has one, are as they were written.
    pub(super) async fn is_archive_whole(&self, target: &Target<'_>, record: &Record) -> Result<bool, PipelineError> {
        let formats = formats(target);
        for document in record.archive.iter().filter(|_| target.edition.archive) {
            if !document.missing(&formats, &target.stem).is_empty() || !self.is_whole(document).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn is_whole(&self, document: &ArchiveDocument) -> Result<bool, PipelineError> {
        for file in &document.files {
            if !self.sink.is_unchanged(file).await? && self.sink.verify(file).await?.is_none() {
                tracing::info!(file = file.name, "a document of an archive is missing or was changed: writing it again");
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives each item that is shown for the first time its document, and remembers what the others show now.
    async fn assign(
        &self,
        target: &Target<'_>,
        documents: &[ArchiveDocument],
        shown: ShownItems<'_>,
        now: Time,
    ) -> Result<(), PipelineError> {
        let key = (self.target, target.stem.as_str());
        let item_id = |row: &EntryRow| shown.stories.get(&row.id).map_or(row.id, |story| story.id);
        let ids: Vec<EntryId> = shown.entries.iter().map(item_id).collect();
        let known = self.store.find_archived(key, &ids).await?;
        let mut open = documents::Open::new(now, &self.store.list_archive_documents(key).await?, documents);
        let (mut items, mut seen) = (Vec::new(), HashSet::new());
        // The oldest first: if the month has too many for one document, the older ones are in the first.
        let mut rows: Vec<&EntryRow> = shown.entries.iter().collect();
        rows.sort_by_key(|row| (row.at, row.id));
        for row in rows {
            let item = item_id(row);
            let others = shown.stories.get(&row.id).map(|story| story.others.iter().map(|row| row.id).collect());
            let (document, added) = match known.get(&item) {
                Some(known) => (known.document.clone(), known.added),
                None => (open.next(), now),
            };
            let item = ArchivedItem { item, document, leader: row.id, others: others.unwrap_or_default(), at: row.at, added };
            if known.get(&item.item) != Some(&item) && seen.insert(item.item) {
                items.push(item);
            }
        }
        Ok(self.store.save_archived(key, &items).await?)
    }

    /// Removes the documents whose items are older than the edition keeps them. Returns true if another document is the oldest now:
    /// it must not link to one that is gone.
    async fn remove_old(
        &self,
        target: &Target<'_>,
        documents: &mut Vec<ArchiveDocument>,
        now: Time,
    ) -> Result<bool, PipelineError> {
        let key = (self.target, target.stem.as_str());
        let mut has_removed = false;
        while ends_at(documents, target.edition.keep_for).is_some_and(|at| now >= at) {
            let document = documents.remove(0);
            for file in &document.files {
                self.sink.remove(&file.name).await?;
            }
            self.store.delete_archived(key, &document.name.to_string()).await?;
            tracing::info!("removed {}, which is older than `keep_for`", document.name.stem(&target.stem));
            has_removed = true;
        }
        Ok(has_removed)
    }
}
