//! Translate: entries that editions want in other languages are laid out, translated as far as the memory, the engines and
//! their budgets go, and kept as renditions.
//!
//! The memory is written after every request, and renditions as they are finished: a pass that is killed loses what is on its
//! way, and the next one goes on from there.

mod accept;
mod batch;
mod engine_handle;
mod open;
mod plan;
mod scheduler;
mod segment_job;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::Edition;
use crate::model::{
    Change, Clean, Clock, EntryId, EntryRow, Fault, FaultKind, Lang, Original, Rendition, RenditionInputs, Revision, Show,
    SourceId, TranslationCounts,
};
use crate::store::Store;
use crate::translate::{Document, Glossary};

use super::blocking::spawn_cpu;
use super::error::PipelineError;
use super::full_text::Pages;
use super::originals::originals;
use super::view;
pub use engine_handle::EngineHandle;
use engine_handle::RequestContext;
pub(super) use open::open_engines;
pub use open::{TranslateSetupError, load_glossary, open_engine};
pub(super) use plan::{RenditionRequest, foreign};
use plan::{RenditionRequests, is_translated, lay_out, newest};
use scheduler::Scheduler;

/// How long a text by itself may take.
const TIME: Duration = Duration::from_secs(600);
/// Entries that are laid out at a time: they stand in memory until they are finished.
const ROUND: usize = 200;

/// What the translate pass works with.
pub(super) struct Translate<'a> {
    /// Where it takes its work from.
    pub(super) store: &'a Store,
    /// The present.
    pub(super) clock: &'a dyn Clock,
    /// A name that no other worker has.
    pub(super) worker: &'a str,
    /// The sources whose pages are read.
    pub(super) paged: &'a HashSet<SourceId>,
    /// The engines.
    pub(super) desks: &'a [EngineHandle],
    /// Terms and names.
    pub(super) glossary: &'a Arc<Glossary>,
    /// All editions.
    pub(super) editions: &'a [Edition],
    /// The editions to translate for now.
    pub(super) only: Option<&'a HashSet<String>>,
    /// How long the pass goes on asking engines. What is not translated by then waits for the next one.
    pub(super) time: Duration,
    /// After which no engine is asked any more.
    pub(super) stop: Option<&'a CancellationToken>,
}

/// What the pass did.
#[derive(Debug, Default)]
pub(super) struct Translated {
    /// Segments and characters.
    pub(super) counts: TranslationCounts,
    /// Renditions that were made.
    pub(super) renditions: usize,
    /// Engines in trouble.
    pub(super) faults: Vec<Fault>,
    /// Whether time was up before all was asked for.
    pub(super) is_late: bool,
}

impl Translate<'_> {
    /// Which entries want which renditions, and do not have them: the newest first. The pages of those that want their full
    /// text are looked at first.
    pub(super) async fn find_missing(&self, pages: &mut Pages<'_>) -> Result<Vec<RenditionRequest>, PipelineError> {
        let mut requests = RenditionRequests::new(self.desks, self.glossary);
        for edition in self.editions.iter().filter(|edition| is_translated(edition)) {
            if self.only.is_none_or(|only| only.contains(&edition.id)) {
                let newest = newest(Some(self.store), edition, &HashMap::new()).await?;
                let full_texts = pages.look(&newest, edition.show == Show::Full).await?;
                requests.add(edition, &newest, &full_texts);
            }
        }
        Ok(requests.unfilled(Some(self.store)).await?)
    }

    /// Fills requests as far as the engines are to be had.
    pub(super) async fn translate_all(&self, requests: Vec<RenditionRequest>) -> Result<Translated, PipelineError> {
        let context = RequestContext { store: self.store, clock: self.clock, until: Instant::now() + self.time, stop: self.stop };
        let round = Scheduler { desks: self.desks, context, worker: self.worker };
        let mut done = Translated::default();
        for requests in requests.chunks(ROUND) {
            let known: Vec<EntryRow> = requests.iter().map(|request| request.known.clone()).collect();
            let originals = originals(self.store, &known, self.paged).await?;
            let (requests, glossary) = (requests.to_vec(), Arc::clone(self.glossary));
            let jobs = working(move || lay_out(&requests, originals, &glossary)).await?;
            let (counts, renditions) = round.run(jobs).await?;
            done.counts.segments += counts.segments;
            done.counts.recalled += counts.recalled;
            done.counts.rejected += counts.rejected;
            done.renditions += renditions;
        }
        done.is_late = Instant::now() >= context.until();
        for desk in self.desks {
            let usage = desk.usage();
            done.counts.sent += usage.sent;
            done.counts.characters_sent += usage.used.characters;
            done.counts.cost += money(desk.price.cost_of(usage.used));
            done.faults.extend(fault(desk, usage.is_short));
        }
        Ok(done)
    }
}

/// What a run would send and cost, which would keep these changes and then translate. Nothing is written, and no engine is asked.
pub(super) async fn estimate(
    (desks, glossary): (&[EngineHandle], &Arc<Glossary>),
    store: Option<&Store>,
    editions: impl Iterator<Item = &Edition>,
    changes: Vec<Change>,
) -> Result<TranslationCounts, PipelineError> {
    let changes: HashMap<EntryId, Change> = changes.into_iter().map(|change| (change.entry.key.id(), change)).collect();
    let mut requests = RenditionRequests::new(desks, glossary);
    for edition in editions.filter(|edition| is_translated(edition)) {
        let newest = newest(store, edition, &changes).await?;
        requests.add(edition, &newest, &HashMap::new());
    }
    let requests = requests.unfilled(store).await?;
    let stored: Vec<EntryId> = requests.iter().map(|request| request.known.id).filter(|id| !changes.contains_key(id)).collect();
    let mut entries: Vec<_> = match store {
        Some(store) => store.load_entries(&stored).await?.into_iter().map(|(id, _, entry)| (id, entry)).collect(),
        None => Vec::new(),
    };
    entries.extend(changes.into_iter().map(|(id, change)| (id, change.entry)));
    let glossary = Arc::clone(glossary);
    let jobs = working(move || {
        let wanted: HashSet<EntryId> = requests.iter().map(|request| request.known.id).collect();
        let originals: HashMap<EntryId, Original> =
            entries.into_iter().filter(|(id, _)| wanted.contains(id)).map(|(id, entry)| (id, view::original(entry))).collect();
        lay_out(&requests, originals, &glossary)
    })
    .await?;
    Ok(scheduler::estimate(desks, store, jobs).await?)
}

/// A text to be translated by itself.
pub struct TextRequest<'a> {
    /// The engine, and the terms that it must keep.
    pub engine: EngineHandle,
    /// Terms and names.
    pub glossary: &'a Glossary,
    /// The languages.
    pub from: Lang,
    /// The language that is wanted.
    pub to: Lang,
    /// The text.
    pub html: Clean,
}

/// Translates one text, with everything that entries get: memory, glossary, checks, budget.
pub async fn translate_text(
    ask: TextRequest<'_>,
    store: &Store,
    clock: &dyn Clock,
    worker: &str,
) -> Result<(TranslationCounts, Option<Rendition>), PipelineError> {
    let original = Original { content: Some(ask.html), ..Original::default() };
    let desks = [ask.engine];
    let round =
        Scheduler { desks: &desks, context: RequestContext { store, clock, until: Instant::now() + TIME, stop: None }, worker };
    let job = scheduler::DocumentJob {
        id: EntryId(0),
        revision: Revision(0),
        at: clock.now(),
        inputs: RenditionInputs { hash: 1, show: Show::Full },
        desks: vec![0],
        sheet: Arc::new(Document::lay_out(&original, Show::Full, &ask.from, &ask.to, ask.glossary)),
        to: ask.to,
    };
    let (mut counts, rendition) = round.translate(job).await?;
    let usage = desks[0].usage();
    (counts.sent, counts.characters_sent) = (usage.sent, usage.used.characters);
    counts.cost = money(desks[0].price.cost_of(usage.used));
    Ok((counts, rendition))
}

/// What is wrong with an engine, if anything is.
fn fault(desk: &EngineHandle, is_short: bool) -> Option<Fault> {
    if is_short {
        let message = "its budget is used up: what is not translated goes to the next engine, or waits for the next day or month";
        return Some(Fault::of_engine(&desk.id, FaultKind::Budget, message));
    }
    desk.shut().map(|why| Fault::of_engine(&desk.id, FaultKind::Engine, why))
}

async fn working<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PipelineError> {
    Ok(spawn_cpu("laying out texts", work).await?)
}

/// Millionths as an amount of money.
#[expect(clippy::cast_precision_loss, reason = "shown, not counted with")]
fn money(millionths: u64) -> f64 {
    millionths as f64 / 1e6
}
