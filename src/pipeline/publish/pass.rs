//! One pass: the editions, each while no other worker publishes it, and then what all of them have in common.
//!
//! Workers that share a database take different editions at the same time. What a worker has read before its turn may be older than what
//! another one has published meanwhile, and is read again.

use std::collections::{BTreeMap, HashMap, VecDeque};

use tracing::Instrument;

use crate::model::EditionCount;
use crate::pipeline::edition_rows::RowReader;
use crate::pipeline::error::PipelineError;
use crate::pipeline::full_text::Pages;
use crate::pipeline::output_lease::Turn;

use super::basis::{self, Bases};
use super::file_stem::INDEX;
use super::index::edition_link;
use super::manifest::{self, LiveFiles, Manifest};
use super::record::{Check, Record};
use super::sources::Sources;
use super::{Publish, Published, Target, believed, count_same, fault_feed};

/// The outcome of an edition: its count, unless it failed, and the record of its files.
pub(super) type PublishedEdition = (Option<EditionCount>, Option<Record>);

/// The records of an output, as they are stored.
struct StoredRecords(HashMap<String, String>);

impl StoredRecords {
    fn get(&self, name: &str) -> Option<Record> {
        self.0.get(name).and_then(|doc| serde_json::from_str(doc).ok())
    }
}

impl Publish<'_> {
    /// Publishes the editions that have changed, after fetching their article pages. The lists of what there is come last. Returns nothing
    /// if the pass is cancelled while another worker publishes.
    pub(in crate::pipeline) async fn run(&self, pages: &mut Pages<'_>) -> Result<Option<Published>, PipelineError> {
        // Before anything else is read: what changes from now on is a change after this pass.
        let counts = self.store.load_change_counts().await?;
        let (sources, known) = (Sources::new(self), self.read_records().await?);
        let mut done = Published { faults: self.templates.fault().into_iter().collect(), ..Published::default() };
        let mut bases = Bases::open(self, counts, known.0.get(basis::NAME).map(String::as_str));
        let (mut reader, targets) = (RowReader::new(true), self.targets());
        let mut records: Vec<Option<Record>> = targets.iter().map(|target| known.get(&target.stem)).collect();
        let mut counts: BTreeMap<usize, EditionCount> = BTreeMap::new();
        let mut ahead: VecDeque<(usize, bool)> = (0..targets.len()).map(|at| (at, false)).collect();
        while let Some((at, waits)) = ahead.pop_front() {
            let target = &targets[at];
            self.keep_others(target, &mut bases);
            if self.only.is_some_and(|only| !only.contains(&target.edition.id)) {
                continue;
            }
            let span =
                tracing::info_span!("edition", edition.id = target.edition.id, lang = target.lang.map(tracing::field::display));
            let (of, record) = ((&sources, &mut reader, &mut bases), records[at].take());
            match self.publish_in_turn(target, of, record, (pages, &mut done), waits).instrument(span).await? {
                Turn::Done((count, record)) => {
                    counts.extend(count.map(|count| (at, count)));
                    records[at] = record;
                }
                Turn::Busy => {
                    // The others come first.
                    records[at] = known.get(&target.stem);
                    ahead.push_back((at, true));
                }
                Turn::Cancelled => return Ok(None),
            }
        }
        done.editions = counts.into_values().collect();
        self.forget_notifications().await?;
        let lists = Box::pin(self.publish_lists(&targets, (&known, records), (&sources, reader, bases), &mut done));
        match self.leases.hold(self.target, true, lists).await? {
            Turn::Done(()) => Ok(Some(done)),
            Turn::Busy | Turn::Cancelled => Ok(None),
        }
    }

    async fn read_records(&self) -> Result<StoredRecords, PipelineError> {
        Ok(StoredRecords(self.store.list_publications(self.target).await?.into_iter().collect()))
    }

    /// Publishes an edition while no other worker does. It waits for its turn if `waits`.
    async fn publish_in_turn<'s>(
        &'s self,
        target: &Target<'s>,
        (sources, reader, bases): (&Sources<'_>, &mut RowReader<'s>, &mut Bases<'_>),
        record: Option<Record>,
        (pages, done): (&mut Pages<'_>, &mut Published),
        waits: bool,
    ) -> Result<Turn<PublishedEdition>, PipelineError> {
        if !self.store.is_shared() {
            return Box::pin(self.publish_edition(target, (sources, reader, bases), record, pages, done)).await.map(Turn::Done);
        }
        if let Some(found) = self.find_settled(target, record.as_ref(), bases, done).await? {
            return Ok(Turn::Done(found));
        }
        let part = format!("{} in {}", target.stem, self.target);
        let work = Box::pin(async {
            let doc = self.store.load_publication(self.target, &target.stem).await?;
            let present: Option<Record> = doc.and_then(|doc| serde_json::from_str(&doc).ok());
            if present == record {
                return self.publish_edition(target, (sources, reader, bases), record, pages, done).await;
            }
            let (sources, mut reader) = (Sources::new(self), RowReader::new(true));
            self.publish_edition(target, (&sources, &mut reader, bases), present, pages, done).await
        });
        self.leases.hold(&part, waits, work).await
    }

    /// Returns what is known of an edition of which nothing has changed, and whose files nobody has touched. That needs no lease.
    async fn find_settled(
        &self,
        target: &Target<'_>,
        record: Option<&Record>,
        bases: &mut Bases<'_>,
        done: &mut Published,
    ) -> Result<Option<PublishedEdition>, PipelineError> {
        let now = self.clock.now();
        let Some(found) = bases.find(&target.stem, &bases.hash(target.edition, target.lang), now) else { return Ok(None) };
        let is_settled = match (&found.inputs, believed(record, now)) {
            (None, _) => record.is_none(),
            (Some(inputs), Some(record)) if record.inputs == *inputs && !record.files.is_empty() => {
                matches!(record.check(&*self.sink, now).await?, Check::Whole) && self.is_archive_whole(target, record).await?
            }
            _ => false,
        };
        if !is_settled {
            return Ok(None);
        }
        bases.keep(&target.stem);
        done.waiting += found.waiting;
        tracing::debug!(items = found.items, waiting = found.waiting, "nothing has changed that the edition depends on");
        Ok(Some((record.map(|record| count_same(target, found.items, record)), record.cloned())))
    }

    /// Publishes what all editions have in common: digests, lists, manifest; and tells the hubs.
    async fn publish_lists<'s>(
        &'s self,
        targets: &'s [Target<'s>],
        (known, mut records): (&StoredRecords, Vec<Option<Record>>),
        (sources, mut reader, mut bases): (&Sources<'_>, RowReader<'s>, Bases<'_>),
        done: &mut Published,
    ) -> Result<(), PipelineError> {
        let present = if self.store.is_shared() { Some(self.read_records().await?) } else { None };
        let anew = Sources::new(self);
        let sources = if present.is_some() { &anew } else { sources };
        if let Some(present) = &present {
            records = targets.iter().map(|target| present.get(&target.stem)).collect();
            reader = RowReader::new(true);
        }
        let docs = &present.as_ref().unwrap_or(known).0;
        let digests = self.publish_digests(targets, (sources, &mut reader), docs).await?;
        let (mut links, mut live) = (Vec::new(), LiveFiles::default());
        for (target, record) in targets.iter().zip(&records) {
            if record.is_none() && target.edition.family.is_some() {
                // It has no files yet.
                continue;
            }
            // The list is for everybody, and so it does not tell of an edition that is not.
            if target.edition.auth.is_none() {
                links.push(edition_link(target, record.as_ref(), &digests));
            }
            live.add_edition(self.plan, target, record.as_ref());
        }
        live.add_digests(self.plan, digests);
        let index = docs.get(INDEX).and_then(|doc| serde_json::from_str(doc).ok());
        live.add_lists(self.write_index(&links, (sources, &mut bases), index, &mut done.faults).await?);
        self.save_bases(bases).await?;
        if self.faults {
            live.expect(fault_feed::file_name());
        }
        let manifest = docs.get(manifest::NAME).and_then(|doc| serde_json::from_str::<Manifest>(doc).ok());
        let files = self.write_manifest(live, manifest.unwrap_or_default()).await?;
        done.faults.extend(self.tell_hubs(&files, docs).await?);
        Ok(())
    }
}
