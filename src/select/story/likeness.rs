//! Tells whether two entries are about the same event, by their fingerprints alone: the answer for two entries depends on no third.

use std::time::Duration;

use super::lexicon::traits;
use crate::model::{StoryKey, StoryToken, TokenKind};

const SEX: u32 = traits::WOMEN | traits::MEN | traits::MIXED;
/// The rounds before the final.
const EARLY: u32 = traits::HEATS | traits::EIGHTHS | traits::QUARTERS | traits::SEMIS;
const ROUND: u32 = EARLY | traits::FINALS;
const MEDAL: u32 = traits::GOLD | traits::SILVER | traits::BRONZE;
/// Traits that both headlines have, or neither.
const EITHER: u32 = traits::LIVE | traits::PREVIEW | traits::YOUTH;

/// The least weight of what two entries have in common.
const LEAST_EVIDENCE: f64 = 3.5;
/// The weight of common tokens from which on more say nothing.
const MOST_EVIDENCE: f64 = 16.0;

/// The number of features of a pair.
pub(super) const FEATURES: usize = 13;
/// The weights of the features, and the constant: fitted on `tests/story/fitted.tsv` by logistic regression. That of headlines without a
/// common word was set by hand, on feeds of one day: two articles about a crime tell the same background, and need not tell the same
/// news.
const WEIGHTS: [f64; FEATURES] = [2.09, 1.77, 1.21, 3.79, 1.10, 4.32, -1.90, -1.50, -2.00, -1.24, -0.81, -1.49, -3.36];
const CONSTANT: f64 = -4.41;

/// Returns how much two entries are about the same event, from 0 to 1; `apart` is the time between them, `window` the longest.
pub(super) fn likeness(one: &StoryKey, other: &StoryKey, apart: Duration, window: Duration) -> f64 {
    let Some(features) = features(one, other, apart, window) else { return 0.0 };
    let sum: f64 = features.iter().zip(WEIGHTS).map(|(feature, weight)| feature * weight).sum();
    1.0 / (1.0 + (-(sum + CONSTANT)).exp())
}

/// Returns what tells for and against one event; nothing if it cannot be one.
pub(super) fn features(one: &StoryKey, other: &StoryKey, apart: Duration, window: Duration) -> Option<[f64; FEATURES]> {
    if apart > window || has_conflict(one, other) {
        return None;
    }
    let shared = Shared::new(one, other);
    if shared.evidence < LEAST_EVIDENCE || lack_each_other(one, other, TokenKind::Discipline) == (true, true) {
        return None;
    }
    if names_nobody_of(one, other) {
        // The same words about somebody else: the results of two matches.
        return None;
    }
    let differ = one.traits ^ other.traits;
    let (names_of_one, names_of_other) = lack_each_other(one, other, TokenKind::Name);
    let (numbers_of_one, numbers_of_other) = lack_each_other(one, other, TokenKind::Number);
    let has_names_of_its_own = names_of_one && names_of_other;
    if numbers_of_one && numbers_of_other && (has_names_of_its_own || has_same_words(one, other)) {
        // Two of a series: the third and the fourth stage.
        return None;
    }
    let flag = |is_set: bool| if is_set { 1.0 } else { 0.0 };
    let hours = apart.as_secs_f64() / 3600.0;
    Some([
        shared.cover_of_one.min(shared.cover_of_other),
        shared.cover_of_one.max(shared.cover_of_other),
        shared.titles,
        shared.texts,
        (shared.texts - 0.5).max(0.0),
        shared.evidence.min(MOST_EVIDENCE) / MOST_EVIDENCE,
        flag(!shared.has_title_word),
        (hours / 6.0).min(1.0),
        (hours - 6.0).max(0.0) / 18.0,
        flag(has_names_of_its_own),
        flag(numbers_of_one && numbers_of_other),
        flag(differ & traits::REACTION != 0),
        flag(differ & traits::FEATURE != 0),
    ])
}

/// Returns true if the headlines tell of different events: of women and of men, of two rounds, of a round and of the medals.
fn has_conflict(one: &StoryKey, other: &StoryKey) -> bool {
    let (a, b) = (one.traits, other.traits);
    let is_disjoint = |group: u32| a & group != 0 && b & group != 0 && a & b & group == 0;
    let is_qualified = |traits: u32| traits & traits::QUALIFIED != 0;
    let is_before_medals = |round: u32, medals: u32| {
        let is_early = is_qualified(round) || round & EARLY != 0 && round & traits::FINALS == 0;
        is_early && round & MEDAL == 0 && medals & MEDAL != 0 && medals & EARLY == 0 && !is_qualified(medals)
    };
    (a ^ b) & EITHER != 0
        || is_disjoint(SEX)
        // Who is qualified in a semi-final is in the final.
        || is_disjoint(ROUND) && !is_qualified(a) && !is_qualified(b)
        || is_before_medals(a, b)
        || is_before_medals(b, a)
}

/// The tokens that two entries have in common.
#[derive(Default)]
struct Shared {
    /// The weight of the tokens that both have.
    evidence: f64,
    /// The part of the headline of the one that the other has in headline or lede.
    cover_of_one: f64,
    cover_of_other: f64,
    /// The part of the headlines that is in both.
    titles: f64,
    /// The part of headlines and ledes that is in both.
    texts: f64,
    /// True if both headlines have a word in common that is no name.
    has_title_word: bool,
}

impl Shared {
    fn new(one: &StoryKey, other: &StoryKey) -> Self {
        let (mut shared, mut all, mut all_titles) = (Self::default(), 0.0, 0.0);
        let (mut of_one, mut of_other) = (0.0, 0.0);
        for token in &one.tokens {
            let same = other.find(token.word());
            let kind = same.map_or(token.kind(), |same| same.kind().max(token.kind()));
            let weight = weight(kind);
            let (in_one, in_other) = (token.is_in_title(), same.is_some_and(StoryToken::is_in_title));
            all += weight;
            of_one += if in_one { weight } else { 0.0 };
            of_other += if in_other { weight } else { 0.0 };
            all_titles += if in_one || in_other { weight } else { 0.0 };
            if same.is_some() {
                shared.evidence += weight;
                shared.cover_of_one += if in_one { weight } else { 0.0 };
                shared.cover_of_other += if in_other { weight } else { 0.0 };
                shared.titles += if in_one && in_other { weight } else { 0.0 };
                shared.has_title_word |= in_one && in_other && kind != TokenKind::Name;
            }
        }
        for token in other.tokens.iter().filter(|token| one.find(token.word()).is_none()) {
            let weight = weight(token.kind());
            all += weight;
            of_other += if token.is_in_title() { weight } else { 0.0 };
            all_titles += if token.is_in_title() { weight } else { 0.0 };
        }
        let part = |some: f64, of: f64| if of > 0.0 { some / of } else { 0.0 };
        shared.cover_of_one = part(shared.cover_of_one, of_one);
        shared.cover_of_other = part(shared.cover_of_other, of_other);
        shared.titles = part(shared.titles, all_titles);
        shared.texts = part(shared.evidence, all);
        shared
    }
}

fn weight(kind: TokenKind) -> f64 {
    match kind {
        TokenKind::Word => 1.0,
        TokenKind::Number => 1.2,
        TokenKind::Discipline => 1.3,
        TokenKind::Name => 2.0,
    }
}

/// Returns true if two headlines have the same words, but for their numbers.
fn has_same_words(one: &StoryKey, other: &StoryKey) -> bool {
    let words = |key: &StoryKey| {
        let tokens = key.tokens.iter().filter(|token| token.is_in_title() && token.kind() != TokenKind::Number);
        tokens.map(|token| token.word()).collect::<Vec<_>>()
    };
    words(one) == words(other)
}

/// Returns true if both headlines have names, and none of them is in the other entry.
fn names_nobody_of(one: &StoryKey, other: &StoryKey) -> bool {
    let names = |key: &StoryKey, others: &StoryKey| {
        let mut names = key.tokens.iter().filter(|token| token.is_in_title() && token.kind() == TokenKind::Name).peekable();
        names.peek().is_some() && names.all(|token| others.find(token.word()).is_none())
    };
    names(one, other) && names(other, one)
}

/// Returns for each of two headlines whether it has a token of a kind that the other entry does not have.
fn lack_each_other(one: &StoryKey, other: &StoryKey, kind: TokenKind) -> (bool, bool) {
    let has_own = |key: &StoryKey, other: &StoryKey| {
        let mut named = key.tokens.iter().filter(|token| token.is_in_title() && token.kind() == kind);
        named.any(|token| other.find(token.word()).is_none())
    };
    (has_own(one, other), has_own(other, one))
}
