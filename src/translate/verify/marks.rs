//! Checks what stands within marks: a pair that held text holds text, and each pair the names and numbers of its own.

use std::collections::HashSet;

use super::texts::{plain_letters, words};
use super::{Rejection, TranslationCheck};
use crate::model::{Marked, Piece};

/// The most pairs of marks that are compared with one another.
const MOST_PAIRS: usize = 40;
/// The letters by which words of two languages are compared.
const STEM: usize = 4;

/// A pair of marks: its number, its text, and the text between it and the pair before it.
struct Span {
    number: u16,
    text: String,
    before: String,
}

/// Checks the text within marks.
pub(super) fn check_spans(check: &TranslationCheck<'_>) -> Result<(), Rejection> {
    let (source, result) = (spans(check.source), spans(check.result));
    let has_words = |span: &Span| span.text.contains(char::is_alphanumeric);
    for span in source.iter().filter(|span| has_words(span)) {
        if result.iter().any(|other| other.number == span.number && !has_words(other)) {
            return Err(Rejection::Marks);
        }
    }
    // `m<sup>2</sup>` has not become `<sup>m2</sup>`.
    let is_figure = |span: &Span| has_words(span) && !span.text.contains(char::is_alphabetic);
    let took_letters = |text: &str| {
        let text = text.trim();
        text.starts_with(char::is_alphabetic) && text.ends_with(|c: char| c.is_ascii_digit()) && !text.contains(' ')
    };
    for span in source.iter().filter(|span| is_figure(span)) {
        if result.iter().any(|other| other.number == span.number && took_letters(&other.text)) {
            return Err(Rejection::Marks);
        }
    }
    if source.len() > MOST_PAIRS || check.from.primary() == check.to.primary() {
        return Ok(());
    }
    for (at, one) in source.iter().enumerate() {
        for other in &source[at + 1..] {
            let place = |span: &Span| result.iter().position(|own| own.number == span.number);
            let (Some(first), Some(second)) = (place(one), place(other)) else { continue };
            if are_exchanged((one, other), (&result[first], &result[second]), first > second) {
                return Err(Rejection::Marks);
            }
        }
    }
    Ok(())
}

/// Returns true if two pairs of marks hold each other's words. Without words in common, two pairs in another order are doubted, unless
/// one belongs to the other: `le toit du stade`, `the stadium's roof`.
fn are_exchanged((one, other): (&Span, &Span), (first, second): (&Span, &Span), is_reversed: bool) -> bool {
    let shared = |a: &Span, b: &Span| stems(&a.text).intersection(&stems(&b.text)).count();
    let own = shared(one, first) + shared(other, second);
    let crossed = shared(one, second) + shared(other, first);
    if crossed != own {
        return crossed > own;
    }
    let between = words(&other.before).map(|word| word.text.to_lowercase()).collect::<Vec<_>>();
    let belongs = between
        .iter()
        .all(|word| matches!(word.as_str(), "de" | "du" | "des" | "d" | "la" | "le" | "les" | "l" | "à" | "of" | "the"));
    is_reversed && own == 0 && !belongs
}

fn stems(text: &str) -> HashSet<String> {
    let stem = |word: &str| plain_letters(word).chars().take(STEM).collect::<String>();
    words(text)
        .map(|word| stem(word.text))
        .filter(|stem| stem.len() >= STEM || stem.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

/// Returns the pairs of marks in the order of their text. Pairs within pairs are left out.
fn spans(text: &Marked) -> Vec<Span> {
    let (mut spans, mut open): (Vec<Span>, Option<u16>) = (Vec::new(), None);
    let (mut inside, mut before) = (String::new(), String::new());
    for piece in text.pieces() {
        match piece {
            Piece::Open(number) if open.is_none() => open = Some(*number),
            Piece::Close(number) if open == Some(*number) => {
                open = None;
                spans.push(Span { number: *number, text: std::mem::take(&mut inside), before: std::mem::take(&mut before) });
            }
            Piece::Text(text) if open.is_some() => inside.push_str(text),
            Piece::Text(text) => before.push_str(text),
            // A picture, code or a term is content.
            Piece::Single(number) if open.is_some() => inside.push_str(&format!(" x{number} ")),
            _ => {}
        }
    }
    spans
}
