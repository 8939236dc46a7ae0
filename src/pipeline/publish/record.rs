//! The record of a published edition: its inputs and files, so that nothing is rendered or written twice.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config as plan;
use crate::model::{EntryId, EntryRow, Format, FullText, Lang, SourceId, SourceInfo, Time};
use crate::pipeline::error::PipelineError;
use crate::sink::{Sink, WrittenFile};

use super::archive::documents::ArchiveDocument;
use super::deleted::PublishedEntries;
use super::page_item::page_rules;
use super::page_templates::PageTemplates;
use super::stories::Story;

/// The time after which files are read and compared even if nothing seems to have touched them: disks fail silently.
const CHECK_EVERY: Duration = Duration::from_hours(24);

/// The last published files of an edition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The hash of all inputs of the files.
    pub(super) inputs: String,
    /// The files. Older records have sizes only, which say too little: as if there were no files.
    #[serde(default, rename = "written")]
    pub(super) files: Vec<WrittenFile>,
    pub(super) items: u32,
    /// The date that the files bear: of the newest item, or of the first run if there never was one. Older records lack it.
    #[serde(default)]
    pub(super) updated: Option<Time>,
    /// The documents of its archive, the oldest first.
    #[serde(default)]
    pub(super) archive: Vec<ArchiveDocument>,
    /// The entries that readers have had.
    #[serde(default)]
    pub(super) entries: PublishedEntries,
    /// The time at which the bytes of all files were last known.
    #[serde(default)]
    pub(super) checked: Option<Time>,
}

/// The state of the files of a record.
pub(super) enum Check {
    /// They are whole, and the record says so.
    Whole,
    /// They are whole, and were touched or read: this is their new record.
    Read(Record),
    /// At least one is missing or damaged.
    Damaged,
}

impl Record {
    /// Checks the files. Those that nothing has touched are not read, but once a day.
    pub(super) async fn check(&self, sink: &dyn Sink, now: Time) -> Result<Check, PipelineError> {
        let is_due = self.checked.is_none_or(|at| at > now || now.since(at) >= CHECK_EVERY);
        if !is_due && self.is_unchanged(sink).await? {
            return Ok(Check::Whole);
        }
        let mut files = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let Some(file) = sink.verify(file).await? else {
                tracing::info!(file = file.name, "a published file is missing or was changed: writing it again");
                return Ok(Check::Damaged);
            };
            files.push(file);
        }
        Ok(Check::Read(Self { files, checked: is_due.then_some(now).or(self.checked), ..self.clone() }))
    }

    async fn is_unchanged(&self, sink: &dyn Sink) -> Result<bool, PipelineError> {
        for file in &self.files {
            if !sink.is_unchanged(file).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The inputs of the files of an edition.
pub(super) struct Inputs<'a> {
    pub(super) edition: &'a plan::Edition,
    pub(super) lang: Option<&'a Lang>,
    pub(super) base_url: Option<&'a str>,
    pub(super) entries: &'a [EntryRow],
    pub(super) stories: &'a HashMap<EntryId, Story>,
    pub(super) infos: &'a HashMap<SourceId, SourceInfo>,
    pub(super) full_texts: &'a HashMap<EntryId, FullText>,
    pub(super) renditions: &'a HashMap<EntryId, i64>,
    pub(super) withdrawn: &'a [(EntryId, Time)],
    pub(super) templates: &'a PageTemplates,
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
        add(&format!("{:?}", edition.translated()));
        add(&format!("{:?} {:?}", edition.headline, edition.provenance));
        add(&format!("{:?} {:?} {:?} {:?}", edition.langs, edition.icon, edition.rights, edition.hubs));
        if edition.formats.contains(&Format::Html) {
            add(&format!("{:?} {}", page_rules(edition), self.templates.key()));
        }
        add(&edition.id);
        add(edition.title.as_str());
        add(edition.description.as_str());
        let mut sources: HashSet<&SourceId> = HashSet::new();
        for row in self.entries {
            add(&format!("{} {} {}", row.id, row.revision, row.at.millis()));
            if let Some(story) = self.stories.get(&row.id) {
                add(&format!("story {}", story.id));
                for other in &story.others {
                    add(&format!("{} {} {:?}", other.id, other.revision, self.infos.get(&other.source)));
                }
            }
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
        for (id, at) in self.withdrawn {
            add(&format!("withdrawn {id} {}", at.millis()));
        }
        hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::OutputDir;

    /// A record whose one file has other bytes than were written, although nothing seems to have touched it.
    fn silently_damaged(folder: &tempfile::TempDir, now: Time) -> (OutputDir, Record) {
        let dir = OutputDir::open(folder.path()).expect("a folder");
        let (_, file) = dir.write_file("a.atom", b"damaged").expect("written");
        let file = WrittenFile { sha256: "00".repeat(32), ..file };
        (dir, Record { files: vec![file], checked: Some(now), ..Record::default() })
    }

    #[tokio::test]
    async fn untouched_file_is_not_read_on_the_same_day() {
        let (folder, now) = (tempfile::tempdir().expect("a folder"), Time::from_millis(1_000_000_000));
        let (dir, record) = silently_damaged(&folder, now);
        let check = record.check(&dir, now.plus(Duration::from_hours(23))).await.expect("checked");
        assert!(matches!(check, Check::Whole));
    }

    #[tokio::test]
    async fn untouched_file_is_read_on_the_next_day() {
        let (folder, now) = (tempfile::tempdir().expect("a folder"), Time::from_millis(1_000_000_000));
        let (dir, record) = silently_damaged(&folder, now);
        assert!(matches!(record.check(&dir, now.plus(CHECK_EVERY)).await.expect("checked"), Check::Damaged));
    }

    #[tokio::test]
    async fn untouched_file_is_read_if_it_was_checked_in_the_future() {
        let (folder, now) = (tempfile::tempdir().expect("a folder"), Time::from_millis(1_000_000_000));
        let (dir, record) = silently_damaged(&folder, now.plus(CHECK_EVERY));
        assert!(matches!(record.check(&dir, now).await.expect("checked"), Check::Damaged));
    }
}
