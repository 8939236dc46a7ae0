//! The bases of editions, as the counters of the store tell it: so that a run over an unchanged world reads no entry, joins no story
//! and renders nothing.
//!
//! A basis says: as long as nothing that is hashed here changes, and the clock stands between two times, the edition is what its record
//! says. It errs on one side only. What is forgotten, lost or written by two workers at once makes an edition be read again.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::config as plan;
use crate::model::{Lang, SourceId, Time};
use crate::pipeline::error::PipelineError;
use crate::pipeline::rules::facts_version;
use crate::pipeline::validity::Validity;
use crate::render::EditionLink;
use crate::store::ChangeCounts;

use super::{Publish, Target};

/// The name under which the store remembers them. No edition has a colon in its name.
pub(super) const NAME: &str = "edition:basis";

/// The version of what a basis stands for. Another way to choose or join entries needs another number.
const SCHEME: u32 = 2;

/// The basis of an edition in one language: what it was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Basis {
    /// A hash of everything but the time that decides what it shows.
    hash: String,
    /// The hash of the inputs of its files, which its record has too; nothing if it has no files, as it never had an entry.
    pub(super) inputs: Option<String>,
    pub(super) items: u32,
    pub(super) waiting: u64,
    /// The times between which the clock changes nothing.
    #[serde(flatten)]
    validity: Validity,
}

impl Basis {
    /// Makes the basis of so many items, and entries that wait, of an edition that was read at `made`.
    pub(super) fn new(
        hash: String,
        inputs: Option<String>,
        (items, waiting): (u32, u64),
        (made, until): (Time, Option<Time>),
    ) -> Self {
        Self { hash, inputs, items, waiting, validity: Validity { made, until } }
    }

    fn holds(&self, hash: &str, now: Time) -> bool {
        self.hash == hash && self.validity.holds(now)
    }
}

/// The bases of the editions of one pass: those of the pass before, and their own.
pub(super) struct Bases<'a> {
    known: BTreeMap<String, Basis>,
    current: BTreeMap<String, Basis>,
    counts: ChangeCounts,
    /// For each source how often its entries have changed, and a hash of how it is named.
    sources: HashMap<&'a SourceId, (i64, i64)>,
    /// A hash of what all editions depend on.
    common: blake3::Hasher,
}

impl<'a> Bases<'a> {
    /// Takes the bases as the last pass saved them. `counts` must have been read before any entry.
    pub(super) fn open(publish: &Publish<'a>, counts: ChangeCounts, saved: Option<&str>) -> Self {
        let mut common = blake3::Hasher::new();
        let templates = publish.templates.key();
        let parts = [env!("CARGO_PKG_VERSION"), publish.fingerprint, publish.base_url.unwrap_or_default(), &templates];
        common.update(format!("{SCHEME} {} {parts:?}", counts.of_entries()).as_bytes());
        let of_source = |id| (counts.of_source(id), counts.shown_of_source(id));
        let sources = publish.sources.iter().map(|source| (&source.id, of_source(&source.id))).collect();
        let known = saved.and_then(|doc| serde_json::from_str(doc).ok()).unwrap_or_default();
        Self { known, current: BTreeMap::new(), counts, sources, common }
    }

    /// Returns a hash of what an edition in a language depends on, beside the time.
    pub(super) fn hash(&self, edition: &plan::Edition, lang: Option<&Lang>) -> String {
        let mut hasher = self.common.clone();
        let renditions = lang.map(|lang| self.counts.of_renditions(lang));
        // Only rules read facts; to know their version takes the lists of all tags.
        let facts = (!edition.filter.is_empty() || !edition.tags.is_empty()).then(facts_version);
        hasher.update(format!("{} {lang:?} {renditions:?} {facts:?}", edition.id).as_bytes());
        for id in &edition.from {
            let (changes, shown) = self.sources.get(id).copied().unwrap_or_default();
            hasher.update(&changes.to_le_bytes());
            hasher.update(&shown.to_le_bytes());
        }
        if !edition.mute.ids.is_empty() {
            // A muted entry stands for its page, whichever source has it.
            hasher.update(&self.counts.of_all_sources().to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Returns a hash of what the lists of these editions and of all sources depend on, beside the time.
    pub(super) fn hash_lists(&self, editions: &[EditionLink], sources: &[plan::Source]) -> String {
        let mut hasher = self.common.clone();
        hasher.update(format!("{editions:?}").as_bytes());
        for source in sources {
            let (_, shown) = self.sources.get(&source.id).copied().unwrap_or_default();
            hasher.update(&shown.to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Returns the basis of an edition, if it still holds.
    pub(super) fn find(&self, stem: &str, hash: &str, now: Time) -> Option<Basis> {
        self.known.get(stem).filter(|basis| basis.holds(hash, now)).cloned()
    }

    /// Keeps the basis that the edition had before: it still holds, or the edition is not published in this pass.
    pub(super) fn keep(&mut self, stem: &str) {
        if let Some(basis) = self.known.get(stem) {
            self.current.insert(stem.to_owned(), basis.clone());
        }
    }

    /// Takes the basis of an edition, if what was found can be one.
    pub(super) fn add(&mut self, stem: &str, basis: Option<Basis>) {
        self.current.extend(basis.map(|basis| (stem.to_owned(), basis)));
    }
}

impl Publish<'_> {
    /// Saves the bases of a pass, if there are others than before.
    pub(super) async fn save_bases(&self, bases: Bases<'_>) -> Result<(), PipelineError> {
        if bases.current == bases.known { Ok(()) } else { self.save_record(NAME, &bases.current).await }
    }

    /// Keeps the bases of the editions that this pass does not publish.
    pub(super) fn keep_others(&self, target: &Target<'_>, bases: &mut Bases<'_>) {
        if self.only.is_some_and(|only| !only.contains(&target.edition.id)) {
            bases.keep(&target.stem);
        }
    }
}
