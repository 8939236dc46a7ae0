//! Finds the entries that a new one is compared with: those that share a band of their `MinHash` signatures, or a fact of the article.
//! Each entry looks at a bounded number of others, however many there are.

use std::time::Duration;

use super::chains::{Chains, MAX_CHAIN, NONE, Neighbours};
use super::fingerprints::{FACTS, facts_of};
use crate::model::{EntryRow, StoryKey, Time, TokenKind};

/// The bands of a signature. With two rows each, entries that share three words of ten are found in ten cases of eleven, those that share
/// four of ten in nearly all.
const BANDS: usize = 26;
/// The rows of a band: one is in every second article, three find too little.
const ROWS: usize = 2;
/// A chain of more entries than this is of words that many articles have: one such band alone makes no candidate.
const SHORT_CHAIN: usize = 2;
/// The most entries that one is compared with: those with the most bands in common.
pub(super) const MAX_CANDIDATES: usize = 8;

/// The index of entries. They come in order, newest first.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    chains: [Chains; BANDS + FACTS],
    times: Vec<Time>,
}

/// The candidates of entries that were added together.
pub(super) struct Found {
    neighbours: Vec<Vec<Neighbours>>,
    next: usize,
    nearest: Nearest,
}

impl Candidates {
    /// Adds the next entries, and returns for each the places of those that it may belong to, within `window`.
    ///
    /// One index is filled after another: it fits in the caches of a processor, all of them do not.
    pub(super) fn extend(&mut self, rows: &[EntryRow], window: Duration) -> Found {
        let first = self.times.len();
        self.times.extend(rows.iter().map(|row| row.at));
        let keys = keys_of(rows);
        let times = &self.times;
        let neighbours = self.chains.iter_mut().zip(keys).map(|(chains, keys)| {
            let mut found = chains.extend(first, &keys);
            for (place, others) in (first..).zip(&mut found) {
                let is_late = |other: &u32| *other != NONE && times[*other as usize].since(times[place]) > window;
                if let Some(end) = others.iter().position(is_late) {
                    others[end..].fill(NONE);
                }
            }
            found
        });
        let neighbours = neighbours.collect();
        Found { neighbours, next: 0, nearest: Nearest { counts: vec![0; self.times.len()], ..Nearest::default() } }
    }
}

impl Found {
    /// Returns the candidates of the next of the entries.
    pub(super) fn next(&mut self) -> &[u32] {
        for neighbours in &self.neighbours {
            let Some(others) = neighbours.get(self.next) else { continue };
            let count = others.iter().position(|other| *other == NONE).unwrap_or(MAX_CHAIN);
            self.nearest.add(&others[..count], if count <= SHORT_CHAIN { 2 } else { 1 });
        }
        self.next += 1;
        self.nearest.choose()
    }
}

/// Counts how often places are found for one entry.
#[derive(Default)]
struct Nearest {
    /// By place. Only those that were found are other than zero.
    counts: Vec<u8>,
    found: Vec<u32>,
    chosen: Vec<(u8, u32)>,
    places: Vec<u32>,
}

impl Nearest {
    fn add(&mut self, places: &[u32], times: u8) {
        for place in places {
            let count = &mut self.counts[*place as usize];
            if *count == 0 {
                self.found.push(*place);
            }
            *count += times;
        }
    }

    /// Returns the places that were found more than once, each once, and of many those that were found most often. Then begins anew.
    fn choose(&mut self) -> &[u32] {
        self.chosen.clear();
        for place in self.found.drain(..) {
            let count = std::mem::take(&mut self.counts[place as usize]);
            if count > 1 {
                self.chosen.push((count, place));
            }
        }
        if self.chosen.len() > MAX_CANDIDATES {
            self.chosen.select_nth_unstable_by_key(MAX_CANDIDATES, |chosen| std::cmp::Reverse(*chosen));
            self.chosen.truncate(MAX_CANDIDATES);
        }
        self.places.clear();
        self.places.extend(self.chosen.iter().map(|(_, place)| place));
        &self.places
    }
}

/// Returns for each index the keys of some entries, as far as they have one: each with the number of its entry.
fn keys_of(rows: &[EntryRow]) -> [Vec<(u32, u32)>; BANDS + FACTS] {
    let mut keys = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    for (number, row) in (0_u32..).zip(rows) {
        let bands = signature(&row.story);
        for (keys, [a, b]) in keys.iter_mut().zip(bands.iter().flat_map(|rows| rows.as_chunks::<ROWS>().0)) {
            keys.push((mix(*a, 0) ^ b, number));
        }
        for (keys, fact) in keys[BANDS..].iter_mut().zip(facts_of(row)) {
            keys.extend(fact.map(|fact| (fact, number)));
        }
    }
    keys
}

/// Returns the `MinHash` signature of the words of the headline, and of the names, numbers and disciplines of the lede. A name counts
/// twice. Nothing if there are too few words.
fn signature(story: &StoryKey) -> Option<[u32; BANDS * ROWS]> {
    let telling = story.tokens.iter().filter(|token| token.is_in_title() || token.kind() != TokenKind::Word);
    let mut rows = [u32::MAX; BANDS * ROWS];
    let mut count = 0;
    for token in telling {
        count += 1;
        let again = (token.kind() == TokenKind::Name).then_some(token.word() | 1 << 21);
        for word in std::iter::once(token.word()).chain(again) {
            for (row, least) in (0_u32..).zip(&mut rows) {
                *least = (*least).min(mix(word, row));
            }
        }
    }
    (count >= ROWS).then_some(rows)
}

/// Hashes a word for a row.
fn mix(word: u32, row: u32) -> u32 {
    let mixed = (word ^ row.wrapping_mul(0x9e37_79b1)).wrapping_mul(0x85eb_ca77);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0xc2b2_ae3d);
    mixed ^ (mixed >> 13)
}
