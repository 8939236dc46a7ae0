//! The first words of a source, which a model quotes with each answer: they say which text it has translated.

use strsim::levenshtein;

/// The words that a model quotes.
pub(super) const QUOTED_WORDS: usize = 4;
/// The letters that are compared.
const MOST_LETTERS: usize = 60;
/// The share of equal letters, in percent, from which two beginnings are the same: a model may mend an accent or leave out a mark.
const SAME: usize = 55;

/// Returns the first words of a text.
pub(super) fn first_words(text: &str) -> String {
    text.split_whitespace().take(QUOTED_WORDS).collect::<Vec<_>>().join(" ")
}

/// Returns true if the quoted words begin another text than `source`. Words of the answer itself say nothing: the model has quoted its
/// translation.
pub(super) fn is_of_another(quoted: &str, source: &str, answer: &str) -> bool {
    let quoted = letters(&first_words(quoted));
    let begins = |text: &str| likeness(&quoted, &letters(&first_words(text))) >= SAME;
    !quoted.is_empty() && !begins(source) && !begins(answer)
}

/// Returns the letters and figures of a text, in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(MOST_LETTERS).collect()
}

/// Returns the share of letters, in percent, that need no change.
fn likeness(one: &str, other: &str) -> usize {
    let longest = one.chars().count().max(other.chars().count()).max(1);
    100 - 100 * levenshtein(one, other) / longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_another_text_are_told_from_own_ones() {
        let source = "La nageuse remporte la médaille d’or";
        assert!(!is_of_another("La nageuse remporte la", source, "The swimmer wins"));
        assert!(!is_of_another("la nageuse remporte", source, "The swimmer wins"), "fewer words");
        assert!(
            !is_of_another("The swimmer wins gold", source, "The swimmer wins gold today"),
            "the model has quoted its answer"
        );
        assert!(!is_of_another("", source, "The swimmer wins"));
        assert!(is_of_another("Le maire inaugure le", source, "The mayor opens"));
    }
}
