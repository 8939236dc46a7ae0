//! Repairs the small words before a term (doubled articles, elision, contraction): the engine wrote them for a word that it did
//! not see.

use crate::model::Lang;

/// The rules of a language for the word before a term.
struct Grammar {
    lang: &'static str,
    /// Words that are or end in an article: after one of them the article of the term is dropped.
    articles: &'static [&'static str],
    /// Two words that become one: preposition, article, both.
    contracted: &'static [(&'static str, &'static str, &'static str)],
    /// A word and its form before a vowel.
    elided: &'static [(&'static str, &'static str)],
    /// An elided form and the whole word before a consonant.
    whole: &'static [(&'static str, &'static str)],
}

const GRAMMARS: [Grammar; 7] = [
    Grammar { lang: "en", articles: &["the", "a", "an"], contracted: &[], elided: &[("a", "an ")], whole: &[("an ", "a")] },
    Grammar {
        lang: "es",
        articles: &["el", "la", "los", "las", "del", "al", "un", "una"],
        contracted: &[("de", "el", "del"), ("a", "el", "al")],
        elided: &[],
        whole: &[],
    },
    Grammar {
        lang: "ca",
        articles: &["el", "la", "els", "les", "l’", "del", "dels", "al", "als", "pel", "pels", "un", "una"],
        contracted: &[
            ("de", "el", "del"),
            ("de", "els", "dels"),
            ("a", "el", "al"),
            ("a", "els", "als"),
            ("per", "el", "pel"),
            ("per", "els", "pels"),
        ],
        elided: &[("el", "l’"), ("la", "l’"), ("del", "de l’"), ("al", "a l’"), ("pel", "per l’"), ("de", "d’")],
        whole: &[("de l’", "del"), ("a l’", "al"), ("per l’", "pel"), ("l’", "el"), ("d’", "de")],
    },
    Grammar {
        lang: "fr",
        articles: &["le", "la", "les", "l’", "du", "des", "au", "aux", "un", "une"],
        contracted: &[("de", "le", "du"), ("de", "les", "des"), ("à", "le", "au"), ("à", "les", "aux")],
        elided: &[("le", "l’"), ("la", "l’"), ("du", "de l’"), ("au", "à l’"), ("de", "d’"), ("que", "qu’")],
        whole: &[("de l’", "du"), ("à l’", "au"), ("l’", "le"), ("d’", "de"), ("qu’", "que")],
    },
    Grammar {
        lang: "it",
        articles: &[
            "il", "lo", "la", "i", "gli", "le", "l’", "del", "della", "dei", "delle", "al", "alla", "ai", "alle", "un", "una",
        ],
        contracted: &[
            ("di", "il", "del"),
            ("di", "la", "della"),
            ("di", "i", "dei"),
            ("di", "le", "delle"),
            ("a", "il", "al"),
            ("a", "la", "alla"),
            ("a", "i", "ai"),
            ("da", "il", "dal"),
            ("in", "il", "nel"),
            ("su", "il", "sul"),
        ],
        elided: &[
            ("il", "l’"),
            ("lo", "l’"),
            ("la", "l’"),
            ("del", "dell’"),
            ("della", "dell’"),
            ("al", "all’"),
            ("alla", "all’"),
            ("dal", "dall’"),
            ("dalla", "dall’"),
            ("nel", "nell’"),
            ("nella", "nell’"),
            ("sul", "sull’"),
            ("sulla", "sull’"),
        ],
        whole: &[("dell’", "del"), ("all’", "al"), ("dall’", "dal"), ("nell’", "nel"), ("sull’", "sul"), ("l’", "il")],
    },
    Grammar {
        lang: "pt",
        articles: &[
            "o", "a", "os", "as", "do", "da", "dos", "das", "no", "na", "nos", "nas", "ao", "à", "aos", "às", "um", "uma",
        ],
        contracted: &[
            ("de", "o", "do"),
            ("de", "a", "da"),
            ("de", "os", "dos"),
            ("de", "as", "das"),
            ("em", "o", "no"),
            ("em", "a", "na"),
            ("em", "os", "nos"),
            ("em", "as", "nas"),
            ("a", "o", "ao"),
            ("a", "os", "aos"),
            ("por", "o", "pelo"),
            ("por", "a", "pela"),
            ("por", "os", "pelos"),
        ],
        elided: &[],
        whole: &[],
    },
    Grammar {
        lang: "de",
        articles: &["der", "die", "das", "den", "dem", "des", "im", "am", "vom", "zum", "zur", "ein", "eine"],
        contracted: &[],
        elided: &[],
        whole: &[],
    },
];

/// Returns true for a word, in lower case, that needs the word after it: an article, or a preposition that is contracted with one.
pub(in crate::translate) fn opens_phrase(word: &str, lang: &Lang) -> bool {
    let grammar = GRAMMARS.iter().find(|grammar| grammar.lang == lang.primary());
    grammar.is_some_and(|grammar| {
        let is_article = grammar.articles.iter().any(|article| article.trim_end_matches('’') == word);
        is_article || grammar.contracted.iter().any(|(preposition, ..)| *preposition == word)
    })
}

/// Adapts the words before a term, and the term, to each other.
pub(super) fn adapt(before: &mut String, target: &mut String, to: &Lang) {
    let Some(grammar) = GRAMMARS.iter().find(|grammar| grammar.lang == to.primary()) else { return };
    let Some((word, end)) = last_word(before) else { return };
    let small = word.to_lowercase().replace('\'', "’");
    if let Some((own, rest)) = split_article(target, grammar) {
        if grammar.articles.contains(&small.as_str()) {
            *target = rest;
        } else if let Some((_, _, both)) = grammar.contracted.iter().find(|(first, second, _)| *first == small && *second == own)
        {
            replace_end(before, end - word.len(), both, " ");
            *target = rest;
        }
        return;
    }
    let vowel = begins_with_vowel_sound(target, grammar.lang);
    // `la UCI`, `la UNESCO`: a feminine article stays whole before an unstressed i or u, and before acronyms that begin so.
    let keeps = grammar.lang == "ca" && small == "la" && is_acronym(target) && target.starts_with(['I', 'U']);
    if vowel && !word.ends_with(['’', '\'']) && !keeps {
        if let Some((_, elided)) = grammar.elided.iter().find(|(whole, _)| *whole == small) {
            replace_end(before, end - word.len(), elided, "");
        }
    } else if !vowel {
        undo_elision(before, grammar, target);
    }
}

/// Undoes an elision: `l’COI` becomes `el COI`.
fn undo_elision(before: &mut String, grammar: &Grammar, target: &str) {
    let small = before.to_lowercase().replace('\'', "’");
    for (elided, whole) in grammar.whole {
        let Some(start) = small.strip_suffix(elided).map(str::len) else { continue };
        // In other scripts lower case may have another length: then the place is not known.
        let alone = !small[..start].ends_with(char::is_alphanumeric);
        if small.len() != before.replace('\'', "’").len() || !alone {
            return;
        }
        let at = before.char_indices().rev().nth(elided.chars().count() - 1).map_or(0, |(at, _)| at);
        let s_impure = grammar.lang == "it" && is_impure(target);
        let whole = match *whole {
            "il" if s_impure => "lo",
            "del" if s_impure => "dello",
            "al" if s_impure => "allo",
            whole => whole,
        };
        replace_end(before, at, whole, " ");
        return;
    }
}

/// Returns true if Italian `lo` stands before the word: s and a consonant, z, gn, ps, x, y.
fn is_impure(target: &str) -> bool {
    let small = target.to_lowercase();
    let mut chars = small.chars();
    match (chars.next(), chars.next()) {
        (Some('s'), Some(next)) => !"aeiouàèéìòù".contains(next),
        (Some('z' | 'x' | 'y'), _) | (Some('g'), Some('n')) | (Some('p'), Some('s' | 'n')) => true,
        _ => false,
    }
}

/// Returns the last word of a text and its end, if one space follows it or it ends in an apostrophe.
fn last_word(text: &str) -> Option<(&str, usize)> {
    let seen = text.strip_suffix([' ', '\u{a0}']).unwrap_or(text);
    if seen.len() == text.len() && !text.ends_with(['’', '\'']) {
        return None;
    }
    let end = seen.len();
    let body = seen.strip_suffix(['’', '\'']).unwrap_or(seen);
    let start = body.char_indices().rev().find(|(_, c)| !c.is_alphanumeric()).map_or(0, |(at, c)| at + c.len_utf8());
    (start < body.len()).then_some((&text[start..end], end))
}

/// Splits the article that a term begins with from the rest.
fn split_article(target: &str, grammar: &Grammar) -> Option<(String, String)> {
    let (first, rest) = target.split_once(' ').or_else(|| {
        let at = target.find(['’', '\''])?;
        let end = at + target[at..].chars().next()?.len_utf8();
        Some(target.split_at(end))
    })?;
    let first = first.to_lowercase().replace('\'', "’");
    grammar.articles.contains(&first.as_str()).then(|| (first, rest.to_owned()))
}

/// Replaces the end of `text` from `at` with `word` and `gap`. A capital stays a capital.
pub(super) fn replace_end(text: &mut String, at: usize, word: &str, gap: &str) {
    let capital = text[at..].starts_with(char::is_uppercase);
    text.truncate(at);
    let mut chars = word.chars();
    match chars.next() {
        Some(first) if capital => text.extend(first.to_uppercase().chain(chars)),
        _ => text.push_str(word),
    }
    text.push_str(gap);
}

/// Returns true if all letters of the first word are capitals, so that English spells it out.
pub(super) fn is_acronym(target: &str) -> bool {
    let word: String = target.chars().take_while(|c| c.is_alphanumeric()).collect();
    word.chars().count() > 1 && !word.chars().any(char::is_lowercase)
}

fn begins_with_vowel_sound(target: &str, lang: &str) -> bool {
    let Some(first) = target.chars().next().and_then(|c| c.to_lowercase().next()) else { return false };
    let is_vowel = "aeiouàâáäèéêëìíîïòóôöùúûüœæ".contains(first);
    if lang != "en" {
        return is_vowel || first == 'h' && matches!(lang, "ca" | "it") && !is_acronym(target);
    }
    let small = target.to_lowercase();
    if is_acronym(target) && !is_spoken(target) {
        return "aefhilmnorsx".contains(first);
    }
    is_vowel && !["eu", "one", "once", "uni", "us", "ut"].iter().any(|start| small.starts_with(start))
}

/// Returns true for acronyms that are read as words: `a FIFA rule`, `a NATO base`.
fn is_spoken(target: &str) -> bool {
    let word: String = target.chars().take_while(char::is_ascii_alphanumeric).collect();
    matches!(
        word.as_str(),
        "FIFA" | "FIBA" | "NATO" | "NASA" | "UEFA" | "UNESCO" | "SOLIDEO" | "FINA" | "LEN" | "WADA" | "ANOC" | "ASOIF"
    )
}
