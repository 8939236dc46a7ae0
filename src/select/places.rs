//! The places of one source in the window of an edition.

use super::window_rules::WindowRules;

/// Without `per_source`, the entries of a source within this part of all places stand before those beyond it.
const FAIR_PART: u64 = 4;
/// A weight of 1, in thousandths.
const WEIGHT: u64 = 1000;

/// The places of one source: what it may have, and what it has.
#[derive(Debug)]
pub(super) struct Places {
    /// Its equal part of all places, by its weight: at least one.
    pub(super) part: usize,
    /// A quarter of all places, by its weight (or its equal part, of fewer than four sources).
    pub(super) share: usize,
    /// The most that it may have.
    cap: usize,
    /// The number of its entries in the window.
    pub(super) taken: usize,
    /// The most that there were at a time: copies give way to others.
    pub(super) most: usize,
    /// The number of its entries that came after `cap`.
    refused: usize,
}

impl Places {
    /// Makes the places of a source with a weight in thousandths, of sources whose weights are `total` together.
    pub(super) fn new(rules: &WindowRules, weight: u32, total: u64) -> Self {
        let (limit, weight) = (rules.limit as u64, u64::from(weight));
        let count = (rules.sources.len() as u64).clamp(1, FAIR_PART);
        let cap = rules.per_source.unwrap_or(rules.limit).min(rules.limit);
        let places = |number: u64| usize::try_from(number).unwrap_or(cap).clamp(1, cap.max(1));
        let part = places(limit * weight / total.max(1));
        Self { part, share: places((limit * weight).div_ceil(count * WEIGHT)).max(part), cap, taken: 0, most: 0, refused: 0 }
    }

    /// Takes a place for the next entry. Returns false if there is none.
    pub(super) fn take(&mut self) -> bool {
        let is_free = self.taken < self.cap;
        *(if is_free { &mut self.taken } else { &mut self.refused }) += 1;
        self.most = self.most.max(self.taken);
        is_free
    }

    /// Returns true if so many entries had no place that the rest need not be looked at: copies may still make room for some.
    pub(super) fn is_refused(&self, limit: usize) -> bool {
        self.refused >= limit
    }

    /// Returns true if `per_source` gives it no more places, however many the window has.
    pub(super) fn is_capped(&self, per_source: Option<usize>) -> bool {
        per_source.is_some_and(|most| self.taken >= most)
    }

    /// Returns the rank of the source's `number`th entry, counted from 1: lower ranks come first where there are too few places.
    pub(super) fn rank(&self, number: usize) -> u8 {
        u8::from(number > self.part) + u8::from(number > self.share)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::SourceId;

    /// The equal part and the share of the first source of a window for 100 entries.
    fn places(weights: &[u32], per_source: Option<usize>) -> (usize, usize) {
        let sources = weights.iter().enumerate().map(|(n, weight)| (SourceId::new(&n.to_string()), *weight)).collect();
        let rules = WindowRules { limit: 100, at_least: 100, within: Duration::ZERO, per_source, sources };
        let total = weights.iter().map(|weight| u64::from(*weight)).sum();
        let places = Places::new(&rules, weights[0], total);
        (places.part, places.share)
    }

    #[test]
    fn source_has_its_equal_part_and_a_share_of_a_quarter() {
        assert_eq!(places(&[1000; 1], None), (100, 100));
        assert_eq!(places(&[1000; 2], None), (50, 50));
        assert_eq!(places(&[1000; 27], None), (3, 25));
        assert_eq!(places(&[1000; 500], None), (1, 25), "of 500 not all have a place");
    }

    #[test]
    fn weight_multiplies_part_and_share() {
        assert_eq!(places(&[2000, 1000, 1000, 1000], None), (40, 50));
        assert_eq!(places(&[100, 1000, 1000, 1000, 1000], None), (2, 3));
        assert_eq!(places(&[10_000, 100], None), (99, 100), "there are no more places than that");
    }

    #[test]
    fn per_source_is_above_every_weight() {
        assert_eq!(places(&[10_000, 1000], Some(10)), (10, 10));
    }
}
