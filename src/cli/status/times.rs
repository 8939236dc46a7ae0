//! Times as people say them: how long ago, and in how long.

use std::time::Duration;

use crate::model::Time;

/// Formats a time in the past.
pub(super) fn format_ago(now: Time, then: Time) -> String {
    format!("{} ago", format_span(now.since(then)))
}

/// Formats a time that may be in the future.
pub(super) fn format_due(now: Time, due: Time) -> String {
    if due <= now { "now".to_owned() } else { format!("in {}", format_span(due.since(now))) }
}

fn format_span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds @ 7200..=172_799 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
