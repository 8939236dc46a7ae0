//! Checks concepts: none may become another of its group (`Tuesday`, `Wednesday`; `won`, `lost`).
//!
//! A translation may leave a concept out, or say it in words that no list has. But a lost one and a new one of the same group are an
//! exchange. Names and terms are not looked at here.

use std::collections::BTreeMap;

use super::Rejection;
use super::lexicon::{Concept, Hit, Lexicon};
use super::texts::ComparedTexts;
use super::tokens::{Token, tokenise};

/// Groups that other checks look at.
const OTHERS: [&str; 10] = ["none", "unit", "neg", "only", "gender", "pronoun", "possessive", "thing", "last", "aside"];
/// Groups of which each mention counts: `silver … gold` has not become `silver … silver`.
const COUNTED: [&str; 4] = ["weekday", "month", "medal", "currency"];

/// The concepts of source and result.
pub(super) struct Meanings {
    pub(super) source: Side,
    pub(super) result: Side,
}

/// The concepts of one text.
pub(super) struct Side {
    pub(super) tokens: Vec<Token>,
    pub(super) hits: Vec<Hit>,
}

impl Side {
    /// Returns the number of mentions: by strong forms, and by all.
    pub(super) fn count(&self, group: &str, name: &str) -> (usize, usize) {
        let of = |hit: &&Hit| hit.concept.group == group && hit.concept.name == name;
        let strong = self.hits.iter().filter(of).filter(|hit| hit.is_strong).count();
        (strong, self.hits.iter().filter(of).count())
    }

    /// Returns true if a form means the concept, or may mean it.
    pub(super) fn has(&self, group: &str, name: &str) -> bool {
        self.count(group, name).1 > 0
    }

    /// Returns the words of a hit.
    fn words(&self, concept: Concept) -> String {
        let hit = self.hits.iter().find(|hit| hit.concept == concept && hit.is_strong);
        let words =
            |hit: &Hit| self.tokens[hit.at..hit.at + hit.length].iter().map(|token| token.text.as_str()).collect::<Vec<_>>();
        hit.map(|hit| words(hit).join(" ")).unwrap_or_default()
    }
}

impl Meanings {
    /// Finds the concepts of both texts. Returns nothing for a language without a lexicon, and for two texts in one language.
    pub(super) fn of(texts: &ComparedTexts<'_>) -> Option<Self> {
        if texts.from.primary() == texts.to.primary() {
            return None;
        }
        let (from, to) = (Lexicon::of(texts.from)?, Lexicon::of(texts.to)?);
        let side = |lexicon: &Lexicon, text: &str| {
            let tokens = tokenise(text);
            let hits = lexicon.find(&tokens);
            Side { tokens, hits }
        };
        Some(Self { source: side(from, &texts.bare_source), result: side(to, &texts.bare_result) })
    }
}

/// Checks that no concept has become another of its group.
pub(super) fn check_concepts(meanings: &Meanings) -> Result<(), Rejection> {
    let (source, result) = (mentions(&meanings.source), mentions(&meanings.result));
    let lost = source.iter().filter(|(concept, count)| {
        let there = result.get(*concept).map_or(0, |(_, all)| *all);
        count.0 > 0 && (there == 0 || COUNTED.contains(&concept.group) && there < count.0)
    });
    for (was, _) in lost {
        let new = result.iter().find(|(concept, count)| {
            let had = source.get(*concept).map_or(0, |(_, all)| *all);
            let is_new = had == 0 || COUNTED.contains(&concept.group) && had < count.0;
            concept.group == was.group && **concept != *was && count.0 > 0 && is_new
        });
        if let Some((became, _)) = new.filter(|(became, _)| !is_turned_round(*was, **became, meanings)) {
            let (was, became) = (meanings.source.words(*was), meanings.result.words(*became));
            return Err(Rejection::Meaning { was, became });
        }
    }
    Ok(())
}

/// Counts the mentions of each concept: by strong forms, and by all.
fn mentions(side: &Side) -> BTreeMap<Concept, (usize, usize)> {
    let mut counts: BTreeMap<Concept, (usize, usize)> = BTreeMap::new();
    let mut words: BTreeMap<Concept, Vec<(usize, bool)>> = BTreeMap::new();
    for hit in side.hits.iter().filter(|hit| !OTHERS.contains(&hit.concept.group)) {
        let at = words.entry(hit.concept).or_default();
        // `Mon` and `?Mon` in one row are one mention.
        if !at.iter().any(|(place, _)| *place == hit.at) {
            at.push((hit.at, hit.is_strong));
        }
    }
    for (concept, at) in words {
        counts.insert(concept, (at.iter().filter(|(_, is_strong)| *is_strong).count(), at.len()));
    }
    counts
}

/// Returns true if a negation explains that a word has become its opposite: `did not lose`, `won`.
fn is_turned_round(was: Concept, _became: Concept, meanings: &Meanings) -> bool {
    const FIXED: [&str; 12] =
        ["weekday", "month", "noon", "season", "today", "currency", "medal", "country", "fraction", "ordinal", "compass", "kin"];
    if FIXED.contains(&was.group) {
        return false;
    }
    let negated = |side: &Side| side.count("neg", "hard").0;
    negated(&meanings.source) != negated(&meanings.result)
}
