//! Automatic tags: the sports, National Olympic Committees and Games that a French text names, by finite lists (docs/TAGS.md).
//!
//! A text is read once, word by word; at each word the longest form of all lists is taken. Forms with other meanings count only if the
//! text is about sport, and masks hide phrases that name something else.

mod lists;
mod words;

use std::collections::BTreeSet;

use lists::{LISTS, Strength, Target};
use words::{Word, words};

use crate::model::Lang;

/// The longest part of a text that is read, in bytes.
const LONGEST_TEXT: usize = 2_000;

/// A kind of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TagKind {
    /// A sport or a discipline: `sport/judo`.
    Sport,
    /// A National Olympic Committee by its code: `noc/FRA`.
    Noc,
    /// Games by their host and year: `host/paris-2024`.
    Host,
}

impl TagKind {
    /// The kinds by their names.
    pub const NAMED: [(&'static str, Self); 3] = [("sport", Self::Sport), ("noc", Self::Noc), ("host", Self::Host)];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sport => "sport",
            Self::Noc => "noc",
            Self::Host => "host",
        }
    }
}

/// A tag of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(usize);

impl Tag {
    /// Returns the tag of a name such as `sport/judo`.
    pub fn named(name: &str) -> Option<Self> {
        LISTS.by_name.get(name).copied().map(Self)
    }

    /// Returns all tags, in the order of the lists.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..LISTS.tags.len()).map(Self)
    }

    /// Returns its name: kind and name within the kind, such as `sport/judo`.
    pub fn name(self) -> &'static str {
        &LISTS.tags[self.0].name
    }

    /// Returns its kind.
    pub fn kind(self) -> TagKind {
        LISTS.tags[self.0].kind
    }

    /// Returns what readers call it in a language; in French if the lists do not have that language.
    pub fn label(self, lang: Option<&Lang>) -> &'static str {
        let labels = &LISTS.tags[self.0].labels;
        lang.and_then(lists::label_column).map_or(labels[0], |column| labels[column])
    }
}

/// Returns the tags of an entry by its headline and the beginning of its summary, each once, in the order of the lists.
pub fn find_tags(title: &str, summary: &str) -> Vec<Tag> {
    let text = format!("{title}\n{}", &summary[..summary.floor_char_boundary(LONGEST_TEXT)]);
    let words = words(&text);
    let (mut found, mut weak, mut is_sport) = (BTreeSet::new(), BTreeSet::new(), false);
    let mut at = 0;
    while let Some(form) = words.get(at).map(|_| LISTS.longest(&words[at..])) {
        at += form.map_or(1, |form| form.words.len());
        match form.map(|form| (form.target, form.strength)) {
            None | Some((Target::Mask, _)) => {}
            Some((Target::Context, _)) => is_sport = true,
            Some((Target::Tag(tag), Strength::Enough)) => {
                is_sport = true;
                found.insert(Tag(tag));
            }
            Some((Target::Tag(tag), Strength::Weak)) => {
                weak.insert(Tag(tag));
            }
        }
    }
    if is_sport {
        found.extend(weak);
        found.extend(
            words
                .iter()
                .filter(|word| word.is_code)
                .filter_map(|word| LISTS.by_name.get(&format!("noc/{}", word.cased)))
                .copied()
                .map(Tag),
        );
    }
    found.into_iter().collect()
}

/// Returns a hash of the lists: others may give other tags.
pub fn lists_version() -> u64 {
    LISTS.version
}

/// Returns the name of a French category in another language; nothing if no list has it.
pub fn translate_category(category: &str, lang: &Lang) -> Option<&'static str> {
    let column = lists::label_column(lang)?;
    let key: Vec<String> = words(category).into_iter().map(|word: Word| word.stem).collect();
    LISTS.by_label.get(&key.join(" ")).map(|tag| LISTS.tags[*tag].labels[column])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(title: &str) -> Vec<&'static str> {
        find_tags(title, "").into_iter().map(Tag::name).collect()
    }

    #[test]
    fn longest_form_is_taken() {
        assert_eq!(names("Tennis de table : les pongistes en finale"), ["sport/table-tennis"]);
        assert_eq!(names("Basket 3x3"), ["sport/3x3-basketball"]);
    }

    #[test]
    fn word_with_other_meanings_counts_only_in_a_text_about_sport() {
        assert_eq!(names("La voile gonfle au large"), Vec::<&str>::new());
        assert_eq!(names("Voile : une médaille pour la France"), ["sport/sailing", "noc/FRA"]);
        assert_eq!(names("JO : la lutte contre le dopage"), Vec::<&str>::new());
        assert_eq!(names("Italie : le gouvernement tombe"), Vec::<&str>::new());
    }

    #[test]
    fn code_between_brackets_names_a_committee() {
        assert_eq!(names("Natation : 1. Marchand (FRA), 2. Scott (GBR), 3. (abc)"), ["sport/swimming", "noc/FRA", "noc/GBR"]);
    }

    #[test]
    fn category_is_translated_by_the_lists() {
        let lang = |tag| Lang::new(tag).expect("a language");
        assert_eq!(translate_category("Tir à l'arc", &lang("en")), Some("Archery"));
        assert_eq!(translate_category("ALLEMAGNE", &lang("es")), Some("Alemania"));
        assert_eq!(translate_category("Basket", &lang("de")), Some("Basketball"));
        assert_eq!(translate_category("Judoka", &lang("en")), None, "a person is no sport");
        assert_eq!(translate_category("Judo", &lang("sv")), None);
    }

    #[test]
    fn every_row_of_the_lists_is_whole() {
        assert!(Tag::all().count() > 330);
        for tag in Tag::all() {
            assert_eq!(Tag::named(tag.name()), Some(tag), "{} is there once", tag.name());
            assert!(LISTS.tags[tag.0].labels.iter().all(|label| !label.is_empty()), "{}", tag.name());
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(title in "\\PC{0,60}", summary in "\\PC{0,60}") {
            find_tags(&title, &summary);
        }
    }
}
