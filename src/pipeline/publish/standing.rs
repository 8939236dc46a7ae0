//! Reads the states of editions, as their last publication has left them: for the status.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::basis;
use super::file_stem::file_stem;
use crate::config::Plan;
use crate::model::{Lang, Time};
use crate::store::{Store, StoreError};

/// An edition in one language, as it was last published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionStanding {
    /// The name of the edition.
    pub edition: String,
    /// Its language, if it has one.
    pub lang: Option<Lang>,
    /// The items in it; nothing if it was never published.
    pub items: Option<u32>,
    /// The entries that it would show if they were translated.
    pub waiting: u64,
    /// The date of its newest item.
    pub updated: Option<Time>,
}

/// The part of a record that is needed here.
#[derive(Deserialize)]
struct PublishedRecord {
    items: u32,
    #[serde(default)]
    updated: Option<Time>,
}

/// The part of a basis that is needed here.
#[derive(Deserialize)]
struct PublishedBasis {
    waiting: u64,
}

/// Returns how each edition of a plan stands in each of its languages, in the order of feeds.toml. What an older relais recorded
/// otherwise counts as not published.
pub async fn edition_standings(plan: &Plan, store: &Store) -> Result<Vec<EditionStanding>, StoreError> {
    let records: BTreeMap<String, String> = store.list_publications(&plan.output.to_string()).await?.into_iter().collect();
    let bases: BTreeMap<String, PublishedBasis> =
        records.get(basis::NAME).and_then(|doc| serde_json::from_str(doc).ok()).unwrap_or_default();
    let mut standings = Vec::new();
    for edition in &plan.editions {
        let langs = edition.langs.iter().map(Some).chain(edition.langs.is_empty().then_some(None));
        for lang in langs {
            let stem = file_stem(edition, lang);
            let record: Option<PublishedRecord> = records.get(&stem).and_then(|doc| serde_json::from_str(doc).ok());
            standings.push(EditionStanding {
                edition: edition.id.clone(),
                lang: lang.cloned(),
                items: record.as_ref().map(|record| record.items),
                waiting: bases.get(&stem).map_or(0, |basis| basis.waiting),
                updated: record.and_then(|record| record.updated),
            });
        }
    }
    Ok(standings)
}
