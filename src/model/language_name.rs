//! The names of languages, in their own language and in others. They are those of the Unicode CLDR.

use std::borrow::Cow;

use icu_locale::names::{DisplayNamesPreferences, LanguageIdentifierDisplayName, LanguageIdentifierDisplayNameOptions};
use icu_locale::{LanguageIdentifier, Locale};
use writeable::TryWriteable;

use super::Lang;

impl Lang {
    /// Returns the name of the language in another one: "French", "Latin American Spanish", "Serbian (Latin)" in English. Nothing if it
    /// has no name there.
    pub fn name_in(&self, reader: &Self) -> Option<String> {
        let id: LanguageIdentifier = self.as_str().parse().ok()?;
        let reader: Locale = reader.as_str().parse().ok()?;
        let (reader, options) = (DisplayNamesPreferences::from(reader), LanguageIdentifierDisplayNameOptions::default());
        let name = LanguageIdentifierDisplayName::try_new_heavy(reader, id, options).ok()?;
        // A part without a name is written as its tag: that is no name.
        name.as_borrowed().try_write_to_string().ok().map(Cow::into_owned)
    }

    /// Returns the name of the language in that language itself ("français"), else its tag.
    pub fn own_name(&self) -> String {
        self.name_in(self).unwrap_or_else(|| self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_names_in_their_own_language_and_in_others() {
        let lang = |tag: &str| Lang::new(tag).expect("a tag");
        for (tag, own, english) in [
            ("fr", "français", "French"),
            ("ar", "العربية", "Arabic"),
            ("ca", "català", "Catalan"),
            ("pt-BR", "português (Brasil)", "Brazilian Portuguese"),
            ("zh-Hant", "繁體中文", "Traditional Chinese"),
        ] {
            assert_eq!(lang(tag).own_name(), own);
            assert_eq!(lang(tag).name_in(&lang("en")).as_deref(), Some(english));
        }
        assert_eq!((lang("xx").own_name().as_str(), lang("fr").name_in(&lang("xx"))), ("xx", None));
    }
}
