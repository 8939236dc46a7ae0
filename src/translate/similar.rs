//! Finds sentences that say nearly the same: by bands of a `MinHash` in an index, and then letter by letter.
//!
//! Two sets of words share one of `BANDS` bands with a probability that depends on the part of words that they have in common: 96 % where
//! that is three quarters, 5 % at a fifth, 1 % at a tenth. So an index of a few numbers a sentence finds nearly all similar ones, and
//! hardly any other.

use strsim::normalized_levenshtein;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::engine::LanguagePair;
use super::verify::is_number_word;
use crate::model::{Lang, Marked};

/// The bands of a sentence, and the smallest hashes that make one.
const BANDS: u64 = 6;
const ROWS: u64 = 3;

/// A sentence with fewer words that tell it from others is like too many.
const LEAST_WORDS: usize = 4;

/// Shorter words are in every sentence.
const LEAST_LETTERS: usize = 4;

/// The most characters of a sentence: what is given as context is billed.
const MOST_CHARACTERS: usize = 400;

/// The likeness from which on two sentences are similar: the part of letters that need no change.
const LEAST_LIKENESS: f64 = 0.85;

/// The longest first word that may differ although it has a capital: an article.
const ARTICLE: usize = 3;

/// Returns the bands under which a sentence is found that `maker` has translated; none if it is too short or too long.
pub fn similarity_bands(text: &Marked, pair: &LanguagePair, maker: &str) -> Vec<i64> {
    let plain = text.plain();
    let mut words: Vec<String> = words(&plain).filter(|word| is_telling(word)).map(str::to_lowercase).collect();
    words.sort_unstable();
    words.dedup();
    if words.len() < LEAST_WORDS || plain.chars().count() > MOST_CHARACTERS {
        return Vec::new();
    }
    let smallest = |seed: u64| words.iter().map(|word| xxh3_64_with_seed(word.as_bytes(), seed)).min().unwrap_or_default();
    let band = |band: u64| {
        let rows: Vec<u64> = (0..ROWS).map(|row| smallest(band * ROWS + row)).collect();
        let name = format!("{band} {} {} {maker} {rows:?}", pair.from.primary(), pair.to);
        xxh3_64_with_seed(name.as_bytes(), 0).cast_signed()
    };
    (0..BANDS).map(band).collect()
}

/// Returns the likeness of two sentences of a language, from 0.85 to 1; nothing if they are less alike, or say other numbers or names.
pub fn likeness(one: &str, other: &str, lang: &Lang) -> Option<f64> {
    let (length, other_length) = (one.chars().count(), other.chars().count());
    let (shorter, longer) = (length.min(other_length), length.max(other_length));
    // Two texts of which one is a third longer cannot be alike.
    if longer > MOST_CHARACTERS || shorter * 4 < longer * 3 || !has_same_facts(one, other, lang) {
        return None;
    }
    Some(normalized_levenshtein(one, other)).filter(|likeness| *likeness >= LEAST_LIKENESS)
}

/// Returns true if two sentences have the same numbers and the same words with capitals, in the same order. A word that begins one of
/// them may be a name, too, unless it is as short as an article.
fn has_same_facts(one: &str, other: &str, lang: &Lang) -> bool {
    let facts = |text: &str| -> Vec<String> {
        let is_article = |(place, word): &(usize, &str)| *place == 0 && word.chars().count() <= ARTICLE;
        let is_fact = |word: &str| word.chars().any(|c| c.is_uppercase() || c.is_numeric()) || is_number_word(word, lang);
        let words = words(text).enumerate().filter(|word| !is_article(word));
        words.map(|(_, word)| word).filter(|word| is_fact(word)).map(str::to_owned).collect()
    };
    facts(one) == facts(other)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn is_telling(word: &str) -> bool {
    word.chars().count() >= LEAST_LETTERS && word.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "Le public a salué longuement les nageurs français après la grande course de relais à Nanterre en 2024.";

    fn pair() -> LanguagePair {
        LanguagePair { from: fr(), to: Lang::new("en").expect("a tag") }
    }

    fn fr() -> Lang {
        Lang::new("fr").expect("a tag")
    }

    fn bands(text: &str, maker: &str) -> Vec<i64> {
        similarity_bands(&Marked::text(text), &pair(), maker)
    }

    fn share(one: &str, other: &str) -> bool {
        bands(one, "m").iter().any(|band| bands(other, "m").contains(band))
    }

    #[test]
    fn similar_sentences_share_a_band_and_others_do_not() {
        assert!(share(LONG, &LONG.replace("grande", "longue")));
        assert!(share(LONG, &LONG.replace("longuement ", "")));
        assert!(!share(LONG, "La mairie présente demain le budget des équipements sportifs devant le conseil municipal."));
        assert!(bands(LONG, "m").iter().all(|band| !bands(LONG, "other").contains(band)), "each maker has bands of its own");
        assert!(bands("Le relais est là", "m").is_empty() && bands(&LONG.repeat(5), "m").is_empty());
    }

    #[test]
    fn sentences_with_other_names_or_numbers_are_not_alike() {
        let alike = |other: &str| likeness(LONG, other, &fr()).is_some();
        assert!(alike(LONG) && alike(&LONG.replace("grande", "longue")) && alike(&LONG.replacen("Le", "Ce", 1)));
        for (was, became) in [("Nanterre", "Nantes"), ("2024", "2028"), ("les nageurs", "deux nageurs"), ("français", "Français")]
        {
            assert!(!alike(&LONG.replace(was, became)), "{became}");
        }
        assert!(!alike("Le public a salué les nageurs à Nanterre en 2024."), "much is missing");
        assert!(likeness("Zidane gagne la course ce soir", "Platini gagne la course ce soir", &fr()).is_none());
        let (one, other) = ("Hier Martin bat Durand en finale", "Hier Durand bat Martin en finale");
        assert!(likeness(one, other, &fr()).is_none(), "who beats whom");
    }
}
