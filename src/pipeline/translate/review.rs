//! Lists the segments of the entries that editions show as readers see them now, with what a person may want to look at. Nothing is
//! sent or written.

pub(super) mod verdict;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::blocking::spawn_cpu;
use super::super::edition_rows::RowReader;
use super::super::error::PipelineError;
use super::super::originals::{load_originals, make_original};
use super::engine_handle::EngineHandle;
use super::engine_states::EngineStates;
use super::plan::{ExpectedEntries, RenditionRequest, RenditionRequests, is_translated, lay_out, newest_entries};
use super::scheduler::recall_known;
use super::scheduler::state::SchedulerState;
use super::segment_job::{JobState, SegmentJob};
use super::{CHUNK, part_name};
use crate::config::Edition;
use crate::html;
use crate::model::{Entry, EntryId, EntryRow, Lang, Marked, Original, SeenSegment, SegmentKey, SourceId, Text, Time};
use crate::store::{Store, StoreError};
use crate::translate::Glossary;
use verdict::Judge;

/// The lister of segments, with all that they depend on.
pub struct SegmentReview<'a> {
    /// The editions to look at.
    pub editions: Vec<&'a Edition>,
    /// The languages; without any, all.
    pub lang: Option<&'a Lang>,
    /// The date from which on entries are looked at.
    pub since: Option<Time>,
    /// The engines that can be used.
    pub engines: &'a [EngineHandle],
    /// Terms and names.
    pub glossary: &'a Arc<Glossary>,
    /// The store.
    pub store: &'a Store,
    /// The sources whose article pages are fetched.
    pub paged: &'a HashSet<SourceId>,
    /// The present.
    pub now: Time,
}

/// The facts of an entry that are shown with its segments.
struct EntryFacts {
    feed: SourceId,
    headline: Text,
    link: Option<String>,
}

/// The editions that show an entry in a language.
type ShowingEditions = HashMap<(EntryId, Lang), Vec<String>>;

/// The segments that were found, each once.
#[derive(Default)]
struct FoundSegments {
    all: Vec<SeenSegment>,
    places: HashMap<SegmentKey, usize>,
}

impl SegmentReview<'_> {
    /// Returns the segments of the newest entries, those of the newest entry first.
    pub async fn list(&self) -> Result<Vec<SeenSegment>, PipelineError> {
        let (mut requests, showing) = self.find_entries().await?;
        requests.retain(|request| self.since.is_none_or(|since| request.known.at >= since));
        let engine_states = self.store.load_engine_states().await?.into_iter().collect();
        let mut found = FoundSegments::default();
        for requests in requests.chunks(CHUNK) {
            self.add_entries(requests, (&showing, &engine_states), &mut found).await?;
        }
        Ok(found.all)
    }

    /// Adds the segments of some entries.
    async fn add_entries(
        &self,
        requests: &[RenditionRequest],
        (showing, engine_states): (&ShowingEditions, &EngineStates),
        found: &mut FoundSegments,
    ) -> Result<(), PipelineError> {
        let originals = self.load_originals(requests).await?;
        let facts = entry_facts(requests, &originals);
        let (owned, glossary) = (requests.to_vec(), Arc::clone(self.glossary));
        let jobs = spawn_cpu("cutting entries into segments", move || lay_out(&owned, originals, &glossary)).await?;
        let documents: Vec<(EntryId, Lang)> = jobs.iter().map(|job| (job.id, job.to.clone())).collect();
        let mut state = SchedulerState::new(self.engines, jobs, self.now);
        recall_known(&mut state, Some(self.store)).await?;
        state.enqueue_open();
        let judge = Judge::new(&state, self.store, engine_states).await?;
        for job in &state.jobs.all {
            let holders: Vec<&(EntryId, Lang)> = job.documents.iter().filter_map(|place| documents.get(*place)).collect();
            let Some((entry, facts)) = holders.first().and_then(|(entry, _)| Some((entry, facts.get(entry)?))) else { continue };
            let (target, by) = shown_target(job);
            found.add(SeenSegment {
                key: job.by_person[0],
                from: job.pair.from.clone(),
                to: job.pair.to.clone(),
                verdict: judge.verdict(job),
                source: job.source.clone(),
                target,
                by,
                part: part_name(job.rank.0),
                kind: job.outgoing.kind,
                entry: *entry,
                feed: facts.feed.clone(),
                headline: facts.headline.clone(),
                link: facts.link.clone(),
                editions: holders.iter().filter_map(|holder| showing.get(*holder)).flatten().cloned().collect(),
                entries: holders.len(),
            });
        }
        Ok(())
    }

    /// Returns the entries that editions show in other languages than their own, and which editions do.
    async fn find_entries(&self) -> Result<(Vec<RenditionRequest>, ShowingEditions), PipelineError> {
        let mut requests = RenditionRequests::new(self.engines, self.glossary);
        let (mut showing, mut reader) = (ShowingEditions::new(), RowReader::new(false));
        for edition in self.editions.iter().filter(|edition| is_translated(edition)) {
            let newest =
                newest_entries(Some(self.store), &mut reader, edition, &ExpectedEntries::default(), &HashSet::new()).await?;
            for (row, lang) in newest.iter().flat_map(|row| edition.langs.iter().map(move |lang| (row, lang))) {
                showing.entry((row.id, lang.clone())).or_default().push(edition.id.clone());
            }
            requests.add_edition(edition, &newest, &HashMap::new());
        }
        let mut requests = requests.into_all();
        requests.retain(|request| self.lang.is_none_or(|lang| request.to == *lang));
        Ok((requests, showing))
    }

    /// Loads or makes originals. None is saved.
    async fn load_originals(&self, requests: &[RenditionRequest]) -> Result<HashMap<EntryId, Original>, PipelineError> {
        let rows: Vec<EntryRow> = requests.iter().map(|request| request.known.clone()).collect();
        let mut originals = load_originals(self.store, &rows, self.paged).await?;
        let missing: Vec<EntryId> = rows.iter().map(|row| row.id).filter(|id| !originals.contains_key(id)).collect();
        let entries = self.load_entries(&missing).await?;
        let make = move || entries.into_iter().map(|(id, entry)| (id, make_original(entry))).collect::<Vec<_>>();
        originals.extend(spawn_cpu("making original renditions", make).await?);
        Ok(originals)
    }

    async fn load_entries(&self, ids: &[EntryId]) -> Result<Vec<(EntryId, Entry)>, StoreError> {
        let entries = self.store.load_entries(ids).await?;
        Ok(entries.into_iter().map(|(id, _, entry)| (id, entry)).collect())
    }
}

impl FoundSegments {
    /// Adds a segment. One that was found in a newer entry stays, and counts this one.
    fn add(&mut self, segment: SeenSegment) {
        let place = *self.places.entry(segment.key).or_insert(self.all.len());
        match self.all.get_mut(place) {
            Some(known) => {
                known.entries += segment.entries;
                known.editions.extend(segment.editions);
            }
            None => self.all.push(segment),
        }
        let editions = &mut self.all[place].editions;
        editions.sort_unstable();
        editions.dedup();
    }
}

/// Returns what is shown of entries with their segments.
fn entry_facts(requests: &[RenditionRequest], originals: &HashMap<EntryId, Original>) -> HashMap<EntryId, EntryFacts> {
    let facts = |request: &RenditionRequest| {
        let (id, original) = (request.known.id, originals.get(&request.known.id)?);
        let (feed, headline) = (request.known.source.clone(), original.title.clone());
        Some((id, EntryFacts { feed, headline, link: original.head.url.clone() }))
    };
    requests.iter().filter_map(facts).collect()
}

/// Returns the translation as readers see it, and the identity of its maker.
fn shown_target(job: &SegmentJob) -> (Option<Marked>, Option<String>) {
    match &job.state {
        JobState::Done { text, by, .. } if job.is_by_person() => (Some(text.clone()), Some(by.to_string())),
        JobState::Done { text, by, .. } => (Some(html::typeset_marked(text, &job.pair.from, &job.pair.to)), Some(by.to_string())),
        JobState::Open | JobState::Untranslated | JobState::Waiting => (None, None),
    }
}
