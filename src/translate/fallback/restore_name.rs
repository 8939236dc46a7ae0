//! Puts a name right that an answer has altered: the one word is replaced, and no engine is asked again.

use crate::model::{Lang, Marked, Piece};
use crate::translate::capitalised::word_ranges;
use crate::translate::glossary::opens_phrase;

/// Returns true if the word `became` is all that an engine has made of a name: it stands once, and does not need another word. `Jack Ma` that
/// became `Jack La meva` is no better as `Jack Ma meva`.
pub fn can_restore(text: &Marked, became: &str, to: &Lang) -> bool {
    let plain = text.plain();
    let places: Vec<_> = word_ranges(&plain).into_iter().filter(|word| &plain[word.clone()] == became).collect();
    let [place] = &places[..] else { return false };
    let is_elided = plain[place.end..].starts_with(['\'', '’']);
    !is_elided && !opens_phrase(&became.to_lowercase(), to)
}

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
    fn name_that_became_several_words_is_not_restored() {
        let can = |text: &str, became: &str, to: &str| can_restore(&Marked::text(text), became, &Lang::new(to).expect("a tag"));
        assert!(can("Jack Mi ha ganado.", "Mi", "es"));
        assert!(!can("Jack La meva ha guanyat.", "La", "ca"), "an article needs its noun");
        assert!(!can("Xi De l'ha guanyat.", "De", "ca"));
        assert!(!can("Mi gente ve a Jack Mi.", "Mi", "es"), "one of the two is no name");
    }

    #[test]
    fn only_whole_words_are_replaced() {
        let text = Marked::from_tagged("Jack <x1>Mi</x1>, Mia, Mi-Mi").expect("well-formed");
        assert_eq!(restore_name(&text, "Mi", "Ma").to_tagged(), "Jack <x1>Ma</x1>, Mia, Ma-Ma");
    }
}
