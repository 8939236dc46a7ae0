//! The facts about an engine before a run, and their consequences: which texts its budget certainly allows, and which certainly
//! not. Pure.

use std::collections::HashSet;

use super::askings::Askings;
use crate::model::{Price, Unit, Usage};
use crate::translate::LanguagePair;

/// A text that may come to an engine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// The place of the text in the list of all.
    pub(super) job: usize,
    pub(super) askings: Askings,
    /// False if perhaps nothing is sent: an earlier part of the run may have translated the text, or the engine may still lack
    /// the pair of languages.
    pub(super) is_sure: bool,
    /// True if it is submitted in a batch, for half the price: it is sent once, and what comes of it is another run's work.
    pub(super) is_for_batch: bool,
}

/// The facts about an engine that are known before a run.
#[derive(Clone, Debug)]
pub(super) struct EngineTerms {
    pub(super) price: Price,
    /// The unit of the budget, and what is left of it.
    pub(super) left: Option<(Unit, u64)>,
    /// False if the engine rests for longer than the run takes.
    pub(super) is_available: bool,
    /// The pairs of languages that it did not translate when it was last asked.
    pub(super) unsupported: HashSet<LanguagePair>,
    /// Requests in flight at a time.
    pub(super) in_flight: usize,
    /// The most that one request reserves.
    pub(super) largest_request: Usage,
    /// The most texts of one request.
    pub(super) texts: usize,
    /// True if texts that can wait are submitted in batches, for half the price. What money buys is then not known so exactly.
    pub(super) has_batches: bool,
}

impl EngineTerms {
    /// Returns for each candidate, in the order of the requests, if it is sent whatever is refused before it.
    pub(super) fn guaranteed(&self, candidates: &[Candidate]) -> Vec<bool> {
        let Some((unit, left)) = self.left else { return vec![self.is_available; candidates.len()] };
        let mut before = self.reserved_beside(unit, candidates);
        let is_paid = |Candidate { askings, .. }: &Candidate| {
            let is_paid = before.saturating_add(self.amount(unit, askings.reserved)) <= left;
            before = before.saturating_add(self.amount(unit, askings.most));
            is_paid && self.is_available
        };
        candidates.iter().map(is_paid).collect()
    }

    /// Returns for each candidate, in the order of the requests, if it may be sent when every text is taken at once. `certain` are
    /// those that come to this engine in any case.
    pub(super) fn reachable(&self, candidates: &[Candidate], certain: &[bool]) -> Vec<bool> {
        let Some((unit, left)) = self.exact_left() else { return vec![self.is_available; candidates.len()] };
        let (mut spent, mut end) = (0_u64, candidates.len());
        for (place, (Candidate { askings, is_sure, .. }, is_certain)) in candidates.iter().zip(certain).enumerate() {
            if !(*is_certain && *is_sure) {
                continue;
            }
            if spent.saturating_add(self.amount(unit, askings.reserved)) > left {
                // Requests that are in flight beside this one may find room for smaller texts.
                end = place + (self.in_flight.saturating_sub(1)).saturating_mul(self.texts);
                break;
            }
            spent = spent.saturating_add(self.amount(unit, askings.least));
        }
        (0..candidates.len()).map(|place| self.is_available && place < end).collect()
    }

    /// Returns the least that is certainly used up, in the unit of the budget, if the candidates cost at least `least` together:
    /// the budget ends when one more text does not fit.
    pub(super) fn floor(&self, candidates: &[Candidate], least: Usage) -> Option<(Unit, u64)> {
        let (unit, left) = self.exact_left().filter(|_| self.is_available)?;
        let dearest = candidates.iter().map(|candidate| self.amount(unit, candidate.askings.dearest)).max().unwrap_or(0);
        // What is in flight is used up too, unless an engine gives back what it has not used.
        let is_exact = candidates.iter().all(|candidate| candidate.askings.least == candidate.askings.reserved);
        let beside = if is_exact { 0 } else { self.reserved_beside(unit, candidates) };
        let kept = left.saturating_sub(dearest).saturating_sub(beside);
        Some((unit, kept.min(self.amount(unit, least))))
    }

    /// Returns the most that the budget allows of each figure, and the most cost in millionths.
    pub(super) fn ceiling(&self) -> (Usage, u64) {
        let Price {
            per_million_characters: characters,
            per_million_tokens_in: tokens_in,
            per_million_tokens_out: tokens_out,
            ..
        } = self.price;
        let cost = |amount: u64, price: u64| millionths(u128::from(amount) * u128::from(price));
        let halved = if self.has_batches { 2 } else { 1 };
        let bought = |money: u64, price: u64| match price {
            0 => u64::MAX,
            price => u64::try_from(u128::from(money) * halved * 1_000_000 / u128::from(price)).unwrap_or(u64::MAX),
        };
        let all = Usage { characters: u64::MAX, tokens_in: u64::MAX, tokens_out: u64::MAX, tokens_cached: 0 };
        match self.left {
            None => (all, u64::MAX),
            Some((Unit::Characters, left)) => (Usage { characters: left, ..all }, cost(left, characters)),
            Some((Unit::Tokens, left)) => {
                (Usage { tokens_in: left, tokens_out: left, ..all }, cost(left, tokens_in.max(tokens_out)))
            }
            Some((Unit::Money, left)) => {
                let most = Usage {
                    characters: bought(left, characters),
                    tokens_in: bought(left, tokens_in),
                    tokens_out: bought(left, tokens_out),
                    tokens_cached: 0,
                };
                (most, left)
            }
        }
    }

    /// Returns how many characters cost this many millionths, if nothing else has a price.
    pub(super) fn characters_for(&self, money: u64) -> Option<u64> {
        let Price { per_million_characters: each, per_million_tokens_in, per_million_tokens_out, .. } = self.price;
        let is_only = each > 0 && per_million_tokens_in == 0 && per_million_tokens_out == 0;
        let characters = u128::from(money) * 1_000_000 / u128::from(each.max(1));
        is_only.then(|| u64::try_from(characters).unwrap_or(u64::MAX))
    }

    /// Returns the most texts that the budget allows: the cheapest askings of all.
    pub(super) fn most_texts(&self, candidates: &[Candidate]) -> u64 {
        let all = candidates.iter().map(|candidate| candidate.askings.most_texts).sum();
        let Some((unit, mut left)) = self.exact_left() else { return all };
        let mut askings: Vec<(u64, u64)> = candidates
            .iter()
            .map(|Candidate { askings, .. }| (self.amount(unit, askings.cheapest).max(1), askings.most_texts))
            .collect();
        askings.sort_unstable();
        let mut texts = 0_u64;
        for (each, count) in askings {
            let paid = count.min(left / each);
            texts += paid;
            left -= paid * each;
        }
        texts
    }

    /// Returns what is left of the budget, if it is known how much each text takes of it.
    fn exact_left(&self) -> Option<(Unit, u64)> {
        self.left.filter(|(unit, _)| *unit != Unit::Money || !self.has_batches)
    }

    /// Returns the amount of a usage in the unit of the budget.
    pub(super) fn amount(&self, unit: Unit, used: Usage) -> u64 {
        unit.amount_of(used, &self.price)
    }

    /// Returns the most that other requests in flight have reserved.
    fn reserved_beside(&self, unit: Unit, candidates: &[Candidate]) -> u64 {
        let dearest = candidates.iter().map(|candidate| candidate.askings.dearest).fold(self.largest_request, Usage::max);
        self.amount(unit, dearest).saturating_mul(self.in_flight.saturating_sub(1) as u64)
    }
}

fn millionths(amount: u128) -> u64 {
    u64::try_from(amount.div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
