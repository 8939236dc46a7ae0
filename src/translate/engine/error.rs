//! The errors of an engine: what each means, and what the client does next.

use std::time::Duration;

use crate::model::{FaultKind, Usage};

/// Why an engine gave no translations. Messages are one sentence; they hold neither keys nor query strings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The request may work later: a time-out, a rate limit, a server error. The client retries with back-off.
    #[error("{message}")]
    Transient {
        /// What happened.
        message: String,
        /// The `Retry-After` of the server.
        retry_after: Option<Duration>,
        /// Tells whether the failed request may be billed.
        billing: Billing,
    },
    /// The vendor's quota is used up. The client asks this engine no more in this run, for any pair.
    #[error("{message}")]
    Quota {
        /// What happened.
        message: String,
    },
    /// The request is too large, although it keeps the known limits. The client splits it.
    #[error("{message}")]
    TooLarge {
        /// What happened.
        message: String,
    },
    /// The key is missing, wrong, or lacks a permission. The client asks this engine no more in this run, for any pair.
    #[error("{message}")]
    Unauthorized {
        /// What happened, and which setting to look at.
        message: String,
    },
    /// The engine does not translate this pair of languages. The client sends it no more texts of this pair in this run;
    /// other pairs go on.
    #[error("{message}")]
    UnsupportedPair {
        /// What happened, and what to change.
        message: String,
    },
    /// The address, the model or another setting is wrong. The client asks this engine no more in this run, for any pair.
    #[error("{message}")]
    Misconfigured {
        /// What happened, and which setting to look at.
        message: String,
    },
    /// The engine answered, but not in its protocol: cut, refused, another count, another shape. The client sends each text
    /// alone, then tries another engine.
    #[error("{message}")]
    BadAnswer {
        /// What happened.
        message: String,
        /// What the request has used up, if the vendor says so.
        used: Option<Usage>,
    },
}

/// Whether a request that failed is on the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// The request was refused, or never arrived.
    Free,
    /// The engine may have worked on the request: the reserved amount counts as spent.
    Unknown,
}

/// What to do after a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Send the same request again, not before `after` if the server names a time.
    Retry {
        /// The `Retry-After` of the server.
        after: Option<Duration>,
        /// What the failure says something about.
        scope: FailureScope,
    },
    /// Send the texts in two halves.
    Split,
    /// Send each text alone.
    Isolate,
    /// Send no more requests in this run.
    Stop(FailureScope),
}

/// What a failure says something about.
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
