//! Writes the files that list all editions and sources, `index.html` and `sources.opml`, and the style sheet of all feeds.

use std::collections::HashMap;

use crate::model::{Fault, FaultKind, Lang, SourceId, SourceInfo, Time};
use crate::pipeline::blocking::spawn_cpu;
use crate::pipeline::error::PipelineError;
use crate::policy::source_health::{SourceHealth, judge};
use crate::render::{self, EditionLink, Index, ListedSource, SourceStanding};
use crate::store::SourceRow;

use super::record::Record;
use super::{Publish, Target};

/// The name under which the store remembers these files; no edition may be called so.
pub(super) const INDEX: &str = "index";

impl Publish<'_> {
    /// Writes the lists, if they have changed. Returns their record.
    pub(super) async fn write_index(
        &self,
        editions: &[EditionLink],
        (infos, rows): (&HashMap<SourceId, SourceInfo>, &HashMap<SourceId, SourceRow>),
        record: Option<Record>,
        faults: &mut Vec<Fault>,
    ) -> Result<Record, PipelineError> {
        let listed = self.list_sources(infos, rows);
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

/// Returns the line of an edition in the list.
pub(super) fn edition_link(target: &Target<'_>, items: u32) -> EditionLink {
    let Target { edition, lang, stem } = target;
    EditionLink {
        id: edition.id.clone(),
        title: edition.title.clone(),
        description: edition.description.clone(),
        lang: lang.cloned(),
        files: edition.formats.iter().map(|format| (*format, format!("{stem}.{}", format.extension()))).collect(),
        items: items as usize,
    }
}
