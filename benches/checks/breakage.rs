//! The ways in which a translation is broken on purpose.

use std::collections::HashSet;

use super::pairs::{Pair, Set, small_letters};
use super::words::words;

/// A sentence of a set.
pub(crate) struct Sentence<'a> {
    pub(crate) set: &'a Set,
    pub(crate) at: usize,
    /// Words that are no sure names.
    pub(crate) small: &'a HashSet<String>,
}

impl Sentence<'_> {
    fn pair(&self) -> &Pair {
        &self.set.pairs[self.at]
    }
}

/// A way, and the least share of its cases that is to be caught, in percent: from French to English, and elsewhere, where fewer
/// words and names are known.
pub(crate) struct Breakage {
    pub(crate) name: &'static str,
    pub(crate) least: f64,
    pub(crate) elsewhere: f64,
    /// What becomes of the translation of a sentence; none if it cannot be broken so.
    pub(crate) broken: fn(&Sentence<'_>) -> Vec<String>,
}

const fn way(name: &'static str, least: f64, elsewhere: f64, broken: fn(&Sentence<'_>) -> Vec<String>) -> Breakage {
    Breakage { name, least, elsewhere, broken }
}

pub(crate) const BREAKAGES: &[Breakage] = &[
    way("untranslated", 99.0, 99.0, |sentence| vec![sentence.pair().source.clone()]),
    way("half-cut", 99.0, 99.0, half),
    way("half-untranslated", 97.0, 90.0, half_untranslated),
    way("number-changed", 99.0, 99.0, other_number),
    // Names that the glossary protects are caught each time ("term"); these are those that it does not know.
    way("name-altered", 95.0, 94.5, |sentence| each_name(sentence, |_| true, altered)),
    way("name-replaced", 95.0, 88.5, |sentence| each_name(sentence, |name| !is_acronym(name), replaced)),
    // One acronym in three differs from French to English: another one is no sign of anything, unless it is protected as a term.
    way("acronym-replaced", 0.0, 0.0, |sentence| each_name(sentence, is_acronym, replaced)),
    way("commented", 99.0, 99.0, commented),
    way("looped", 99.0, 99.0, looped),
    // Answers of models come with ids, and those of other engines in the order of the request: this is what the checks alone
    // see.
    way("off-by-one", 65.0, 65.0, |sentence| {
        sentence.set.pairs.get(sentence.at + 1).map(|next| next.result.clone()).into_iter().collect()
    }),
];

/// The first half of the words.
fn half(sentence: &Sentence<'_>) -> Vec<String> {
    let words: Vec<&str> = sentence.pair().result.split_whitespace().collect();
    vec![words[..words.len() / 2].join(" ")]
}

/// The first half of the translation, and the second of the source.
fn half_untranslated(sentence: &Sentence<'_>) -> Vec<String> {
    let Pair { source, result } = sentence.pair();
    let (source, result): (Vec<&str>, Vec<&str>) = (source.split_whitespace().collect(), result.split_whitespace().collect());
    vec![[&result[..result.len() / 2], &source[source.len() / 2..]].concat().join(" ")]
}

/// One figure is another: the last of each number in turn that stands in the source too. One that the translator added (square
/// miles beside square kilometres) can be compared with nothing.
fn other_number(sentence: &Sentence<'_>) -> Vec<String> {
    let Pair { source, result } = sentence.pair();
    let chars: Vec<char> = result.chars().collect();
    let is_digit = |at: &usize| chars.get(*at).is_some_and(char::is_ascii_digit);
    let figures: String = source.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '.' | ',')).collect();
    let stands_in_source = |end: &usize| {
        let of_number = |at: &usize| is_digit(at) || matches!(chars[*at], '.' | ',') && *at > 0 && is_digit(&(at - 1));
        let number: Vec<char> = (0..=*end).rev().take_while(of_number).map(|at| chars[at]).filter(char::is_ascii_digit).collect();
        figures.contains(&number.into_iter().rev().collect::<String>())
    };
    let ends = (0..chars.len()).filter(|at| is_digit(at) && !is_digit(&(at + 1))).filter(stands_in_source);
    let changed = |at: usize| {
        let digit = chars[at].to_digit(10).unwrap_or(0);
        let other = char::from_digit((digit + 3) % 10, 10).unwrap_or('0');
        chars.iter().enumerate().map(|(place, c)| if place == at { other } else { *c }).collect()
    };
    ends.map(changed).collect()
}

/// Each name in turn made another: a word with a capital that begins no sentence, stands in the source too, and is nowhere
/// written with a small letter.
fn each_name(sentence: &Sentence<'_>, which: fn(&str) -> bool, change: fn(&str, usize) -> String) -> Vec<String> {
    let Pair { source, result } = sentence.pair();
    let in_source: Vec<&str> = words(source).map(|(_, word)| word).collect();
    let is_name = |(place, word): &(usize, &str)| {
        let before = result[..*place].trim_end_matches(['"', '“', '«', '(', '\'', '’', ' ', '\u{a0}']);
        let begins = before.is_empty() || before.ends_with(['.', '!', '?', ':']);
        // As a name stands in both texts, so only as part of one text it is no longer.
        let once = words(result).filter(|(_, other)| other == word).count() == 1;
        !begins
            && once
            && word.chars().count() > 1
            && word.starts_with(char::is_uppercase)
            && in_source.contains(word)
            && !sentence.small.contains(&small_letters(word))
            && which(word)
    };
    let made = |(place, word): (usize, &str)| {
        format!("{}{}{}", &result[..place], change(word, sentence.at + place), &result[place + word.len()..])
    };
    words(result).filter(is_name).map(made).collect()
}

fn is_acronym(name: &str) -> bool {
    name.chars().all(char::is_uppercase)
}

/// The last vowel is another: as an engine made `Jack Mi` of `Jack Ma`. Without one, the last letter.
fn altered(name: &str, _: usize) -> String {
    let mut chars: Vec<char> = name.chars().collect();
    let at = chars.iter().rposition(|c| "aeiouy".contains(*c)).unwrap_or(chars.len() - 1);
    chars[at] = match chars[at] {
        'a' => 'i',
        'e' => 'o',
        'i' => 'u',
        'o' | 'y' => 'a',
        'u' => 'e',
        c if c.is_uppercase() => {
            if c == 'X' {
                'Q'
            } else {
                'X'
            }
        }
        _ => 'b',
    };
    chars.into_iter().collect()
}

/// Quite another name.
fn replaced(name: &str, seed: usize) -> String {
    const OTHERS: [&str; 7] = ["Zubrowka", "Felder", "Kowalski", "Tanaka", "Mbeki", "Ortega", "Lindqvist"];
    if is_acronym(name) { "QRZ".to_owned() } else { OTHERS[seed % OTHERS.len()].to_owned() }
}

/// What models say before the text.
fn commented(sentence: &Sentence<'_>) -> Vec<String> {
    const SAID: [&str; 6] = [
        "Here is the translation: ",
        "Here's the translation of the text:\n\n",
        "Sure, here you go: ",
        "Translation: ",
        "Voici la traduction : ",
        "```\n",
    ];
    vec![format!("{}{}", SAID[sentence.at % SAID.len()], sentence.pair().result)]
}

/// The last words come again and again.
fn looped(sentence: &Sentence<'_>) -> Vec<String> {
    let words: Vec<&str> = sentence.pair().result.split_whitespace().collect();
    let start = words.len() - words.len().min(2 + sentence.at % 5);
    vec![[&words[..start], &words[start..].repeat(4)].concat().join(" ")]
}
