//! Finds the entries that a new one is compared with: those that share a band of their `MinHash` signatures, or a fact of the article.
//! Each entry looks at a bounded number of others, however many there are.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Duration;

use crate::model::{ArticleKey, StoryKey, Time, TokenKind};

/// The bands of a signature. With two rows each, entries that share three words of ten are found in five cases of six, those that share
/// four of ten in nearly all.
const BANDS: usize = 20;
/// The rows of a band: one is in every second article, three find too little.
const ROWS: usize = 2;
/// The number of the first chain of facts of an article, behind the bands; see [`ArticleKey::facts`].
const FACT: u32 = 64;
/// The entries that are kept of one chain, the nearest in time.
const MAX_CHAIN: usize = 4;
/// A chain of more entries than this is of words that many articles have: one such band alone makes no candidate.
const SHORT_CHAIN: usize = 2;
/// The most entries that one is compared with: those with the most bands in common.
const MAX_CANDIDATES: usize = 8;
/// No entry.
const NONE: u32 = u32::MAX;

/// The index of entries. They come in order, newest first.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// The last entries of each chain, the last one first.
    chains: HashMap<u32, [u32; MAX_CHAIN], BuildHasherDefault<KeyHasher>>,
    times: Vec<Time>,
    found: Vec<u32>,
}

impl Candidates {
    /// Adds the next entry, and returns the places of those that it may belong to, within `window`.
    pub(super) fn push(&mut self, at: Time, story: &StoryKey, article: &ArticleKey, window: Duration) -> &[u32] {
        let place = u32::try_from(self.times.len()).unwrap_or(NONE);
        self.found.clear();
        for key in chain_keys(story, article) {
            let chain = self.chains.entry(key).or_insert([NONE; MAX_CHAIN]);
            let begin = self.found.len();
            let is_near = |place: &&u32| self.times.get(**place as usize).is_some_and(|time| time.since(at) <= window);
            self.found.extend(chain.iter().take_while(is_near));
            if self.found.len() - begin <= SHORT_CHAIN {
                // Counts twice.
                self.found.extend_from_within(begin..);
            }
            chain.copy_within(..MAX_CHAIN - 1, 1);
            chain[0] = place;
        }
        self.times.push(at);
        keep_nearest(&mut self.found);
        &self.found
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

/// Leaves the places that were found more than once, each once, and of many those that were found most often.
fn keep_nearest(found: &mut Vec<u32>) {
    found.sort_unstable();
    let mut counted: Vec<(usize, u32)> =
        found.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0])).filter(|(count, _)| *count > 1).collect();
    if counted.len() > MAX_CANDIDATES {
        counted.sort_unstable_by_key(|counted| std::cmp::Reverse(*counted));
        counted.truncate(MAX_CANDIDATES);
    }
    found.clear();
    found.extend(counted.into_iter().map(|(_, place)| place));
}

/// Returns the keys of the chains that an entry belongs to.
fn chain_keys(story: &StoryKey, article: &ArticleKey) -> impl Iterator<Item = u32> {
    let bands = signature(story)
        .into_iter()
        .flat_map(|rows| (0_u32..).zip(rows.as_chunks::<ROWS>().0.to_owned()).map(|(band, [a, b])| key_of(band, a, b)));
    let facts = article.facts().map(|(kind, fact)| key_of(FACT + u32::from(kind), fold(fact), 0));
    bands.chain(facts.collect::<Vec<_>>())
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

fn key_of(chain: u32, a: u32, b: u32) -> u32 {
    mix(mix(a, chain) ^ b, chain + 128)
}
