//! The last attempt at refused texts: without their inline markup, which is put back.

use super::super::accept::accept;
use super::super::engine_handle::TextResult;
use super::super::reason::UntranslatedReason;
use super::{BatchRun, BatchSegment, SegmentOutcome};
use crate::model::Marked;
use crate::store::StoreError;
use crate::translate::{Outgoing, StrippedText, batch_len, restore_markup, strip_markup};

impl BatchRun<'_> {
    /// Sends the refused texts without their inline markup: each by itself, or, to an engine that reads instructions with each request,
    /// as many as fit into one. Returns how many answers were refused.
    pub(super) async fn send_without_markup(&self, segments: &mut [&mut BatchSegment]) -> Result<u64, StoreError> {
        let bills_all = self.engine.engine.joins_texts();
        let in_vain = |segment: &BatchSegment| bills_all && segment.is_refused_for_its_words();
        let refused = segments.iter_mut().filter(|segment| segment.is_rejected() && !segment.was_isolated && !in_vain(segment));
        let mut todo: Vec<(&mut BatchSegment, StrippedText)> = refused
            .filter_map(|segment| strip_markup(&segment.job.outgoing).map(|stripped| (&mut **segment, stripped)))
            .collect();
        let mut rejected = 0;
        while !todo.is_empty() {
            let together = self.count_together(&todo);
            let texts: Vec<Outgoing> = todo[..together].iter().flat_map(|(_, stripped)| texts_of(stripped)).cloned().collect();
            let mut results = self.engine.translate(&texts, self.pair, self.context).await?.into_iter();
            for (segment, stripped) in todo.drain(..together) {
                let own: Vec<TextResult> = results.by_ref().take(texts_of(&stripped).count()).collect();
                let before = segment.first_refusal;
                rejected += accept_without_markup(segment, &stripped, own);
                self.log_attempt("without its markup", before, &stripped.whole, !segment.is_rejected());
            }
        }
        Ok(rejected)
    }

    /// Returns how many of these go into one request: one at least.
    fn count_together(&self, todo: &[(&mut BatchSegment, StrippedText)]) -> usize {
        if !self.gathers() {
            return 1;
        }
        let limits = self.engine.limits();
        let fits = |count: &usize| {
            let texts = || todo[..*count].iter().flat_map(|(_, stripped)| texts_of(stripped));
            batch_len(texts(), limits) == texts().count()
        };
        (1..=todo.len()).take_while(fits).last().unwrap_or(1)
    }
}

fn texts_of(stripped: &StrippedText) -> impl Iterator<Item = &Outgoing> {
    std::iter::once(&stripped.whole).chain(stripped.spans.iter().map(|(_, span)| span))
}

/// Takes the answers to a text without its markup. Returns how many were refused.
fn accept_without_markup(segment: &mut BatchSegment, stripped: &StrippedText, results: Vec<TextResult>) -> u64 {
    let mut results = results.into_iter();
    let whole = match results.next() {
        Some(TextResult::Translated(whole)) => whole.shaped_like(&stripped.whole.text),
        Some(TextResult::Unusable(_) | TextResult::Failed(_)) => return 1,
        Some(TextResult::Unavailable(UntranslatedReason::BadAnswer | UntranslatedReason::ServerError)) => return 0,
        Some(TextResult::Unavailable(_)) | None => {
            segment.outcome = SegmentOutcome::Unavailable(UntranslatedReason::SecondChance);
            return 0;
        }
    };
    let spans: Vec<Option<Marked>> =
        results.map(|result| if let TextResult::Translated(text) = result { Some(text) } else { None }).collect();
    let job = &segment.job;
    let restored = restore_markup(&job.outgoing, stripped, &whole, &spans);
    let Some(answer) = restored.and_then(|text| accept(job, &job.outgoing, text).ok()) else { return 1 };
    segment.outcome = SegmentOutcome::Translated(answer.text);
    0
}
