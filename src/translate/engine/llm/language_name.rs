//! The names of languages in English, as models know them best.

use crate::model::Lang;

/// Returns the name of a language: "French", "Latin American Spanish", "Serbian (Latin)". One that has no name is called by its tag.
pub(super) fn language_name(lang: &Lang) -> String {
    let english = Lang::new("en");
    english.and_then(|english| lang.name_in(&english)).unwrap_or_else(|| format!("the language of the tag {lang}"))
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
