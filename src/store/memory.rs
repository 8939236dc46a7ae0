//! The memory: translations of segments, kept by all on which they depend, and shared by sources, editions and workers.

use sqlx::any::AnyRow;
use sqlx::{Connection, Row};

use super::json::items;
use super::json::{self, rows};
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{Lang, MemoryResult, SegmentKey, Time};

/// Keys that are asked for in one query.
const KEYS: usize = 2000;

const RECALL: Sql = sql!("select" gather "key, target, refused" gathered "from memory where key" in_names);

const TOUCH: Sql = sql!("update memory set used = $2 where used < $2 and key" in_names);

/// The claims of workers that are late, or dead. Rows that somebody works on at this instant are passed over: waiting for
/// them in another order than others do would block both.
const VOID: Sql = sql!(
    "delete from segment_claim where key in (select key from segment_claim where until <= $2 and key" in_names lock ")"
);

const CLAIM: Sql = sql!(
    "insert into segment_claim (key, worker, until) select value, $2, $3 from" items "where true
     on conflict (key) do nothing"
);

const TRANSLATED: Sql = sql!("select key from memory where target is not null and key" in_names);

/// Also what the worker had before: its time begins anew.
const OURS: Sql = sql!(
    "update segment_claim set until = $3
     where key in (select key from segment_claim where worker = $2 and key" in_names lock ")
     returning key"
);

const RELEASE: Sql = sql!(
    "delete from segment_claim where key in (select key from segment_claim where worker = $2 and key" in_names lock ")"
);

/// A translation is kept, whatever comes later; that there was none gives way to one.
const REMEMBER: Sql = sql!(
    "insert into memory (key, source_lang, target_lang, engine, source, target, refused, made, used)
     select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
            cast(value ->> 7 as bigint), cast(value ->> 8 as bigint)
     from" rows "where true
     on conflict (key) do update set target = excluded.target, refused = excluded.refused, made = excluded.made,
         used = excluded.used
     where memory.target is null"
);

const REPLACE: Sql = sql!("delete from memory where key" in_names);

const PAGE: &str = "select key, source_lang, target_lang, engine, source, target, made from memory
     where target is not null and key > $1
         and ($2 = '' or source_lang = $2 or source_lang like $2 || '-%')
         and ($3 = '' or target_lang = $3 or target_lang like $3 || '-%')
     order by key limit $4";

/// A translation, or that there is none, with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryEntry {
    /// Its key.
    pub key: SegmentKey,
    /// The language of the source.
    pub from: Lang,
    /// The language of the translation.
    pub to: Lang,
    /// The identity of the engine whose work it is.
    pub engine: String,
    /// The source, with marks, in canonical form.
    pub source: String,
    /// The translation, or why there is none.
    pub result: MemoryResult,
    /// When it was made.
    pub made: Time,
}

impl Store {
    /// What is remembered under these keys, in no order.
    pub async fn recall_segments(&self, keys: &[SegmentKey]) -> Result<Vec<(SegmentKey, MemoryResult)>, StoreError> {
        let failed = self.failed("read the memory");
        let mut known = Vec::new();
        for keys in keys.chunks(KEYS) {
            let mut held = self.hold().await.map_err(&failed)?;
            let row = sqlx::query(RECALL.of(self.dialect)).bind(names(keys)).fetch_one(&mut *held).await.map_err(&failed)?;
            for (key, target, refused) in self.gathered::<(String, Option<String>, Option<String>)>(&row, "the memory")? {
                let key = self.key(&key)?;
                known.push((
                    key,
                    target.map_or_else(|| MemoryResult::Refused(refused.unwrap_or_default()), MemoryResult::Translation),
                ));
            }
        }
        Ok(known)
    }

    /// Notes that these were asked for at `now`, so that they are not forgotten as long as they are of use. Written once a month.
    pub async fn mark_segments_used(&self, keys: &[SegmentKey], now: Time) -> Result<(), StoreError> {
        let failed = self.failed("note what of the memory is in use");
        for keys in keys.chunks(KEYS) {
            let mut held = self.hold().await.map_err(&failed)?;
            let query = sqlx::query(TOUCH.of(self.dialect)).bind(names(keys)).bind(month(now).millis());
            query.execute(&mut *held).await.map_err(&failed)?;
        }
        Ok(())
    }

    /// Takes segments to be translated, until `until`: those of the keys that nobody has translated, and no other worker has in
    /// hand at `now`. Of two workers that ask for the same one gets it, so that nothing is paid for twice.
    pub async fn lease_segments(
        &self,
        keys: &[SegmentKey],
        worker: &str,
        now: Time,
        until: Time,
    ) -> Result<Vec<SegmentKey>, StoreError> {
        // In one order for all workers: two that lock rows in different orders would wait for each other.
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut claimed = Vec::with_capacity(sorted.len());
        for keys in sorted.chunks(KEYS) {
            let ours = self.try_claim(keys, worker, now, until).await.map_err(self.failed("take segments"))?;
            claimed.extend(ours.iter().map(|key| self.key(key)).collect::<Result<Vec<SegmentKey>, StoreError>>()?);
        }
        Ok(claimed)
    }

    async fn try_claim(&self, keys: &[SegmentKey], worker: &str, now: Time, until: Time) -> Result<Vec<String>, sqlx::Error> {
        let (keys, worker) = (names(keys), json::plain(worker));
        let first = |row: &AnyRow| row.try_get::<String, _>(0);
        let mut held = self.hold().await?;
        let mut tx = held.begin_with(self.dialect.begin()).await?;
        sqlx::query(VOID.of(self.dialect)).bind(&keys).bind(now.millis()).execute(&mut *tx).await?;
        sqlx::query(CLAIM.of(self.dialect)).bind(&keys).bind(&worker).bind(until.millis()).execute(&mut *tx).await?;
        // Whoever remembers lets go in the same transaction: what was free by then, because it is translated, is seen to be
        // by a statement that comes after.
        let done = sqlx::query(TRANSLATED.of(self.dialect)).bind(&keys).fetch_all(&mut *tx).await?;
        if !done.is_empty() {
            let done: Vec<String> = done.iter().map(first).collect::<Result<_, _>>()?;
            sqlx::query(RELEASE.of(self.dialect)).bind(items(&done)).bind(&worker).execute(&mut *tx).await?;
        }
        let ours = sqlx::query(OURS.of(self.dialect)).bind(&keys).bind(&worker).bind(until.millis());
        let ours = ours.fetch_all(&mut *tx).await?;
        let ours = ours.iter().map(first).collect::<Result<_, _>>()?;
        tx.commit().await?;
        Ok(ours)
    }

    /// Gives back what `worker` has in hand of these.
    pub async fn release_segments(&self, keys: &[SegmentKey], worker: &str) -> Result<(), StoreError> {
        let failed = self.failed("give back segments");
        for keys in keys.chunks(KEYS) {
            let mut held = self.hold().await.map_err(&failed)?;
            let query = sqlx::query(RELEASE.of(self.dialect)).bind(names(keys)).bind(json::plain(worker));
            query.execute(&mut *held).await.map_err(&failed)?;
        }
        Ok(())
    }

    /// Remembers what became of segments, and lets go of them. A translation that is there already stays, unless it is to be
    /// replaced. How many were new, or other than before.
    pub async fn save_memory(&self, memories: &[MemoryEntry], worker: &str, replace: bool) -> Result<u64, StoreError> {
        if memories.is_empty() {
            return Ok(0);
        }
        self.try_remember(memories, worker, replace).await.map_err(self.failed("write the memory"))
    }

    async fn try_remember(&self, memories: &[MemoryEntry], worker: &str, replace: bool) -> Result<u64, sqlx::Error> {
        let mut by_key: Vec<&MemoryEntry> = memories.iter().collect();
        // Of two with one key a translation rather than a refusal.
        by_key.sort_by_key(|memory| (memory.key, matches!(memory.result, MemoryResult::Refused(_))));
        by_key.dedup_by_key(|memory| memory.key);
        let keys: Vec<SegmentKey> = by_key.iter().map(|memory| memory.key).collect();
        let mut held = self.hold().await?;
        held.durable(self.dialect, true).await?;
        let mut tx = held.begin_with(self.dialect.begin()).await?;
        if replace {
            sqlx::query(REPLACE.of(self.dialect)).bind(names(&keys)).execute(&mut *tx).await?;
        }
        let mut written = 0;
        for page in rows(by_key.into_iter().map(row)) {
            written += sqlx::query(REMEMBER.of(self.dialect)).bind(page).execute(&mut *tx).await?.rows_affected();
        }
        sqlx::query(RELEASE.of(self.dialect)).bind(names(&keys)).bind(json::plain(worker)).execute(&mut *tx).await?;
        tx.commit().await?;
        held.durable(self.dialect, false).await?;
        Ok(written)
    }

    /// Translations in the order of their keys, after one (`None`: from the first on), of these languages where they are named:
    /// `fr` stands for `fr-CA` too.
    pub async fn list_memory(
        &self,
        (from, to): (Option<&Lang>, Option<&Lang>),
        after: Option<SegmentKey>,
        limit: usize,
    ) -> Result<Vec<MemoryEntry>, StoreError> {
        let failed = self.failed("read the memory");
        let mut held = self.hold().await.map_err(&failed)?;
        let rows = sqlx::query(PAGE)
            .bind(after.map(|key| key.to_string()).unwrap_or_default())
            .bind(from.map(Lang::to_string).unwrap_or_default())
            .bind(to.map(Lang::to_string).unwrap_or_default())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut *held)
            .await
            .map_err(&failed)?;
        let mut memories = Vec::with_capacity(rows.len());
        for row in &rows {
            let text = |at: usize| row.try_get::<String, _>(at).map_err(&failed);
            let lang = |at: usize| Ok(Lang::new(&text(at)?).ok_or_else(|| self.damaged("the memory", &"no language tag")))?;
            memories.push(MemoryEntry {
                key: self.key(&text(0)?)?,
                from: lang(1)?,
                to: lang(2)?,
                engine: text(3)?,
                source: text(4)?,
                result: MemoryResult::Translation(text(5)?),
                made: Time::from_millis(row.try_get(6).map_err(&failed)?),
            });
        }
        Ok(memories)
    }

    /// Forgets what is remembered of segments whose source holds `term` (letter by letter), in these languages where they are named.
    pub async fn delete_memory(&self, term: &str, to: Option<&Lang>) -> Result<u64, StoreError> {
        let failed = self.failed("forget what is in the memory");
        let mut held = self.hold().await.map_err(&failed)?;
        let escaped = term.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        sqlx::query("delete from memory where source like $1 escape '!' and ($2 = '' or target_lang = $2)")
            .bind(format!("%{}%", json::plain(&escaped)))
            .bind(to.map(Lang::to_string).unwrap_or_default())
            .execute(&mut *held)
            .await
            .map(|done| done.rows_affected())
            .map_err(failed)
    }

    fn key(&self, text: &str) -> Result<SegmentKey, StoreError> {
        SegmentKey::parse(text).ok_or_else(|| self.damaged("the memory", &"a key that is none"))
    }
}

fn names(keys: &[SegmentKey]) -> String {
    items(&keys.iter().map(SegmentKey::to_string).collect::<Vec<_>>())
}

/// The beginning of the month, in UTC.
fn month(now: Time) -> Time {
    crate::model::Period::Month.start(now)
}

type MemoryRow<'a> = (String, &'a str, &'a str, &'a str, &'a str, Option<&'a str>, Option<&'a str>, i64, i64);

fn row(memory: &MemoryEntry) -> MemoryRow<'_> {
    let (target, refused) = match &memory.result {
        MemoryResult::Translation(text) => (Some(text.as_str()), None),
        MemoryResult::Refused(why) => (None, Some(why.as_str())),
    };
    let made = memory.made;
    let key = memory.key.to_string();
    (
        key,
        memory.from.as_str(),
        memory.to.as_str(),
        &memory.engine,
        &memory.source,
        target,
        refused,
        made.millis(),
        month(made).millis(),
    )
}
