//! `DeepL`'s API, version 2.

use std::borrow::Cow;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::super::error::EngineError;
use super::super::http::HttpService;
use super::super::marks;
use super::super::settings::{EngineOpenError, EngineSettings};
use super::super::types::{Batch, ContextUse, Engine, Limits, Outgoing, Reply, TermForm, UnusableText};
use super::target_codes::TargetCodes;
use crate::model::{EngineKind, Formality, GuidanceTable, Lang, Marked, Piece, Usage};
use crate::net::{ApiClient, ApiResponse};

/// The vendor's limit is 128 KiB for a request; half of it leaves room for the rest of the body. A request of more than 50
/// texts used to be refused.
const LIMITS: Limits = Limits { texts: 50, characters: 60_000, bytes: 64_000, in_flight: 3 };

/// The most characters of context in a request. The vendor advises a few paragraphs.
const MAX_CONTEXT: usize = 4_000;

/// The client of `DeepL`.
pub(in crate::translate::engine) struct Deepl {
    http: HttpService,
    targets: TargetCodes,
    headers: [(&'static str, SecretString); 1],
    limits: Limits,
    guidance: GuidanceTable,
}

#[derive(Serialize)]
struct DeeplRequest {
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
    context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    formality: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    style_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    custom_instructions: Vec<String>,
}

#[derive(Deserialize)]
struct DeeplResponse {
    translations: Vec<DeeplTranslation>,
}

#[derive(Deserialize)]
struct DeeplTranslation {
    text: String,
    billed_characters: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DeeplError {
    message: String,
}

impl Deepl {
    pub(in crate::translate::engine) fn open(settings: &EngineSettings, client: Arc<ApiClient>) -> Result<Self, EngineOpenError> {
        let key = settings.require_key()?;
        let free = key.expose_secret().ends_with(":fx");
        let vendor = if free { "https://api-free.deepl.com" } else { "https://api.deepl.com" };
        let http = HttpService::new(settings, client, Some(vendor), "/v2/translate")?;
        let headers = [("authorization", format!("DeepL-Auth-Key {}", key.expose_secret()).into())];
        Ok(Self {
            http,
            targets: TargetCodes::new(EngineKind::Deepl),
            headers,
            limits: settings.limits(LIMITS),
            guidance: settings.guidance.clone(),
        })
    }

    async fn translate_batch(&self, batch: &Batch) -> Result<Reply, EngineError> {
        self.targets.ask(&batch.pair(), &self.http.id, |code| self.translate_into(code, batch).boxed()).await
    }

    async fn translate_into(&self, target: String, batch: &Batch) -> Result<Reply, EngineError> {
        let mut ignore_tags: Vec<String> =
            batch.texts.iter().flat_map(|text| &text.terms).map(|term| format!("k{}", term.mark)).collect();
        ignore_tags.sort_unstable();
        ignore_tags.dedup();
        let guidance = self.guidance.for_lang(&batch.to);
        let request = DeeplRequest {
            text: batch.texts.iter().map(write_xml).collect(),
            source_lang: EngineKind::Deepl.source_code(&batch.from),
            target_lang: target,
            tag_handling: "xml",
            tag_handling_version: "v2",
            split_sentences: "nonewlines",
            preserve_formatting: true,
            outline_detection: false,
            show_billed_characters: true,
            ignore_tags,
            context: context(&batch.texts),
            // The vendor refuses the plain words for languages that have no forms of address.
            formality: guidance.formality.map(|formality| match formality {
                Formality::More => "prefer_more",
                Formality::Less => "prefer_less",
            }),
            style_id: guidance.style,
            custom_instructions: guidance.instructions,
        };
        let response = self.http.post_json(&self.headers, &request).await?;
        if response.status != 200 {
            return Err(self.classify(&response, batch));
        }
        let DeeplResponse { translations } = self.http.parse(&response)?;
        let billed = translations.iter().map(|translation| translation.billed_characters);
        let billed = billed.reduce(|sum, count| Some(sum?.saturating_add(count?))).flatten();
        let used = billed.map(|characters| Usage { characters, ..Usage::default() });
        self.http.check_count(translations.len(), batch.texts.len(), used)?;
        let texts = translations.iter().zip(&batch.texts).map(|(answer, sent)| parse_xml(&answer.text, sent)).collect();
        let counted = || batch.texts.iter().map(count_billed).fold(Usage::default(), |sum, text| sum + text);
        Ok(Reply { texts, used: used.unwrap_or_else(counted) })
    }

    fn classify(&self, response: &ApiResponse, batch: &Batch) -> EngineError {
        let DeeplError { message } = serde_json::from_slice(&response.body).unwrap_or_default();
        match response.status {
            456 => EngineError::Quota { message: self.http.describe(456, "the characters of this period are used up") },
            // "Value for 'target_lang' not supported."
            400 if message.contains("_lang") => self.http.unsupported_pair(batch),
            _ => self.http.classify(response, &message),
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

    fn term_form(&self) -> TermForm {
        TermForm::Element
    }

    fn context_use(&self) -> ContextUse {
        ContextUse::Request
    }

    fn price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        count_billed(text)
    }

    /// Counts the characters between the tags only.
    fn least_price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        marks::count_characters(&text.text.plain())
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        self.translate_batch(batch).boxed()
    }
}

/// Counts what the vendor bills: the code points of the source outside of tags, and not the context. Escapes are counted as
/// they are written, and the content of ignored tags too, since nothing says that it is free.
fn count_billed(text: &Outgoing) -> Usage {
    let text = text.text.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => Marked::text(text.clone()).to_tagged(),
        Piece::Single(mark) => marks::find_term(text, *mark).map(|term| escape(&term.source)).unwrap_or_default(),
        _ => String::new(),
    });
    marks::count_characters(&text.collect::<String>())
}

/// Writes a text as XML. A term is an ignored element with its word inside: the engine sees the whole sentence and leaves the
/// word alone.
fn write_xml(text: &Outgoing) -> String {
    let write = |piece: &Piece| match piece {
        Piece::Single(mark) => match marks::find_term(text, *mark) {
            Some(term) => format!("<k{mark}>{}</k{mark}>", escape(&term.source)),
            None => format!("<x{mark}/>"),
        },
        piece => Marked::new([piece.clone()]).to_tagged(),
    };
    text.text.pieces().iter().map(write).collect()
}

fn escape(text: &str) -> String {
    Marked::text(text).to_tagged()
}

/// Parses a translation. The element of a term is the term, whatever stands in it.
fn parse_xml(answer: &str, sent: &Outgoing) -> Result<Marked, UnusableText> {
    let mut answer = answer.to_owned();
    for term in &sent.terms {
        let (open, close) = (format!("<k{}>", term.mark), format!("</k{}>", term.mark));
        while let Some(at) = answer.find(&open) {
            let end = answer[at..].find(&close).ok_or_else(|| UnusableText::new("the element of a term is not closed"))?;
            let end = at + end + close.len();
            answer.replace_range(at..end, &format!("<x{}/>", term.mark));
        }
    }
    marks::parse_tagged(&answer, &sent.text)
}

/// Returns the passage that the texts of a request stand in: the headline, the text before, the texts, the text after. The vendor
/// translates each text by itself, and bills no context. Nothing for texts that have nothing around them, or are of several entries.
fn context(texts: &[Outgoing]) -> Option<String> {
    let (first, last) = (&texts.first()?.context, &texts.last()?.context);
    if texts.iter().any(|text| text.context.title != first.title) {
        return None;
    }
    let around = [&first.title, &first.before, &last.after];
    if texts.len() == 1 && around.iter().all(|text| text.is_none()) {
        return None;
    }
    let own = texts.iter().map(|text| Cow::Owned(text.in_words().plain()));
    let before = [&first.title, &first.before].into_iter().flatten().map(|text| Cow::Borrowed(&**text));
    let after = last.after.iter().map(|text| Cow::Borrowed(&**text));
    let mut passage = before.chain(own).chain(after).collect::<Vec<Cow<'_, str>>>().join("\n");
    if let Some((end, _)) = passage.char_indices().nth(MAX_CONTEXT) {
        passage.truncate(end);
    }
    Some(passage)
}

#[cfg(test)]
mod tests {
    use super::super::super::types::{SegmentContext, Term};
    use super::*;
    use crate::model::SegmentKind;

    fn outgoing(tagged: &str) -> Outgoing {
        let term = Term { mark: 2, source: "R&D".to_owned(), target: "R&D".to_owned(), is_held: false };
        let text = Marked::from_tagged(tagged).expect("a text");
        Outgoing { text, terms: vec![term], kind: SegmentKind::Paragraph, context: SegmentContext::default() }
    }

    #[test]
    fn term_is_sent_with_its_word_and_comes_back_as_its_mark() {
        let sent = outgoing("Le <x1>chef du <x2/></x1><x3/>");
        assert_eq!(write_xml(&sent), "Le <x1>chef du <k2>R&amp;D</k2></x1><x3/>");
        assert_eq!(count_billed(&sent).characters, 3 + 8 + 7);
        let read = |answer| parse_xml(answer, &sent).map(|text| text.to_tagged()).ok();
        assert_eq!(read("The <x1><k2>R&amp;D</k2> head</x1><x3></x3>").as_deref(), Some("The <x1><x2/> head</x1><x3/>"));
        assert_eq!(read("<k2>any <x1>thing</k2>").as_deref(), Some("<x2/>"));
        assert!(read("The <k2>R&amp;D").is_none());
        assert!(read("The <k3>R</k3>").is_none());
    }

    #[test]
    fn context_of_a_request_is_the_passage_of_its_texts() {
        let text = |title: Option<&str>, before: Option<&str>, own: &str, after: Option<&str>| {
            let [title, before, after] = [title, before, after].map(|text| text.map(Into::into));
            Outgoing {
                context: SegmentContext { title, before, after, continues: false, similar: None },
                terms: Vec::new(),
                ..outgoing(own)
            }
        };
        let lead = text(None, None, "Paris gagne", Some("La ville a gagné."));
        assert_eq!(context(&[lead]).as_deref(), Some("Paris gagne\nLa ville a gagné."));
        let two = [text(Some("T"), Some("A."), "B.", Some("C.")), text(Some("T"), Some("B."), "C.", Some("D."))];
        assert_eq!(context(&two).as_deref(), Some("T\nA.\nB.\nC.\nD."));
        assert_eq!(context(&[text(None, None, "Seul", None)]), None);
        assert_eq!(context(&[text(Some("T"), None, "B.", None), text(Some("U"), None, "C.", None)]), None, "two entries");
    }
}
