//! Dates for people, in the words of the page's language and by the clocks of the edition's zone.

use chrono::{Locale, NaiveDate};

use crate::model::{Lang, Time, Zone};

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
/// The date without a language, or in one whose words are not known.
const ISO: &str = "%Y-%m-%d";

/// Writes an instant as people of a language do, to the minute and by the clocks of a zone: `22 novembre 2026, 20:15`.
pub(super) fn for_people(time: Time, lang: Option<&Lang>, zone: Zone) -> String {
    format!("{}, {}", date(zone.local(time).date(), lang), clock(time, zone))
}

/// Writes a date without its weekday: `22 novembre 2026`.
pub(super) fn date(day: NaiveDate, lang: Option<&Lang>) -> String {
    match lang.and_then(|lang| Some((lang, locale(lang)?))) {
        Some((lang, locale)) => day.format_localized(date_pattern(lang), locale).to_string(),
        None => iso_day(day),
    }
}

/// Writes the time of day in a zone: `20:15`.
pub(super) fn clock(time: Time, zone: Zone) -> String {
    zone.local(time).format("%H:%M").to_string()
}

/// Writes a day as people of a language do: `lundi 2 novembre 2026`.
pub(super) fn day(day: NaiveDate, lang: Option<&Lang>) -> String {
    let Some((lang, locale)) = lang.and_then(|lang| Some((lang, locale(lang)?))) else { return iso_day(day) };
    let (date, weekday) = (day.format_localized(date_pattern(lang), locale), day.format_localized("%A", locale));
    match lang.primary() {
        "ar" | "fr" | "it" | "nl" => format!("{weekday} {date}"),
        "en" if lang.as_str() != "en-US" => format!("{weekday} {date}"),
        "hu" | "ja" | "ko" | "zh" => format!("{date} {weekday}"),
        _ => format!("{weekday}, {date}"),
    }
}

/// Writes the month of a day as people of a language do: `novembre 2026`.
pub(super) fn month(day: NaiveDate, lang: Option<&Lang>) -> String {
    let Some((lang, locale)) = lang.and_then(|lang| Some((lang, locale(lang)?))) else { return day.format("%Y-%m").to_string() };
    let pattern = match lang.primary() {
        "ca" | "es" | "gl" | "pt" => "%B de %Y",
        "ja" | "zh" => "%Y年%-m月",
        "ko" => "%Y년 %-m월",
        _ => "%B %Y",
    };
    let month = day.format_localized(pattern, locale).to_string();
    // The Catalan names come with their preposition.
    month.strip_prefix("de ").or_else(|| month.strip_prefix("d’")).map(str::to_owned).unwrap_or(month)
}

/// Writes a day for machines: `2026-11-02`.
pub(super) fn iso_day(day: NaiveDate) -> String {
    day.format(ISO).to_string()
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
        "ca" => "%-d %B de %Y",
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

    fn lang(tag: &str) -> Option<Lang> {
        Lang::new(tag)
    }

    fn late() -> Time {
        Time::from_rfc3339("2026-11-02T20:05:00Z").expect("a date")
    }

    #[test]
    fn date_is_in_the_words_of_the_language() {
        for (tag, expected) in [
            ("fr", "2 novembre 2026, 20:05"),
            ("fr-CA", "2 novembre 2026, 20:05"),
            ("fr-XX", "2 novembre 2026, 20:05"),
            ("en", "2 November 2026, 20:05"),
            ("en-US", "November 2, 2026, 20:05"),
            ("de", "2. November 2026, 20:05"),
            ("es", "2 de noviembre de 2026, 20:05"),
            ("pl", "2 listopada 2026, 20:05"),
            ("zh-Hant", "2026年11月2日, 20:05"),
        ] {
            assert_eq!(for_people(late(), lang(tag).as_ref(), Zone::UTC), expected, "{tag}");
        }
    }

    #[test]
    fn date_in_no_known_language_is_in_figures() {
        for tag in ["", "tlh"] {
            assert_eq!(for_people(late(), lang(tag).as_ref(), Zone::UTC), "2026-11-02, 20:05", "{tag}");
        }
    }

    #[test]
    fn time_is_that_of_the_clocks_in_the_zone() {
        let seoul = Zone::new("Asia/Seoul").expect("a zone");
        assert_eq!((for_people(late(), None, seoul).as_str(), clock(late(), seoul).as_str()), ("2026-11-03, 05:05", "05:05"));
    }

    #[test]
    fn month_is_in_the_words_of_the_language() {
        for (tag, expected) in [
            ("fr", "novembre 2026"),
            ("en", "November 2026"),
            ("es", "noviembre de 2026"),
            ("ca", "novembre de 2026"),
            ("ar", "نوفمبر 2026"),
            ("ja", "2026年11月"),
            ("tlh", "2026-11"),
        ] {
            assert_eq!(month(Zone::UTC.local(late()).date(), lang(tag).as_ref()), expected, "{tag}");
        }
    }

    #[test]
    fn day_is_in_the_words_of_the_language() {
        for (tag, expected) in [
            ("fr", "lundi 2 novembre 2026"),
            ("en", "Monday 2 November 2026"),
            ("en-US", "Monday, November 2, 2026"),
            ("es", "lunes, 2 de noviembre de 2026"),
            ("ca", "dilluns, 2 de novembre de 2026"),
            ("de", "Montag, 2. November 2026"),
            ("it", "lunedì 2 novembre 2026"),
            ("pt", "segunda, 2 de novembro de 2026"),
            ("ar", "الاثنين 2 نوفمبر 2026"),
            ("ja", "2026年11月2日 月曜日"),
            ("tlh", "2026-11-02"),
        ] {
            assert_eq!(day(Zone::UTC.local(late()).date(), lang(tag).as_ref()), expected, "{tag}");
        }
    }
}
