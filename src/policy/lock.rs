//! Decides whether a run that finds the state locked has met a healthy run, or one that hangs.

use std::time::Duration;

use crate::model::Time;

/// A run that began further in the future than this began while the clock was ahead, so that nobody knows when. A difference of
/// hours is a wrong time zone, corrected while the run works.
const MAX_AHEAD: Duration = Duration::from_hours(24);

/// Returns true if a run that began at `since` should have ended long ago: `longest` is the time that one may take.
pub fn is_run_overdue(since: Time, now: Time, longest: Duration) -> bool {
    // Twice the time: a busy machine, a large output, a clock that was set.
    now.since(since) > longest * 2 || since.since(now) > MAX_AHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn is_overdue_after(minutes: i64) -> bool {
        let since = Time::from_millis(1_000_000_000);
        is_run_overdue(since, Time::from_millis(since.millis() + minutes * 60_000), MINUTE * 20)
    }

    #[test]
    fn run_within_twice_its_time_is_healthy() {
        assert!(!is_overdue_after(0) && !is_overdue_after(40));
    }

    #[test]
    fn run_beyond_twice_its_time_is_overdue() {
        assert!(is_overdue_after(41));
    }

    #[test]
    fn run_that_began_hours_in_the_future_is_healthy() {
        assert!(!is_overdue_after(-600));
    }

    #[test]
    fn run_that_began_days_in_the_future_is_overdue() {
        assert!(is_overdue_after(-25 * 60));
    }
}
