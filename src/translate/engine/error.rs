//! Why an engine gave no reply, and what to do next.

use std::time::Duration;

use crate::model::Usage;

/// Why there is no reply: what to do next. The sentences hold neither keys nor queries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// It may work later: a time-out, a rate limit, a server in trouble.
    #[error("{message}")]
    Transient {
        /// What happened, in one sentence.
        message: String,
        /// How long the server asks us to wait.
        retry_after: Option<Duration>,
        /// Whether it may cost something all the same.
        billing: Billing,
    },
    /// What was paid for is used up: not before the vendor's next period.
    #[error("{message}")]
    Quota {
        /// What happened, in one sentence.
        message: String,
    },
    /// The request is too large, although it keeps the limits that are known: in halves.
    #[error("{message}")]
    TooLarge {
        /// What happened, in one sentence.
        message: String,
    },
    /// A wrong key, an unknown model, a pair of languages that it does not have: not without another configuration.
    #[error("{message}")]
    Auth {
        /// What happened, in one sentence, and which setting to look at.
        message: String,
    },
    /// What came as a whole is no answer: cut, refused, of another shape. Each text alone, then another engine.
    #[error("{message}")]
    BadOutput {
        /// What happened, in one sentence.
        message: String,
        /// What it has cost, as far as the vendor says.
        used: Option<Usage>,
    },
}

/// Whether a request that failed is on the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// It was refused, or never arrived.
    Free,
    /// It may have been worked on: what was reserved counts as spent.
    Unknown,
}
