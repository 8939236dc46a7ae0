//! The words of the status page for states and reasons.

use crate::model::{DueReason, ReviewState};

/// The states of sources that need somebody, the most urgent first.
const TROUBLED: [&str; 6] = ["broken", "paused", "dead", "gone", "changed", "stale"];

/// Returns how urgent the state of a source is, the most urgent being 0; nothing if it needs nobody.
pub(super) fn urgency(state: &str) -> Option<usize> {
    TROUBLED.iter().position(|known| *known == state)
}

/// Returns the health of a source in a phrase; behind it may stand for how long.
pub(super) fn source_health(state: &str) -> &str {
    match state {
        "new" => "not visited yet",
        "good" => "works",
        "stale" => "has been unusually silent",
        "unsteady" => "failed at the last visit, which may pass",
        "changed" => "has been no feed, or a feed without dates",
        "paused" => "has failed, and is visited once a week",
        "broken" => "could not be read",
        "dead" => "has not existed",
        "gone" => "has been gone, as its server says",
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
        "failing" => ("fails", "has not answered usefully"),
        "paused" => ("rests", "has asked to be left alone"),
        "unauthorized" => ("fails", "has refused its key"),
        "misconfigured" => ("fails", "has refused its settings"),
        "out-of-budget" => ("rests", "has been out of budget"),
        "unsupported-pair" => ("fails", "has not translated a pair of languages"),
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
        ReviewState::Waiting => "waiting for a translation",
    }
}
