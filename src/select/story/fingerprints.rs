//! What is compared of entries, close together in memory: of a hundred thousand entries no processor's caches hold the rows.

use std::collections::HashMap;
use std::time::Duration;

use super::likeness::Fingerprint;
use crate::model::{EntryRow, MAX_STORY_TOKENS, SourceId, StoryToken, Time, TokenKind};

/// The facts of an article; see [`crate::model::ArticleKey::facts`].
pub(super) const FACTS: usize = 3;

/// The language of an entry that states none.
const NO_LANG: u16 = u16::MAX;

/// The fingerprints of entries, by their place.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    records: Vec<Record>,
    sources: HashMap<SourceId, u32>,
    /// The primary languages that there are.
    langs: Vec<String>,
}

/// Holds everything that is compared of an entry, in three lines of a processor's caches that follow one another.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Record {
    at: Time,
    /// The hashes of the facts of the article, by their kinds; 0 for none.
    facts: [u32; FACTS],
    traits: u32,
    source: u32,
    lang: u16,
    /// The number of tokens.
    count: u8,
    tokens: [StoryToken; MAX_STORY_TOKENS],
}

/// Returns the hashes of the facts of an entry, by their kinds.
pub(super) fn facts_of(row: &EntryRow) -> [Option<u32>; FACTS] {
    let mut facts = [None; FACTS];
    for (kind, fact) in row.article.facts() {
        facts[usize::from(kind)] = Some(fold(fact));
    }
    facts
}

/// Folds a hash; the result is never 0.
fn fold(fact: u64) -> u32 {
    u32::try_from((fact ^ (fact >> 32)) & u64::from(u32::MAX)).unwrap_or_default().max(1)
}

impl Fingerprints {
    /// Adds the next entry.
    pub(super) fn push(&mut self, row: &EntryRow) {
        let next = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let source = match self.sources.get(&row.source) {
            Some(number) => *number,
            None => *self.sources.entry(row.source.clone()).or_insert(next),
        };
        let lang = row.lang.as_ref().map_or(NO_LANG, |lang| self.number_of(lang.primary()));
        let mut tokens = [StoryToken::new(0, TokenKind::Word, false); MAX_STORY_TOKENS];
        let count = row.story.tokens.len().min(MAX_STORY_TOKENS);
        tokens[..count].copy_from_slice(&row.story.tokens[..count]);
        self.records.push(Record {
            at: row.at,
            facts: facts_of(row).map(Option::unwrap_or_default),
            traits: row.story.traits,
            source,
            lang,
            count: u8::try_from(count).unwrap_or(u8::MAX),
            tokens,
        });
    }

    fn number_of(&mut self, lang: &str) -> u16 {
        let known = self.langs.iter().position(|known| known == lang);
        let place = known.unwrap_or_else(|| {
            self.langs.push(lang.to_owned());
            self.langs.len() - 1
        });
        u16::try_from(place).unwrap_or(NO_LANG)
    }

    /// Returns the dates of the entries at these places, and the time between them.
    pub(super) fn time_between(&self, one: u32, other: u32) -> Duration {
        let (one, other) = (self.record(one).at, self.record(other).at);
        one.max(other).since(one.min(other))
    }

    /// Returns false if two entries cannot be copies of one article.
    pub(super) fn may_be_copies(&self, one: u32, other: u32) -> bool {
        let (one, other) = (&self.record(one).facts, &self.record(other).facts);
        one.iter().zip(other).any(|(one, other)| *one != 0 && one == other)
    }

    /// Returns true if two entries are of different sources, and not of different languages.
    pub(super) fn may_be_reports(&self, one: u32, other: u32) -> bool {
        let (one, other) = (self.record(one), self.record(other));
        one.source != other.source && (one.lang == other.lang || one.lang == NO_LANG || other.lang == NO_LANG)
    }

    /// Returns the fingerprint of an entry.
    pub(super) fn get(&self, place: u32) -> Fingerprint<'_> {
        let record = self.record(place);
        Fingerprint { tokens: &record.tokens[..usize::from(record.count)], traits: record.traits }
    }

    fn record(&self, place: u32) -> &Record {
        &self.records[place as usize]
    }
}
