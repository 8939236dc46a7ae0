//! Corrects times that were stored while the clock was ahead. Left alone, they keep a source, an engine or an entry waiting until
//! the clock gets there: for a year, if it was a year ahead.

use std::time::Duration;

use crate::model::{EngineState, SourceState, Time};

/// The difference between clocks that is no error: workers on several machines share a database.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(60 * 60);

/// A clock that was ahead and is right again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockJump {
    /// The first time that it said while it was ahead. Stored times from here on are wrong.
    pub from: Time,
    /// The time by which it was ahead.
    pub ahead: Duration,
}

impl ClockJump {
    /// Returns the jump of a clock that says `now`, and of which it is known that it said the times from `first` to `last`
    /// before. Returns nothing if that is no error, or if `now` is one: a machine without a battery starts in 1970.
    pub fn detect(first: Time, last: Time, now: Time) -> Option<Self> {
        let is_ahead = first > now.plus(MAX_CLOCK_SKEW) && now >= Time::EARLIEST_NOW;
        is_ahead.then(|| Self { from: first, ahead: last.since(now) })
    }

    /// Returns the correct time for a stored one. Times that were stored while the clock was ahead keep their distances.
    #[must_use]
    pub fn correct(&self, time: Time) -> Time {
        if time < self.from { time } else { time.minus(self.ahead) }
    }

    /// Corrects the state of a source.
    pub fn correct_source(&self, state: &mut SourceState) {
        let times = [
            &mut state.good_at,
            &mut state.fresh_at,
            &mut state.pushed_at,
            &mut state.stale_until,
            &mut state.undated_since,
            &mut state.failing_since,
        ];
        self.correct_all(times);
        if let Some(fault) = &mut state.last_fault {
            self.correct_all([&mut fault.since]);
        }
        state.publish_rate.map_times(|time| self.correct(time));
    }

    /// Corrects the state of an engine.
    pub fn correct_engine(&self, state: &mut EngineState) {
        self.correct_all([&mut state.since, &mut state.paused_until]);
    }

    fn correct_all<const N: usize>(&self, times: [&mut Option<Time>; N]) {
        for time in times {
            *time = time.map(|time| self.correct(time));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fault, FaultKind, SourceId};

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

    fn now() -> Time {
        Time::from_rfc3339("2026-11-24T12:00:00Z").expect("a time")
    }

    fn year_ahead() -> ClockJump {
        ClockJump::detect(now().plus(YEAR), now().plus(YEAR + HOUR), now()).expect("a jump")
    }

    #[test]
    fn clock_that_was_ahead_is_noticed() {
        assert_eq!(year_ahead(), ClockJump { from: now().plus(YEAR), ahead: YEAR + HOUR });
    }

    #[test]
    fn clocks_of_several_machines_may_differ_by_an_hour() {
        let read = |ahead| ClockJump::detect(now().plus(ahead), now().plus(ahead), now());
        assert_eq!(read(HOUR), None);
        assert!(read(HOUR + Duration::from_millis(1)).is_some());
    }

    #[test]
    fn clock_from_before_the_first_release_corrects_nothing() {
        assert_eq!(ClockJump::detect(now(), now(), Time::EPOCH), None);
    }

    #[test]
    fn corrected_times_keep_their_order_and_are_past() {
        let jump = year_ahead();
        let corrected = [now(), now().plus(YEAR), now().plus(YEAR + HOUR)].map(|time| jump.correct(time));
        assert_eq!(corrected, [now(), now().minus(HOUR), now()]);
    }

    #[test]
    fn state_of_a_source_keeps_no_time_of_the_future() {
        let then = Some(now().plus(YEAR));
        let source = SourceId::new("a");
        let mut state = SourceState {
            good_at: then,
            fresh_at: then,
            pushed_at: then,
            stale_until: then,
            undated_since: then,
            failing_since: then,
            last_fault: Some(Fault::of_source(&source, FaultKind::Http, "503", then)),
            ..SourceState::default()
        };
        state.publish_rate.record_published([now().plus(YEAR)], now().plus(YEAR));
        year_ahead().correct_source(&mut state);
        let json = serde_json::to_string(&state).expect("JSON");
        assert!(json.contains("2026-11-24T11:00:00Z") && !json.contains("2027-"), "{json}");
    }

    #[test]
    fn engine_that_rests_until_next_year_is_asked_again() {
        let mut state = EngineState { since: Some(now()), paused_until: Some(now().plus(YEAR + HOUR)), ..EngineState::default() };
        year_ahead().correct_engine(&mut state);
        assert_eq!((state.since, state.paused_until), (Some(now()), Some(now())));
    }
}
