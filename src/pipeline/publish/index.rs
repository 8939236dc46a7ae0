//! Writes the files that list all editions and sources: `index.html` and `sources.opml`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{SourceId, SourceInfo};
use crate::pipeline::blocking::spawn_cpu;
use crate::pipeline::error::PipelineError;
use crate::render::{self, EditionLink, Index, ListedSource};

use super::record::Record;
use super::{Publish, Target};

/// The name under which the store remembers these files; no edition may be called so.
pub(super) const INDEX: &str = "index";

impl Publish<'_> {
    /// Writes the lists, if they have changed. Returns their record.
    pub(super) async fn write_index(
        &self,
        editions: &[EditionLink],
        infos: &HashMap<SourceId, SourceInfo>,
        record: Option<Record>,
    ) -> Result<Record, PipelineError> {
        let listed = self.list_sources(infos);
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{} {:?} {editions:?} {listed:?}", env!("CARGO_PKG_VERSION"), self.base_url).as_bytes());
        let inputs = hasher.finalize().to_hex().to_string();
        if let Some(record) = self.find_current(INDEX, &inputs, record.as_ref()).await? {
            return Ok(record);
        }
        let (editions, base_url, dir) = (editions.to_vec(), self.base_url.map(str::to_owned), Arc::clone(&self.dir));
        let written = spawn_cpu("rendering the list of editions", move || {
            let index = Index { title: "relais", base_url: base_url.as_deref(), editions: &editions, sources: &listed };
            let index = render::render_index(&index).map_err(|error| PipelineError::render("index.html", &error))?;
            let opml = render::render_opml("relais", &listed).map_err(|error| PipelineError::render("sources.opml", &error))?;
            let (_, index) = dir.write_file("index.html", index.as_bytes())?;
            let (_, opml) = dir.write_file("sources.opml", opml.as_bytes())?;
            Ok::<_, PipelineError>(vec![index, opml])
        });
        let record = Record { inputs, files: written.await??, checked: Some(self.clock.now()), ..Record::default() };
        self.save_record(INDEX, &record).await?;
        Ok(record)
    }

    fn list_sources(&self, infos: &HashMap<SourceId, SourceInfo>) -> Vec<ListedSource> {
        let enabled = self.sources.iter().filter(|source| source.enabled);
        enabled
            .filter_map(|source| {
                let info = infos.get(&source.id)?;
                Some(ListedSource {
                    title: info.title.clone(),
                    site: info.site.clone(),
                    feed: info.feed.clone(),
                    tags: source.tags.clone(),
                })
            })
            .collect()
    }
}

/// Returns the line of an edition in the list.
pub(super) fn edition_link(target: &Target<'_>, items: u32) -> EditionLink {
    let Target { edition, lang, stem } = target;
    EditionLink {
        title: edition.title.clone(),
        lang: lang.cloned(),
        files: edition.formats.iter().map(|format| (*format, format!("{stem}.{}", format.extension()))).collect(),
        items: items as usize,
    }
}
