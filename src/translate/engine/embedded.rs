//! The embedded engine: the models of Firefox Translations, run in this process. Nothing is sent anywhere.
//!
//! ```text
//! loaded      a model in memory; the only file that names the inference library
//! text        segments through a model: flat (marks off), split (parts that fit), decode, alignment, marks (marks on)
//! worker      the thread that owns the models, and those that help it
//! ```

mod alignment;
mod decode;
mod flat;
mod loaded;
mod marks;
mod split;
mod text;
mod worker;

use std::borrow::Cow;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};

use self::loaded::LoadedModel;
use self::worker::{BatchError, IN_FLIGHT, Worker};
use super::super::models::{InstalledModel, ModelError, ModelFolder, Route, UnusableModel, missing_models};
use super::error::{Billing, EngineError};
use super::marks::count_characters;
use super::settings::{EngineOpenError, EngineSettings};
use super::types::{Batch, Engine, LanguagePair, Limits, Outgoing, Reply, TermForm, UnusableText};
use crate::model::{EngineKind, Lang, Usage};

/// A batch takes a second or two on two cores.
const LIMITS: Limits = Limits { texts: 32, characters: 12_000, bytes: 36_000, in_flight: IN_FLIGHT };

/// The default time-out of a batch. A slow machine takes a few seconds.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The embedded engine.
pub(in crate::translate) struct Embedded {
    id: String,
    models: Vec<InstalledModel>,
    /// The language in the middle; English if none is set.
    middle: Option<Lang>,
    cores: usize,
    timeout: Duration,
    worker: OnceLock<Worker>,
}

impl Embedded {
    pub(in crate::translate) fn open(settings: &EngineSettings) -> Result<Self, EngineOpenError> {
        let folder = settings.models.as_ref().ok_or_else(|| settings.missing("models"))?;
        let models = ModelFolder::new(folder).installed().map_err(|error| settings.wrong("models", &error.to_string()))?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            id: settings.id.clone(),
            models,
            middle: settings.pivot.clone(),
            cores: settings.in_flight.unwrap_or(cores),
            timeout: settings.timeout.unwrap_or(TIMEOUT),
            worker: OnceLock::new(),
        })
    }

    fn route(&self, pair: &LanguagePair) -> Option<Route<'_>> {
        Route::find(&self.models, pair, self.middle.as_ref())
    }

    async fn translate_batch(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let route = self.route(&batch.pair()).ok_or_else(|| self.no_model(batch))?;
        let legs = route.legs.iter().map(|(pair, model)| (pair.clone(), (*model).clone())).collect();
        let running = self.worker()?.translate(legs, batch.texts.clone());
        let late = |_| EngineError::Transient {
            message: format!("no translation within {} s; raise `timeout` of [engine.{}]", self.timeout.as_secs(), self.id),
            retry_after: None,
            billing: Billing::Unknown,
        };
        let texts = match tokio::time::timeout(self.timeout, running).await.map_err(late)? {
            Ok(texts) => texts,
            Err(BatchError::Model(error)) => return Err(self.misconfigured(&error)),
            Err(lost @ BatchError::Lost(_)) => return Err(EngineError::BadAnswer { message: lost.to_string(), used: None }),
        };
        let used = batch.texts.iter().fold(Usage::default(), |sum, text| sum + count(text));
        Ok(Reply { texts, used })
    }

    fn worker(&self) -> Result<&Worker, EngineError> {
        if let Some(worker) = self.worker.get() {
            return Ok(worker);
        }
        let worker = Worker::start(self.cores).map_err(|error| EngineError::Misconfigured { message: error.to_string() })?;
        Ok(self.worker.get_or_init(|| worker))
    }

    fn no_model(&self, batch: &Batch) -> EngineError {
        let missing = missing_models(&self.models, &batch.from, &batch.to, self.middle.as_ref());
        let pairs: Vec<String> = missing.iter().map(|(from, to)| format!("{from}-{to}")).collect();
        let command = format!("relais models add {}", pairs.join(" "));
        EngineError::UnsupportedPair {
            message: format!("there is no model from {} into {}: get it with `{command}`", batch.from, batch.to),
        }
    }

    fn misconfigured(&self, error: &ModelError) -> EngineError {
        let hint = "`relais models list` shows which, and `relais models add` gets it again";
        EngineError::Misconfigured { message: format!("[engine.{}] cannot translate: {error}: {hint}", self.id) }
    }
}

/// Loads a model and translates a word with it, so that one that cannot be run is found before it is used.
pub(in crate::translate) fn try_out(installed: &InstalledModel) -> Result<(), ModelError> {
    let model = LoadedModel::load(installed)?;
    let unusable =
        |why: UnusableText| ModelError::Unusable { model: installed.model.name(), why: UnusableModel::new(why.to_string()) };
    model.write(&["1"]).map(|_| ()).map_err(unusable)
}

/// Counts a text as it is given to the model. Nobody bills it.
fn count(text: &Outgoing) -> Usage {
    count_characters(&text.in_words().to_tagged())
}

impl Engine for Embedded {
    fn identity(&self) -> &'static str {
        EngineKind::Firefox.name()
    }

    fn identity_of(&self, pair: &LanguagePair) -> Cow<'_, str> {
        self.route(pair).map_or(Cow::Borrowed(self.identity()), |route| Cow::Owned(route.identity(self.identity())))
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn term_form(&self) -> TermForm {
        TermForm::Word
    }

    fn price(&self, text: &Outgoing, _: &Lang, _: &Lang) -> Usage {
        count(text)
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        self.translate_batch(batch).boxed()
    }
}
