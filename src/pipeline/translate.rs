//! The translate pass: finds the renditions that editions want, translates them as far as the memory, the engines and their
//! budgets go, and saves them.
//!
//! The memory is written after every request, and renditions as they are finished: a pass that is killed loses only the requests
//! in flight, and the next one goes on from there.
//!
//! `basis` ends a pass over an unchanged world; `plan` finds the work; `scheduler` queues segments for engines; `batch` sends some of them and has the answers checked by
//! `accept`; `similar` finds earlier translations as context;
//! `reading` has translations read by a second engine; `stand_ins` finds entries in the place of those that cannot be translated;
//! `engine_handle` keeps the budget and the circuit breaker of an engine.

mod accept;
mod basis;
mod batch;
mod collection;
mod corrected;
mod cost;
mod document_job;
mod engine_handle;
mod engine_states;
mod estimate;
mod explain;
mod models;
mod open;
mod plan;
mod reading;
mod reason;
mod request_context;
mod review;
mod scheduler;
mod second_asking;
mod segment_job;
mod similar;
mod similar_index;
mod stand_ins;
mod submission;
mod text;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::Edition;
use crate::model::{Clock, EntryRow, Fault, Show, SourceId, TranslationCounts};
use crate::store::Store;
use crate::translate::{Glossary, Part};

use super::blocking::spawn_cpu;
use super::edition_rows::RowReader;
use super::error::PipelineError;
use super::full_text::{Pages, is_page_missing};
use super::originals::load_or_make_originals;
pub use engine_handle::EngineHandle;
use engine_states::EngineStates;
pub(super) use estimate::EstimateRequest;
pub(super) use explain::SegmentExplainer;
pub(super) use models::get_missing_models;
pub use models::{list_models, model_origin};
pub(super) use open::{OpenedEngines, open_engines};
pub use open::{TranslateSetupError, load_glossary, open_engine};
pub(super) use plan::{ExpectedEntries, RenditionRequest, source_language};
use plan::{MissingRenditions, RenditionRequests, is_translated, lay_out, newest_entries};
use request_context::RequestContext;
pub use review::SegmentReview;
use scheduler::{Destination, Scheduler};
pub(super) use stand_ins::{Tried, tried};
pub use text::{TextRequest, translate_text};

/// The number of entries that are translated at a time: they are in memory until they are finished.
const CHUNK: usize = 200;

/// The translate pass.
pub(super) struct Translate<'a> {
    /// The store.
    pub(super) store: &'a Store,
    /// The present.
    pub(super) clock: &'a dyn Clock,
    /// A name that no other worker has.
    pub(super) worker: &'a str,
    /// The sources whose article pages are fetched.
    pub(super) paged: &'a HashSet<SourceId>,
    /// The engines.
    pub(super) engines: &'a [EngineHandle],
    /// Terms and names.
    pub(super) glossary: &'a Arc<Glossary>,
    /// The path of feeds.toml.
    pub(super) plan: &'a str,
    /// A hash of its text.
    pub(super) fingerprint: &'a str,
    /// All editions.
    pub(super) editions: &'a [Edition],
    /// The editions to translate now; without it, all.
    pub(super) only: Option<&'a HashSet<String>>,
    /// The time after which no further request begins. The next pass translates the rest.
    pub(super) time: Duration,
    /// True if engines that want to be asked later are asked now.
    pub(super) force: bool,
    /// No further request begins after it is cancelled.
    pub(super) stop: Option<&'a CancellationToken>,
}

/// The result of the translate pass.
#[derive(Debug, Default)]
pub(super) struct Translated {
    /// Segments, characters and cost.
    pub(super) counts: TranslationCounts,
    /// Renditions that were saved.
    pub(super) renditions: usize,
    /// Engines and pairs of languages that are not available.
    pub(super) faults: Vec<Fault>,
    /// True if time was up before everything was sent.
    pub(super) is_late: bool,
}

impl Translate<'_> {
    /// Finds the renditions that editions want and the store does not have, those of the newest entries first. The article pages
    /// of those that want their full text are fetched first. If nothing has changed since there were none, no entry is read.
    /// What was `tried` in this pass is left out; other entries are looked for in its place.
    pub(super) async fn find_missing(
        &self,
        pages: &mut Pages<'_>,
        tried: &Tried,
    ) -> Result<Vec<RenditionRequest>, PipelineError> {
        // Before anything else is read: what changes from now on is a change after this pass.
        let (hash, now) = (self.hash_world(&self.store.load_change_counts().await?), self.clock.now());
        if tried.is_empty() && self.is_unchanged(&hash, now).await? {
            tracing::debug!("nothing has changed that translations depend on");
            return Ok(Vec::new());
        }
        let (mut requests, mut reader) = (RenditionRequests::new(self.engines, self.glossary), RowReader::new(true));
        let mut is_final = true;
        for edition in self.wanted_editions() {
            let expected = ExpectedEntries::default();
            let rows = newest_entries(Some(self.store), &mut reader, edition, &expected, &HashSet::new()).await?;
            let full_texts = pages.load_or_fetch(&rows, edition.show == Show::Full).await?;
            is_final &= !is_page_missing(&rows, &full_texts, self.paged);
            requests.add_edition(edition, &rows, &full_texts);
            let of_pass = (&mut reader, &mut *pages, tried);
            is_final &= self.add_stand_ins(edition, &rows, of_pass, &mut requests).await?;
        }
        let MissingRenditions { mut requests, next_retry } = requests.find_missing(Some(self.store), now).await?;
        requests.retain(|request| !tried.contains(&(request.known.id, request.to.clone())));
        let requests = self.without_unconcerned(requests).await?;
        if requests.is_empty() && is_final && tried.is_empty() {
            self.save_basis(hash, now, next_retry).await?;
        }
        Ok(self.with_former_work(requests).await?)
    }

    /// Returns the editions that are translated now, in the order of feeds.toml.
    fn wanted_editions(&self) -> impl Iterator<Item = &Edition> {
        let is_wanted = |edition: &&Edition| is_translated(edition) && self.only.is_none_or(|only| only.contains(&edition.id));
        self.editions.iter().filter(is_wanted)
    }

    /// Begins to translate: reads the states of the engines.
    pub(super) async fn begin(&self) -> Result<EngineStates, PipelineError> {
        let states = self.load_engine_states().await?;
        if self.engines.iter().any(similar_index::takes_similar) {
            similar_index::index_corrections(self.store).await?;
        }
        Ok(states)
    }

    /// Translates as far as the engines are available before `until`, and saves the renditions.
    pub(super) async fn translate_all(
        &self,
        requests: Vec<RenditionRequest>,
        until: Instant,
        done: &mut Translated,
    ) -> Result<(), PipelineError> {
        let context = RequestContext { store: self.store, clock: self.clock, until, stop: self.stop, is_patient: false };
        let scheduler = Scheduler { engines: self.engines, context, worker: self.worker };
        for requests in requests.chunks(CHUNK) {
            let known: Vec<EntryRow> = requests.iter().map(|request| request.known.clone()).collect();
            let originals = load_or_make_originals(self.store, &known, self.paged).await?;
            let (requests, glossary) = (requests.to_vec(), Arc::clone(self.glossary));
            let jobs = spawn_cpu("cutting entries into segments", move || lay_out(&requests, originals, &glossary)).await?;
            let round = scheduler.run(jobs, Destination::Store).await?;
            done.counts.segments += round.counts.segments;
            done.counts.recalled += round.counts.recalled;
            done.counts.rejected += round.counts.rejected;
            done.counts.left += round.counts.left;
            done.counts.add_readings(&round.counts);
            done.counts.add_reasons(round.counts.reasons);
            done.renditions += round.saved;
        }
        done.is_late = Instant::now() >= context.until();
        Ok(())
    }

    /// Ends a pass: decides and stores the states of the engines.
    pub(super) async fn end(&self, states: &EngineStates, mut done: Translated) -> Result<Translated, PipelineError> {
        self.settle_engines(states, &mut done).await?;
        Ok(done)
    }
}

impl<'a> Translate<'a> {
    /// Returns the context of the requests of a pass that begins now.
    fn context(&self) -> RequestContext<'a> {
        let until = Instant::now() + self.time;
        RequestContext { store: self.store, clock: self.clock, until, stop: self.stop, is_patient: false }
    }
}

/// Returns the name of a part of an entry.
fn part_name(part: Part) -> &'static str {
    match part {
        Part::Title => "title",
        Part::Summary => "summary",
        Part::Content => "content",
    }
}
