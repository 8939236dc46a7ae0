//! Text and HTML, typed by trust: raw markup that would reach a reader does not compile.

use std::borrow::Cow;
use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

/// One line of text without markup: NFC, no control characters, runs of white space made one space (no-break spaces kept).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Text(String);

impl Text {
    /// Makes one line of `text`. Markup is not interpreted: the input is taken as plain characters.
    pub fn new(text: &str) -> Self {
        let composed = if text.is_ascii() { Cow::Borrowed(text) } else { ComposingNormalizerBorrowed::new_nfc().normalize(text) };
        let mut line = String::with_capacity(composed.len());
        let mut gap = false;
        for c in composed.chars() {
            if matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' | '\u{85}' | '\u{2028}' | '\u{2029}') {
                gap = !line.is_empty();
            } else if is_shown(c) {
                if gap {
                    line.push(' ');
                    gap = false;
                }
                line.push(c);
            }
        }
        Self(line)
    }

    /// Returns the characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if there is nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// Returns true if a line may contain the character: no controls, no bidirectional overrides (they disguise a headline), and none
/// that XML 1.0 §2.2 forbids.
fn is_shown(c: char) -> bool {
    !(c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

/// HTML as a source wrote it: decoded and bounded, but never shown. `html::clean` makes [`Clean`] of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawHtml(pub String);

/// HTML that `html::clean` made: allow-listed elements and attributes, absolute links, no scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Clean(String);

impl Clean {
    /// Wraps the output of the cleaner. Only `html::clean` calls this (a test holds it), so that there is no other way to a
    /// [`Clean`] but to read one back that the store has kept.
    pub(crate) fn from_cleaner(html: String) -> Self {
        Self(html)
    }

    /// Returns the HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Clean HTML as part of a page of ours: `html::fit_for_page` made it of [`Clean`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageHtml(String);

impl PageHtml {
    /// Wraps clean HTML that was fitted. Only `html::fit_for_page` calls this (a test holds it).
    pub(crate) fn from_fitter(html: String) -> Self {
        Self(html)
    }

    /// Returns the HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_line_without_controls() {
        assert_eq!(Text::new("  Les\r\n Jeux\u{0} d’hiver\u{202e}\t ").as_str(), "Les Jeux d’hiver");
        assert_eq!(Text::new("Quoi\u{a0}?").as_str(), "Quoi\u{a0}?", "a no-break space belongs to French text");
        assert_eq!(Text::new("e\u{301}quipe").as_str(), "équipe", "NFC");
        assert!(Text::new(" \u{a0} ").is_blank());
    }
}
