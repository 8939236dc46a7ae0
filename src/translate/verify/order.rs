//! Checks that the answers of one request are in its order. An engine that answers with a list and no ids may have moved a text, and
//! the good translation of another text passes every other check.
//!
//! A text and its translation share names, numbers, and words that begin alike in both languages (`natation`, `natación`). An answer
//! that shares clearly more with another text of the request than with its own is doubted. Languages that share nothing cannot be
//! checked in this way.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::texts::{plain_letters, words};
use crate::model::Marked;

/// The first letters by which words of two languages are compared.
const STEM: usize = 4;
/// The least words in common that say something.
const LEAST: usize = 2;
/// The factor by which an answer must share more with another text than with its own, each by its length.
const TIMES: f64 = 2.0;
/// The neighbours that a text is compared with, on each side.
const NEIGHBOURS: usize = 32;
/// The least words of an answer that may not stand under two sources, and the share of words by which sources are alike.
const REPEATED_WORDS: usize = 4;
const ALIKE: f64 = 0.5;
/// With this many doubtful answers, and a tenth of the request, every answer is doubted.
const MANY: usize = 4;

/// Finds the answers (by their places) that may belong to another text of the request: those that resemble another text more than
/// their own, and more than its own answer does; and the answers of those texts. If there are many, it is all of them. `answers` has
/// one item for each of `sources`, nothing where there is no answer.
pub fn find_swapped(sources: &[&Marked], answers: &[Option<&Marked>]) -> Vec<usize> {
    if sources.len() < 2 {
        return Vec::new();
    }
    let texts: Vec<HashSet<String>> = sources.iter().map(|text| stems(text)).collect();
    let given = answers;
    let answers: Vec<HashSet<String>> = answers.iter().map(|answer| answer.map(stems).unwrap_or_default()).collect();
    let own: Vec<f64> = texts.iter().zip(&answers).map(|(text, answer)| shared_words(text, answer).1).collect();
    let mut crossed = BTreeSet::new();
    for (place, answer) in answers.iter().enumerate().take(texts.len()) {
        for other in place.saturating_sub(NEIGHBOURS)..=(place + NEIGHBOURS).min(texts.len() - 1) {
            let (shared, part) = shared_words(&texts[other], answer);
            if shared >= LEAST && part > own[place] * TIMES && part > own[other] && texts[other] != texts[place] {
                crossed.extend([place, other]);
            }
        }
    }
    crossed.extend(find_repeated(sources, given));
    if crossed.len() >= MANY && crossed.len() * 10 >= texts.len() {
        return (0..texts.len()).collect();
    }
    crossed.into_iter().collect()
}

/// Finds the answers that stand under several sources that are not alike: one sentence under six headlines. The one that shares most
/// with its source stays, if there is one.
pub fn find_repeated(sources: &[&Marked], answers: &[Option<&Marked>]) -> Vec<usize> {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, answer) in answers.iter().enumerate().take(sources.len()) {
        let Some(answer) = answer else { continue };
        let words: Vec<String> = words(&answer.plain()).map(|word| word.text.to_lowercase()).collect();
        if words.len() >= REPEATED_WORDS {
            places.entry(words.join(" ")).or_default().push(place);
        }
    }
    let mut repeated = Vec::new();
    for same in places.into_values().filter(|same| same.len() > 1) {
        let texts: Vec<HashSet<String>> = same.iter().map(|place| stems(sources[*place])).collect();
        let Some(answer) = answers[same[0]].map(stems) else { continue };
        if texts[1..].iter().all(|other| *other == texts[0] || shared_words(&texts[0], other).1 >= ALIKE) {
            continue;
        }
        let shares: Vec<f64> = texts.iter().map(|text| shared_words(text, &answer).1).collect();
        let most = shares.iter().copied().fold(0.0, f64::max);
        let has_best = most > 0.0 && shares.iter().filter(|share| **share >= most / TIMES).count() == 1;
        repeated.extend(same.iter().zip(&shares).filter(|(_, share)| !has_best || **share < most).map(|(place, _)| *place));
    }
    repeated.sort_unstable();
    repeated
}

/// Returns the number of words in common, and their share of the possible ones.
#[expect(clippy::cast_precision_loss, reason = "counts of words")]
fn shared_words(one: &HashSet<String>, other: &HashSet<String>) -> (usize, f64) {
    let shared = one.intersection(other).count();
    let most = (one.len() as f64 * other.len() as f64).sqrt();
    (shared, if most > 0.0 { shared as f64 / most } else { 0.0 })
}

/// Returns the beginnings of long words, and whole numbers and short names.
fn stems(text: &Marked) -> HashSet<String> {
    let text = text.plain();
    let stem = |word: &str| {
        let plain = plain_letters(word);
        let letters = plain.chars().count();
        if word.chars().all(|c| c.is_ascii_digit()) || letters < STEM && letters > 1 && word.starts_with(char::is_uppercase) {
            Some(plain)
        } else {
            (letters >= STEM).then(|| plain.chars().take(STEM).collect())
        }
    };
    words(&text).filter_map(|word| stem(word.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: [&str; 4] = [
        "La natation française fête une victoire de plus dans le grand bassin",
        "Le judo français attend toujours les médailles de ses champions",
        "Oui.",
        "Teddy Riner a porté le drapeau pendant la cérémonie.",
    ];
    const ANSWERS: [&str; 4] = [
        "La natación francesa celebra una victoria más en la gran piscina",
        "El judo francés sigue esperando las medallas de sus campeones",
        "Sí.",
        "Teddy Riner llevó la bandera durante la ceremonia.",
    ];

    fn judged(order: [usize; 4]) -> Vec<usize> {
        let sources = SOURCES.map(Marked::text);
        let answers = ANSWERS.map(Marked::text);
        find_swapped(&sources.iter().collect::<Vec<_>>(), &order.map(|at| Some(&answers[at])))
    }

    #[test]
    fn swapped_answers_are_found_and_no_others() {
        assert_eq!(judged([0, 1, 2, 3]), Vec::<usize>::new());
        assert_eq!(judged([1, 0, 2, 3]), vec![0, 1]);
        assert_eq!(judged([3, 0, 2, 1]), vec![0, 1, 3]);
        assert_eq!(judged([1, 2, 3, 0]), vec![0, 1, 2, 3]);
    }

    #[test]
    fn one_answer_under_different_sources_is_repeated() {
        let sources = SOURCES.map(Marked::text);
        let answer = Marked::text(ANSWERS[0]);
        let sources: Vec<_> = sources.iter().collect();
        assert_eq!(find_repeated(&sources, &[Some(&answer), Some(&answer), None, Some(&answer)]), vec![1, 3]);
        let alike = [Marked::text("Le judo français attend"), Marked::text("Le judo français attend !")];
        assert_eq!(find_repeated(&alike.iter().collect::<Vec<_>>(), &[Some(&answer), Some(&answer)]), Vec::<usize>::new());
    }

    #[test]
    fn single_text_and_equal_texts_are_never_swapped() {
        let text = Marked::text("Léon Marchand bat Tom Dean");
        assert_eq!(find_swapped(&[&text], &[Some(&text)]), Vec::<usize>::new());
        assert_eq!(find_swapped(&[&text, &text], &[Some(&text), None]), Vec::<usize>::new());
    }
}
