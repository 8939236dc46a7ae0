//! The errors of an engine: their meaning, and the next step of the caller.

use std::time::Duration;

use crate::model::{FaultKind, Usage};

/// An error of an engine. Messages are one sentence; they hold neither keys nor query strings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The request may work later: a time-out, a rate limit, a server error. The caller retries with back-off.
    #[error("{message}")]
    Transient {
        /// The error.
        message: String,
        /// The `Retry-After` of the server.
        retry_after: Option<Duration>,
        /// Tells whether the failed request may be billed.
        billing: Billing,
    },
    /// The vendor's quota is used up. The caller asks this engine no more in this run, for any pair.
    #[error("{message}")]
    Quota {
        /// The error.
        message: String,
    },
    /// The request is too large, although it keeps the known limits. The caller splits it.
    #[error("{message}")]
    TooLarge {
        /// The error.
        message: String,
    },
    /// The key is missing, wrong, or lacks a permission. The caller asks this engine no more in this run, for any pair.
    #[error("{message}")]
    Unauthorized {
        /// The error, and the setting to look at.
        message: String,
    },
    /// The engine does not translate this pair of languages. The caller sends it no more texts of this pair in this run;
    /// other pairs go on.
    #[error("{message}")]
    UnsupportedPair {
        /// The error, and the setting to change.
        message: String,
    },
    /// The address, the model or another setting is wrong. The caller asks this engine no more in this run, for any pair.
    #[error("{message}")]
    Misconfigured {
        /// The error, and the setting to look at.
        message: String,
    },
    /// The engine answered, but not in its protocol: cut, refused, another count, another shape. The caller sends the texts in
    /// parts: a part that is answered shows that the others fail for a text, and else the server is to blame.
    #[error("{message}")]
    BadAnswer {
        /// The error.
        message: String,
        /// The usage, if the vendor reports it.
        used: Option<Usage>,
    },
}

/// Tells if a request that failed is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// The request was refused, or never arrived.
    Free,
    /// The engine may have worked on the request: the reserved amount counts as spent.
    Unknown,
}

/// The next step after a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Send the same request again, not before `after` if the server names a time.
    Retry {
        /// The `Retry-After` of the server.
        after: Option<Duration>,
        /// The scope of the failure.
        scope: FailureScope,
    },
    /// Send the texts in two halves.
    Split,
    /// Send the texts in parts, down to one alone.
    Isolate,
    /// Send no more requests in this run.
    Stop(FailureScope),
}

/// The scope of a failure: one circuit of the circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureScope {
    /// The whole engine: its key, its quota, its address, its rate limit.
    Engine,
    /// One pair of languages.
    Pair,
}

impl EngineError {
    /// Returns what to do next.
    ///
    /// A request that was refused before any work, or never arrived, tells of the whole engine. A time-out or a server error
    /// may come from the texts or their language, so it tells of the pair only.
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Transient { retry_after, billing, .. } => NextStep::Retry {
                after: *retry_after,
                scope: match billing {
                    Billing::Free => FailureScope::Engine,
                    Billing::Unknown => FailureScope::Pair,
                },
            },
            Self::Quota { .. } | Self::Unauthorized { .. } | Self::Misconfigured { .. } => NextStep::Stop(FailureScope::Engine),
            Self::UnsupportedPair { .. } => NextStep::Stop(FailureScope::Pair),
            Self::TooLarge { .. } => NextStep::Split,
            Self::BadAnswer { .. } => NextStep::Isolate,
        }
    }

    /// Returns what the failed request has used up, of the amount that was `reserved` for it.
    pub fn used(&self, reserved: Usage) -> Usage {
        match self {
            Self::BadAnswer { used, .. } => used.unwrap_or(reserved),
            Self::Transient { billing: Billing::Unknown, .. } => reserved,
            _ => Usage::default(),
        }
    }

    /// Returns the time for which the server wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::Transient { retry_after, .. } = self { *retry_after } else { None }
    }

    /// Returns true if the server answered and may have worked on the texts, although not in its protocol.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::BadAnswer { .. })
    }

    /// Returns the kind of the fault to report when the caller stops asking.
    pub fn fault_kind(&self) -> FaultKind {
        match self {
            Self::Transient { .. } | Self::TooLarge { .. } | Self::BadAnswer { .. } => FaultKind::Engine,
            Self::Quota { .. } => FaultKind::Quota,
            Self::Unauthorized { .. } => FaultKind::Unauthorized,
            Self::UnsupportedPair { .. } => FaultKind::UnsupportedPair,
            Self::Misconfigured { .. } => FaultKind::Misconfigured,
        }
    }

    /// Returns true if the same request may be billed again when it is sent again.
    pub fn may_be_billed(&self) -> bool {
        matches!(self, Self::Transient { billing: Billing::Unknown, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transient(billing: Billing) -> EngineError {
        EngineError::Transient { message: String::new(), retry_after: None, billing }
    }

    #[test]
    fn only_an_unsupported_pair_stops_a_pair_and_keeps_the_engine() {
        let message = String::new;
        assert_eq!(EngineError::UnsupportedPair { message: message() }.next_step(), NextStep::Stop(FailureScope::Pair));
        for error in [
            EngineError::Quota { message: message() },
            EngineError::Unauthorized { message: message() },
            EngineError::Misconfigured { message: message() },
        ] {
            assert_eq!(error.next_step(), NextStep::Stop(FailureScope::Engine), "{error:?}");
        }
    }

    #[test]
    fn server_error_concerns_the_pair_and_rate_limit_the_engine() {
        let scope = |billing| match transient(billing).next_step() {
            NextStep::Retry { scope, .. } => scope,
            other => panic!("{other:?}"),
        };
        assert_eq!(scope(Billing::Unknown), FailureScope::Pair);
        assert_eq!(scope(Billing::Free), FailureScope::Engine);
    }

    #[test]
    fn request_that_may_have_been_worked_on_counts_as_spent() {
        let reserved = Usage { characters: 7, ..Usage::default() };
        assert_eq!(transient(Billing::Unknown).used(reserved), reserved);
        assert_eq!(transient(Billing::Free).used(reserved), Usage::default());
        assert_eq!(EngineError::BadAnswer { message: String::new(), used: None }.used(reserved), reserved);
    }
}
