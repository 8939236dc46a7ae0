//! Translates one text that is no entry.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::error::PipelineError;
use super::cost;
use super::document_job::DocumentJob;
use super::engine_handle::EngineHandle;
use super::request_context::RequestContext;
use super::scheduler::{Destination, Scheduler};
use crate::model::{Clean, Clock, EntryId, Lang, Original, Rendition, RenditionInputs, Revision, Show, TranslationCounts};
use crate::store::Store;
use crate::translate::{Document, Glossary};

/// The time after which no further request begins.
const TIME: Duration = Duration::from_secs(600);

/// A text to be translated by itself.
pub struct TextRequest<'a> {
    /// The engine.
    pub engine: EngineHandle,
    /// Terms and names.
    pub glossary: &'a Glossary,
    /// The source language.
    pub from: Lang,
    /// The target language.
    pub to: Lang,
    /// The text.
    pub html: Clean,
}

/// Translates one text with everything that entries get: memory, glossary, checks, budget. The rendition is not saved.
pub async fn translate_text(
    request: TextRequest<'_>,
    store: &Store,
    clock: &dyn Clock,
    worker: &str,
) -> Result<(TranslationCounts, Option<Rendition>), PipelineError> {
    let original = Original { content: Some(request.html), ..Original::default() };
    let engines = [request.engine];
    let context = RequestContext { store, clock, until: Instant::now() + TIME, stop: None, is_patient: false };
    let scheduler = Scheduler { engines: &engines, context, worker };
    let document = Document::new(&original, Show::Full, &request.from, &request.to, request.glossary);
    let job = DocumentJob {
        id: EntryId(0),
        revision: Revision(0),
        at: clock.now(),
        inputs: RenditionInputs { hash: 1, show: Show::Full },
        engines: vec![0],
        former_engines: Vec::new(),
        reader: None,
        held_until: None,
        document: Arc::new(document),
        to: request.to,
    };
    let done = scheduler.run(vec![job], Destination::Caller).await?;
    let (mut counts, usage) = (done.counts, engines[0].usage());
    (counts.sent, counts.characters_sent) = (usage.sent, usage.characters_sent);
    counts.cost = cost::from_millionths(engines[0].cost_so_far());
    Ok((counts, done.renditions.into_iter().next()))
}
