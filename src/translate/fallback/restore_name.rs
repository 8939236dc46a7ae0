//! Puts a name right that an answer has altered: the one word is replaced, and no engine is asked again.

use crate::model::{Marked, Piece};
use crate::translate::capitalised::word_ranges;

/// Replaces the word `became` with the name `was` wherever it stands in a text.
pub fn restore_name(text: &Marked, became: &str, was: &str) -> Marked {
    Marked::new(text.pieces().iter().map(|piece| match piece {
        Piece::Text(line) => Piece::Text(replace_word(line, became, was)),
        mark => mark.clone(),
    }))
}

fn replace_word(line: &str, old: &str, new: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut done = 0;
    for word in word_ranges(line).into_iter().filter(|word| &line[word.clone()] == old) {
        out.push_str(&line[done..word.start]);
        out.push_str(new);
        done = word.end;
    }
    out.push_str(&line[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_replaced() {
        let text = Marked::from_tagged("Jack <x1>Mi</x1>, Mia, Mi-Mi").expect("well-formed");
        assert_eq!(restore_name(&text, "Mi", "Ma").to_tagged(), "Jack <x1>Ma</x1>, Mia, Ma-Ma");
    }
}
