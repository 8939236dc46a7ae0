//! The reasons for which an engine does not translate a segment.

use crate::translate::RejectionKind;

/// The reason for which an engine did not translate a segment. It is stored and shown under its name in kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum UntranslatedReason {
    /// The time of the run is up.
    Deadline,
    /// The budget of the engine is used up.
    Budget,
    /// The circuit breaker is open, or the request failed after all its tries.
    EngineUnavailable,
    /// The engine does not translate this pair of languages.
    UnsupportedPair,
    /// The first answer was refused, and the engine was not available for a second one.
    SecondChance,
    /// Another worker has claimed the segment.
    InHandElsewhere,
    /// The text exceeds the limits of a request.
    TooLong,
    /// The engine answered, but not in its protocol.
    BadAnswer,
    /// The server fails on this text, and on no other.
    ServerError,
    /// The answer may belong to another text of the batch.
    Order,
    /// A protected term is lost, doubled or filled with text.
    Terms,
    /// The engine does not know a word, and has left it in its language.
    UnknownWord,
    /// The translation says a term in other words than the glossary. It is published.
    OtherTerm,
    /// The translation could not be put in its place in the document.
    Unplaced,
    /// The translation was refused by a check.
    Check(RejectionKind),
    /// The second reader doubts the translation.
    SecondReader,
    /// The second reader has not read the translation yet. It is published.
    Unread,
    /// The second reader gave no verdict that can be used. The translation is published.
    NoVerdict,
    /// The second reader doubts most of what it reads, which is not believed.
    ReaderDistrusted,
    /// The vendor works on it, in a batch.
    InBatch,
    /// No run has sent it yet.
    NotSent,
    /// No engine of the edition can be used.
    NoEngine,
    /// A reason that a newer relais has stored.
    Unknown,
}

impl UntranslatedReason {
    const PLAIN: [Self; 22] = [
        Self::Deadline,
        Self::Budget,
        Self::EngineUnavailable,
        Self::UnsupportedPair,
        Self::SecondChance,
        Self::InHandElsewhere,
        Self::TooLong,
        Self::BadAnswer,
        Self::ServerError,
        Self::Order,
        Self::Terms,
        Self::UnknownWord,
        Self::OtherTerm,
        Self::Unplaced,
        Self::SecondReader,
        Self::Unread,
        Self::NoVerdict,
        Self::ReaderDistrusted,
        Self::InBatch,
        Self::NotSent,
        Self::NoEngine,
        Self::Unknown,
    ];

    /// Returns the name that is stored and shown.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::EngineUnavailable => "engine-unavailable",
            Self::UnsupportedPair => "unsupported-pair",
            Self::SecondChance => "second-chance",
            Self::InHandElsewhere => "in-hand-elsewhere",
            Self::TooLong => "too-long",
            Self::BadAnswer => "bad-answer",
            Self::ServerError => "server-error",
            Self::Order => "order",
            Self::Terms => "terms",
            Self::UnknownWord => "unknown-word",
            Self::OtherTerm => "other-term",
            Self::Unplaced => "unplaced",
            Self::SecondReader => "second-reader",
            Self::Unread => "unread",
            Self::NoVerdict => "no-verdict",
            Self::ReaderDistrusted => "reader-distrusted",
            Self::InBatch => "in-batch",
            Self::NotSent => "not-sent",
            Self::NoEngine => "no-engine",
            Self::Check(kind) => kind.as_str(),
            Self::Unknown => "unknown",
        }
    }

    /// Returns the reason with a stored name.
    pub(super) fn from_name(name: &str) -> Self {
        let plain = || Self::PLAIN.into_iter().find(|reason| reason.as_str() == name);
        RejectionKind::from_name(name).map(Self::Check).or_else(plain).unwrap_or(Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_name_is_read_back() {
        for reason in UntranslatedReason::PLAIN.into_iter().chain([UntranslatedReason::Check(RejectionKind::Number)]) {
            assert_eq!(UntranslatedReason::from_name(reason.as_str()), reason);
        }
    }

    #[test]
    fn name_that_a_newer_relais_has_stored_is_unknown() {
        assert_eq!(UntranslatedReason::from_name("tone"), UntranslatedReason::Unknown);
    }
}
