//! What engines may still use. An amount is set aside before a request is sent and settled after it: whatever is killed in
//! between stays set aside, so that no limit is ever passed.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Connection, Row};

use super::json;
use super::{Store, StoreError};
use crate::model::{Period, Time, Unit, Usage};

/// `$5` of at most `$6` in all, in one statement: of two workers that want the same remainder one gets it.
const RESERVE: &str = "update ledger set reserved = reserved + $5
     where engine = $1 and unit = $2 and per = $3 and since = $4 and reserved + spent + $5 <= $6";

/// A period begins with what was used up in it before it was counted: a budget may be made, or changed, in the middle of a month.
const OPEN: &str = "insert into ledger (engine, unit, per, since, reserved, spent)
     select $1, $2, $3, $4, 0, cast(coalesce(sum(
         case $2 when 'characters' then characters when 'tokens' then tokens_in + tokens_out else money end), 0) as bigint)
     from spending where engine = $1 and day >= $4
     on conflict (engine, unit, per, since) do nothing";

const SETTLE: &str = "update ledger set reserved = case when reserved > $5 then reserved - $5 else 0 end, spent = spent + $6
     where engine = $1 and unit = $2 and per = $3 and since = $4";

const SPEND: &str = "insert into spending (engine, day, texts, characters, tokens_in, tokens_out, money)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (engine, day) do update set texts = spending.texts + excluded.texts,
         characters = spending.characters + excluded.characters, tokens_in = spending.tokens_in + excluded.tokens_in,
         tokens_out = spending.tokens_out + excluded.tokens_out, money = spending.money + excluded.money";

/// An amount of a budget that is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Whose budget: the engine's name in feeds.toml.
    pub engine: String,
    /// What is counted.
    pub unit: Unit,
    /// For how long the budget is.
    pub per: Period,
    /// When that began ([`Period::start`]).
    pub since: Time,
    /// So much of it.
    pub amount: u64,
}

/// What an engine did on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The engine's name in feeds.toml.
    pub engine: String,
    /// The beginning of the day, in UTC.
    pub day: Time,
    /// Texts sent.
    pub texts: u64,
    /// What they used up.
    pub used: Usage,
    /// What that cost, in millionths of the currency's unit.
    pub money: u64,
}

/// How a budget stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BudgetUsage {
    /// Set aside: on its way, or lost with the worker that had it.
    pub reserved: u64,
    /// Spent.
    pub spent: u64,
}

impl Store {
    /// Sets an amount aside, if the limit allows it with all that is spent and set aside already: whatever other workers do at
    /// the same time, and whoever is killed, no more than the limit is set aside and spent. It outlasts a power cut.
    pub async fn reserve_budget(&self, reservation: &Reservation, limit: u64) -> Result<bool, StoreError> {
        if reservation.amount > limit {
            return Ok(false);
        }
        self.try_reserve(reservation, limit).await.map_err(self.failed("reserve a budget"))
    }

    async fn try_reserve(&self, reservation: &Reservation, limit: u64) -> Result<bool, sqlx::Error> {
        let mut held = self.hold().await?;
        held.durable(self.dialect, true).await?;
        let mut is_reserved = set_aside(&mut held, reservation, limit).await?;
        if !is_reserved && on(OPEN, reservation).execute(&mut *held).await?.rows_affected() > 0 {
            is_reserved = set_aside(&mut held, reservation, limit).await?;
        }
        held.durable(self.dialect, false).await?;
        Ok(is_reserved)
    }

    /// Writes down what an engine did. Of what was set aside for it, `spent` is spent, and the rest is free again.
    pub async fn settle_spending(&self, done: &Spending, reserved: Option<(&Reservation, u64)>) -> Result<(), StoreError> {
        self.try_settle_spending(done, reserved).await.map_err(self.failed("settle a budget"))
    }

    async fn try_settle_spending(&self, done: &Spending, reserved: Option<(&Reservation, u64)>) -> Result<(), sqlx::Error> {
        let mut held = self.hold().await?;
        held.durable(self.dialect, true).await?;
        let mut tx = held.begin_with(self.dialect.begin()).await?;
        if let Some((reservation, spent)) = reserved {
            on(SETTLE, reservation).bind(number(reservation.amount)).bind(number(spent)).execute(&mut *tx).await?;
        }
        if done.texts > 0 {
            sqlx::query(SPEND)
                .bind(json::plain(&done.engine))
                .bind(done.day.millis())
                .bind(number(done.texts))
                .bind(number(done.used.characters))
                .bind(number(done.used.tokens_in))
                .bind(number(done.used.tokens_out))
                .bind(number(done.money))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        held.durable(self.dialect, false).await
    }

    /// How a budget stands in the period that began at `since`.
    pub async fn load_budget_usage(&self, engine: &str, unit: Unit, per: Period, since: Time) -> Result<BudgetUsage, StoreError> {
        let failed = self.failed("read a budget");
        let mut held = self.hold().await.map_err(&failed)?;
        let row = sqlx::query("select reserved, spent from ledger where engine = $1 and unit = $2 and per = $3 and since = $4")
            .bind(json::plain(engine))
            .bind(name(&unit))
            .bind(name(&per))
            .bind(since.millis())
            .fetch_optional(&mut *held)
            .await
            .map_err(&failed)?;
        let Some(row) = row else { return Ok(BudgetUsage::default()) };
        let amount = |at: usize| row.try_get::<i64, _>(at).map(|number| u64::try_from(number).unwrap_or(0)).map_err(&failed);
        Ok(BudgetUsage { reserved: amount(0)?, spent: amount(1)? })
    }

    /// What engines did since a day, by engine and day.
    pub async fn load_spending(&self, since: Time) -> Result<Vec<Spending>, StoreError> {
        let failed = self.failed("read what was spent");
        let mut held = self.hold().await.map_err(&failed)?;
        let rows = sqlx::query(
            "select engine, day, texts, characters, tokens_in, tokens_out, money from spending where day >= $1 order by engine, day",
        )
        .bind(since.millis())
        .fetch_all(&mut *held)
        .await
        .map_err(&failed)?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let amount = |at: usize| row.try_get::<i64, _>(at).map(|number| u64::try_from(number).unwrap_or(0)).map_err(&failed);
            all.push(Spending {
                engine: row.try_get(0).map_err(&failed)?,
                day: Time::from_millis(row.try_get(1).map_err(&failed)?),
                texts: amount(2)?,
                used: Usage { characters: amount(3)?, tokens_in: amount(4)?, tokens_out: amount(5)? },
                money: amount(6)?,
            });
        }
        Ok(all)
    }
}

async fn set_aside(connection: &mut AnyConnection, reservation: &Reservation, limit: u64) -> Result<bool, sqlx::Error> {
    let query = on(RESERVE, reservation).bind(number(reservation.amount)).bind(number(limit));
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// A statement whose first four parameters say where a budget is counted.
fn on(sql: &'static str, of: &Reservation) -> Query<'static, Any, AnyArguments> {
    sqlx::query(sql).bind(json::plain(&of.engine)).bind(name(&of.unit)).bind(name(&of.per)).bind(of.since.millis())
}

/// A word of the model as the database keeps it: the same as in JSON.
fn name(word: &impl serde::Serialize) -> String {
    json::text(word).trim_matches('"').to_owned()
}

/// Sums of many stay within 64 bits.
fn number(amount: u64) -> i64 {
    const MOST: u64 = 1 << 52;
    amount.min(MOST).cast_signed()
}
