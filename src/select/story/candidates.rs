//! Finds the entries that a new one is compared with: those that share a band of their `MinHash` signatures, or a fact of the article.
//! Each entry looks at a bounded number of others, however many there are.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Duration;

use crate::model::{EntryRow, StoryKey, Time, TokenKind};

/// The bands of a signature. With two rows each, entries that share three words of ten are found in ten cases of eleven, those that share
/// four of ten in nearly all.
const BANDS: usize = 26;
/// The rows of a band: one is in every second article, three find too little.
const ROWS: usize = 2;
/// The facts of an article that two entries may have in common; see [`crate::model::ArticleKey::facts`].
const FACTS: usize = 3;
/// The entries that are looked at of one chain, the nearest in time.
const MAX_CHAIN: usize = 4;
/// A chain of more entries than this is of words that many articles have: one such band alone makes no candidate.
const SHORT_CHAIN: usize = 2;
/// The most entries that one is compared with: those with the most bands in common.
pub(super) const MAX_CANDIDATES: usize = 8;
/// No entry.
const NONE: u32 = u32::MAX;

/// The index of entries. They come in order, newest first.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    indexes: [Index; BANDS + FACTS],
    times: Vec<Time>,
}

/// The entries by one band, or by one fact.
#[derive(Debug, Default)]
struct Index {
    /// The last entry of each chain.
    last: HashMap<u32, u32, BuildHasherDefault<KeyHasher>>,
    /// For each entry the one before it in its chain.
    before: Vec<u32>,
}

/// The entries that one index has found for each of some entries, one after another.
#[derive(Default)]
struct Hits {
    counts: Vec<u8>,
    places: Vec<u32>,
    /// The first of each that were not read yet.
    next: (usize, usize),
}

/// The candidates of entries that were added together.
pub(super) struct Found {
    hits: Vec<Hits>,
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
        let hits = self.indexes.iter_mut().enumerate().map(|(number, index)| {
            let mut hits = Hits { counts: Vec::with_capacity(rows.len()), ..Hits::default() };
            for (place, key) in (first..).zip(&keys[number]) {
                let at = self.times[place];
                let begin = hits.places.len();
                let chain = index.push(*key).take(MAX_CHAIN);
                hits.places.extend(chain.take_while(|other| self.times[*other as usize].since(at) <= window));
                hits.counts.push(u8::try_from(hits.places.len() - begin).unwrap_or(u8::MAX));
            }
            hits
        });
        Found { hits: hits.collect(), nearest: Nearest::default() }
    }
}

impl Index {
    /// Adds the next entry, and returns those before it in its chain, the last one first. Without a key it has none.
    fn push(&mut self, key: Option<u32>) -> impl Iterator<Item = u32> {
        let place = u32::try_from(self.before.len()).unwrap_or(NONE);
        let last = key.and_then(|key| self.last.insert(key, place)).unwrap_or(NONE);
        self.before.push(last);
        std::iter::successors(Some(last), |place| self.before.get(*place as usize).copied()).take_while(|place| *place != NONE)
    }
}

impl Found {
    /// Returns the candidates of the next of the entries.
    pub(super) fn next(&mut self) -> &[u32] {
        self.nearest.found.clear();
        for Hits { counts, places, next: (entry, place) } in &mut self.hits {
            let count = usize::from(counts.get(*entry).copied().unwrap_or_default());
            let found = &places[*place..*place + count];
            self.nearest.found.extend_from_slice(found);
            if count <= SHORT_CHAIN {
                // Counts twice.
                self.nearest.found.extend_from_slice(found);
            }
            (*entry, *place) = (*entry + 1, *place + count);
        }
        self.nearest.choose()
    }
}

/// Spreads the bits of a key, which is a hash already.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, key: u32) {
        self.0 = (self.0 ^ u64::from(key)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The places that were found for one entry.
#[derive(Default)]
struct Nearest {
    found: Vec<u32>,
    counted: Vec<(usize, u32)>,
}

impl Nearest {
    /// Returns the places that were found more than once, each once, and of many those that were found most often.
    fn choose(&mut self) -> &[u32] {
        self.found.sort_unstable();
        self.counted.clear();
        self.counted.extend(self.found.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0])).filter(|(count, _)| *count > 1));
        if self.counted.len() > MAX_CANDIDATES {
            self.counted.sort_unstable_by_key(|counted| std::cmp::Reverse(*counted));
            self.counted.truncate(MAX_CANDIDATES);
        }
        self.found.clear();
        self.found.extend(self.counted.iter().map(|(_, place)| place));
        &self.found
    }
}

/// Returns for each index the keys of some entries, as far as they have one.
fn keys_of(rows: &[EntryRow]) -> [Vec<Option<u32>>; BANDS + FACTS] {
    let mut keys = std::array::from_fn(|_| vec![None; rows.len()]);
    for (place, row) in rows.iter().enumerate() {
        let bands = signature(&row.story);
        for (keys, [a, b]) in keys.iter_mut().zip(bands.iter().flat_map(|rows| rows.as_chunks::<ROWS>().0)) {
            keys[place] = Some(mix(*a, 0) ^ b);
        }
        for (kind, fact) in row.article.facts() {
            keys[BANDS + usize::from(kind)][place] = Some(fold(fact));
        }
    }
    keys
}

fn fold(fact: u64) -> u32 {
    u32::try_from((fact ^ (fact >> 32)) & u64::from(u32::MAX)).unwrap_or_default()
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
