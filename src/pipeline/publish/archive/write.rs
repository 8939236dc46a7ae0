//! Renders and writes one document of an archive.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::{Archive, Edition, EntryId, EntryRow, Format, SourceId, SourceInfo, Time};
use crate::pipeline::error::PipelineError;
use crate::sink::WriteOutcome;
use crate::store::{ArchivedItem, StoreError};

use super::super::content::Shown;
use super::super::files::render_and_write;
use super::super::record::Inputs;
use super::super::stories::Story;
use super::super::view::tag_uri;
use super::super::{Publish, Target};
use super::ShownItems;
use super::documents::ArchiveDocument;

/// The formats in which documents are written, if the edition has them: those that can link to the next one.
pub(in crate::pipeline::publish) const FORMATS: [Format; 3] = [Format::Atom, Format::Rss, Format::Json];

/// The content of a document.
struct Content {
    rows: Vec<EntryRow>,
    stories: HashMap<EntryId, Story>,
    withdrawn: Vec<(EntryId, Time)>,
}

impl Publish<'_> {
    /// Renders the document at a place of the archive in some formats, and writes its files if they have changed. Returns the number of
    /// those.
    pub(super) async fn write_document(
        &self,
        target: &Target<'_>,
        documents: &mut [ArchiveDocument],
        at: usize,
        (shown, formats): (ShownItems<'_>, &[Format]),
    ) -> Result<u32, PipelineError> {
        let Target { edition, lang, .. } = *target;
        let name = documents[at].name.to_string();
        let items = self.store.list_archived((self.target, &target.stem), &name).await?;
        let Content { rows, stories, withdrawn } = self.load_items(items).await?;
        let infos = self.infos_of(&rows, &stories, shown.infos).await?;
        let renditions = self.find_shown_renditions(target, &rows).await?;
        let archive = links(target, documents, at);
        let (entries, full_texts) = (&rows, shown.full_texts);
        let inputs = Inputs {
            edition,
            lang,
            base_url: self.base_url,
            entries,
            stories: &stories,
            infos: &infos,
            full_texts,
            renditions: &renditions,
            withdrawn: &withdrawn,
            templates: self.templates,
        };
        let inputs = format!("{} {archive:?}", inputs.hash());
        let document = &mut documents[at];
        if document.inputs == inputs && document.missing(formats, &target.stem).is_empty() && self.is_whole(document).await? {
            return Ok(0);
        }
        let times = (Time::EPOCH, self.clock.now());
        let (stories, renditions, withdrawn) = (&stories, &renditions, &withdrawn[..]);
        let mut view = self.build_view(target, Shown { entries, stories, renditions, withdrawn }, &infos, times).await?;
        view.formats = formats.to_vec();
        view.stem = document.name.stem(&target.stem);
        view.archive = archive;
        // It is a part of the feed, whose id it bears.
        view.feed_id = tag_uri(self.base_url, &target.stem);
        self.write_files(document, &Arc::new(view), inputs).await
    }

    async fn write_files(
        &self,
        document: &mut ArchiveDocument,
        view: &Arc<Edition>,
        inputs: String,
    ) -> Result<u32, PipelineError> {
        let (mut written, mut has_failed) = (0, false);
        for format in view.formats.iter().copied() {
            match render_and_write(&*self.sink, view, format, Arc::default()).await? {
                Ok(made) => {
                    for (outcome, file) in made {
                        written += u32::from(outcome == WriteOutcome::New);
                        document.files.retain(|known| known.name != file.name);
                        document.files.push(file);
                    }
                }
                Err(error) => {
                    tracing::warn!("{error}");
                    has_failed = true;
                }
            }
        }
        document.inputs = if has_failed { String::new() } else { inputs };
        Ok(written)
    }

    /// Loads what items show: the first of their entries that is not withdrawn. An item without one is told as withdrawn.
    async fn load_items(&self, items: Vec<ArchivedItem>) -> Result<Content, StoreError> {
        let ids: Vec<EntryId> =
            items.iter().flat_map(|item| std::iter::once(&item.leader).chain(&item.others)).copied().collect();
        let rows = self.store.find_entry_rows(&ids).await?;
        let rows: HashMap<EntryId, EntryRow> = rows.into_iter().map(|row| (row.id, row)).collect();
        let gone: Vec<EntryId> = rows.values().filter(|row| row.is_withdrawn).map(|row| row.id).collect();
        let times = if gone.is_empty() { HashMap::new() } else { self.store.find_withdrawal_times(&gone).await? };
        let mut content = Content { rows: Vec::new(), stories: HashMap::new(), withdrawn: Vec::new() };
        for item in items {
            let members = std::iter::once(&item.leader).chain(&item.others).filter_map(|id| rows.get(id));
            let mut left = members.filter(|row| !row.is_withdrawn);
            let Some(leader) = left.next() else {
                let at = times.get(&item.leader).copied().flatten();
                content.withdrawn.extend(at.map(|at| (item.item, at)));
                continue;
            };
            let others: Vec<EntryRow> = left.cloned().collect();
            if !others.is_empty() || item.item != leader.id {
                content.stories.insert(leader.id, Story { id: item.item, leader_at: leader.at, others });
            }
            content.rows.push(EntryRow { at: item.at, ..leader.clone() });
        }
        Ok(content)
    }

    /// Returns what readers are told of the sources of some entries. Of a source that feeds.toml does not have any more, the store knows
    /// what its feed said of itself.
    async fn infos_of(
        &self,
        rows: &[EntryRow],
        stories: &HashMap<EntryId, Story>,
        known: &HashMap<SourceId, SourceInfo>,
    ) -> Result<HashMap<SourceId, SourceInfo>, StoreError> {
        let sources = rows.iter().chain(stories.values().flat_map(|story| &story.others)).map(|row| &row.source);
        let sources: HashSet<&SourceId> = sources.collect();
        let mut infos: HashMap<SourceId, SourceInfo> =
            sources.iter().filter_map(|id| Some(((*id).clone(), known.get(*id)?.clone()))).collect();
        let unknown: Vec<SourceId> = sources.into_iter().filter(|id| !infos.contains_key(*id)).cloned().collect();
        if !unknown.is_empty() {
            for row in self.store.load_source_rows(&unknown).await? {
                let info = super::super::view::removed_source_info(self.base_url, &row.id, &row.state.meta);
                infos.insert(row.id, info);
            }
        }
        Ok(infos)
    }

    /// Returns the renditions that entries are shown in, each with its stamp.
    async fn find_shown_renditions(&self, target: &Target<'_>, rows: &[EntryRow]) -> Result<HashMap<EntryId, i64>, StoreError> {
        let Some(lang) = target.lang else { return Ok(HashMap::new()) };
        let ids: Vec<EntryId> = rows.iter().map(|row| row.id).collect();
        let found = self.store.find_translation_rows(&ids, lang).await?;
        let translated = target.edition.translated();
        Ok(found.into_iter().filter(|row| row.inputs.show >= translated).map(|row| (row.entry, row.stamp)).collect())
    }
}

/// Returns the place of a document: its neighbours, and the feed that it belongs to.
fn links(target: &Target<'_>, documents: &[ArchiveDocument], at: usize) -> Archive {
    let stem = |document: &ArchiveDocument| document.name.stem(&target.stem);
    let is_closed = documents[at].is_closed;
    Archive {
        is_document: true,
        is_closed,
        current: Some(target.stem.clone()),
        previous: at.checked_sub(1).map(|at| stem(&documents[at])),
        // Of an open one it is not known for good.
        next: documents.get(at + 1).filter(|_| is_closed).map(stem),
    }
}
