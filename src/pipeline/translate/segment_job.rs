//! A text to be translated, whoever wants it: what several entries say is sent once.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::reason::UntranslatedReason;
use super::second_asking::SecondAsking;
use crate::model::{Marked, PERSON, SegmentKey, Time};
use crate::translate::{ContextUse, LanguagePair, Outgoing, Part, SegmentRequest, TermForm};

/// The identity of texts of nothing but terms, which no engine translates.
pub(super) const GLOSSARY: &str = "glossary";

/// The time after which a translation that could not be read is to be read again.
const READ_AGAIN: Duration = Duration::from_mins(30);

/// The order when money or time is short: titles, then summaries, then contents; of each the newest.
pub(super) type Rank = (Part, Reverse<Time>, usize);

/// The place of a job in the queue of an engine.
pub(super) type QueueRank = (bool, Rank);

/// A text to be translated.
#[derive(Clone, Debug)]
pub(super) struct SegmentJob {
    pub(super) pair: LanguagePair,
    /// The text with marks, normalised.
    pub(super) source: Marked,
    /// The text as it is sent.
    pub(super) outgoing: Outgoing,
    /// The text for a second asking, once the engine's answer was refused or may become better.
    pub(super) again: Option<SecondAsking>,
    /// True if nothing is left to translate once the terms are restored.
    pub(super) is_only_terms: bool,
    /// The engines to ask in turn.
    pub(super) turns: Vec<EngineTurn>,
    /// The keys of translations by earlier engines, with their identities.
    pub(super) former: Vec<(SegmentKey, Arc<str>)>,
    /// The keys of a translation that a person made, the present one first. The second one tells texts apart.
    pub(super) by_person: [SegmentKey; 2],
    /// The next of `turns`.
    next: usize,
    pub(super) rank: Rank,
    pub(super) state: JobState,
    /// The reasons of the engines so far.
    pub(super) reasons: Vec<UntranslatedReason>,
    /// True if the engine does not know some words of the text, so that its translation has them as they were.
    pub(super) has_unknown_words: bool,
    /// True if one of them was not available, so that asking later may help.
    may_work_later: bool,
    /// The time at which the first refusal of an engine expires.
    refused_until: Option<Time>,
    /// The documents that want this text, as places in the list of the scheduler.
    pub(super) documents: Vec<usize>,
    /// The second reader of the first of them that has one.
    pub(super) reader: Option<SecondReader>,
    /// The outcome of the reading of its translation.
    pub(super) reading: ReadingState,
    /// The reader's words about an earlier translation by the engine that is asked now.
    pub(super) doubt: Option<String>,
    /// The time until which every document that wants it is held back; nothing if one is not.
    pub(super) held_until: Option<Time>,
    /// The finding about its answers, if there is one.
    pub(super) found: Option<UntranslatedReason>,
    /// The ways in which it may be sent.
    pub(super) way: SendingWay,
}

/// The ways in which a text may be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SendingWay {
    /// In a batch, if it can wait, or in a single request.
    #[default]
    Any,
    /// In a single request: it was not taken in a batch.
    Single,
}

/// The second reader of an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecondReader {
    /// An engine, as its place in the list of the pass.
    Engine(usize),
    /// It cannot be used: what it should read is published unread.
    Missing,
}

/// The state of the reading of a translation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ReadingState {
    /// Nobody is to read it, or it has come to nothing yet.
    #[default]
    None,
    /// It waits for its reader: its documents wait with it.
    Queued,
    /// The reader was not available. A later run asks again.
    Unread(UntranslatedReason),
    /// The reader has nothing against it.
    Fine,
    /// The reader gave no verdict that can be used, and is not asked again.
    Unclear,
}

/// An engine whose turn it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EngineTurn {
    /// Its place in the list of the pass.
    pub(super) engine: usize,
    /// The key under which its work is remembered.
    pub(super) key: SegmentKey,
}

/// The state of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JobState {
    /// An engine is to be asked.
    Open,
    /// Translated.
    Done {
        text: Marked,
        /// The identity of the engine that translated it.
        by: Arc<str>,
        is_recalled: bool,
    },
    /// No engine translates it well: the original text stays.
    Untranslated,
    /// An engine was not available: a later run asks again.
    Waiting,
}

impl SegmentJob {
    /// Returns the engine to ask next.
    pub(super) fn turn(&self) -> Option<EngineTurn> {
        self.turns.get(self.next).copied()
    }

    /// Takes another document into account, which is held back until then.
    pub(super) fn hold_until(&mut self, until: Option<Time>) {
        self.held_until = self.held_until.min(until);
    }

    /// Returns true if an engine or the second reader is still to be asked.
    pub(super) fn is_pending(&self) -> bool {
        self.state == JobState::Open || self.reading == ReadingState::Queued
    }

    /// Returns true if no other engine can be asked after this one.
    pub(super) fn is_last_turn(&self) -> bool {
        self.next + 1 >= self.turns.len()
    }

    /// Returns the text to send: with names held back, if it is asked again for them.
    pub(super) fn to_send(&self) -> &Outgoing {
        self.again.as_ref().map_or(&self.outgoing, |again| &again.text)
    }

    /// Returns true if two jobs may go into one request of an engine.
    pub(super) fn goes_with(&self, other: &Self, context: ContextUse) -> bool {
        let is_one_passage = || self.rank.0 == other.rank.0 && self.documents.first() == other.documents.first();
        let is_alike = self.pair.to == other.pair.to && self.pair.from.primary() == other.pair.from.primary();
        match context {
            ContextUse::None => self.pair == other.pair,
            ContextUse::Request => self.pair == other.pair && is_one_passage(),
            // Models are told the language without its region.
            ContextUse::Neighbours => is_alike,
        }
    }

    /// Returns its place in the queue of an engine: by importance, or, for one that reads whole entries, in the order of the entries.
    /// Second askings come last, so that they are gathered.
    pub(super) fn queue_rank(&self, context: ContextUse) -> QueueRank {
        let (part, at, place) = self.rank;
        let rank = if context == ContextUse::Neighbours {
            (Part::Title, Reverse(Time::from_millis(0)), place)
        } else {
            (part, at, place)
        };
        (self.again.is_some(), rank)
    }

    /// Takes the first answer of an engine that cannot be asked a second time. Returns false if there is none that stands.
    pub(super) fn take_accepted(&mut self, by: &Arc<str>) -> bool {
        let Some(accepted) = self.again.as_mut().and_then(|again| again.accepted.take()) else { return false };
        self.has_unknown_words = accepted.has_unknown_words;
        self.state = JobState::Done { text: accepted.text, by: Arc::clone(by), is_recalled: false };
        true
    }

    /// Passes on to the next engine. `may_work_later` tells that the reason is not the text.
    pub(super) fn pass_on(&mut self, reason: UntranslatedReason, may_work_later: bool) {
        tracing::debug!(lang.pair = %self.pair, reason = reason.as_str(), "a segment goes on to the next engine, if there is one");
        self.reasons.push(reason);
        self.may_work_later |= may_work_later;
        self.next += 1;
        (self.again, self.doubt) = (None, None);
        if self.turn().is_none() {
            self.state = if self.may_work_later { JobState::Waiting } else { JobState::Untranslated };
        }
    }

    /// Goes back to a turn: the engine whose translation is in doubt is the last that was asked.
    pub(super) fn reopen(&mut self, turn: usize) {
        (self.next, self.state, self.reading) = (turn, JobState::Open, ReadingState::None);
    }

    /// Passes on to the next engine, since this one refuses the text until some time.
    pub(super) fn refuse(&mut self, reason: UntranslatedReason, until: Option<Time>) {
        self.refused_until = [self.refused_until, until].into_iter().flatten().min();
        self.pass_on(reason, false);
    }

    /// Returns the time from which an engine that has refused the text may be asked again, unless it is translated.
    pub(super) fn retry_at(&self) -> Option<Time> {
        self.refused_until.filter(|_| self.translation().is_none())
    }

    /// Returns the time at which a translation that is published unread is to be read.
    pub(super) fn reread_at(&self, now: Time) -> Option<Time> {
        matches!(self.reading, ReadingState::Unread(_)).then(|| now.plus(READ_AGAIN))
    }

    /// Returns the turns that come before the engine of an identity, and its own.
    pub(super) fn turns_until(&self, is_maker: impl Fn(usize) -> bool) -> (&[EngineTurn], Option<EngineTurn>) {
        match self.turns.iter().position(|turn| is_maker(turn.engine)) {
            Some(own) => (&self.turns[..own], Some(self.turns[own])),
            None => (&[], None),
        }
    }

    /// Leaves the job to a later run.
    pub(super) fn wait(&mut self, reason: UntranslatedReason) {
        self.reasons.push(reason);
        self.state = JobState::Waiting;
    }

    /// Returns true if a person translated the text: then nothing alters it.
    pub(super) fn is_by_person(&self) -> bool {
        matches!(&self.state, JobState::Done { by, .. } if &**by == PERSON)
    }

    /// Returns the translation, if there is one.
    pub(super) fn translation(&self) -> Option<&Marked> {
        if let JobState::Done { text, .. } = &self.state { Some(text) } else { None }
    }
}

/// Returns the keys under which translations of a segment by an engine may be remembered: terms are sent in one form or another.
pub(super) fn engine_keys(segment: &SegmentRequest, LanguagePair { from, to }: &LanguagePair, identity: &str) -> [SegmentKey; 2] {
    let terms = segment.term_pairs();
    [SegmentKey::new, SegmentKey::with_words].map(|make| make(&segment.source, from, to, identity, &terms))
}

/// Returns the keys of a translation that a person made of a segment, the present one first.
pub(super) fn person_keys(segment: &SegmentRequest, LanguagePair { from, to }: &LanguagePair) -> [SegmentKey; 2] {
    let source = &segment.source;
    [SegmentKey::of_person(source, from, to), SegmentKey::of_person_with_terms(source, from, to, &segment.term_pairs())]
}

/// All segment jobs of a round, each text once.
#[derive(Default)]
pub(super) struct SegmentJobs {
    pub(super) all: Vec<SegmentJob>,
    by_key: HashMap<SegmentKey, usize>,
}

impl SegmentJobs {
    /// Adds a segment that the document at a place, dated `at`, wants, and returns its place. `engines` are the places,
    /// identities and forms of terms of the engines to ask.
    pub(super) fn add(
        &mut self,
        segment: &SegmentRequest,
        pair: &LanguagePair,
        engines: &[(usize, &str, TermForm)],
        document: usize,
        at: Time,
    ) -> usize {
        let terms = segment.term_pairs();
        let by_person = person_keys(segment, pair);
        let turn = |(engine, identity, form): &(usize, &str, TermForm)| {
            let make = if *form == TermForm::Word { SegmentKey::with_words } else { SegmentKey::new };
            EngineTurn { engine: *engine, key: make(&segment.source, &pair.from, &pair.to, identity, &terms) }
        };
        let rank = |place: usize| (segment.part, Reverse(at), place);
        if let Some(place) = self.by_key.get(&by_person[1]).copied() {
            let job = &mut self.all[place];
            job.rank = job.rank.min(rank(place));
            if job.documents.last() != Some(&document) {
                job.documents.push(document);
            }
            return place;
        }
        let place = self.all.len();
        self.by_key.insert(by_person[1], place);
        self.all.push(SegmentJob {
            pair: pair.clone(),
            source: segment.source.clone(),
            outgoing: segment.outgoing.clone(),
            again: None,
            is_only_terms: segment.is_only_terms,
            turns: engines.iter().map(turn).collect(),
            former: Vec::new(),
            by_person,
            next: 0,
            rank: rank(place),
            state: if engines.is_empty() { JobState::Waiting } else { JobState::Open },
            reasons: Vec::new(),
            has_unknown_words: false,
            may_work_later: false,
            refused_until: None,
            documents: vec![document],
            reader: None,
            reading: ReadingState::None,
            doubt: None,
            held_until: Some(Time::from_millis(i64::MAX)),
            found: None,
            way: SendingWay::default(),
        });
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Lang, Original, Show, Text};
    use crate::translate::{Document, Glossary};

    /// The jobs of a title that says the same twice, in documents of these dates.
    fn jobs(dates: &[i64]) -> SegmentJobs {
        let lang = |tag| Lang::new(tag).expect("a tag");
        let pair = LanguagePair { from: lang("fr"), to: lang("en") };
        let original = Original { title: Text::new("Marchand en or. Marchand en or."), ..Original::default() };
        let document = Document::new(&original, Show::Title, &pair.from, &pair.to, &Glossary::empty());
        let mut jobs = SegmentJobs::default();
        for (place, at) in dates.iter().enumerate() {
            for segment in document.segments() {
                jobs.add(
                    segment,
                    &pair,
                    &[(1, "apertium", TermForm::Word), (0, "deepl", TermForm::Element)],
                    place,
                    Time::from_millis(*at),
                );
            }
        }
        jobs
    }

    #[test]
    fn text_of_two_documents_is_one_job_with_the_rank_of_the_newer() {
        let jobs = jobs(&[1, 9, 5]);
        assert_eq!(jobs.all.len(), 1);
        assert_eq!(jobs.all[0].rank, (Part::Title, Reverse(Time::from_millis(9)), 0));
        assert_eq!(jobs.all[0].documents, [0, 1, 2]);
    }

    #[test]
    fn refused_segment_goes_to_the_next_engine() {
        let mut jobs = jobs(&[1]);
        let job = &mut jobs.all[0];
        assert_eq!(job.turn().map(|turn| turn.engine), Some(1));
        job.pass_on(UntranslatedReason::BadAnswer, false);
        assert_eq!((job.turn().map(|turn| turn.engine), &job.state), (Some(0), &JobState::Open));
    }

    #[test]
    fn segment_waits_if_one_of_its_engines_was_not_available() {
        let mut jobs = jobs(&[1]);
        let job = &mut jobs.all[0];
        job.pass_on(UntranslatedReason::Budget, true);
        job.pass_on(UntranslatedReason::BadAnswer, false);
        assert_eq!((job.turn(), &job.state), (None, &JobState::Waiting));
    }

    #[test]
    fn segment_that_every_engine_refuses_stays_untranslated() {
        let mut jobs = jobs(&[1]);
        let job = &mut jobs.all[0];
        job.pass_on(UntranslatedReason::BadAnswer, false);
        job.pass_on(UntranslatedReason::TooLong, false);
        assert_eq!(job.state, JobState::Untranslated);
    }
}
