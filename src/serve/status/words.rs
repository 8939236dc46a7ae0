//! The words of the status page for states and reasons.

use crate::model::{DueReason, ReviewState};

/// The states of sources that need somebody, the most urgent first.
const TROUBLED: [&str; 6] = ["broken", "paused", "dead", "gone", "changed", "stale"];

/// Returns how urgent the state of a source is, the most urgent being 0; nothing if it needs nobody.
pub(super) fn urgency(state: &str) -> Option<usize> {
    TROUBLED.iter().position(|known| *known == state)
}

/// Returns the health of a source in a phrase; behind it stands since when.
pub(super) fn source_health(state: &str) -> &str {
    match state {
        "new" => "not visited yet",
        "good" => "works",
        "stale" => "answers, but has been silent for unusually long,",
        "unsteady" => "the last visit failed, which may pass,",
        "changed" => "is no feed any more, or has no dates any more,",
        "paused" => "has failed for a month and is visited once a week,",
        "broken" => "cannot be read",
        "dead" => "does not exist any more",
        "gone" => "has ended: its server says so",
        "disabled" => "disabled in feeds.toml",
        other => other,
    }
}

/// Returns the reason for the time of the next visit in a phrase.
pub(super) fn due_reason(reason: DueReason) -> &'static str {
    match reason {
        DueReason::Interval => "its usual interval",
        DueReason::Habit => "it usually publishes at these hours",
        DueReason::Pushed => "its hub sends what is new, this is a precaution",
        DueReason::FeedInterval => "its feed says how often it is updated",
        DueReason::FeedHours => "its feed excludes some hours or days",
        DueReason::Cache => "its server says how long its answer is fresh",
        DueReason::Later => "its server asked to be left alone until then",
        DueReason::Host => "its host asked to be left alone until then",
        DueReason::Failures => "it has failed repeatedly and is asked less often",
        DueReason::Paused => "it has failed for a month and is asked once a week",
        DueReason::Gone => "its server says that it is gone",
        DueReason::PushPending => "its hub has announced something new",
    }
}

/// Returns the class and the health of an engine.
pub(super) fn engine_health(state: &str) -> (&'static str, &str) {
    match state {
        "new" => ("rests", "not asked yet"),
        "good" => ("works", "translates"),
        "failing" => ("fails", "does not answer, or not usefully,"),
        "paused" => ("rests", "wants to be asked later"),
        "unauthorized" => ("fails", "refuses its key"),
        "misconfigured" => ("fails", "refuses its settings"),
        "out-of-budget" => ("rests", "has used up its budget"),
        "unsupported-pair" => ("fails", "does not translate a pair of languages"),
        other => ("rests", other),
    }
}

/// Returns the state of a text in a phrase.
pub(super) fn review_state(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Left => "left in the original",
        ReviewState::Doubted => "published in spite of a doubt",
        ReviewState::AskedAgain => "translated at the second asking",
        ReviewState::Unread => "not read a second time yet",
        ReviewState::Waiting => "waits for a translation",
    }
}
