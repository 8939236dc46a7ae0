//! Documents whose segments have all come to an end, and the renditions that are made of them.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::reason::UntranslatedReason;
use super::super::segment_job::{GLOSSARY, JobState, ReadingState, SegmentJob};
use crate::model::{EntryId, Lang, Marked, Rendition, RenditionInputs, RenditionProvenance, Revision, Time};
use crate::store::TranslatedEntry;
use crate::translate::{AssembledEntry, Document};

/// A document whose segments have all come to an end.
pub(super) struct FinishedDocument {
    pub(super) id: EntryId,
    pub(super) to: Lang,
    pub(super) revision: Revision,
    pub(super) inputs: RenditionInputs,
    pub(super) provenance: RenditionProvenance,
    /// The time from which segments that were refused may be sent again.
    pub(super) retry_at: Option<Time>,
    pub(super) document: Arc<Document>,
    /// For each segment its translation, if there is one.
    pub(super) translations: Vec<Option<Marked>>,
    /// The segments whose translations a person made.
    pub(super) by_person: HashSet<usize>,
    /// The number of the last change of corrections that the translations take into account.
    pub(super) corrections: i64,
}

/// Assembles a document. It takes CPU time.
pub(super) fn make_rendition(finished: FinishedDocument) -> TranslatedEntry {
    let FinishedDocument { id, to, revision, inputs, mut provenance, retry_at, document, translations, by_person, corrections } =
        finished;
    let AssembledEntry { title, title_left, summary, content, text, unplaced } =
        document.assemble_with(&translations, &by_person);
    if unplaced > 0 {
        provenance.left += unplaced;
        provenance.reasons.push(UntranslatedReason::Unplaced.as_str().to_owned());
    }
    let rendition = Rendition { title, title_left, summary, content, text, provenance };
    TranslatedEntry { entry: id, lang: to, revision, inputs, rendition, retry_at, corrections }
}

/// Summarises how the segments of a document were translated.
pub(super) fn summarise(jobs: &[&SegmentJob], at: Time) -> RenditionProvenance {
    let mut provenance =
        RenditionProvenance { engines: Vec::new(), at, translated: 0, recalled: 0, left: 0, waiting: 0, reasons: Vec::new() };
    for job in jobs {
        match &job.state {
            JobState::Done { by, is_recalled, .. } => {
                *(if *is_recalled { &mut provenance.recalled } else { &mut provenance.translated }) += 1;
                if &**by != GLOSSARY {
                    provenance.engines.push(by.to_string());
                }
                if job.has_unknown_words {
                    provenance.reasons.push(UntranslatedReason::UnknownWord.as_str().to_owned());
                }
                if let ReadingState::Unread(_) = job.reading {
                    provenance.reasons.push(UntranslatedReason::Unread.as_str().to_owned());
                }
                continue;
            }
            JobState::Waiting => provenance.waiting += 1,
            JobState::Untranslated | JobState::Open => provenance.left += 1,
        }
        provenance.reasons.extend(job.reasons.iter().map(|reason| reason.as_str().to_owned()));
    }
    for list in [&mut provenance.engines, &mut provenance.reasons] {
        list.sort_unstable();
        list.dedup();
    }
    provenance
}
