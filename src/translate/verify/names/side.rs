//! The capitalised words of source and result, and what is known of them.

use std::cell::OnceCell;

use super::super::super::capitalised::CapitalisedRun;
use super::super::lexicon::Lexicon;
use super::super::numerals::roman;
use super::super::texts::{Word, plain_letters, words};
use super::super::tokens::tokenise;
use super::known::{LanguageWords, has_form_in, is_form_in, is_listed};
use super::likeness::{is_acronym, is_adapted, is_cognate, is_named_after};
use super::spelling::is_foreign;
use crate::model::Lang;

/// Endings of French names of people after their town or country, which stand before a person's name: `le Girondin Paul Morel`.
const DEMONYMS: [&str; 20] = [
    "ais", "ois", "ien", "ain", "in", "een", "an", "aise", "oise", "ienne", "aine", "ine", "eenne", "ane", "eux", "euse",
    "asque", "iste", "ote", "ite",
];

/// Endings of adjectives, which follow nouns as names do: `le Parti Travailliste`.
const ADJECTIVES: [&str; 34] = [
    "al", "ale", "el", "elle", "if", "ive", "ique", "aire", "iste", "ain", "aine", "eux", "euse", "er", "iere", "ien", "ienne",
    "ais", "aise", "ois", "oise", "eur", "rice", "ant", "ante", "able", "ible", "ico", "ica", "ivo", "iva", "ario", "ista",
    "oso",
];

/// A capitalised word that the other side lacks.
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of a word")]
pub(super) struct NameWord<'a> {
    pub(super) text: &'a str,
    /// The text in lower case without accents.
    pub(super) plain: String,
    /// The place of the word in its text.
    pub(super) place: usize,
    /// True if the word begins a sentence.
    pub(super) begins: bool,
    /// True for a word that is no name.
    pub(super) is_common: bool,
    /// True if another form explains that the other side lacks the word.
    pub(super) has_other_form: bool,
    /// True if it has a determiner as common nouns have (`la Gauche`), and nothing shows that it is a name (`la France`, `les Maswa`).
    pub(super) is_noun: bool,
    /// True for a word of an English text after `the`, which may be a noun or a name.
    pub(super) is_determined: bool,
    /// True if it may be a noun that says where a person comes from.
    pub(super) is_demonym: bool,
}

impl NameWord<'_> {
    /// Returns true if nothing explains the capital but that the word is a name.
    pub(super) fn is_name(&self) -> bool {
        !(self.is_common || self.has_other_form)
    }
}

/// The words of source or result.
pub(super) struct Side<'a> {
    text: &'a str,
    pub(super) words: Vec<Word<'a>>,
    pub(super) plain: Vec<String>,
    pub(super) known: LanguageWords,
    lang: &'a Lang,
    is_source: bool,
    /// The countries that are named, by themselves or by their peoples, with the bytes of their words. A text may name them in English.
    countries: OnceCell<Vec<(usize, &'static str)>>,
}

impl<'a> Side<'a> {
    pub(super) fn of(text: &'a str, lang: &'a Lang, is_source: bool) -> Self {
        let words: Vec<_> = words(text).collect();
        let plain = words.iter().map(|word| plain_letters(word.text)).collect();
        Self { text, words, plain, known: LanguageWords::of(lang), lang, is_source, countries: OnceCell::new() }
    }

    /// Returns the text between two words.
    pub(super) fn between(&self, word: &Word<'_>, next: &Word<'_>) -> &'a str {
        self.text.get(word.at + word.text.len()..next.at).unwrap_or_default()
    }

    fn has(&self, plain: &str) -> bool {
        self.plain.iter().any(|word| word == plain)
    }

    fn countries(&self) -> &[(usize, &'static str)] {
        self.countries.get_or_init(|| find_countries(self.text, self.lang))
    }

    fn count(&self, plain: &str) -> usize {
        self.plain.iter().filter(|word| *word == plain).count()
    }

    /// Finds the capitalised words that `other` lacks. `into_english` tells that this is the source of an English text.
    pub(super) fn find_missing_in(&self, other: &Self, into_english: bool) -> Vec<NameWord<'a>> {
        let is_name = |word: &str| word.starts_with(char::is_uppercase) && word.chars().nth(1).is_some();
        let all = self.words.iter().zip(&self.plain).enumerate();
        let missing = all.filter(|(_, (word, plain))| is_name(word.text) && !other.has(plain));
        let name = |(place, (word, plain)): (usize, (&Word<'a>, &String))| {
            let is_common = self.known.is_common(plain, into_english);
            let run = CapitalisedRun::around(self.text, word.at, true, Some(self.lang));
            let is_determined = run.as_ref().is_some_and(|run| run.is_determined_at(word.at));
            let is_first = run.as_ref().is_some_and(|run| run.words()[0].start == word.at);
            // In English an article stands before names, too: `the Hekla area`.
            let is_noun = is_determined
                && self.lang.primary() != "en"
                && !is_acronym(word.text)
                && !is_listed(plain)
                && !run.is_some_and(|run| self.is_name_in(&run, word, plain));
            NameWord {
                text: word.text,
                plain: plain.clone(),
                place,
                begins: begins_sentence(&self.text[..word.at])
                    && !is_apposed(plain, &self.text[word.at + word.text.len()..])
                    && (is_common || !is_foreign(&word.text.to_lowercase(), self.lang) && !self.is_english_name(word)),
                is_common,
                is_noun,
                is_determined: is_determined && self.lang.primary() == "en",
                is_demonym: is_determined && is_first && DEMONYMS.iter().any(|ending| plain.ends_with(ending)),
                has_other_form: roman(word.text).is_some_and(|value| value < 40)
                    || self.names_country_of(word.at, other)
                    || other.has_another_form(plain, is_acronym(word.text), self),
            }
        };
        missing.map(name).collect()
    }

    /// Returns true if something shows that a word after a determiner is a name: it follows a common noun (`la Fondation Komen`), has no
    /// plural after a plural determiner, or stands among words that are spelled as no word of the language is.
    fn is_name_in(&self, run: &CapitalisedRun, word: &Word<'_>, plain: &str) -> bool {
        let is_own = |word: &str| self.known.is_own(&plain_letters(word));
        let words: Vec<&str> = run.words().iter().map(|word| &self.text[word.clone()]).collect();
        let is_foreign = |word: &&str| is_foreign(&word.to_lowercase(), self.lang) && !is_own(word);
        let is_adjective = || ADJECTIVES.iter().any(|ending| plain.ends_with(ending));
        let follows_noun = run.words()[0].start < word.at && is_own(words[0]) && !is_adjective();
        let is_singular =
            run.is_plural() && !plain.ends_with(['s', 'x', 'z']) && matches!(self.lang.primary(), "fr" | "es" | "ca");
        let is_plural = run.is_plural() && plain.ends_with(['s', 'x', 'z']);
        follows_noun && !is_plural || is_singular || words.iter().any(is_foreign)
    }

    /// Returns true for a word that is a name even at the beginning of an English sentence: one of the list (`Nigeria said`), or one that
    /// owns something (`Nadal’s record`).
    fn is_english_name(&self, word: &Word<'_>) -> bool {
        let after = &self.text[word.at + word.text.len()..];
        self.lang.primary() == "en"
            && (is_listed(&plain_letters(word.text)) || after.starts_with("'s ") || after.starts_with("’s "))
    }

    /// Returns true if a word names a country that the other side names, too: `Cuban citizens`, `los ciudadanos de Cuba`.
    fn names_country_of(&self, at: usize, other: &Self) -> bool {
        let mut own = self.countries().iter().filter(|(place, _)| *place == at);
        own.any(|(_, country)| other.countries().iter().any(|(_, theirs)| theirs == country))
    }

    /// Returns true if this side has a word of the other in another number, spelling or language. A word that stands as often there is its own
    /// other form: `Los` does not explain what became of `Angeles`.
    fn has_another_form(&self, plain: &str, is_acronym: bool, other: &Self) -> bool {
        let other_number = plain.strip_suffix('s').map_or_else(|| self.has(&format!("{plain}s")), |one| self.has(one));
        let own = || self.plain.iter().filter(|word| self.count(word) > other.count(word));
        let is_form = |form: &str| own().any(|word| is_named_after(word, form));
        let has_form =
            if self.is_source { is_form_in(plain, other.lang, is_form) } else { has_form_in(plain, self.lang, is_form) };
        let is_adapted_to = |word: &str| {
            if self.is_source {
                is_adapted(word, plain, self.lang, other.lang)
            } else {
                is_adapted(plain, word, other.lang, self.lang)
            }
        };
        other_number || has_form || !is_acronym && self.plain.iter().any(|word| is_cognate(plain, word) || is_adapted_to(word))
    }
}

fn find_countries(text: &str, lang: &Lang) -> Vec<(usize, &'static str)> {
    let tokens = tokenise(text);
    let english = Lang::new("en").filter(|english| english.primary() != lang.primary());
    let lexicons = [Lexicon::of(lang), english.as_ref().and_then(Lexicon::of)];
    let hits = lexicons.into_iter().flatten().flat_map(|lexicon| lexicon.find(&tokens));
    let of_country = hits.filter(|hit| hit.concept.group == "country");
    of_country
        .flat_map(|hit| (hit.at..hit.at + hit.length).map(move |at| (at, hit.concept.name)))
        .map(|(at, name)| (tokens[at].at, name))
        .collect()
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
