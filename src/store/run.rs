//! Runs and their reports, and what was last written where.

use sqlx::Row;

use super::{Store, StoreError, json};
use crate::model::{Report, Time};

impl Store {
    /// Begins a run and gives its number, greater than those of all before it.
    pub async fn begin_run(&self, now: Time) -> Result<i64, StoreError> {
        let failed = self.failed("begin a run");
        let mut held = self.hold().await.map_err(&failed)?;
        let row = sqlx::query("insert into run (started) values ($1) returning id")
            .bind(now.millis())
            .fetch_one(&mut *held)
            .await
            .map_err(&failed)?;
        row.try_get(0).map_err(failed)
    }

    /// Ends a run with its report.
    pub async fn end_run(&self, run: i64, report: &Report) -> Result<(), StoreError> {
        let lasted = i64::try_from(report.duration_ms).unwrap_or(i64::MAX);
        let failed = self.failed("end a run");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query("update run set finished = $2, report = $3 where id = $1")
            .bind(run)
            .bind(Time::from_millis(report.started.millis().saturating_add(lasted)).millis())
            .bind(json::text(report))
            .execute(&mut *held)
            .await
            .map(|_| ())
            .map_err(failed)
    }

    /// The last run: its number, when it began, and its report if it has ended.
    pub async fn load_last_run(&self) -> Result<Option<(i64, Time, Option<Report>)>, StoreError> {
        let failed = self.failed("read the last run");
        let mut held = self.hold().await.map_err(&failed)?;
        let row = sqlx::query("select id, started, report from run order by id desc limit 1")
            .fetch_optional(&mut *held)
            .await
            .map_err(&failed)?;
        let Some(row) = row else { return Ok(None) };
        let report = row.try_get::<Option<&str>, _>(2).map_err(&failed)?;
        let report = report.map(|doc| self.read_doc("the report of a run", doc)).transpose()?;
        let started = Time::from_millis(row.try_get(1).map_err(&failed)?);
        Ok(Some((row.try_get(0).map_err(failed)?, started, report)))
    }

    /// What was noted of the publication `name` at `target`.
    pub async fn load_publication(&self, target: &str, name: &str) -> Result<Option<String>, StoreError> {
        let failed = self.failed("read a publication");
        let mut held = self.hold().await.map_err(&failed)?;
        let row = sqlx::query("select doc from publication where target = $1 and name = $2")
            .bind(json::plain(target))
            .bind(json::plain(name))
            .fetch_optional(&mut *held)
            .await
            .map_err(&failed)?;
        row.map(|row| row.try_get(0)).transpose().map_err(failed)
    }

    /// The names of all publications at `target` and what was noted of them, by name.
    pub async fn list_publications(&self, target: &str) -> Result<Vec<(String, String)>, StoreError> {
        let failed = self.failed("list publications");
        let mut held = self.hold().await.map_err(&failed)?;
        let rows = sqlx::query("select name, doc from publication where target = $1")
            .bind(json::plain(target))
            .fetch_all(&mut *held)
            .await
            .map_err(&failed)?;
        let all: Result<Vec<(String, String)>, _> = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect();
        let mut all = all.map_err(failed)?;
        all.sort_unstable();
        Ok(all)
    }

    /// Notes something of the publication `name` at `target`, in place of what was noted before.
    pub async fn save_publication(&self, target: &str, name: &str, note: &str) -> Result<(), StoreError> {
        let failed = self.failed("note a publication");
        let mut held = self.hold().await.map_err(&failed)?;
        sqlx::query(
            "insert into publication (target, name, doc) values ($1, $2, $3)
             on conflict (target, name) do update set doc = excluded.doc",
        )
        .bind(json::plain(target))
        .bind(json::plain(name))
        .bind(json::plain(note))
        .execute(&mut *held)
        .await
        .map(|_| ())
        .map_err(failed)
    }
}
