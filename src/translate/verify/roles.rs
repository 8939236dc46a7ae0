//! Checks the order of names: `Kervadec devance Brulhart` may not become `Brulhart finished ahead of Kervadec`.
//!
//! Languages put words in another order, but the name that begins an active sentence begins it in the translation too.

use super::Rejection;
use super::concepts::Meanings;
use super::texts::{ComparedTexts, words};

/// The words before the first name: `La Norvégienne`, `Selon`.
const LEAD: usize = 3;

/// Checks that the name that begins the sentence has not changed places with another.
pub(super) fn check_roles(texts: &ComparedTexts<'_>, meanings: &Meanings) -> Result<(), Rejection> {
    let (source, result) = (&texts.bare_source, &texts.bare_result);
    let kept: Vec<String> =
        names(source).into_iter().map(|(_, name)| name).filter(|name| is_once(source, name) && is_once(result, name)).collect();
    let [first, second, ..] = kept.as_slice() else { return Ok(()) };
    let place = |text: &str, name: &str| text.find(name).unwrap_or(0);
    if first == second || place(result, first) < place(result, second) || !begins(source, first) || !begins(result, second) {
        return Ok(());
    }
    // A passive, a list or an aside may change the order rightly.
    let between = |text: &str, one: &str, other: &str| text[place(text, one) + one.len()..place(text, other)].to_lowercase();
    let (said, became) = (between(source, first, second), between(result, second, first));
    let turns = |text: &str| {
        text.starts_with([',', ';', '’', '\'']) && !text.starts_with("’a")
            || words(text).any(|word| {
                matches!(
                    word.text,
                    "par" | "by" | "por" | "per" | "von" | "da" | "et" | "and" | "y" | "i" | "und" | "e" | "ou" | "or" | "o"
                )
            })
    };
    let outcome = |side: &super::concepts::Side| (side.count("result", "win").0 > 0, side.count("result", "lose").0 > 0);
    let (from, to) = (outcome(&meanings.source), outcome(&meanings.result));
    let is_retold = from.0 && to.1 && !to.0 || from.1 && to.0 && !to.1;
    if turns(&said) || turns(&became) || is_retold {
        return Ok(());
    }
    Err(Rejection::Roles(first.clone(), second.clone()))
}

/// Returns true if a name stands among the first words of a text.
fn begins(text: &str, name: &str) -> bool {
    text.find(name).is_some_and(|at| words(&text[..at]).count() <= LEAD && !text[..at].contains([',', ':', ';', '«', '“']))
}

fn is_once(text: &str, name: &str) -> bool {
    text.matches(name).count() == 1
}

/// Returns the names of a text: two or more words with capitals in a row, in their order.
fn names(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut start, mut end, mut count) = (0, 0, 0);
    let mut close = |start: usize, end: usize, count: usize| {
        if count > 1 {
            found.push((start, text[start..end].to_owned()));
        }
    };
    for word in words(text) {
        let is_name = word.text.starts_with(char::is_uppercase) && word.text.chars().nth(1).is_some();
        let is_next = count > 0 && matches!(&text[end..word.at], " " | "-" | "\u{a0}" | "’" | "'");
        if count > 0 && !(is_name && is_next) {
            close(start, end, count);
            count = 0;
        }
        if is_name {
            start = if count == 0 { word.at } else { start };
            end = word.at + word.text.len();
            count += 1;
        }
    }
    close(start, end, count);
    found
}
