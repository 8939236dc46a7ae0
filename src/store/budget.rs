//! The budgets of engines. An amount is reserved before a request is sent and settled after it. If the worker is killed in
//! between, the amount stays reserved, so that no limit is ever exceeded.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::connection::OperationResult;
use super::json::{from_json, to_json, without_nul};
use super::row::{count, time};
use super::sql::{Dialect, OwnedQuery, begin, set_durability};
use super::{Store, StoreError};
use crate::model::{Period, Time, Unit, Usage};

/// Reserves `$5` of at most `$6` in all, in one statement: of two workers that want the same remainder one gets it.
const RESERVE: &str = "update ledger set reserved = reserved + $5
     where engine = $1 and unit = $2 and per = $3 and since = $4 and reserved + spent + $5 <= $6";

/// A new period begins with what was spent in it before it was counted: a budget may be added or changed in the middle of a
/// month.
const OPEN_PERIOD: &str = "insert into ledger (engine, unit, per, since, reserved, spent)
     select $1, $2, $3, $4, 0, cast(coalesce(sum(
         case $2 when 'characters' then characters when 'tokens' then tokens_in + tokens_out else money end), 0) as bigint)
     from spending where engine = $1 and day >= $4
     on conflict (engine, unit, per, since) do nothing";

const SETTLE: &str = "update ledger set reserved = case when reserved > $5 then reserved - $5 else 0 end, spent = spent + $6
     where engine = $1 and unit = $2 and per = $3 and since = $4";

const ADD_SPENDING: &str = "insert into spending (engine, day, texts, characters, tokens_in, tokens_out, money, tokens_cached)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (engine, day) do update set texts = spending.texts + excluded.texts,
         characters = spending.characters + excluded.characters, tokens_in = spending.tokens_in + excluded.tokens_in,
         tokens_out = spending.tokens_out + excluded.tokens_out, money = spending.money + excluded.money,
         tokens_cached = spending.tokens_cached + excluded.tokens_cached";

const LOAD_USAGE: &str = "select reserved, spent from ledger where engine = $1 and unit = $2 and per = $3 and since = $4";

/// Sums up what was spent in a period before its budget was set: nothing was reserved in it yet.
const LOAD_SPENT_BEFORE: &str = "select cast(0 as bigint), cast(coalesce(sum(
         case $2 when 'characters' then characters when 'tokens' then tokens_in + tokens_out else money end), 0) as bigint)
     from spending where engine = $1 and day >= $4 and $3 <> ''";

const LOAD_SPENDING: &str =
    "select engine, day, texts, characters, tokens_in, tokens_out, money, tokens_cached from spending where day >= $1
     order by engine, day";

const LIST_FUTURE_SPENDING: &str =
    "select engine, day, texts, characters, tokens_in, tokens_out, money, tokens_cached from spending where day > $1
     order by engine, day";

const LIST_FUTURE_PERIODS: &str =
    "select engine, unit, per, cast(sum(reserved) as bigint), cast(sum(spent) as bigint) from ledger where since > $1
     group by engine, unit, per order by engine, unit, per";

const ADD_TO_PERIOD: &str = "update ledger set reserved = reserved + $5, spent = spent + $6
     where engine = $1 and unit = $2 and per = $3 and since = $4";

const DELETE_FUTURE_SPENDING: &str = "delete from spending where day > $1";

const DELETE_FUTURE_PERIODS: &str = "delete from ledger where since > $1";

/// A reserved amount of a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The engine's name in feeds.toml.
    pub engine: String,
    /// The unit that is counted.
    pub unit: Unit,
    /// The length of the budget's period.
    pub per: Period,
    /// The start of the period ([`Period::start`]).
    pub since: Time,
    /// The amount.
    pub amount: u64,
}

/// The usage of an engine on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The engine's name in feeds.toml.
    pub engine: String,
    /// The start of the day, in UTC.
    pub day: Time,
    /// The number of texts that were sent.
    pub texts: u64,
    /// Characters and tokens.
    pub used: Usage,
    /// The cost, in millionths of the currency's unit.
    pub money: u64,
}

/// The used part of a budget in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BudgetUsage {
    /// The reserved amount: of requests in flight, or lost with the worker that sent them.
    pub reserved: u64,
    /// The spent amount.
    pub spent: u64,
}

impl Store {
    /// Reserves an amount if the limit allows it, with everything that is spent and reserved already. Returns false if not.
    /// Concurrent workers and killed ones never exceed the limit together. The commit survives a power cut.
    pub async fn reserve_budget(&self, reservation: &Reservation, limit: u64) -> Result<bool, StoreError> {
        let is_reserved = reservation.amount <= limit && self.try_reserve(reservation.clone(), limit).await?;
        tracing::debug!(
            engine.id = %reservation.engine,
            amount = reservation.amount,
            limit,
            reserved = is_reserved,
            "quota of {}: {} {}",
            reservation.engine,
            reservation.amount,
            if is_reserved { "reserved" } else { "refused, the limit would be exceeded" }
        );
        Ok(is_reserved)
    }

    async fn try_reserve(&self, reservation: Reservation, limit: u64) -> Result<bool, StoreError> {
        let dialect = self.dialect;
        self.run("reserve a budget", move |connection| {
            Box::pin(async move {
                set_durability(connection, dialect, true).await?;
                let mut is_reserved = reserve(connection, &reservation, limit).await?;
                if !is_reserved && open_period(connection, &reservation).await? {
                    is_reserved = reserve(connection, &reservation, limit).await?;
                }
                set_durability(connection, dialect, false).await?;
                Ok(is_reserved)
            })
        })
        .await
    }

    /// Records the usage of an engine. Of the reservation the given amount is spent, and the rest is free again. The commit
    /// survives a power cut.
    pub async fn settle_spending(&self, done: &Spending, reserved: Option<(&Reservation, u64)>) -> Result<(), StoreError> {
        let (dialect, spending) = (self.dialect, done.clone());
        let settled = reserved.map(|(reservation, spent)| (reservation.clone(), spent));
        self.run("settle a budget", move |connection| {
            Box::pin(async move {
                set_durability(connection, dialect, true).await?;
                settle_reservation(connection, dialect, &spending, settled).await?;
                Ok(set_durability(connection, dialect, false).await?)
            })
        })
        .await?;
        tracing::debug!(
            engine.id = %done.engine,
            texts = done.texts,
            characters = done.used.characters,
            spent = reserved.map(|(_, spent)| spent),
            "quota of {} settled",
            done.engine
        );
        Ok(())
    }

    /// Returns the usage of a budget in the period that began at `since`, with what was spent in it before there was a budget.
    pub async fn load_budget_usage(&self, engine: &str, unit: Unit, per: Period, since: Time) -> Result<BudgetUsage, StoreError> {
        let attempt = "read a budget";
        let query = bind_period(LOAD_USAGE, engine, unit, per, since);
        let row = match self.fetch_optional(attempt, query).await? {
            Some(row) => row,
            None => self.fetch_one(attempt, bind_period(LOAD_SPENT_BEFORE, engine, unit, per, since)).await?,
        };
        self.decode(attempt, budget_usage(&row))
    }

    /// Returns the usage of all engines since a day, by engine and day.
    pub async fn load_spending(&self, since: Time) -> Result<Vec<Spending>, StoreError> {
        let attempt = "read the spending";
        let rows = self.fetch_all(attempt, sqlx::query(LOAD_SPENDING).bind(since.millis())).await?;
        self.decode(attempt, rows.iter().map(spending).collect())
    }
}

async fn reserve(connection: &mut AnyConnection, reservation: &Reservation, limit: u64) -> Result<bool, sqlx::Error> {
    let query = bind_reservation(RESERVE, reservation).bind(to_number(reservation.amount)).bind(to_number(limit));
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// Opens the period of a reservation. Returns false if it was open.
async fn open_period(connection: &mut AnyConnection, reservation: &Reservation) -> Result<bool, sqlx::Error> {
    Ok(bind_reservation(OPEN_PERIOD, reservation).execute(connection).await?.rows_affected() > 0)
}

async fn settle_reservation(
    connection: &mut AnyConnection,
    dialect: Dialect,
    spending: &Spending,
    reserved: Option<(Reservation, u64)>,
) -> Result<(), sqlx::Error> {
    let mut tx = begin(connection, dialect).await?;
    settle_within(&mut tx, spending, reserved).await?;
    tx.commit().await
}

/// Settles within a transaction.
pub(super) async fn settle_within(
    connection: &mut AnyConnection,
    spending: &Spending,
    reserved: Option<(Reservation, u64)>,
) -> Result<(), sqlx::Error> {
    if let Some((reservation, spent)) = reserved {
        let query = bind_reservation(SETTLE, &reservation).bind(to_number(reservation.amount)).bind(to_number(spent));
        query.execute(&mut *connection).await?;
    }
    if spending.texts > 0 {
        add_spending(spending).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Moves what was spent on days after `now`, as a clock said that was ahead, to today: it was spent, and no new period may pay
/// for it.
pub(super) async fn move_future_spending(connection: &mut AnyConnection, now: Time) -> OperationResult<()> {
    let spent_later = sqlx::query(LIST_FUTURE_SPENDING).bind(now.millis()).fetch_all(&mut *connection).await?;
    sqlx::query(DELETE_FUTURE_SPENDING).bind(now.millis()).execute(&mut *connection).await?;
    for row in spent_later {
        let spending = Spending { day: Period::Day.start(now), ..spending(&row)? };
        add_spending(&spending).execute(&mut *connection).await?;
    }
    for row in sqlx::query(LIST_FUTURE_PERIODS).bind(now.millis()).fetch_all(&mut *connection).await? {
        let per: Period = from_name(row.try_get(2)?)?;
        let (engine, unit, amount) = (row.try_get(0)?, from_name(row.try_get(1)?)?, count(&row, 3)?);
        let period = Reservation { engine, unit, per, since: per.start(now), amount };
        // A period that is opened now counts what was just moved to today.
        let spent = if open_period(&mut *connection, &period).await? { 0 } else { count(&row, 4)? };
        let query = bind_reservation(ADD_TO_PERIOD, &period).bind(to_number(amount)).bind(to_number(spent));
        query.execute(&mut *connection).await?;
    }
    sqlx::query(DELETE_FUTURE_PERIODS).bind(now.millis()).execute(&mut *connection).await?;
    Ok(())
}

fn add_spending(spending: &Spending) -> OwnedQuery {
    sqlx::query(ADD_SPENDING)
        .bind(without_nul(&spending.engine))
        .bind(spending.day.millis())
        .bind(to_number(spending.texts))
        .bind(to_number(spending.used.characters))
        .bind(to_number(spending.used.tokens_in))
        .bind(to_number(spending.used.tokens_out))
        .bind(to_number(spending.money))
        .bind(to_number(spending.used.tokens_cached))
}

fn bind_reservation(sql: &'static str, reservation: &Reservation) -> OwnedQuery {
    let Reservation { engine, unit, per, since, .. } = reservation;
    bind_period(sql, engine, *unit, *per, *since)
}

/// Binds the first four parameters of a statement, which say in which period of which budget it counts.
fn bind_period(sql: &'static str, engine: &str, unit: Unit, per: Period, since: Time) -> OwnedQuery {
    sqlx::query(sql).bind(without_nul(engine)).bind(to_name(&unit)).bind(to_name(&per)).bind(since.millis())
}

fn budget_usage(row: &AnyRow) -> OperationResult<BudgetUsage> {
    Ok(BudgetUsage { reserved: count(row, 0)?, spent: count(row, 1)? })
}

fn spending(row: &AnyRow) -> OperationResult<Spending> {
    Ok(Spending {
        engine: row.try_get(0)?,
        day: time(row, 1)?,
        texts: count(row, 2)?,
        used: Usage {
            characters: count(row, 3)?,
            tokens_in: count(row, 4)?,
            tokens_out: count(row, 5)?,
            tokens_cached: count(row, 7)?,
        },
        money: count(row, 6)?,
    })
}

/// Writes an enum of the model as the database keeps it: the same name as in JSON.
fn to_name(value: &impl Serialize) -> String {
    to_json(value).trim_matches('"').to_owned()
}

/// Reads an enum of the model as [`to_name`] writes it.
fn from_name<T: DeserializeOwned>(name: &str) -> OperationResult<T> {
    from_json("a budget", &to_json(&name))
}

/// Converts an amount. It is capped so that sums of many stay within 64 bits.
fn to_number(amount: u64) -> i64 {
    const MAX: u64 = 1 << 52;
    amount.min(MAX).cast_signed()
}
