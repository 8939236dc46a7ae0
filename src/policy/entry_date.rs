//! The place of a new entry in time: which of the dates around it is believed.

use std::time::Duration;

use crate::model::Time;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

/// The furthest that a date may lie in the future. A later one is dropped: it is a mistake, or an attempt to stay on top.
const MAX_AHEAD: Duration = DAY;

/// The age that entries without a date get when their source is visited for the first time. They may be years old, and must not
/// come before the news of an edition, even if those are months old.
const BACKLOG_AGE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The dates known at a visit, beside those of the entries.
#[derive(Clone, Copy, Debug)]
pub struct EntryDates {
    /// The time of the visit.
    pub visited: Time,
    /// True if nothing is known of the source yet.
    pub is_first_visit: bool,
    /// The date that the feed declares for itself.
    pub feed: Option<Time>,
    /// The date of the newest entry that was known before.
    pub newest_known: Option<Time>,
}

impl EntryDates {
    /// Returns the place in time of a new entry with this declared date, at a position in its feed. One that is dated in the future stands
    /// where it was seen: it would stay above all others until then.
    pub fn place(&self, declared: Option<Time>, position: usize) -> Time {
        match declared {
            Some(date) if date <= self.visited => date,
            Some(_) => earlier(self.seen(), position),
            None => self.undated(position),
        }
    }

    /// Returns the time at which new entries were seen: the minute, so that their order among those of other sources does not
    /// depend on which one answered first; to the millisecond if others are known since.
    fn seen(&self) -> Time {
        let minute = floor(self.visited, MINUTE);
        if self.newest_known.is_none_or(|known| known < minute) { minute } else { self.visited }
    }

    /// Returns the date of an entry without one of its own, at a position in its feed: entries keep the order of the feed, a
    /// millisecond each.
    ///
    /// The date of the feed is that of its newest entry, unless it is older than an entry known before. Many servers write the
    /// time of the request there, which tells nothing of a backlog.
    pub fn undated(&self, position: usize) -> Time {
        let feed = self.feed.filter(|date| *date <= self.visited);
        let newest = if self.is_first_visit {
            let backlog = floor(self.visited, DAY).minus(BACKLOG_AGE);
            match feed.filter(|date| self.visited.since(*date) >= DAY) {
                Some(date) if position == 0 => date,
                date => date.map_or(backlog, |date| date.min(backlog)),
            }
        } else {
            feed.filter(|date| self.newest_known.is_none_or(|known| *date > known)).unwrap_or_else(|| self.seen())
        };
        earlier(newest, position)
    }
}

/// Returns a date that was read at `visited`, or nothing if it lies too far in the future.
pub fn possible_date(date: Option<Time>, visited: Time) -> Option<Time> {
    date.filter(|date| *date <= visited.plus(MAX_AHEAD))
}

/// Returns the date of an entry as its feed declares it: that of its publication, else that of its last change.
pub fn declared_date(published: Option<Time>, updated: Option<Time>) -> Option<Time> {
    published.or(updated)
}

/// Returns a time moved back by a millisecond for each entry that stands above in the feed.
fn earlier(time: Time, position: usize) -> Time {
    time.minus(Duration::from_millis(u64::try_from(position).unwrap_or(0)))
}

/// Returns the beginning of the unit of time in which `time` lies, counted from 1970.
fn floor(time: Time, unit: Duration) -> Time {
    let unit = i64::try_from(unit.as_millis()).unwrap_or(i64::MAX);
    Time::from_millis(time.millis().div_euclid(unit) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VISITED: Time = Time::EPOCH;

    fn days(count: i64) -> Time {
        Time::from_millis(count * 86_400_000)
    }

    fn first(feed: Option<Time>) -> EntryDates {
        EntryDates { visited: VISITED, is_first_visit: true, feed, newest_known: None }
    }

    fn later(feed: Option<Time>) -> EntryDates {
        EntryDates { is_first_visit: false, newest_known: Some(days(-2)), ..first(feed) }
    }

    #[test]
    fn date_of_publication_comes_before_that_of_a_change() {
        assert_eq!(declared_date(Some(days(1)), Some(days(2))), Some(days(1)));
        assert_eq!(declared_date(None, Some(days(2))), Some(days(2)));
    }

    #[test]
    fn date_beyond_tomorrow_is_not_believed() {
        assert_eq!(possible_date(Some(days(1)), VISITED), Some(days(1)));
        assert_eq!(possible_date(Some(days(2)), VISITED), None);
    }

    #[test]
    fn undated_entries_of_a_first_visit_are_a_year_old_in_the_order_of_the_feed() {
        let dates = first(None);
        assert_eq!(dates.undated(0), days(-365));
        assert!(dates.undated(1) < dates.undated(0) && dates.undated(1) > days(-366));
    }

    #[test]
    fn newest_undated_entry_of_a_first_visit_takes_the_date_of_the_feed() {
        assert_eq!(first(Some(days(-3))).undated(0), days(-3));
        assert!(first(Some(days(-3))).undated(1) < days(-364), "the others are of any age");
        assert_eq!(first(Some(days(-4000))).undated(0), days(-4000));
        assert!(first(Some(days(-4000))).undated(1) < days(-4000), "the others are older still");
    }

    #[test]
    fn feed_dated_by_the_request_does_not_date_a_backlog() {
        for feed in [VISITED, days(1), Time::from_millis(-3_600_000)] {
            assert_eq!(first(Some(feed)).undated(0), days(-365), "{feed}");
        }
    }

    #[test]
    fn date_in_the_future_gives_the_place_of_the_visit() {
        assert_eq!(later(None).place(Some(Time::from_millis(3_600_000)), 1), Time::from_millis(-1));
        assert_eq!(later(None).place(Some(VISITED), 1), VISITED);
    }

    #[test]
    fn milliseconds_of_the_visit_do_not_order_entries_of_several_sources() {
        let at = |millis: i64| EntryDates { visited: Time::from_millis(millis), ..later(None) };
        assert_eq!(at(100).undated(0), at(59_999).undated(0));
        let first = |millis: i64| EntryDates { visited: Time::from_millis(millis), ..first(None) };
        assert_eq!(first(100).undated(0), first(86_399_999).undated(0));
    }

    #[test]
    fn undated_entry_comes_before_those_of_the_same_minute() {
        let known = Some(Time::from_millis(30_000));
        let dates = EntryDates { visited: Time::from_millis(40_000), newest_known: known, ..later(None) };
        assert!(Some(dates.undated(0)) > known);
    }

    #[test]
    fn undated_entry_of_a_later_visit_is_new() {
        assert_eq!(later(None).undated(0), VISITED);
        assert_eq!(later(None).undated(2), Time::from_millis(-2));
    }

    #[test]
    fn date_of_the_feed_counts_later_if_nothing_known_is_newer() {
        assert_eq!(later(Some(days(-1))).undated(0), days(-1));
        assert_eq!(later(Some(days(-3))).undated(0), VISITED, "it is older than a known entry");
        assert_eq!(later(Some(days(1))).undated(0), VISITED, "it lies in the future");
    }
}
