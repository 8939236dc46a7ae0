//! Checks the characters of a result: signs of damage, rests of marks, and letters of other scripts.

use super::Rejection;
use super::texts::ComparedTexts;
use super::tidy::has_reference;
use crate::model::Lang;

/// Refuses control characters, replacement characters, rests of marks, and letters of another script.
pub(super) fn check_characters(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let damage = texts.result.chars().find(|c| {
        (c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{fffd}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
            && !texts.source.contains(*c)
    });
    if let Some(c) = damage {
        return Err(Rejection::Characters(format!("U+{:04X}", u32::from(c))));
    }
    for rest in ["<x", "</x", "&lt;", "&gt;", "&amp;", "&#", "&nbsp;", "⟦", "⟧"] {
        if texts.result.contains(rest) && !texts.source.contains(rest) {
            return Err(Rejection::Characters(format!("{rest:?}")));
        }
    }
    if has_reference(&texts.result) && !has_reference(&texts.source) {
        return Err(Rejection::Characters("a character reference".to_owned()));
    }
    if let Some(word) = find_unknown_word(texts) {
        return Err(Rejection::Characters(format!("{word:?}")));
    }
    let script = Script::of_language(texts.to);
    let foreign = texts.bare_result.chars().find(|c| {
        let own = Script::of(*c);
        own.is_some() && script.is_some_and(|script| !script.contains(&own)) && !texts.source.contains(*c)
    });
    match foreign {
        Some(c) => Err(Rejection::Characters(format!("{c:?}"))),
        None => Ok(()),
    }
}

/// Finds a word that Apertium marks as unknown (`*mot`) or could not inflect (`#mot`, `@mot`).
fn find_unknown_word<'a>(texts: &'a ComparedTexts<'_>) -> Option<&'a str> {
    let marked = |word: &&str| {
        let mut chars = word.trim_start_matches(['«', '“', '"', '(', '’', '\'']).chars();
        chars.next().is_some_and(|c| matches!(c, '*' | '#' | '@')) && chars.next().is_some_and(char::is_alphabetic)
    };
    texts.result.split_whitespace().filter(marked).find(|word| !texts.source.contains(*word))
}

/// A script, as far as scripts tell languages apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Indic,
    Thai,
    Kana,
    Hangul,
    Han,
}

impl Script {
    fn of(c: char) -> Option<Self> {
        Some(match c {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => Self::Latin,
            '\u{370}'..='\u{3ff}' => Self::Greek,
            '\u{400}'..='\u{52f}' => Self::Cyrillic,
            '\u{590}'..='\u{5ff}' => Self::Hebrew,
            '\u{600}'..='\u{6ff}' => Self::Arabic,
            '\u{900}'..='\u{dff}' => Self::Indic,
            '\u{e00}'..='\u{eff}' => Self::Thai,
            '\u{3040}'..='\u{30ff}' => Self::Kana,
            '\u{ac00}'..='\u{d7af}' | '\u{1100}'..='\u{11ff}' => Self::Hangul,
            '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{2ffff}' => Self::Han,
            _ => return None,
        })
    }

    /// Returns the scripts of a language. All have Latin letters.
    fn of_language(lang: &Lang) -> Option<&'static [Option<Self>]> {
        const LATIN: &[Option<Script>] = &[Some(Script::Latin)];
        Some(match lang.primary() {
            "en" | "fr" | "es" | "ca" | "de" | "it" | "pt" | "nl" | "pl" | "ro" | "sv" | "da" | "no" | "fi" | "cs" | "tr"
            | "hu" => LATIN,
            "ru" | "uk" | "bg" => &[Some(Self::Latin), Some(Self::Cyrillic)],
            "el" => &[Some(Self::Latin), Some(Self::Greek)],
            "he" => &[Some(Self::Latin), Some(Self::Hebrew)],
            "ar" | "fa" | "ur" => &[Some(Self::Latin), Some(Self::Arabic)],
            "ja" => &[Some(Self::Latin), Some(Self::Kana), Some(Self::Han)],
            "zh" => &[Some(Self::Latin), Some(Self::Han)],
            "ko" => &[Some(Self::Latin), Some(Self::Hangul), Some(Self::Han)],
            _ => return None,
        })
    }
}
