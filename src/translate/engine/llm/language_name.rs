//! The names of languages in English, as models know them best. They are those of the Unicode CLDR.

use std::borrow::Cow;

use icu_locale::names::{DisplayNamesPreferences, LanguageIdentifierDisplayName, LanguageIdentifierDisplayNameOptions};
use icu_locale::{LanguageIdentifier, locale};
use writeable::TryWriteable;

use crate::model::Lang;

/// Returns the name of a language: "French", "Latin American Spanish", "Serbian (Latin)". One that has no name is called by its tag.
pub(super) fn language_name(lang: &Lang) -> String {
    find_name(lang).unwrap_or_else(|| format!("the language of the tag {lang}"))
}

fn find_name(lang: &Lang) -> Option<String> {
    let id: LanguageIdentifier = lang.as_str().parse().ok()?;
    let (english, options) = (DisplayNamesPreferences::from(locale!("en")), LanguageIdentifierDisplayNameOptions::default());
    let name = LanguageIdentifierDisplayName::try_new_heavy(english, id, options).ok()?;
    // A part without a name is written as its tag: that is no name.
    name.as_borrowed().try_write_to_string().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_english_names() {
        for (tag, name) in [
            ("ca", "Catalan"),
            ("en-GB", "British English"),
            ("es-419", "Latin American Spanish"),
            ("pt-BR", "Brazilian Portuguese"),
            ("zh-Hant", "Traditional Chinese"),
            ("br", "Breton"),
            ("xx", "the language of the tag xx"),
        ] {
            assert_eq!(language_name(&Lang::new(tag).expect("a tag")), name);
        }
    }
}
