//! A round: entries laid out, their texts through the chains of engines, and each entry put together as soon as all its
//! texts have come to an end.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use super::super::blocking::spawn_cpu;
use super::super::error::PipelineError;
use super::accept::examine;
use super::batch::{BatchRun, Outcome};
use super::engine_handle::{EngineHandle, RequestContext};
use super::money;
use super::segment_job::{Rank, SegmentJob, SegmentJobs, State};
use crate::model::{
    EntryId, Lang, Marked, MemoryResult, Rendition, RenditionInputs, RenditionProvenance, Revision, SegmentKey, Time,
    TranslationCounts, Usage,
};
use crate::store::{Store, StoreError, TranslatedEntry};
use crate::translate::{Document, Finished, IMPORTED, batch_len, fits, restore};

/// Whose work a text is that consists of terms.
const GLOSSARY: &str = "glossary";

/// An entry that is wanted in a language.
pub(super) struct DocumentJob {
    pub(super) id: EntryId,
    pub(super) revision: Revision,
    /// Its date, by which it ranks.
    pub(super) at: Time,
    pub(super) to: Lang,
    /// What it is made of, when it comes to its end.
    pub(super) inputs: RenditionInputs,
    /// The engines to ask, as places among the desks.
    pub(super) desks: Vec<usize>,
    pub(super) sheet: Arc<Document>,
}

/// What rounds work with.
pub(super) struct Scheduler<'a> {
    pub(super) desks: &'a [EngineHandle],
    pub(super) context: RequestContext<'a>,
    pub(super) worker: &'a str,
}

/// An entry on its way.
struct Pending {
    job: DocumentJob,
    /// For each wanted text of the sheet its unit.
    units: Vec<usize>,
    /// How many of these are open.
    open: usize,
}

/// An entry whose texts have come to an end: which, made of what and how, laid out how, and its texts.
type Ready = (EntryId, Lang, Revision, RenditionInputs, RenditionProvenance, Arc<Document>, Vec<Option<Marked>>);

/// What came back.
enum Event {
    /// A batch from an engine: its desk, its units, and what became of them.
    Answered(usize, Vec<usize>, Result<(Vec<Outcome>, u64), StoreError>),
    /// Entries that were put together.
    Finished(Result<Vec<TranslatedEntry>, PipelineError>),
}

/// The state of a round.
struct Work<'a> {
    desks: &'a [EngineHandle],
    identities: Vec<Arc<str>>,
    units: SegmentJobs,
    pending: Vec<Pending>,
    /// Which entries want a unit.
    users: HashMap<usize, Vec<usize>>,
    /// Which engines refused which texts before, and why.
    refused: HashMap<SegmentKey, String>,
    /// For each desk the units whose turn it is, the most urgent first.
    queues: Vec<BTreeSet<(Rank, usize)>>,
    in_flight: Vec<usize>,
    /// Entries whose texts have all come to an end, and are not kept yet.
    ready: Vec<usize>,
    counts: TranslationCounts,
    /// Entries that were finished.
    finished: usize,
    /// Where renditions go that are not to be kept.
    given: Option<Vec<Rendition>>,
}

impl Scheduler<'_> {
    /// Translates these entries as far as the engines are to be had. What is counted is told, and how many renditions were kept.
    pub(super) async fn run(&self, jobs: Vec<DocumentJob>) -> Result<(TranslationCounts, usize), PipelineError> {
        let mut work = Work::new(self.desks, jobs);
        self.work_off(&mut work).await?;
        Ok((work.counts, work.finished))
    }

    /// Translates one text that is no entry; nothing of it is kept but what the memory learns.
    pub(super) async fn translate(&self, job: DocumentJob) -> Result<(TranslationCounts, Option<Rendition>), PipelineError> {
        let mut work = Work::new(self.desks, vec![job]);
        work.given = Some(Vec::new());
        self.work_off(&mut work).await?;
        Ok((work.counts, work.given.into_iter().flatten().next()))
    }

    /// Nothing is waited for but what flies: a future that is not polled may hold the store's one connection, for which whoever
    /// polls it would then wait for ever.
    async fn work_off(&self, work: &mut Work<'_>) -> Result<(), PipelineError> {
        let in_use = work.recall(Some(self.context.store)).await?;
        self.context.store.mark_segments_used(&in_use, self.context.clock.now()).await?;
        work.enqueue();
        let mut flying: FuturesUnordered<BoxFuture<'_, Event>> = FuturesUnordered::new();
        loop {
            work.close_shut(self.context.until());
            while let Some((desk, batch)) = work.next_batch(self.context.until()) {
                let units = batch.iter().map(|at| work.units.all[*at].clone()).collect();
                flying.push(Box::pin(self.send(desk, units, batch)));
            }
            if let Some(ready) = work.take_ready(self.context.clock.now()) {
                flying.push(Box::pin(self.keep(ready, work.given.is_none())));
            }
            match flying.next().await {
                None => return Ok(()),
                Some(Event::Answered(desk, batch, result)) => {
                    let (outcomes, rejected) = result?;
                    work.take(desk, &batch, outcomes, rejected);
                }
                Some(Event::Finished(result)) => {
                    let finished = result?;
                    work.finished += finished.len();
                    if let Some(given) = &mut work.given {
                        given.extend(finished.into_iter().map(|translated| translated.rendition));
                    }
                }
            }
        }
    }

    async fn send(&self, desk: usize, units: Vec<SegmentJob>, batch: Vec<usize>) -> Event {
        let batch_run = BatchRun { desk: &self.desks[desk], context: self.context, worker: self.worker };
        let keyed: Vec<_> = units.iter().filter_map(|unit| Some((unit, unit.turn()?.1))).collect();
        let result = batch_run.run(&keyed).await;
        Event::Answered(desk, batch, result)
    }

    /// Puts entries together whose texts have come to an end, and keeps the renditions.
    async fn keep(&self, ready: Vec<Ready>, keep: bool) -> Event {
        let work = move || {
            let put_together = ready.into_iter().map(|(id, to, revision, inputs, making, sheet, texts)| {
                let rendition = rendition(sheet.finish(&texts), making);
                TranslatedEntry { entry: id, lang: to, revision, inputs, rendition }
            });
            put_together.collect::<Vec<_>>()
        };
        let finished = match spawn_cpu("putting entries together", work).await {
            Ok(finished) => finished,
            Err(error) => return Event::Finished(Err(error.into())),
        };
        if keep && let Err(error) = self.context.store.save_translations(&finished).await {
            return Event::Finished(Err(error.into()));
        }
        Event::Finished(Ok(finished))
    }
}

/// What translating these entries would send and cost, if every engine were to be had: each text goes to the first of its engines
/// that has not refused it. `store` is the memory; nothing where there is none yet.
pub(super) async fn estimate(
    desks: &[EngineHandle],
    store: Option<&Store>,
    jobs: Vec<DocumentJob>,
) -> Result<TranslationCounts, StoreError> {
    let mut work = Work::new(desks, jobs);
    work.recall(store).await?;
    work.enqueue();
    let mut cost = 0;
    for (desk, queue) in desks.iter().zip(&work.queues) {
        let units = || queue.iter().map(|(_, at)| &work.units.all[*at]);
        let used = units().fold(Usage::default(), |sum, unit| sum + desk.engine.price(&unit.outgoing, &unit.from, &unit.to));
        work.counts.sent += queue.len() as u64;
        work.counts.characters_sent += used.characters;
        cost += desk.price.cost_of(used);
    }
    work.counts.cost = money(cost);
    Ok(work.counts)
}

impl<'a> Work<'a> {
    fn new(desks: &'a [EngineHandle], jobs: Vec<DocumentJob>) -> Self {
        let identities: Vec<Arc<str>> = desks.iter().map(|desk| Arc::from(desk.engine.identity())).collect();
        let (mut units, mut pending, mut users) = (SegmentJobs::default(), Vec::new(), HashMap::<usize, Vec<usize>>::new());
        for job in jobs {
            let languages = job.sheet.languages();
            let of_job: Vec<usize> =
                job.sheet.wanted().iter().map(|wanted| units.take(wanted, languages, &job.desks, &identities, job.at)).collect();
            for unit in &of_job {
                let users = users.entry(*unit).or_default();
                if users.last() != Some(&pending.len()) {
                    users.push(pending.len());
                }
            }
            pending.push(Pending { job, units: of_job, open: 0 });
        }
        let counts = TranslationCounts { segments: units.all.len() as u64, ..TranslationCounts::default() };
        Self {
            desks,
            identities,
            units,
            pending,
            users,
            refused: HashMap::new(),
            queues: vec![BTreeSet::new(); desks.len()],
            in_flight: vec![0; desks.len()],
            ready: Vec::new(),
            counts,
            finished: 0,
            given: None,
        }
    }

    /// Takes what is known already: terms that are all there is, what people translated, what engines did before.
    /// The keys of what was found.
    async fn recall(&mut self, store: Option<&Store>) -> Result<Vec<SegmentKey>, StoreError> {
        for unit in self.units.all.iter_mut().filter(|unit| unit.is_settled) {
            if let Ok(text) = restore(&unit.outgoing.text, &unit.outgoing.terms, &unit.to) {
                unit.state = State::Done { text, by: Arc::from(GLOSSARY), is_recalled: true };
            }
        }
        let Some(store) = store else { return Ok(Vec::new()) };
        let open = || self.units.all.iter().filter(|unit| unit.state != State::Left);
        let keys: Vec<SegmentKey> =
            open().flat_map(|unit| std::iter::once(unit.imported).chain(unit.chain.iter().map(|(_, key)| *key))).collect();
        let known: HashMap<SegmentKey, MemoryResult> = store.recall_segments(&keys).await?.into_iter().collect();
        for unit in &mut self.units.all {
            if matches!(unit.state, State::Done { .. }) {
                continue;
            }
            if let Some((text, by)) = recalled(unit, &known, &self.identities) {
                unit.state = State::Done { text, by, is_recalled: true };
                self.counts.recalled += 1;
            }
        }
        let in_use = known.keys().copied().collect();
        self.refused = known
            .into_iter()
            .filter_map(|(key, remembered)| if let MemoryResult::Refused(why) = remembered { Some((key, why)) } else { None })
            .collect();
        Ok(in_use)
    }

    /// Puts every open unit into the queue of its engine, and finds the entries that want nothing more.
    fn enqueue(&mut self) {
        for at in 0..self.units.all.len() {
            self.queue(at);
        }
        for entry in 0..self.pending.len() {
            let is_open = |unit: &&usize| self.units.all[**unit].state == State::Open;
            self.pending[entry].open =
                self.pending[entry].units.iter().collect::<HashSet<_>>().into_iter().filter(is_open).count();
            if self.pending[entry].open == 0 {
                self.ready.push(entry);
            }
        }
    }

    /// Puts a unit into the queue of the engine whose turn it is, past those that have refused it before.
    fn queue(&mut self, at: usize) {
        let unit = &mut self.units.all[at];
        while unit.state == State::Open
            && let Some((desk, key)) = unit.turn()
        {
            if let Some(why) = self.refused.get(&key) {
                unit.pass_on(why.clone(), false);
            } else if !fits(&unit.outgoing, self.desks[desk].limits()) {
                unit.pass_on("too-long", false);
            } else {
                self.queues[desk].insert((unit.rank, at));
                return;
            }
        }
    }

    /// What waits for engines that are not to be had any more goes on to the next ones.
    fn close_shut(&mut self, until: Instant) {
        while let Some((desk, why)) = (0..self.queues.len()).find_map(|desk| {
            let why = self.closed(desk, until)?;
            (!self.queues[desk].is_empty()).then_some((desk, why))
        }) {
            for (_, at) in std::mem::take(&mut self.queues[desk]) {
                self.units.all[at].pass_on(why, true);
                self.went_on(at);
            }
        }
    }

    /// Why nothing more is sent to an engine, if that is so.
    fn closed(&self, desk: usize, until: Instant) -> Option<&'static str> {
        if Instant::now() >= until {
            return Some("deadline");
        }
        self.desks[desk].closed()
    }

    /// The next batch for an engine that is free, the most urgent texts first, all in the same languages.
    fn next_batch(&mut self, until: Instant) -> Option<(usize, Vec<usize>)> {
        let is_free = |desk: &usize| {
            !self.queues[*desk].is_empty()
                && self.in_flight[*desk] < self.desks[*desk].limits().in_flight.max(1)
                && self.closed(*desk, until).is_none()
        };
        let desk = (0..self.queues.len()).find(is_free)?;
        let limits = self.desks[desk].limits();
        let units = &self.units.all;
        let first = &units[self.queues[desk].first()?.1];
        let fitting: Vec<(Rank, usize)> = self.queues[desk]
            .iter()
            .filter(|(_, at)| (&units[*at].from, &units[*at].to) == (&first.from, &first.to))
            .take(limits.texts)
            .copied()
            .collect();
        let count = batch_len(fitting.iter().map(|(_, at)| &units[*at].outgoing), limits);
        for taken in &fitting[..count] {
            self.queues[desk].remove(taken);
        }
        self.in_flight[desk] += 1;
        Some((desk, fitting[..count].iter().map(|(_, at)| *at).collect()))
    }

    /// What a batch brought.
    fn take(&mut self, desk: usize, batch: &[usize], outcomes: Vec<Outcome>, rejected: u64) {
        self.in_flight[desk] -= 1;
        self.counts.rejected += rejected;
        for (at, outcome) in batch.iter().copied().zip(outcomes) {
            let by = Arc::clone(&self.identities[desk]);
            let unit = &mut self.units.all[at];
            match outcome {
                Outcome::Done(text) => unit.state = State::Done { text, by, is_recalled: false },
                Outcome::Recalled(text) => {
                    unit.state = State::Done { text, by, is_recalled: true };
                    self.counts.recalled += 1;
                }
                Outcome::Refused(why) => unit.pass_on(why, false),
                Outcome::Absent(why) => unit.pass_on(why, true),
                Outcome::Elsewhere => unit.wait("in-hand-elsewhere"),
            }
            self.went_on(at);
        }
    }

    /// A unit is translated, or goes to its next engine, or came to its end.
    fn went_on(&mut self, at: usize) {
        self.queue(at);
        if self.units.all[at].state == State::Open {
            return;
        }
        for entry in self.users.get(&at).into_iter().flatten() {
            self.pending[*entry].open -= 1;
            if self.pending[*entry].open == 0 {
                self.ready.push(*entry);
            }
        }
    }

    /// Entries whose texts have come to an end since the last time, if there are any that something was found for.
    fn take_ready(&mut self, now: Time) -> Option<Vec<Ready>> {
        let ready: Vec<Ready> = std::mem::take(&mut self.ready)
            .into_iter()
            .filter_map(|entry| {
                let Pending { job, units, .. } = &self.pending[entry];
                let units: Vec<&SegmentJob> = units.iter().map(|at| &self.units.all[*at]).collect();
                let texts: Vec<Option<Marked>> = units.iter().map(|unit| unit.text().cloned()).collect();
                let waits = units.iter().any(|unit| unit.state == State::Waits);
                if waits && self.given.is_none() && texts.iter().all(Option::is_none) {
                    return None;
                }
                let inputs = if waits { RenditionInputs { hash: RenditionInputs::UNFINISHED, ..job.inputs } } else { job.inputs };
                Some((job.id, job.to.clone(), job.revision, inputs, making(&units, now), Arc::clone(&job.sheet), texts))
            })
            .collect();
        (!ready.is_empty()).then_some(ready)
    }
}

/// A translation of a unit that is known already, and whose it is: of people first, then of its engines in their request.
fn recalled(unit: &SegmentJob, known: &HashMap<SegmentKey, MemoryResult>, identities: &[Arc<str>]) -> Option<(Marked, Arc<str>)> {
    let translation = |key: &SegmentKey| match known.get(key) {
        Some(MemoryResult::Translation(text)) => {
            Marked::from_tagged(text).filter(|text| text.marks() == unit.source.marks() && text.is_well_nested())
        }
        _ => None,
    };
    // What others wrote was never looked at here.
    if let Some(text) = translation(&unit.imported).filter(|text| examine(unit, text).is_ok()) {
        return Some((text, Arc::from(IMPORTED)));
    }
    unit.chain.iter().find_map(|(desk, key)| Some((translation(key)?, Arc::clone(&identities[*desk]))))
}

fn making(units: &[&SegmentJob], at: Time) -> RenditionProvenance {
    let mut making =
        RenditionProvenance { engines: Vec::new(), at, translated: 0, recalled: 0, left: 0, waiting: 0, reasons: Vec::new() };
    for unit in units {
        match &unit.state {
            State::Done { by, is_recalled, .. } => {
                *(if *is_recalled { &mut making.recalled } else { &mut making.translated }) += 1;
                if &**by != GLOSSARY {
                    making.engines.push(by.to_string());
                }
                continue;
            }
            State::Waits => making.waiting += 1,
            State::Left | State::Open => making.left += 1,
        }
        making.reasons.extend(unit.reasons.iter().cloned());
    }
    for list in [&mut making.engines, &mut making.reasons] {
        list.sort_unstable();
        list.dedup();
    }
    making
}

fn rendition(finished: Finished, mut making: RenditionProvenance) -> Rendition {
    let Finished { title, title_left, summary, content, text, unplaced } = finished;
    if unplaced > 0 {
        making.left += unplaced;
        making.reasons.push("unplaced".to_owned());
    }
    Rendition { title, title_left, summary, content, text, provenance: making }
}
