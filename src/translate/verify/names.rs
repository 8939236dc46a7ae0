//! Checks names: none may become another (`Jack Ma`, `Jack Mi`).
//!
//! A lost name is no fault, as a translation may say "he"; nor is a new capitalised word, as languages capitalise differently.
//! But a lost one and a new one in the same segment are one name that was altered, unless either can be explained: by another
//! form of the name in the language (`exonyms.tsv`), by a word that is no name (`capitals.txt`), or by a
//! cognate on the other side.

mod debris;
mod known;
mod likeness;
mod side;
mod spelling;

use super::Rejection;
use super::texts::{ComparedTexts, words};
use super::thresholds::{NAME_LIKENESS, WORD_LIKENESS};
use crate::model::{Lang, SegmentKind};
use debris::find_debris;
use known::{has_form_in, is_form_in};
pub(super) use likeness::likeness;
use likeness::{is_acronym, is_adapted, is_cognate, is_named_after, is_one_letter_off};
use side::{NameWord, Side};

/// The most words of a segment that is checked: each name is compared with each.
const MOST_WORDS: usize = 1_000;
/// The least letters of a short form: `Tut` for `Tutankhamun`.
const SHORT_FORM: usize = 3;

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
    if let Some((was, became)) = find_debris(&source, &result) {
        return Err(Rejection::Name { was: was.to_owned(), became, is_altered: false });
    }
    let mut new = result.find_missing_in(&source, false);
    new.retain(|name| !name.has_other_form);
    if new.is_empty() {
        return Ok(());
    }
    let mut lost = source.find_missing_in(&result, texts.to.primary() == "en");
    let is_form = |was: &NameWord<'_>, became: &NameWord<'_>| {
        is_same_name(was, became, texts.from, texts.to) || is_short_form(was, became, &source, &result)
    };
    let found = |became: &NameWord<'_>| lost.iter().any(|was| is_form(was, became));
    let (forms, new): (Vec<_>, Vec<_>) = new.into_iter().partition(|became| found(became));
    lost.retain(|was| !forms.iter().any(|became| is_form(was, became)));
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

/// Counts the names of the source of which the result has nothing.
pub(super) fn count_lost_names(texts: &ComparedTexts<'_>) -> usize {
    let (source, result) = (Side::of(&texts.bare_source, texts.from, true), Side::of(&texts.bare_result, texts.to, false));
    let lost = source.find_missing_in(&result, texts.to.primary() == "en");
    lost.iter().filter(|name| name.is_name() && !name.is_noun && !name.begins && !is_acronym(name.text)).count()
}

/// Returns true if a result ends in the first word of a name of which it has lost the rest: `overtook Emilien.`
pub(super) fn is_cut_in_name(texts: &ComparedTexts<'_>) -> bool {
    let is_name = words(&texts.bare_result).last().is_some_and(|word| word.text.starts_with(char::is_uppercase));
    if !is_name {
        return false;
    }
    let (source, result) = (Side::of(&texts.bare_source, texts.from, true), Side::of(&texts.bare_result, texts.to, false));
    let Some(end) = result.words.last() else { return false };
    let lost = source.find_missing_in(&result, texts.to.primary() == "en");
    let continues = |name: &NameWord<'_>| {
        name.place > 0
            && source.words[name.place - 1].text == end.text
            && texts.bare_source[source.words[name.place - 1].at + end.text.len()..].starts_with(' ')
    };
    let has_likeness = |name: &NameWord<'_>| result.plain.iter().any(|word| likeness(word, &name.plain) >= NAME_LIKENESS);
    let is_once = source.words.iter().filter(|word| word.text == end.text).count() == 1;
    is_once && lost.iter().any(|name| continues(name) && name.is_name() && !name.is_noun && !has_likeness(name))
}

/// Returns true if a lost name and a new one are so alike that one is the other, altered.
fn is_altered(was: &NameWord<'_>, became: &NameWord<'_>) -> bool {
    if was.begins && became.begins {
        return false;
    }
    if is_acronym(was.text) || is_acronym(became.text) {
        if !(is_acronym(was.text) && is_acronym(became.text)) {
            return false;
        }
        // Other languages have other acronyms (31 of 100 change from French to English), but hardly with one other letter.
        let pairs = was.text.chars().zip(became.text.chars());
        let length = was.text.chars().count();
        return length > 1 && length == became.text.chars().count() && pairs.filter(|(a, b)| a != b).count() == 1;
    }
    let is_name = was.is_name();
    if became.is_common && (!is_name || was.begins || became.begins) {
        return false;
    }
    // A common noun with a capital (`la Chambre`) has translations that are much like it, but not but for one letter.
    if was.is_noun {
        let is_ending = was.plain.ends_with('e') && became.plain.ends_with('o');
        let may_be_noun = became.is_common || became.is_determined || is_ending;
        return is_name && !may_be_noun && is_one_letter_off(&was.plain, &became.plain);
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
    // `le Girondin Paul Morel` may be `Bordeaux’s Paul Morel`.
    let names = |name: &&NameWord<'_>| name.is_name() && !is_acronym(name.text) && !name.is_demonym;
    let mut lost = lost.iter().filter(names);
    lost.find_map(|was| new.iter().filter(names).find(|became| beside(was, became)).map(|became| (was, became)))
}

/// Finds a lost name and a new one of as many words; of any number if there is but one of each.
fn find_replaced<'a, 'b>(lost: &'b [NameWord<'a>], new: &'b [NameWord<'a>]) -> Option<(&'b NameWord<'a>, &'b NameWord<'a>)> {
    let sure = |names: &'b [NameWord<'a>]| {
        names.iter().filter(|name| name.is_name() && !name.begins && !is_acronym(name.text)).collect::<Vec<_>>()
    };
    // A common noun with a capital (`la Gauche`) is translated.
    let (mut lost, new) = (sure(lost), sure(new));
    lost.retain(|name| !name.is_noun);
    let runs = |names: &[&'b NameWord<'a>]| {
        names.chunk_by(|one, next| one.place + 1 == next.place).map(|run| (run[0], run.len())).collect::<Vec<_>>()
    };
    let (lost, new) = (runs(&lost), runs(&new));
    let is_only = lost.len() == 1 && new.len() == 1;
    lost.iter()
        .find_map(|(was, length)| new.iter().find(|(_, other)| is_only || other == length).map(|(became, _)| (*was, *became)))
}

/// Returns true if two names are forms of one.
fn is_same_name(was: &NameWord<'_>, became: &NameWord<'_>, from: &Lang, to: &Lang) -> bool {
    is_cognate(&was.plain, &became.plain)
        || has_form_in(&was.plain, to, |form| is_named_after(&became.plain, form))
        || is_form_in(&became.plain, to, |form| is_named_after(&was.plain, form))
        || is_adapted(&was.plain, &became.plain, from, to)
}

/// Returns true if both are the beginning of one longer name: `Roi Tout`, `King Tut` beside `Toutankhamon`, `Tutankhamun`.
fn is_short_form(was: &NameWord<'_>, became: &NameWord<'_>, source: &Side<'_>, result: &Side<'_>) -> bool {
    let longer = |side: &Side<'_>, short: &str| {
        side.plain.iter().find(|word| word.len() > short.len() + 1 && word.starts_with(short)).cloned()
    };
    let names = longer(source, &was.plain).zip(longer(result, &became.plain));
    was.plain.len() >= SHORT_FORM
        && became.plain.len() >= SHORT_FORM
        && names.is_some_and(|(one, other)| likeness(&one, &other) >= NAME_LIKENESS)
}

/// Returns true for a headline in which most words have capitals, as in English.
fn has_title_case(side: &Side<'_>) -> bool {
    let long = || side.words.iter().filter(|word| word.text.chars().count() > 3 && word.text.starts_with(char::is_alphabetic));
    let capitals = long().filter(|word| word.text.starts_with(char::is_uppercase)).count();
    capitals > 2 && capitals * 2 > long().count()
}
