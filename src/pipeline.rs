//! The passes: ingest takes what is due, translate makes renditions, publish writes what is new, [`run`] does each once and reports.
//!
//! A pass holds no rules of its own: it calls, in order, those of `feed`, `html`, `select` and `render`, and leaves the
//! result in the store. So each can be killed, repeated or run on another machine.

mod blocking;
mod context;
mod discovery;
mod dry_run;
mod error;
mod full_text;
mod ingest;
mod network;
mod originals;
mod prepared;
mod publish;
mod report;
mod robots_cache;
mod run;
mod run_once;
mod scope;
mod translate;
mod trigger;
mod view;

pub use blocking::Panicked;
pub use discovery::{FoundFeed, Probe, Probed, probe, seek};
pub use dry_run::dry_run;
pub use error::PipelineError;
pub use full_text::PageBudget;
pub use ingest::{Progress, Push, Until};
pub use network::{client, options};
pub use prepared::{Prepared, RunError};
pub use run::{Passes, Subscribing};
pub use run_once::{Run, run};
pub use scope::Scope;
pub use translate::{EngineHandle, TextRequest, TranslateSetupError, load_glossary, open_engine, translate_text};
