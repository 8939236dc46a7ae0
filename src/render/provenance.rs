//! The sign by which readers see that an item is translated: a line at the foot of its text, or a category. Both are in the language of the reader.

use std::borrow::Cow;

use quick_xml::escape::escape;

use super::words::{Words, fill};
use super::{chars, shown};
use crate::model::{Clean, Edition, EditionItem, EngineKind, Lang, Provenance, Translation, is_person};

/// The HTML that an item shows, with the line of its translation at the foot of each part.
pub(super) struct Body<'a> {
    /// The summary; the line alone, if nothing else is shown.
    pub(super) summary: Option<Cow<'a, str>>,
    /// The content.
    pub(super) content: Option<Cow<'a, str>>,
}

impl<'a> Body<'a> {
    /// Returns the HTML of an item.
    pub(super) fn of(edition: &Edition, item: &'a EditionItem) -> Self {
        let line = line(edition, item);
        let part = |html: Option<&'a Clean>| {
            let html = shown::markup(html)?;
            Some(line.as_ref().map_or(html.clone(), |line| Cow::Owned(html.into_owned() + line)))
        };
        let (summary, content) = (part(item.summary.as_ref()), part(item.content.as_ref()));
        let is_shown = summary.is_some() || content.is_some();
        Self { summary: summary.or_else(|| line.filter(|_| !is_shown).map(Cow::Owned)), content }
    }

    /// Returns the content, else the summary.
    pub(super) fn longest(self) -> Option<Cow<'a, str>> {
        self.content.or(self.summary)
    }
}

/// Returns the translation of an item, if anything of it is translated.
fn translation(item: &EditionItem) -> Option<&Translation> {
    item.translation.as_ref().filter(|translation| !translation.engines.is_empty())
}

/// Returns the line of a translated item as HTML, if the edition shows it.
fn line(edition: &Edition, item: &EditionItem) -> Option<String> {
    let translation = translation(item).filter(|_| edition.details.provenance == Provenance::Line)?;
    let reader = item.lang.as_ref().or(edition.lang.as_ref());
    let words = Words::of(reader);
    let mut sentences = vec![escape(sentence(words, translation)).into_owned()];
    if translation.left > 0 {
        sentences.push(escape(&*words.translated_in_part).into_owned());
    }
    // The link of the item leads to the original already.
    let source = escape(shown::source_name(&item.source));
    sentences.push(fill(&escape(&*words.original), &[("source", &source)]));
    Some(format!("<div{}><small>{}</small></div>", language(words, reader), sentences.join(" ")))
}

/// Returns what the editors who receive an item are told of its translation, whatever its readers are shown.
pub(super) fn note(edition: &Edition, item: &EditionItem) -> Option<String> {
    told(item, Words::of(item.lang.as_ref().or(edition.lang.as_ref())))
}

/// Returns the sentence that says who translated an item, and the one that says that some of it is untranslated.
pub(super) fn told(item: &EditionItem, words: &Words) -> Option<String> {
    let translation = translation(item)?;
    let left = if translation.left > 0 { format!(" {}", words.translated_in_part) } else { String::new() };
    Some(sentence(words, translation) + &left)
}

/// Returns the attributes of words that are not in the language of their reader.
fn language(words: &Words, reader: Option<&Lang>) -> String {
    if reader.is_some_and(|reader| reader.primary() == words.lang) {
        return String::new();
    }
    let direction = Lang::new(&words.lang).map_or("ltr", |lang| lang.direction());
    format!(" lang=\"{}\" dir=\"{direction}\"", words.lang)
}

/// Returns the sentence that says who translated an item.
fn sentence(words: &Words, translation: &Translation) -> String {
    let from = words.from(&translation.from);
    let mut names: Vec<String> = Vec::new();
    for engine in translation.engines.iter().filter(|engine| !is_person(engine)) {
        let name = engine_name(engine);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let text = match (names.is_empty(), translation.engines.iter().any(|engine| is_person(engine))) {
        (true, _) => &words.human_translation,
        (false, true) => &words.corrected_translation,
        (false, false) => &words.machine_translation,
    };
    fill(text, &[("from", &from), ("engines", &names.join(", "))])
}

/// Returns the name of an engine for people: that of its vendor, and of the language model if it is one.
fn engine_name(identity: &str) -> String {
    let identity = chars::line(identity);
    let direct = identity.split(" via ").next().unwrap_or_default();
    let (kind, model) = direct.split_once(':').map_or((direct, None), |(kind, model)| (kind, Some(model)));
    let label = EngineKind::ALL.iter().find(|known| known.name() == kind).map_or(kind, |known| known.label());
    // The model of the embedded engine is named after the languages, which the sentence says already.
    let model = model.filter(|_| kind != EngineKind::Firefox.name());
    model.map_or_else(|| label.to_owned(), |model| format!("{label} {model}"))
}

/// Returns the categories of an item, with that of machine translations if the edition shows it.
pub(super) fn categories(edition: &Edition, item: &EditionItem) -> Vec<String> {
    let is_machine = |translation: &&Translation| !translation.engines.iter().all(|engine| is_person(engine));
    let is_told = edition.details.provenance == Provenance::Category && translation(item).as_ref().is_some_and(is_machine);
    let words = Words::of(item.lang.as_ref().or(edition.lang.as_ref()));
    shown::lines(&item.head.categories).chain(is_told.then(|| words.machine_translation_category.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(reader: &str, from: &str, engines: &[&str]) -> String {
        let lang = |tag: &str| Lang::new(tag).expect("a tag");
        let engines = engines.iter().map(|&engine| engine.to_owned()).collect();
        let translation = Translation { from: lang(from), engines, left: 0, title_left: false };
        sentence(Words::of(Some(&lang(reader))), &translation)
    }

    #[test]
    fn sentence_names_engines_as_their_vendors_do() {
        for (engines, expected) in [
            (&["deepl"][..], "Machine translation from French by DeepL."),
            (&["openai:gpt-5-mini", "libretranslate"], "Machine translation from French by OpenAI gpt-5-mini, LibreTranslate."),
            (&["apertium via es", "apertium"], "Machine translation from French by Apertium."),
            (&["deepl", "person"], "Machine translation from French by DeepL, corrected by people."),
            (&["firefox:fr-en-3.0-base-memory+en-es-3.1-tiny"], "Machine translation from French by Firefox Translations."),
            (&["person"], "Translated from French."),
        ] {
            assert_eq!(told("en", "fr", engines), expected);
        }
    }

    #[test]
    fn sentence_is_in_the_language_of_the_reader() {
        assert_eq!(told("de", "fr", &["deepl"]), "Maschinelle Übersetzung aus dem Französischen von DeepL.");
        assert_eq!(told("ar", "fr", &["deepl"]), "ترجمة آلية من الفرنسية بواسطة DeepL.");
        assert_eq!(told("fr", "en", &["deepl"]), "Traduction automatique de l’anglais par DeepL.");
    }
}
