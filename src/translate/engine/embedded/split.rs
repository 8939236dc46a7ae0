//! Cuts text into parts that the model reads whole.
//!
//! The models were trained on single sentences of at most 128 pieces. What is longer they cut in silence. So text is cut at sentences, a
//! sentence that is too long at clauses, and a clause that is too long between words.

use std::ops::Range;

use crate::html::split_sentences;
use crate::model::Lang;

/// Signs that end a clause, each before white space; the last ones stand in scripts without it.
const CLAUSE_ENDS: [char; 7] = [';', ':', ',', '–', '—', ')', '»'];
const CLOSE_CLAUSE_ENDS: [char; 5] = ['、', '，', '；', '：', '。'];

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its place in the text in bytes, without white space at its ends.
    pub(super) place: Range<usize>,
    /// True if it is no text for the model, and stands in the translation as it is.
    pub(super) is_verbatim: bool,
}

/// A part that cannot be cut so that the model reads it whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Cuts a text into parts for which `fits` is true. Characters for which `is_known` is false stand in parts of their own.
pub(super) fn split(
    text: &str,
    from: &Lang,
    fits: &dyn Fn(&str) -> bool,
    is_known: &dyn Fn(char) -> bool,
) -> Result<Vec<Part>, TooLong> {
    let mut parts = Vec::new();
    let mut start = 0;
    for sentence in split_sentences(text, from) {
        for part in split_unknown(text, start..start + sentence.len(), is_known) {
            if part.is_verbatim {
                parts.push(part);
            } else {
                let mut pieces = vec![part.place];
                while let Some(place) = pieces.pop() {
                    if fits(&text[place.clone()]) {
                        parts.push(Part { place, is_verbatim: false });
                        continue;
                    }
                    let [first, second] = halve(text, place).ok_or(TooLong)?;
                    pieces.extend([second, first]);
                }
            }
        }
        start += sentence.len();
    }
    Ok(parts)
}

/// Cuts a part in two at the best place near its middle: behind a clause, else between words, else between characters of scripts that
/// write no spaces.
pub(super) fn halve(text: &str, place: Range<usize>) -> Option<[Range<usize>; 2]> {
    let part = &text[place.clone()];
    let middle = part.len() / 2;
    let mut best: Option<(u8, usize, usize)> = None;
    let mut before: Option<char> = None;
    for (at, c) in part.char_indices() {
        let rank = before.and_then(|before| rank(before, c));
        if let Some(rank) = rank {
            let candidate = (rank, at.abs_diff(middle), at);
            // A clause at the very edge is no better than a word in the middle.
            let is_lopsided = at < part.len() / 8 || at > part.len() - part.len() / 8;
            let candidate = if is_lopsided { (rank.max(2), candidate.1, at) } else { candidate };
            best = Some(best.map_or(candidate, |best| best.min(candidate)));
        }
        before = Some(c);
    }
    let at = place.start + best?.2;
    let [first, second] = [trimmed(text, place.start..at)?, trimmed(text, at..place.end)?];
    Some([first, second])
}

/// Ranks a place between two characters: 0 behind a clause, 1 between words, 3 between characters.
fn rank(before: char, after: char) -> Option<u8> {
    if after.is_whitespace() {
        Some(u8::from(!CLAUSE_ENDS.contains(&before)))
    } else if CLOSE_CLAUSE_ENDS.contains(&before) {
        Some(0)
    } else {
        (is_close(before) && is_close(after)).then_some(3)
    }
}

/// Returns true for characters of scripts that put no spaces between words.
fn is_close(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}

/// Returns a place without the white space at its ends; nothing if there is nothing else.
fn trimmed(text: &str, place: Range<usize>) -> Option<Range<usize>> {
    let part = &text[place.clone()];
    let start = place.start + (part.len() - part.trim_start().len());
    let end = place.start + part.trim_end().len();
    (start < end).then_some(start..end)
}

/// Cuts a sentence around the characters that the model does not know.
fn split_unknown(text: &str, place: Range<usize>, is_known: &dyn Fn(char) -> bool) -> Vec<Part> {
    let is_unknown = |c: char| !c.is_whitespace() && !is_known(c);
    let mut parts = Vec::new();
    let mut start = place.start;
    let mut push = |range: Range<usize>, is_verbatim: bool| {
        parts.extend(trimmed(text, range).map(|place| Part { place, is_verbatim }));
    };
    let mut was_unknown = false;
    for (at, c) in text[place.clone()].char_indices() {
        let at = place.start + at;
        if is_unknown(c) != was_unknown {
            push(start..at, was_unknown);
            (start, was_unknown) = (at, !was_unknown);
        }
    }
    push(start..place.end, was_unknown);
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str, most: usize) -> Result<Vec<&str>, TooLong> {
        let fits = |part: &str| part.split_whitespace().count() <= most;
        let parts = split(text, &Lang::new("fr").expect("a tag"), &fits, &|c| c != '😀')?;
        Ok(parts.into_iter().map(|part| &text[part.place]).collect())
    }

    #[test]
    fn text_is_cut_at_sentences_then_clauses_then_words() {
        assert_eq!(cut("Un. Deux trois.", 9).expect("parts"), ["Un.", "Deux trois."]);
        assert_eq!(cut("un deux, trois quatre cinq", 4).expect("parts"), ["un deux,", "trois quatre cinq"]);
        assert_eq!(cut("un deux trois quatre", 2).expect("parts"), ["un deux", "trois quatre"]);
        assert_eq!(cut("un", 0), Err(TooLong));
    }

    #[test]
    fn unknown_signs_are_parts_of_their_own() {
        assert_eq!(cut("Bravo 😀😀 à tous", 9).expect("parts"), ["Bravo", "😀😀", "à tous"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_the_parts(text in "([a-zé]{1,4}[ ,;.😀]{0,3}){0,30}", most in 1_usize..6) {
            let parts = cut(&text, most).expect("parts");
            let words = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(words(&parts.concat()), words(&text));
            prop_assert!(parts.iter().all(|part| part.split_whitespace().count() <= most));
        }
    }
}
