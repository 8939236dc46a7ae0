//! Spans of time for people.

use std::time::Duration;

use crate::model::Time;

/// Returns "3 min ago".
pub(crate) fn format_ago(now: Time, then: Time) -> String {
    format!("{} ago", format_span(now.since(then)))
}

/// Returns "in 3 min", or "now" for what is due.
pub(crate) fn format_due(now: Time, due: Time) -> String {
    if due <= now { "now".to_owned() } else { format!("in {}", format_span(due.since(now))) }
}

/// Returns "3 min": in the largest unit of which there are two at least.
pub(crate) fn format_span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds @ 7200..=172_799 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
