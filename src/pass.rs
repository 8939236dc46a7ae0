//! The passes: ingest takes what is due, translate makes renditions, publish writes what is new, [`run`] does each once and reports.
//!
//! A pass holds no rules of its own: it calls, in order, those of `feed`, `html`, `select` and `render`, and leaves the
//! result in the store. So each can be killed, repeated or run on another machine.

mod aside;
mod full_text;
mod ingest;
mod keep;
mod manners;
mod operator;
mod originals;
mod probe;
mod publish;
mod reading;
mod run;
mod schedule;
mod seek;
mod subscribe;
mod translate;
mod view;
mod visit;

pub use full_text::PageBudget;
pub use ingest::{Ingest, Ingested, Progress};
pub use keep::{Keep, Prepared, Subscribing};
pub use probe::{Found as Probed, Probe, probe};
pub use publish::{Publish, PublishError, Published};
pub use run::{Run, RunError, client, options, run};
pub use schedule::{Question, next_due};
pub use seek::{FoundFeed, seek};
pub use subscribe::Push;
pub use translate::{Ask, Desk, HireError, Translate, Translated, desk, glossary, translate_text};
