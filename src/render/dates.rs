//! Dates for people, in the words of the page's language, and in UTC: a page cannot know the zone of its reader.

use chrono::Locale;

use crate::model::{Lang, Time};

/// The locale of a language without a region, where that is not `xx_XX`.
const REGIONS: [(&str, &str); 21] = [
    ("ar", "EG"),
    ("ca", "ES"),
    ("cs", "CZ"),
    ("da", "DK"),
    ("el", "GR"),
    ("en", "GB"),
    ("et", "EE"),
    ("eu", "ES"),
    ("fa", "IR"),
    ("ga", "IE"),
    ("gl", "ES"),
    ("he", "IL"),
    ("hi", "IN"),
    ("ja", "JP"),
    ("ko", "KR"),
    ("nb", "NO"),
    ("no", "NO"),
    ("sl", "SI"),
    ("sv", "SE"),
    ("uk", "UA"),
    ("zh", "CN"),
];
/// Without a language, or in one whose words are not known.
const ISO: &str = "%Y-%m-%d %H:%M UTC";

/// Writes an instant as people of a language do, to the minute: `22 novembre 2026, 20:15 UTC`.
pub(super) fn for_people(time: Time, lang: Option<&Lang>) -> String {
    let time = time.chrono();
    match lang.and_then(|lang| Some((lang, locale(lang)?))) {
        Some((lang, locale)) => {
            let date = time.format_localized(date_pattern(lang), locale);
            format!("{date}, {}", time.format("%H:%M UTC"))
        }
        None => time.format(ISO).to_string(),
    }
}

/// Returns the locale of a language tag. It has its own region if there is such a locale, else the usual one.
fn locale(lang: &Lang) -> Option<Locale> {
    let primary = match lang.primary() {
        "no" => "nb",
        primary => primary,
    };
    let named = |region: &str| Locale::try_from(format!("{primary}_{region}").as_str()).ok();
    let region = lang.as_str().split('-').skip(1).find(|part| part.len() == 2);
    let usual = REGIONS.iter().find(|(language, _)| *language == lang.primary()).map(|(_, region)| *region);
    region.and_then(named).or_else(|| named(usual.unwrap_or(&primary.to_ascii_uppercase())))
}

/// Returns the order of a date. The names of months are those of the locale.
fn date_pattern(lang: &Lang) -> &'static str {
    match lang.primary() {
        "en" if lang.as_str() == "en-US" => "%B %-d, %Y",
        "es" | "gl" | "pt" => "%-d de %B de %Y",
        "cs" | "da" | "de" | "et" | "fi" | "hr" | "nb" | "no" | "sk" | "sl" => "%-d. %B %Y",
        "hu" => "%Y. %B %-d.",
        "ja" | "zh" => "%Y年%-m月%-d日",
        "ko" => "%Y년 %-m월 %-d일",
        _ => "%-d %B %Y",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lang: &str) -> String {
        let time = Time::from_rfc3339("2026-11-02T20:05:00Z").expect("a date");
        for_people(time, Lang::new(lang).as_ref())
    }

    #[test]
    fn date_is_in_the_words_of_the_language() {
        for (lang, expected) in [
            ("fr", "2 novembre 2026, 20:05 UTC"),
            ("fr-CA", "2 novembre 2026, 20:05 UTC"),
            ("fr-XX", "2 novembre 2026, 20:05 UTC"),
            ("en", "2 November 2026, 20:05 UTC"),
            ("en-US", "November 2, 2026, 20:05 UTC"),
            ("de", "2. November 2026, 20:05 UTC"),
            ("es", "2 de noviembre de 2026, 20:05 UTC"),
            ("pl", "2 listopada 2026, 20:05 UTC"),
            ("zh-Hant", "2026年11月2日, 20:05 UTC"),
        ] {
            assert_eq!(written(lang), expected, "{lang}");
        }
    }

    #[test]
    fn date_in_no_known_language_is_in_figures() {
        for lang in ["", "tlh"] {
            assert_eq!(written(lang), "2026-11-02 20:05 UTC", "{lang}");
        }
    }
}
