//! The words of our own that readers see, in their language. Each language is a file in `words/` and a line in [`FILES`]; English stands
//! in for the others. All files have the same keys, the fields of [`Words`].

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use icu_plurals::{PluralCategory, PluralRules};
use serde::{Deserialize, Serialize};

use crate::model::Lang;

/// The languages. English comes first: it stands in for the others.
const FILES: [(&str, &str); 8] = [
    ("en", include_str!("words/en.toml")),
    ("ar", include_str!("words/ar.toml")),
    ("ca", include_str!("words/ca.toml")),
    ("de", include_str!("words/de.toml")),
    ("es", include_str!("words/es.toml")),
    ("fr", include_str!("words/fr.toml")),
    ("it", include_str!("words/it.toml")),
    ("pt", include_str!("words/pt.toml")),
];
/// The key of the phrase for every language that has none of its own.
const OTHER: &str = "other";

static WORDS: LazyLock<Vec<Words>> = LazyLock::new(|| {
    FILES.iter().map(|(lang, text)| Words::read(lang, text).expect("a test reads every file of words")).collect()
});

/// The words of the interface in one language. Templates see them as `words`. A `{name}` in a text is a placeholder: see [`fill`].
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// The language of the words, for the `lang` attribute of what is written with them.
    #[serde(skip_deserializing)]
    pub(super) lang: String,
    /// The phrase "from French", by language, where it is not the one under `other` (with `{language}`).
    pub(super) from_language: BTreeMap<String, String>,
    /// A sentence: a machine translation `{from}` by `{engines}`.
    pub(super) machine_translation: String,
    /// A sentence: a machine translation `{from}` by `{engines}`, corrected by people.
    pub(super) corrected_translation: String,
    /// A sentence: a translation `{from}` by people alone.
    pub(super) human_translation: String,
    /// A sentence: some passages are still in the language of the original.
    pub(super) translated_in_part: String,
    /// A sentence: the original is by `{source}`.
    pub(super) original: String,
    /// The category of machine translations.
    pub(super) machine_translation_category: String,
    /// A phrase: the story is also in `{sources}`.
    pub(super) also_in: String,
    /// The headline of an item without one and without a text.
    pub(super) untitled: String,
    /// The number of sources that tell a story.
    pub(super) sources: Counted,
    /// The link that leads past the head of a page.
    pub(super) skip_to_text: String,
    /// A sentence without a full stop: when the page last changed; `{time}`.
    pub(super) last_change: String,
    /// A sentence without a full stop: the zone of all times; `{zone}`.
    pub(super) time_zone: String,
    /// The name of the list of languages.
    pub(super) languages: String,
    /// The heading of what leads an edition.
    pub(super) top_stories: String,
    /// The name of the list of sections.
    pub(super) sections: String,
    /// The section of everything.
    pub(super) all_sections: String,
    /// The heading of further headlines of one source: `{source}`.
    pub(super) more_from: String,
    /// Opens the whole text of an item.
    pub(super) read_on: String,
    /// Opens the text of an item as its source wrote it: `{language}`.
    pub(super) original_text: String,
    /// Stands beside the date of an item: it changed later; `{time}`.
    pub(super) changed: String,
    /// Stands on the page of an edition without items.
    pub(super) nothing_yet: String,
    /// Opens the explanation of how to follow an edition.
    pub(super) subscribe: String,
    /// Explains what a feed reader is.
    pub(super) subscribe_what: String,
    /// Introduces the address of the feed.
    pub(super) subscribe_how: String,
    /// Introduces the same feed in other formats.
    pub(super) other_formats: String,
    /// The name of the list of pages.
    pub(super) pages: String,
    /// The number of a page: `{page}` of `{pages}`.
    pub(super) page_of: String,
    /// The link to the page with newer items.
    pub(super) newer: String,
    /// The link to the page with older items.
    pub(super) older: String,
    /// The link to the list of editions.
    pub(super) all_editions: String,
    /// Names the program: `{program}`.
    pub(super) made_by: String,
    /// The heading of the list of editions.
    pub(super) editions: String,
    /// Stands in an empty list of editions.
    pub(super) no_edition_yet: String,
    /// The heading above the months of an archive.
    pub(super) archive: String,
    /// The link to the digest of a day.
    pub(super) digest: String,
    /// The heading of the list of sources.
    pub(super) source_list: String,
    /// The link to the list of sources as OPML.
    pub(super) source_list_file: String,
    /// The state of a source that is read.
    pub(super) source_works: String,
    /// The state of a source that cannot be read since `{date}`.
    pub(super) source_fails: String,
    /// The state of a source that answers and has published nothing for an unusual time.
    pub(super) source_silent: String,
    /// The state of a source that is not published any more.
    pub(super) source_ended: String,
    /// The link to the feed of a source.
    pub(super) feed_link: String,
    /// A sound file without a name.
    pub(super) file_audio: String,
    /// A film without a name.
    pub(super) file_video: String,
    /// A picture without a name.
    pub(super) file_picture: String,
    /// A document without a name.
    pub(super) file_document: String,
    /// Any other file without a name.
    pub(super) file_other: String,
    /// Stands above a feed that a browser shows.
    pub(super) feed_notice: String,
    /// Stands before the address of the page that belongs to a feed.
    pub(super) feed_page: String,
    /// The number of items of an edition.
    pub(super) items: Counted,
}

/// A text with a number `{n}`, by the plural categories of its language (Unicode CLDR). `other` is for every category that has no text of
/// its own.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counted {
    zero: Option<String>,
    one: Option<String>,
    two: Option<String>,
    few: Option<String>,
    many: Option<String>,
    other: String,
}

impl Words {
    fn read(lang: &str, text: &str) -> Result<Self, toml::de::Error> {
        Ok(Self { lang: lang.to_owned(), ..toml::from_str(text)? })
    }

    /// Returns the words of all languages, the English ones first.
    pub(super) fn all() -> &'static [Self] {
        &WORDS
    }

    /// Returns the words of a language: those of its tag, else of the language without region or script, else the English ones.
    pub(super) fn of(lang: Option<&Lang>) -> &'static Self {
        let find = |tag: &str| WORDS.iter().find(|words| words.lang == tag);
        lang.and_then(|lang| find(lang.as_str()).or_else(|| find(lang.primary()))).unwrap_or(&WORDS[0])
    }

    /// Returns the phrase "from French" for a language. One without a name is called by its tag.
    pub(super) fn from(&self, lang: &Lang) -> String {
        if let Some(phrase) = self.from_language.get(lang.primary()).filter(|_| lang.as_str() == lang.primary()) {
            return phrase.clone();
        }
        fill(self.from_language.get(OTHER).map_or("{language}", String::as_str), &[("language", &self.name(lang))])
    }

    /// Returns the name of a language in these words' language, else its tag.
    pub(super) fn name(&self, lang: &Lang) -> String {
        let own = Lang::new(&self.lang);
        own.and_then(|own| lang.name_in(&own)).unwrap_or_else(|| lang.to_string())
    }

    /// Returns a text for a number.
    pub(super) fn count(&self, text: &Counted, n: usize) -> String {
        fill(text.of(self.plural_category(n)), &[("n", &n.to_string())])
    }

    fn plural_category(&self, n: usize) -> PluralCategory {
        let rules = self.lang.parse::<icu_locale::Locale>().ok().and_then(|own| PluralRules::try_new_cardinal(own.into()).ok());
        rules.map_or(PluralCategory::Other, |rules| rules.category_for(n))
    }
}

impl Counted {
    fn of(&self, category: PluralCategory) -> &str {
        let own = match category {
            PluralCategory::Zero => &self.zero,
            PluralCategory::One => &self.one,
            PluralCategory::Two => &self.two,
            PluralCategory::Few => &self.few,
            PluralCategory::Many => &self.many,
            PluralCategory::Other => &None,
        };
        own.as_deref().unwrap_or(&self.other)
    }
}

/// Replaces each placeholder `{name}` of a text once; what is put in is not looked at again. In HTML the values must be escaped before.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 40);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let known = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((*value, after))
        });
        let (value, after): (Cow<'_, str>, &str) = known.map_or(("{".into(), after), |(value, after)| (value.into(), after));
        out.push_str(&value);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(tag: &str) -> &'static Words {
        Words::of(Lang::new(tag).as_ref())
    }

    /// Returns the texts of a language with their placeholders, by key.
    fn placeholders(text: &str) -> BTreeMap<String, Vec<String>> {
        fn collect(key: &str, value: &toml::Value, out: &mut BTreeMap<String, Vec<String>>) {
            match value {
                toml::Value::Table(table) => {
                    // Which languages and numbers have a text of their own differs.
                    let texts = table.iter().filter(|(name, _)| key.is_empty() || name.as_str() == OTHER);
                    texts.for_each(|(name, value)| collect(&format!("{key}.{name}"), value, out));
                }
                value => {
                    let text = value.as_str().expect("a text");
                    let mut names: Vec<String> =
                        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
                    names.sort();
                    out.insert(key.to_owned(), names);
                }
            }
        }
        let mut out = BTreeMap::new();
        collect("", &toml::from_str(text).expect("a table"), &mut out);
        out
    }

    #[test]
    fn every_language_has_every_text_with_the_same_placeholders() {
        let english = placeholders(FILES[0].1);
        for (lang, text) in FILES {
            Words::read(lang, text).unwrap_or_else(|error| panic!("{lang}: {error}"));
            assert_eq!(placeholders(text), english, "{lang}");
        }
    }

    #[test]
    fn language_without_words_gets_those_of_its_language_or_the_english_ones() {
        for (tag, lang) in [("fr", "fr"), ("fr-CA", "fr"), ("pt-BR", "pt"), ("eu", "en"), ("", "en")] {
            assert_eq!(words(tag).lang, lang, "{tag}");
        }
    }

    #[test]
    fn origin_is_named_as_the_language_does() {
        for (tag, from, phrase) in [
            ("en", "fr", "from French"),
            ("fr", "en", "de l’anglais"),
            ("fr", "eu", "depuis la langue : basque"),
            ("de", "fr", "aus dem Französischen"),
            ("it", "es", "dallo spagnolo"),
            ("ar", "fr", "من الفرنسية"),
            ("es", "fr-CA", "del francés canadiense"),
            ("en", "xx", "from xx"),
        ] {
            assert_eq!(words(tag).from(&Lang::new(from).expect("a tag")), phrase, "{tag} from {from}");
        }
    }

    #[test]
    fn numbers_have_the_plural_of_their_language() {
        for (tag, n, text) in [
            ("en", 1, "1 source"),
            ("en", 3, "3 sources"),
            ("fr", 0, "0 source"),
            ("de", 2, "2 Quellen"),
            ("ar", 2, "مصدران"),
            ("ar", 3, "3 مصادر"),
            ("ar", 11, "11 مصدرًا"),
        ] {
            let words = words(tag);
            assert_eq!(words.count(&words.sources, n), text, "{tag} {n}");
        }
    }

    #[test]
    fn placeholder_is_filled_once() {
        assert_eq!(fill("{a} {b} {c} {", &[("a", "{b}"), ("b", "2")]), "{b} 2 {c} {");
    }
}
