//! The usage of one text at one engine: sent once and taken, or sent as often as it may be.

use super::super::batch::second::MAX_PROTECTED_NAMES;
use crate::model::Usage;
use crate::translate::{ContextUse, Engine, LanguagePair, Outgoing, TermForm, locate_terms, name_variants, strip_markup};

/// The usage of one text at one engine in one run, from the least to the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Askings {
    /// The amount that is reserved for it at first.
    pub(super) reserved: Usage,
    /// The least: it is answered once, and the answer is taken.
    pub(super) least: Usage,
    /// The most: the answers are bad as long as one may ask again.
    pub(super) most: Usage,
    /// The texts of these askings.
    pub(super) most_texts: u64,
    /// The least that one of these texts uses up.
    pub(super) cheapest: Usage,
    /// The most that is reserved for it in one request.
    pub(super) dearest: Usage,
}

impl Askings {
    /// Computes them for a text that is sent with at most `together - 1` others.
    pub(super) fn of(engine: &dyn Engine, text: &Outgoing, pair: &LanguagePair, together: usize) -> Self {
        let price = |text: &Outgoing| engine.price(text, &pair.from, &pair.to);
        let least = |text: &Outgoing| engine.least_price(text, &pair.from, &pair.to);
        let mut askings = Self { reserved: price(text), least: least(text), ..Self::default() };
        (askings.cheapest, askings.dearest) = (askings.least, askings.reserved);
        askings.add(1 + halvings(together), 1, askings.reserved);
        // The second attempts: alone, with one name more protected each time.
        let names = name_variants(text);
        let protected = names.as_ref().map_or(0, |names| names.names);
        let alone = (protected + usize::from(together > 1)).min(MAX_PROTECTED_NAMES + 1) as u64;
        let dearest = names.as_ref().map_or(askings.reserved, |names| price(&names.longest).max(askings.reserved));
        if engine.context_use() == ContextUse::Neighbours {
            // Before that, with others that were refused; and then with others again.
            askings.add((2 + alone) * (1 + halvings(together)), 1, dearest);
        }
        askings.add(alone, 1, dearest);
        if let Some(names) = &names {
            askings.cheapest = askings.cheapest.min(least(&names.shortest));
        }
        // One more for the terms that an answer says in other words: located, or listed again.
        let is_word = engine.term_form() == TermForm::Word;
        let marks: Vec<u16> = text.terms.iter().filter(|term| is_word || !term.is_name()).map(|term| term.mark).collect();
        if !marks.is_empty() && (is_word || together > 1) {
            let located = if is_word { price(&locate_terms(text, &marks)) } else { askings.reserved };
            askings.add(1, 1, located.max(askings.reserved));
        }
        // The last attempt: without its inline markup, and each text inside that by itself.
        if let Some(stripped) = strip_markup(text) {
            let texts = || std::iter::once(&stripped.whole).chain(stripped.spans.iter().map(|(_, span)| span));
            let count = 1 + stripped.spans.len();
            let sum = texts().map(price).fold(Usage::default(), |sum, text| sum + text);
            let bundle = if engine.context_use() == ContextUse::Neighbours { count * together } else { count };
            askings.add(1 + halvings(bundle), count as u64, sum);
            askings.cheapest = texts().map(least).fold(askings.cheapest, Usage::min);
        }
        askings
    }

    /// Computes them for a text that is submitted in a batch: it is sent once.
    pub(super) fn once(engine: &dyn Engine, text: &Outgoing, pair: &LanguagePair) -> Self {
        let most = engine.price(text, &pair.from, &pair.to);
        let least = engine.least_price(text, &pair.from, &pair.to);
        Self { reserved: most, least, most, most_texts: 1, cheapest: least, dearest: most }
    }

    /// Adds the same askings once more: the second reader doubts the answer.
    pub(super) fn ask_twice(&mut self) {
        (self.most, self.most_texts) = (self.most.times(2), self.most_texts * 2);
    }

    /// Adds a request that is sent so many times, with so many texts.
    fn add(&mut self, times: u64, texts: u64, each: Usage) {
        self.most += each.times(times);
        self.most_texts += times * texts;
        self.dearest = self.dearest.max(each);
    }
}

/// Returns how often a request can be halved until each text is alone: after a bad answer each half is sent again.
fn halvings(texts: usize) -> u64 {
    u64::from(texts.max(1).next_power_of_two().ilog2())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{EngineKind, Lang, Marked, SegmentKind};
    use crate::net::{ApiClient, Options};
    use crate::translate::{EngineSettings, SegmentContext, Term, open};

    fn askings(tagged: &str, together: usize) -> Askings {
        let client = Arc::new(ApiClient::new(&Options::default()).expect("a client"));
        let settings = EngineSettings {
            id: "apertium".to_owned(),
            kind: EngineKind::Apertium,
            url: Some("http://127.0.0.1:1".to_owned()),
            model: None,
            key: None,
            region: None,
            pivot: None,
            guidance: crate::model::GuidanceTable::default(),
            reasoning_effort: None,
            tier: None,
            timeout: None,
            in_flight: None,
            models: None,
        };
        let engine = open(settings, client).expect("an engine");
        let text = Marked::from_tagged(tagged).expect("a text");
        let is_term = |mark: &u16| text.pieces().contains(&crate::model::Piece::Single(*mark));
        let terms = [(7, "CIO", "COI"), (8, "UCI", "UCI")].into_iter().filter(|(mark, ..)| is_term(mark));
        let term = |(mark, source, target): (u16, &str, &str)| Term {
            mark,
            source: source.to_owned(),
            target: target.to_owned(),
            is_held: false,
        };
        let terms = terms.map(term).collect();
        let text = Outgoing { text, terms, kind: SegmentKind::Paragraph, context: SegmentContext::default() };
        let lang = |tag| Lang::new(tag).expect("a tag");
        Askings::of(&*engine, &text, &LanguagePair { from: lang("fr"), to: lang("es") }, together)
    }

    #[test]
    fn text_that_nothing_can_be_changed_in_is_sent_once_when_it_is_sent_alone() {
        let askings = askings("une phrase", 1);
        assert_eq!((askings.most_texts, askings.most, askings.least), (1, askings.least, askings.reserved));
    }

    #[test]
    fn text_among_others_is_sent_in_each_half_and_once_more_alone() {
        let askings = askings("une phrase", 25);
        assert_eq!(askings.most_texts, 1 + 5 + 1);
        assert_eq!(askings.most.characters, 7 * 10);
    }

    #[test]
    fn text_with_names_is_sent_once_for_each_name_up_to_three() {
        assert_eq!(askings("avec Rory", 1).most_texts, 1, "nothing shows that it is a name");
        assert_eq!(askings("avec M. Rory", 1).most_texts, 2);
        assert_eq!(askings("avec Rory Ay et Zoé Bo et Tom Cy", 1).most_texts, 4);
    }

    #[test]
    fn text_with_a_term_is_sent_once_more_to_locate_it() {
        let askings = askings("le <x7/> vote", 1);
        assert_eq!((askings.most_texts, askings.most.characters), (2, 11 + 11 + 9));
        assert_eq!(askings.least.characters, 11, "the term goes as its word");
    }

    #[test]
    fn text_with_a_name_of_the_list_is_sent_once_more_to_locate_it_and_to_hold_it_back() {
        assert_eq!(askings("l'<x8/> vote", 1).most_texts, 3);
    }

    #[test]
    fn text_with_markup_is_sent_without_it_and_the_texts_inside_alone() {
        // The two may come in one request, and in its halves.
        let askings = askings("un <x1>mot</x1> gras", 1);
        assert_eq!(askings.most_texts, 1 + 2 * 2);
        assert_eq!(askings.cheapest.characters, 3);
    }
}
