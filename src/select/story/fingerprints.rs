//! What is compared of entries, close together in memory: of a hundred thousand entries no processor's caches hold the rows.

use std::collections::HashMap;
use std::time::Duration;

use super::likeness::Fingerprint;
use crate::model::{EntryRow, SourceId, StoryToken, Time};

/// The facts of an article; see [`crate::model::ArticleKey::facts`].
pub(super) const FACTS: usize = 3;

/// The fingerprints of entries, by their place.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    heads: Vec<Head>,
    tokens: Vec<StoryToken>,
    sources: HashMap<SourceId, u32>,
    /// The primary languages that there are.
    langs: Vec<String>,
}

/// Decides whether two entries are compared at all, and says where the tokens of one are.
#[derive(Clone, Copy, Debug)]
struct Head {
    at: Time,
    facts: [Option<u32>; FACTS],
    traits: u32,
    source: u32,
    lang: Option<u16>,
    count: u16,
    first: u32,
}

/// Returns the hashes of the facts of an entry, by their kinds.
pub(super) fn facts_of(row: &EntryRow) -> [Option<u32>; FACTS] {
    let mut facts = [None; FACTS];
    for (kind, fact) in row.article.facts() {
        facts[usize::from(kind)] = Some(fold(fact));
    }
    facts
}

fn fold(fact: u64) -> u32 {
    u32::try_from((fact ^ (fact >> 32)) & u64::from(u32::MAX)).unwrap_or_default()
}

impl Fingerprints {
    /// Adds the next entry.
    pub(super) fn push(&mut self, row: &EntryRow) {
        let next = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let source = match self.sources.get(&row.source) {
            Some(number) => *number,
            None => *self.sources.entry(row.source.clone()).or_insert(next),
        };
        let lang = row.lang.as_ref().map(|lang| self.number_of(lang.primary()));
        self.heads.push(Head {
            at: row.at,
            facts: facts_of(row),
            traits: row.story.traits,
            source,
            lang,
            count: u16::try_from(row.story.tokens.len()).unwrap_or(u16::MAX),
            first: u32::try_from(self.tokens.len()).unwrap_or(u32::MAX),
        });
        self.tokens.extend_from_slice(&row.story.tokens);
    }

    fn number_of(&mut self, lang: &str) -> u16 {
        let known = self.langs.iter().position(|known| known == lang);
        let place = known.unwrap_or_else(|| {
            self.langs.push(lang.to_owned());
            self.langs.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// Returns the dates of the entries at these places, and the time between them.
    pub(super) fn time_between(&self, one: u32, other: u32) -> Duration {
        let (one, other) = (self.head(one).at, self.head(other).at);
        one.max(other).since(one.min(other))
    }

    /// Returns false if two entries cannot be copies of one article.
    pub(super) fn may_be_copies(&self, one: u32, other: u32) -> bool {
        let (one, other) = (&self.head(one).facts, &self.head(other).facts);
        one.iter().zip(other).any(|(one, other)| one.is_some() && one == other)
    }

    /// Returns true if two entries are of different sources, and not of different languages.
    pub(super) fn may_be_reports(&self, one: u32, other: u32) -> bool {
        let (one, other) = (self.head(one), self.head(other));
        one.source != other.source && one.lang.zip(other.lang).is_none_or(|(one, other)| one == other)
    }

    /// Returns the fingerprint of an entry.
    pub(super) fn get(&self, place: u32) -> Fingerprint<'_> {
        let head = self.head(place);
        let first = head.first as usize;
        Fingerprint { tokens: &self.tokens[first..first + usize::from(head.count)], traits: head.traits }
    }

    fn head(&self, place: u32) -> &Head {
        &self.heads[place as usize]
    }
}
