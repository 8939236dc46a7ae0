//! Renders and writes the files of an edition.

use std::sync::Arc;

use crate::model::{Edition, EditionCount, Fault, FaultKind, Format, Time, is_page_file};
use crate::pipeline::blocking::spawn_cpu;
use crate::pipeline::error::PipelineError;
use crate::render::{self, RenderError, Templates};
use crate::sink::{Sink, WriteOutcome, WrittenFile};

use super::Publish;
use super::deleted::PublishedEntries;
use super::record::Record;

/// The files of an edition after writing them.
pub(super) struct Files {
    written: Vec<WrittenFile>,
    /// The formats that could not be rendered: the old files are kept.
    failed: Vec<Format>,
}

/// The result of writing an edition.
pub(super) struct WrittenEdition {
    pub(super) files: Files,
    /// False if a format could not be rendered.
    pub(super) is_whole: bool,
    /// One for each format that could not be rendered, unless that is told already.
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
            let Some(templates) = self.templates.for_format(format) else {
                files.failed.push(format);
                continue;
            };
            match render_and_write(&*self.sink, view, format, templates).await? {
                Ok(written) => {
                    for (outcome, file) in written {
                        *(if outcome == WriteOutcome::New { &mut count.written } else { &mut count.same }) += 1;
                        files.written.push(file);
                    }
                }
                Err(error) => {
                    faults.push(Fault::of_edition(&view.stem, FaultKind::Render, error.to_string()));
                    files.failed.push(format);
                }
            }
        }
        Ok(WrittenEdition { is_whole: files.failed.is_empty(), files, faults })
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
        let is_kept = |file: &WrittenFile| {
            let of = |format: &Format| match format {
                Format::Html => is_page_file(&view.stem, &file.name),
                _ => view.file(*format) == file.name,
            };
            self.failed.iter().any(of)
        };
        let kept = before.into_iter().flat_map(|record| record.files).filter(is_kept);
        self.written.extend(kept.collect::<Vec<_>>());
        let items = u32::try_from(view.items.len()).unwrap_or(u32::MAX);
        Record { inputs, files: self.written, items, updated, archive: Vec::new(), entries, checked: Some(now) }
    }
}

/// Renders and writes one format, which may be several files. A renderer that fails keeps the last good files; an output that cannot be
/// written ends the pass.
pub(super) async fn render_and_write(
    sink: &dyn Sink,
    view: &Arc<Edition>,
    format: Format,
    templates: Arc<Templates>,
) -> Result<Result<Vec<(WriteOutcome, WrittenFile)>, RenderError>, PipelineError> {
    let shown = Arc::clone(view);
    match spawn_cpu("rendering an edition", move || render::render_files(&shown, format, &templates)).await? {
        Ok(files) => {
            let mut written = Vec::with_capacity(files.len());
            for (name, text) in files {
                written.push(sink.write(&name, text.into_bytes()).await?);
            }
            Ok(Ok(written))
        }
        Err(error) => Ok(Err(error)),
    }
}
