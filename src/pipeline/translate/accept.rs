//! Turns the answer of an engine into a translation, or refuses it.

use std::collections::BTreeSet;

use super::reason::UntranslatedReason;
use super::second_asking::AcceptedAnswer;
use super::segment_job::SegmentJob;
use crate::model::{Marked, Piece};
use crate::translate::{
    Outgoing, Rejection, RejectionKind, TranslationCheck, can_restore, find_left_words, put_marks_right, restore_name, settle,
    take_unknown_words, tidy, verify,
};

/// A text of which the engine does not know this part of the words (one in six), and at least `MANY_UNKNOWN`, is not translated.
const UNKNOWN_PART: usize = 6;
const MANY_UNKNOWN: usize = 2;

/// The most altered names that are put right in an answer. One with more of them may be the answer to another text.
const MAX_RESTORED_NAMES: usize = 2;

/// An answer that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RejectedAnswer {
    pub(super) reason: UntranslatedReason,
    /// The alteration in the answer, if that is the reason.
    pub(super) altered: Option<Altered>,
    /// The finding of a check, in a sentence.
    pub(super) finding: Option<String>,
}

/// An alteration in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Altered {
    /// A name, as the source has it.
    Name(String),
    /// Names of the list, by their marks.
    Listed(Vec<u16>),
}

impl From<UntranslatedReason> for RejectedAnswer {
    fn from(reason: UntranslatedReason) -> Self {
        Self { reason, altered: None, finding: None }
    }
}

impl From<Rejection> for RejectedAnswer {
    fn from(rejection: Rejection) -> Self {
        let reason = UntranslatedReason::Check(rejection.kind());
        let finding = Some(rejection.to_string());
        let altered = if let Rejection::Name { was, .. } = rejection { Some(Altered::Name(was)) } else { None };
        Self { reason, altered, finding }
    }
}

/// Accepts an answer to `sent`, which is the job's own text or a variant of it with the same marks: puts its terms right and
/// verifies the whole.
pub(super) fn accept(job: &SegmentJob, sent: &Outgoing, answer: Marked) -> Result<AcceptedAnswer, RejectedAnswer> {
    let answer = answer.shaped_like(&sent.text).normalised();
    if own_marks(&answer, sent) != own_marks(&sent.text, sent) || !answer.is_well_nested() {
        return Err(UntranslatedReason::Check(RejectionKind::Marks).into());
    }
    let (answer, unknown) = take_unknown_words(&answer);
    let settled = settle(&answer, sent, &job.pair.to).map_err(|_| UntranslatedReason::Terms)?;
    let is_name = |mark: &u16| sent.terms.iter().any(|term| term.mark == *mark && term.is_name());
    let (names, altered_terms): (Vec<u16>, Vec<u16>) = settled.altered.into_iter().partition(is_name);
    if !names.is_empty() {
        return Err(RejectedAnswer { reason: UntranslatedReason::Terms, altered: Some(Altered::Listed(names)), finding: None });
    }
    let plain = settled.text.plain();
    let left = find_left_words(&job.source.plain(), &plain, &job.pair.from, &job.pair.to);
    let unknown: Vec<String> = unknown.into_iter().chain(left).collect::<BTreeSet<_>>().into_iter().collect();
    let has_unknown_words = check_unknown_words(job, &unknown, &plain)?;
    let placed = put_marks_right(&job.source, &settled.text, &job.pair.to);
    let placed = placed.ok_or(UntranslatedReason::Check(RejectionKind::Marks))?;
    let mut text = tidy(&job.source, &placed);
    for _ in 0..MAX_RESTORED_NAMES {
        match verify_translation(job, &text) {
            Err(Rejection::Name { was, became, is_altered: true }) if can_restore(&text, &became, &job.pair.to) => {
                text = restore_name(&text, &became, &was);
            }
            verdict => {
                verdict?;
                return Ok(AcceptedAnswer { text, altered_terms, has_unknown_words });
            }
        }
    }
    verify_translation(job, &text)?;
    Ok(AcceptedAnswer { text, altered_terms, has_unknown_words })
}

/// Checks the words that the engine does not know, by its own signs or because they are left as they were. Names may be among them, and terms, which were put right in the `settled` text.
/// Another word of the source is a part that is not translated. Another engine may know it. If there is none, a text with such a word
/// is better than one in its language, unless there are many. Returns true if it has one.
fn check_unknown_words(job: &SegmentJob, unknown: &[String], settled: &str) -> Result<bool, RejectedAnswer> {
    let source = job.source.plain();
    let has = |text: &str, word: &str| words(text).any(|own| own == word);
    let is_left = |word: &&String| word.starts_with(char::is_lowercase) && has(&source, word) && has(settled, word);
    let left = unknown.iter().filter(is_left).count();
    let is_much = left >= MANY_UNKNOWN && left * UNKNOWN_PART > words(&source).count();
    if left > 0 && (is_much || !job.is_last_turn()) {
        return Err(UntranslatedReason::UnknownWord.into());
    }
    Ok(left > 0)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Returns the marks that stand for no term.
fn own_marks(text: &Marked, sent: &Outgoing) -> Vec<Piece> {
    let is_term = |piece: &Piece| matches!(piece, Piece::Single(mark) if sent.terms.iter().any(|term| term.mark == *mark));
    text.marks().into_iter().filter(|piece| !is_term(piece)).collect()
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
