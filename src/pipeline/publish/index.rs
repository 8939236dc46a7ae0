//! Writes the files that list all editions and sources, `index.html` and `sources.opml`, and the style sheet of all feeds.

use std::collections::HashMap;

use crate::model::{Fault, FaultKind, Format, Lang, SourceId, SourceInfo, Time};
use crate::pipeline::blocking::spawn_cpu;
use crate::pipeline::error::PipelineError;
use crate::policy::source_health::{SourceHealth, judge};
use crate::render::{self, ArchiveLink, DigestLink, EditionLink, Index, ListedSource, SourceStanding};
use crate::store::SourceRow;

use super::archive::FORMATS;
use super::archive::documents::ArchiveDocument;
use super::basis::{Bases, Basis};
use super::digest::DigestFile;
use super::file_stem::INDEX;
use super::record::Record;
use super::sources::Sources;
use super::{Publish, Target};

impl Publish<'_> {
    /// Writes the lists, if they have changed. Returns their record. If nothing that they depend on has changed, no source is read.
    pub(super) async fn write_index(
        &self,
        editions: &[EditionLink],
        (sources, bases): (&Sources<'_>, &mut Bases<'_>),
        record: Option<Record>,
        faults: &mut Vec<Fault>,
    ) -> Result<Record, PipelineError> {
        let (hash, now) = (bases.hash_lists(editions, self.sources), self.clock.now());
        if let Some(inputs) = bases.find(INDEX, &hash, now).and_then(|basis| basis.inputs)
            && let Some(record) = self.find_current(INDEX, &inputs, record.as_ref()).await?
        {
            bases.keep(INDEX);
            return Ok(record);
        }
        let known = sources.load().await?;
        let until = known.rows.values().filter_map(|row| row.state.publish_rate.silent_from()).filter(|at| *at > now).min();
        let made_of = |inputs: &str| Some(Basis::new(hash, Some(inputs.to_owned()), (0, 0), (now, until)));
        let listed = self.list_sources(&known.infos, &known.rows);
        let lang = self.index_lang();
        let mut hasher = blake3::Hasher::new();
        hasher.update(
            format!(
                "{} {:?} {editions:?} {listed:?} {lang:?} {}",
                env!("CARGO_PKG_VERSION"),
                self.base_url,
                self.templates.key()
            )
            .as_bytes(),
        );
        let inputs = hasher.finalize().to_hex().to_string();
        if let Some(record) = self.find_current(INDEX, &inputs, record.as_ref()).await? {
            bases.add(INDEX, made_of(&inputs));
            return Ok(record);
        }
        let Some(templates) = self.templates.get() else { return Ok(record.unwrap_or_default()) };
        let (editions, base_url) = (editions.to_vec(), self.base_url.map(str::to_owned));
        let rendered = spawn_cpu("rendering the list of editions", move || {
            let index = Index { title: "relais", lang, base_url: base_url.as_deref(), editions: &editions, sources: &listed };
            let opml = render::render_opml("relais", &listed).map_err(|error| PipelineError::render("sources.opml", &error))?;
            let style = render::render_feed_style(&templates);
            let texts = |index| [(render::FEED_STYLE_FILE, style), ("sources.opml", opml), ("index.html", index)];
            Ok::<_, PipelineError>(render::render_index(&index, &templates).map(texts))
        });
        let texts = match rendered.await?? {
            Ok(texts) => texts,
            Err(error) => {
                faults.push(Fault::of_edition(INDEX, FaultKind::Render, error.to_string()));
                return Ok(record.unwrap_or_default());
            }
        };
        let mut files = Vec::new();
        for (name, text) in texts {
            files.push(self.sink.write(name, text.into_bytes()).await?.1);
        }
        bases.add(INDEX, made_of(&inputs));
        let record = Record { inputs, files, checked: Some(self.clock.now()), ..Record::default() };
        self.save_record(INDEX, &record).await?;
        Ok(record)
    }

    /// Returns the language of the list: that of the first edition that has one, else of the first source that states one.
    fn index_lang(&self) -> Option<Lang> {
        let editions = self.editions.iter().find_map(|edition| edition.langs.first());
        editions.or_else(|| self.sources.iter().find_map(|source| source.lang.as_ref())).cloned()
    }

    fn list_sources(&self, infos: &HashMap<SourceId, SourceInfo>, rows: &HashMap<SourceId, SourceRow>) -> Vec<ListedSource> {
        let now = self.clock.now();
        let enabled = self.sources.iter().filter(|source| source.enabled);
        enabled
            .filter_map(|source| {
                let info = infos.get(&source.id)?;
                Some(ListedSource {
                    title: info.title.clone(),
                    site: info.site.clone(),
                    feed: info.feed.clone(),
                    tags: source.tags.clone(),
                    standing: rows.get(&source.id).and_then(|row| standing(row, now)),
                })
            })
            .collect()
    }
}

/// Returns what readers are told of a source; nothing before its first visit.
fn standing(row: &SourceRow, now: Time) -> Option<SourceStanding> {
    row.visited?;
    Some(match judge(&row.state, now) {
        SourceHealth::Good | SourceHealth::Unsteady => SourceStanding::Works,
        SourceHealth::Stale => SourceStanding::Silent,
        SourceHealth::Gone => SourceStanding::Ended,
        SourceHealth::Changed if row.state.last_fault.is_none() => SourceStanding::Works,
        SourceHealth::Broken | SourceHealth::Paused | SourceHealth::Dead | SourceHealth::Changed => {
            SourceStanding::FailsSince(row.state.failing_since.or(row.visited)?)
        }
    })
}

/// Returns the line of an edition in the list: what is known of it after a pass, and its digests.
pub(super) fn edition_link(target: &Target<'_>, record: Option<&Record>, digests: &[DigestFile]) -> EditionLink {
    let Target { edition, lang, stem } = target;
    let documents = record.filter(|_| edition.archive).map_or([].as_slice(), |record| &record.archive);
    EditionLink {
        id: edition.id.clone(),
        title: edition.title.clone(),
        description: edition.description.clone(),
        lang: lang.cloned(),
        files: edition.formats.iter().map(|format| (*format, format!("{stem}.{}", format.extension()))).collect(),
        items: record.map_or(0, |record| record.items as usize),
        archive: documents.iter().rev().filter_map(|document| archive_link(document, stem)).collect(),
        digests: digest_links(target, digests),
    }
}

fn archive_link(document: &ArchiveDocument, edition: &str) -> Option<ArchiveLink> {
    let first = FORMATS.into_iter().find(|format| document.missing(&[*format], edition).is_empty())?;
    Some(ArchiveLink {
        month: document.name.first_day()?,
        number: document.name.number(),
        file: (first, document.file(first, edition)),
    })
}

/// Returns the digests of an edition in its language, the page of each before its feed.
fn digest_links(target: &Target<'_>, digests: &[DigestFile]) -> Vec<DigestLink> {
    let mut links: Vec<DigestLink> = Vec::new();
    for digest in digests.iter().filter(|digest| digest.edition == target.stem) {
        let formats = [Format::Html, Format::Atom];
        let Some(format) =
            formats.into_iter().find(|format| digest.file.name == format!("{}.{}", digest.stem, format.extension()))
        else {
            continue;
        };
        let file = (format, digest.file.name.clone());
        match links.iter_mut().find(|link| link.id == digest.id) {
            Some(link) if format == Format::Html => link.files.insert(0, file),
            Some(link) => link.files.push(file),
            None => links.push(DigestLink { id: digest.id.clone(), files: vec![file] }),
        }
    }
    links
}
