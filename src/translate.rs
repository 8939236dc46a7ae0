//! Translation: engines, and what makes their answers fit to be published.
//!
//! ```text
//!  lay out ─▶ protect terms ─▶ recall, else engine ─▶ restore terms ─▶ verify ─▶ remember ─▶ put together
//! ```
//!
//! What travels to an engine is text with numbered marks, never HTML. What comes back is believed only after it was verified.

mod engine;
mod exchange;
mod fill;
mod gate;
mod glossary;
mod held;
mod sheet;
mod spans;
mod verify;

pub use engine::{Batch, Billing, Context, Engine, EngineError, EngineSettings, Limits, OpenError, Outgoing, Reply, Term, open};
pub use exchange::{ExchangeError, Format as ExchangeFormat, IMPORTED, Leavings, Left, Pair, Row, Writer, read as read_exchange};
pub use fill::{fill, fits, size};
pub use gate::{Advice, Gate};
pub use glossary::{Glossary, GlossaryError, Protected, TermFault, restore};
pub use held::held;
pub use sheet::{Finished, Part, Sheet, Wanted};
pub use spans::{Bare, bare, place};
pub use verify::{Check, Rejection, crossed, tidied, verify};
