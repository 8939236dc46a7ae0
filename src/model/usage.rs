//! The usage of engines, its price, and budgets.

use std::ops::{Add, AddAssign};

use chrono::{Datelike, Days, Months, NaiveTime};
use serde::{Deserialize, Serialize};

use super::Time;

/// The usage of requests to an engine. Characters are Unicode scalar values, as every vendor that bills them counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Characters sent, with the marks if the vendor counts them.
    pub characters: u64,
    /// Tokens read by a language model.
    pub tokens_in: u64,
    /// Tokens written by a language model.
    pub tokens_out: u64,
    /// Of the tokens read, those that the server had in its cache. Most vendors bill them at a part of the price; they are priced like
    /// the others here.
    #[serde(default)]
    pub tokens_cached: u64,
}

impl Usage {
    /// Returns the usage of as many requests like this one.
    #[must_use]
    pub fn times(self, number: u64) -> Self {
        Self {
            characters: self.characters.saturating_mul(number),
            tokens_in: self.tokens_in.saturating_mul(number),
            tokens_out: self.tokens_out.saturating_mul(number),
            tokens_cached: self.tokens_cached.saturating_mul(number),
        }
    }

    /// Returns the larger figure of each kind.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            characters: self.characters.max(other.characters),
            tokens_in: self.tokens_in.max(other.tokens_in),
            tokens_out: self.tokens_out.max(other.tokens_out),
            tokens_cached: self.tokens_cached.max(other.tokens_cached),
        }
    }

    /// Returns the smaller figure of each kind.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self {
            characters: self.characters.min(other.characters),
            tokens_in: self.tokens_in.min(other.tokens_in),
            tokens_out: self.tokens_out.min(other.tokens_out),
            tokens_cached: self.tokens_cached.min(other.tokens_cached),
        }
    }

    /// Returns the sum of the tokens.
    pub fn tokens(self) -> u64 {
        self.tokens_in.saturating_add(self.tokens_out)
    }

    /// Returns what is left of it without a part of it.
    #[must_use]
    pub fn without(self, part: Self) -> Self {
        Self {
            characters: self.characters.saturating_sub(part.characters),
            tokens_in: self.tokens_in.saturating_sub(part.tokens_in),
            tokens_out: self.tokens_out.saturating_sub(part.tokens_out),
            tokens_cached: self.tokens_cached.saturating_sub(part.tokens_cached),
        }
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            characters: self.characters.saturating_add(other.characters),
            tokens_in: self.tokens_in.saturating_add(other.tokens_in),
            tokens_out: self.tokens_out.saturating_add(other.tokens_out),
            tokens_cached: self.tokens_cached.saturating_add(other.tokens_cached),
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// The price of an engine's work, in millionths of the currency's unit for a million each: the figure that vendors publish,
/// times a million.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The price of characters.
    pub per_million_characters: u64,
    /// The price of tokens read.
    pub per_million_tokens_in: u64,
    /// The price of tokens written.
    pub per_million_tokens_out: u64,
    /// The currency (ISO 4217), to be shown.
    pub currency: String,
}

impl Price {
    /// Returns the cost, in millionths of the currency's unit, rounded up: a budget errs on the safe side.
    pub fn cost_of(&self, used: Usage) -> u64 {
        let sum = u128::from(used.characters) * u128::from(self.per_million_characters)
            + u128::from(used.tokens_in) * u128::from(self.per_million_tokens_in)
            + u128::from(used.tokens_out) * u128::from(self.per_million_tokens_out);
        u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// Returns the cost of work in a batch, which vendors do for half the price.
    pub fn batch_cost_of(&self, used: Usage) -> u64 {
        self.cost_of(used).div_ceil(2)
    }
}

/// The unit of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Characters sent.
    Characters,
    /// Tokens read and written.
    Tokens,
    /// Millionths of the currency's unit.
    Money,
}

impl Unit {
    /// Returns the amount of a usage in this unit, at this price.
    pub fn amount_of(self, used: Usage, price: &Price) -> u64 {
        match self {
            Self::Characters => used.characters,
            Self::Tokens => used.tokens(),
            Self::Money => price.cost_of(used),
        }
    }

    /// Returns the amount of a usage in a batch: the same characters and tokens, for half the price.
    pub fn batch_amount_of(self, used: Usage, price: &Price) -> u64 {
        match self {
            Self::Characters | Self::Tokens => self.amount_of(used, price),
            Self::Money => price.batch_cost_of(used),
        }
    }
}

/// The period of a budget, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From the first of a month to the next.
    Month,
}

impl Period {
    /// Returns the start of the period that contains this instant.
    pub fn start(self, now: Time) -> Time {
        let date = now.chrono().date_naive();
        let first = match self {
            Self::Day => date,
            Self::Month => date.with_day(1).unwrap_or(date),
        };
        Time::from_millis(first.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
    }

    /// Returns the end of the period that contains this instant: the start of the next.
    pub fn end(self, now: Time) -> Time {
        let date = self.start(now).chrono().date_naive();
        let next = match self {
            Self::Day => date.checked_add_days(Days::new(1)),
            Self::Month => date.checked_add_months(Months::new(1)),
        };
        Time::from_millis(next.unwrap_or(date).and_time(NaiveTime::MIN).and_utc().timestamp_millis())
    }
}

/// A budget: the limit of an engine's usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The unit that is counted.
    pub unit: Unit,
    /// The limit.
    pub limit: u64,
    /// The period.
    pub per: Period,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_and_end_at_midnight_utc() {
        let at = |text: &str| Time::from_rfc3339(text).expect("a date");
        let now = at("2028-02-29T23:59:59+01:00");
        assert_eq!((Period::Day.start(now), Period::Day.end(now)), (at("2028-02-29T00:00:00Z"), at("2028-03-01T00:00:00Z")));
        assert_eq!((Period::Month.start(now), Period::Month.end(now)), (at("2028-02-01T00:00:00Z"), at("2028-03-01T00:00:00Z")));
        assert_eq!(Period::Month.start(at("2028-03-01T00:30:00+01:00")), at("2028-02-01T00:00:00Z"));
        assert_eq!(Period::Day.start(at("2028-02-29T00:00:00Z")), at("2028-02-29T00:00:00Z"));
    }

    #[test]
    fn cost_is_in_millionths_and_rounded_up() {
        let deepl = Price { per_million_characters: 20_000_000, currency: "EUR".to_owned(), ..Price::default() };
        assert_eq!(deepl.cost_of(Usage { characters: 1_000_000, ..Usage::default() }), 20_000_000);
        assert_eq!(deepl.cost_of(Usage { characters: 1, ..Usage::default() }), 20);
        let small = Price { per_million_tokens_in: 150_000, per_million_tokens_out: 600_000, ..Price::default() };
        assert_eq!(small.cost_of(Usage { tokens_in: 1, characters: 9, ..Usage::default() }), 1, "0.15 of a millionth is one");
        assert_eq!(deepl.cost_of(Usage { characters: u64::MAX, ..Usage::default() }), u64::MAX, "no sum wraps around");
    }
}
