//! Visits into the database: a batch is one transaction of a handful of statements, however many visits it has.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, Connection, Transaction};

use super::json::{pairs, plain, rows};
use super::sql::{Dialect, Sql, sql};
use super::{Store, StoreError, text_page};
use crate::model::{Change, EntryId, Outcome, SourceId, Time, Visit};

/// How a statement for entries begins and ends.
///
/// A known entry keeps its place in time and when it was first seen: feeds that touch their dates would float to the top.
const ENTRIES: [&str; 2] = [
    "insert into entry (id, source, revision, at, first_seen, lang, twin, page) values ",
    " on conflict (id) do update set revision = excluded.revision, lang = excluded.lang, twin = excluded.twin,
                                     withdrawn_at = null, page = excluded.page",
];

/// The same for SQLite, where it is tried first: it passes over the entries that are there already. SQLite notes what a
/// statement has changed until it is through, in case it fails half-way, which costs a fifth of it all. One that may fail
/// half-way (`or fail`) needs no such note; ours stand in a transaction that is then taken back as a whole.
const NEW_ENTRIES: [&str; 2] = [
    "insert or fail into entry (id, source, revision, at, first_seen, lang, twin, page) values ",
    " on conflict (id) do nothing",
];

/// How many entries one statement takes: many, and then those that are left. (Values that are bound one by one cost half of
/// what the same in JSON do, where there are thousands.)
const AT_ONCE: [usize; 3] = [64, 8, 1];

/// A page that is there is the same: its key says of which visit it is.
const PAGE: &str = "insert into page (id, doc) values ($1, $2) on conflict (id) do nothing";
/// The same for eight: each statement costs a turn to the database.
const EIGHT_PAGES: &str = "insert into page (id, doc) values ($1, $2), ($3, $4), ($5, $6), ($7, $8), ($9, $10), ($11, $12),
    ($13, $14), ($15, $16) on conflict (id) do nothing";

const WITHDRAW: Sql = sql!(
    "update entry set withdrawn_at = v.at
     from (select cast(value ->> 0 as bigint) as id, cast(value ->> 1 as bigint) as at from" rows ") as v
     where entry.id = v.id and entry.withdrawn_at is null"
);

const RESTORE: Sql = sql!(
    "update entry set withdrawn_at = null
     where withdrawn_at is not null and id" in_keys
);

const STATES: Sql = sql!(
    "insert into source_state (id, doc) select key, value from" pairs "where true
     on conflict (id) do update set doc = excluded.doc"
);

/// A lease that another worker has taken meanwhile stays its own.
const SOURCES: Sql = sql!(
    "insert into source (id, due_at, visited_at)
     select value ->> 0, cast(value ->> 1 as bigint), cast(value ->> 2 as bigint) from" rows "where true
     on conflict (id) do update set
         due_at = excluded.due_at, visited_at = excluded.visited_at,
         lease_by = case when source.lease_by = $2 then null else source.lease_by end,
         lease_until = case when source.lease_by = $2 then null else source.lease_until end"
);

const OUTCOMES: Sql = sql!(
    "insert into outcome (source, at, duration_ms, doc)
     select value ->> 0, cast(value ->> 1 as bigint), cast(value ->> 2 as bigint), cast(value -> 3 as text)
     from" rows "where true
     on conflict (source, at) do nothing"
);

/// The new and changed entries of a visit as the database takes them: slim rows, and pages of texts. Making it takes time, and
/// can be done on a thread for work.
#[derive(Default)]
pub struct EncodedEntries {
    entries: Vec<Slim>,
    pages: Vec<(i64, Vec<u8>)>,
}

impl EncodedEntries {
    /// Packs what a visit to `source` at `at` has brought.
    pub fn encode(source: &SourceId, at: Time, changes: &[Change]) -> Self {
        let changes: Vec<(EntryId, &Change)> = changes.iter().map(|change| (change.entry.key.id(), change)).collect();
        let mut packed = Self { entries: Vec::with_capacity(changes.len()), pages: Vec::new() };
        for (number, (entries, doc)) in text_page::pack(&changes).enumerate() {
            let page = page_key(source, at, number);
            packed.pages.push((page, doc));
            packed.entries.extend(entries.iter().map(|&(id, change)| {
                let entry = &change.entry;
                let lang = entry.head.lang.as_ref().map(ToString::to_string);
                let (at, first_seen) = (change.at.millis(), change.first_seen.millis());
                (id.0, entry.key.source.clone(), change.revision.0, at, first_seen, lang, entry.dedup_key(), page)
            }));
        }
        packed
    }
}

/// A visit made ready for the database: what takes time is done, and what waits to be settled is small.
pub struct SettledVisit {
    visit: Visit,
    packed: EncodedEntries,
}

impl SettledVisit {
    /// Makes a visit ready.
    pub fn encode(mut visit: Visit) -> Self {
        let changes = std::mem::take(&mut visit.changes);
        Self { packed: EncodedEntries::encode(&visit.source, visit.at, &changes), visit }
    }

    /// A visit whose changes are packed already.
    pub fn new(visit: Visit, packed: EncodedEntries) -> Self {
        Self { visit, packed }
    }

    /// The visit; its changes are packed.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }
}

/// A slim row: entry, source, revision, place in time, first sight, language, twin, page.
type Slim = (i64, SourceId, i64, i64, i64, Option<String>, Option<i64>, i64);

/// The statements for so many entries: the one for new ones, where there is one, and the one for all.
fn entries_sql(dialect: Dialect, count: usize) -> (Option<&'static str>, &'static str) {
    static SQL: LazyLock<[[String; 3]; 3]> = LazyLock::new(|| {
        [(NEW_ENTRIES, false), (ENTRIES, false), (ENTRIES, true)].map(|([begin, end], named)| {
            // SQLite looks for the name of each parameter among all: without names there is nothing to look for.
            let name = |n: usize| if named { format!("${n}") } else { "?".to_owned() };
            AT_ONCE.map(|count| {
                let row = |n: usize| format!("({})", (1..=8).map(|column| name(n * 8 + column)).collect::<Vec<_>>().join(", "));
                format!("{begin}{}{end}", (0..count).map(row).collect::<Vec<_>>().join(", "))
            })
        })
    });
    let place = AT_ONCE.iter().position(|at_once| *at_once == count).expect("it is asked for by one of these");
    match dialect {
        Dialect::Sqlite => (Some(&SQL[0][place]), &SQL[1][place]),
        Dialect::Postgres => (None, &SQL[2][place]),
    }
}

/// A statement for entries with its parameters.
fn put_slim<'q>(sql: &'static str, rows: &'q [&'q Slim]) -> Query<'q, Any, AnyArguments> {
    rows.iter().fold(sqlx::query(sql), |query, row| {
        let (id, source, revision, at, first_seen, lang, twin, page) = row;
        let query = query.bind(id).bind(source.as_str()).bind(revision).bind(at).bind(first_seen);
        query.bind(lang.as_deref()).bind(twin).bind(page)
    })
}

/// The key of a page: of which source, of which visit, and which of its pages.
fn page_key(source: &SourceId, at: Time, number: usize) -> i64 {
    let name = format!("{source} {} {number}", at.millis());
    i64::from_le_bytes(*blake3::hash(name.as_bytes()).as_bytes().first_chunk().expect("a hash has 32 bytes"))
}

impl Store {
    /// Keeps what these visits found, all of it or nothing: entries, states, outcomes, due times; and frees the leases of
    /// `worker`. Settling the same again changes nothing.
    pub async fn settle_visits(&self, worker: &str, parcels: &[SettledVisit]) -> Result<(), StoreError> {
        if parcels.is_empty() {
            return Ok(());
        }
        self.try_settle(worker, parcels).await.map_err(self.failed("settle visits"))
    }

    async fn try_settle(&self, worker: &str, parcels: &[SettledVisit]) -> Result<(), sqlx::Error> {
        let visits = || parcels.iter().map(|parcel| &parcel.visit);
        let withdrawn = visits().flat_map(|visit| visit.withdrawn.iter().map(|id| (id, visit.at.millis())));
        // By name, the last visit of a source being the one that counts.
        let states: BTreeMap<_, _> = visits().filter_map(|visit| Some((visit.source.as_str(), visit.state.as_ref()?))).collect();
        let sources: BTreeMap<_, _> = visits().map(|visit| (visit.source.as_str(), visit)).collect();
        let outcomes = visits().filter(|visit| visit.outcome != Outcome::Same);

        let mut held = self.hold().await?;
        let mut tx = held.begin_with(self.dialect.begin()).await?;
        put_pages(&mut tx, parcels).await?;
        self.put_entries(&mut tx, &sorted(parcels)).await?;
        self.put(&mut tx, &WITHDRAW, rows(withdrawn)).await?;
        self.put(&mut tx, &RESTORE, rows(visits().flat_map(|visit| &visit.restored))).await?;
        self.put(&mut tx, &STATES, pairs(states.into_iter())).await?;
        self.put(&mut tx, &OUTCOMES, rows(outcomes.map(|v| (&v.source, v.at.millis(), v.duration_ms, &v.outcome)))).await?;
        for page in rows(sources.values().map(|visit| (&visit.source, visit.due.millis(), visit.at.millis()))) {
            sqlx::query(SOURCES.of(self.dialect)).bind(page).bind(plain(worker)).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        if let Some(leases) = &self.leases {
            leases.settle(worker, visits().map(|visit| &visit.source));
        }
        Ok(())
    }

    async fn put(
        &self,
        tx: &mut Transaction<'_, Any>,
        sql: &Sql,
        pages: impl Iterator<Item = String>,
    ) -> Result<(), sqlx::Error> {
        for page in pages {
            sqlx::query(sql.of(self.dialect)).bind(page).execute(&mut **tx).await?;
        }
        Ok(())
    }

    async fn put_entries(&self, tx: &mut Transaction<'_, Any>, mut rest: &[&Slim]) -> Result<(), sqlx::Error> {
        for at_once in AT_ONCE {
            let (new, all) = entries_sql(self.dialect, at_once);
            while let Some((some, after)) = rest.split_at_checked(at_once) {
                rest = after;
                if let Some(new) = new
                    && put_slim(new, some).execute(&mut **tx).await?.rows_affected() == some.len() as u64
                {
                    continue;
                }
                put_slim(all, some).execute(&mut **tx).await?;
            }
        }
        Ok(())
    }
}

async fn put_pages(tx: &mut Transaction<'_, Any>, parcels: &[SettledVisit]) -> Result<(), sqlx::Error> {
    let pages: Vec<_> = parcels.iter().flat_map(|parcel| &parcel.packed.pages).collect();
    let (eights, rest) = pages.as_chunks::<8>();
    for eight in eights {
        let query = eight.iter().fold(sqlx::query(EIGHT_PAGES), |query, (page, doc)| query.bind(page).bind(doc));
        query.execute(&mut **tx).await?;
    }
    for (page, doc) in rest {
        sqlx::query(PAGE).bind(page).bind(doc).execute(&mut **tx).await?;
    }
    Ok(())
}

/// All slim rows, the last one of each entry, in the order of their keys: two workers that settle the same entries then wait
/// for one another instead of blocking each other.
fn sorted(parcels: &[SettledVisit]) -> Vec<&Slim> {
    let mut slim: Vec<&Slim> = parcels.iter().flat_map(|parcel| &parcel.packed.entries).collect();
    slim.sort_by_key(|row| row.0);
    slim.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            *kept = *later;
        }
        same
    });
    slim
}
