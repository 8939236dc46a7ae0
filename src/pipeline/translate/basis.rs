//! The basis of the translate pass, as the counters of the store tell it: so that a pass over an unchanged world reads no entry.
//!
//! A basis says: a pass read everything and found nothing to do. As long as nothing that is hashed here changes, and the clock stands
//! between two times, the next one finds nothing either. So there is no basis while a text waits for anything: for an engine, its budget or
//! its circuit breaker, for a second reader, another worker, or the page of an article. It errs on one side only: what is forgotten, lost
//! or written by two workers at once makes the entries be read again.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::Translate;
use super::plan::SCHEME as RENDITION_SCHEME;
use crate::config::Edition;
use crate::model::Time;
use crate::pipeline::error::PipelineError;
use crate::pipeline::rules::facts_version;
use crate::pipeline::validity::Validity;
use crate::store::{ChangeCounts, StoreError};

/// The bases are kept among the publications, by the path of feeds.toml.
const TARGET: &str = "translations";

/// The version of what a basis stands for. Another way to choose the entries that are translated needs another number.
const SCHEME: u32 = 1;

/// Holds the inputs of a pass that found nothing to do.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Basis {
    /// A hash of everything but the time.
    hash: String,
    /// The times between which the clock changes nothing.
    #[serde(flatten)]
    validity: Validity,
}

impl Translate<'_> {
    /// Returns a hash of what the pass depends on, beside the time. Whether an engine can be used makes no difference to what is missing.
    pub(super) fn hash_world(&self, counts: &ChangeCounts) -> String {
        let mut hasher = blake3::Hasher::new();
        let parts = (env!("CARGO_PKG_VERSION"), self.fingerprint, SCHEME, RENDITION_SCHEME, self.glossary.hash());
        hasher.update(format!("{parts:?} {} {}", counts.of_entries(), counts.of_corrections()).as_bytes());
        for edition in self.wanted_editions() {
            // Only rules read facts; to know their version takes the lists of all tags.
            let facts = (!edition.filter.is_empty() || !edition.tags.is_empty()).then(facts_version);
            // A muted entry stands for its page, whichever source has it.
            let all = (!edition.mute.ids.is_empty()).then(|| counts.of_all_sources());
            hasher.update(format!("{} {facts:?} {all:?}", edition.id).as_bytes());
            for changes in changes_of(edition, counts) {
                hasher.update(&changes.to_le_bytes());
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Returns true if an earlier pass with the same hash found nothing to do, and the clock has changed nothing since.
    pub(super) async fn is_unchanged(&self, hash: &str, now: Time) -> Result<bool, StoreError> {
        let saved = self.store.load_publication(TARGET, &self.basis_name()).await?;
        let basis = saved.and_then(|doc| serde_json::from_str::<Basis>(&doc).ok());
        Ok(basis.is_some_and(|basis| basis.hash == hash && basis.validity.holds(now)))
    }

    /// Saves the basis of a pass that found nothing to do at `made`. `until` is the time at which the clock alone makes something to do.
    pub(super) async fn save_basis(&self, hash: String, made: Time, until: Option<Time>) -> Result<(), PipelineError> {
        let basis = Basis { hash, validity: Validity { made, until } };
        let basis = serde_json::to_string(&basis).map_err(|error| PipelineError::render("the basis of translations", &error))?;
        Ok(self.store.save_publication(TARGET, &self.basis_name(), &basis).await?)
    }

    /// Returns the name of the basis. A run of some editions has one of its own.
    fn basis_name(&self) -> String {
        let Some(only) = self.only else { return self.plan.to_owned() };
        let mut only: Vec<&str> = only.iter().map(String::as_str).collect();
        only.sort_unstable();
        // Hundreds of names would be too long for a key.
        format!("{} {:016x}", self.plan, xxh3_64(only.join(" ").as_bytes()))
    }
}

/// Returns how often the entries of an edition and their renditions have changed, by source and language.
fn changes_of<'e>(edition: &'e Edition, counts: &'e ChangeCounts) -> impl Iterator<Item = i64> + 'e {
    let of_renditions = edition.langs.iter().map(|lang| counts.of_renditions(lang));
    of_renditions.chain(edition.from.iter().map(|source| counts.of_source(source)))
}
