//! The thread that owns the models, and the threads that it shares them with while it works on a batch.
//!
//! A batch takes a core for a second or more. So it runs apart from the threads that parse feeds. The inference library lets several threads
//! use a model, but not hand it over: it stays with the thread that has loaded it. What nobody waits for any more is not begun.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::{Semaphore, oneshot};

use super::super::super::models::{InstalledModel, ModelError};
use super::super::types::{LanguagePair, Outgoing, UnusableText};
use super::loaded::LoadedModel;
use super::text::translate_all;
use crate::model::Marked;
use crate::panic;

/// The most models in memory. One takes some 60 to 150 MB; a pair through the middle takes two.
const MAX_LOADED: usize = 3;

/// Batches that are with the worker: one in work, and the next.
pub(super) const IN_FLIGHT: usize = 2;

/// The models to go through, each with its languages.
pub(super) type Legs = Vec<(LanguagePair, InstalledModel)>;

/// The translations of a batch, or why there are none.
pub(super) type Answers = Vec<Result<Marked, UnusableText>>;

struct Job {
    legs: Legs,
    texts: Vec<Outgoing>,
    answer: oneshot::Sender<Result<Answers, BatchError>>,
}

/// A batch has no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum BatchError {
    /// A model cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A bug: the work panicked, or its thread has ended or could not be started.
    #[error("{0}")]
    Lost(String),
}

/// The thread with the models. It ends when this is dropped.
pub(super) struct Worker {
    free: Semaphore,
    jobs: Sender<Job>,
}

impl Worker {
    /// Starts the thread; it works on as many threads as `cores`.
    pub(super) fn start(cores: usize) -> Result<Self, BatchError> {
        let (jobs, queue) = channel();
        let thread = thread::Builder::new().name("translate".to_owned());
        let failed = |error: std::io::Error| BatchError::Lost(format!("no thread can be started: {error}"));
        thread.spawn(move || work_off(&queue, cores)).map_err(failed)?;
        Ok(Self { free: Semaphore::new(IN_FLIGHT), jobs })
    }

    /// Translates texts, one after the other through all models.
    pub(super) async fn translate(&self, legs: Legs, texts: Vec<Outgoing>) -> Result<Answers, BatchError> {
        let lost = || BatchError::Lost("its thread has ended".to_owned());
        let _free = self.free.acquire().await.map_err(|_| lost())?;
        let (answer, result) = oneshot::channel();
        self.jobs.send(Job { legs, texts, answer }).map_err(|_| lost())?;
        result.await.map_err(|_| lost())?
    }
}

fn work_off(queue: &Receiver<Job>, cores: usize) {
    let mut models = LoadedModels::default();
    while let Ok(job) = queue.recv() {
        if job.answer.is_closed() {
            continue;
        }
        let work = || translate_legs(&mut models, &job.legs, job.texts, cores);
        let result = panic::catch_bug(work).unwrap_or_else(|error| Err(BatchError::Lost(error.to_string())));
        // Whoever asked may have gone meanwhile.
        let _ = job.answer.send(result);
    }
}

/// The models in memory, the one used last at the end.
#[derive(Default)]
struct LoadedModels(Vec<LoadedModel>);

impl LoadedModels {
    /// Returns a model, and loads it if it is not in memory.
    fn get(&mut self, installed: &InstalledModel) -> Result<&LoadedModel, ModelError> {
        let name = installed.model.name();
        let model = if let Some(at) = self.0.iter().position(|model| model.name() == name) {
            self.0.remove(at)
        } else {
            // Before the new one is loaded, so that there are never more.
            self.0.drain(..self.0.len().saturating_sub(MAX_LOADED - 1));
            LoadedModel::load(installed)?
        };
        self.0.push(model);
        let last = self.0.len() - 1;
        Ok(&self.0[last])
    }
}

/// Translates texts through one model, or two. A text that is lost in the middle goes no further.
fn translate_legs(models: &mut LoadedModels, legs: &Legs, texts: Vec<Outgoing>, cores: usize) -> Result<Answers, BatchError> {
    let mut results: Vec<Result<Outgoing, UnusableText>> = texts.into_iter().map(Ok).collect();
    for (pair, installed) in legs {
        let model = models.get(installed)?;
        let sent: Vec<Outgoing> = results.iter().flatten().cloned().collect();
        let mut answers = translate_on_all_cores(model, &sent, pair, cores).into_iter();
        let further = |text: Result<Outgoing, UnusableText>| {
            let text = text?;
            let answer = answers.next().unwrap_or_else(|| Err(UnusableText::new("the model gave no answer")));
            answer.map(|answer| Outgoing { text: answer, ..text })
        };
        results = results.into_iter().map(further).collect();
    }
    Ok(results.into_iter().map(|text| text.map(|text| text.text)).collect())
}

/// Translates texts in parts of equal length, one for each core. The result does not depend on the parts.
fn translate_on_all_cores(model: &LoadedModel, texts: &[Outgoing], pair: &LanguagePair, cores: usize) -> Answers {
    let part = texts.len().div_ceil(cores.max(1)).max(1);
    thread::scope(|scope| {
        let parts: Vec<&[Outgoing]> = texts.chunks(part).collect();
        let (last, others) = match parts.split_last() {
            Some((last, others)) => (*last, others),
            None => return Vec::new(),
        };
        let running: Vec<_> = others.iter().map(|part| scope.spawn(|| translate_all(model, part, pair))).collect();
        let of_last = translate_all(model, last, pair);
        let joined = running.into_iter().zip(others).flat_map(|(thread, part)| {
            thread.join().unwrap_or_else(|_| part.iter().map(|_| Err(UnusableText::new("the engine failed on it"))).collect())
        });
        joined.chain(of_last).collect()
    })
}
