//! The words that an engine says it does not know. Rule-based engines leave such a word in its language and set a sign before it; in an
//! answer on its way through the program the sign is [`UNKNOWN`], so that no character of a text is taken for one.

use crate::model::{Marked, Piece};

/// Stands before a word that the engine has left in the language of the source (a private use character).
const UNKNOWN: char = '\u{e000}';

/// The signs of Apertium: for a word that it does not know, one that it cannot translate, and one that it has translated but not
/// inflected. The last one is in the target language.
const SIGNS: [(char, bool); 3] = [('*', true), ('@', true), ('#', false)];

/// Returns true if a text itself has something like a sign before a word: an answer with signs could not be read.
pub(super) fn has_signs(text: &Marked) -> bool {
    text.pieces().iter().any(|piece| matches!(piece, Piece::Text(line) if replace_signs(line) != *line))
}

/// Reads the signs in an answer to a text that has none.
pub(super) fn read_signs(answer: &Marked) -> Marked {
    map_text(answer, replace_signs)
}

/// Returns an answer without its signs, and the words that were left in the language of the source.
pub fn take_unknown_words(answer: &Marked) -> (Marked, Vec<String>) {
    let mut words = Vec::new();
    for piece in answer.pieces() {
        let Piece::Text(line) = piece else { continue };
        let after = line.split(UNKNOWN).skip(1);
        words.extend(after.map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_owned()));
    }
    (map_text(answer, |line| line.replace(UNKNOWN, "")), words)
}

fn map_text(text: &Marked, map: impl Fn(&str) -> String) -> Marked {
    Marked::new(text.pieces().iter().map(|piece| match piece {
        Piece::Text(line) => Piece::Text(map(line)),
        mark => mark.clone(),
    }))
}

/// Replaces the signs that stand before words.
fn replace_signs(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let sign = SIGNS.iter().find(|(sign, _)| *sign == c);
        let begins = !out.ends_with(|before: char| before.is_alphanumeric() || SIGNS.iter().any(|(sign, _)| *sign == before));
        match sign.filter(|_| begins && chars.peek().is_some_and(|next| next.is_alphabetic())) {
            Some((_, true)) => out.push(UNKNOWN),
            Some((_, false)) => {}
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_before_words_are_read_and_taken_off() {
        let answer = Marked::from_tagged("El *biathlète <x1>*Perrot</x1> @corre, #inicial 5*3 * a").expect("a text");
        let (text, words) = take_unknown_words(&read_signs(&answer));
        assert_eq!(text.to_tagged(), "El biathlète <x1>Perrot</x1> corre, inicial 5*3 * a");
        assert_eq!(words, ["biathlète", "Perrot", "corre"]);
    }

    #[test]
    fn text_with_signs_of_its_own_is_known() {
        for (text, has) in [("Le mot", false), ("5 * 3", false), ("a*b", false), ("*Le mot", true), ("le #sport", true)] {
            assert_eq!(has_signs(&Marked::text(text)), has, "{text}");
        }
    }
}
