//! The record of a published edition: its inputs and files, so that nothing is rendered or written twice.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::config as plan;
use crate::model::{EntryId, EntryRow, FullText, Lang, SourceId, SourceInfo, Time};
use crate::sink::OutputDir;

/// The last published files of an edition.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The hash of all inputs of the files.
    pub(super) inputs: String,
    /// The files, with their sizes in bytes.
    pub(super) files: Vec<(String, u64)>,
    pub(super) items: u32,
    /// The date that the files bear: of the newest item, or of the first run if there never was one. Older records lack it.
    #[serde(default)]
    pub(super) updated: Option<Time>,
}

impl Record {
    /// Returns true if the files that were made of these inputs are all in place.
    pub(super) fn is_current(&self, inputs: &str, dir: &OutputDir) -> bool {
        self.inputs == inputs && self.files.iter().all(|(file, size)| dir.has_file(file, *size))
    }
}

/// The inputs of the files of an edition.
pub(super) struct Inputs<'a> {
    pub(super) edition: &'a plan::Edition,
    pub(super) lang: Option<&'a Lang>,
    pub(super) base_url: Option<&'a str>,
    pub(super) entries: &'a [EntryRow],
    pub(super) infos: &'a HashMap<SourceId, SourceInfo>,
    pub(super) full_texts: &'a HashMap<EntryId, FullText>,
    pub(super) renditions: &'a HashMap<EntryId, i64>,
}

impl Inputs<'_> {
    /// Returns the hash of the inputs. If it has not changed, neither have the files.
    pub(super) fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: &str| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        };
        let (edition, lang, base_url) = (self.edition, self.lang, self.base_url);
        add(env!("CARGO_PKG_VERSION"));
        add(&format!("{:?} {:?} {:?} {lang:?} {base_url:?}", edition.show, edition.bilingual, edition.formats));
        add(&edition.id);
        add(edition.title.as_str());
        add(edition.description.as_str());
        let mut sources: HashSet<&SourceId> = HashSet::new();
        for row in self.entries {
            add(&format!("{} {} {}", row.id, row.revision, row.at.millis()));
            match self.full_texts.get(&row.id) {
                None | Some(FullText::Failed { .. }) => {}
                Some(FullText::Taken) => add("full text"),
                Some(FullText::Left { .. }) => add("no full text"),
            }
            if let Some(stamp) = self.renditions.get(&row.id) {
                add(&format!("rendition {stamp}"));
            }
            if sources.insert(&row.source) {
                add(&format!("{:?}", self.infos.get(&row.source)));
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}
