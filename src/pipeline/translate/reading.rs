//! One request to a second reader: recalls what was read before, claims the rest, has it read, and remembers the verdicts.
//!
//! A doubt is remembered as a refusal of the engine that made the translation: it is asked for again when that expires. A reader that
//! doubts most of a large request is not believed: it is broken, or a text has talked it round.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::batch::CLAIM;
use super::engine_handle::{EngineHandle, ReadingResult};
use super::reason::UntranslatedReason;
use super::request_context::RequestContext;
use super::segment_job::SegmentJob;
use crate::model::{Marked, MemoryResult, SegmentKey};
use crate::policy::engine_health::{AnswerCounts, judge_batch};
use crate::policy::refusal::next_refusal;
use crate::store::{MemoryEntry, MemoryFinding, Reading, StoreError, Verdict};
use crate::translate::{LanguagePair, ReaderVerdict, ReadingText};

/// The outcome of the reading of one translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SegmentVerdict {
    /// The reader has nothing against it.
    Fine,
    /// The reader doubts it, in these words.
    Doubted(String),
    /// The reader gave no verdict that can be used.
    Unclear,
    /// The reader was not available.
    Unread(UntranslatedReason),
}

/// A translation that is to be read.
pub(super) struct ReadSegment {
    /// The place of the job in the list of the scheduler.
    pub(super) place: usize,
    pair: LanguagePair,
    source: Marked,
    text: ReadingText,
    /// The key of the reading.
    key: SegmentKey,
    /// The key under which the memory has the translation.
    pub(super) memory: SegmentKey,
    /// The identity of its maker.
    by: Arc<str>,
    /// The number of earlier refusals of the segment in a row.
    refusals: u32,
    pub(super) verdict: SegmentVerdict,
    /// True if the reader was sent it, and answered.
    pub(super) was_sent: bool,
}

impl ReadSegment {
    pub(super) fn new(
        place: usize,
        job: &SegmentJob,
        result: &Marked,
        (memory, by, refusals): (SegmentKey, &Arc<str>, u32),
    ) -> Self {
        Self {
            place,
            pair: job.pair.clone(),
            source: job.source.clone(),
            text: ReadingText { source: job.source.plain(), result: result.plain(), kind: job.outgoing.kind },
            key: SegmentKey::of_reading(&job.source, result, &job.pair.from, &job.pair.to),
            memory,
            by: Arc::clone(by),
            refusals,
            verdict: SegmentVerdict::Unread(UntranslatedReason::InHandElsewhere),
            was_sent: false,
        }
    }

    /// Returns the texts to be read.
    pub(super) fn text(&self) -> &ReadingText {
        &self.text
    }
}

/// A batch on its way to a reader.
pub(super) struct ReadingRun<'a> {
    pub(super) engine: &'a EngineHandle,
    pub(super) pair: &'a LanguagePair,
    pub(super) context: RequestContext<'a>,
    pub(super) worker: &'a str,
}

impl ReadingRun<'_> {
    /// Has the translations read, and sets their verdicts.
    pub(super) async fn run(&self, segments: &mut [ReadSegment]) -> Result<(), StoreError> {
        self.recall(segments).await?;
        let mut claimed = self.claim(segments).await?;
        if !claimed.is_empty() {
            self.send(&mut claimed).await?;
            let keys: Vec<SegmentKey> = claimed.iter().map(|segment| segment.key).collect();
            self.remember(&claimed).await?;
            self.context.store.release_segments(&keys, self.worker).await?;
        }
        self.refuse_doubted(segments).await
    }

    /// Takes over what was read before.
    async fn recall(&self, segments: &mut [ReadSegment]) -> Result<(), StoreError> {
        let keys: Vec<SegmentKey> = segments.iter().map(|segment| segment.key).collect();
        let known: HashMap<SegmentKey, Reading> =
            self.context.store.recall_readings(&keys).await?.into_iter().map(|reading| (reading.key, reading)).collect();
        for segment in segments {
            segment.verdict = match known.get(&segment.key) {
                None => continue,
                Some(Reading { verdict: Verdict::Fine, .. }) => SegmentVerdict::Fine,
                Some(Reading { verdict: Verdict::Unclear, .. }) => SegmentVerdict::Unclear,
                Some(Reading { finding, .. }) => SegmentVerdict::Doubted(finding.clone().unwrap_or_default()),
            };
        }
        Ok(())
    }

    /// Claims what was not read, and returns what no other worker has claimed.
    async fn claim<'s>(&self, segments: &'s mut [ReadSegment]) -> Result<Vec<&'s mut ReadSegment>, StoreError> {
        let (store, now) = (self.context.store, self.context.clock.now());
        let unread = |segment: &&mut ReadSegment| matches!(segment.verdict, SegmentVerdict::Unread(_));
        let mut open: Vec<&mut ReadSegment> = segments.iter_mut().filter(unread).collect();
        let keys: Vec<SegmentKey> = open.iter().map(|segment| segment.key).collect();
        let claimed: HashSet<SegmentKey> =
            store.lease_segments(&keys, self.worker, now, now.plus(CLAIM)).await?.into_iter().collect();
        open.retain(|segment| claimed.contains(&segment.key));
        Ok(open)
    }

    /// Sends the translations to the reader.
    async fn send(&self, segments: &mut [&mut ReadSegment]) -> Result<(), StoreError> {
        let texts: Vec<ReadingText> = segments.iter().map(|segment| segment.text.clone()).collect();
        let results = self.engine.read(&texts, self.pair, self.context).await?;
        for (segment, result) in segments.iter_mut().zip(results) {
            segment.was_sent = matches!(result, ReadingResult::Answered(_));
            segment.verdict = match result {
                ReadingResult::Answered(Some(ReaderVerdict::Fine)) => SegmentVerdict::Fine,
                ReadingResult::Answered(Some(ReaderVerdict::Wrong(doubt))) => SegmentVerdict::Doubted(doubt.sentence()),
                ReadingResult::Answered(None) => SegmentVerdict::Unclear,
                ReadingResult::Unavailable(reason) => SegmentVerdict::Unread(reason),
            };
        }
        let count = |is: &dyn Fn(&SegmentVerdict) -> bool| segments.iter().filter(|segment| is(&segment.verdict)).count();
        let refused = count(&|verdict| matches!(verdict, SegmentVerdict::Doubted(_)));
        let accepted = count(&|verdict| matches!(verdict, SegmentVerdict::Fine));
        if judge_batch(AnswerCounts { accepted, refused, echoed: 0 }) == Some(true) {
            self.engine.record_distrust();
            for segment in segments.iter_mut().filter(|segment| segment.was_sent) {
                segment.verdict = SegmentVerdict::Unclear;
            }
        } else {
            self.engine.record_accepted(self.pair, (accepted + refused) as u64);
        }
        Ok(())
    }

    /// Remembers the verdicts: no translation is paid for twice to be read.
    async fn remember(&self, segments: &[&mut ReadSegment]) -> Result<(), StoreError> {
        let reading = |segment: &&mut ReadSegment| {
            let (verdict, finding) = match &segment.verdict {
                SegmentVerdict::Fine => (Verdict::Fine, None),
                SegmentVerdict::Doubted(finding) => (Verdict::Wrong, Some(finding.clone())),
                SegmentVerdict::Unclear => (Verdict::Unclear, None),
                SegmentVerdict::Unread(_) => return None,
            };
            Some(Reading { key: segment.key, verdict, finding })
        };
        let readings: Vec<Reading> = segments.iter().filter_map(reading).collect();
        let (reader, now) = (self.engine.engine.identity(), self.context.clock.now());
        self.context.store.save_readings(&readings, reader, now).await
    }

    /// Makes refusals of the translations that are doubted.
    async fn refuse_doubted(&self, segments: &[ReadSegment]) -> Result<(), StoreError> {
        let made = self.context.clock.now();
        let (mut memories, mut findings) = (Vec::new(), Vec::new());
        for segment in segments {
            let SegmentVerdict::Doubted(finding) = &segment.verdict else { continue };
            let reason = UntranslatedReason::SecondReader.as_str();
            memories.push(MemoryEntry {
                key: segment.memory,
                from: segment.pair.from.clone(),
                to: segment.pair.to.clone(),
                engine: segment.by.to_string(),
                source: segment.source.to_tagged(),
                result: MemoryResult::Refused(next_refusal(reason, segment.refusals, made)),
                made,
            });
            findings.push(MemoryFinding { key: segment.memory, doubt: None, finding: Some(finding.clone()) });
        }
        self.context.store.save_memory(&memories, self.worker, true).await?;
        self.context.store.save_findings(&findings).await
    }
}
