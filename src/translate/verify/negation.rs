//! Checks negation: a sentence may not be turned round.

use super::Rejection;
use super::concepts::{Meanings, Side};
use super::lexicon::Lexicon;
use super::texts::ComparedTexts;
use super::tokens::tokenise;
use crate::model::Lang;

/// The most words between `ne` and its second word.
const REACH: usize = 7;

/// The negations of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Negation {
    /// Words that turn the sentence round.
    hard: usize,
    /// Words that may stand for a negation.
    soft: usize,
    /// `ne … que`, `only`.
    only: usize,
    /// Words that may stand for `only`.
    maybe_only: usize,
}

/// Checks that no negation was lost or added, and no restriction lost.
pub(super) fn check_negation(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    let source = count(&meanings.source, texts.from.primary() == "fr");
    let result = count(&meanings.result, texts.to.primary() == "fr");
    let is_lost = |from: Negation, to: Negation| from.hard > 0 && to.hard == 0 && to.soft == 0;
    let only_lost = source.only > 0 && result.only + result.maybe_only + result.hard + result.soft == 0;
    if is_lost(source, result) || is_lost(result, source) || only_lost {
        return Err(Rejection::Negation);
    }
    Ok(())
}

/// Returns true if a text has a negation or a restriction, or may have one. Of a language without a lexicon that is not known.
pub(super) fn has_negation(text: &str, lang: &Lang) -> bool {
    let Some(lexicon) = Lexicon::of(lang) else { return false };
    let tokens = tokenise(text);
    let hits = lexicon.find(&tokens);
    count(&Side { tokens, hits }, lang.primary() == "fr") != Negation::default()
}

fn count(side: &Side, is_french: bool) -> Negation {
    let (hard, _) = side.count("neg", "hard");
    // `not only`, `no fewer than`: what turns nothing round may stand for what does.
    let soft = side.count("neg", "soft").1 + side.count("none", "negation").1;
    let (only, all) = side.count("only", "only");
    let mut negation = Negation { hard, soft, only, maybe_only: all - only };
    if is_french {
        count_ne(side, &mut negation);
    }
    soften_sino(side, &mut negation);
    negation
}

/// Takes Spanish `no … sino` (Catalan `sinó`) for no sure negation: it says `not until`, `only`, or `rather`.
fn soften_sino(side: &Side, negation: &mut Negation) {
    let words: Vec<&str> = side.tokens.iter().map(|token| token.text.as_str()).collect();
    let sino = words.iter().position(|word| matches!(*word, "sino" | "sinó"));
    if sino.is_some_and(|at| words[..at].contains(&"no")) && negation.hard > 0 {
        negation.hard -= 1;
        negation.soft += 1;
    }
}

/// Adds French `ne` with `jamais`, `plus`, `rien`, `personne`: negations only with it. With `que` it restricts.
fn count_ne(side: &Side, negation: &mut Negation) {
    let words: Vec<&str> = side.tokens.iter().map(|token| token.text.as_str()).collect();
    for at in (0..words.len()).filter(|at| matches!(words[*at], "ne" | "n")) {
        let after = || words[at + 1..].iter().take(REACH);
        let second = after().find(|word| {
            matches!(
                **word,
                "pas"
                    | "plus"
                    | "jamais"
                    | "rien"
                    | "personne"
                    | "guère"
                    | "nul"
                    | "nulle"
                    | "que"
                    | "qu"
                    | "aucun"
                    | "aucune"
                    | "ni"
            )
        });
        let before = || words[at.saturating_sub(REACH)..at].iter();
        let first = before().any(|word| matches!(*word, "personne" | "rien" | "nul" | "nulle" | "jamais"));
        match second {
            Some(&("jamais" | "rien" | "personne" | "plus" | "guère" | "nul" | "nulle")) => negation.hard += 1,
            Some(&("que" | "qu")) if !first => negation.only += 1,
            _ if first => negation.hard += 1,
            _ => {}
        }
    }
}
