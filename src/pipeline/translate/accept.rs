//! Turns the answer of an engine into a translation, or refuses it.

use super::reason::UntranslatedReason;
use super::segment_job::SegmentJob;
use crate::model::Marked;
use crate::translate::{Outgoing, Rejection, RejectionKind, TranslationCheck, restore, tidy, verify};

/// An answer that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RejectedAnswer {
    pub(super) reason: UntranslatedReason,
    /// The name that the answer has altered, if that is the reason: as the source has it.
    pub(super) altered_name: Option<String>,
}

impl From<UntranslatedReason> for RejectedAnswer {
    fn from(reason: UntranslatedReason) -> Self {
        Self { reason, altered_name: None }
    }
}

impl From<Rejection> for RejectedAnswer {
    fn from(rejection: Rejection) -> Self {
        let reason = UntranslatedReason::Check(rejection.kind());
        Self { reason, altered_name: if let Rejection::Name { was, .. } = rejection { Some(was) } else { None } }
    }
}

/// Accepts an answer to `sent`, which is the job's own text or a variant of it with the same marks: restores the terms and
/// verifies the whole.
pub(super) fn accept(job: &SegmentJob, sent: &Outgoing, answer: Marked) -> Result<Marked, RejectedAnswer> {
    let answer = answer.shaped_like(&sent.text).normalised();
    if answer.marks() != sent.text.marks() || !answer.is_well_nested() {
        return Err(UntranslatedReason::Check(RejectionKind::Marks).into());
    }
    let text = restore(&answer, &sent.terms, &job.pair.to).map_err(|_| UntranslatedReason::Terms)?;
    let text = tidy(&job.source, &text);
    verify_translation(job, &text)?;
    Ok(text)
}

/// Verifies the translation of a segment, its terms restored.
pub(super) fn verify_translation(job: &SegmentJob, text: &Marked) -> Result<(), Rejection> {
    verify(&TranslationCheck {
        source: &job.source,
        result: text,
        from: &job.pair.from,
        to: &job.pair.to,
        terms: &job.outgoing.terms,
        kind: job.outgoing.kind,
    })
}
