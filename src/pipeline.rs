//! The passes: ingest takes what is due, translate makes renditions, publish writes what is new, [`run`] does each once and reports.
//!
//! A pass holds no rules of its own: it calls, in order, those of `feed`, `html`, `select` and `render`, and leaves the
//! result in the store. So each can be killed, repeated or run on another machine.

mod blocking;
mod discovery;
mod error;
mod full_text;
mod ingest;
mod keep;
mod originals;
mod publish;
mod robots_cache;
mod run;
mod translate;
mod view;

pub use blocking::Panicked;
pub use discovery::{FoundFeed, Probe, Probed, probe, seek};
pub use error::PipelineError;
pub use full_text::PageBudget;
pub use ingest::{Ingest, Ingested, Progress, Push};
pub use keep::{Keep, Prepared, Subscribing};
pub use publish::{Publish, Published};
pub use run::{Run, RunError, client, options, run};
pub use translate::{
    EngineHandle, TextRequest, Translate, TranslateSetupError, Translated, load_glossary, open_engine, translate_text,
};
