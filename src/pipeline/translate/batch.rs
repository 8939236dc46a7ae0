//! One batch through one engine: what others have in hand is left to them, what comes is verified; what is refused, or may be the
//! answer to another text, gets a second chance alone, then without its inline marks; and what came of it is remembered before
//! anything else happens.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::accept::{accept, examine};
use super::engine_handle::{Answer, EngineHandle, RequestContext};
use super::segment_job::SegmentJob;
use crate::model::{Marked, MemoryResult, SegmentKey};
use crate::store::{MemoryEntry, StoreError};
use crate::translate::{Outgoing, bare, find_swapped, place, protect_name, restore};

/// How long other workers leave a text alone that this one has in hand.
const CLAIM: Duration = Duration::from_secs(15 * 60);
/// How many altered names are held back one after the other.
const NAMES: usize = 2;
/// In a batch of at least so many texts it tells something of the engine when most are refused.
const MANY: usize = 8;

/// What became of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Translated.
    Done(Marked),
    /// Somebody else translated it meanwhile.
    Recalled(Marked),
    /// Every answer of this engine was refused, for this reason; it will not be asked again.
    Refused(String),
    /// This engine is not to be had now.
    Absent(String),
    /// Another worker has it in hand.
    Elsewhere,
}

/// Which units have an answer that may be another's.
fn moved(units: &[(&SegmentJob, SegmentKey)], ours: &[usize], answers: &[Answer]) -> HashSet<usize> {
    let sources: Vec<&Marked> = ours.iter().map(|at| &units[*at].0.source).collect();
    let texts: Vec<Option<&Marked>> =
        answers.iter().map(|answer| if let Answer::Text(text) = answer { Some(text) } else { None }).collect();
    find_swapped(&sources, &texts).into_iter().map(|place| ours[place]).collect()
}

/// A batch on its way through an engine.
pub(super) struct BatchRun<'a> {
    pub(super) desk: &'a EngineHandle,
    pub(super) context: RequestContext<'a>,
    pub(super) worker: &'a str,
}

impl BatchRun<'_> {
    /// Goes with these units, all in the same languages, and the keys of this engine's work; as many outcomes in their request, and
    /// how many answers were refused.
    pub(super) async fn run(&self, units: &[(&SegmentJob, SegmentKey)]) -> Result<(Vec<Outcome>, u64), StoreError> {
        let Some((first, _)) = units.first() else { return Ok((Vec::new(), 0)) };
        let languages = (&first.from, &first.to);
        let mut outcomes = vec![Outcome::Elsewhere; units.len()];
        let ours = self.claim(units, &mut outcomes).await?;
        let texts: Vec<Outgoing> = ours.iter().map(|at| units[*at].0.outgoing.clone()).collect();
        let answers = self.desk.ask(&texts, languages, self.context).await?;
        let (mut doubtful, mut altered) = (Vec::new(), HashMap::new());
        let moved: HashSet<usize> = moved(units, &ours, &answers);
        for (at, answer) in ours.iter().copied().zip(answers) {
            let unit = units[at].0;
            outcomes[at] = match answer {
                Answer::Absent(why) => Outcome::Absent(why.to_owned()),
                Answer::Unfit(why) => Outcome::Refused(why),
                Answer::Text(_) if moved.contains(&at) => Outcome::Refused("request".to_owned()),
                Answer::Text(text) => match accept(unit, &unit.outgoing, text) {
                    Ok(text) => Outcome::Done(text),
                    Err(refusal) => {
                        altered.extend(refusal.name.map(|name| (at, name)));
                        Outcome::Refused(refusal.why)
                    }
                },
            };
            if matches!(outcomes[at], Outcome::Refused(_)) {
                doubtful.push(at);
            }
        }
        let mut rejected = doubtful.len() as u64;
        if ours.len() >= MANY && doubtful.len() * 2 > ours.len() {
            // So much nonsense is the engine's state, not that of the texts: they may come to it again another day.
            self.desk.disappointed(self.context);
            for at in doubtful.drain(..) {
                if let Outcome::Refused(why) = &outcomes[at] {
                    outcomes[at] = Outcome::Absent(why.clone());
                }
            }
        }
        for at in doubtful {
            let (outcome, more) = self.again(units[at].0, &outcomes[at], altered.remove(&at), ours.len() == 1).await?;
            outcomes[at] = outcome;
            rejected += more;
        }
        self.settle(units, &ours, &outcomes).await?;
        Ok((outcomes, rejected))
    }

    /// Takes those texts that nobody else has in hand: their places. What others have finished meanwhile is recalled.
    async fn claim(&self, units: &[(&SegmentJob, SegmentKey)], outcomes: &mut [Outcome]) -> Result<Vec<usize>, StoreError> {
        let keys: Vec<SegmentKey> = units.iter().map(|(_, key)| *key).collect();
        let now = self.context.clock.now();
        let claimed: HashSet<SegmentKey> =
            self.context.store.lease_segments(&keys, self.worker, now, now.plus(CLAIM)).await?.into_iter().collect();
        let (ours, theirs): (Vec<usize>, Vec<usize>) = (0..units.len()).partition(|at| claimed.contains(&keys[*at]));
        if !theirs.is_empty() {
            let keys_of_theirs: Vec<SegmentKey> = theirs.iter().map(|at| keys[*at]).collect();
            let known: HashMap<SegmentKey, MemoryResult> =
                self.context.store.recall_segments(&keys_of_theirs).await?.into_iter().collect();
            for at in theirs {
                match known.get(&keys[at]) {
                    Some(MemoryResult::Translation(text)) => {
                        outcomes[at] = Marked::from_tagged(text).map_or(Outcome::Elsewhere, Outcome::Recalled);
                    }
                    Some(MemoryResult::Refused(why)) => outcomes[at] = Outcome::Refused(why.clone()),
                    None => {}
                }
            }
        }
        Ok(ours)
    }

    /// The second chances of a text whose answer was refused, and how many further answers were: alone, with the names held back
    /// that the answers have `altered`; then without its inline marks.
    async fn again(
        &self,
        unit: &SegmentJob,
        refused: &Outcome,
        mut altered: Option<String>,
        was_alone: bool,
    ) -> Result<(Outcome, u64), StoreError> {
        let (mut last, mut rejected, mut sent) = (refused.clone(), 0, unit.outgoing.clone());
        for turn in 0..=NAMES {
            let holding = altered.take().and_then(|name| protect_name(&sent, &name));
            if holding.is_none() && (was_alone || turn > 0) {
                break;
            }
            sent = holding.unwrap_or(sent);
            let answers = self.desk.ask(std::slice::from_ref(&sent), (&unit.from, &unit.to), self.context).await?;
            match answers.into_iter().next() {
                Some(Answer::Text(text)) => match accept(unit, &sent, text) {
                    Ok(text) => return Ok((Outcome::Done(text), rejected)),
                    Err(refusal) => (last, altered) = (Outcome::Refused(refusal.why), refusal.name),
                },
                Some(Answer::Unfit(why)) => last = Outcome::Refused(why),
                // That it could not be asked again does not make its first answer any better.
                Some(Answer::Absent(_)) | None => return Ok((Outcome::Absent("second-chance".to_owned()), rejected)),
            }
            rejected += 1;
        }
        let Some(bare) = bare(&unit.outgoing) else { return Ok((last, rejected)) };
        let mut texts = vec![bare.whole.clone()];
        texts.extend(bare.spans.iter().map(|(_, span)| span.clone()));
        let mut answers =
            self.desk.ask(&texts, (&unit.from, &unit.to), self.context).await?.into_iter().map(|answer| match answer {
                Answer::Text(text) => Ok(text),
                Answer::Unfit(_) => Err(true),
                Answer::Absent(_) => Err(false),
            });
        let whole = match answers.next() {
            Some(Ok(whole)) => whole.shaped_like(&bare.whole.text),
            Some(Err(false)) | None => return Ok((Outcome::Absent("second-chance".to_owned()), rejected)),
            Some(Err(true)) => return Ok((last, rejected + 1)),
        };
        let spans: Vec<Option<Marked>> = answers.map(Result::ok).collect();
        let placed = place(&unit.outgoing, &bare, &whole, &spans).and_then(|placed| {
            let text = restore(&placed, &unit.outgoing.terms, &unit.to).ok()?.normalised();
            examine(unit, &text).ok().map(|()| text)
        });
        Ok(placed.map_or((last, rejected + 1), |text| (Outcome::Done(text), rejected)))
    }

    /// Remembers what came of it, and gives back what did not come to an end.
    async fn settle(&self, units: &[(&SegmentJob, SegmentKey)], ours: &[usize], outcomes: &[Outcome]) -> Result<(), StoreError> {
        let made = self.context.clock.now();
        let (mut memories, mut open) = (Vec::new(), Vec::new());
        for at in ours {
            let (unit, key) = units[*at];
            let result = match &outcomes[*at] {
                Outcome::Done(text) => MemoryResult::Translation(text.to_tagged()),
                Outcome::Refused(why) => MemoryResult::Refused(why.clone()),
                Outcome::Recalled(_) | Outcome::Absent(_) | Outcome::Elsewhere => {
                    open.push(key);
                    continue;
                }
            };
            memories.push(MemoryEntry {
                key,
                from: unit.from.clone(),
                to: unit.to.clone(),
                engine: self.desk.engine.identity().to_owned(),
                source: unit.source.to_tagged(),
                result,
                made,
            });
        }
        self.context.store.save_memory(&memories, self.worker, false).await?;
        self.context.store.release_segments(&open, self.worker).await
    }
}
