//! Finds the texts in which one word decides: those with a number or a negation.

use super::negation::has_negation;
use super::numbers::find_numbers;
use super::numerals::Numerals;
use super::texts::words;
use crate::model::{Lang, Marked};

/// The value of `un` and `one`, in thousandths: most often they are articles and pronouns.
const ONE: u64 = 1000;

/// Returns true if a text has a number, in figures or in words, or a negation. Words are known for the languages of the checks.
pub fn has_number_or_negation(text: &Marked, lang: &Lang) -> bool {
    let plain = text.plain();
    let is_number = |word: &str| is_number_word(word, lang);
    !find_numbers(&plain, lang).is_empty() || words(&plain).any(|word| is_number(word.text)) || has_negation(&plain, lang)
}

/// Returns true for a word that is a number and nothing else.
pub(in super::super) fn is_number_word(word: &str, lang: &Lang) -> bool {
    Numerals::of(lang).cardinal(&word.to_lowercase()).is_some_and(|value| value != ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_negations_are_found_in_figures_and_words() {
        let fr = Lang::new("fr").expect("a tag");
        let is_risky = |text: &str| has_number_or_negation(&Marked::text(text), &fr);
        for risky in [
            "Il gagne en 4 minutes.",
            "Trois nageuses partent.",
            "Elle ne part pas.",
            "Il n’a jamais gagné.",
            "Aucun record ne tombe.",
        ] {
            assert!(is_risky(risky), "{risky}");
        }
        for plain in ["Une nageuse gagne la course.", "Le public salue les nageurs.", "On attend un record."] {
            assert!(!is_risky(plain), "{plain}");
        }
        assert!(!has_number_or_negation(&Marked::text("Nid yw hi wedi ennill."), &Lang::new("cy").expect("a tag")));
    }
}
