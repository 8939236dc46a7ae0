//! Tells whether two entries are about the same event, by their fingerprints alone: the answer for two entries depends on no third.

use std::cmp::Ordering;
use std::time::Duration;

use super::lexicon::traits;
use crate::model::{StoryKey, StoryToken, TokenKind};

const SEX: u32 = traits::WOMEN | traits::MEN | traits::MIXED;
/// The rounds before the final.
const EARLY: u32 = traits::HEATS | traits::EIGHTHS | traits::QUARTERS | traits::SEMIS;
const ROUND: u32 = EARLY | traits::FINALS;
const MEDAL: u32 = traits::GOLD | traits::SILVER | traits::BRONZE;
/// Traits that both headlines have, or neither.
const EITHER: u32 = traits::LIVE | traits::PREVIEW | traits::YOUTH | traits::SUMMARY;

/// The least weight of what two entries have in common.
const LEAST_EVIDENCE: f64 = 3.5;
/// The weight of common tokens from which on more say nothing.
const MOST_EVIDENCE: f64 = 16.0;

/// The number of kinds of tokens.
const KINDS: usize = TokenKind::Name as usize + 1;

/// The number of features of a pair.
pub(super) const FEATURES: usize = 13;
/// The weights of the features, and the constant: fitted on `tests/story/fitted.tsv` by logistic regression. That of headlines without a
/// common word was set by hand, on feeds of one day: two articles about a crime tell the same background, and need not tell the same
/// news.
const WEIGHTS: [f64; FEATURES] = [2.09, 1.77, 1.21, 3.79, 1.10, 4.32, -1.95, -1.50, -2.00, -1.24, -0.81, -1.49, -3.36];
const CONSTANT: f64 = -4.34;

/// Holds the compared parts of an entry: its tokens in the order of their words, and its traits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fingerprint<'a> {
    pub(super) tokens: &'a [StoryToken],
    pub(super) traits: u32,
}

impl<'a> From<&'a StoryKey> for Fingerprint<'a> {
    fn from(key: &'a StoryKey) -> Self {
        Self { tokens: &key.tokens, traits: key.traits }
    }
}

/// Returns how much two entries are about the same event, from 0 to 1; `apart` is the time between them, `window` the longest.
pub(super) fn likeness(one: Fingerprint<'_>, other: Fingerprint<'_>, apart: Duration, window: Duration) -> f64 {
    let Some(features) = features(one, other, apart, window) else { return 0.0 };
    let sum: f64 = features.iter().zip(WEIGHTS).map(|(feature, weight)| feature * weight).sum();
    1.0 / (1.0 + (-(sum + CONSTANT)).exp())
}

/// Returns what tells for and against one event; nothing if it cannot be one.
pub(super) fn features(
    one: Fingerprint<'_>,
    other: Fingerprint<'_>,
    apart: Duration,
    window: Duration,
) -> Option<[f64; FEATURES]> {
    if apart > window || has_conflict(one.traits, other.traits) || evidence(one.tokens, other.tokens) < LEAST_EVIDENCE {
        return None;
    }
    let Compared { shared, of_one, of_other, has_same_words } = Compared::new(one, other);
    let lack = |kind: TokenKind| of_one.lacks[kind as usize] && of_other.lacks[kind as usize];
    if lack(TokenKind::Discipline) {
        return None;
    }
    if of_one.names_nobody() && of_other.names_nobody() {
        // The same words about somebody else: the results of two matches.
        return None;
    }
    let has_names_of_its_own = lack(TokenKind::Name);
    if lack(TokenKind::Number) && (has_names_of_its_own || has_same_words) {
        // Two of a series: the third and the fourth stage.
        return None;
    }
    let differ = one.traits ^ other.traits;
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
        flag(lack(TokenKind::Number)),
        flag(differ & traits::REACTION != 0),
        flag(differ & traits::FEATURE != 0),
    ])
}

/// Returns the weight of the tokens that two entries have in common. Most pairs share nothing but a name: for them this is all that is
/// reckoned, and it takes few steps that a processor cannot foresee.
fn evidence(one: &[StoryToken], other: &[StoryToken]) -> f64 {
    let (mut own, mut others, mut sum) = (0, 0, 0.0);
    while let (Some(a), Some(b)) = (one.get(own), other.get(others)) {
        if a.word() == b.word() {
            sum += weight(a.kind().max(b.kind()));
        }
        let is_first = a.word() <= b.word();
        others += usize::from(b.word() <= a.word());
        own += usize::from(is_first);
    }
    sum
}

/// Returns true if the headlines tell of different events: of women and of men, of two rounds, of a round and of the medals.
fn has_conflict(a: u32, b: u32) -> bool {
    let is_disjoint = |group: u32| a & group != 0 && b & group != 0 && a & b & group == 0;
    let is_qualified = |traits: u32| traits & traits::QUALIFIED != 0;
    let is_before_medals = |round: u32, medals: u32| {
        let is_early = is_qualified(round) || round & EARLY != 0 && round & traits::FINALS == 0;
        is_early && round & MEDAL == 0 && medals & MEDAL != 0 && medals & EARLY == 0 && !is_qualified(medals)
    };
    (a ^ b) & EITHER != 0
        || tells_of_other_acts(a, b)
        || is_disjoint(SEX)
        // Who is qualified in a semi-final is in the final.
        || is_disjoint(ROUND) && !is_qualified(a) && !is_qualified(b)
        || is_before_medals(a, b)
        || is_before_medals(b, a)
}

/// Returns true if the headline of one tells something that happened in an affair and that the other entry does not know of: the search
/// after the find, the arrest after the search. Reports of an affair have names, ages and places in common for days, and say again in
/// their ledes what is known.
fn tells_of_other_acts(one: u32, other: u32) -> bool {
    let told = |traits: u32| (traits | traits >> traits::IN_LEDE) & traits::ACTS;
    one & traits::ACTS & !told(other) != 0 || other & traits::ACTS & !told(one) != 0
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

/// The tokens of one of two headlines.
#[derive(Default)]
struct OwnTokens {
    /// For each kind, true if the headline has a token of it that the other entry does not have.
    lacks: [bool; KINDS],
    /// True if the headline has names, and if the other entry has one of them.
    has_names: bool,
    has_shared_name: bool,
}

impl OwnTokens {
    fn add(&mut self, token: StoryToken, is_shared: bool) {
        if token.is_in_title() {
            self.lacks[token.kind() as usize] |= !is_shared;
            self.has_names |= token.kind() == TokenKind::Name;
            self.has_shared_name |= token.kind() == TokenKind::Name && is_shared;
        }
    }

    /// Returns true if the headline has names, and the other entry has none of them.
    fn names_nobody(&self) -> bool {
        self.has_names && !self.has_shared_name
    }
}

/// Two entries, token by token.
struct Compared {
    shared: Shared,
    of_one: OwnTokens,
    of_other: OwnTokens,
    /// True if both headlines have the same words, but for their numbers.
    has_same_words: bool,
}

impl Compared {
    /// Compares two keys in one pass: their tokens are in order.
    fn new(one: Fingerprint<'_>, other: Fingerprint<'_>) -> Self {
        let mut compared = Self {
            shared: Shared::default(),
            of_one: OwnTokens::default(),
            of_other: OwnTokens::default(),
            has_same_words: true,
        };
        let mut sums = Sums::default();
        let (mut own, mut others) = (one.tokens.iter().copied().peekable(), other.tokens.iter().copied().peekable());
        loop {
            let order = match (own.peek(), others.peek()) {
                (Some(a), Some(b)) => a.word().cmp(&b.word()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let a = if order.is_le() { own.next() } else { None };
            let b = if order.is_ge() { others.next() } else { None };
            compared.add(a, b, &mut sums);
        }
        compared.shared.divide(&sums);
        compared
    }

    /// Adds a word that one of them has, or both.
    fn add(&mut self, a: Option<StoryToken>, b: Option<StoryToken>, sums: &mut Sums) {
        if let Some(token) = a {
            self.of_one.add(token, b.is_some());
        }
        if let Some(token) = b {
            self.of_other.add(token, a.is_some());
        }
        let in_title = |token: Option<StoryToken>| token.is_some_and(StoryToken::is_in_title);
        let is_title_word =
            |token: Option<StoryToken>| token.is_some_and(|token| token.is_in_title() && token.kind() != TokenKind::Number);
        self.has_same_words &= is_title_word(a) == is_title_word(b);
        let kind = a.map(StoryToken::kind).max(b.map(StoryToken::kind)).unwrap_or(TokenKind::Word);
        let (weight, in_one, in_other) = (weight(kind), in_title(a), in_title(b));
        sums.all += weight;
        sums.of_one += if in_one { weight } else { 0.0 };
        sums.of_other += if in_other { weight } else { 0.0 };
        sums.titles += if in_one || in_other { weight } else { 0.0 };
        if a.is_some() && b.is_some() {
            let shared = &mut self.shared;
            shared.evidence += weight;
            shared.cover_of_one += if in_one { weight } else { 0.0 };
            shared.cover_of_other += if in_other { weight } else { 0.0 };
            shared.titles += if in_one && in_other { weight } else { 0.0 };
            shared.has_title_word |= in_one && in_other && kind != TokenKind::Name;
        }
    }
}

/// The weights of all tokens, of those of each headline, and of those of both headlines.
#[derive(Default)]
struct Sums {
    all: f64,
    of_one: f64,
    of_other: f64,
    titles: f64,
}

impl Shared {
    /// Makes parts of the weights that were added up.
    fn divide(&mut self, sums: &Sums) {
        let part = |some: f64, of: f64| if of > 0.0 { some / of } else { 0.0 };
        self.cover_of_one = part(self.cover_of_one, sums.of_one);
        self.cover_of_other = part(self.cover_of_other, sums.of_other);
        self.titles = part(self.titles, sums.titles);
        self.texts = part(self.evidence, sums.all);
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
