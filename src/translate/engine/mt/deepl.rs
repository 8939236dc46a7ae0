//! `DeepL`'s API, version 2.

use std::sync::Arc;

use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::marks;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, Context, Engine, Limits, Outgoing, Reply};
use crate::model::{Lang, Marked, Piece, Usage};
use crate::net::{ApiClient, ApiResponse};

/// The vendor's limit is 128 KiB for a request; half of it leaves room for what is around the texts. A request of more than 50
/// texts used to be refused.
const LIMITS: Limits = Limits { texts: 50, characters: 60_000, bytes: 64_000, in_flight: 3 };

/// The client.
pub(in crate::translate::engine) struct Deepl {
    http: HttpService,
    headers: [(&'static str, SecretString); 1],
    limits: Limits,
}

#[derive(Serialize)]
struct Question<'a> {
    text: Vec<String>,
    source_lang: String,
    target_lang: String,
    tag_handling: &'static str,
    tag_handling_version: &'static str,
    split_sentences: &'static str,
    preserve_formatting: bool,
    outline_detection: bool,
    show_billed_characters: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignore_tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    translations: Vec<Translation>,
}

#[derive(Deserialize)]
struct Translation {
    text: String,
    billed_characters: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
}

impl Deepl {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, caller: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let key = settings.key()?;
        let free = key.expose_secret().ends_with(":fx");
        let vendor = if free { "https://api-free.deepl.com" } else { "https://api.deepl.com" };
        let http = settings.http(caller, Some(vendor), "/v2/translate")?;
        let headers = [("authorization", format!("DeepL-Auth-Key {}", key.expose_secret()).into())];
        let limits = Limits { in_flight: settings.in_flight.unwrap_or(LIMITS.in_flight), ..LIMITS };
        Ok(Self { http, headers, limits })
    }

    async fn ask(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let mut ignore_tags: Vec<String> =
            batch.texts.iter().flat_map(|text| &text.terms).map(|term| format!("k{}", term.mark)).collect();
        ignore_tags.sort_unstable();
        ignore_tags.dedup();
        let question = Question {
            text: batch.texts.iter().map(written).collect(),
            source_lang: batch.from.primary().to_ascii_uppercase(),
            target_lang: target(&batch.to),
            tag_handling: "xml",
            tag_handling_version: "v2",
            split_sentences: "nonewlines",
            preserve_formatting: true,
            outline_detection: false,
            show_billed_characters: true,
            ignore_tags,
            context: context(&batch.texts),
        };
        let called = self.http.json(&self.http.url, &self.headers, &question).await?;
        if called.status != 200 {
            return Err(self.refused(&called, batch));
        }
        let Answer { translations } = self.http.read(&called)?;
        let billed: Option<u64> = translations.iter().map(|translation| translation.billed_characters).sum();
        let used = billed.map(|characters| Usage { characters, ..Usage::default() });
        self.http.count(translations.len(), batch.texts.len(), used)?;
        let texts = translations.iter().zip(&batch.texts).map(|(answer, sent)| understood(&answer.text, sent)).collect();
        let counted = || batch.texts.iter().map(price).fold(Usage::default(), |sum, text| sum + text);
        Ok(Reply { texts, used: used.unwrap_or_else(counted) })
    }

    fn refused(&self, called: &ApiResponse, batch: &Batch) -> EngineError {
        let Refusal { message } = serde_json::from_slice(&called.body).unwrap_or_default();
        match called.status {
            456 => EngineError::Quota { message: self.http.answers(456, "the characters of this period are used up") },
            400 if message.contains("_lang") => self.http.pair(batch.from.as_str(), batch.to.as_str()),
            _ => self.http.refused(called, &message),
        }
    }
}

impl Engine for Deepl {
    fn identity(&self) -> &'static str {
        "deepl"
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        price(text)
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        Box::pin(self.ask(batch))
    }
}

/// The vendor bills the code points of the source outside of tags, and not the context. Escapes are counted as they are
/// written, and the content of ignored tags too, since it does not say that it is free.
fn price(text: &Outgoing) -> Usage {
    let text = text.text.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => Marked::text(text.clone()).to_tagged(),
        Piece::Single(mark) => marks::term(text, *mark).map(|term| escaped(&term.source)).unwrap_or_default(),
        _ => String::new(),
    });
    marks::characters(&text.collect::<String>())
}

/// A term goes as an ignored element with its word inside: the engine sees how the sentence runs, and leaves it alone.
fn written(text: &Outgoing) -> String {
    let write = |piece: &Piece| match piece {
        Piece::Single(mark) => match marks::term(text, *mark) {
            Some(term) => format!("<k{mark}>{}</k{mark}>", escaped(&term.source)),
            None => format!("<x{mark}/>"),
        },
        piece => Marked::new([piece.clone()]).to_tagged(),
    };
    text.text.pieces().iter().map(write).collect()
}

fn escaped(text: &str) -> String {
    Marked::text(text).to_tagged()
}

/// Reads an answer: whatever stands in a term's element, it is the term.
fn understood(answer: &str, sent: &Outgoing) -> Result<Marked, String> {
    let mut answer = answer.to_owned();
    for term in &sent.terms {
        let (open, close) = (format!("<k{}>", term.mark), format!("</k{}>", term.mark));
        while let Some(at) = answer.find(&open) {
            let end = answer[at..].find(&close).ok_or("the element of a term is not closed")? + at + close.len();
            answer.replace_range(at..end, &format!("<x{}/>", term.mark));
        }
    }
    marks::read_tagged(&answer, &sent.text)
}

/// What helps with all texts of a request: the headline, if they have the same; for a text alone, what stands before it.
fn context(texts: &[Outgoing]) -> Option<&str> {
    let Context { title, before, .. } = &texts.first()?.context;
    let shared = texts.iter().all(|text| text.context.title == *title);
    let before = before.as_deref().filter(|_| texts.len() == 1);
    before.or_else(|| title.as_deref().filter(|_| shared))
}

/// The vendor's code of a target. Where it tells varieties apart, one must be named.
fn target(lang: &Lang) -> String {
    let tag = lang.as_str();
    match lang.primary() {
        "en" if matches!(tag, "en" | "en-US") => "EN-US".to_owned(),
        "en" => "EN-GB".to_owned(),
        "pt" if tag == "pt-BR" => "PT-BR".to_owned(),
        "pt" => "PT-PT".to_owned(),
        "zh" if matches!(tag, "zh-Hant" | "zh-TW" | "zh-HK" | "zh-MO") => "ZH-HANT".to_owned(),
        "zh" => "ZH-HANS".to_owned(),
        "no" => "NB".to_owned(),
        other => other.to_ascii_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SegmentKind;
    use crate::translate::Term;

    fn outgoing(tagged: &str) -> Outgoing {
        let term = Term { mark: 2, source: "R&D".to_owned(), target: "R&D".to_owned() };
        let text = Marked::from_tagged(tagged).expect("a text");
        Outgoing { text, terms: vec![term], kind: SegmentKind::Paragraph, context: Context::default() }
    }

    #[test]
    fn a_term_goes_with_its_word_and_comes_back_as_its_mark() {
        let sent = outgoing("Le <x1>chef du <x2/></x1><x3/>");
        assert_eq!(written(&sent), "Le <x1>chef du <k2>R&amp;D</k2></x1><x3/>");
        assert_eq!(price(&sent).characters, 3 + 8 + 7);
        let read = |answer| understood(answer, &sent).map(|text| text.to_tagged());
        assert_eq!(read("The <x1><k2>R&amp;D</k2> head</x1><x3></x3>").as_deref(), Ok("The <x1><x2/> head</x1><x3/>"));
        assert_eq!(read("<k2>any <x1>thing</k2>").as_deref(), Ok("<x2/>"));
        assert!(read("The <k2>R&amp;D").is_err());
        assert!(read("The <k3>R</k3>").is_err());
    }

    #[test]
    fn varieties_are_named_where_the_vendor_wants_them() {
        for (tag, code) in
            [("en", "EN-US"), ("en-AU", "EN-GB"), ("pt", "PT-PT"), ("zh-TW", "ZH-HANT"), ("zh", "ZH-HANS"), ("es-MX", "ES")]
        {
            assert_eq!(target(&Lang::new(tag).expect("a tag")), code);
        }
    }
}
