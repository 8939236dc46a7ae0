//! Paragraphs of several texts, for services that translate each text of a request by itself and bill all markup: they see the sentences
//! of a paragraph together. Each second sentence stands in an element of its own, which says where the sentences of the answer begin and
//! end, and costs less than any other sign: seven characters for two sentences.

use std::ops::Range;

use super::super::types::{Outgoing, UnusableText};
use super::html_marks::{parse_html, write_html};
use crate::model::{Lang, Marked};

/// The element of each second sentence. No mark is sent as one.
const OPEN: &str = "<u>";
const CLOSE: &str = "</u>";

/// Bounds what a sentence may add to the text before it: its element, and a space.
pub(super) const JOINT: u64 = (OPEN.len() + CLOSE.len() + 1) as u64;

/// The most sentences and characters of a paragraph that is sent as one text: an answer whose sentences cannot be told apart is lost.
const MOST_TEXTS: usize = 8;
const MOST_CHARACTERS: usize = 2_000;

/// Texts of a request that are sent as one.
pub(super) struct Paragraph {
    /// The places of the texts.
    pub(super) texts: Range<usize>,
    /// The text as it is sent.
    pub(super) html: String,
}

/// Joins the texts of a request that follow each other in a paragraph. `keep` is the attribute that protects an element.
pub(super) fn join(texts: &[Outgoing], keep: &str, from: &Lang) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::with_capacity(texts.len());
    let mut characters = 0;
    for (place, text) in texts.iter().enumerate() {
        let html = write_html(text, keep);
        let length = html.chars().count();
        let last = paragraphs.last_mut().filter(|last| {
            last.texts.len() < MOST_TEXTS && characters + length <= MOST_CHARACTERS && is_next(&texts[place - 1], text)
        });
        if let Some(last) = last {
            last.html.push_str(if from.joins_sentences() { "" } else { " " });
            let is_second = last.texts.len() % 2 == 1;
            last.html.push_str(&if is_second { format!("{OPEN}{html}{CLOSE}") } else { html });
            last.texts.end += 1;
            characters += length;
        } else {
            paragraphs.push(Paragraph { texts: place..place + 1, html });
            characters = length;
        }
    }
    paragraphs
}

/// Returns true if a text stands behind another one in the same paragraph.
fn is_next(before: &Outgoing, text: &Outgoing) -> bool {
    let is_end = |end: &str| before.in_words().normalised().plain().ends_with(end);
    text.context.continues && text.context.title == before.context.title && text.context.before.as_deref().is_some_and(is_end)
}

/// Parses the answer to a paragraph: for each of its texts the translation, or why there is none.
pub(super) fn split(answer: &str, texts: &[Outgoing]) -> Vec<Result<Marked, UnusableText>> {
    if let [text] = texts {
        return vec![parse_html(answer, text)];
    }
    let sentences = find_sentences(answer, texts.len());
    let lost = || Err(UnusableText::new("the sentences of its paragraph cannot be told apart"));
    match sentences {
        Some(sentences) => sentences.iter().zip(texts).map(|(sentence, text)| parse_html(sentence.trim(), text)).collect(),
        None => texts.iter().map(|_| lost()).collect(),
    }
}

/// Cuts an answer into so many sentences; nothing if it has another number of them, or one without words.
fn find_sentences(answer: &str, count: usize) -> Option<Vec<&str>> {
    let (mut sentences, mut rest) = (Vec::with_capacity(count), answer);
    while sentences.len() < count {
        let tag = if sentences.len() % 2 == 0 { OPEN } else { CLOSE };
        let is_last = sentences.len() + 1 == count;
        let end = find_tag(rest, tag).or_else(|| (is_last && tag == OPEN).then_some(rest.len()))?;
        sentences.push(&rest[..end]);
        rest = rest.get(end + tag.len()..).unwrap_or_default();
    }
    let has_words = |text: &&str| text.chars().any(char::is_alphanumeric);
    (rest.trim().is_empty() && sentences.iter().all(has_words)).then_some(sentences)
}

fn find_tag(text: &str, tag: &str) -> Option<usize> {
    // As bytes: a lower case of the whole may be of another length.
    text.as_bytes().windows(tag.len()).position(|part| part.eq_ignore_ascii_case(tag.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SegmentKind;
    use crate::translate::engine::types::SegmentContext;

    /// Texts of one paragraph.
    fn paragraph(texts: &[&str]) -> Vec<Outgoing> {
        let text = |(place, tagged): (usize, &&str)| {
            let before = place.checked_sub(1).map(|before| Marked::from_tagged(texts[before]).expect("a text").plain().into());
            Outgoing {
                text: Marked::from_tagged(tagged).expect("a text"),
                terms: Vec::new(),
                kind: SegmentKind::Paragraph,
                context: SegmentContext { continues: place > 0, before, ..SegmentContext::default() },
            }
        };
        texts.iter().enumerate().map(text).collect()
    }

    fn french() -> Lang {
        Lang::new("fr").expect("a tag")
    }

    fn tagged(answers: Vec<Result<Marked, UnusableText>>) -> Vec<String> {
        answers.into_iter().map(|answer| answer.map_or_else(|why| format!("! {why}"), |text| text.to_tagged())).collect()
    }

    #[test]
    fn sentences_of_a_paragraph_are_sent_together_and_found_again() {
        let texts = paragraph(&["Un <x1>chat</x1>.", "Deux &lt; <x1>trois</x1>.", "Fin."]);
        let joined = join(&texts, "translate=no", &french());
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].html, "Un <b>chat</b>. <u>Deux &lt; <b>trois</b>.</u> Fin.");
        assert_eq!(tagged(split(&joined[0].html, &texts)), ["Un <x1>chat</x1>.", "Deux &lt; <x1>trois</x1>.", "Fin."]);
        let answer = "A <b>cat</b>.<U>Two &lt; <b>three</b>. </U>\nEnd.";
        assert_eq!(tagged(split(answer, &texts)), ["A <x1>cat</x1>.", "Two &lt; <x1>three</x1>.", "End."]);
    }

    #[test]
    fn text_that_follows_no_other_is_sent_by_itself() {
        let mut texts = paragraph(&["Un.", "Deux.", "Trois.", "Quatre."]);
        texts[1].context.continues = false;
        texts[2].context.before = Some("Une phrase que la mémoire avait.".into());
        texts[3].context.title = Some("Autre article".into());
        let ranges: Vec<Range<usize>> = join(&texts, "", &french()).into_iter().map(|part| part.texts).collect();
        assert_eq!(ranges, [0..1, 1..2, 2..3, 3..4]);
    }

    #[test]
    fn long_paragraph_is_sent_in_parts() {
        let many = vec!["Une phrase."; MOST_TEXTS + 1];
        let ranges = |texts: &[&str]| {
            let parts = join(&paragraph(texts), "", &french());
            parts.into_iter().map(|part| part.texts).collect::<Vec<_>>()
        };
        assert_eq!(ranges(&many), [0..MOST_TEXTS, MOST_TEXTS..MOST_TEXTS + 1]);
        let long = "mot ".repeat(MOST_CHARACTERS / 5);
        assert_eq!(ranges(&[&long, &long]), [0..1, 1..2]);
    }

    #[test]
    fn answer_with_other_sentences_is_refused_as_a_whole() {
        let texts = paragraph(&["Un.", "Deux.", "Trois."]);
        for answer in [
            "One. Two. Three.",
            "One. <u>Two.",
            "One.</u> Two. <u>Three.",
            "One. <u></u> Three.",
            "One. <u>Two.</u> ",
            "One. <u>Two.</u> Three. <u>Four.</u>",
            "<u>Two.</u> Three.",
        ] {
            assert!(split(answer, &texts).iter().all(Result::is_err), "{answer}");
        }
        assert_eq!(tagged(split("One. <u>Two</b>.</u> Three.", &texts))[0], "One.", "a fault of one sentence is its own");
        assert!(split("One. <u>Two</b>.</u> Three.", &texts)[1].is_err());
    }
}
