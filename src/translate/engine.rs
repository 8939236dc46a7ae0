//! Translation services: a batch of texts goes in, as many texts or reasons come out.
//!
//! To add a vendor, write `mt/NAME.rs` (a translation API) or `llm/NAME.rs` (a language model) and a line in `open.rs`;
//! nothing else knows vendors. `types` and `error` are the contract, `http` sends requests and classifies statuses, `marks`
//! carries inline markup.

mod error;
mod http;
mod llm;
mod marks;
mod mt;
mod open;
mod pivot;
mod settings;
mod types;

pub use error::{Billing, EngineError};
pub use open::open;
pub use settings::{EngineOpenError, EngineSettings};
pub use types::{Batch, Context, Engine, Limits, Outgoing, Reply, Term};
