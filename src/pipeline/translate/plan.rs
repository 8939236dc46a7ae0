//! Which entries are wanted in which languages, and do not stand there yet.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::engine_handle::EngineHandle;
use super::scheduler::DocumentJob;
use crate::config as plan;
use crate::model::{Change, EntryId, EntryRow, FullText, Lang, Original, RenditionInputs};
use crate::select::Window;
use crate::store::{Store, StoreError};
use crate::translate::{Document, Glossary};

/// How texts are laid out, sent and put together: a change of it makes every rendition anew, from the memory.
const SCHEME: i64 = 1;

/// An entry that editions want in a language.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct RenditionRequest {
    pub(super) known: EntryRow,
    pub(super) from: Lang,
    pub(super) to: Lang,
    /// The engines of the first edition that wants it, as places among the desks.
    pub(super) desks: Vec<usize>,
    /// What its rendition will have been made of, with as much as the edition wants that shows most.
    pub(super) inputs: RenditionInputs,
}

/// The requests of several editions, each once.
pub(super) struct RenditionRequests<'a> {
    desks: &'a [EngineHandle],
    glossary: &'a Glossary,
    each: HashMap<(EntryId, Lang), RenditionRequest>,
}

impl<'a> RenditionRequests<'a> {
    pub(super) fn new(desks: &'a [EngineHandle], glossary: &'a Glossary) -> Self {
        Self { desks, glossary, each: HashMap::new() }
    }

    /// Adds what an edition wants of its newest entries.
    pub(super) fn add(&mut self, edition: &plan::Edition, newest: &[EntryRow], full_texts: &HashMap<EntryId, FullText>) {
        let desks: Vec<usize> =
            edition.engines.iter().filter_map(|id| self.desks.iter().position(|desk| desk.id == *id)).collect();
        for to in &edition.langs {
            for (known, from) in newest.iter().filter_map(|known| Some((known, foreign(known, to)?))) {
                let is_page = matches!(full_texts.get(&known.id), Some(FullText::Taken));
                let inputs = RenditionInputs { hash: hash(self.glossary, (from, to), is_page), show: edition.show };
                let request = self.each.entry((known.id, to.clone())).or_insert_with(|| RenditionRequest {
                    known: known.clone(),
                    from: from.clone(),
                    to: to.clone(),
                    desks: desks.clone(),
                    inputs,
                });
                if inputs.show > request.inputs.show {
                    request.inputs = inputs;
                }
            }
        }
    }

    /// Those that have no rendition yet, the newest entries first.
    pub(super) async fn unfilled(self, store: Option<&Store>) -> Result<Vec<RenditionRequest>, StoreError> {
        let mut requests: Vec<RenditionRequest> = self.each.into_values().collect();
        let langs: HashSet<Lang> = requests.iter().map(|request| request.to.clone()).collect();
        for lang in langs {
            let Some(store) = store else { break };
            let ids: Vec<EntryId> =
                requests.iter().filter(|request| request.to == lang).map(|request| request.known.id).collect();
            let kept: HashMap<EntryId, _> =
                store.find_translation_rows(&ids, &lang).await?.into_iter().map(|row| (row.entry, row)).collect();
            requests.retain(|request| {
                let row = kept.get(&request.known.id).filter(|_| request.to == lang);
                !row.is_some_and(|row| {
                    row.revision == request.known.revision
                        && row.inputs.hash == request.inputs.hash
                        && row.inputs.show >= request.inputs.show
                })
            });
        }
        requests.sort_by(|a, b| (Reverse(a.known.at), a.known.id, &a.to).cmp(&(Reverse(b.known.at), b.known.id, &b.to)));
        Ok(requests)
    }
}

/// Whether an edition is to be translated at all.
pub(super) fn is_translated(edition: &plan::Edition) -> bool {
    !edition.engines.is_empty() && !edition.langs.is_empty()
}

/// The newest entries of an edition, whatever their language, each article once; `changes` are not in the store yet.
pub(super) async fn newest(
    store: Option<&Store>,
    edition: &plan::Edition,
    changes: &HashMap<EntryId, Change>,
) -> Result<Vec<EntryRow>, StoreError> {
    let mut new: Vec<EntryRow> =
        changes.values().filter(|change| edition.from.contains(&change.entry.key.source)).map(known).collect();
    new.sort_by_key(|known| Reverse((known.at, known.id)));
    let mut new = new.into_iter().peekable();
    let mut window = Window::new(edition.limit);
    let mut before = None;
    while let Some(store) = store
        && !window.is_full()
    {
        let rows = store.list_newest_entries(&edition.from, before, edition.limit).await?;
        let is_last = rows.len() < edition.limit;
        before = rows.last().map(|row| (row.at, row.id));
        for row in rows {
            while let Some(newer) = new.next_if(|new| (new.at, new.id) > (row.at, row.id)) {
                window.push(newer);
            }
            if !changes.contains_key(&row.id) {
                window.push(row);
            }
        }
        if is_last {
            break;
        }
    }
    new.for_each(|known| window.push(known));
    Ok(window.into_entries())
}

/// The language of an entry, if it has to be translated to be read in `to`.
pub(in crate::pipeline) fn foreign<'k>(known: &'k EntryRow, to: &Lang) -> Option<&'k Lang> {
    known.lang.as_ref().filter(|from| from.primary() != to.primary())
}

/// Lays entries out; those without an original (pruned meanwhile) are left out. Takes a core's time.
pub(super) fn lay_out(
    requests: &[RenditionRequest],
    mut originals: HashMap<EntryId, Original>,
    glossary: &Glossary,
) -> Vec<DocumentJob> {
    let mut jobs = Vec::with_capacity(requests.len());
    for (at, request) in requests.iter().enumerate() {
        // An entry may be wanted in several languages.
        let is_last = !requests[at + 1..].iter().any(|later| later.known.id == request.known.id);
        let original = if is_last { originals.remove(&request.known.id) } else { originals.get(&request.known.id).cloned() };
        let Some(original) = original else { continue };
        jobs.push(DocumentJob {
            id: request.known.id,
            revision: request.known.revision,
            at: request.known.at,
            to: request.to.clone(),
            inputs: request.inputs,
            desks: request.desks.clone(),
            sheet: Arc::new(Document::lay_out(&original, request.inputs.show, &request.from, &request.to, glossary)),
        });
    }
    jobs
}

/// What the store would know of a change.
fn known(change: &Change) -> EntryRow {
    let entry = &change.entry;
    EntryRow {
        id: entry.key.id(),
        source: entry.key.source.clone(),
        revision: change.revision,
        at: change.at,
        first_seen: change.first_seen,
        lang: entry.head.lang.clone(),
        dedup_key: entry.dedup_key(),
        is_withdrawn: false,
    }
}

/// A hash of what, beside an entry's revision, its rendition depends on.
fn hash(glossary: &Glossary, (from, to): (&Lang, &Lang), is_page: bool) -> i64 {
    let hash = glossary.hash_for(from, to).wrapping_mul(31).wrapping_add(SCHEME * 2 + i64::from(is_page));
    if hash == RenditionInputs::UNFINISHED { 1 } else { hash }
}
