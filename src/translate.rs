//! Translation: engines, and the checks and repairs that make their answers fit to be published.
//!
//! ```text
//!  segments ─▶ find terms ─▶ recall, else engine ─▶ settle terms ─▶ verify ─▶ remember ─▶ assemble
//! ```
//!
//! An engine is sent text with numbered marks, never HTML. Its answer is used only after it was verified.

mod batching;
mod capitalised;
mod circuit_breaker;
mod correction;
mod document;
mod engine;
mod exchange;
mod fallback;
mod glossary;
mod mark_places;
mod models;
mod similar;
mod verify;

pub use batching::{batch_len, fits};
pub use circuit_breaker::{CircuitBreaker, FailedTry, OpenCircuit, RetryDecision};
pub use correction::{FittedCorrection, fit_marks, read_written};
pub use document::{AssembledEntry, Document, Part, SegmentRequest};
pub use engine::{
    Batch, BatchProgress, BatchResult, BatchService, Billing, CollectedBatch, ContextUse, Doubt, DoubtKind, Engine, EngineError,
    EngineOpenError, EngineSettings, FailureScope, FoundBatch, LanguagePair, Limits, NextStep, Outgoing, Reader, ReaderVerdict,
    ReadingBatch, ReadingReply, ReadingText, Reply, SegmentContext, SimilarText, SubmittedBatch, Term, TermForm, UnusableText,
    open, take_unknown_words, try_model,
};
pub use exchange::{
    ExchangeError, ExchangeFormat, ExchangeRow, ExchangeWriter, ReadRow, ReviewFormat, ReviewId, ReviewRow, SkipReason,
    SkippedRows, TranslationPair, WrittenRow, read as read_exchange, read_review, write_review,
};
pub use fallback::located_terms::{locate_terms, read_located};
pub use fallback::protect_name::{NameVariants, name_variants, protect_name};
pub use fallback::restore_name::{can_restore, restore_name};
pub use fallback::without_markup::{StrippedText, restore_markup, strip_markup};
pub use glossary::{Glossary, GlossaryError, Protected, SettledTerms, TermFault, restore, settle};
pub use mark_places::put_marks_right;
pub use models::{
    Catalogue, DEFAULT_SERVER, InstallOutcome, InstalledModel, Model, ModelError, ModelFile, ModelFolder, ModelOrigin, Progress,
    UnusableModel, check_model, install as install_model, missing_models,
};
pub use similar::{likeness, similarity_bands};
pub use verify::{
    Rejection, RejectionKind, TranslationCheck, find_left_words, find_repeated, find_swapped, has_number_or_negation, tidy,
    verify,
};
