//! Reading what is known of entries and sources.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, Row};

use super::json::items;
use super::sql::{Sql, sql};
use super::{Counts, SourceRow, Store, StoreError, json, text_page};
use crate::model::{Entry, EntryId, EntryRow, Lang, Outcome, Revision, SourceId, SourceState, Time};

/// Pages in memory at a time.
const PAGES_AT_ONCE: usize = 16;

const KNOWN: Sql = sql!(
    "select" gather "id, source, revision, at, first_seen, lang, twin, withdrawn_at" gathered "from entry where id" in_keys
);

/// The inner select is answered by the index alone; only the entries of the page are read.
const NEWEST: Sql = sql!(
    "with page as materialized (
         select id from entry
         where withdrawn_at is null and source in (select value from" items ") and (at, id) < ($2, $3)
         order by at desc, id desc limit $4)
     select" gather "entry.id, source, revision, at, first_seen, lang, twin, withdrawn_at" gathered "
     from page join entry on entry.id = page.id"
);

const ENTRIES: Sql = sql!(
    "select id, source, revision, page from entry where id" in_keys
);

const PAGES: Sql = sql!("select id, doc from page where id" in_keys);

const SOURCES: Sql = sql!(
    "select" gather_docs "source.id, due_at, visited_at, lease_until" with_doc "doc" docs_gathered "
     from source left join source_state on source_state.id = source.id where source.id" in_names
);

const SIZE: Sql = sql!(
    sqlite "select page_count * page_size from pragma_page_count(), pragma_page_size()"
    or postgres "select cast(sum(pg_total_relation_size(to_regclass(name))) as bigint) from unnest(array[
        'source', 'source_state', 'entry', 'page', 'rendition', 'outcome', 'run', 'publication', 'memory', 'segment_claim', 'ledger', 'spending', 'subscription', 'host']) as name"
);

impl Store {
    /// What is known of these entries, in no order; those that are not known are left out.
    pub async fn find_entry_rows(&self, entries: &[EntryId]) -> Result<Vec<EntryRow>, StoreError> {
        self.gather(sqlx::query(KNOWN.of(self.dialect)).bind(items(entries)), "look up entries").await
    }

    /// The newest entries of these sources that are not withdrawn, before a place in time (`None`: from the newest on):
    /// the later first, and of the same instant the greater key first.
    pub async fn list_newest_entries(
        &self,
        sources: &[SourceId],
        before: Option<(Time, EntryId)>,
        limit: usize,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let (at, id) = before.map_or((i64::MAX, i64::MAX), |(at, id)| (at.millis(), id.0));
        let query = sqlx::query(NEWEST.of(self.dialect))
            .bind(items(sources))
            .bind(at)
            .bind(id)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut page = self.gather(query, "list the newest entries").await?;
        page.sort_unstable_by_key(|known| std::cmp::Reverse((known.at, known.id)));
        Ok(page)
    }

    async fn gather(&self, query: Query<'_, Any, AnyArguments>, attempt: &'static str) -> Result<Vec<EntryRow>, StoreError> {
        let failed = self.failed(attempt);
        let row = query.fetch_one(&mut *self.hold().await.map_err(&failed)?).await.map_err(&failed)?;
        Ok(self.gathered::<Slim>(&row, "what is known of entries")?.into_iter().map(known).collect())
    }

    /// The rows that `gather` made one value of.
    pub(super) fn gathered<T: DeserializeOwned>(&self, row: &AnyRow, what: &'static str) -> Result<Vec<T>, StoreError> {
        match row.try_get::<Option<&str>, _>(0).map_err(self.failed(what))? {
            Some(json) => self.read_doc(what, json),
            None => Ok(Vec::new()),
        }
    }

    /// The rows that `gather_docs` made one value of.
    pub(super) fn gathered_docs<T: DeserializeOwned>(&self, row: &AnyRow, what: &'static str) -> Result<Vec<T>, StoreError> {
        let pairs = row.try_get::<Option<&str>, _>(0).map_err(self.failed(what))?.unwrap_or_default();
        let read = serde_json::Deserializer::from_str(pairs).into_iter().collect::<Result<Vec<T>, _>>();
        read.map_err(|error| self.damaged(what, &error))
    }

    /// These entries with their texts, in no order; those that are not known are left out.
    pub async fn load_entries(&self, entries: &[EntryId]) -> Result<Vec<(EntryId, Revision, Entry)>, StoreError> {
        let failed = self.failed("read entries");
        let mut pages: HashMap<i64, (SourceId, HashMap<EntryId, Revision>)> = HashMap::new();
        let rows = self.fetch(sqlx::query(ENTRIES.of(self.dialect)).bind(items(entries))).await.map_err(&failed)?;
        for row in &rows {
            let source = SourceId::new(row.try_get(1).map_err(&failed)?);
            let page = pages.entry(row.try_get(3).map_err(&failed)?).or_insert_with(|| (source, HashMap::new()));
            page.1.insert(EntryId(row.try_get(0).map_err(&failed)?), Revision(row.try_get(2).map_err(&failed)?));
        }
        let keys: Vec<i64> = pages.keys().copied().collect();
        let mut read = Vec::with_capacity(rows.len());
        // A few at a time: a page may unpack to megabytes.
        for keys in keys.chunks(PAGES_AT_ONCE) {
            let rows = self.fetch(sqlx::query(PAGES.of(self.dialect)).bind(items(keys))).await.map_err(&failed)?;
            for row in &rows {
                let (source, wanted) = &pages[&row.try_get::<i64, _>(0).map_err(&failed)?];
                let found = text_page::unpack(row.try_get(1).map_err(&failed)?, source, &wanted.keys().copied().collect());
                let found = found.map_err(|reason| self.damaged("a page of entries", &reason))?;
                read.extend(found.into_iter().map(|(id, entry)| (id, wanted[&id], entry)));
            }
        }
        Ok(read)
    }

    /// What is known of these sources, by name; those that were never registered are left out.
    pub async fn load_source_rows(&self, sources: &[SourceId]) -> Result<Vec<SourceRow>, StoreError> {
        let failed = self.failed("list sources");
        let query = sqlx::query(SOURCES.of(self.dialect)).bind(items(sources));
        let row = query.fetch_one(&mut *self.hold().await.map_err(&failed)?).await.map_err(&failed)?;
        let mut sources: Vec<SourceRow> = self
            .gathered_docs::<Kept>(&row, "what is known of sources")?
            .into_iter()
            .map(|((id, due, visited, leased_until), state)| SourceRow {
                leased_until: self.leases.as_ref().map_or(leased_until.map(Time::from_millis), |leases| leases.until(&id)),
                id,
                state: state.unwrap_or_default(),
                due: Time::from_millis(due),
                visited: visited.map(Time::from_millis),
            })
            .collect();
        // Databases differ in how they order names.
        sources.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(sources)
    }

    /// The last visits of a source that were more than `Same`: when, how many milliseconds they took, how they ended. The
    /// last one first.
    pub async fn load_visit_history(&self, source: &SourceId, limit: usize) -> Result<Vec<(Time, u64, Outcome)>, StoreError> {
        let failed = self.failed("list the visits of a source");
        let query = sqlx::query("select at, duration_ms, doc from outcome where source = $1 order by at desc limit $2")
            .bind(json::plain(source.as_str()))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.fetch(query).await.map_err(&failed)?;
        let mut history = Vec::with_capacity(rows.len());
        for row in &rows {
            let outcome = self.read_doc("the outcome of a visit", row.try_get(2).map_err(&failed)?)?;
            history.push((Time::from_millis(row.try_get(0).map_err(&failed)?), count(row, 1).map_err(&failed)?, outcome));
        }
        Ok(history)
    }

    /// How much there is.
    pub async fn load_counts(&self) -> Result<Counts, StoreError> {
        self.try_counts().await.map_err(self.failed("count entries"))
    }

    /// All rows of a query, on whatever connection is free.
    pub(super) async fn fetch(&self, query: Query<'_, Any, AnyArguments>) -> Result<Vec<AnyRow>, sqlx::Error> {
        query.fetch_all(&mut *self.hold().await?).await
    }

    async fn try_counts(&self) -> Result<Counts, sqlx::Error> {
        let mut held = self.hold().await?;
        let entries = sqlx::query("select count(*), count(withdrawn_at) from entry").fetch_one(&mut *held).await?;
        let renditions = sqlx::query("select count(*) from rendition").fetch_one(&mut *held).await?;
        let size = sqlx::query(SIZE.of(self.dialect)).fetch_optional(&mut *held).await?;
        Ok(Counts {
            entries: count(&entries, 0)?,
            withdrawn: count(&entries, 1)?,
            renditions: count(&renditions, 0)?,
            size_bytes: size.map(|row| count(&row, 0)).transpose()?,
        })
    }
}

/// A source: its name, due when, last visited when, leased until when, its state.
type Kept = ((SourceId, i64, Option<i64>, Option<i64>), Option<SourceState>);

/// A number that is never negative.
pub(super) fn count(row: &AnyRow, column: usize) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}

/// A slim row: entry, source, revision, place in time, first sight, language, twin, withdrawn since.
type Slim = (EntryId, SourceId, Revision, i64, i64, Option<String>, Option<i64>, Option<i64>);

fn known((id, source, revision, at, first_seen, lang, twin, withdrawn_at): Slim) -> EntryRow {
    EntryRow {
        id,
        source,
        revision,
        at: Time::from_millis(at),
        first_seen: Time::from_millis(first_seen),
        lang: lang.as_deref().and_then(Lang::new),
        dedup_key: twin,
        is_withdrawn: withdrawn_at.is_some(),
    }
}
