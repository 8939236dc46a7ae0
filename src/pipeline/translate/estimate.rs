//! Estimates the texts that a run would send, their cost, and what its budgets allow. Nothing is written, and no engine is asked.
//!
//! The work is found, laid out, recalled and queued by the code of the run itself. `simulation` sends it to engines that take every
//! text at once; `askings` and `engine_terms` bound what it may become otherwise; `table` sums up.

mod askings;
mod engine_terms;
mod forecast;
mod readings;
mod simulation;
mod table;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::blocking::spawn_cpu;
use super::super::edition_rows::RowReader;
use super::super::error::PipelineError;
use super::super::full_text::is_page_wanted;
use super::super::originals::{load_originals, make_original};
use super::engine_handle::EngineHandle;
use super::plan::{ExpectedEntries, RenditionRequest, RenditionRequests, is_translated, lay_out, newest_entries};
use super::{CHUNK, cost};
use crate::config::Edition;
use crate::model::{
    EngineCounts, EngineState, EntryId, EntryRow, FullText, Lang, Original, Show, SourceId, Time, TranslationCounts, Usage,
};
use crate::store::{Store, StoreError};
use crate::translate::{Glossary, LanguagePair};
use engine_terms::EngineTerms;
use forecast::{Forecast, Owner};
use table::make_estimate;

/// The request for an estimate.
pub(in crate::pipeline) struct EstimateRequest<'a> {
    /// The engines, which have done nothing yet.
    pub(in crate::pipeline) engines: &'a [EngineHandle],
    /// Terms and names.
    pub(in crate::pipeline) glossary: &'a Arc<Glossary>,
    /// The store; nothing before the first run.
    pub(in crate::pipeline) store: Option<&'a Store>,
    /// The editions that would be published.
    pub(in crate::pipeline) editions: Vec<&'a Edition>,
    /// The sources whose article pages are fetched.
    pub(in crate::pipeline) paged: HashSet<SourceId>,
    /// The entries that the run would store first.
    pub(in crate::pipeline) expected: ExpectedEntries,
    /// True if engines that want to be asked later are asked now.
    pub(in crate::pipeline) force: bool,
    /// The present.
    pub(in crate::pipeline) now: Time,
}

/// The work that was found.
struct FoundWork {
    requests: Vec<RenditionRequest>,
    /// Articles whose pages a run would fetch first.
    pages_to_fetch: HashSet<EntryId>,
}

impl EstimateRequest<'_> {
    /// Estimates the run.
    pub(in crate::pipeline) async fn estimate(&self) -> Result<TranslationCounts, PipelineError> {
        let editions: Vec<&Edition> = self.editions.iter().copied().filter(|edition| is_translated(edition)).collect();
        let states = match self.store {
            Some(store) => store.load_engine_states().await?.into_iter().collect(),
            None => HashMap::new(),
        };
        let FoundWork { requests, pages_to_fetch } = self.find_work(&editions).await?;
        let mut forecast = Forecast::new(self.engines, self.open_wallets(&states).await?);
        for requests in requests.chunks(CHUNK) {
            let originals = self.load_originals(requests).await?;
            let (owned, glossary) = (requests.to_vec(), Arc::clone(self.glossary));
            let documents = spawn_cpu("cutting entries into segments", move || lay_out(&owned, originals, &glossary)).await?;
            let by_entry: HashMap<(EntryId, &Lang), Owner> =
                requests.iter().map(|request| ((request.known.id, &request.to), owner(request, &editions))).collect();
            let owners: Vec<Owner> = documents.iter().map(|document| by_entry[&(document.id, &document.to)]).collect();
            forecast.add(self.store, documents, &owners, self.now).await?;
        }
        let mut counts = self.count(&forecast, &states);
        let mut estimate = make_estimate(&forecast, self.engines, &editions);
        estimate.pages_to_fetch = pages_to_fetch.len() as u64;
        counts.estimate = Some(Box::new(estimate));
        Ok(counts)
    }

    /// Finds the renditions that editions would want and not have.
    async fn find_work(&self, editions: &[&Edition]) -> Result<FoundWork, PipelineError> {
        let mut wanted = RenditionRequests::new(self.engines, self.glossary);
        let (mut pages_to_fetch, mut reader) = (HashSet::new(), RowReader::new(false));
        for edition in editions {
            let newest = newest_entries(self.store, &mut reader, edition, &self.expected, &HashSet::new()).await?;
            let full_texts = self.load_full_texts(&newest).await?;
            if edition.show == Show::Full {
                let of_pages = newest.iter().filter(|row| self.paged.contains(&row.source));
                pages_to_fetch.extend(of_pages.filter(|row| is_page_wanted(full_texts.get(&row.id))).map(|row| row.id));
            }
            wanted.add_edition(edition, &newest, &full_texts);
        }
        let mut requests = wanted.find_missing(self.store, self.now).await?.requests;
        // What people have corrected costs nothing.
        requests.retain(|request| request.corrected_until.is_none());
        Ok(FoundWork { requests, pages_to_fetch })
    }

    /// Returns what is known of the article pages of these entries.
    async fn load_full_texts(&self, newest: &[EntryRow]) -> Result<HashMap<EntryId, FullText>, StoreError> {
        let of_pages = newest.iter().filter(|row| self.paged.contains(&row.source));
        let revisions: HashMap<EntryId, _> = of_pages.map(|row| (row.id, row.revision)).collect();
        let Some(store) = self.store.filter(|_| !revisions.is_empty()) else { return Ok(HashMap::new()) };
        let ids: Vec<EntryId> = revisions.keys().copied().collect();
        let kept = store.load_full_texts(&ids).await?.into_iter();
        Ok(kept.filter(|(id, revision, _)| revisions.get(id) == Some(revision)).map(|(id, _, text)| (id, text)).collect())
    }

    /// Loads or makes the originals of some requests. None is saved.
    async fn load_originals(&self, requests: &[RenditionRequest]) -> Result<HashMap<EntryId, Original>, PipelineError> {
        let rows: Vec<EntryRow> = requests.iter().map(|request| request.known.clone()).collect();
        let mut originals = HashMap::new();
        let mut entries = Vec::new();
        if let Some(store) = self.store {
            originals = load_originals(store, &rows, &self.paged).await?;
            let is_missing = |row: &&EntryRow| !originals.contains_key(&row.id) && !self.expected.changes.contains_key(&row.id);
            let missing: Vec<EntryId> = rows.iter().filter(is_missing).map(|row| row.id).collect();
            entries.extend(store.load_entries(&missing).await?.into_iter().map(|(id, _, entry)| (id, entry)));
        }
        let changed = rows.iter().filter_map(|row| Some((row.id, self.expected.changes.get(&row.id)?.entry.clone())));
        entries.extend(changed.collect::<HashMap<_, _>>());
        let make = move || entries.into_iter().map(|(id, entry)| (id, make_original(entry))).collect::<Vec<_>>();
        originals.extend(spawn_cpu("making original renditions", make).await?);
        Ok(originals)
    }

    /// Returns what the budget of each engine allows, and if it may be asked.
    async fn open_wallets(&self, states: &HashMap<String, EngineState>) -> Result<Vec<EngineTerms>, StoreError> {
        let mut terms = Vec::with_capacity(self.engines.len());
        for engine in self.engines {
            let left = match (engine.budget, self.store) {
                (Some(budget), Some(store)) => {
                    let since = budget.per.start(self.now);
                    let usage = store.load_budget_usage(&engine.id, budget.unit, budget.per, since).await?;
                    Some((budget.unit, budget.limit.saturating_sub(usage.spent).saturating_sub(usage.reserved)))
                }
                (Some(budget), None) => Some((budget.unit, budget.limit)),
                (None, _) => None,
            };
            let state = states.get(&engine.id);
            let rests_until = state.and_then(|state| state.paused_until).filter(|_| !self.force);
            let pairs = state.map(|state| state.unsupported.clone()).unwrap_or_default();
            let end = self.now.plus(super::super::run::TIME_UNTIL_IDLE);
            terms.push(EngineTerms {
                price: engine.price.clone(),
                left,
                is_available: rests_until.is_none_or(|until| until < end),
                unsupported: pairs.into_iter().map(|(from, to)| LanguagePair { from, to }).collect(),
                in_flight: engine.limits().in_flight.max(1),
                largest_request: Usage::default(),
                texts: engine.limits().texts,
                has_batches: engine.wanted_batches().is_some(),
            });
        }
        Ok(terms)
    }

    /// Counts the run in which every engine takes its texts at the first attempt.
    fn count(&self, forecast: &Forecast<'_>, states: &HashMap<String, EngineState>) -> TranslationCounts {
        let of = |expectation| forecast.jobs.iter().filter(|job| job.expectation == expectation).count() as u64;
        let mut counts = TranslationCounts {
            segments: forecast.jobs.len() as u64,
            recalled: forecast.recalled,
            left: of(forecast::Expectation::Left),
            waiting: forecast.entries_waiting,
            ..TranslationCounts::default()
        };
        for (engine, work) in self.engines.iter().zip(&forecast.simulation.work) {
            let engine = EngineCounts {
                id: engine.id.clone(),
                state: states.get(&engine.id).map(|state| state.condition).unwrap_or_default(),
                sent: work.texts,
                characters: work.used.characters,
                tokens_in: work.used.tokens_in,
                tokens_out: work.used.tokens_out,
                tokens_cached: 0,
                cost: cost::from_millionths(work.cost(&engine.price)),
                ..EngineCounts::default()
            };
            counts.add_engine(engine);
        }
        counts
    }
}

/// Returns the places of the edition and the language that first want a rendition.
fn owner(request: &RenditionRequest, editions: &[&Edition]) -> Owner {
    let langs = &editions[request.edition].langs;
    (request.edition, langs.iter().position(|lang| *lang == request.to).unwrap_or_default())
}
