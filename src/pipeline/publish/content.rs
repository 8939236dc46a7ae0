//! The content of an edition: its entries and what is known of them, and the view that is built of it.

use std::collections::HashMap;

use crate::model::{Edition, EntryId, EntryRow, FullText, Lang, Rendition, SourceId, SourceInfo, Time};
use crate::pipeline::error::PipelineError;
use crate::pipeline::originals::load_shown_originals;
use crate::store::StoreError;

use super::archive::ShownItems;
use super::deleted::PublishedEntries;
use super::record::Inputs;
use super::stories::Story;
use super::view::{self, OtherPage};
use super::{Publish, Target};

/// The content of an edition, before any text is read.
pub(super) struct Content {
    /// The entries that lead their stories, in the order of the edition.
    pub(super) entries: Vec<EntryRow>,
    pub(super) stories: HashMap<EntryId, Story>,
    pub(super) full_texts: HashMap<EntryId, FullText>,
    /// The renditions that entries are shown in, each with a hash of what it says.
    pub(super) renditions: HashMap<EntryId, i64>,
    pub(super) published: PublishedEntries,
    /// The number of entries that wait for a translation.
    pub(super) waiting: u64,
    /// True if only a change in the store, or the clock at `changes_at`, changes it: no page of an article is still to be fetched.
    pub(super) is_final: bool,
    pub(super) changes_at: Option<Time>,
}

/// The parts of which a view is built.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) entries: &'a [EntryRow],
    pub(super) stories: &'a HashMap<EntryId, Story>,
    pub(super) renditions: &'a HashMap<EntryId, i64>,
    pub(super) withdrawn: &'a [(EntryId, Time)],
}

impl Content {
    /// Returns what a view is built of.
    pub(super) fn shown(&self) -> Shown<'_> {
        let Self { entries, stories, renditions, published, .. } = self;
        Shown { entries, stories, renditions, withdrawn: &published.withdrawn }
    }

    /// Returns what an archive takes over.
    pub(super) fn shown_items<'a>(&'a self, infos: &'a HashMap<SourceId, SourceInfo>) -> ShownItems<'a> {
        let Self { entries, stories, full_texts, .. } = self;
        ShownItems { entries, stories, infos, full_texts }
    }

    /// Returns the number of items.
    pub(super) fn items(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// Returns the time at which the clock alone may change it.
    pub(super) fn until(&self) -> Option<Time> {
        self.changes_at.into_iter().chain(self.published.forgets_at()).min()
    }
}

impl Publish<'_> {
    /// Returns the hash of the inputs of an edition's files.
    pub(super) fn hash_inputs(&self, target: &Target<'_>, content: &Content, infos: &HashMap<SourceId, SourceInfo>) -> String {
        let Content { entries, stories, full_texts, renditions, published, .. } = content;
        let (withdrawn, templates) = (&published.withdrawn, self.templates);
        let Target { edition, lang, .. } = *target;
        Inputs { edition, lang, base_url: self.base_url, entries, stories, infos, full_texts, renditions, withdrawn, templates }
            .hash()
    }

    /// Builds the view of an edition from its entries and the renditions that they are shown in.
    pub(super) async fn build_view(
        &self,
        target: &Target<'_>,
        shown: Shown<'_>,
        infos: &HashMap<SourceId, SourceInfo>,
        (updated_if_empty, now): (Time, Time),
    ) -> Result<Edition, PipelineError> {
        let Target { edition, lang, .. } = *target;
        let Shown { entries: window, stories, renditions, withdrawn } = shown;
        let (originals, left_out) = load_shown_originals(self.store, window, self.paged, edition.show).await?;
        if left_out > 0 {
            tracing::warn!(left_out, "the edition is larger than 8 MiB: its oldest entries are left out");
        }
        let (base_url, renditions) = (self.base_url, self.load_renditions(renditions, lang).await?);
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
}
