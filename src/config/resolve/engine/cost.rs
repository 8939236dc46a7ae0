//! The rules of `budget` and `price`.

use std::ops::Range;

use super::super::super::diagnostics::Diagnostics;
use super::super::super::raw;
use super::super::super::values::{Located, MoneyAmount};
use crate::model::{Budget, EngineKind, Price, Unit};

/// Checks `price`.
pub(super) fn price(kind: EngineKind, at: &Located<raw::RawPrice>, diagnostics: &mut Diagnostics<'_>) -> Option<Price> {
    let raw::RawPrice { per_million_characters, per_million_tokens_in, per_million_tokens_out, currency } = &at.value;
    let tokens = per_million_tokens_in.as_ref().or(per_million_tokens_out.as_ref());
    if let Some(tokens) = tokens.filter(|_| !kind.is_language_model()) {
        no_tokens(kind, &tokens.span, "write per_million_characters = …", diagnostics);
        return None;
    }
    if per_million_characters.is_none() && tokens.is_none() {
        let hint = if kind.is_language_model() {
            "write { per_million_tokens_in = …, per_million_tokens_out = …, currency = \"EUR\" }"
        } else {
            "write { per_million_characters = …, currency = \"EUR\" }"
        };
        diagnostics.error(&at.span, "`price` sets no price", hint);
        return None;
    }
    if per_million_tokens_in.is_some() != per_million_tokens_out.is_some() {
        // With half a price, a budget of money could be exceeded.
        let other = if per_million_tokens_in.is_some() { "per_million_tokens_out" } else { "per_million_tokens_in" };
        diagnostics.error(&at.span, format!("`price` has no {other}"), "input and output tokens both cost money: add it");
        return None;
    }
    let Some(currency) = currency else {
        diagnostics.error(&at.span, "`price` has no currency", "add currency = \"EUR\"");
        return None;
    };
    if currency.value.len() != 3 || !currency.value.bytes().all(|byte| byte.is_ascii_uppercase()) {
        diagnostics.error(&currency.span, "invalid currency", "write a three-letter code (ISO 4217) such as \"EUR\" or \"USD\"");
        return None;
    }
    let amount = |at: &Option<Located<MoneyAmount>>| at.as_ref().map_or(0, |at| at.value.0);
    Some(Price {
        per_million_characters: amount(per_million_characters),
        per_million_tokens_in: amount(per_million_tokens_in),
        per_million_tokens_out: amount(per_million_tokens_out),
        currency: currency.value.clone(),
    })
}

/// Checks `budget`. `has_price` is true if a price is written, even an invalid one.
pub(super) fn budget(
    kind: EngineKind,
    at: &Located<raw::RawBudget>,
    price: Option<&Price>,
    has_price: bool,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Budget> {
    let raw::RawBudget { characters, tokens, money, per } = &at.value;
    let (unit, limit) = match (characters, tokens, money) {
        (Some(count), None, None) => (Unit::Characters, counted("characters", count, diagnostics)?),
        (None, Some(count), None) => {
            if !kind.is_language_model() {
                no_tokens(kind, &count.span, "write characters = …", diagnostics);
                return None;
            }
            (Unit::Tokens, counted("tokens", count, diagnostics)?)
        }
        (None, None, Some(money)) => (Unit::Money, paid(money, price, has_price, diagnostics)?),
        _ => {
            let hint = "write for example { characters = 450_000, per = \"month\" }";
            diagnostics.error(&at.span, "`budget` must set exactly one of `characters`, `tokens` and `money`", hint);
            return None;
        }
    };
    let Some(per) = per else {
        diagnostics.error(&at.span, "`budget` has no `per`", "add per = \"month\" or per = \"day\"");
        return None;
    };
    Some(Budget { unit, limit, per: per.value.0 })
}

fn no_tokens(kind: EngineKind, span: &Range<usize>, hint: &str, diagnostics: &mut Diagnostics<'_>) {
    diagnostics.error(span, format!("an engine of the kind \"{}\" is paid by characters, not by tokens", kind.name()), hint);
}

fn counted(key: &str, at: &Located<i64>, diagnostics: &mut Diagnostics<'_>) -> Option<u64> {
    match at.value {
        0 => report_zero(&at.span, diagnostics),
        count @ 1..=raw::MAX_BUDGET => return u64::try_from(count).ok(),
        count => diagnostics.error(&at.span, format!("`{key}` cannot be {count}"), format!("from 1 to {}", raw::MAX_BUDGET)),
    }
    None
}

fn paid(at: &Located<MoneyAmount>, price: Option<&Price>, has_price: bool, diagnostics: &mut Diagnostics<'_>) -> Option<u64> {
    match price {
        None if !has_price => {
            let hint = "add price = { per_million_characters = …, currency = \"EUR\" }, or limit characters";
            diagnostics.error(&at.span, "`budget` is in money, but the engine has no `price`", hint);
        }
        Some(Price { per_million_characters: 0, per_million_tokens_in: 0, per_million_tokens_out: 0, .. }) => {
            diagnostics.error(&at.span, "`budget` is in money, but every `price` is zero", "limit characters instead");
        }
        _ if at.value.0 == 0 => report_zero(&at.span, diagnostics),
        _ => return Some(at.value.0),
    }
    None
}

fn report_zero(span: &Range<usize>, diagnostics: &mut Diagnostics<'_>) {
    diagnostics.error(span, "the budget is zero", "to stop an engine, remove it from the `engines` of the editions");
}
