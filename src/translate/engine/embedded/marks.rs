//! Puts marks into a translation, where the words that they stand around have gone.
//!
//! What cannot be placed with some certainty is an error: the caller then sends the text without its marks. Every result is checked
//! as that of any other engine.

use std::ops::Range;

use super::alignment::TargetWord;
use super::flat::{FlatText, MarkKind, MarkNode};
use crate::model::{Marked, Piece};

/// A word belongs to a pair if more than this of its weight lies there.
const INSIDE: f32 = 0.5;
/// A word between two that belong to a pair belongs to it, too, if at least this does.
const BRIDGE: f32 = 0.1;
/// The word of a pair to which none belongs has at least this.
const LEAST: f32 = 0.2;
/// A name may have so many words more than in the source.
const MORE_WORDS: usize = 1;

/// The place of a mark cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unplaceable;

/// A mark at its place in the translation.
struct Placed {
    kind: MarkKind,
    place: Range<usize>,
    children: Vec<Placed>,
}

/// Puts the marks of `flat` into its translation.
pub(super) fn place_marks(flat: &FlatText, target: &str, words: &[TargetWord]) -> Result<Marked, Unplaceable> {
    let placing = Placing { source: &flat.text, target, words };
    let marks = placing.all(&flat.marks)?;
    let mut pieces = Vec::new();
    emit(target, 0..target.len(), &marks, &mut pieces);
    Ok(Marked::new(pieces))
}

struct Placing<'a> {
    source: &'a str,
    target: &'a str,
    words: &'a [TargetWord],
}

impl Placing<'_> {
    /// Places marks that stand side by side, in the order of the translation.
    fn all(&self, nodes: &[MarkNode]) -> Result<Vec<Placed>, Unplaceable> {
        let mut placed = nodes.iter().map(|node| self.one(node)).collect::<Result<Vec<_>, _>>()?;
        let spans: Vec<Range<usize>> = placed.iter().map(|mark| mark.place.clone()).filter(|place| !place.is_empty()).collect();
        for mark in placed.iter_mut().filter(|mark| mark.place.is_empty()) {
            // A mark between characters that has come into a pair beside it goes to its nearer end.
            let at = mark.place.start;
            if let Some(span) = spans.iter().find(|span| span.start < at && at < span.end) {
                let at = if at - span.start < span.end - at { span.start } else { span.end };
                mark.place = at..at;
            }
        }
        placed.sort_by_key(|mark| (mark.place.start, mark.place.end));
        let is_apart = placed.windows(2).all(|pair| pair[0].place.end <= pair[1].place.start);
        if is_apart { Ok(placed) } else { Err(Unplaceable) }
    }

    fn one(&self, node: &MarkNode) -> Result<Placed, Unplaceable> {
        let children = self.all(&node.children)?;
        let place = match node.kind {
            MarkKind::Point(_) => self.point(node.place.start)?,
            MarkKind::Instead(_) => self.name(&node.place)?,
            MarkKind::Pair(_) if self.source[node.place.clone()].trim().is_empty() => match self.point(node.place.start)? {
                point if children.is_empty() => point,
                point => hull(point, &children),
            },
            MarkKind::Pair(_) => hull(self.span(&node.place)?, &children),
        };
        Ok(Placed { kind: node.kind, place, children })
    }

    /// Returns where the words of a part of the source have gone: one run of words, with the signs at its ends that belong to it.
    fn span(&self, source: &Range<usize>) -> Result<Range<usize>, Unplaceable> {
        let has_word = |text: &str| text.contains(char::is_alphanumeric);
        let (before, after) = (&self.source[..source.start], &self.source[source.end..]);
        if !has_word(before) && !has_word(after) {
            return self.all_words(before.trim().is_empty(), after.trim().is_empty());
        }
        let wants_words = has_word(&self.source[source.clone()]);
        let candidates: Vec<usize> = (0..self.words.len()).filter(|at| self.words[*at].is_word || !wants_words).collect();
        let (first, last) = self.best_run(&candidates, source).ok_or(Unplaceable)?;
        Ok(self.with_signs(first, last, source))
    }

    /// Returns the place of all words, with the signs at the ends where the source has them inside.
    fn all_words(&self, from_start: bool, to_end: bool) -> Result<Range<usize>, Unplaceable> {
        let words = || self.words.iter().filter(|word| word.is_word);
        let start = if from_start { self.words.first() } else { words().next() }.ok_or(Unplaceable)?;
        let end = if to_end { self.words.last() } else { words().next_back() }.ok_or(Unplaceable)?;
        Ok(start.place.start..end.place.end)
    }

    /// Returns the run of words with the most weight in a part of the source, or else the one word that has some.
    fn best_run(&self, candidates: &[usize], source: &Range<usize>) -> Option<(usize, usize)> {
        let share = |at: usize| self.words[at].share(source);
        let mut runs: Vec<(usize, usize, f32)> = Vec::new();
        for (order, at) in candidates.iter().copied().enumerate().filter(|(_, at)| share(*at) > INSIDE) {
            let bridged = order.checked_sub(1).map(|before| candidates[before]);
            let bridged = bridged.filter(|before| share(*before) >= BRIDGE);
            let second = order.checked_sub(2).map(|before| candidates[before]).filter(|_| bridged.is_some());
            match runs.last_mut() {
                Some((_, last, sum)) if Some(*last) == bridged || Some(*last) == second => {
                    *last = at;
                    *sum += share(at);
                }
                _ => runs.push((at, at, share(at))),
            }
        }
        // Of equal runs the first counts.
        let best = runs.iter().fold(None, |best: Option<&(usize, usize, f32)>, run| match best {
            Some(best) if best.2 >= run.2 => Some(best),
            _ => Some(run),
        });
        if let Some((first, last, _)) = best {
            return Some((*first, *last));
        }
        let most = candidates.iter().copied().fold(None, |best: Option<usize>, at| match best {
            Some(best) if share(best) >= share(at) => Some(best),
            _ => Some(at),
        });
        most.filter(|at| share(*at) >= LEAST).map(|at| (at, at))
    }

    /// Adds the signs beside a run that the source has at the ends of the same part.
    fn with_signs(&self, mut first: usize, mut last: usize, source: &Range<usize>) -> Range<usize> {
        let text = &self.source[source.clone()];
        let belongs = |at: usize| !self.words[at].is_word && self.words[at].share(source) > INSIDE;
        if !text.starts_with(char::is_alphanumeric) {
            while first > 0 && belongs(first - 1) && self.words[first - 1].place.end == self.words[first].place.start {
                first -= 1;
            }
        }
        if !text.ends_with(char::is_alphanumeric) {
            while last + 1 < self.words.len()
                && belongs(last + 1)
                && self.words[last].place.end == self.words[last + 1].place.start
            {
                last += 1;
            }
        }
        self.words[first].place.start..self.words[last].place.end
    }

    /// Returns where a name has gone. All that is there is replaced by the name, so it must be exactly one run of words and have no others.
    fn name(&self, source: &Range<usize>) -> Result<Range<usize>, Unplaceable> {
        let own = |at: &usize| self.words[*at].is_word && self.words[*at].share(source) > INSIDE;
        let places: Vec<usize> = (0..self.words.len()).filter(own).collect();
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return Err(Unplaceable) };
        let is_run = (*first..=*last).all(|at| !self.words[at].is_word || places.contains(&at));
        let most = self.source[source.clone()].split_whitespace().count() + MORE_WORDS;
        let place = self.words[*first].place.start..self.words[*last].place.end;
        let is_short = self.target[place.clone()].split_whitespace().count() <= most;
        if is_run && is_short { Ok(place) } else { Err(Unplaceable) }
    }

    /// Returns the place of a mark between two characters: beside the word on the side where the source has no space.
    fn point(&self, at: usize) -> Result<Range<usize>, Unplaceable> {
        let (before, after) = self.source.split_at(at);
        let is_point = |place: usize| Ok(place..place);
        if before.trim().is_empty() {
            return is_point(0);
        }
        if after.trim().is_empty() {
            return is_point(self.target.len());
        }
        let follows = || Some(self.best_word(&next_word(after, at))?.place.start);
        let precedes = || Some(self.best_word(&last_word(before))?.place.end);
        let is_attached = after.starts_with(char::is_whitespace) && !before.ends_with(char::is_whitespace);
        let place = if is_attached { precedes().or_else(follows) } else { follows().or_else(precedes) };
        is_point(place.ok_or(Unplaceable)?)
    }

    /// Returns the word with the most weight in a part of the source.
    fn best_word(&self, source: &Range<usize>) -> Option<&TargetWord> {
        let best = self.words.iter().fold(None, |best: Option<&TargetWord>, word| match best {
            Some(best) if best.weight(source) >= word.weight(source) => Some(best),
            _ => Some(word),
        });
        best.filter(|word| word.share(source) >= LEAST)
    }
}

fn hull(place: Range<usize>, children: &[Placed]) -> Range<usize> {
    children.iter().fold(place, |hull, child| hull.start.min(child.place.start)..hull.end.max(child.place.end))
}

/// Returns the place of the first word of `after`, which begins at `at`.
fn next_word(after: &str, at: usize) -> Range<usize> {
    let start = after.find(|c: char| !c.is_whitespace()).unwrap_or(after.len());
    let length = after[start..].find(char::is_whitespace).unwrap_or(after.len() - start);
    at + start..at + start + length
}

/// Returns the place of the last word of `before`.
fn last_word(before: &str) -> Range<usize> {
    let end = before.trim_end().len();
    let start =
        before[..end].rfind(char::is_whitespace).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    start..end
}

/// Writes the text of a place with its marks.
fn emit(target: &str, place: Range<usize>, marks: &[Placed], pieces: &mut Vec<Piece>) {
    let mut at = place.start;
    for mark in marks {
        pieces.push(Piece::Text(target[at..mark.place.start].to_owned()));
        match mark.kind {
            MarkKind::Pair(number) => {
                pieces.push(Piece::Open(number));
                emit(target, mark.place.clone(), &mark.children, pieces);
                pieces.push(Piece::Close(number));
            }
            MarkKind::Point(number) | MarkKind::Instead(number) => pieces.push(Piece::Single(number)),
        }
        at = mark.place.end;
    }
    pieces.push(Piece::Text(target[at..place.end].to_owned()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::types::SegmentContext;
    use super::super::super::types::{Outgoing, Term};
    use super::super::alignment::target_words;
    use super::super::decode::Decoded;
    use super::*;
    use crate::model::SegmentKind;

    fn outgoing(tagged: &str) -> Outgoing {
        let text = Marked::from_tagged(tagged).expect("a text");
        let term = Term { mark: 9, source: "Jack Ma".to_owned(), target: "Jack Ma".to_owned(), is_held: true };
        Outgoing { text, terms: vec![term], kind: SegmentKind::Paragraph, context: SegmentContext::default() }
    }

    /// Places the marks of a source in a target; `links` gives for each word of the target the words of the source that it comes from.
    fn place(source: &str, target: &str, links: &[&[usize]]) -> Result<String, Unplaceable> {
        let flat = FlatText::of(&outgoing(source));
        let places = |text: &str| -> Vec<Range<usize>> {
            let mut at = 0;
            let words = text.split(' ').map(|word| {
                let place = at..at + word.len();
                at = place.end + 1;
                place
            });
            words.collect()
        };
        let sources = places(&flat.text);
        let row = |own: &&[usize]| (0..sources.len()).map(|at| if own.contains(&at) { 1.0 } else { 0.0 }).collect();
        let rows: Vec<Vec<f32>> = links.iter().map(row).collect();
        let decoded = Decoded { text: target.to_owned(), places: places(target) };
        let words = target_words(&decoded, &rows, &sources);
        place_marks(&flat, target, &words).map(|text| text.to_tagged())
    }

    #[test]
    fn marks_follow_their_words_into_another_order() {
        for (source, target, links, wanted) in [
            ("le <x1>chat</x1> noir", "the black cat", [&[0][..], &[2], &[1]], "the black <x1>cat</x1>"),
            ("<x1>chat</x1> <x2>noir</x2> dort", "black cat sleeps", [&[1], &[0], &[2]], "<x2>black</x2> <x1>cat</x1> sleeps"),
            ("le <x1>chat noir</x1>", "the black cat", [&[0], &[2], &[1]], "the <x1>black cat</x1>"),
            ("le<x1/> chat noir", "the black cat", [&[0], &[2], &[1]], "the<x1/> black cat"),
            ("le chat <x1/>noir", "the black cat", [&[0], &[2], &[1]], "the <x1/>black cat"),
        ] {
            assert_eq!(place(source, target, &links).as_deref(), Ok(wanted), "{source}");
        }
    }

    #[test]
    fn word_between_two_of_a_pair_belongs_to_it_if_some_of_its_weight_does() {
        let placed = place("<x1>jeux olympiques</x1> ici", "games of olympics here", &[&[0], &[0, 2], &[1], &[2]]);
        assert_eq!(placed.as_deref(), Ok("<x1>games of olympics</x1> here"));
    }

    #[test]
    fn what_cannot_be_placed_is_told() {
        // Two pairs in one word, a pair that nothing came of, and a name whose words are apart or too many.
        assert!(place("<x1>un</x1> <x2>deux</x2> mot", "both word", &[&[0, 1], &[2]]).is_err());
        assert!(place("un <x1>deux</x1> mot", "a word", &[&[0], &[2]]).is_err());
        assert!(place("<x9/> dort", "Jack sleeps Ma", &[&[0], &[2], &[1]]).is_err());
        assert!(place("<x9/> dort", "the man called Jack sleeps", &[&[0], &[0], &[1], &[1], &[2]]).is_err());
        assert_eq!(place("<x9/> dort", "Jacques Ma sleeps", &[&[0], &[1], &[2]]).as_deref(), Ok("<x9/> sleeps"));
    }

    /// Puts texts into pairs: side by side, one in the other, or around nothing.
    fn marked((first, second, third, single, shape): (String, String, String, String, u8)) -> (String,) {
        (match shape {
            0 => format!("{first}<x1>{second}</x1>{single}<x2>{third}</x2>"),
            1 => format!("{first}<x1>{second}<x2>{third}</x2>{single}</x1>"),
            2 => format!("<x1>{first}{single}</x1>{second}<x2>{third}</x2>"),
            _ => format!("<x1><x2>{first}</x2>{second}</x1>{single}{third}"),
        },)
    }

    proptest! {
        #[test]
        fn marks_are_kept_and_well_nested_whatever_the_alignment(
            (text,) in ("([a-z]{1,3} |, ){0,3}", "([a-z]{1,3} |, ){0,3}", "([a-z]{1,3} |, ){0,3}", "(<x3/>)?", 0..4_u8).prop_map(marked),
            links in prop::collection::vec(prop::collection::vec(0_usize..6, 0..3), 6),
        ) {
            let source = Marked::from_tagged(&text).expect("a text");
            let links: Vec<&[usize]> = links.iter().map(Vec::as_slice).collect();
            if let Ok(placed) = place(&text, "one two, three four five six", &links) {
                let placed = Marked::from_tagged(&placed).expect("a text");
                prop_assert!(placed.is_well_nested());
                prop_assert_eq!(placed.marks(), source.marks());
                prop_assert_eq!(placed.plain(), "one two, three four five six");
            }
        }
    }
}
