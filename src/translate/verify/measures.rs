//! Finds the units and currencies that stand beside numbers.

use super::lexicon::{Concept, Lexicon};
use super::numerals::Numerals;
use super::tokens::{Token, tokenise};
use crate::model::Lang;

/// The words between a number and its unit: `2 millions d'euros`.
const GAP: usize = 2;

/// A text in which units are looked up.
pub(super) struct MeasuredText<'a> {
    text: &'a str,
    pub(super) tokens: Vec<Token>,
    /// The bytes at which characters begin, and the end.
    bytes: Vec<usize>,
    lexicon: &'static Lexicon,
    numerals: &'static Numerals,
}

impl<'a> MeasuredText<'a> {
    /// Prepares a text. Returns nothing for a language without a lexicon.
    pub(super) fn new(text: &'a str, lang: &Lang) -> Option<Self> {
        let lexicon = Lexicon::of(lang)?;
        let bytes = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        Some(Self { text, tokens: tokenise(text), bytes, lexicon, numerals: Numerals::of(lang) })
    }

    /// Returns the units that may be meant beside a number, which is given by the places of its characters: a currency before it, or
    /// a unit after it.
    pub(super) fn units_beside(&self, start: usize, end: usize) -> Vec<Concept> {
        let (start, end) = (self.bytes[start], self.bytes[end]);
        if let Some(sign) = self.tokens.iter().rposition(|token| token.at < start) {
            let token = &self.tokens[sign];
            let between = self.text.get(token.at + token.text.len()..start);
            let touches = between.is_some_and(|between| between.trim().is_empty());
            if touches && !token.is_number {
                let currencies: Vec<_> = self.units_at(sign).into_iter().filter(|unit| unit.group == "currency").collect();
                if !currencies.is_empty() {
                    return currencies;
                }
            }
        }
        self.units_after(self.tokens.iter().position(|token| token.at >= end).unwrap_or(self.tokens.len()))
    }

    /// Returns the units that may be meant from a token on.
    pub(super) fn units_after(&self, end: usize) -> Vec<Concept> {
        for at in end..=end + GAP {
            let Some(token) = self.tokens.get(at).filter(|token| token.is_joined) else { return Vec::new() };
            let units = self.units_at(at);
            if !units.is_empty() {
                return units;
            }
            let is_between = self.numerals.scale(&token.text).is_some()
                || matches!(token.text.as_str(), "de" | "d" | "of" | "di" | "e" | "ème");
            if !is_between {
                return Vec::new();
            }
        }
        Vec::new()
    }

    fn units_at(&self, at: usize) -> Vec<Concept> {
        self.lexicon.concepts_at(&self.tokens, at, &["unit", "currency"])
    }
}
