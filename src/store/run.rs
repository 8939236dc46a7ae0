//! Runs with their reports, and the records of what was last published where.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::connection::OperationResult;
use super::json::{from_json, to_json, without_nul};
use super::row::{count, optional_time, time};
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{Report, Time};
use crate::policy::MAX_CLOCK_SKEW;

/// Returns also the latest time that the last runs have left. It shows that the clock was ahead, until that is corrected.
const BEGIN: &str = "insert into run (started) values ($1) returning id,
     (select max(case when finished > started then finished else started end)
      from (select started, finished from run as earlier where earlier.id < run.id order by earlier.id desc limit 20) as recent)";

const SAVE_PUBLICATION: &str = "insert into publication (target, name, doc) values ($1, $2, $3)
     on conflict (target, name) do update set doc = excluded.doc";

/// Adds up the reports of the runs that were at work since `$1`: that of a daemon is written again and again.
const RECALLED: Sql = sql!(
    sqlite "select coalesce(sum(cast(report -> 'translation' ->> 'recalled' as bigint)), 0),
                   coalesce(sum(cast(report -> 'translation' ->> 'sent' as bigint)), 0)
            from run where finished >= $1 and report is not null"
    or postgres "select cast(coalesce(sum(cast(cast(report as json) -> 'translation' ->> 'recalled' as bigint)), 0) as bigint),
                        cast(coalesce(sum(cast(cast(report as json) -> 'translation' ->> 'sent' as bigint)), 0) as bigint)
            from run where finished >= $1 and report is not null"
);

/// A run, as the store has it.
#[derive(Clone, Debug)]
pub struct RecentRun {
    /// Its number.
    pub run: i64,
    /// The time at which it began.
    pub started: Time,
    /// The time up to which its report tells: of a run that goes on, the last time that the report was saved.
    pub finished: Option<Time>,
    /// Its report, if there is one yet.
    pub report: Option<Report>,
}

/// Texts that were to be translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecalledTexts {
    /// Those that the memory had.
    pub recalled: u64,
    /// Those that were sent to engines.
    pub sent: u64,
}

impl Store {
    /// Begins a run and returns its number, greater than all before it. If earlier runs were in the future, what they stored is
    /// corrected.
    pub async fn begin_run(&self, now: Time) -> Result<i64, StoreError> {
        let attempt = "begin a run";
        let row = self.fetch_one(attempt, sqlx::query(BEGIN).bind(now.millis())).await?;
        let latest = self.decode(attempt, optional_time(&row, 1).map_err(Into::into))?;
        if latest.is_some_and(|latest| latest > now.plus(MAX_CLOCK_SKEW)) {
            self.correct_clock_jump(now).await?;
        }
        self.decode(attempt, row.try_get(0).map_err(Into::into))
    }

    /// Ends a run with its report.
    pub async fn end_run(&self, run: i64, report: &Report) -> Result<(), StoreError> {
        let duration = i64::try_from(report.duration_ms).unwrap_or(i64::MAX);
        let query = sqlx::query("update run set finished = $2, report = $3 where id = $1")
            .bind(run)
            .bind(Time::from_millis(report.started.millis().saturating_add(duration)).millis())
            .bind(to_json(report));
        self.execute("end a run", query).await.map(|_| ())
    }

    /// Returns the last run: its number, the time at which it began, and its report if it has ended.
    pub async fn load_last_run(&self) -> Result<Option<(i64, Time, Option<Report>)>, StoreError> {
        let attempt = "read the last run";
        let query = sqlx::query("select id, started, report from run order by id desc limit 1");
        let row = self.fetch_optional(attempt, query).await?;
        self.decode(attempt, row.as_ref().map(read_run).transpose())
    }

    /// Returns the last runs, the newest first.
    pub async fn load_recent_runs(&self, limit: u32) -> Result<Vec<RecentRun>, StoreError> {
        let attempt = "list the last runs";
        let query = sqlx::query("select id, started, report, finished from run order by id desc limit $1").bind(i64::from(limit));
        let rows = self.fetch_all(attempt, query).await?;
        let read = |row: &AnyRow| {
            let (run, started, report) = read_run(row)?;
            Ok(RecentRun { run, started, finished: optional_time(row, 3)?, report })
        };
        self.decode(attempt, rows.iter().map(read).collect())
    }

    /// Returns how many texts the memory had, and how many were sent, in the runs that were at work since then.
    pub async fn load_recalled_texts(&self, since: Time) -> Result<RecalledTexts, StoreError> {
        let attempt = "add up what the memory had";
        let row = self.fetch_one(attempt, RECALLED.query(self.dialect).bind(since.millis())).await?;
        let read: OperationResult<_> = (|| Ok(RecalledTexts { recalled: count(&row, 0)?, sent: count(&row, 1)? }))();
        self.decode(attempt, read)
    }

    /// Returns the record of the publication `name` at `target`.
    pub async fn load_publication(&self, target: &str, name: &str) -> Result<Option<String>, StoreError> {
        let attempt = "read a publication";
        let query = sqlx::query("select doc from publication where target = $1 and name = $2");
        let row = self.fetch_optional(attempt, query.bind(without_nul(target)).bind(without_nul(name))).await?;
        self.decode(attempt, row.map(|row| row.try_get(0)).transpose().map_err(Into::into))
    }

    /// Returns the names and records of all publications at `target`, by name.
    pub async fn list_publications(&self, target: &str) -> Result<Vec<(String, String)>, StoreError> {
        let attempt = "list publications";
        let query = sqlx::query("select name, doc from publication where target = $1").bind(without_nul(target));
        let rows = self.fetch_all(attempt, query).await?;
        let publications: OperationResult<Vec<_>> = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect();
        let mut publications = self.decode(attempt, publications)?;
        publications.sort_unstable();
        Ok(publications)
    }

    /// Saves the record of the publication `name` at `target`. It replaces the last one.
    pub async fn save_publication(&self, target: &str, name: &str, record: &str) -> Result<(), StoreError> {
        let query = sqlx::query(SAVE_PUBLICATION).bind(without_nul(target)).bind(without_nul(name)).bind(without_nul(record));
        self.execute("save a publication", query).await.map(|_| ())
    }
}

fn read_run(row: &AnyRow) -> OperationResult<(i64, Time, Option<Report>)> {
    let report = row.try_get::<Option<&str>, _>(2)?.map(|json| from_json("the report of a run", json)).transpose()?;
    Ok((row.try_get(0)?, time(row, 1)?, report))
}
