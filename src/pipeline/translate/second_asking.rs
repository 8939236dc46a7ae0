//! A text that an engine is to be sent a second time, with what its first answer was worth.

use strsim::normalized_levenshtein;

use crate::model::{Marked, SegmentKind};
use crate::translate::Outgoing;

/// The share of letters that two answers to one text have in common, if they say the same.
const SAME: f64 = 0.7;

/// The most bytes of answers that are compared letter by letter.
const MOST_COMPARED: usize = 2_000;

/// An answer that may be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AcceptedAnswer {
    pub(super) text: Marked,
    /// The marks of the terms that it says in other words than the glossary.
    pub(super) altered_terms: Vec<u16>,
    /// True if it has words that the engine does not know.
    pub(super) has_unknown_words: bool,
}

/// A text that is to be sent a second time.
#[derive(Clone, Debug)]
pub(super) struct SecondAsking {
    /// The text as it is sent: with names held back, if it is asked again for them.
    pub(super) text: Outgoing,
    /// The first answer, if it was refused.
    pub(super) refused: Option<Marked>,
    /// The first answer, if it is only asked again for its terms: it stands, whatever becomes of the second.
    pub(super) accepted: Option<AcceptedAnswer>,
}

impl SecondAsking {
    /// Makes one of a text whose answer was refused. A second request holds texts of many entries, each with what stands around it: what
    /// comes after a sentence says least of it, and is left out. What comes after a headline is its lead.
    pub(super) fn of_refused(text: Outgoing, refused: Option<Marked>) -> Self {
        Self { text: without_rest(text), refused, accepted: None }
    }

    /// Makes one of a text whose answer is taken, and may become better.
    pub(super) fn of_accepted(text: Outgoing, accepted: AcceptedAnswer) -> Self {
        Self { text: without_rest(text), refused: None, accepted: Some(accepted) }
    }

    /// Returns true if an answer says what the refused one said, which came in another request, among other texts.
    pub(super) fn is_said_again(&self, answer: &Marked) -> bool {
        self.refused.as_ref().is_some_and(|refused| says_the_same(&refused.plain(), &answer.plain()))
    }
}

fn without_rest(mut text: Outgoing) -> Outgoing {
    text.context.after = text.context.after.filter(|_| text.kind == SegmentKind::Title);
    text
}

fn says_the_same(one: &str, other: &str) -> bool {
    let is_short = one.len().max(other.len()) <= MOST_COMPARED;
    one == other || is_short && normalized_levenshtein(one, other) >= SAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_with_a_word_changed_says_the_same_and_that_of_another_text_does_not() {
        assert!(says_the_same("The mayor opens the bridge.", "The mayor opened the bridge."));
        assert!(!says_the_same("The mayor opens the bridge.", "The swimmer wins a medal."));
        let long = "word ".repeat(MOST_COMPARED);
        assert!(says_the_same(&long, &long));
        assert!(!says_the_same(&long, &format!("{long}more")), "nothing is compared at any cost");
    }
}
