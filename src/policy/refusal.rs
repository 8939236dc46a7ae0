//! Decides for how long a refused segment is not sent again: longer each time, but never for ever.

use std::time::Duration;

use crate::model::{Refusal, Time};

/// The time for which a first refusal holds. Each further one in a row holds twice as long.
const FIRST: Duration = Duration::from_hours(24);

/// The longest time for which a refusal holds.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// Returns the refusal to remember of a segment that was refused at `now`, and `before` times in a row before.
pub fn next_refusal(reason: &str, before: u32, now: Time) -> Refusal {
    let time = FIRST.saturating_mul(1 << before.min(10)).min(LONGEST);
    Refusal { reason: reason.to_owned(), times: before.saturating_add(1), until: now.plus(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(before: u32) -> u64 {
        let now = Time::from_millis(0);
        next_refusal("number", before, now).until.since(now).as_secs() / 86_400
    }

    #[test]
    fn first_refusal_holds_for_a_day() {
        assert_eq!(days(0), 1);
    }

    #[test]
    fn time_doubles_with_each_refusal_up_to_thirty_days() {
        assert_eq!([1, 2, 3, 4, 5, u32::MAX].map(days), [2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn refusals_in_a_row_are_counted() {
        assert_eq!(next_refusal("number", 2, Time::EPOCH).times, 3);
    }
}
