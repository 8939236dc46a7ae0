//! Translation: engines, and the checks and repairs that make their answers fit to be published.
//!
//! ```text
//!  segments ─▶ protect terms ─▶ recall, else engine ─▶ restore terms ─▶ verify ─▶ remember ─▶ assemble
//! ```
//!
//! An engine is sent text with numbered marks, never HTML. Its answer is used only after it was verified.

mod batching;
mod circuit_breaker;
mod document;
mod engine;
mod exchange;
mod fallback;
mod glossary;
mod verify;

pub use batching::{batch_len, fits};
pub use circuit_breaker::{CircuitBreaker, FailedTry, OpenCircuit, RetryDecision};
pub use document::{AssembledEntry, Document, Part, SegmentRequest};
pub use engine::{
    Batch, Billing, Engine, EngineError, EngineOpenError, EngineSettings, FailureScope, LanguagePair, Limits, NextStep, Outgoing,
    Reply, SegmentContext, Term, UnusableText, open,
};
pub use exchange::{
    ExchangeError, ExchangeFormat, ExchangeRow, ExchangeWriter, IMPORTED, SkipReason, SkippedRows, TranslationPair,
    read as read_exchange,
};
pub use fallback::protect_name::{NameVariants, name_variants, protect_name};
pub use fallback::without_markup::{StrippedText, restore_markup, strip_markup};
pub use glossary::{Glossary, GlossaryError, Protected, TermFault, restore};
pub use verify::{Rejection, RejectionKind, TranslationCheck, find_swapped, tidy, verify};
