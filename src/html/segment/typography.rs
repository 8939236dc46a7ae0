//! The typography of the language that a text was translated into: quotation marks, the spaces inside them, and those before
//! `; : ! ?`. Engines keep the source's. Addresses, code between backticks, times (`10:30`) and ratios (`3 : 1`) are not touched.

use crate::model::{Lang, Marked, Piece};

/// The narrow no-break space that French sets before `; ! ?`, and the wide one before `:` and inside guillemets.
const NARROW: char = '\u{202f}';
const WIDE: char = '\u{a0}';
/// Stands for a mark while a segment is set.
const MARK: char = '\u{fffc}';

/// The typographic rules of a language.
struct Style {
    outer: (char, char),
    inner: (char, char),
    /// The space inside the outer quotation marks.
    inside: Option<char>,
    before_colon: Option<char>,
    /// The space before `; ! ?`.
    before_high: Option<char>,
    /// True if an apostrophe is curled. Where the press writes it straight (Catalan, Italian) it stays as the engine has it.
    curls: bool,
}

const GUILLEMETS: (char, char) = ('«', '»');
const CURLY: (char, char) = ('“', '”');

/// The styles by language tag: the whole tag is looked for first, then its language.
const STYLES: &[(&[&str], Style)] = &[
    (&["en", "pt-BR", "nl", "tr"], Style { curls: true, ..plain(CURLY, ('‘', '’')) }),
    (&["es", "ca", "gl", "it", "pt"], plain(GUILLEMETS, CURLY)),
    (&["de-CH", "it-CH"], plain(GUILLEMETS, ('‹', '›'))),
    (&["de"], plain(('„', '“'), ('‚', '‘'))),
    (&["fr-CA"], Style { inside: Some(WIDE), before_colon: Some(WIDE), curls: true, ..plain(GUILLEMETS, CURLY) }),
    (
        &["fr"],
        Style {
            inside: Some(WIDE),
            before_colon: Some(WIDE),
            before_high: Some(NARROW),
            curls: true,
            ..plain(GUILLEMETS, CURLY)
        },
    ),
];

const fn plain(outer: (char, char), inner: (char, char)) -> Style {
    Style { outer, inner, inside: None, before_colon: None, before_high: None, curls: false }
}

impl Style {
    fn of(lang: &Lang) -> Option<&'static Self> {
        let find = |tag: &str| STYLES.iter().find(|(tags, _)| tags.contains(&tag)).map(|(_, style)| style);
        find(lang.as_str()).or_else(|| find(lang.primary()))
    }

    /// Quotation marks that this language does not know, or that it writes in another place.
    fn is_foreign(&self, c: char) -> bool {
        let own = [self.outer.0, self.outer.1, self.inner.0, self.inner.1];
        matches!(c, '«' | '»' | '“' | '”' | '„') && (!own.contains(&c) || self.inner.0 == c)
    }
}

/// Sets `text`, translated from `from`, as `to` is set. Setting it again changes nothing; a language without rules, and a text
/// that stays in its language, stay as they are.
pub fn typeset(text: &str, from: &Lang, to: &Lang) -> String {
    match Style::of(to) {
        Some(style) if from.primary() != to.primary() => set(text, style),
        _ => text.to_owned(),
    }
}

/// Sets a segment; marks count as nothing, so that a quotation may begin in one and end in another.
pub fn typeset_marked(text: &Marked, from: &Lang, to: &Lang) -> Marked {
    let joined: String = text
        .pieces()
        .iter()
        .map(|piece| if let Piece::Text(text) = piece { text.replace(MARK, "") } else { MARK.to_string() })
        .collect();
    let set = typeset(&joined, from, to);
    let marks = text.pieces().iter().filter(|piece| !matches!(piece, Piece::Text(_))).cloned();
    let mut texts = set.split(MARK).map(|text| Piece::Text(text.to_owned()));
    let first = texts.next();
    Marked::new(first.into_iter().chain(marks.zip(texts).flat_map(|(mark, text)| [mark, text])))
}

fn set(text: &str, style: &Style) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let fixed = protected(&chars);
    let guillemets: Vec<bool> = chars.iter().zip(&fixed).map(|(c, fixed)| matches!(c, '«' | '»') && !fixed).collect();
    set_quotes(&mut chars, &fixed, style);
    for at in 1..chars.len().saturating_sub(1) {
        if style.curls && chars[at] == '\'' && !fixed[at] && chars[at - 1].is_alphabetic() && chars[at + 1].is_alphabetic() {
            chars[at] = '’';
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        at += 1;
        let quote = guillemets[at - 1] || !fixed[at - 1] && matches!(c, '«' | '»');
        if quote && (c == style.outer.0 || c == style.inner.0) {
            out.push(c);
            let spaces = chars[at..].iter().take_while(|c| is_space(**c)).count();
            if at + spaces < chars.len() {
                at += spaces;
                out.extend(style.inside.filter(|_| c == '«'));
            }
            continue;
        }
        if quote {
            let end = out.trim_end_matches(is_space).len();
            if end > 0 {
                out.truncate(end);
                out.extend(style.inside.filter(|_| c == '»'));
            }
        } else if matches!(c, ';' | ':' | '!' | '?') && !fixed[at - 1] {
            space_before(&mut out, c, &chars[at..], style);
        }
        out.push(c);
    }
    out
}

/// Sets the space before `; : ! ?`, if what follows shows that the character ends something.
fn space_before(out: &mut String, c: char, after: &[char], style: &Style) {
    let end = out.trim_end_matches(is_space).len();
    let Some(before) = out[..end].chars().next_back() else { return };
    let ends = match after.first() {
        None => true,
        Some(next) if matches!(c, ':' | ';') => next.is_whitespace() || matches!(next, '»' | '”' | '“' | '"' | '’' | &MARK),
        Some(next) => {
            next.is_whitespace() || matches!(next, '»' | '”' | '“' | '"' | '’' | ')' | ']' | '!' | '?' | '…' | '.' | ',' | &MARK)
        }
    };
    let next = after.iter().find(|c| !is_space(**c));
    let is_ratio = out.ends_with(' ') && before.is_ascii_digit() && next.is_some_and(char::is_ascii_digit);
    if !ends || is_ratio && c == ':' {
        return;
    }
    match if c == ':' { style.before_colon } else { style.before_high } {
        None => out.truncate(end),
        Some(space)
            if before.is_alphanumeric() || matches!(before, ')' | ']' | '»' | '”' | '"' | '’' | '…' | '%' | '€' | '°' | MARK) =>
        {
            out.truncate(end);
            out.push(space);
        }
        Some(_) => {}
    }
}

/// The spaces that may stand before a sign or inside quotation marks; a line end is none of them.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// Marks the characters that belong to addresses or to code.
fn protected(chars: &[char]) -> Vec<bool> {
    let mut fixed = vec![false; chars.len()];
    let is_end = |c: char| c.is_whitespace() || matches!(c, MARK | '«' | '»' | '“' | '”' | '„' | '"');
    let mut at = 0;
    while at < chars.len() {
        let length = chars[at..].iter().take_while(|c| !is_end(**c)).count();
        if is_address(&chars[at..at + length]) {
            fixed[at..at + length].fill(true);
        }
        at += length + 1;
    }
    let ticks: Vec<usize> = chars.iter().enumerate().filter(|(_, c)| **c == '`').map(|(at, _)| at).collect();
    for pair in ticks.chunks_exact(2) {
        fixed[pair[0]..=pair[1]].fill(true);
    }
    fixed
}

fn is_address(word: &[char]) -> bool {
    let begins =
        |start: &str| word.len() >= start.len() && word.iter().zip(start.chars()).all(|(c, s)| c.eq_ignore_ascii_case(&s));
    begins("www.") || begins("mailto:") || word.windows(3).any(|w| w == [':', '/', '/']) || word.windows(3).any(|w| w[1] == '@')
}

/// Writes the quotation marks of the language for others, by their depth. Where they do not match, nothing is known of their
/// depth: guillemets become the outer ones then, and the rest stays.
fn set_quotes(chars: &mut [char], fixed: &[bool], style: &Style) {
    if !chars.iter().zip(fixed).any(|(c, fixed)| !fixed && style.is_foreign(*c)) {
        return;
    }
    let Some(pairs) = quote_pairs(chars, fixed) else {
        for at in (0..chars.len()).filter(|at| !fixed[*at]) {
            chars[at] = match chars[at] {
                '«' | '„' if style.is_foreign(chars[at]) && style.outer != GUILLEMETS => style.outer.0,
                '»' if style.is_foreign('»') => style.outer.1,
                '”' if style.outer.1 == '“' => '“',
                c => c,
            };
        }
        return;
    };
    for (open, close, depth) in pairs {
        (chars[open], chars[close]) = if depth % 2 == 0 { style.outer } else { style.inner };
    }
}

/// The pairs of quotation marks and how deep each stands; nothing if one has no other half.
fn quote_pairs(chars: &[char], fixed: &[bool]) -> Option<Vec<(usize, usize, usize)>> {
    let (mut open, mut pairs) = (Vec::new(), Vec::new());
    for (at, &c) in chars.iter().enumerate().filter(|(at, _)| !fixed[*at]) {
        let last = open.last().map(|at: &usize| chars[*at]);
        let closes = match c {
            '«' | '„' => false,
            '“' => last == Some('„'),
            '»' if last == Some('«') => true,
            '”' if matches!(last, Some('“' | '„')) => true,
            '»' | '”' => return None,
            _ => continue,
        };
        if closes {
            let begin = open.pop()?;
            pairs.push((begin, at, open.len()));
        } else {
            open.push(at);
        }
    }
    open.is_empty().then_some(pairs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lang(tag: &str) -> Lang {
        Lang::new(tag).expect("a tag")
    }

    fn from_french(text: &str, to: &str) -> String {
        typeset(text, &lang("fr"), &lang(to))
    }

    #[test]
    fn quotation_marks_and_spaces_of_each_language() {
        let french = "Il dit : «\u{a0}Oui, “peut-être”\u{202f}!\u{a0}» Vraiment\u{a0}?";
        for (to, set) in [
            ("en", "Il dit: “Oui, ‘peut-être’!” Vraiment?"),
            ("en-GB", "Il dit: “Oui, ‘peut-être’!” Vraiment?"),
            ("es", "Il dit: «Oui, “peut-être”!» Vraiment?"),
            ("ca", "Il dit: «Oui, “peut-être”!» Vraiment?"),
            ("it", "Il dit: «Oui, “peut-être”!» Vraiment?"),
            ("pt", "Il dit: «Oui, “peut-être”!» Vraiment?"),
            ("de", "Il dit: „Oui, ‚peut-être‘!“ Vraiment?"),
            ("fr-CA", french),
            ("ja", french),
        ] {
            assert_eq!(from_french(french, to), set, "{to}");
        }
    }

    #[test]
    fn french_gets_its_no_break_spaces() {
        for (english, set) in [
            ("“Yes!” he says: no?", "«\u{a0}Yes\u{202f}!\u{a0}» he says\u{a0}: no\u{202f}?"),
            ("“a ‘b’ “c””", "«\u{a0}a ‘b’ “c”\u{a0}»"),
            ("Quoi ?! Non !", "Quoi\u{202f}?! Non\u{202f}!"),
            ("Quoi\u{a0}; « oui »", "Quoi\u{202f}; «\u{a0}oui\u{a0}»"),
            ("L'an 2024: 3 : 1 à 10:30 (!) :)", "L’an 2024\u{a0}: 3 : 1 à 10:30 (!) :)"),
            ("https://example.org/?a;b: `a ? b : c` j'ai", "https://example.org/?a;b: `a ? b : c` j’ai"),
        ] {
            assert_eq!(typeset(english, &lang("en"), &lang("fr")), set, "{english}");
        }
        assert_eq!(typeset("“Oui ” !", &lang("en"), &lang("fr-CA")), "«\u{a0}Oui\u{a0}»!");
    }

    #[test]
    fn addresses_code_times_and_numbers_are_not_touched() {
        for text in [
            "https://example.org/a'b?c=«d»;e",
            "www.example.org/l'or",
            "d'a@example.org",
            "`l'or ; « x »`",
            "10:30, 3 : 1, 3:1, 1 234,5",
            "a :) b ;-) std::fmt",
            "5'10",
        ] {
            let set = from_french(text, "en");
            assert!(set == text || text.contains('«') && text.starts_with("http"), "{text} became {set}");
        }
        assert_eq!(from_french("Voir « https://example.org/?x » !", "en"), "Voir “https://example.org/?x”!");
        assert_eq!(typeset("l'or : « x »", &lang("fr"), &lang("fr")), "l'or : « x »", "what was not translated stays");
    }

    #[test]
    fn half_a_quotation_is_set_too() {
        assert_eq!(from_french("« Oui. Non", "en"), "“Oui. Non");
        assert_eq!(from_french("Non », dit-il", "de"), "Non“, dit-il");
        assert_eq!(from_french("Non » “x”", "es"), "Non» “x”");
    }

    #[test]
    fn marks_count_as_nothing() {
        let read = |tagged: &str| Marked::from_tagged(tagged).expect("well-formed");
        let set = |tagged, to| typeset_marked(&read(tagged), &lang("en"), &lang(to)).to_tagged();
        assert_eq!(set("<x1>« Oui</x1> »<x2/> : <x3>quoi</x3> ?", "es"), "<x1>«Oui</x1>»<x2/>: <x3>quoi</x3>?");
        assert_eq!(set("“<x1>Yes</x1>”: <x2>no</x2>!", "fr"), "«\u{a0}<x1>Yes</x1>\u{a0}»\u{a0}: <x2>no</x2>\u{202f}!");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn setting_twice_changes_nothing(
            text in "([a-zé0-9]{1,2}|[ \u{a0}\u{202f}\n«»“”„\"'’‘;:!?.…()`@/\u{fffc}]|www\\.|https://){0,24}",
            to in prop::sample::select(vec!["en", "es", "de", "de-CH", "fr", "fr-CA", "it"]),
        ) {
            let once = typeset(&text, &lang("ru"), &lang(to));
            prop_assert_eq!(typeset(&once, &lang("ru"), &lang(to)), once);
        }

        #[test]
        fn marks_and_letters_stay(
            texts in prop::collection::vec("[a-z «»“”:!?']{0,6}", 1..6),
            to in prop::sample::select(vec!["en", "de", "fr"]),
        ) {
            let marked = Marked::new(texts.iter().flat_map(|text| [Piece::Text(text.clone()), Piece::Single(7)]));
            let set = typeset_marked(&marked, &lang("ru"), &lang(to));
            prop_assert_eq!(set.marks(), marked.marks());
            let letters = |marked: &Marked| marked.plain().chars().filter(char::is_ascii_alphabetic).collect::<String>();
            prop_assert_eq!(letters(&set), letters(&marked));
        }
    }
}
