//! Digests: once a day the new stories of an edition, as an entry of a feed, a page and a mail. A digest is made once and remembered, so
//! that its files can be written again without another look at the edition.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config as plan;
use crate::html;
use crate::model::{Clean, EntryId, EntryRow, Lang, Text, Time};
use crate::pipeline::edition_rows::RowReader;
use crate::pipeline::error::PipelineError;
use crate::policy::{covered_from, last_due};
use crate::render;
use crate::sink::WrittenFile;

use super::content::Shown;
use super::record::{Check, Record};
use super::sources::Sources;
use super::stories::Joined;
use super::{Publish, Selected, Target, select_items};

mod files;

/// The number of digests that the feed has: two weeks of them.
const MAX_ISSUES: usize = 14;

/// The time for which it is remembered which entries a digest had.
const TOLD_FOR: Duration = Duration::from_hours(9 * 24);

/// Holds the record of a digest in one language.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct DigestRecord {
    /// The time for which the last one was made, or would have been if there had been news.
    last: Option<Time>,
    /// The entries that digests had, each with the time of that.
    told: Vec<(EntryId, Time)>,
    /// The last digests, the newest first.
    issues: Vec<Issue>,
    /// The files of the newest, and of the feed.
    files: Record,
}

/// A digest of one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Issue {
    title: Text,
    /// The time at which it was due.
    at: Time,
    html: Clean,
    /// The same as plain text, with addresses.
    text: String,
}

/// A digest in one language, as a pass publishes it.
struct DigestTarget<'a> {
    digest: &'a plan::Digest,
    target: &'a Target<'a>,
    /// The name of its files without their ending: `digest/morning`.
    stem: String,
}

/// The file of a digest, for the manifest.
pub(super) struct DigestFile {
    /// The name of the digest in feeds.toml.
    pub(super) id: String,
    /// The stem of its edition: `jeux.fr`.
    pub(super) edition: String,
    pub(super) file: WrittenFile,
    /// `digest/morning`.
    pub(super) stem: String,
    pub(super) lang: Option<Lang>,
    pub(super) title: Text,
    /// The edition whose `auth` says who may read it.
    pub(super) auth: Option<String>,
}

impl Publish<'_> {
    /// Makes the digests that are due, and writes their files. Returns all files of all digests.
    pub(super) async fn publish_digests<'s>(
        &'s self,
        targets: &'s [Target<'s>],
        (sources, reader): (&Sources<'_>, &mut RowReader<'s>),
        records: &HashMap<String, String>,
    ) -> Result<Vec<DigestFile>, PipelineError> {
        let mut files = Vec::new();
        for digest in self.digests {
            let of = |target: &&Target<'_>| {
                target.edition.id == digest.edition && (digest.lang.is_none() || digest.lang.as_ref() == target.lang)
            };
            let targets: Vec<&Target<'_>> = targets.iter().filter(of).collect();
            let is_one = targets.len() == 1;
            for target in targets {
                let stem = stem(digest, target.lang.filter(|_| !is_one));
                let known = records.get(&stem).and_then(|doc| serde_json::from_str(doc).ok()).unwrap_or_default();
                let digest = DigestTarget { digest, target, stem };
                let record = self.publish_digest(&digest, (sources, reader), known).await?;
                files.extend(record.files.files.into_iter().map(|file| DigestFile {
                    id: digest.digest.id.clone(),
                    edition: target.stem.clone(),
                    file,
                    stem: digest.stem.clone(),
                    lang: target.lang.cloned(),
                    title: target.edition.title.clone(),
                    auth: target.edition.guarded_by(),
                }));
            }
        }
        Ok(files)
    }

    async fn publish_digest<'s>(
        &'s self,
        digest: &DigestTarget<'s>,
        of: (&Sources<'_>, &mut RowReader<'s>),
        known: DigestRecord,
    ) -> Result<DigestRecord, PipelineError> {
        let now = self.clock.now();
        let due = last_due(now, digest.digest.at, digest.digest.zone);
        let mut record = known.clone();
        // A time in the future was stored while the clock was ahead: today's digest was made.
        record.last = record.last.map(|last| if last > now { due } else { last });
        let is_in_scope = self.only.is_none_or(|only| only.contains(&digest.target.edition.id));
        if is_in_scope && record.last.is_none_or(|last| last < due) {
            self.add_issue(digest, of, &mut record, due).await?;
            // It is remembered before it is written: a run that is killed now makes it no second time.
            self.save_record(&digest.stem, &record).await?;
        }
        if record.issues.is_empty() {
            return Ok(record);
        }
        let inputs = digest.inputs(&record, self.base_url);
        if record.files.inputs == inputs {
            match record.files.check(&*self.sink, now).await? {
                Check::Whole => {}
                Check::Read(files) => record.files = files,
                Check::Damaged => record.files = self.write_digest(digest, &record, inputs).await?,
            }
        } else {
            record.files = self.write_digest(digest, &record, inputs).await?;
        }
        if record != known {
            self.save_record(&digest.stem, &record).await?;
        }
        Ok(record)
    }

    /// Makes the digest that is due, unless nothing is new.
    async fn add_issue<'s>(
        &'s self,
        digest: &DigestTarget<'s>,
        (sources, reader): (&Sources<'_>, &mut RowReader<'s>),
        record: &mut DigestRecord,
        due: Time,
    ) -> Result<(), PipelineError> {
        let Target { edition, lang, .. } = *digest.target;
        let now = self.clock.now();
        let known = self.store.load_publication(self.target, &digest.target.stem).await?;
        let known: Option<Record> = known.and_then(|doc| serde_json::from_str(&doc).ok());
        let published = known.map(|record| record.entries).unwrap_or_default();
        let (selected, joined) = select_items(self.store, reader, edition, (lang, now), published.known()).await?;
        let (Selected { renditions, .. }, Joined { mut entries, stories, .. }) = (selected, joined);
        let (from, told) = (covered_from(due, record.last), record.told.iter().map(|(id, _)| *id).collect::<HashSet<_>>());
        let item = |row: &EntryRow| stories.get(&row.id).map_or(row.id, |story| story.id);
        entries.retain(|row| row.at > from && row.at <= due && !told.contains(&item(row)));
        let items: Vec<(EntryId, Time)> = entries.iter().map(|row| (item(row), due)).collect();
        record.last = Some(due);
        record.told.retain(|(_, at)| due.since(*at) < TOLD_FOR);
        if items.is_empty() {
            tracing::warn!("the digest {} of {due} was not made: the edition has nothing new", digest.digest.id);
            return Ok(());
        }
        record.told.extend(items);
        let shown = Shown { entries: &entries, stories: &stories, renditions: &renditions, withdrawn: &[] };
        let view = self.build_view(digest.target, shown, sources.infos().await?, (due, now)).await?;
        let title = render::digest_title(&edition.title, digest.digest.zone.local(due).date(), lang);
        let html = html::clean(&render::digest_html(&view.items), None);
        record.issues.insert(0, Issue { title, at: due, html, text: render::digest_text(&view.items) });
        record.issues.truncate(MAX_ISSUES);
        tracing::info!("made the digest {} of {due} with {} stories", digest.digest.id, view.items.len());
        Ok(())
    }

    async fn write_digest(
        &self,
        digest: &DigestTarget<'_>,
        record: &DigestRecord,
        inputs: String,
    ) -> Result<Record, PipelineError> {
        let mut files = Vec::new();
        for (name, bytes) in self.render_digest(digest, &Arc::new(record.issues.clone())).await? {
            files.push(self.sink.write(&name, bytes).await?.1);
        }
        Ok(Record { inputs, files, checked: Some(self.clock.now()), ..Record::default() })
    }
}

impl DigestTarget<'_> {
    /// Returns a hash of everything that its files are made of.
    fn inputs(&self, record: &DigestRecord, base_url: Option<&str>) -> String {
        let plan::Digest { from, to, .. } = self.digest;
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{} {base_url:?} {from:?} {to:?} {:?}", env!("CARGO_PKG_VERSION"), record.issues).as_bytes());
        hasher.finalize().to_hex().to_string()
    }
}

/// Returns the name of the files of a digest without their ending.
fn stem(digest: &plan::Digest, lang: Option<&Lang>) -> String {
    lang.map_or_else(|| format!("digest/{}", digest.id), |lang| format!("digest/{}.{lang}", digest.id))
}
