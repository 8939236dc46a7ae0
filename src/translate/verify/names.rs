//! Checks names: none may become another (`Jack Ma`, `Jack Mi`).
//!
//! A lost name is no fault, as a translation may say "he"; nor is a new capitalised word, as languages capitalise differently.
//! But a lost one and a new one in the same segment are one name that was altered, unless either can be explained: by another
//! form of the name in the language (`exonyms.tsv`), by a word that is no name (`capitals.txt`), or by a
//! cognate on the other side.

mod known;
mod likeness;

use super::super::capitalised::CapitalisedRun;
use super::Rejection;
use super::numerals::roman;
use super::texts::{ComparedTexts, Word, plain_letters, words};
use super::thresholds::{NAME_LIKENESS, WORD_LIKENESS};
use crate::model::{Lang, SegmentKind};
use known::{LanguageWords, has_form_in, is_form_in, is_listed};
use likeness::{is_adapted, is_cognate, likeness};

/// The most words of a segment that is checked: each name is compared with each.
const MOST_WORDS: usize = 1_000;

/// A capitalised word that the other side lacks.
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of a word")]
struct NameWord<'a> {
    text: &'a str,
    /// The text in lower case without accents.
    plain: String,
    /// The place of the word in its text.
    place: usize,
    /// True if the word begins a sentence.
    begins: bool,
    /// True for a word that is no name.
    is_common: bool,
    /// True if another form explains that the other side lacks the word.
    has_other_form: bool,
    /// True if it has a determiner as common nouns have (`la Gauche`), and is no listed name (`la France`).
    is_determined: bool,
}

/// The words of source or result.
struct Side<'a> {
    text: &'a str,
    words: Vec<Word<'a>>,
    plain: Vec<String>,
    known: LanguageWords,
    lang: &'a Lang,
    is_source: bool,
}

impl<'a> Side<'a> {
    fn of(text: &'a str, lang: &'a Lang, is_source: bool) -> Self {
        let words: Vec<_> = words(text).collect();
        let plain = words.iter().map(|word| plain_letters(word.text)).collect();
        Self { text, words, plain, known: LanguageWords::of(lang), lang, is_source }
    }

    fn has(&self, plain: &str) -> bool {
        self.plain.iter().any(|word| word == plain)
    }

    /// Finds the capitalised words that `other` lacks. `into_english` tells that this is the source of an English text.
    fn find_missing_in(&self, other: &Self, into_english: bool) -> Vec<NameWord<'a>> {
        let is_name = |word: &str| word.starts_with(char::is_uppercase) && word.chars().nth(1).is_some();
        let all = self.words.iter().zip(&self.plain).enumerate();
        let missing = all.filter(|(_, (word, plain))| is_name(word.text) && !other.has(plain));
        let name = |(place, (word, plain)): (usize, (&Word<'a>, &String))| NameWord {
            text: word.text,
            plain: plain.clone(),
            place,
            begins: begins_sentence(&self.text[..word.at]) && !is_apposed(plain, &self.text[word.at + word.text.len()..]),
            is_common: self.known.is_common(plain, into_english),
            is_determined: !is_acronym(word.text)
                && !is_listed(plain)
                && CapitalisedRun::around(self.text, word.at, true).is_some_and(|run| run.is_determined_at(word.at)),
            has_other_form: roman(word.text).is_some_and(|value| value < 40)
                || other.has_another_form(plain, is_acronym(word.text), self),
        };
        missing.map(name).collect()
    }

    /// Returns true if this side has a word of the other in another number, spelling or language. A word of both sides is its own
    /// other form: `Los` does not explain what became of `Angeles`.
    fn has_another_form(&self, plain: &str, is_acronym: bool, other: &Self) -> bool {
        let other_number = plain.strip_suffix('s').map_or_else(|| self.has(&format!("{plain}s")), |one| self.has(one));
        let own = || self.plain.iter().filter(|word| !other.has(word));
        let is_form = |form: &str| own().any(|word| is_named_after(word, form));
        let has_form =
            if self.is_source { is_form_in(plain, other.lang, is_form) } else { has_form_in(plain, self.lang, is_form) };
        other_number || has_form || !is_acronym && self.plain.iter().any(|word| is_cognate(plain, word))
    }
}

/// Checks that no name has become another.
pub(super) fn check_names(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let is_shouted = |text: &str| !text.chars().any(char::is_lowercase);
    if texts.from.primary() == texts.to.primary() || is_shouted(&texts.bare_source) || is_shouted(&texts.bare_result) {
        return Ok(());
    }
    let (source, result) = (Side::of(&texts.bare_source, texts.from, true), Side::of(&texts.bare_result, texts.to, false));
    if source.words.len().max(result.words.len()) > MOST_WORDS {
        return Ok(());
    }
    let mut new = result.find_missing_in(&source, false);
    new.retain(|name| !name.has_other_form);
    if new.is_empty() {
        return Ok(());
    }
    let mut lost = source.find_missing_in(&result, texts.to.primary() == "en");
    let is_form = |was: &NameWord<'_>, became: &NameWord<'_>| {
        is_same_name(was, became, texts.from, texts.to) || is_adapted(&was.plain, &became.plain, texts.from, texts.to)
    };
    let found = |became: &NameWord<'_>| lost.iter().any(|was| is_form(was, became));
    let (forms, new): (Vec<_>, Vec<_>) = new.into_iter().partition(|became| found(became));
    // A common noun with a capital (`la Gauche`) is translated.
    lost.retain(|was| !was.is_determined && !forms.iter().any(|became| is_form(was, became)));
    let is_headline = matches!(texts.kind, SegmentKind::Title | SegmentKind::Heading | SegmentKind::Caption | SegmentKind::Cell);
    let wary = !source.known.is_listed() || !result.known.is_listed() || is_headline && has_title_case(&result);
    let pair = lost.iter().find_map(|was| new.iter().find(|became| is_altered(was, became)).map(|became| (was, became)));
    let altered = pair.or_else(|| find_beside_kept_name(&lost, &new, &source, &result));
    let replaced = || if wary { None } else { find_replaced(&lost, &new) };
    let is_altered = altered.is_some();
    altered.or_else(replaced).map_or(Ok(()), |(was, became)| {
        Err(Rejection::Name { was: was.text.to_owned(), became: became.text.to_owned(), is_altered })
    })
}

/// Returns true if a lost name and a new one are so alike that one is the other, altered.
fn is_altered(was: &NameWord<'_>, became: &NameWord<'_>) -> bool {
    if was.begins && became.begins {
        return false;
    }
    if is_acronym(was.text) || is_acronym(became.text) {
        // Other languages have other acronyms (31 of 100 change from French to English), but hardly with one other letter.
        let pairs = was.text.chars().zip(became.text.chars());
        let length = was.text.chars().count();
        return length > 1 && length == became.text.chars().count() && pairs.filter(|(a, b)| a != b).count() == 1;
    }
    let is_name = was.is_name();
    if became.is_common && (!is_name || was.begins || became.begins) {
        return false;
    }
    let least = if is_name { NAME_LIKENESS } else { WORD_LIKENESS };
    likeness(&was.plain, &became.plain) >= least
}

/// Finds a lost name and a new one that stand next to the same name: `Jack Ma`, `Jack Mi`.
fn find_beside_kept_name<'a, 'b>(
    lost: &'b [NameWord<'a>],
    new: &'b [NameWord<'a>],
    source: &Side<'a>,
    result: &Side<'a>,
) -> Option<(&'b NameWord<'a>, &'b NameWord<'a>)> {
    let neighbour = |side: &Side<'a>, place: Option<usize>| {
        let place = place?;
        let word = side.words.get(place)?;
        let is_name = word.text.starts_with(char::is_uppercase) && word.text.chars().nth(1).is_some();
        (is_name && !side.known.is_common(&side.plain[place], true)).then(|| side.plain[place].clone())
    };
    let kept = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
    let beside = |was: &NameWord<'_>, became: &NameWord<'_>| {
        kept(neighbour(source, was.place.checked_sub(1)), neighbour(result, became.place.checked_sub(1)))
            || kept(neighbour(source, Some(was.place + 1)), neighbour(result, Some(became.place + 1)))
    };
    let names = |name: &&NameWord<'_>| name.is_name() && !is_acronym(name.text);
    let mut lost = lost.iter().filter(names);
    lost.find_map(|was| new.iter().filter(names).find(|became| beside(was, became)).map(|became| (was, became)))
}

/// Finds a lost name and a new one of as many words.
fn find_replaced<'a, 'b>(lost: &'b [NameWord<'a>], new: &'b [NameWord<'a>]) -> Option<(&'b NameWord<'a>, &'b NameWord<'a>)> {
    let sure = |names: &'b [NameWord<'a>]| {
        names.iter().filter(|name| name.is_name() && !name.begins && !is_acronym(name.text)).collect::<Vec<_>>()
    };
    let (lost, new) = (sure(lost), sure(new));
    let runs = |names: &[&'b NameWord<'a>]| {
        names.chunk_by(|one, next| one.place + 1 == next.place).map(|run| (run[0], run.len())).collect::<Vec<_>>()
    };
    let (lost, new) = (runs(&lost), runs(&new));
    lost.iter().find_map(|(was, length)| new.iter().find(|(_, other)| other == length).map(|(became, _)| (*was, *became)))
}

impl NameWord<'_> {
    /// Returns true if nothing explains the capital but that the word is a name.
    fn is_name(&self) -> bool {
        !(self.is_common || self.has_other_form)
    }
}

/// Returns true if a word is a name or derived from it: a people from its country, `Armenian` from `Armenia`.
fn is_named_after(word: &str, name: &str) -> bool {
    const PEOPLES: [&str; 17] =
        ["n", "ns", "enne", "ennes", "an", "ans", "ian", "ians", "en", "ens", "ien", "iens", "s", "ese", "i", "is", "ic"];
    word == name || name.len() > 4 && word.strip_prefix(name).is_some_and(|rest| PEOPLES.contains(&rest))
}

/// Returns true if two names are forms of one.
fn is_same_name(was: &NameWord<'_>, became: &NameWord<'_>, from: &Lang, to: &Lang) -> bool {
    is_cognate(&was.plain, &became.plain)
        || has_form_in(&was.plain, to, |form| is_named_after(&became.plain, form))
        || is_form_in(&became.plain, to, |form| is_named_after(&was.plain, form))
        || is_adapted(&was.plain, &became.plain, from, to)
}

/// Returns true for letters that are no word: `CIO`, `A1GP`, `4x100`.
fn is_acronym(word: &str) -> bool {
    let capitals = word.chars().filter(|c| c.is_uppercase()).count();
    capitals > 1 && word.chars().count() <= 6 || word.chars().any(|c| c.is_ascii_digit())
}

/// Returns true if a sentence or a quotation begins after `before`.
fn begins_sentence(before: &str) -> bool {
    let seen = before.trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '“' | '„' | '«' | '(' | '[' | '\'' | '’' | '‘' | '-' | '–' | '—' | '¿' | '¡')
    });
    match seen.chars().next_back() {
        None | Some('!' | '?' | ':' | '…') => true,
        Some('.') => {
            // `J. Smith`, `Dr. Smith`: initials and titles end no sentence.
            let word = seen.trim_end_matches('.').rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or("");
            !(word.starts_with(char::is_uppercase) && word.chars().count() <= 3)
        }
        Some(_) => false,
    }
}

/// Returns true if the text after the first word of a sentence shows that the word is a name: `Vidal, 28 ans, a signé`.
fn is_apposed(plain: &str, after: &str) -> bool {
    after.starts_with(',') && !["ment", "mente", "ly", "ant", "ando", "ing"].iter().any(|ending| plain.ends_with(ending))
}

/// Returns true for a headline in which most words have capitals, as in English.
fn has_title_case(side: &Side<'_>) -> bool {
    let long = || side.words.iter().filter(|word| word.text.chars().count() > 3 && word.text.starts_with(char::is_alphabetic));
    let capitals = long().filter(|word| word.text.starts_with(char::is_uppercase)).count();
    capitals > 2 && capitals * 2 > long().count()
}
