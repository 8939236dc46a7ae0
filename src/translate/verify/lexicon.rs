//! Concepts that a list can tell apart (days, units, countries, more and less, won and lost), and the words for them in each language.
//!
//! A word counts for a concept by a *strong* form, which means it, or by a *weak* one, which may. A concept is missed or new only by
//! strong forms, and explained by both: what is ambiguous never accuses.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::tokens::{Token, tokenise};
use crate::model::Lang;

const TABLES: [&str; 8] = [
    include_str!("lexicon/calendar.tsv"),
    include_str!("lexicon/measures.tsv"),
    include_str!("lexicon/countries.tsv"),
    include_str!("lexicon/opposites.tsv"),
    include_str!("lexicon/persons.tsv"),
    include_str!("lexicon/negation.tsv"),
    include_str!("lexicon/endings.tsv"),
    include_str!("lexicon/asides.tsv"),
];

/// The letters by which forms with a star are found.
const BUCKET: usize = 2;
/// A star after a stem of fewer letters than this stands for one letter or more.
const SHORT_STEM: usize = 3;
/// The most numbers in a row that a `#` stands for: `1 500`.
const MOST_NUMBERS: usize = 3;

/// A concept: its group and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Concept {
    pub(super) group: &'static str,
    pub(super) name: &'static str,
}

/// A form found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) concept: Concept,
    pub(super) is_strong: bool,
    /// The first token, and the number of tokens.
    pub(super) at: usize,
    pub(super) length: usize,
}

struct Form {
    concept: Concept,
    is_strong: bool,
    words: Vec<Pattern>,
}

enum Pattern {
    Word { text: String, is_capital: bool },
    Stem { text: String, is_capital: bool },
    Number,
}

/// The forms of one language.
#[derive(Default)]
pub(super) struct Lexicon {
    forms: Vec<Form>,
    /// The forms whose first word is this.
    by_word: HashMap<String, Vec<usize>>,
    /// The forms whose first word begins with these letters.
    by_stem: HashMap<String, Vec<usize>>,
    /// The forms whose first word is a number.
    by_number: Vec<usize>,
}

static LEXICONS: LazyLock<HashMap<&'static str, Lexicon>> = LazyLock::new(|| {
    let mut all: HashMap<&'static str, Lexicon> = HashMap::new();
    for table in TABLES {
        let mut lines = table.lines().filter(|line| !line.starts_with('#'));
        let langs: Vec<&str> = lines.next().unwrap_or("").split('\t').skip(1).collect();
        for line in lines {
            let mut cells = line.split('\t');
            let Some((group, name)) = cells.next().and_then(|name| name.split_once('.')) else { continue };
            for (lang, cell) in langs.iter().zip(cells).filter(|(_, cell)| *cell != "-") {
                let lexicon = all.entry(lang).or_default();
                cell.split('|').for_each(|form| lexicon.add(Concept { group, name }, form));
            }
        }
    }
    all
});

impl Lexicon {
    /// Returns the forms of a language, if they are listed.
    pub(super) fn of(lang: &Lang) -> Option<&'static Self> {
        LEXICONS.get(lang.primary())
    }

    fn add(&mut self, concept: Concept, form: &str) {
        let (is_strong, form) = form.strip_prefix('?').map_or((true, form), |rest| (false, rest));
        let mut words = Vec::new();
        for (place, part) in form.split(' ').enumerate() {
            let (part, is_stem) = part.strip_suffix('*').map_or((part, false), |stem| (stem, true));
            if part == "#" {
                words.push(Pattern::Number);
                continue;
            }
            let tokens = tokenise(part);
            let last = tokens.len().saturating_sub(1);
            for (at, token) in tokens.into_iter().enumerate() {
                let is_capital = token.is_capital && (place > 0 || at > 0 || form.len() > 1);
                words.push(if is_stem && at == last {
                    Pattern::Stem { text: token.text, is_capital }
                } else if token.is_number {
                    Pattern::Word { text: token.text, is_capital: false }
                } else {
                    Pattern::Word { text: token.text, is_capital }
                });
            }
        }
        let id = self.forms.len();
        match words.first() {
            Some(Pattern::Word { text, .. }) => self.by_word.entry(text.clone()).or_default().push(id),
            Some(Pattern::Stem { text, .. }) => {
                self.by_stem.entry(text.chars().take(BUCKET).collect()).or_default().push(id);
            }
            Some(Pattern::Number) => self.by_number.push(id),
            None => return,
        }
        self.forms.push(Form { concept, is_strong, words });
    }

    /// Finds the forms of a text. At each place the longest ones count, and the next place is after them.
    pub(super) fn find(&self, tokens: &[Token]) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let found: Vec<(usize, &Form)> =
                self.candidates(&tokens[at]).filter_map(|form| Some((form.match_at(tokens, at)?, form))).collect();
            let longest = found.iter().map(|(length, _)| *length).max().unwrap_or(0);
            for (length, form) in found.into_iter().filter(|(length, _)| *length == longest) {
                hits.push(Hit { concept: form.concept, is_strong: form.is_strong, at, length });
            }
            at += longest.max(1);
        }
        hits
    }

    /// Returns the concepts of some groups whose forms stand at a place, by the longest of them.
    pub(super) fn concepts_at(&self, tokens: &[Token], at: usize, groups: &[&str]) -> Vec<Concept> {
        let Some(token) = tokens.get(at) else { return Vec::new() };
        let forms = self.candidates(token).filter(|form| groups.contains(&form.concept.group));
        let found: Vec<(usize, Concept)> = forms.filter_map(|form| Some((form.match_at(tokens, at)?, form.concept))).collect();
        let longest = found.iter().map(|(length, _)| *length).max().unwrap_or(0);
        found.into_iter().filter(|(length, _)| *length == longest).map(|(_, concept)| concept).collect()
    }

    fn candidates<'a>(&'a self, token: &Token) -> impl Iterator<Item = &'a Form> {
        let stem: String = token.text.chars().take(BUCKET).collect();
        let words = self.by_word.get(&token.text).into_iter().flatten();
        let stems = self.by_stem.get(&stem).into_iter().flatten();
        let numbers = self.by_number.iter().filter(|_| token.is_number).collect::<Vec<_>>();
        words.chain(stems).chain(numbers).map(|id| &self.forms[*id])
    }
}

impl Form {
    /// Returns the number of tokens that the form takes at a place.
    fn match_at(&self, tokens: &[Token], start: usize) -> Option<usize> {
        let mut at = start;
        for (place, pattern) in self.words.iter().enumerate() {
            let token = tokens.get(at)?;
            if place > 0 && !token.is_joined {
                return None;
            }
            match pattern {
                Pattern::Word { text, is_capital } => {
                    if token.text != *text || *is_capital && !token.is_capital {
                        return None;
                    }
                }
                Pattern::Stem { text, is_capital } => {
                    let rest = token.text.strip_prefix(text.as_str())?;
                    let is_short = text.chars().count() < SHORT_STEM && rest.is_empty();
                    if is_short || *is_capital && !token.is_capital {
                        return None;
                    }
                }
                Pattern::Number => {
                    if !token.is_number {
                        return None;
                    }
                    let more = tokens[at + 1..].iter().take(MOST_NUMBERS - 1).take_while(|token| token.is_number).count();
                    at += more;
                }
            }
            at += 1;
        }
        Some(at - start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lang: &str, text: &str) -> Vec<String> {
        let lexicon = Lexicon::of(&Lang::new(lang).expect("a tag")).expect("listed");
        let hits = lexicon.find(&tokenise(text));
        hits.iter().map(|hit| format!("{}{}", if hit.is_strong { "" } else { "?" }, hit.concept.name)).collect()
    }

    #[test]
    fn longest_form_counts() {
        assert_eq!(found("fr", "premier"), ["first"]);
        assert_eq!(found("fr", "Premier ministre"), ["ordinal"], "a form of the group `none`");
    }

    #[test]
    fn form_with_a_capital_needs_one() {
        assert_eq!(found("en", "Polish"), ["PL"]);
        assert!(found("en", "polish").is_empty());
    }

    #[test]
    fn number_sign_stands_for_figures() {
        assert!(found("fr", "à 0,4 seconde de").contains(&"behind".to_owned()));
    }

    #[test]
    fn every_language_has_a_cell_in_every_row() {
        for line in TABLES.iter().flat_map(|table| table.lines()).filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('\t').filter(|cell| !cell.is_empty()).count(), 8, "{line}");
        }
    }
}
