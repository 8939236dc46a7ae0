//! Reads the rows of the entries that editions take, page by page. Editions that differ in their tag only (`[[edition.each]]`) share one
//! reading: each of a hundred would look at all entries of its sources for the few with its tag.

use std::collections::HashMap;

use crate::config as plan;
use crate::model::{EntryId, EntryRow, Fault, Time};
use crate::select::{Tag, WideWindow};
use crate::store::{Store, StoreError};

use super::edition_rules::EditionRules;
use super::error::PipelineError;
use super::window::WindowRows;

/// The rows per query of a shared reading.
const PAGE: usize = 1000;

/// Reads the rows of the editions of one pass.
#[derive(Default)]
pub(super) struct RowReader<'e> {
    /// True if facts that rules read from texts are stored.
    saves: bool,
    families: HashMap<usize, FamilyRows<'e>>,
}

impl<'e> RowReader<'e> {
    /// Makes a reader. With `saves`, what rules read from texts is stored.
    pub(super) fn new(saves: bool) -> Self {
        Self { saves, families: HashMap::new() }
    }

    /// Begins to read the rows of an edition, with its rules.
    pub(super) fn open(&mut self, store: &'e Store, edition: &'e plan::Edition) -> EditionRows<'_, 'e> {
        let saves = self.saves;
        let source = match edition.family {
            None => Source::Own(WindowRows::new(store, edition), EditionRules::new(edition, saves)),
            Some(family) => {
                Source::Family(self.families.entry(family).or_insert_with(|| FamilyRows::new(edition, saves)), Place::default())
            }
        };
        EditionRows { store, edition, source }
    }
}

/// The rows of one edition, from the newest on.
pub(super) struct EditionRows<'r, 'e> {
    store: &'e Store,
    edition: &'e plan::Edition,
    source: Source<'r, 'e>,
}

enum Source<'r, 'e> {
    Own(WindowRows<'e>, EditionRules<'e>),
    Family(&'r mut FamilyRows<'e>, Place),
}

/// The number of shared rows that were looked at.
#[derive(Default)]
struct Place(usize);

impl EditionRows<'_, '_> {
    /// Records the date of an entry that may be the newest one, which ages are counted from.
    pub(super) fn note_newest(&mut self, at: Option<Time>) {
        match &mut self.source {
            Source::Own(_, rules) => rules.note_newest(at),
            Source::Family(family, _) => family.rules.note_newest(at),
        }
    }

    /// Returns the next rows that the edition takes, newest first; nothing if the window needs no more. There may be none of a page.
    pub(super) async fn next(&mut self, window: &WideWindow) -> Result<Option<Vec<EntryRow>>, PipelineError> {
        match &mut self.source {
            Source::Own(pages, rules) => {
                let rows = pages.next(window).await?;
                if rows.is_empty() || rules.is_exhausted() {
                    return Ok(None);
                }
                rules.taken(self.store, rows).await.map(Some)
            }
            Source::Family(family, place) => {
                if window.is_full() || !family.has(self.store, place.0).await? {
                    return Ok(None);
                }
                let rest = &family.rows[place.0..];
                let oldest = window.oldest();
                let end = oldest.and_then(|oldest| rest.iter().position(|shared| shared.row.at < oldest));
                let rows = tagged(&rest[..end.unwrap_or(rest.len())], &self.edition.tags);
                place.0 += end.unwrap_or(rest.len());
                Ok((end != Some(0)).then_some(rows))
            }
        }
    }

    /// Returns the fault of a rule that could not be evaluated.
    pub(super) fn fault(&self) -> Option<Fault> {
        match &self.source {
            Source::Own(_, rules) => rules.fault(),
            Source::Family(family, _) => family.rules.fault(),
        }
    }

    /// Returns all rows back to a time, newest first, at most so many: of an edition with a reading of its own those of its sources.
    pub(super) async fn read_back_to(&mut self, since: Time, most: usize) -> Result<Vec<EntryRow>, PipelineError> {
        let Source::Family(family, _) = &mut self.source else {
            return Ok(list_back_to(self.store, self.edition, since, most).await?);
        };
        while family.rows.last().is_none_or(|oldest| oldest.row.at >= since) && family.has(self.store, family.rows.len()).await? {
        }
        let end = family.rows.iter().position(|shared| shared.row.at < since).unwrap_or(family.rows.len());
        Ok(tagged(&family.rows[..end], &self.edition.tags).into_iter().take(most).collect())
    }
}

/// Lists the rows of an edition's sources from the newest on back to a time.
async fn list_back_to(store: &Store, edition: &plan::Edition, since: Time, most: usize) -> Result<Vec<EntryRow>, StoreError> {
    let (mut rows, mut before) = (Vec::new(), None);
    while rows.len() < most {
        let page = store.list_newest_entries(&edition.from, before, Some(since), PAGE).await?;
        before = page.last().map(|row| (row.at, row.id));
        let is_last = page.len() < PAGE;
        rows.extend(page);
        if is_last {
            break;
        }
    }
    Ok(rows)
}

/// Returns the rows of the entries with one of these tags.
fn tagged(shared: &[SharedRow], tags: &[Tag]) -> Vec<EntryRow> {
    let has_tag = |shared: &&SharedRow| shared.tags.iter().any(|tag| tags.contains(tag));
    shared.iter().filter(has_tag).map(|shared| shared.row.clone()).collect()
}

/// The rows that editions of one family take, whatever their tags, as far as they were read.
struct FamilyRows<'e> {
    from: &'e plan::Edition,
    rules: EditionRules<'e>,
    rows: Vec<SharedRow>,
    before: Option<(Time, EntryId)>,
    is_complete: bool,
}

struct SharedRow {
    row: EntryRow,
    tags: Vec<Tag>,
}

impl<'e> FamilyRows<'e> {
    fn new(edition: &'e plan::Edition, saves: bool) -> Self {
        let rules = EditionRules::of_family(edition, saves);
        Self { from: edition, rules, rows: Vec::new(), before: None, is_complete: false }
    }

    /// Returns true if there are rows from this place on, after reading on if need be.
    async fn has(&mut self, store: &Store, place: usize) -> Result<bool, PipelineError> {
        while self.rows.len() <= place && !self.is_complete {
            let page = store.list_newest_entries(&self.from.from, self.before, None, PAGE).await?;
            self.before = page.last().map(|row| (row.at, row.id)).or(self.before);
            self.is_complete = page.len() < PAGE || self.rules.is_exhausted();
            let taken = self.rules.taken_with_facts(store, page).await?;
            self.rows.extend(taken.into_iter().map(|(row, facts)| {
                let tags = facts.tags.iter().filter_map(|name| Tag::named(name)).collect();
                SharedRow { row, tags }
            }));
        }
        Ok(self.rows.len() > place)
    }
}
