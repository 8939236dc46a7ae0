//! Parses the answers of language models.

use serde::Deserialize;

use super::super::marks;
use super::super::types::{Batch, Outgoing, UnusableText};
use super::first_words::is_of_another;
use super::prompt::index_of;
use super::response_format::ResponseFormat;
use crate::model::{Marked, Piece};

#[derive(Deserialize)]
struct ModelResponse {
    items: Vec<ModelItem>,
}

#[derive(Deserialize)]
struct ModelItem {
    id: usize,
    /// The first words of the text that the model has translated, as it quotes them.
    #[serde(default)]
    begins: String,
    text: String,
}

/// An error of the answer of a model, as part of a sentence. It quotes nothing of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResponseError {
    #[error("what it wrote is not the JSON that it was asked for")]
    NotJson,
    #[error("it wrote a line that begins with no id")]
    LineWithoutId,
    #[error("it answered with an id that was not asked for")]
    UnknownId,
    #[error("it wrote no verdict")]
    NoVerdict,
}

/// Parses an answer: for each text of the batch its translation, or why there is none.
pub(super) fn parse_response(
    content: &str,
    format: ResponseFormat,
    batch: &Batch,
) -> Result<Vec<Result<Marked, UnusableText>>, ResponseError> {
    let answered = match format {
        ResponseFormat::Schema | ResponseFormat::Object => {
            serde_json::from_str::<ModelResponse>(find_object(skip_reasoning(content))).map_err(|_| ResponseError::NotJson)?.items
        }
        ResponseFormat::Lines => {
            skip_reasoning(content).lines().filter(|line| !line.trim().is_empty()).map(parse_line).collect::<Result<_, _>>()?
        }
    };
    let mut texts: Vec<Vec<ModelItem>> = batch.texts.iter().map(|_| Vec::new()).collect();
    for item in answered {
        texts.get_mut(index_of(item.id)).ok_or(ResponseError::UnknownId)?.push(item);
    }
    Ok(texts.iter().zip(&batch.texts).map(|(answers, sent)| parse_text(answers, sent)).collect())
}

fn parse_text(answers: &[ModelItem], sent: &Outgoing) -> Result<Marked, UnusableText> {
    match answers {
        [] => Err(UnusableText::new("it was left out")),
        [ModelItem { begins, text, .. }] => {
            let answer = marks::parse_tagged(text, &sent.in_words())?;
            // The quoted words may have marks in them, or not.
            let quoted = Marked::from_tagged(begins).map_or_else(|| begins.clone(), |quoted| quoted.plain());
            let is_of_another = |source: &str| is_of_another(&quoted, source, &answer.plain());
            if is_of_another(&sent.in_words().plain()) && is_of_another(&with_terms(sent)) {
                return Err(UnusableText::new("the answer is of another text"));
            }
            Ok(answer)
        }
        _ => Err(UnusableText::new("it was answered more than once")),
    }
}

/// Returns the text with its protected terms, as a model may quote it.
fn with_terms(sent: &Outgoing) -> String {
    let term = |mark: u16| sent.terms.iter().find(|term| term.mark == mark).map_or("", |term| term.source.as_str());
    let pieces = sent.text.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => text.as_str(),
        Piece::Single(mark) => term(*mark),
        Piece::Open(_) | Piece::Close(_) => "",
    });
    pieces.collect()
}

/// Skips what a model thinks before it answers: its thoughts may hold braces.
pub(super) fn skip_reasoning(content: &str) -> &str {
    content.rsplit_once("</think>").map_or(content, |(_, answer)| answer)
}

/// Returns the JSON object of an answer: many models put a fence around code, or a sentence before it.
pub(super) fn find_object(content: &str) -> &str {
    match (content.find('{'), content.rfind('}')) {
        (Some(start), Some(end)) if start < end => &content[start..=end],
        _ => content,
    }
}

fn parse_line(line: &str) -> Result<ModelItem, ResponseError> {
    let read = line.trim().split_once(':').and_then(|(id, text)| Some((id.trim().parse().ok()?, text.trim().to_owned())));
    read.map(|(id, text)| ModelItem { id, begins: String::new(), text }).ok_or(ResponseError::LineWithoutId)
}

#[cfg(test)]
mod tests {
    use super::super::super::types::SegmentContext;
    use super::*;
    use crate::model::{Lang, SegmentKind};

    fn batch(texts: &[&str]) -> Batch {
        let outgoing = |tagged: &&str| Outgoing {
            text: Marked::from_tagged(tagged).expect("a text"),
            terms: Vec::new(),
            kind: SegmentKind::Paragraph,
            context: SegmentContext::default(),
        };
        let lang = |tag| Lang::new(tag).expect("a tag");
        Batch { is_patient: false, from: lang("fr"), to: lang("en"), texts: texts.iter().map(outgoing).collect() }
    }

    fn to_strings(texts: &[Result<Marked, UnusableText>]) -> Vec<Result<String, String>> {
        texts.iter().map(|text| text.as_ref().map(Marked::to_tagged).map_err(ToString::to_string)).collect()
    }

    #[test]
    fn answer_that_quotes_another_text_is_unusable() {
        let batch = batch(&["La nageuse gagne une médaille", "<x9/> accueille une grande course"]);
        let answer = |one: &str, other: &str| {
            let item = |id: usize, begins: &str, text: &str| format!(r#"{{"id": {id}, "begins": "{begins}", "text": "{text}"}}"#);
            let items = format!(r#"{{"items": [{}, {}]}}"#, item(11, one, "A"), item(24, other, "<x9/> hosts a race"));
            let texts = parse_response(&items, ResponseFormat::Schema, &batch).expect("an answer");
            texts.iter().map(Result::is_ok).collect::<Vec<_>>()
        };
        assert_eq!(answer("La nageuse gagne une", "accueille une grande course"), [true, true]);
        assert_eq!(answer("Une grande course", "La nageuse gagne une"), [false, false]);
    }

    #[test]
    fn reasoning_before_an_answer_is_skipped() {
        let batch = batch(&["Un"]);
        let content = "<think>{\"items\": [...]}; {id}</think>\n\n{\"items\": [{\"id\": 11, \"text\": \"One\"}]}";
        assert!(parse_response(content, ResponseFormat::Object, &batch).is_ok_and(|texts| texts[0].is_ok()));
    }

    #[test]
    fn answers_are_matched_to_texts_by_id() {
        let batch = batch(&["<x1>Un</x1>", "Deux", "Trois"]);
        let answer = r#"{"items": [{"id": 24, "text": "Two"}, {"id": 11, "text": "<x1>One</x1>"}]}"#;
        let read = |answer: &str, format| parse_response(answer, format, &batch);
        let texts = read(answer, ResponseFormat::Schema).expect("an answer");
        assert_eq!(to_strings(&texts), [Ok("<x1>One</x1>".to_owned()), Ok("Two".to_owned()), Err("it was left out".to_owned())]);
        assert_eq!(read(&format!("```json\n{answer}\n```"), ResponseFormat::Object), Ok(texts));
        let texts = read("11: <b>One</b>\n\n24 : Two: 2\n37: a\n37: b\n", ResponseFormat::Lines).expect("an answer");
        assert_eq!(to_strings(&texts)[1], Ok("Two: 2".to_owned()));
        assert!(texts[0].is_err() && texts[2].is_err());
        for none in [r#"{"items": [{"id": 1, "text": "One"}]}"#, "Here is the translation: One", "{", "", r#"{"items": {}}"#] {
            assert!(read(none, ResponseFormat::Object).is_err(), "{none}");
        }
        assert!(read("Here you are:\n11: One", ResponseFormat::Lines).is_err());
        assert!(read("50: Four", ResponseFormat::Lines).is_err());
    }
}
