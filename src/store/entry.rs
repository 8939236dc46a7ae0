//! Entries: their rows, and their texts.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::connection::OperationResult;
use super::error::OperationError;
use super::json::list;
use super::row::{collected_rows, optional_time};
use super::sql::{OwnedQuery, Sql, sql};
use super::text_page::decode_page;
use super::{Store, StoreError};
use crate::model::{
    AddressKey, ArticleKey, DedupKey, Entry, EntryId, EntryRow, HeadlineKey, Lang, Revision, SourceId, StoryKey, Text, Time,
};

/// The number of pages of texts that are in memory at a time.
const PAGES_AT_ONCE: usize = 16;

const FIND: Sql = sql!(
    "select" collect_rows "id, source, revision, at, first_seen, lang, twin, address, headline, story, withdrawn_at" end_rows "
     from entry where id" in_ids
);

const FIND_AT: Sql = sql!(
    "with page as materialized (
         select id from entry where address" in_ids "order by at desc, id desc limit $2)
     select" collect_rows "entry.id, source, revision, at, first_seen, lang, twin, address, headline, story, withdrawn_at" end_rows "
     from page join entry on entry.id = page.id"
);

/// The inner select is answered by the index alone; only the entries of the page are read.
const LIST_NEWEST: Sql = sql!(
    "with page as materialized (
         select id from entry
         where withdrawn_at is null and source in (select value from" json_values ") and (at, id) < ($2, $3) and at >= $4
         order by at desc, id desc limit $5)
     select" collect_rows "entry.id, source, revision, at, first_seen, lang, twin, address, headline, story, withdrawn_at" end_rows "
     from page join entry on entry.id = page.id"
);

const FIND_WITHDRAWAL_TIMES: Sql = sql!("select id, withdrawn_at from entry where id" in_ids);

const FIND_PAGES: Sql = sql!("select id, source, revision, page from entry where id" in_ids);

const LOAD_PAGES: Sql = sql!("select id, doc from page where id" in_ids);

/// The columns of [`FIND`] and [`LIST_NEWEST`].
#[derive(Deserialize)]
struct EntryColumns {
    id: EntryId,
    source: SourceId,
    revision: Revision,
    at: i64,
    first_seen: i64,
    lang: Option<String>,
    dedup_key: Option<DedupKey>,
    address: Option<AddressKey>,
    headline: Option<HeadlineKey>,
    story: Option<StoryKey>,
    withdrawn_at: Option<i64>,
}

impl From<EntryColumns> for EntryRow {
    fn from(columns: EntryColumns) -> Self {
        Self {
            id: columns.id,
            source: columns.source,
            revision: columns.revision,
            at: Time::from_millis(columns.at),
            first_seen: Time::from_millis(columns.first_seen),
            lang: columns.lang.as_deref().and_then(Lang::new),
            article: ArticleKey { dedup: columns.dedup_key, address: columns.address, headline: columns.headline },
            story: columns.story.unwrap_or_default(),
            is_withdrawn: columns.withdrawn_at.is_some(),
        }
    }
}

/// The entries that are wanted of a page of texts. All entries of a page belong to one source.
struct WantedPage {
    source: SourceId,
    revisions: HashMap<EntryId, Revision>,
}

impl Store {
    /// Returns the rows of these entries, in no order. Unknown entries are left out.
    pub async fn find_entry_rows(&self, entries: &[EntryId]) -> Result<Vec<EntryRow>, StoreError> {
        self.fetch_entry_rows("look up entries", FIND.query(self.dialect).bind(list(entries))).await
    }

    /// Returns the newest entries of these sources that are not withdrawn, newest first, from `before` on (`None`: from the
    /// newest on), back to `oldest` (`None`: to the oldest of all). Of two entries of the same time the one with the greater id comes
    /// first.
    pub async fn list_newest_entries(
        &self,
        sources: &[SourceId],
        before: Option<(Time, EntryId)>,
        oldest: Option<Time>,
        limit: usize,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let (at, id) = before.map_or((i64::MAX, i64::MAX), |(at, id)| (at.millis(), id.0));
        let query = LIST_NEWEST.query(self.dialect).bind(list(sources)).bind(at).bind(id);
        let query = query.bind(oldest.map_or(i64::MIN, Time::millis));
        let query = query.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut rows = self.fetch_entry_rows("list the newest entries", query).await?;
        rows.sort_unstable_by_key(|row| std::cmp::Reverse((row.at, row.id)));
        Ok(rows)
    }

    /// Returns the times at which these entries were withdrawn; nothing for those that were not. Unknown entries are left out.
    pub async fn find_withdrawal_times(&self, entries: &[EntryId]) -> Result<HashMap<EntryId, Option<Time>>, StoreError> {
        let attempt = "look up withdrawn entries";
        let rows = self.fetch_all(attempt, FIND_WITHDRAWAL_TIMES.query(self.dialect).bind(list(entries))).await?;
        let times = rows.iter().map(|row| Ok((EntryId(row.try_get(0)?), optional_time(row, 1)?)));
        self.decode(attempt, times.collect::<Result<_, sqlx::Error>>().map_err(OperationError::from))
    }

    async fn fetch_entry_rows(&self, attempt: &'static str, query: OwnedQuery) -> Result<Vec<EntryRow>, StoreError> {
        let row = self.fetch_one(attempt, query).await?;
        let columns: Vec<EntryColumns> = self.decode(attempt, collected_rows("the rows of entries", &row))?;
        Ok(columns.into_iter().map(EntryRow::from).collect())
    }

    /// Returns the rows of the entries with one of these pages that are not withdrawn, the newest `limit` of them, in no order.
    pub async fn find_entry_rows_at(&self, addresses: &[AddressKey], limit: usize) -> Result<Vec<EntryRow>, StoreError> {
        let query = FIND_AT.query(self.dialect).bind(list(addresses)).bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.fetch_entry_rows("look up entries by their pages", query).await
    }

    /// Returns these entries with their texts, in no order. Unknown entries are left out.
    pub async fn load_entries(&self, entries: &[EntryId]) -> Result<Vec<(EntryId, Revision, Entry)>, StoreError> {
        self.load_entries_as(entries, |entry| entry).await
    }

    /// Returns the headlines of these entries. Unknown entries are left out.
    pub async fn load_titles(&self, entries: &[EntryId]) -> Result<HashMap<EntryId, Text>, StoreError> {
        Ok(self.load_entries_as(entries, |(id, _, entry)| (id, entry.title)).await?.into_iter().collect())
    }

    /// Loads entries, and keeps `part` of each: all of their texts together may be large.
    async fn load_entries_as<T>(
        &self,
        entries: &[EntryId],
        part: fn((EntryId, Revision, Entry)) -> T,
    ) -> Result<Vec<T>, StoreError> {
        let attempt = "read entries";
        let rows = self.fetch_all(attempt, FIND_PAGES.query(self.dialect).bind(list(entries))).await?;
        let wanted = self.decode(attempt, wanted_pages(&rows).map_err(OperationError::from))?;
        let ids: Vec<i64> = wanted.keys().copied().collect();
        let mut loaded = Vec::with_capacity(entries.len());
        for ids in ids.chunks(PAGES_AT_ONCE) {
            let rows = self.fetch_all(attempt, LOAD_PAGES.query(self.dialect).bind(list(ids))).await?;
            for row in &rows {
                loaded.extend(self.decode(attempt, read_page(row, &wanted))?.into_iter().map(part));
            }
        }
        Ok(loaded)
    }
}

fn wanted_pages(rows: &[AnyRow]) -> Result<HashMap<i64, WantedPage>, sqlx::Error> {
    let mut pages: HashMap<i64, WantedPage> = HashMap::new();
    for row in rows {
        let source = SourceId::new(row.try_get(1)?);
        let page = pages.entry(row.try_get(3)?).or_insert_with(|| WantedPage { source, revisions: HashMap::new() });
        page.revisions.insert(EntryId(row.try_get(0)?), Revision(row.try_get(2)?));
    }
    Ok(pages)
}

fn read_page(row: &AnyRow, wanted: &HashMap<i64, WantedPage>) -> OperationResult<Vec<(EntryId, Revision, Entry)>> {
    let WantedPage { source, revisions } = &wanted[&row.try_get::<i64, _>(0)?];
    let ids: HashSet<EntryId> = revisions.keys().copied().collect();
    let entries = decode_page(row.try_get(1)?, source, &ids);
    let entries = entries.map_err(|error| OperationError::damaged("a page of entries", &error))?;
    Ok(entries.into_iter().map(|(id, entry)| (id, revisions[&id], entry)).collect())
}
