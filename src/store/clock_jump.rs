//! Corrects what was stored while the clock was ahead. Whatever decides something later is corrected: due times, the place of
//! entries, refusals, budgets, the rest of engines, agreements with hubs.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::budget::move_future_spending;
use super::changes::{ENTRIES, count_change};
use super::connection::OperationResult;
use super::json::objects;
use super::row::{document, optional_time};
use super::settle::SAVE_STATES;
use super::sql::{Dialect, Sql, begin, sql};
use super::{Store, StoreError};
use crate::model::{EngineState, Period, SourceState, Time};
use crate::policy::{ClockJump, MAX_CLOCK_SKEW};

/// Lets one worker at a time correct: two would correct the same time twice.
const LOCK: Sql = sql!(sqlite "select 1" or postgres "select cast(pg_advisory_xact_lock(7215490) as text)");

/// The times beyond `$1` that the clock is known to have said: runs began and ended, and sources were visited.
const FIND_FUTURE: &str = "select min(at), max(at) from (
         select started as at from run where started > $1
         union all select finished from run where finished > $1
         union all select visited_at from source where visited_at > $1) as said";

/// Corrects entries: times from `$1` on are `$2` milliseconds too late, and so are places after the present (`$3`) that were given
/// then.
const CORRECT_ENTRIES: &str = "update entry
     set at = case when at >= $1 or (first_seen >= $1 and at > $3) then at - $2 else at end,
         first_seen = case when first_seen >= $1 then first_seen - $2 else first_seen end
     where at >= $1 or first_seen >= $1";

/// Corrects columns: times from `$1` on are `$2` milliseconds too late.
const CORRECT: [&str; 6] = [
    "update source set due_at = case when due_at >= $1 then due_at - $2 else due_at end,
         visited_at = case when visited_at >= $1 then visited_at - $2 else visited_at end
     where due_at >= $1 or visited_at >= $1",
    "update rendition set retry_at = retry_at - $2 where retry_at >= $1",
    "update memory set made = case when made >= $1 then made - $2 else made end,
         refused_until = case when refused_until >= $1 then refused_until - $2 else refused_until end
     where made >= $1 or refused_until >= $1",
    "update subscription set asked = case when asked >= $1 then asked - $2 else asked end,
         until = case when until >= $1 then until - $2 else until end
     where asked >= $1 or until >= $1",
    "update vendor_batch set submitted = case when submitted >= $1 then submitted - $2 else submitted end,
         look_at = case when look_at >= $1 then look_at - $2 else look_at end, lease_until = null
     where submitted >= $1 or look_at >= $1 or lease_until >= $1",
    "update run set started = case when started >= $1 then started - $2 else started end,
         finished = case when finished >= $1 then finished - $2 else finished end
     where started >= $1 or finished >= $1",
];

/// Deletes what is made anew when it is missing, and the history of visits, which decides nothing.
const DELETE: [&str; 3] =
    ["delete from outcome where at >= $1", "delete from host where at >= $1", "delete from segment_claim where until >= $1"];

/// Translations are kept by the month of their last use.
const CORRECT_USE: [&str; 2] = ["update memory set used = $1 where used > $1", "update reading set used = $1 where used > $1"];

const SAVE_ENGINES: Sql = sql!(
    "insert into engine (id, doc) select key, value from" json_pairs "where true on conflict (id) do update set doc = excluded.doc"
);

impl Store {
    /// Corrects the times that were stored while the clock was ahead, which now says `now`. Returns nothing if it was not.
    pub async fn correct_clock_jump(&self, now: Time) -> Result<Option<ClockJump>, StoreError> {
        let dialect = self.dialect;
        let attempt = "correct times of a clock that was ahead";
        let corrected = self.run(attempt, move |connection| Box::pin(correct(connection, dialect, now))).await?;
        if let Some(jump) = &corrected {
            tracing::warn!(
                "the clock said {} before, and says {now} now: what was dated in the future is corrected (if the clock is wrong \
                 now, set it before the next run)",
                now.plus(jump.ahead)
            );
        }
        Ok(corrected)
    }
}

async fn correct(connection: &mut AnyConnection, dialect: Dialect, now: Time) -> OperationResult<Option<ClockJump>> {
    let mut tx = begin(connection, dialect).await?;
    LOCK.query(dialect).fetch_one(&mut *tx).await?;
    let said = sqlx::query(FIND_FUTURE).bind(now.plus(MAX_CLOCK_SKEW).millis()).fetch_one(&mut *tx).await?;
    let Some(jump) =
        optional_time(&said, 0)?.zip(optional_time(&said, 1)?).and_then(|(first, last)| ClockJump::detect(first, last, now))
    else {
        return Ok(None);
    };
    let (from, ahead) = (jump.from.millis(), i64::try_from(jump.ahead.as_millis()).unwrap_or(i64::MAX));
    // In the order in which visits are settled, so that other workers wait instead of blocking this one.
    sqlx::query(CORRECT_ENTRIES).bind(from).bind(ahead).bind(now.millis()).execute(&mut *tx).await?;
    for sql in CORRECT {
        sqlx::query(sql).bind(from).bind(ahead).execute(&mut *tx).await?;
    }
    for sql in DELETE {
        sqlx::query(sql).bind(from).execute(&mut *tx).await?;
    }
    for sql in CORRECT_USE {
        sqlx::query(sql).bind(Period::Month.start(now).millis()).execute(&mut *tx).await?;
    }
    correct_documents(&mut tx, dialect, &jump).await?;
    move_future_spending(&mut tx, now).await?;
    count_change(&mut tx, ENTRIES).await?;
    tx.commit().await?;
    Ok(Some(jump))
}

/// Corrects the states of sources and engines.
async fn correct_documents(connection: &mut AnyConnection, dialect: Dialect, jump: &ClockJump) -> OperationResult<()> {
    let rows = sqlx::query("select id, doc from source_state").fetch_all(&mut *connection).await?;
    for page in corrected("the state of a source", &rows, |state: &mut SourceState| jump.correct_source(state))? {
        SAVE_STATES.query(dialect).bind(page).execute(&mut *connection).await?;
    }
    let rows = sqlx::query("select id, doc from engine").fetch_all(&mut *connection).await?;
    for page in corrected("the state of an engine", &rows, |state: &mut EngineState| jump.correct_engine(state))? {
        SAVE_ENGINES.query(dialect).bind(page).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Returns the documents that have changed, by their ids, as JSON objects of bounded size.
fn corrected<T: Clone + PartialEq + Serialize + DeserializeOwned>(
    what: &'static str,
    rows: &[AnyRow],
    correct: impl Fn(&mut T),
) -> OperationResult<Vec<String>> {
    let mut changed: Vec<(String, T)> = Vec::new();
    for row in rows {
        let before: T = document(what, row, 1)?;
        let mut after = before.clone();
        correct(&mut after);
        if after != before {
            changed.push((row.try_get(0)?, after));
        }
    }
    Ok(objects(changed.into_iter()).collect())
}
