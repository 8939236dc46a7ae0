//! Translation services.
//!
//! A vendor is one file: `mt/NAME.rs` (a translation API) or `llm/NAME.rs` (a language model). To add one, write that file and
//! a line in `open.rs`; nothing else knows vendors. A client sends one request and classifies its failure (`EngineError`);
//! retries, budgets and the circuit breaker are the caller's.
//!
//! `types` and `error` are the contract, `settings` the configuration, `http` sends requests, `marks` carries inline markup,
//! `pivot` translates through a second language, `reading` is the contract of second readers.

#[cfg(feature = "firefox")]
mod embedded;
mod error;
mod http;
mod llm;
mod marks;
mod mt;
mod open;
mod pivot;
mod reading;
mod settings;
mod types;
mod unknown_words;

pub use error::{Billing, EngineError, FailureScope, NextStep};
pub use open::open;
pub use reading::{Doubt, DoubtKind, Reader, ReaderVerdict, ReadingBatch, ReadingReply, ReadingText};
pub use settings::{EngineOpenError, EngineSettings};
pub use types::{
    Batch, BatchProgress, BatchResult, BatchService, CollectedBatch, ContextUse, Engine, FoundBatch, LanguagePair, Limits,
    Outgoing, Reply, SegmentContext, SimilarText, SubmittedBatch, Term, TermForm, UnusableText,
};
pub use unknown_words::take_unknown_words;

/// Loads a model of the embedded engine and translates a word with it, so that one that cannot be run is found before it is used.
#[cfg(feature = "firefox")]
pub fn try_model(model: &super::models::InstalledModel) -> Result<(), super::models::ModelError> {
    embedded::try_out(model)
}

/// Accepts every model: this relais has no engine that could run one.
#[cfg(not(feature = "firefox"))]
pub fn try_model(_: &super::models::InstalledModel) -> Result<(), super::models::ModelError> {
    Ok(())
}
