//! Data on capitalised words: names that other languages write otherwise, and words that are no names.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::super::numerals::Numerals;
use super::super::texts::{plain_letters, words};
use crate::model::Lang;

static EXONYMS: LazyLock<Exonyms> = LazyLock::new(|| Exonyms::read(include_str!("../../data/exonyms.tsv")));
static CAPITALS: LazyLock<HashMap<&'static str, Capitals>> =
    LazyLock::new(|| read_capitals(include_str!("../../data/capitals.txt")));

/// Names with their forms.
struct Exonyms {
    /// For each name the words of its forms, with their languages.
    rows: Vec<Vec<(&'static str, String)>>,
    /// The rows of a word, in any language: a French text may say `Greenland`.
    places: HashMap<String, Vec<usize>>,
}

impl Exonyms {
    fn read(table: &'static str) -> Self {
        let mut lines = table.lines().filter(|line| !line.starts_with('#'));
        let langs: Vec<&str> = lines.next().unwrap_or("").split('\t').collect();
        let (mut rows, mut places): (Vec<_>, HashMap<_, Vec<usize>>) = (Vec::new(), HashMap::new());
        for line in lines {
            let mut row = Vec::new();
            for (lang, forms) in langs.iter().copied().zip(line.split('\t')) {
                let forms = words(forms).map(|word| plain_letters(word.text)).filter(|word| word.len() > 1);
                row.extend(forms.map(|form| (lang, form)));
            }
            for (_, form) in &row {
                let places = places.entry(form.clone()).or_default();
                if places.last() != Some(&rows.len()) {
                    places.push(rows.len());
                }
            }
            rows.push(row);
        }
        Self { rows, places }
    }
}

/// Words that may have capitals and are no names: whole words, and beginnings of words.
#[derive(Default)]
struct Capitals {
    whole: HashSet<String>,
    /// The beginnings by their first letters.
    beginnings: HashMap<String, Vec<String>>,
}

impl Capitals {
    fn has(&self, word: &str) -> bool {
        self.whole.contains(word)
            || word.strip_suffix('s').is_some_and(|one| self.whole.contains(one))
            || self
                .beginnings
                .get(&bucket(word))
                .into_iter()
                .flatten()
                .any(|start| word.strip_prefix(start.as_str()).is_some_and(is_ending))
    }
}

/// Returns the letters by which beginnings are found.
fn bucket(word: &str) -> String {
    word.chars().take(2).collect()
}

/// Returns true for a text that a star stands for, which is not any text: `war*` is `wars` and `wartime`, but not an altered `World`.
fn is_ending(rest: &str) -> bool {
    const ENDINGS: &str = "s e es n ne nes en al ale ales aux ial iale iales iaux el elle els elles a o os as i u an ian ians ic ics ad ads \
                           ist ists iste istes ista istas t ts m y ies ish ern erner erners east west eastern western time ed ent ents \
                           ential ency ition ity ary land lands d se ses man men woman women que ques ca co cos cas che chi d les ean \
                           eans in ine ins ines eno ena enos enas esa eses esos ly er ers ment ments";
    rest.is_empty() || ENDINGS.split_ascii_whitespace().any(|ending| ending == rest)
}

fn read_capitals(list: &'static str) -> HashMap<&'static str, Capitals> {
    let mut all: HashMap<_, Capitals> = HashMap::new();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.split_whitespace();
        let capitals = all.entry(parts.next().unwrap_or("")).or_default();
        for word in parts {
            match word.strip_suffix('*') {
                Some(beginning) => {
                    let beginning = plain_letters(beginning);
                    capitals.beginnings.entry(bucket(&beginning)).or_default().push(beginning);
                }
                None => capitals.whole.extend(words(word).map(|word| plain_letters(word.text))),
            }
        }
    }
    all
}

/// The data on one language.
pub(super) struct LanguageWords {
    own: Option<&'static Capitals>,
    numerals: &'static Numerals,
    english: Option<&'static Capitals>,
}

impl LanguageWords {
    pub(super) fn of(lang: &Lang) -> Self {
        Self { own: CAPITALS.get(lang.primary()), numerals: Numerals::of(lang), english: CAPITALS.get("en") }
    }

    /// Returns true if the words of the language are listed. German is not: it capitalises all nouns.
    pub(super) fn is_listed(&self) -> bool {
        self.own.is_some()
    }

    /// Returns true for a word of the language itself that is no name.
    pub(super) fn is_own(&self, word: &str) -> bool {
        self.numerals.has(word) || self.own.is_some_and(|capitals| capitals.has(word))
    }

    /// Returns true for a word that is no name. English words count too, unless the text is translated into English: they may be
    /// parts of titles.
    pub(super) fn is_common(&self, word: &str, into_english: bool) -> bool {
        self.numerals.has(word)
            || [self.own, self.english.filter(|_| !into_english)].into_iter().flatten().any(|capitals| capitals.has(word))
    }
}

/// Returns true if a word of a source, in any language (a French text may say `Greenland`), belongs to a name that has one of its
/// forms in `to` there, or its English one: a name may stay in English.
pub(super) fn has_form_in(word: &str, to: &Lang, is_there: impl Fn(&str) -> bool) -> bool {
    rows_of(word)
        .any(|row| row.iter().any(|(lang, form)| (*lang == to.primary() || *lang == "en" && form != word) && is_there(form)))
}

/// Returns true if a word is the form in `lang` of a name that has one of its forms, in any language, there.
pub(super) fn is_form_in(word: &str, lang: &Lang, is_there: impl Fn(&str) -> bool) -> bool {
    let mut rows =
        rows_of(word).filter(|row| row.iter().any(|(own, form)| (*own == lang.primary() || *own == "en") && form == word));
    rows.any(|row| row.iter().any(|(_, form)| is_there(form)))
}

/// Returns true if a word belongs to a listed name, in any language.
pub(super) fn is_listed(word: &str) -> bool {
    rows_of(word).next().is_some()
}

fn rows_of(word: &str) -> impl Iterator<Item = &'static Vec<(&'static str, String)>> {
    EXONYMS.places.get(word).into_iter().flatten().map(|place| &EXONYMS.rows[*place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_a_cell_for_each_language() {
        assert!(EXONYMS.rows.len() > 450, "{}", EXONYMS.rows.len());
        let table = include_str!("../../data/exonyms.tsv");
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('\t').filter(|cell| !cell.is_empty()).count(), 7, "{line}");
        }
        assert_eq!(CAPITALS.len(), 6);
        assert!(
            CAPITALS
                .values()
                .all(|capitals| capitals.whole.len() > 100 && capitals.beginnings.values().flatten().all(|word| word.len() > 1))
        );
    }
}
