//! Compares words: likeness, cognates, adapted names.

use crate::model::Lang;

/// The letters of a word that are compared.
const LONGEST: usize = 32;
/// Endings that words of one origin have in the languages of Europe: `conservateur`, `conservative`. Those of a line go
/// together.
const ENDINGS: [&str; 13] = [
    "tion cion cio zione cao sion sio sione sao",
    "ment mento miento ments",
    "tat tad dad dade ite ity ita ty te ta",
    "ateur ator ador atore ative atif ativo atiu itive itif itivo itiu",
    "able ible abile ibile avel",
    "ique iques ic ics ico ica icos al ale aux ais aise ese es",
    "isme ism ismo iste ist ista istes",
    "logie logy logia",
    "aire ary ario ari eux ous oso",
    "ence ance ency ancy encia ancia enza anza",
    "ce cio ci zio cia",
    "ture tura",
    "ien ienne ian iano iana an ano ana",
];

/// Returns the likeness of two words in percent: 100 minus the share of letters that must be changed.
pub(in crate::translate::verify) fn likeness(one: &str, other: &str) -> usize {
    let letters = |word: &str| word.chars().take(LONGEST).collect::<Vec<_>>();
    let (one, other) = (letters(one), letters(other));
    let longest = one.len().max(other.len()).max(1);
    100 - 100 * strsim::generic_levenshtein(&one, &other) / longest
}

/// Returns true for letters that are no word: `CIO`, `A1GP`, `4x100`.
pub(super) fn is_acronym(word: &str) -> bool {
    let capitals = word.chars().filter(|c| c.is_uppercase()).count();
    capitals > 1 && word.chars().count() <= 6 || word.chars().any(|c| c.is_ascii_digit())
}

/// Returns true if a word is a name or derived from it: a people from its country, `Armenian` from `Armenia`.
pub(super) fn is_named_after(word: &str, name: &str) -> bool {
    const PEOPLES: [&str; 20] = [
        "n", "ns", "enne", "ennes", "an", "ans", "ian", "ians", "en", "ens", "ien", "iens", "s", "ese", "i", "is", "ic", "er",
        "ers", "ish",
    ];
    word == name || name.len() > 4 && word.strip_prefix(name).is_some_and(|rest| PEOPLES.contains(&rest))
}

/// Returns true if two words are alike but for one letter: as engines alter names.
pub(super) fn is_one_letter_off(one: &str, other: &str) -> bool {
    let pairs = || one.chars().zip(other.chars());
    one.chars().count() == other.chars().count() && one.chars().count() > 3 && pairs().filter(|(a, b)| a != b).count() == 1
}

/// Returns true if two words (lower case, no accents) are one word in two languages: spelt by other rules, longer by an ending, or
/// with another of the endings. An altered name is none of these.
pub(super) fn is_cognate(one: &str, other: &str) -> bool {
    let is_long = one.len() > 3 && other.len() > 3;
    let (one, other) = (&without_double_letters(one), &without_double_letters(other));
    let is_heard_alike = |one: &str, other: &str| reduce_to_sound(one) == reduce_to_sound(other);
    if one == other || is_long && (is_heard_alike(one, other) || is_heard_alike(singular(one), singular(other))) {
        return true;
    }
    if is_long && (one.ends_with(other.as_str()) || other.ends_with(one.as_str())) {
        return true;
    }
    if singular(one) == singular(other) && singular(one).len() > 2 {
        return true;
    }
    let shared = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let (length, other_length) = (one.chars().count(), other.chars().count());
    if shared >= 5 && shared == length.min(other_length) && length.abs_diff(other_length) > 1 {
        return true;
    }
    // `Transportation`, `Transporte`
    if shared >= 7 && shared + 1 >= length.min(other_length) && length.abs_diff(other_length) > 2 {
        return true;
    }
    let changed = one.chars().zip(other.chars()).filter(|(a, b)| a != b).count();
    let is_altered = length == other_length && changed == 1 && shared + 2 >= length;
    let ends = |endings: &&str| {
        ends_in(one, endings, shared) && ends_in(other, endings, shared)
            || ends_in(singular(one), endings, shared) && ends_in(singular(other), endings, shared)
    };
    shared >= 4 && !is_altered && ENDINGS.iter().any(ends)
}

/// Returns a word without the ending of its plural.
fn singular(word: &str) -> &str {
    word.strip_suffix("es").or_else(|| word.strip_suffix('s')).unwrap_or(word)
}

fn without_double_letters(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

/// Returns true if a word ends in one of the endings, with a stem of at least four letters of which all but two are among the
/// first `shared`.
fn ends_in(word: &str, endings: &str, shared: usize) -> bool {
    endings
        .split_ascii_whitespace()
        .filter_map(|ending| word.strip_suffix(ending))
        .any(|stem| (4..=shared + 2).contains(&stem.chars().count()))
}

/// The endings that languages give a French name: `Formule`, `Formula`; `Pythagore`, `Pythagoras`.
const ADAPTED: [(&str, &[(&str, &str)]); 2] = [
    (
        "en",
        &[
            ("e", " a as us es"),
            ("ez", "e"),
            ("es", "s as a"),
            ("ie", "y ia"),
            ("ien", "ian"),
            ("iens", "ians"),
            ("enne", "an"),
            ("ain", "an"),
            ("aine", "an"),
            ("ains", "ans"),
            ("ens", "ans"),
            ("ee", "ean aea ea"),
            ("ais", "ese"),
            ("ois", "ese"),
            ("on", "o"),
            ("au", "o"),
            ("aux", "os"),
        ],
    ),
    (
        "es ca it pt",
        &[
            ("e", " a as os es is i us"),
            ("es", "s as os is i"),
            ("ie", "ia"),
            ("ien", "io iano ino i ia"),
            ("iens", "ios ianos inos ians is ins"),
            ("enne", "ana ia io"),
            ("ee", "eo ea eu"),
            ("us", "o i u"),
            ("on", "o"),
            ("", "o a e"),
            ("s", "ses"),
            ("y", "i"),
        ],
    ),
];

/// Returns true if two names differ in their endings as names of their languages do. One of the languages is French or English.
pub(super) fn is_adapted(was: &str, became: &str, from: &Lang, to: &Lang) -> bool {
    let (french, other, lang) = match (from.primary(), to.primary()) {
        ("fr" | "en", lang) if lang != "fr" => (was, became, lang),
        (lang, _) => (became, was, lang),
    };
    let rules = ADAPTED.iter().filter(|(langs, _)| langs.split(' ').any(|own| own == lang)).flat_map(|(_, rules)| *rules);
    rules.into_iter().any(|(ending, others)| {
        let Some(stem) = french.strip_suffix(ending) else { return false };
        let with = |end: &str| {
            other
                .strip_suffix(end)
                .is_some_and(|own| own == stem || !end.is_empty() && reduce_to_sound(own) == reduce_to_sound(stem))
        };
        stem.len() > 2 && others.split(' ').any(with)
    })
}

/// Reduces a word to its sound, without differences of spelling: `Irkoutsk`, `Irkutsk`; `Tchaïkovski`, `Chaikovsky`.
fn reduce_to_sound(word: &str) -> String {
    const SPELLINGS: [(&str, &str); 17] = [
        ("tch", "s"),
        ("sch", "s"),
        ("tx", "s"),
        ("ch", "s"),
        ("sh", "s"),
        ("x", "s"),
        ("kh", "j"),
        ("ou", "u"),
        ("ck", "k"),
        ("ph", "f"),
        ("th", "t"),
        ("qu", "k"),
        ("dj", "j"),
        ("y", "i"),
        ("c", "k"),
        ("w", "v"),
        ("z", "s"),
    ];
    let mut rest = word;
    let mut out = String::with_capacity(word.len());
    while let Some(c) = rest.chars().next() {
        let spelling = SPELLINGS.iter().find(|(spelling, _)| rest.starts_with(spelling));
        rest = &rest[spelling.map_or(c.len_utf8(), |(spelling, _)| spelling.len())..];
        let heard = spelling.map_or(c, |(_, heard)| heard.chars().next().unwrap_or(c));
        if heard != 'h' && !out.ends_with(heard) {
            out.push(heard);
        }
    }
    // `Khrouchtchev`, `Khrushchov`
    if let Some(stem) = out.strip_suffix("sev") {
        out = format!("{stem}sov");
    }
    // Spanish and Catalan write an e before s and a consonant: `Strabo`, `Estrabón`.
    match out.strip_prefix("es") {
        Some(after) if after.starts_with(['p', 't', 'k', 'm', 'n', 'l']) => out[1..].to_owned(),
        _ => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn altered_name_is_no_cognate() {
        for (one, other) in [
            ("ma", "mi"),
            ("nadal", "nadil"),
            ("pierre", "pierro"),
            ("tokyo", "tokya"),
            ("provenzano", "provenzana"),
            ("bach", "bich"),
        ] {
            assert!(!is_cognate(one, other), "{one} {other}");
        }
        for (one, other) in
            [("irkoutsk", "irkutsk"), ("strabo", "estrabo"), ("conservateur", "conservative"), ("indomptable", "indomitable")]
        {
            assert!(is_cognate(one, other), "{one} {other}");
        }
    }

    #[test]
    fn likeness_is_the_share_of_equal_letters() {
        assert_eq!(likeness("nadal", "nadil"), 80);
        assert_eq!(likeness("ma", "bolt"), 0);
        assert_eq!(likeness("", ""), 100);
    }
}
