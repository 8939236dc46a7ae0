//! A text to be translated, whoever wants it: what several entries say is asked for once.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Lang, Marked, SegmentKey, Time};
use crate::translate::{IMPORTED, Outgoing, Part, Wanted};

/// What comes first when money or time is short: titles, then summaries, then contents; of each the newest.
pub(super) type Rank = (Part, Reverse<Time>, usize);

/// A text to be translated.
#[derive(Clone, Debug)]
pub(super) struct SegmentJob {
    /// Its languages.
    pub(super) from: Lang,
    pub(super) to: Lang,
    /// The text with marks, normalised.
    pub(super) source: Marked,
    /// What would be sent.
    pub(super) outgoing: Outgoing,
    /// Whether nothing is left to translate once the terms are in their places.
    pub(super) is_settled: bool,
    /// The engines to ask in turn (places among the desks), and the key under which each one's work is remembered.
    pub(super) chain: Vec<(usize, SegmentKey)>,
    /// The key of what people translated.
    pub(super) imported: SegmentKey,
    /// Which of `chain` is next.
    pub(super) next: usize,
    pub(super) rank: Rank,
    pub(super) state: State,
    /// Why the engines so far were of no use.
    pub(super) reasons: Vec<String>,
    /// Whether one of them was not to be had, so that asking later may help.
    pub(super) may_come: bool,
}

/// How far a unit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody has translated it yet.
    Open,
    /// Translated.
    Done {
        text: Marked,
        /// The identity of the engine whose work it is.
        by: Arc<str>,
        is_recalled: bool,
    },
    /// No engine translates it well: it stands as it was written.
    Left,
    /// Not now.
    Waits,
}

impl SegmentJob {
    /// The engine that is next, and the key of its work.
    pub(super) fn turn(&self) -> Option<(usize, SegmentKey)> {
        self.chain.get(self.next).copied()
    }

    /// The engine that was next is of no use for this text. `may_come` tells whether it may be later.
    pub(super) fn pass_on(&mut self, reason: impl Into<String>, may_come: bool) {
        self.reasons.push(reason.into());
        self.may_come |= may_come;
        self.next += 1;
        if self.turn().is_none() {
            self.state = if self.may_come { State::Waits } else { State::Left };
        }
    }

    /// Its translation, if there is one.
    pub(super) fn text(&self) -> Option<&Marked> {
        if let State::Done { text, .. } = &self.state { Some(text) } else { None }
    }

    /// Somebody else has it in hand.
    pub(super) fn wait(&mut self, reason: &str) {
        self.reasons.push(reason.to_owned());
        self.state = State::Waits;
    }
}

/// All units of a round, each once.
#[derive(Default)]
pub(super) struct SegmentJobs {
    pub(super) all: Vec<SegmentJob>,
    known: HashMap<SegmentKey, usize>,
}

impl SegmentJobs {
    /// The unit of a segment that an entry dated `at` wants; made if there is none yet. `identities` are those of all desks.
    pub(super) fn take(
        &mut self,
        wanted: &Wanted,
        (from, to): (&Lang, &Lang),
        desks: &[usize],
        identities: &[Arc<str>],
        at: Time,
    ) -> usize {
        let terms = wanted.term_pairs();
        let key = |identity: &str| SegmentKey::new(&wanted.source, from, to, identity, &terms);
        let imported = key(IMPORTED);
        let rank = |place: usize| (wanted.part, Reverse(at), place);
        if let Some(place) = self.known.get(&imported).copied() {
            let unit = &mut self.all[place];
            unit.rank = unit.rank.min(rank(place));
            return place;
        }
        let place = self.all.len();
        self.known.insert(imported, place);
        self.all.push(SegmentJob {
            from: from.clone(),
            to: to.clone(),
            source: wanted.source.clone(),
            outgoing: wanted.outgoing.clone(),
            is_settled: wanted.is_settled,
            chain: desks.iter().map(|desk| (*desk, key(&identities[*desk]))).collect(),
            imported,
            next: 0,
            rank: rank(place),
            state: if desks.is_empty() { State::Waits } else { State::Open },
            reasons: Vec::new(),
            may_come: false,
        });
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Original, Show, Text};
    use crate::translate::{Document, Glossary};

    fn lang(tag: &str) -> Lang {
        Lang::new(tag).expect("a tag")
    }

    #[test]
    fn what_two_entries_say_is_one_unit_and_ranks_as_the_more_urgent() {
        let (fr, en) = (lang("fr"), lang("en"));
        let original = Original { title: Text::new("Marchand en or. Marchand en or."), ..Original::default() };
        let sheet = Document::lay_out(&original, Show::Title, &fr, &en, &Glossary::empty());
        assert_eq!(sheet.wanted().len(), 2);
        let identities = [Arc::from("deepl"), Arc::from("apertium")];
        let mut units = SegmentJobs::default();
        let mut take = |at: i64| units.take(&sheet.wanted()[0], (&fr, &en), &[1, 0], &identities, Time::from_millis(at));
        assert_eq!([take(1), take(9), take(5)], [0, 0, 0]);
        let unit = &mut units.all[0];
        assert_eq!(unit.rank, (Part::Title, Reverse(Time::from_millis(9)), 0));
        assert_eq!(unit.turn().map(|(desk, _)| desk), Some(1));
        unit.pass_on("numbers", false);
        assert_eq!((unit.turn().map(|(desk, _)| desk), &unit.state), (Some(0), &State::Open));
        unit.pass_on("budget", true);
        assert_eq!((unit.turn(), &unit.state), (None, &State::Waits), "the second may be had later");
    }
}
