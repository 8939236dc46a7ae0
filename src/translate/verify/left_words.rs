//! Finds French words that an engine has left in its translation: `The nageuse wins`.
//!
//! Many words are the same in two languages. A word counts only if it is spelled as no word of the language of the translation is, by the
//! signs in `left_words.tsv`. So half of the nouns are found that could be left, and hardly a good translation is accused.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::texts::{Word, words};
use crate::model::Lang;

static SIGNS: LazyLock<HashMap<&'static str, Signs>> = LazyLock::new(|| read(include_str!("../data/left_words.tsv")));

/// Shorter words have too few letters to be of a language.
const LEAST_LETTERS: usize = 5;

/// The most words of a text that are compared.
const MOST_WORDS: usize = 2_000;

/// The signs of French words in texts of a language.
struct Signs {
    begin: Vec<&'static str>,
    end: Vec<&'static str>,
    anywhere: Vec<&'static str>,
    /// Words of the language that have such signs.
    own: HashSet<&'static str>,
}

impl Signs {
    fn is_french(&self, word: &str) -> bool {
        !self.own.contains(word)
            && (self.begin.iter().any(|sign| word.starts_with(sign))
                || self.end.iter().any(|sign| word.ends_with(sign))
                || self.anywhere.iter().any(|sign| word.contains(sign)))
    }
}

fn read(table: &'static str) -> HashMap<&'static str, Signs> {
    let rows = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut fields = line.split('\t');
        let (lang, signs, own) = (fields.next()?, fields.next()?, fields.next()?);
        let mut row =
            Signs { begin: Vec::new(), end: Vec::new(), anywhere: Vec::new(), own: own.split_ascii_whitespace().collect() };
        for sign in signs.split_ascii_whitespace() {
            match (sign.strip_prefix('^'), sign.strip_suffix('$')) {
                (Some(sign), _) => row.begin.push(sign),
                (_, Some(sign)) => row.end.push(sign),
                _ => row.anywhere.push(sign),
            }
        }
        Some((lang, row))
    });
    rows.collect()
}

/// Returns the words of a French source that stand in its translation as they were, and are no words of its language. Names and quoted words
/// may stay.
pub fn find_left_words(source: &str, result: &str, from: &Lang, to: &Lang) -> Vec<String> {
    let Some(signs) = SIGNS.get(to.primary()).filter(|_| from.primary() == "fr") else { return Vec::new() };
    let is_small =
        |word: &Word<'_>| word.text.chars().all(char::is_lowercase) && word.text.chars().nth(LEAST_LETTERS - 1).is_some();
    let own: HashSet<&str> = words(source).take(MOST_WORDS).filter(is_small).map(|word| word.text).collect();
    let left = words(result).take(MOST_WORDS).filter(|word| is_small(word) && own.contains(word.text));
    left.filter(|word| signs.is_french(word.text) && !is_quoted(result, word)).map(|word| word.text.to_owned()).collect()
}

/// Returns true if a word has a quotation mark on one of its sides.
fn is_quoted(text: &str, word: &Word<'_>) -> bool {
    let opens = |c: char| matches!(c, '"' | '“' | '„' | '«' | '‹' | '‘');
    let closes = |c: char| matches!(c, '"' | '”' | '“' | '»' | '›' | '’');
    let before = text[..word.at].trim_end().chars().next_back();
    let after = text[word.at + word.text.len()..].trim_start().chars().next();
    before.is_some_and(opens) || after.is_some_and(closes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(source: &str, result: &str, to: &str) -> Vec<String> {
        find_left_words(source, result, &Lang::new("fr").expect("a tag"), &Lang::new(to).expect("a tag"))
    }

    #[test]
    fn french_noun_that_stands_in_a_translation_is_found() {
        let source = "La nageuse gagne la médaille de l’épreuve.";
        assert_eq!(left(source, "The nageuse wins the medal of the event.", "en"), ["nageuse"]);
        assert_eq!(left(source, "La nageuse gana la medalla de la prueba.", "es"), ["nageuse"]);
        assert_eq!(left(source, "La nedadora guanya la médaille de la prova.", "ca"), ["médaille"]);
        assert!(left(source, "Die nageuse gewinnt.", "de").is_empty(), "no signs are known");
    }

    #[test]
    fn words_of_both_languages_names_and_quotations_may_stay() {
        assert!(left("Un restaurateur et un entrepreneur", "A restaurateur and an entrepreneur", "en").is_empty());
        assert!(left("La technique est unique au café", "The technique is unique at the café", "en").is_empty());
        assert!(left("le mot « nageuse »", "the word “nageuse”", "en").is_empty());
        assert!(left("la Nageuse, statue", "la Nageuse, estatua", "es").is_empty());
        assert!(left("la nageuse", "the swimmer nageuses", "en").is_empty(), "only words of the source");
    }

    #[test]
    fn each_row_of_the_table_has_signs() {
        assert_eq!(SIGNS.len(), 3);
        assert!(SIGNS.values().all(|signs| signs.end.len() > 20 && signs.anywhere.len() > 5));
    }
}
