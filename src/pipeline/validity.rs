//! Bounds the time for which a pass believes what it found out, if no counter of changes says otherwise.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::Time;

/// The time for which it is believed at most: after that, entries are read even if nothing seems to have changed.
const BELIEVED_FOR: Duration = Duration::from_hours(24);

/// The times between which something that was read of the store is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validity {
    /// The time at which it was read.
    pub(super) made: Time,
    /// The time at which the clock alone may change it.
    pub(super) until: Option<Time>,
}

impl Validity {
    /// Returns true if the clock has changed nothing. It has if it says an earlier time than before: then it was ahead.
    pub(super) fn holds(self, now: Time) -> bool {
        self.made <= now && now.since(self.made) < BELIEVED_FOR && self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn noon() -> Time {
        Time::from_millis(1_000_000_000)
    }

    fn holds(made: Time, until: Option<Time>, now: Time) -> bool {
        Validity { made, until }.holds(now)
    }

    #[test]
    fn what_was_read_is_believed_until_the_clock_may_change_it() {
        assert!(holds(noon(), None, noon().plus(HOUR)));
        assert!(holds(noon(), Some(noon().plus(HOUR * 2)), noon().plus(HOUR)));
        assert!(!holds(noon(), Some(noon().plus(HOUR)), noon().plus(HOUR)));
    }

    #[test]
    fn what_was_read_is_believed_for_a_day() {
        assert!(holds(noon(), None, noon().plus(HOUR * 23)));
        assert!(!holds(noon(), None, noon().plus(HOUR * 24)));
    }

    #[test]
    fn what_was_read_by_a_clock_that_was_ahead_is_not_believed() {
        assert!(!holds(noon().plus(HOUR), None, noon()));
    }
}
