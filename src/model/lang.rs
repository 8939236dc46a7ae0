//! Language tags, and what the Unicode CLDR knows of the writing of languages.

use std::fmt;

use icu_locale::{LanguageIdentifier, LocaleDirectionality, LocaleExpander};
use serde::{Deserialize, Serialize};

/// The scripts that put nothing between two sentences.
const CLOSE_SCRIPTS: [&str; 8] = ["Hans", "Hant", "Hani", "Jpan", "Hrkt", "Hira", "Kana", "Bopo"];

/// A language tag in the usual case of BCP 47 (RFC 5646 §2.1.1): `fr`, `fr-CA`, `zh-Hant`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lang(String);

impl Lang {
    /// Parses a tag, also in the forms that people write (`FR_fr`). Returns nothing if it is no language tag.
    pub fn new(tag: &str) -> Option<Self> {
        let mut out = String::with_capacity(tag.len());
        for (place, part) in tag.trim().split(['-', '_']).enumerate() {
            let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
            if part.len() > 8 || part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return None;
            }
            if place == 0 {
                if !letters || !(2..=3).contains(&part.len()) {
                    return None;
                }
                out.push_str(&part.to_ascii_lowercase());
                continue;
            }
            out.push('-');
            match (part.len(), letters) {
                (2, true) => out.push_str(&part.to_ascii_uppercase()),
                (4, true) => {
                    out.push_str(&part[..1].to_ascii_uppercase());
                    out.push_str(&part[1..].to_ascii_lowercase());
                }
                _ => out.push_str(&part.to_ascii_lowercase()),
            }
        }
        Some(Self(out))
    }

    /// Returns the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if it is written from right to left, as Arabic, Hebrew, Persian and Urdu are.
    pub fn is_right_to_left(&self) -> bool {
        self.identifier().is_some_and(|id| LocaleDirectionality::new_extended().is_right_to_left(&id))
    }

    /// Returns the direction in which it is written, as HTML names it.
    pub fn direction(&self) -> &'static str {
        if self.is_right_to_left() { "rtl" } else { "ltr" }
    }

    /// Returns true if nothing stands between two sentences, as in Chinese and Japanese.
    pub fn joins_sentences(&self) -> bool {
        let Some(mut id) = self.identifier() else { return false };
        LocaleExpander::new_extended().maximize(&mut id);
        id.script.is_some_and(|script| CLOSE_SCRIPTS.contains(&script.as_str()))
    }

    fn identifier(&self) -> Option<LanguageIdentifier> {
        self.0.parse().ok()
    }

    /// Returns the tag of the language without region or script.
    #[must_use]
    pub fn without_region(&self) -> Self {
        Self(self.primary().to_owned())
    }

    /// Returns the language without region or script: `fr` of `fr-CA`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_is_that_of_the_script() {
        for tag in ["ar", "he", "fa", "ur", "ps", "ckb", "yi", "az-Arab", "ar-EG"] {
            assert_eq!(Lang::new(tag).expect("a tag").direction(), "rtl", "{tag}");
        }
        for tag in ["fr", "en-GB", "zh", "ja", "az", "xx"] {
            assert_eq!(Lang::new(tag).expect("a tag").direction(), "ltr", "{tag}");
        }
    }

    #[test]
    fn chinese_and_japanese_put_nothing_between_sentences() {
        for (tag, joins) in
            [("zh", true), ("zh-TW", true), ("ja", true), ("yue", true), ("ko", false), ("th", false), ("fr", false)]
        {
            assert_eq!(Lang::new(tag).expect("a tag").joins_sentences(), joins, "{tag}");
        }
    }

    #[test]
    fn tags_are_parsed_as_people_write_them() {
        for (written, read) in
            [("fr", "fr"), ("FR_fr", "fr-FR"), ("zh-hant", "zh-Hant"), (" en-us ", "en-US"), ("sr-Latn-rs", "sr-Latn-RS")]
        {
            assert_eq!(Lang::new(written).map(|l| l.to_string()).as_deref(), Some(read));
        }
        for wrong in ["", "f", "français", "french language", "fr-", "12", "x"] {
            assert_eq!(Lang::new(wrong), None, "{wrong:?}");
        }
        assert_eq!(Lang::new("fr-CA").expect("a tag").primary(), "fr");
    }
}
