//! The reason for which a source is visited again at a certain time.

use serde::{Deserialize, Serialize};

/// The reason for the time of the next visit to a source. The names, in kebab case, are a contract of `relais status --json`, and stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DueReason {
    /// Its `every`.
    Interval,
    /// It usually publishes more often in these hours.
    Habit,
    /// Its hub pushes what is new, so that visits are only a precaution.
    Pushed,
    /// Its feed names how often, or when, it is updated (`ttl`, `sy:updatePeriod`).
    FeedInterval,
    /// Its feed excludes hours or days (`skipHours`, `skipDays`).
    FeedHours,
    /// Its server says how long its answer is fresh (`Cache-Control`, `Expires`).
    Cache,
    /// Its server asked to be left alone until then (`Retry-After`, 429).
    Later,
    /// The server of another source on the same host asked to be left alone until then.
    Host,
    /// It has failed: the interval doubles with each failure.
    Failures,
    /// It has failed for a month.
    Paused,
    /// Its server says that it is gone.
    Gone,
    /// Its hub has pushed something that has to be fetched.
    PushPending,
}

impl DueReason {
    /// All reasons.
    const ALL: [Self; 12] = [
        Self::Interval,
        Self::Habit,
        Self::Pushed,
        Self::FeedInterval,
        Self::FeedHours,
        Self::Cache,
        Self::Later,
        Self::Host,
        Self::Failures,
        Self::Paused,
        Self::Gone,
        Self::PushPending,
    ];

    /// Returns the name in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::Habit => "habit",
            Self::Pushed => "pushed",
            Self::FeedInterval => "feed-interval",
            Self::FeedHours => "feed-hours",
            Self::Cache => "cache",
            Self::Later => "later",
            Self::Host => "host",
            Self::Failures => "failures",
            Self::Paused => "paused",
            Self::Gone => "gone",
            Self::PushPending => "push-pending",
        }
    }

    /// Returns the reason of a name; nothing for one that this version does not know.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_stored_under_the_name_that_it_is_told_by() {
        for reason in DueReason::ALL {
            assert_eq!(serde_json::to_value(reason).expect("JSON"), reason.as_str());
            assert_eq!(DueReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(DueReason::parse("moon"), None);
    }
}
