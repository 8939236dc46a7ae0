//! The second chance of a text whose inline markup an engine could not keep: the text is translated without its pairs of marks, the text
//! inside each pair by itself, and the pairs are put around that in the translation. No markup is lost, and none is guessed: a
//! text that is not found exactly once is refused.

use std::ops::Range;

use crate::model::{Marked, Piece};
use crate::translate::engine::{Outgoing, SegmentContext};

/// The most pairs of a text: each is a text that is billed.
const MAX_SPANS: usize = 8;
/// Single marks are searched for as characters that no text has (a plane for private use).
const SINGLES: u32 = 0xF_0000;

/// A text without its pairs of marks, and the texts inside them.
#[derive(Clone, Debug)]
pub struct StrippedText {
    /// The whole text.
    pub whole: Outgoing,
    /// The text inside each pair, with the number of the pair.
    pub spans: Vec<(u16, Outgoing)>,
}

/// Strips the pairs of marks from a text. Returns nothing if there are none, too many, or some with nothing inside.
pub fn strip_markup(text: &Outgoing) -> Option<StrippedText> {
    let pieces = text.text.pieces();
    let mut spans = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let Piece::Open(number) = piece else { continue };
        let end = pieces.iter().position(|piece| *piece == Piece::Close(*number)).filter(|end| *end > at)?;
        let inside = without_pairs(&pieces[at + 1..end]);
        if spans.len() >= MAX_SPANS || inside.plain().trim().is_empty() && inside.pieces().len() < 2 && inside.marks().is_empty()
        {
            return None;
        }
        spans.push((*number, part(text, inside)));
    }
    (!spans.is_empty()).then(|| StrippedText { whole: part(text, without_pairs(pieces)), spans })
}

/// Puts the pairs of `source` around the translations of their texts in `whole`. Returns nothing if one of them is not found
/// exactly once, or if pairs would cross. Terms may be marks or words. `spans` are translations of [`StrippedText::spans`], in their order, where there are any.
pub fn restore_markup(source: &Outgoing, stripped: &StrippedText, whole: &Marked, spans: &[Option<Marked>]) -> Option<Marked> {
    let haystack = flatten(whole);
    let mut ranges: Vec<(u16, Range<usize>)> = Vec::with_capacity(stripped.spans.len());
    for (at, (number, span)) in stripped.spans.iter().enumerate() {
        let whole_span = flatten(&span.text).trim() == flatten(&stripped.whole.text).trim();
        let as_sent = || find(&haystack, &flatten(&span.text)).or_else(|| find(&haystack, &flatten(&span.in_words())));
        let translated = spans.get(at).and_then(Option::as_ref).map(flatten);
        let range = if whole_span {
            let text = haystack.trim();
            let from = haystack.find(text)?;
            Some(from..from + text.len())
        } else {
            // A name may stay as it is in the sentence, although the engine translates it alone.
            translated.as_deref().and_then(|text| find(&haystack, text)).or_else(as_sent)
        };
        ranges.push((*number, range?));
    }
    let placed = insert(&haystack, &ranges);
    let is_term = |piece: &Piece| matches!(piece, Piece::Single(mark) if source.terms.iter().any(|term| term.mark == *mark));
    let own_marks = |text: &Marked| text.marks().into_iter().filter(|piece| !is_term(piece)).collect::<Vec<_>>();
    (placed.is_well_nested() && own_marks(&placed) == own_marks(&source.text)).then_some(placed)
}

fn part(text: &Outgoing, marked: Marked) -> Outgoing {
    let has = |mark: u16| marked.pieces().contains(&Piece::Single(mark));
    let terms = text.terms.iter().filter(|term| has(term.mark)).cloned().collect();
    Outgoing {
        text: marked,
        terms,
        kind: text.kind,
        context: SegmentContext { before: None, after: None, continues: false, similar: None, ..text.context.clone() },
    }
}

fn without_pairs(pieces: &[Piece]) -> Marked {
    Marked::new(pieces.iter().filter(|piece| !matches!(piece, Piece::Open(_) | Piece::Close(_))).cloned())
}

/// Returns the text with each single mark as one character.
fn flatten(text: &Marked) -> String {
    let mut out = String::new();
    for piece in text.pieces() {
        match piece {
            Piece::Text(text) => out.extend(text.chars().filter(|c| mark_of(*c).is_none())),
            Piece::Single(number) => out.extend(char::from_u32(SINGLES + u32::from(*number))),
            Piece::Open(_) | Piece::Close(_) => {}
        }
    }
    out
}

/// Returns the single mark that a character stands for.
fn mark_of(c: char) -> Option<u16> {
    u16::try_from(u32::from(c).checked_sub(SINGLES)?).ok()
}

/// Finds a text that stands exactly once, at word boundaries; first as it is, then ignoring case (a span that is translated alone
/// begins with a capital).
fn find(haystack: &str, text: &str) -> Option<Range<usize>> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '…'));
    if text.is_empty() {
        return None;
    }
    once(haystack, text).or_else(|| {
        let lower = haystack.to_lowercase();
        // The places are the same only where lower case has moved nothing.
        let moved =
            lower.len() != haystack.len() || lower.char_indices().map(|(at, _)| at).ne(haystack.char_indices().map(|(at, _)| at));
        if moved { None } else { once(&lower, &text.to_lowercase()) }
    })
}

fn once(haystack: &str, text: &str) -> Option<Range<usize>> {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut found = haystack.match_indices(text).map(|(at, _)| at..at + text.len()).filter(|range| {
        let (before, after) = (haystack[..range.start].chars().next_back(), haystack[range.end..].chars().next());
        !(is_word(before) && is_word(text.chars().next()) || is_word(after) && is_word(text.chars().next_back()))
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Inserts the pairs. Of two pairs around the same text the one with the lower number is the outer one, as in the source.
fn insert(haystack: &str, ranges: &[(u16, Range<usize>)]) -> Marked {
    let mut marks: Vec<(usize, bool, i64, Piece)> = Vec::with_capacity(ranges.len() * 2);
    for (number, range) in ranges {
        let (length, rank) = (i64::try_from(range.len()).unwrap_or(i64::MAX), i64::from(*number));
        // Ends before beginnings; the longer begins first and ends last.
        marks.push((range.start, true, -length * 0x1_0000 + rank, Piece::Open(*number)));
        marks.push((range.end, false, length * 0x1_0000 - rank, Piece::Close(*number)));
    }
    marks.sort();
    let (mut pieces, mut at) = (Vec::new(), 0);
    for (place, _, _, mark) in marks {
        unflatten(&haystack[at..place], &mut pieces);
        pieces.push(mark);
        at = place;
    }
    unflatten(&haystack[at..], &mut pieces);
    Marked::new(pieces)
}

fn unflatten(text: &str, pieces: &mut Vec<Piece>) {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if let Some(number) = mark_of(c) {
            pieces.extend([Piece::Text(text[from..at].to_owned()), Piece::Single(number)]);
            from = at + c.len_utf8();
        }
    }
    pieces.push(Piece::Text(text[from..].to_owned()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::SegmentKind;

    fn read(tagged: &str) -> Marked {
        Marked::from_tagged(tagged).expect("well-formed")
    }

    fn outgoing(tagged: &str) -> Outgoing {
        Outgoing { text: read(tagged), terms: Vec::new(), kind: SegmentKind::Paragraph, context: SegmentContext::default() }
    }

    fn placed(source: &str, whole: &str, spans: &[&str]) -> Option<String> {
        let source = outgoing(source);
        let stripped = strip_markup(&source)?;
        let spans: Vec<_> = spans.iter().map(|span| Some(read(span))).collect();
        restore_markup(&source, &stripped, &read(whole), &spans).map(|marked| marked.to_tagged())
    }

    #[test]
    fn pairs_are_put_around_the_translations_of_their_texts() {
        for (source, whole, spans, expected) in [
            (
                "Le <x1>comité exécutif</x1> a voté.",
                "The executive board voted.",
                &["Executive board"][..],
                Some("The <x1>executive board</x1> voted."),
            ),
            ("<x1>Tout est dit.</x1>", "All is said.", &["Everything is said."], Some("<x1>All is said.</x1>")),
            (
                "Voir <x1>Léon Marchand</x1> ici",
                "See Léon Marchand here",
                &["Leo Merchant"],
                Some("See <x1>Léon Marchand</x1> here"),
            ),
            (
                "<x1><x2>L’Équipe</x2></x1> et <x3/> <x4>Le <x5/></x4>",
                "L’Équipe and <x3/> the <x5/>",
                &["L’Équipe", "L’Équipe", "the <x5/>"],
                Some("<x1><x2>L’Équipe</x2></x1> and <x3/> <x4>the <x5/></x4>"),
            ),
            ("Un <x1>but</x1>, un but", "A goal, a goal", &["goal"], None),
            ("Le <x1>but</x1>", "The goalkeeper", &["goal"], None),
            ("Le <x1>but</x1>", "The strike", &["goal"], None),
            ("<x1>a b</x1> <x2>b c</x2>", "d e f", &["d e", "e f"], None),
        ] {
            assert_eq!(placed(source, whole, spans).as_deref(), expected, "{source}");
        }
        assert!(strip_markup(&outgoing("rien <x1/> ici")).is_none());
        assert!(strip_markup(&outgoing("vide <x1></x1> ici")).is_none());
    }

    proptest! {
        #[test]
        fn restored_text_has_the_marks_of_its_source(whole in "[ab É]{0,12}", one in "[ab É]{0,4}", two in "[ab É]{0,4}") {
            let source = outgoing("<x1>a <x2>b</x2></x1> c");
            let stripped = strip_markup(&source).expect("has pairs");
            let spans = [Some(Marked::text(one)), Some(Marked::text(two))];
            if let Some(placed) = restore_markup(&source, &stripped, &Marked::text(whole.clone()), &spans) {
                prop_assert_eq!(placed.marks(), source.text.marks());
                prop_assert!(placed.is_well_nested());
                prop_assert_eq!(placed.plain(), whole);
            }
        }
    }
}
