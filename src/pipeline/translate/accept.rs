//! From an engine's answer to a translation, or the reason why it is none.

use super::segment_job::SegmentJob;
use crate::model::Marked;
use crate::translate::{Outgoing, Rejection, TranslationCheck, restore, tidy, verify};

/// Why an answer is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// In one word.
    pub(super) why: String,
    /// The name that it has altered, if that is why: as the source has it.
    pub(super) name: Option<String>,
}

impl From<&str> for Refusal {
    fn from(why: &str) -> Self {
        Self { why: why.to_owned(), name: None }
    }
}

/// Takes an answer to `sent` (the unit's own text, or a variant of it with the same marks): the terms put in their places, the
/// whole verified.
pub(super) fn accept(unit: &SegmentJob, sent: &Outgoing, answer: Marked) -> Result<Marked, Refusal> {
    let answer = answer.shaped_like(&sent.text).normalised();
    if answer.marks() != sent.text.marks() || !answer.is_well_nested() {
        return Err("marks".into());
    }
    let text = restore(&answer, &sent.terms, &unit.to).map_err(|_| "terms")?;
    let text = tidy(&unit.source, &text);
    examine(unit, &text)?;
    Ok(text)
}

/// Verifies a whole translation of a unit.
pub(super) fn examine(unit: &SegmentJob, text: &Marked) -> Result<(), Refusal> {
    let check = TranslationCheck {
        source: &unit.source,
        result: text,
        from: &unit.from,
        to: &unit.to,
        terms: &unit.outgoing.terms,
        kind: unit.outgoing.kind,
    };
    verify(&check).map_err(|rejection| Refusal {
        why: rejection.name().to_owned(),
        name: if let Rejection::Name { was, .. } = rejection { Some(was) } else { None },
    })
}
