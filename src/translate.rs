//! Translation: engines, and what makes their answers fit to be published.
//!
//! ```text
//!  lay out ─▶ protect terms ─▶ recall, else engine ─▶ restore terms ─▶ verify ─▶ remember ─▶ put together
//! ```
//!
//! What travels to an engine is text with numbered marks, never HTML. What comes back is believed only after it was verified.

mod batching;
mod circuit_breaker;
mod document;
mod engine;
mod exchange;
mod fallback;
mod glossary;
mod verify;

pub use batching::{batch_len, fits};
pub use circuit_breaker::{CircuitBreaker, RetryDecision};
pub use document::{Document, Finished, Part, Wanted};
pub use engine::{
    Batch, Billing, Context, Engine, EngineError, EngineOpenError, EngineSettings, Limits, Outgoing, Reply, Term, open,
};
pub use exchange::{
    ExchangeError, ExchangeFormat, ExchangeRow, ExchangeWriter, IMPORTED, SkipReason, SkippedRows, TranslationPair,
    read as read_exchange,
};
pub use fallback::protect_name::protect_name;
pub use fallback::without_markup::{Bare, bare, place};
pub use glossary::{Glossary, GlossaryError, Protected, TermFault, restore};
pub use verify::{Rejection, TranslationCheck, find_swapped, tidy, verify};
