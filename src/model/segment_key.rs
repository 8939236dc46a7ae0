//! The key of a segment's translation in the memory.

use std::fmt;

use super::{Lang, Marked};

/// 128 bits of a hash of everything that a translation depends on. The same on every machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentKey([u8; 16]);

/// The version of the scheme by which marks and terms are sent and parsed. A new one makes new keys.
const SCHEME: &str = "1";

/// The same for texts with terms that are sent as words.
const WORD_SCHEME: &str = "2";

/// The engine in the keys of readings.
const READERS: &str = "reading";

/// The engine in the keys of translations by people.
const PEOPLE: &str = "memory";

impl SegmentKey {
    /// Makes the key of a segment's translation by an engine (its identity: kind and model). `terms` are the glossary terms that
    /// match in the text, each with its translation: a changed glossary makes new keys for the segments that it concerns, and for
    /// no others. White space does not count ([`Marked::normalised`]), nor the order of the terms.
    pub fn new(text: &Marked, from: &Lang, to: &Lang, engine: &str, terms: &[(&str, &str)]) -> Self {
        Self::of_scheme(SCHEME, (text, from.as_str(), to.as_str()), engine, terms)
    }

    /// Makes the key of a translation by an engine that is sent terms as words. In a text without terms nothing has changed since
    /// they were sent as marks, and its key is the same.
    pub fn with_words(text: &Marked, from: &Lang, to: &Lang, engine: &str, terms: &[(&str, &str)]) -> Self {
        let scheme = if terms.is_empty() { SCHEME } else { WORD_SCHEME };
        Self::of_scheme(scheme, (text, from.as_str(), to.as_str()), engine, terms)
    }

    /// Makes the key of a translation that a person made. It depends on no engine and no glossary: what a person wrote outlives both.
    /// Nor does it depend on the region of the source: two papers that state `fr` and `fr-FR` say the same.
    pub fn of_person(text: &Marked, from: &Lang, to: &Lang) -> Self {
        Self::of_scheme(SCHEME, (text, from.primary(), to.as_str()), PEOPLE, &[])
    }

    /// Makes the key of the reading of a translation, by whatever reader: of both texts and their languages.
    pub fn of_reading(text: &Marked, result: &Marked, from: &Lang, to: &Lang) -> Self {
        let result = result.normalised().to_tagged();
        Self::of_scheme(SCHEME, (text, from.primary(), to.as_str()), READERS, &[("", &result)])
    }

    /// Makes the key under which earlier versions kept what people translated: it depended on the glossary.
    pub fn of_person_with_terms(text: &Marked, from: &Lang, to: &Lang, terms: &[(&str, &str)]) -> Self {
        Self::new(text, from, to, PEOPLE, terms)
    }

    fn of_scheme(scheme: &str, (text, from, to): (&Marked, &str, &str), engine: &str, terms: &[(&str, &str)]) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: &str| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        };
        add(scheme);
        add(&text.key_form().to_tagged());
        add(from);
        add(to);
        add(engine);
        let mut terms = terms.to_vec();
        terms.sort_unstable();
        terms.dedup();
        for (source, target) in terms {
            add(source);
            add(target);
        }
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        Self(bytes)
    }

    /// Parses the form that `Display` writes: 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for SegmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SegmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SegmentKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_a_person_depends_on_the_sentence_and_the_languages_without_the_region_of_the_source() {
        let lang = |tag| Lang::new(tag).expect("a tag");
        let key = |text: &str, from, to| SegmentKey::of_person(&Marked::text(text), &lang(from), &lang(to));
        assert_eq!(key("Le CIO", "fr", "en"), key(" Le  CIO", "fr-FR", "en"));
        assert_ne!(key("Le CIO", "fr", "en"), key("Le CIO", "fr", "en-GB"));
        assert_ne!(key("Le CIO", "fr", "en"), key("Le CIO", "es", "en"));
    }

    #[test]
    fn key_depends_on_everything_that_a_translation_depends_on() {
        let lang = |tag| Lang::new(tag).expect("a tag");
        let (fr, en, es) = (lang("fr"), lang("en"), lang("es"));
        let text = Marked::text("Le CIO a voté.");
        let key = SegmentKey::new(&text, &fr, &en, "deepl", &[]);
        assert_eq!(SegmentKey::parse(&key.to_string()), Some(key));
        assert_eq!(SegmentKey::new(&Marked::text("  Le CIO\n a voté. "), &fr, &en, "deepl", &[]), key);
        let (cio, vote) = (("CIO", "IOC"), ("vote", "vote"));
        let both = SegmentKey::new(&text, &fr, &en, "deepl", &[cio, vote]);
        assert_eq!(SegmentKey::new(&text, &fr, &en, "deepl", &[vote, cio, cio]), both);
        let others = [
            SegmentKey::new(&Marked::text("Le CIO a voté"), &fr, &en, "deepl", &[]),
            SegmentKey::new(&text, &en, &fr, "deepl", &[]),
            SegmentKey::new(&text, &fr, &es, "deepl", &[]),
            SegmentKey::new(&text, &fr, &en, "apertium", &[]),
            SegmentKey::new(&text, &fr, &en, "deepl", &[cio]),
            both,
            key,
        ];
        let distinct: std::collections::HashSet<_> = others.iter().collect();
        assert_eq!(distinct.len(), others.len());
        for wrong in ["", "0", &"g".repeat(32), &"+".repeat(32), &"é".repeat(16)] {
            assert_eq!(SegmentKey::parse(wrong), None, "{wrong}");
        }
    }
}
