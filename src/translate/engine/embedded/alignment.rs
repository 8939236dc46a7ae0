//! Aligns the words of a translation with the parts of its source: the attention of the model, over characters instead of pieces.

use std::ops::Range;

use super::decode::Decoded;

/// A word or a sign of a translation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TargetWord {
    /// Its place in the translation, in bytes.
    pub(super) place: Range<usize>,
    /// True for a word, false for a sign.
    pub(super) is_word: bool,
    /// The parts of the source that the model looked at when it wrote the word, in bytes, with their weights.
    pub(super) links: Vec<(Range<usize>, f32)>,
}

impl TargetWord {
    /// Returns how much of its weight lies in a part of the source, from 0 to 1.
    pub(super) fn share(&self, source: &Range<usize>) -> f32 {
        let total: f32 = self.links.iter().map(|(_, weight)| weight).sum();
        if total > 0.0 { self.weight(source) / total } else { 0.0 }
    }

    /// Returns its weight in a part of the source.
    pub(super) fn weight(&self, source: &Range<usize>) -> f32 {
        self.links.iter().map(|(place, weight)| weight * overlap(place, source)).sum()
    }
}

/// Returns which part of `place` lies in `within`, from 0 to 1.
#[allow(clippy::cast_precision_loss, reason = "a segment has a few thousand bytes")]
fn overlap(place: &Range<usize>, within: &Range<usize>) -> f32 {
    let common = place.end.min(within.end).saturating_sub(place.start.max(within.start));
    if place.is_empty() { 0.0 } else { common as f32 / place.len() as f32 }
}

/// Cuts a translation into words and signs, and gives each the weights of its pieces. `rows` has the weights of each piece over the pieces
/// of the source, and `sources` the places of these in the source.
pub(super) fn target_words(target: &Decoded, rows: &[Vec<f32>], sources: &[Range<usize>]) -> Vec<TargetWord> {
    let mut words: Vec<TargetWord> = Vec::new();
    for (at, c) in target.text.char_indices() {
        let place = at..at + c.len_utf8();
        let is_word = c.is_alphanumeric();
        match words.last_mut() {
            _ if c.is_whitespace() => {}
            Some(word) if word.is_word && is_word && word.place.end == at => word.place.end = place.end,
            _ => words.push(TargetWord { place, is_word, links: Vec::new() }),
        }
    }
    for word in &mut words {
        let mut weights = vec![0.0_f32; sources.len()];
        for (piece, row) in target.places.iter().zip(rows) {
            let part = overlap(piece, &word.place);
            if part > 0.0 {
                weights.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight * part);
            }
        }
        let links = sources.iter().cloned().zip(weights);
        word.links = links.filter(|(place, weight)| !place.is_empty() && *weight > 0.0).collect();
    }
    words
}

/// Returns the places in `text` of the pieces of its normalised form, which writes each space as `▁`. Both have the same words, unless the
/// normaliser makes several of one: then places are estimated.
pub(super) fn source_places(text: &str, normalised: &str, pieces: &[Range<usize>]) -> Vec<Range<usize>> {
    const SPACE: char = '\u{2581}';
    let words = word_places(text, char::is_whitespace);
    let others = word_places(normalised, |c| c == SPACE);
    let whole = |text: &str| std::iter::once(0..text.len()).collect::<Vec<_>>();
    let (words, others) = if words.len() == others.len() { (words, others) } else { (whole(text), whole(normalised)) };
    let map = |piece: &Range<usize>| {
        // A piece begins with the space before its word.
        let end = piece.end.max(piece.start);
        let index = others.iter().position(|other| end <= other.end).or_else(|| others.len().checked_sub(1));
        let Some(index) = index.filter(|_| end > piece.start) else { return text.len()..text.len() };
        let (word, other) = (&words[index], &others[index]);
        let from = scaled(text, word, normalised, other, piece.start.max(other.start));
        let to = scaled(text, word, normalised, other, end.max(other.start));
        from..to.max(from)
    };
    pieces.iter().map(map).collect()
}

fn word_places(text: &str, is_space: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| !is_space(*c)) {
        match places.last_mut() {
            Some(place) if place.end == at => place.end += c.len_utf8(),
            _ => places.push(at..at + c.len_utf8()),
        }
    }
    places
}

/// Returns the place in `word` that corresponds to the place `at` in `other`: by characters, in proportion if they are not equally many.
fn scaled(text: &str, word: &Range<usize>, normalised: &str, other: &Range<usize>, at: usize) -> usize {
    let count = |text: &str| text.chars().count();
    let (own, theirs) = (&text[word.clone()], &normalised[other.clone()]);
    let before = normalised.get(other.start..at.min(other.end)).map_or(0, count);
    let place = before * count(own) / count(theirs).max(1);
    word.start + own.char_indices().nth(place).map_or(own.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_the_normalised_text_are_found_in_the_source() {
        let text = "Le  chat\u{a0}ﬁn, oui";
        let normalised = "▁Le▁chat▁fin,▁oui";
        let pieces: Vec<Range<usize>> = {
            let ends = ["▁Le", "▁ch", "at", "▁fin", ",", "▁oui"];
            let mut at = 0;
            ends.iter()
                .map(|piece| {
                    let from = at;
                    at += piece.len();
                    from..at
                })
                .collect()
        };
        let found = source_places(text, normalised, &pieces);
        let shown: Vec<&str> = found.into_iter().map(|place| &text[place]).collect();
        assert_eq!(shown, ["Le", "ch", "at", "ﬁn", ",", "oui"]);
    }

    #[test]
    fn words_and_signs_have_the_weights_of_their_pieces() {
        let target = Decoded { text: "A cat's".to_owned(), places: vec![0..1, 1..4, 4..5, 5..7, 7..7] };
        let rows = vec![vec![1.0, 0.0], vec![0.25, 0.75], vec![0.0, 1.0], vec![0.0, 1.0], vec![0.5, 0.5]];
        let words = target_words(&target, &rows, &[0..2, 3..7]);
        assert_eq!(words.iter().map(|word| &target.text[word.place.clone()]).collect::<Vec<_>>(), ["A", "cat", "'", "s"]);
        assert!(words[0].share(&(0..2)) > 0.99 && words[1].share(&(3..7)) > 0.7);
        assert!(words[1].share(&(3..5)) < 0.5, "half of a piece has half of its weight");
    }
}
