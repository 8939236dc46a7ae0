//! Parses the verdicts of a language model on translations of others.
//!
//! A verdict is used only if it is beyond doubt which text it is about: each id counts once, and an error must be quoted from the
//! translation, or from the source where something is missing. So a model that says "all wrong", or was told to by a text, doubts nothing.

use serde::Deserialize;

use super::super::reading::{Doubt, DoubtKind, ReaderVerdict, ReadingBatch, ReadingText};
use super::prompt::index_of;
use super::response::{ResponseError, find_object, skip_reasoning};
use super::response_format::ResponseFormat;

/// The most characters of a quotation: no reader needs more to show an error.
const MAX_QUOTE: usize = 400;

#[derive(Deserialize)]
struct ModelVerdicts {
    #[serde(default)]
    ok: Vec<usize>,
    #[serde(default)]
    wrong: Vec<ModelDoubt>,
}

#[derive(Deserialize)]
struct ModelDoubt {
    id: usize,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    quote: String,
    #[serde(default)]
    reason: String,
}

/// Parses an answer: for each text of the batch the verdict, if there is one that can be used.
pub(super) fn parse_verdicts(
    content: &str,
    format: ResponseFormat,
    batch: &ReadingBatch,
) -> Result<Vec<Option<ReaderVerdict>>, ResponseError> {
    let ModelVerdicts { ok, wrong } = match format {
        ResponseFormat::Schema | ResponseFormat::Object => {
            serde_json::from_str(find_object(skip_reasoning(content))).map_err(|_| ResponseError::NotJson)?
        }
        ResponseFormat::Lines => parse_lines(skip_reasoning(content))?,
    };
    if ok.is_empty() && wrong.is_empty() {
        return Err(ResponseError::NoVerdict);
    }
    let mut said: Vec<Vec<Option<ModelDoubt>>> = batch.texts.iter().map(|_| Vec::new()).collect();
    let answers = ok.into_iter().map(|id| (id, None)).chain(wrong.into_iter().map(|doubt| (doubt.id, Some(doubt))));
    for (id, doubt) in answers {
        said.get_mut(index_of(id)).ok_or(ResponseError::UnknownId)?.push(doubt);
    }
    Ok(said.into_iter().zip(&batch.texts).map(|(said, text)| verdict(said, text)).collect())
}

fn verdict(mut said: Vec<Option<ModelDoubt>>, text: &ReadingText) -> Option<ReaderVerdict> {
    match (said.pop()?, said.pop()) {
        (None, None) => Some(ReaderVerdict::Fine),
        (Some(doubt), None) => {
            let ModelDoubt { kind, quote, reason, .. } = doubt;
            let quote = quote.trim().to_owned();
            let is_quoted =
                quote.chars().count() <= MAX_QUOTE && (stands_in(&quote, &text.result) || stands_in(&quote, &text.source));
            is_quoted.then(|| ReaderVerdict::Wrong(Doubt { kind: DoubtKind::from_name(&kind), quote, reason }))
        }
        // It contradicts itself.
        (_, Some(_)) => None,
    }
}

/// Returns true if a text has the words of a quotation: its letters and figures, whatever stands between them.
fn stands_in(quote: &str, text: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let quote = letters(quote);
    !quote.is_empty() && letters(text).contains(&quote)
}

fn parse_lines(content: &str) -> Result<ModelVerdicts, ResponseError> {
    let mut verdicts = ModelVerdicts { ok: Vec::new(), wrong: Vec::new() };
    for line in content.lines().filter(|line| !line.trim().is_empty()) {
        let (id, said) = line.trim().split_once(':').ok_or(ResponseError::LineWithoutId)?;
        let id = id.trim().parse().map_err(|_| ResponseError::LineWithoutId)?;
        let mut parts = said.split('|').map(str::trim);
        match parts.next() {
            Some("ok") => verdicts.ok.push(id),
            Some("wrong") => {
                let mut next = || parts.next().unwrap_or_default().to_owned();
                verdicts.wrong.push(ModelDoubt { id, kind: next(), quote: next(), reason: next() });
            }
            _ => return Err(ResponseError::NoVerdict),
        }
    }
    Ok(verdicts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Lang, SegmentKind};

    fn batch() -> ReadingBatch {
        let lang = |tag| Lang::new(tag).expect("a tag");
        let text = |source: &str, result: &str| ReadingText {
            source: source.to_owned(),
            result: result.to_owned(),
            kind: SegmentKind::Paragraph,
        };
        ReadingBatch {
            from: lang("fr"),
            to: lang("en"),
            texts: vec![text("Il gagne en 4 minutes, enfin.", "He wins in 5 minutes."), text("Elle part.", "She leaves.")],
        }
    }

    fn read(content: &str) -> Result<Vec<Option<ReaderVerdict>>, ResponseError> {
        parse_verdicts(content, ResponseFormat::Object, &batch())
    }

    fn wrong(quote: &str) -> String {
        format!(r#"{{"ok": [24], "wrong": [{{"id": 11, "kind": "number", "quote": "{quote}", "reason": "4 is 5"}}]}}"#)
    }

    #[test]
    fn doubt_counts_if_it_quotes_the_translation_or_the_source() {
        for quote in ["5 minutes", "“5  Minutes”.", "enfin"] {
            let verdicts = read(&wrong(quote)).expect("an answer");
            let Some(ReaderVerdict::Wrong(doubt)) = &verdicts[0] else { panic!("{quote}: {verdicts:?}") };
            assert_eq!(
                (doubt.kind, doubt.reason.as_str(), &verdicts[1]),
                (DoubtKind::Number, "4 is 5", &Some(ReaderVerdict::Fine))
            );
        }
        for quote in ["", "…", "She leaves", "everything"] {
            assert_eq!(read(&wrong(quote)).expect("an answer")[0], None, "{quote}");
        }
    }

    #[test]
    fn text_without_one_verdict_has_none() {
        assert_eq!(read(r#"{"ok": [11], "wrong": []}"#).expect("an answer"), [Some(ReaderVerdict::Fine), None]);
        assert_eq!(read(r#"{"ok": [11, 11]}"#).expect("an answer"), [None, None], "it was named twice");
        let both = r#"{"ok": [11, 24], "wrong": [{"id": 24, "quote": "leaves"}]}"#;
        assert_eq!(read(both).expect("an answer"), [Some(ReaderVerdict::Fine), None]);
    }

    #[test]
    fn nonsense_is_no_answer() {
        for none in [
            "",
            "ok",
            "All are fine.",
            r#"{"ok": "all"}"#,
            r#"{"ok": [12]}"#,
            r#"{"wrong": [{"quote": "5"}]}"#,
            "[11]",
            "[]",
            "{}",
        ] {
            assert!(read(none).is_err(), "{none}");
        }
    }

    #[test]
    fn lines_are_read_where_a_server_knows_no_json() {
        let read = |content: &str| parse_verdicts(content, ResponseFormat::Lines, &batch());
        let verdicts = read("<think>11: ok</think>\n11: wrong | number | 5 minutes | 4 is 5\n24: ok\n").expect("an answer");
        assert!(matches!(&verdicts[0], Some(ReaderVerdict::Wrong(doubt)) if doubt.quote == "5 minutes"), "{verdicts:?}");
        assert_eq!(verdicts[1], Some(ReaderVerdict::Fine));
        for none in ["Here you are:\n11: ok", "11: perhaps", "12: ok", "eleven: ok"] {
            assert!(read(none).is_err(), "{none}");
        }
    }
}
