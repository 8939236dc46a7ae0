//! Finds the renditions that editions want and the store does not have.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::document_job::DocumentJob;
use super::engine_handle::EngineHandle;
use super::segment_job::SecondReader;
use crate::config as plan;
use crate::model::{Change, EntryId, EntryRow, FullText, Lang, Original, RenditionInputs, Time, UntranslatedPolicy};
use crate::pipeline::edition_rows::RowReader;
use crate::pipeline::edition_rules::EditionRules;
use crate::pipeline::error::PipelineError;
use crate::pipeline::leaders::{Leading, leading_entries};
use crate::pipeline::named_entries::{MarkedRow, PinsAndMutes};
use crate::pipeline::window::{Reserve, open_window};
use crate::select::{FoldedTitle, Ranked};
use crate::store::{Store, StoreError, TranslationRow};
use crate::translate::{Document, Glossary};

/// The version of how texts are cut, sent and assembled. A change of it makes every rendition again, from the memory.
pub(super) const SCHEME: i64 = 2;

/// An entry that editions want in a language.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct RenditionRequest {
    pub(super) known: EntryRow,
    pub(super) from: Lang,
    pub(super) to: Lang,
    /// The engines of the first edition that wants it, as places in the list of the pass.
    pub(super) engines: Vec<usize>,
    /// The second reader of the first edition that has one.
    pub(super) reader: Option<SecondReader>,
    /// The time until which every edition that wants it holds it back; nothing if one does not.
    pub(super) held_until: Option<Time>,
    /// The first edition that wants it, counted in the order in which they were added.
    pub(super) edition: usize,
    /// The inputs of the rendition, with as much text as any edition translates.
    pub(super) inputs: RenditionInputs,
    /// The number of the last change of corrections that the stored rendition takes into account, if nothing else is wrong with it: it
    /// is made again only if a later change concerns it.
    pub(super) corrected_until: Option<i64>,
    /// The identities of the engines that made the stored rendition, if it is made again for a correction only: what they translated
    /// stays, whatever engines the edition names now.
    pub(super) former_engines: Vec<String>,
}

/// The renditions that several editions want, each once.
pub(super) struct RenditionRequests<'a> {
    engines: &'a [EngineHandle],
    glossary: &'a Glossary,
    requests: HashMap<(EntryId, Lang), RenditionRequest>,
    editions: usize,
}

/// The renditions that the store does not have, or not as they are wanted.
pub(super) struct MissingRenditions {
    /// Those of the newest entries first.
    pub(super) requests: Vec<RenditionRequest>,
    /// The time from which the first segment that was refused, of all renditions, may be sent again; nothing if there is none.
    pub(super) next_retry: Option<Time>,
}

/// The entries that a visit has found and that are not in the store yet.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct ExpectedEntries {
    /// New and changed ones.
    pub(in crate::pipeline) changes: HashMap<EntryId, Change>,
    /// Those that are back in their feeds, unchanged.
    pub(in crate::pipeline) restored: Vec<EntryRow>,
    /// Those that their sources have withdrawn.
    pub(in crate::pipeline) withdrawn: HashSet<EntryId>,
}

impl<'a> RenditionRequests<'a> {
    pub(super) fn new(engines: &'a [EngineHandle], glossary: &'a Glossary) -> Self {
        Self { engines, glossary, requests: HashMap::new(), editions: 0 }
    }

    /// Adds the renditions that an edition wants of its newest entries.
    pub(super) fn add_edition(&mut self, edition: &plan::Edition, newest: &[EntryRow], full_texts: &HashMap<EntryId, FullText>) {
        self.add_languages(edition, &edition.langs, newest, full_texts);
        self.editions += 1;
    }

    /// Adds the renditions of entries that an edition, the last one that was added, wants in a language beside those of its newest ones.
    pub(super) fn add_stand_ins(
        &mut self,
        (edition, lang): (&plan::Edition, &Lang),
        newest: &[EntryRow],
        full_texts: &HashMap<EntryId, FullText>,
    ) {
        self.editions -= 1;
        self.add_languages(edition, std::slice::from_ref(lang), newest, full_texts);
        self.editions += 1;
    }

    fn add_languages(
        &mut self,
        edition: &plan::Edition,
        langs: &[Lang],
        newest: &[EntryRow],
        full_texts: &HashMap<EntryId, FullText>,
    ) {
        let engines: Vec<usize> =
            edition.engines.iter().filter_map(|id| self.engines.iter().position(|engine| engine.id == *id)).collect();
        let reader = second_reader(edition, self.engines);
        for to in langs {
            for (known, from) in newest.iter().filter_map(|known| Some((known, source_language(known, to)?))) {
                let is_page = matches!(full_texts.get(&known.id), Some(FullText::Taken));
                let hash = dependency_hash(self.glossary, (from, to), is_page);
                let inputs = RenditionInputs { hash, show: edition.translated() };
                let request = self.requests.entry((known.id, to.clone())).or_insert_with(|| RenditionRequest {
                    known: known.clone(),
                    from: from.clone(),
                    to: to.clone(),
                    engines: engines.clone(),
                    reader: None,
                    held_until: held_until(edition, known),
                    edition: self.editions,
                    inputs,
                    corrected_until: None,
                    former_engines: Vec::new(),
                });
                request.reader = request.reader.or(reader);
                request.held_until = request.held_until.min(held_until(edition, known));
                if inputs.show > request.inputs.show {
                    request.inputs = inputs;
                }
            }
        }
    }

    /// Returns all of them, the newest entries first.
    pub(super) fn into_all(self) -> Vec<RenditionRequest> {
        newest_first(self.requests.into_values().collect())
    }

    /// Returns those that the store does not have, or that hold segments which may be sent again at `now`, the newest entries
    /// first; and those that a change of corrections since they were made may concern.
    pub(super) async fn find_missing(self, store: Option<&Store>, now: Time) -> Result<MissingRenditions, StoreError> {
        let mut next_retry: Option<Time> = None;
        let mut requests: Vec<RenditionRequest> = self.requests.into_values().collect();
        let serial = match store {
            Some(store) => store.last_correction_serial().await?,
            None => 0,
        };
        let langs: HashSet<Lang> = requests.iter().map(|request| request.to.clone()).collect();
        for lang in langs {
            let Some(store) = store else { break };
            let ids: Vec<EntryId> =
                requests.iter().filter(|request| request.to == lang).map(|request| request.known.id).collect();
            let kept: HashMap<EntryId, _> =
                store.find_translation_rows(&ids, &lang).await?.into_iter().map(|row| (row.entry, row)).collect();
            requests.retain_mut(|request| {
                let row = kept.get(&request.known.id).filter(|row| request.to == lang && is_current(request, row, now));
                request.corrected_until = request.corrected_until.or(row.map(|row| row.corrections));
                next_retry = next_retry.into_iter().chain(row.and_then(|row| row.retry_at)).min();
                row.is_none_or(|row| row.corrections < serial)
            });
        }
        Ok(MissingRenditions { requests: newest_first(requests), next_retry })
    }
}

/// Returns true if a stored rendition is of the present text, made of the same inputs, and nothing of it is to be sent again.
fn is_current(request: &RenditionRequest, row: &TranslationRow, now: Time) -> bool {
    row.revision == request.known.revision
        && row.inputs.hash == request.inputs.hash
        && row.inputs.show >= request.inputs.show
        && row.retry_at.is_none_or(|at| at > now)
}

/// Sorts requests, those of the newest entries first.
pub(super) fn newest_first(mut requests: Vec<RenditionRequest>) -> Vec<RenditionRequest> {
    requests.sort_by(|a, b| (Reverse(a.known.at), a.known.id, &a.to).cmp(&(Reverse(b.known.at), b.known.id, &b.to)));
    requests
}

/// Returns the second reader of an edition.
pub(super) fn second_reader(edition: &plan::Edition, engines: &[EngineHandle]) -> Option<SecondReader> {
    let id = edition.review.as_ref()?;
    let place = engines.iter().position(|engine| engine.id == *id);
    Some(place.map_or(SecondReader::Missing, SecondReader::Engine))
}

/// Returns the time until which an edition holds an entry back that is not translated; nothing if it does not.
fn held_until(edition: &plan::Edition, known: &EntryRow) -> Option<Time> {
    match edition.untranslated {
        UntranslatedPolicy::Hold(time) => Some(known.first_seen.plus(time)),
        UntranslatedPolicy::Original | UntranslatedPolicy::Skip => None,
    }
}

/// Returns true if an edition is to be translated.
pub(super) fn is_translated(edition: &plan::Edition) -> bool {
    !edition.engines.is_empty() && !edition.langs.is_empty()
}

/// Returns the newest entries that an edition takes in any language, each story once, as they are once `expected` is in the store. A story
/// whose leader is among `failed` has another entry, too.
pub(super) async fn newest_entries<'e>(
    store: Option<&'e Store>,
    reader: &mut RowReader<'e>,
    edition: &'e plan::Edition,
    expected: &ExpectedEntries,
    failed: &HashSet<EntryId>,
) -> Result<Vec<EntryRow>, PipelineError> {
    let mut reserve = Reserve::FIRST;
    loop {
        let ranked = read_window(store, reader, edition, expected, reserve).await?;
        let Leading { entries, is_short } = leading_entries(store, reader, edition, ranked, failed).await?;
        match reserve.more().filter(|_| is_short) {
            Some(more) => reserve = more,
            None => return Ok(entries),
        }
    }
}

/// Reads the window of an edition, with so many entries in reserve.
async fn read_window<'e>(
    store: Option<&'e Store>,
    reader: &mut RowReader<'e>,
    edition: &'e plan::Edition,
    expected: &ExpectedEntries,
    reserve: Reserve,
) -> Result<Ranked, PipelineError> {
    let named = PinsAndMutes::load(store, edition).await?;
    // Nothing is stored of what its rules read of entries that are not stored themselves.
    let mut rules = EditionRules::new(edition, false);
    let new = expected_entries(store, edition, expected, (&mut rules, &named)).await?;
    let mut new = new.into_iter().peekable();
    let mut window = open_window(edition, reserve);
    let mut pages = store.map(|store| (store, reader.open(store, edition)));
    while let Some((store, pages)) = &mut pages {
        pages.note_newest(rules.newest());
        let Some(rows) = pages.next(&window).await? else { break };
        for MarkedRow { row, is_pinned } in named.mark(store, rows).await? {
            while let Some(newer) = new.next_if(|new| (new.row.at, new.row.id) > (row.at, row.id)) {
                window.push(newer.row, newer.is_pinned);
            }
            if !expected.changes.contains_key(&row.id) && !expected.withdrawn.contains(&row.id) {
                window.push(row, is_pinned);
            }
        }
    }
    new.for_each(|new| window.push(new.row, new.is_pinned));
    if let Some(store) = store {
        let pinned = named.load_pinned(store).await?.into_iter().map(|pinned| pinned.row);
        pinned.filter(|row| !expected.withdrawn.contains(&row.id)).for_each(|row| window.pin(row));
    }
    Ok(window.into_ranked())
}

/// Returns the entries that an edition takes of those that are not in the store yet, newest first.
async fn expected_entries(
    store: Option<&Store>,
    edition: &plan::Edition,
    expected: &ExpectedEntries,
    (rules, named): (&mut EditionRules<'_>, &PinsAndMutes<'_>),
) -> Result<Vec<MarkedRow>, PipelineError> {
    let changes = &expected.changes;
    let is_of_edition = |row: &EntryRow| edition.from.contains(&row.source);
    let restored = expected.restored.iter().filter(|row| !changes.contains_key(&row.id) && is_of_edition(row)).cloned();
    let mut restored: Vec<EntryRow> = restored.collect();
    let mut new: Vec<EntryRow> = changes.values().map(known_of_change).filter(is_of_edition).collect();
    if let Some(store) = store
        && !rules.is_empty()
    {
        let newest = store.list_newest_entries(&edition.from, None, None, 1).await?;
        rules.note_newest(newest.iter().chain(&new).map(|row| row.at).max());
        restored = rules.taken(store, restored).await?;
    }
    new.retain(|row| changes.get(&row.id).is_some_and(|change| rules.takes_new(&change.entry, row)));
    let title = |row: &EntryRow| changes.get(&row.id).map(|change| FoldedTitle::new(change.entry.title.as_str()));
    let mut new: Vec<MarkedRow> = new.into_iter().filter_map(|row| named.mark_row(title(&row).as_ref(), row)).collect();
    if let Some(store) = store {
        new.extend(named.mark(store, restored).await?);
    }
    new.sort_by_key(|new| Reverse((new.row.at, new.row.id)));
    Ok(new)
}

/// Returns the language of an entry, if it has to be translated into `to`.
pub(in crate::pipeline) fn source_language<'k>(known: &'k EntryRow, to: &Lang) -> Option<&'k Lang> {
    known.lang.as_ref().filter(|from| from.primary() != to.primary())
}

/// Cuts entries into segments. Those without an original (pruned meanwhile) are left out. It takes CPU time.
pub(super) fn lay_out(
    requests: &[RenditionRequest],
    mut originals: HashMap<EntryId, Original>,
    glossary: &Glossary,
) -> Vec<DocumentJob> {
    let mut jobs = Vec::with_capacity(requests.len());
    for (place, request) in requests.iter().enumerate() {
        let id = request.known.id;
        // An entry may be wanted in several languages: only the last one may have its original.
        let is_last = !requests[place + 1..].iter().any(|later| later.known.id == id);
        let original = if is_last { originals.remove(&id) } else { originals.get(&id).cloned() };
        let Some(original) = original else { continue };
        jobs.push(DocumentJob {
            id,
            revision: request.known.revision,
            at: request.known.at,
            to: request.to.clone(),
            inputs: request.inputs,
            engines: request.engines.clone(),
            former_engines: request.former_engines.clone(),
            reader: request.reader,
            held_until: request.held_until,
            document: Arc::new(Document::new(&original, request.inputs.show, &request.from, &request.to, glossary)),
        });
    }
    jobs
}

/// Returns what the store would know of a change.
fn known_of_change(change: &Change) -> EntryRow {
    let entry = &change.entry;
    EntryRow {
        id: change.id,
        source: entry.key.source.clone(),
        revision: change.revision,
        at: change.at,
        first_seen: change.first_seen,
        lang: entry.head.lang.clone(),
        article: change.article,
        story: change.story.clone(),
        is_withdrawn: false,
    }
}

/// Returns a hash of what a rendition depends on besides the revision of its entry.
fn dependency_hash(glossary: &Glossary, (from, to): (&Lang, &Lang), is_page: bool) -> i64 {
    let hash = glossary.hash_for(from, to).wrapping_mul(31).wrapping_add(SCHEME * 2 + i64::from(is_page));
    if hash == RenditionInputs::UNFINISHED { 1 } else { hash }
}
