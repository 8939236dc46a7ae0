//! Parses the answers of language models.

use serde::Deserialize;

use super::super::marks;
use super::super::types::{Batch, Outgoing, UnusableText};
use super::prompt::index_of;
use super::response_format::ResponseFormat;
use crate::model::Marked;

#[derive(Deserialize)]
struct ModelResponse {
    items: Vec<ModelItem>,
}

#[derive(Deserialize)]
struct ModelItem {
    id: usize,
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
}

/// Parses an answer: for each text of the batch its translation, or why there is none.
pub(super) fn parse_response(
    content: &str,
    format: ResponseFormat,
    batch: &Batch,
) -> Result<Vec<Result<Marked, UnusableText>>, ResponseError> {
    let answered = match format {
        ResponseFormat::Schema | ResponseFormat::Object => {
            serde_json::from_str::<ModelResponse>(find_object(content)).map_err(|_| ResponseError::NotJson)?.items
        }
        ResponseFormat::Lines => {
            content.lines().filter(|line| !line.trim().is_empty()).map(parse_line).collect::<Result<_, _>>()?
        }
    };
    let mut texts: Vec<Vec<String>> = vec![Vec::new(); batch.texts.len()];
    for ModelItem { id, text } in answered {
        texts.get_mut(index_of(id)).ok_or(ResponseError::UnknownId)?.push(text);
    }
    Ok(texts.iter().zip(&batch.texts).map(|(answers, sent)| parse_text(answers, sent)).collect())
}

fn parse_text(answers: &[String], sent: &Outgoing) -> Result<Marked, UnusableText> {
    match answers {
        [] => Err(UnusableText::new("it was left out")),
        [answer] => marks::parse_tagged(answer, &sent.in_words()),
        _ => Err(UnusableText::new("it was answered more than once")),
    }
}

/// Returns the JSON object of an answer: many models put a fence around code, or a sentence before it.
fn find_object(content: &str) -> &str {
    match (content.find('{'), content.rfind('}')) {
        (Some(start), Some(end)) if start < end => &content[start..=end],
        _ => content,
    }
}

fn parse_line(line: &str) -> Result<ModelItem, ResponseError> {
    let read = line.trim().split_once(':').and_then(|(id, text)| Some((id.trim().parse().ok()?, text.trim().to_owned())));
    read.map(|(id, text)| ModelItem { id, text }).ok_or(ResponseError::LineWithoutId)
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
        Batch { from: lang("fr"), to: lang("en"), texts: texts.iter().map(outgoing).collect() }
    }

    fn to_strings(texts: &[Result<Marked, UnusableText>]) -> Vec<Result<String, String>> {
        texts.iter().map(|text| text.as_ref().map(Marked::to_tagged).map_err(ToString::to_string)).collect()
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
