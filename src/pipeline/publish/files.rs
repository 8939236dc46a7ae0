//! Renders and writes the files of an edition.

use std::sync::Arc;

use crate::model::{Edition, EditionCount, Fault, FaultKind, Format, Time};
use crate::pipeline::blocking::spawn_cpu;
use crate::pipeline::error::PipelineError;
use crate::render::{self, RenderError};
use crate::sink::{OutputDir, WriteOutcome, WrittenFile};

use super::Publish;
use super::deleted::PublishedEntries;
use super::record::Record;

/// The files of an edition after writing them.
pub(super) struct Files {
    written: Vec<WrittenFile>,
    /// The names of files that could not be rendered: the old ones are kept.
    failed: Vec<String>,
}

/// The result of writing an edition.
pub(super) struct WrittenEdition {
    pub(super) files: Files,
    /// One for each format that could not be rendered.
    pub(super) faults: Vec<Fault>,
}

impl Publish<'_> {
    /// Writes an edition in all its formats.
    pub(super) async fn write_formats(
        &self,
        view: &Arc<Edition>,
        count: &mut EditionCount,
    ) -> Result<WrittenEdition, PipelineError> {
        let mut files = Files { written: Vec::new(), failed: Vec::new() };
        let mut faults = Vec::new();
        for format in view.formats.iter().copied() {
            match render_and_write(&self.dir, view, format).await? {
                Ok((outcome, file)) => {
                    *(if outcome == WriteOutcome::New { &mut count.written } else { &mut count.same }) += 1;
                    files.written.push(file);
                }
                Err(error) => {
                    faults.push(Fault::of_edition(&view.stem, FaultKind::Render, error.to_string()));
                    files.failed.push(view.file(format));
                }
            }
        }
        Ok(WrittenEdition { files, faults })
    }
}

impl Files {
    /// Makes the record of the files. If one could not be rendered, the old file is still there, and nothing is current.
    pub(super) fn record(
        mut self,
        before: Option<Record>,
        inputs: String,
        entries: PublishedEntries,
        (view, now): (&Edition, Time),
    ) -> Record {
        let (inputs, updated) = if self.failed.is_empty() {
            (inputs, Some(view.updated))
        } else {
            (String::new(), before.as_ref().and_then(|record| record.updated))
        };
        let kept = before.into_iter().flat_map(|record| record.files).filter(|file| self.failed.contains(&file.name));
        self.written.extend(kept.collect::<Vec<_>>());
        let items = u32::try_from(view.items.len()).unwrap_or(u32::MAX);
        Record { inputs, files: self.written, items, updated, entries, checked: Some(now) }
    }
}

/// Renders and writes one format. A renderer that fails keeps the last good file; an output that cannot be written ends the pass.
pub(super) async fn render_and_write(
    dir: &Arc<OutputDir>,
    view: &Arc<Edition>,
    format: Format,
) -> Result<Result<(WriteOutcome, WrittenFile), RenderError>, PipelineError> {
    let (view, dir) = (Arc::clone(view), Arc::clone(dir));
    let result = spawn_cpu("rendering an edition", move || match render::render_edition(&view, format) {
        Ok(text) => Ok(Ok(dir.write_file(&view.file(format), text.as_bytes())?)),
        Err(error) => Ok(Err(error)),
    })
    .await?;
    result.map_err(PipelineError::Sink)
}
