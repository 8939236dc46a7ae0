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

impl SegmentKey {
    /// Makes the key of a segment's translation by an engine (its identity: kind and model). `terms` are the glossary terms that
    /// match in the text, each with its translation: a changed glossary makes new keys for the segments that it concerns, and for
    /// no others. White space does not count ([`Marked::normalised`]), nor the order of the terms.
    pub fn new(text: &Marked, from: &Lang, to: &Lang, engine: &str, terms: &[(&str, &str)]) -> Self {
        Self::of_scheme(SCHEME, (text, from, to), engine, terms)
    }

    /// Makes the key of a translation by an engine that is sent terms as words. In a text without terms nothing has changed since
    /// they were sent as marks, and its key is the same.
    pub fn with_words(text: &Marked, from: &Lang, to: &Lang, engine: &str, terms: &[(&str, &str)]) -> Self {
        let scheme = if terms.is_empty() { SCHEME } else { WORD_SCHEME };
        Self::of_scheme(scheme, (text, from, to), engine, terms)
    }

    fn of_scheme(scheme: &str, (text, from, to): (&Marked, &Lang, &Lang), engine: &str, terms: &[(&str, &str)]) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: &str| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        };
        add(scheme);
        add(&text.key_form().to_tagged());
        add(from.as_str());
        add(to.as_str());
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
