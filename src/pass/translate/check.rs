//! From an engine's answer to a translation, or the reason why it is none.

use super::unit::Unit;
use crate::model::Marked;
use crate::translate::{Check, Outgoing, restore, tidied, verify};

/// Takes an answer to `sent` (the unit's own text, or a variant of it with the same marks): the terms put in their places, the
/// whole verified.
pub(super) fn accept(unit: &Unit, sent: &Outgoing, answer: Marked) -> Result<Marked, String> {
    let answer = answer.shaped_like(&sent.text).normalised();
    if answer.marks() != sent.text.marks() || !answer.is_well_nested() {
        return Err("marks".to_owned());
    }
    let text = restore(&answer, &sent.terms, &unit.to).map_err(|_| "terms".to_owned())?;
    let text = tidied(&unit.source, &text);
    examine(unit, &text)?;
    Ok(text)
}

/// Verifies a whole translation of a unit.
pub(super) fn examine(unit: &Unit, text: &Marked) -> Result<(), String> {
    let check = Check {
        source: &unit.source,
        result: text,
        from: &unit.from,
        to: &unit.to,
        terms: &unit.outgoing.terms,
        kind: unit.outgoing.kind,
    };
    verify(&check).map_err(|rejection| rejection.name().to_owned())
}
