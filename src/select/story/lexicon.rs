//! The words that say nothing about an event, and those that tell it from another one: `lexicon.txt`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64;

use crate::model::TokenKind;

const TEXT: &str = include_str!("lexicon.txt");
/// The beginning of all words for who is through to the next round, in French and English.
const QUALIFIED: &str = "quali";

/// The traits of a headline.
pub(crate) mod traits {
    pub(crate) const WOMEN: u32 = 1;
    pub(crate) const MEN: u32 = 1 << 1;
    pub(crate) const MIXED: u32 = 1 << 2;
    pub(crate) const HEATS: u32 = 1 << 3;
    pub(crate) const EIGHTHS: u32 = 1 << 4;
    pub(crate) const QUARTERS: u32 = 1 << 5;
    pub(crate) const SEMIS: u32 = 1 << 6;
    pub(crate) const FINALS: u32 = 1 << 7;
    pub(crate) const GOLD: u32 = 1 << 8;
    pub(crate) const SILVER: u32 = 1 << 9;
    pub(crate) const BRONZE: u32 = 1 << 10;
    pub(crate) const QUALIFIED: u32 = 1 << 11;
    pub(crate) const LIVE: u32 = 1 << 12;
    pub(crate) const PREVIEW: u32 = 1 << 13;
    pub(crate) const REACTION: u32 = 1 << 14;
    pub(crate) const FEATURE: u32 = 1 << 15;
    pub(crate) const YOUTH: u32 = 1 << 16;
    /// Acts in an affair, as headlines name them.
    pub(crate) const FOUND: u32 = 1 << 17;
    pub(crate) const SEARCH: u32 = 1 << 18;
    pub(crate) const ARREST: u32 = 1 << 19;
    pub(crate) const CHARGE: u32 = 1 << 20;
    pub(crate) const TRIAL: u32 = 1 << 21;
    pub(crate) const AUTOPSY: u32 = 1 << 22;
    pub(crate) const TRIBUTE: u32 = 1 << 23;
    pub(crate) const ACTS: u32 = FOUND | SEARCH | ARREST | CHARGE | TRIAL | AUTOPSY | TRIBUTE;
    /// The bits by which what the lede tells of stands higher.
    pub(crate) const IN_LEDE: u32 = 7;
    /// The headline promises a summary of what is known, and is no news.
    pub(crate) const SUMMARY: u32 = 1 << 31;
}

/// The names of the traits in `lexicon.txt`.
const TRAITS: [(&str, u32); 23] = [
    ("women", traits::WOMEN),
    ("men", traits::MEN),
    ("mixed", traits::MIXED),
    ("heats", traits::HEATS),
    ("eighths", traits::EIGHTHS),
    ("quarters", traits::QUARTERS),
    ("semis", traits::SEMIS),
    ("finals", traits::FINALS),
    ("gold", traits::GOLD),
    ("silver", traits::SILVER),
    ("bronze", traits::BRONZE),
    ("live", traits::LIVE),
    ("preview", traits::PREVIEW),
    ("reaction", traits::REACTION),
    ("feature", traits::FEATURE),
    ("youth", traits::YOUTH),
    ("found", traits::FOUND),
    ("search", traits::SEARCH),
    ("arrest", traits::ARREST),
    ("charge", traits::CHARGE),
    ("trial", traits::TRIAL),
    ("autopsy", traits::AUTOPSY),
    ("tribute", traits::TRIBUTE),
];

/// The meaning of a word that is treated in a way of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    /// The traits that it gives a headline.
    pub(super) traits: u32,
    /// The token that it stands for; nothing if it says nothing about the event.
    pub(super) token: Option<(&'static str, TokenKind)>,
}

/// Returns the meaning of a word in lower case without accents. It is asked for each word that is read.
pub(super) fn find(word: &str) -> Option<Meaning> {
    static WORDS: LazyLock<Vec<(u64, Meaning)>> = LazyLock::new(read);
    if word.starts_with(QUALIFIED) {
        return Some(Meaning { traits: traits::QUALIFIED, token: None });
    }
    let hash = xxh3_64(word.as_bytes());
    WORDS.binary_search_by_key(&hash, |(known, _)| *known).ok().map(|place| WORDS[place].1)
}

/// Reads the lexicon: the meanings by the hashes of their words, in order.
fn read() -> Vec<(u64, Meaning)> {
    let mut meanings: BTreeMap<u64, Meaning> = BTreeMap::new();
    for (kind, list) in TEXT.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": ")) {
        let first = list.split(' ').next().unwrap_or_default();
        let bit = TRAITS.iter().find(|(name, _)| *name == kind).map_or(0, |(_, bit)| *bit);
        let token = match kind {
            "discipline" => Some((first, TokenKind::Discipline)),
            "nation" => Some((first, TokenKind::Name)),
            "number" => list.split(' ').next_back().map(|figure| (figure, TokenKind::Number)),
            // Medals are words like others, too.
            "gold" | "silver" | "bronze" => Some((first, TokenKind::Word)),
            _ => None,
        };
        let words = if kind == "number" { first } else { list };
        for word in words.split(' ') {
            let meaning = meanings.entry(xxh3_64(word.as_bytes())).or_default();
            meaning.traits |= bit;
            meaning.token = token.or(meaning.token);
        }
    }
    meanings.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_lexicon_has_a_known_kind() {
        for line in TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let kind = line.split_once(": ").map_or("", |(kind, _)| kind);
            let is_known =
                ["stop", "discipline", "nation", "number"].contains(&kind) || TRAITS.iter().any(|(name, _)| *name == kind);
            assert!(is_known, "{line}");
        }
    }

    #[test]
    fn words_have_the_meaning_of_their_line() {
        let of = |word| find(word).map(|meaning| (meaning.traits, meaning.token));
        assert_eq!(of("le"), Some((0, None)));
        assert_eq!(of("dames"), Some((traits::WOMEN, None)));
        assert_eq!(of("qualifiees"), Some((traits::QUALIFIED, None)));
        assert_eq!(of("butterfly"), Some((0, Some(("papillon", TokenKind::Discipline)))));
        assert_eq!(of("nageuses"), Some((traits::WOMEN, Some(("natation", TokenKind::Discipline)))));
        assert_eq!(of("douze"), Some((0, Some(("12", TokenKind::Number)))));
        assert_eq!(find("village"), None);
    }
}
