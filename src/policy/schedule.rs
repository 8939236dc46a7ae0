//! The due time of a source, as one pure function: the same inputs give the same time on every worker.
//!
//! Readers want news at once, and publishers want few requests. So a source is visited more often in the hours in which it
//! usually publishes, but not more often than every two minutes and not less often than its `every`. The poll hints of the feed
//! and the headers of its server come first ([decision 12](../../docs/decisions/0012-when-to-come-back.md)).

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use super::source_health::is_paused;
use crate::model::{DueReason, Outcome, PollHints, PublishRate, SourceId, Time};

/// The longest interval that failures, poll hints or cache headers lead to.
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// The first rest of a host that answers 429 without Retry-After.
const DEFAULT_REST: Duration = Duration::from_secs(15 * 60);
/// The interval of a paused source.
const PAUSED_INTERVAL: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The factor by which the interval grows while the hub of a source pushes. Visits go on, because a hub may fail.
const PUSHED_FACTOR: u32 = 4;
/// The shortest interval, unless `every` is shorter.
const MIN_INTERVAL: Duration = Duration::from_secs(2 * 60);
/// The number of visits per expected new entry.
const VISITS_PER_ENTRY: f64 = 8.0;
/// The longest `ttl` or `sy:updatePeriod` that counts as a default of the publishing software (`WordPress`: hourly). Such a hint
/// never makes the interval longer than `every`; a longer hint was set on purpose, and does.
const DEFAULT_HINT: Duration = Duration::from_secs(60 * 60);

/// The inputs of the due time: the visit that has ended, and what is known of its source.
#[derive(Clone, Copy, Debug)]
pub struct PollInputs<'a> {
    /// The source.
    pub source: &'a SourceId,
    /// The outcome of the visit.
    pub outcome: &'a Outcome,
    /// The interval of feeds.toml: the longest between two good visits, unless the source asks for a longer one.
    pub every: Duration,
    /// The number of failed visits in a row, this one included.
    pub failures: u32,
    /// The time of the first of these.
    pub failing_since: Option<Time>,
    /// True if its hub pushes new entries.
    pub is_pushed: bool,
    /// The poll hints of its feed.
    pub poll_hints: &'a PollHints,
    /// Its publish rate by hour of the day.
    pub publish_rate: &'a PublishRate,
    /// The lifetime of the response by its cache headers.
    pub fresh_for: Option<Duration>,
    /// The time at which the visit ended.
    pub now: Time,
}

/// Returns the time at which a source is due again.
pub fn next_due(inputs: &PollInputs<'_>) -> Time {
    decide(inputs).0
}

/// Returns the reason for the time that [`next_due`] returns.
pub fn due_reason(inputs: &PollInputs<'_>) -> DueReason {
    decide(inputs).1
}

fn decide(inputs: &PollInputs<'_>) -> (Time, DueReason) {
    match inputs.outcome {
        Outcome::Fresh(_) | Outcome::Same | Outcome::Moved { .. } => {
            let (interval, reason) = good_interval(inputs);
            let wanted = inputs.now.plus(interval);
            let allowed = inputs.poll_hints.next_allowed(wanted);
            (allowed, if allowed > wanted { DueReason::FeedHours } else { reason })
        }
        Outcome::Later { until, .. } => {
            let usual = inputs.now.plus(inputs.every);
            (usual.max(*until), if *until > usual { DueReason::Later } else { DueReason::Interval })
        }
        Outcome::Gone { .. } => (inputs.now.plus(MAX_INTERVAL.max(inputs.every)), DueReason::Gone),
        Outcome::Broken { .. } => {
            if is_paused(inputs.failing_since, inputs.now) {
                return (inputs.now.plus(PAUSED_INTERVAL.max(inputs.every)), DueReason::Paused);
            }
            let doublings = inputs.failures.saturating_sub(1);
            let doubled = inputs.every.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(MAX_INTERVAL);
            // Sources that failed together do not come back together.
            let interval = (doubled + doubled.mul_f64(jitter(inputs))).max(inputs.every).min(MAX_INTERVAL.max(inputs.every));
            (inputs.now.plus(interval), if doublings == 0 { DueReason::Interval } else { DueReason::Failures })
        }
    }
}

/// Returns the interval after a good visit, and what decided it.
fn good_interval(inputs: &PollInputs<'_>) -> (Duration, DueReason) {
    if inputs.is_pushed {
        let interval = inputs.every.saturating_mul(PUSHED_FACTOR).min(MAX_INTERVAL.max(inputs.every));
        return with_hints(inputs, (interval, DueReason::Pushed));
    }
    let per_hour = inputs
        .publish_rate
        .entries_per_hour_at(inputs.now, inputs.now)
        .max(inputs.publish_rate.entries_per_hour_at(inputs.now.plus(inputs.every), inputs.now));
    let expected = if per_hour > 0.0 { Duration::try_from_secs_f64(3600.0 / per_hour / VISITS_PER_ENTRY).ok() } else { None };
    let habitual = expected.map_or(inputs.every, |time| time.max(MIN_INTERVAL).min(inputs.every));
    let reason = if habitual < inputs.every { DueReason::Habit } else { DueReason::Interval };
    with_hints(inputs, (habitual, reason))
}

/// Returns `interval`, lengthened to what the feed and its server ask for.
fn with_hints(inputs: &PollInputs<'_>, (interval, reason): (Duration, DueReason)) -> (Duration, DueReason) {
    let hinted = inputs.poll_hints.minutes.map(|minutes| Duration::from_secs(60 * u64::from(minutes))).unwrap_or_default();
    // A feed that states its update times is visited shortly after each.
    let until_next = inputs.poll_hints.until_next_update(inputs.now).map(|until| until + MIN_INTERVAL);
    let hinted = if hinted > DEFAULT_HINT { until_next.unwrap_or(hinted).min(MAX_INTERVAL) } else { hinted.min(inputs.every) };
    let fresh = inputs.fresh_for.unwrap_or_default().min(MAX_INTERVAL);
    if fresh > interval.max(hinted) {
        (fresh, DueReason::Cache)
    } else if hinted > interval {
        (hinted, DueReason::FeedInterval)
    } else {
        (interval, reason)
    }
}

/// Returns a fraction below a tenth, the same each time for one source and number of failures.
#[expect(clippy::cast_precision_loss, reason = "it is a number between 0 and 1,000")]
fn jitter(inputs: &PollInputs<'_>) -> f64 {
    let hash = xxh3_64(format!("{} {}", inputs.source, inputs.failures).as_bytes());
    if inputs.failures < 2 { 0.0 } else { (hash % 1000) as f64 / 10_000.0 }
}

/// Returns how long a host rests that answers 429 without Retry-After: a quarter of an hour, and twice as long after each failure
/// in a row, up to a day. `failures` does not count this one.
pub fn rest_after_rate_limit(failures: u32) -> Duration {
    DEFAULT_REST.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX)).min(MAX_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BreakKind, Found};

    const QUARTER: Duration = Duration::from_secs(900);

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    /// Returns the minutes until a source is due after `outcome`; `with` changes the inputs.
    fn minutes_until_due(outcome: &Outcome, with: impl FnOnce(&mut PollInputs<'_>)) -> u64 {
        decided(outcome, with).0
    }

    /// Returns the same, and the reason.
    fn decided(outcome: &Outcome, with: impl FnOnce(&mut PollInputs<'_>)) -> (u64, DueReason) {
        let (source, poll_hints, publish_rate) = (SourceId::new("a"), PollHints::default(), PublishRate::default());
        // 2026-11-24, 10:00 UTC.
        let now = Time::from_millis(1_795_514_400_000);
        let mut inputs = PollInputs {
            source: &source,
            outcome,
            every: QUARTER,
            failures: 0,
            failing_since: None,
            is_pushed: false,
            poll_hints: &poll_hints,
            publish_rate: &publish_rate,
            fresh_for: None,
            now,
        };
        with(&mut inputs);
        (next_due(&inputs).since(inputs.now).as_secs() / 60, due_reason(&inputs))
    }

    fn hints_of(minutes: u32) -> PollHints {
        PollHints { minutes: Some(minutes), ..PollHints::default() }
    }

    /// Returns the rate of a source that publishes `an_hour` entries in each hour of the day.
    fn publish_rate(an_hour: u64) -> PublishRate {
        let mut publish_rate = PublishRate::default();
        let now = Time::from_millis(1_795_514_400_000);
        let all = 20 * 24 * an_hour;
        publish_rate.record_published(
            (0..all).map(|n| Time::from_millis(now.millis() - i64::try_from(n * 3_600_000 / an_hour).expect("small"))),
            now,
        );
        publish_rate
    }

    #[test]
    fn interval_depends_on_the_outcome() {
        let broken = Outcome::Broken { kind: BreakKind::Dns, message: String::new() };
        assert_eq!(minutes_until_due(&Outcome::Same, |_| ()), 15);
        assert_eq!(minutes_until_due(&Outcome::Fresh(Found::default()), |_| ()), 15);
        assert_eq!(minutes_until_due(&Outcome::Moved { to: String::new(), found: Found::default() }, |_| ()), 15);
        assert_eq!(minutes_until_due(&Outcome::Gone { message: String::new() }, |_| ()), 24 * 60);
        assert_eq!(minutes_until_due(&broken, |inputs| inputs.failures = 1), 15);
        let third = minutes_until_due(&broken, |inputs| inputs.failures = 3);
        assert!((60..=66).contains(&third), "doubled twice, and a little more: {third}");
        assert_eq!(minutes_until_due(&broken, |inputs| inputs.failures = 200), 24 * 60);
        assert_eq!(
            minutes_until_due(&broken, |inputs| (inputs.failures, inputs.every) = (9, minutes(3000))),
            3000,
            "its own interval is longer than a day"
        );
    }

    #[test]
    fn reason_is_what_decided_the_time() {
        let broken = Outcome::Broken { kind: BreakKind::Dns, message: String::new() };
        let busy: &'static PublishRate = Box::leak(Box::new(publish_rate(30)));
        let slow: &'static PollHints = Box::leak(Box::new(hints_of(240)));
        let later = |hours: i64| Outcome::Later {
            until: Time::from_millis(1_795_514_400_000 + hours * 3_600_000),
            message: String::new(),
        };
        let reason = |outcome: &Outcome, with: fn(&mut PollInputs<'_>)| decided(outcome, with).1;
        assert_eq!(reason(&Outcome::Same, |_| ()), DueReason::Interval);
        assert_eq!(decided(&Outcome::Same, |inputs| inputs.publish_rate = busy).1, DueReason::Habit);
        assert_eq!(reason(&Outcome::Same, |inputs| inputs.is_pushed = true), DueReason::Pushed);
        assert_eq!(decided(&Outcome::Same, |inputs| inputs.poll_hints = slow).1, DueReason::FeedInterval);
        assert_eq!(reason(&Outcome::Same, |inputs| inputs.fresh_for = Some(minutes(90))), DueReason::Cache);
        assert_eq!(reason(&later(2), |_| ()), DueReason::Later);
        assert_eq!(reason(&later(0), |_| ()), DueReason::Interval, "its own interval is longer");
        assert_eq!(reason(&broken, |inputs| inputs.failures = 1), DueReason::Interval);
        assert_eq!(reason(&broken, |inputs| inputs.failures = 3), DueReason::Failures);
        let month_ago =
            |inputs: &mut PollInputs<'_>| inputs.failing_since = Some(Time::from_millis(inputs.now.millis() - 40 * 86_400_000));
        assert_eq!(reason(&broken, month_ago), DueReason::Paused);
        assert_eq!(reason(&Outcome::Gone { message: String::new() }, |_| ()), DueReason::Gone);
    }

    #[test]
    fn source_that_fails_for_a_month_is_paused() {
        let broken = Outcome::Broken { kind: BreakKind::Http, message: String::new() };
        for (days, expected) in [(29, 24 * 60), (30, 7 * 24 * 60), (300, 7 * 24 * 60)] {
            let since = |now: Time| Some(Time::from_millis(now.millis() - days * 86_400_000));
            assert_eq!(
                minutes_until_due(&broken, |inputs| (inputs.failures, inputs.failing_since) = (40, since(inputs.now))),
                expected,
                "{days} days"
            );
        }
    }

    #[test]
    fn pushed_source_is_polled_less_often() {
        let busy: &'static PublishRate = Box::leak(Box::new(publish_rate(30)));
        assert_eq!(minutes_until_due(&Outcome::Same, |inputs| (inputs.is_pushed, inputs.publish_rate) = (true, busy)), 60);
        assert_eq!(
            minutes_until_due(&Outcome::Same, |inputs| (inputs.is_pushed, inputs.fresh_for) = (true, Some(minutes(90)))),
            90
        );
        assert_eq!(
            minutes_until_due(&Outcome::Same, |inputs| (inputs.is_pushed, inputs.every) = (true, minutes(12 * 60))),
            24 * 60
        );
        assert_eq!(
            minutes_until_due(&Outcome::Same, |inputs| (inputs.is_pushed, inputs.every) = (true, minutes(48 * 60))),
            48 * 60
        );
    }

    #[test]
    fn retry_after_and_cache_headers_lengthen_the_interval() {
        let later = |minutes: i64| Outcome::Later {
            until: Time::from_millis(1_795_514_400_000 + minutes * 60_000),
            message: String::new(),
        };
        assert_eq!(minutes_until_due(&later(1), |_| ()), 15, "not sooner than the source's own interval");
        assert_eq!(minutes_until_due(&later(120), |_| ()), 120);
        for (fresh_for, expected) in [(5, 15), (40, 40), (600, 600), (90_000, 24 * 60)] {
            assert_eq!(minutes_until_due(&Outcome::Same, |inputs| inputs.fresh_for = Some(minutes(fresh_for))), expected);
        }
    }

    #[test]
    fn poll_hint_above_the_usual_default_lengthens_the_interval() {
        for (asked, expected) in [(0, 15), (1, 15), (60, 15), (61, 61), (720, 720), (100_000, 24 * 60)] {
            assert_eq!(
                minutes_until_due(&Outcome::Same, |inputs| inputs.poll_hints = Box::leak(Box::new(hints_of(asked)))),
                expected,
                "{asked}"
            );
        }
        let busy = publish_rate(30);
        assert_eq!(
            minutes_until_due(&Outcome::Same, |inputs| (inputs.poll_hints, inputs.publish_rate) =
                (Box::leak(Box::new(hints_of(60))), Box::leak(Box::new(busy)))),
            15,
            "not more often than `every`"
        );
        // Daily, at noon: it is ten now.
        let noon = PollHints { base: Time::from_rfc3339("2000-01-01T12:00:00Z"), ..hints_of(24 * 60) };
        assert_eq!(minutes_until_due(&Outcome::Same, |inputs| inputs.poll_hints = Box::leak(Box::new(noon))), 122);
        let yesterday = PollHints { minutes: Some(7 * 24 * 60), ..noon };
        assert_eq!(
            minutes_until_due(&Outcome::Same, |inputs| inputs.poll_hints = Box::leak(Box::new(yesterday))),
            24 * 60,
            "weekly: never more than a day"
        );
        let hourly = PollHints { minutes: Some(60), ..noon };
        assert_eq!(
            minutes_until_due(&Outcome::Same, |inputs| inputs.poll_hints = Box::leak(Box::new(hourly))),
            15,
            "as software writes by itself"
        );
        let mut night = PollHints::default();
        (10..14).for_each(|hour| night.skip_hour(hour));
        assert_eq!(
            minutes_until_due(&Outcome::Same, |inputs| inputs.poll_hints = Box::leak(Box::new(night))),
            240,
            "until 14:00"
        );
    }

    /// Combines every header and element with every other.
    #[test]
    fn strictest_of_several_hints_applies() {
        let ttls = [(None, 0), (Some(30), 0), (Some(180), 180)];
        let fresh = [(None, 0), (Some(5), 5), (Some(90), 90), (Some(99_999), 24 * 60)];
        let quiet = [0..0, 10..13, 11..24];
        let habits: [&'static PublishRate; 2] =
            [Box::leak(Box::new(PublishRate::default())), Box::leak(Box::new(publish_rate(30)))];
        let mut asked = 0;
        for every in [1, 15, 45, 300] {
            for (ttl, by_ttl) in ttls {
                for (fresh_for, by_fresh) in fresh {
                    for hours in quiet.clone() {
                        for (pushed, publish_rate) in [(false, habits[0]), (false, habits[1]), (true, habits[1])] {
                            let mut poll_hints = PollHints { minutes: ttl, ..PollHints::default() };
                            hours.clone().for_each(|hour| poll_hints.skip_hour(hour));
                            let poll_hints: &'static PollHints = Box::leak(Box::new(poll_hints));
                            let found = minutes_until_due(&Outcome::Same, |inputs| {
                                (inputs.every, inputs.poll_hints, inputs.publish_rate, inputs.is_pushed) =
                                    (minutes(every), poll_hints, publish_rate, pushed);
                                inputs.fresh_for = fresh_for.map(minutes);
                            });
                            let own = match (pushed, publish_rate.is_empty()) {
                                (true, _) => every * 4,
                                (false, true) => every,
                                (false, false) => 2.min(every).max(u64::from(ttl.unwrap_or(0)).min(every)),
                            };
                            let expected = own.max(by_ttl).max(by_fresh);
                            let said = format!("{every} {ttl:?} {fresh_for:?} {hours:?} {pushed} {}", publish_rate.is_empty());
                            // It is 10:00. What would fall into quiet hours falls behind them.
                            let falls = expected / 60 + 10;
                            if hours.contains(&u32::try_from(falls % 24).expect("an hour")) {
                                assert!(found >= expected && found % 60 == 0, "{said}: {found}");
                                assert!(
                                    !hours.contains(&(u32::try_from((found / 60 + 10) % 24).expect("an hour"))),
                                    "{said}: {found}"
                                );
                            } else {
                                assert_eq!(found, expected, "{said}");
                            }
                            for (later, least) in [(5, every), (600, 600)] {
                                let until = Time::from_millis(1_795_514_400_000 + later * 60_000);
                                let busy = Outcome::Later { until, message: String::new() };
                                let found = minutes_until_due(&busy, |inputs| {
                                    (inputs.every, inputs.poll_hints) = (minutes(every), poll_hints);
                                });
                                assert_eq!(found, least.max(u64::try_from(later).expect("small")).max(every), "{said}");
                            }
                            asked += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(asked, 4 * 3 * 4 * 3 * 3);
    }

    #[test]
    fn busy_source_is_visited_more_often_within_bounds() {
        for (an_hour, expected) in [(30, 2), (3, 2), (1, 7)] {
            let publish_rate: &'static PublishRate = Box::leak(Box::new(publish_rate(an_hour)));
            let found = minutes_until_due(&Outcome::Same, |inputs| inputs.publish_rate = publish_rate);
            assert!(found.abs_diff(expected) <= 1, "{an_hour} an hour: {found}");
            assert_eq!(
                minutes_until_due(&Outcome::Same, |inputs| (inputs.publish_rate, inputs.every) = (publish_rate, minutes(1))),
                1,
                "`every` is the longest"
            );
        }
        assert_eq!(
            minutes_until_due(&Outcome::Same, |inputs| inputs.publish_rate = Box::leak(Box::new(PublishRate::default()))),
            15,
            "nothing is known"
        );
    }

    #[test]
    fn same_inputs_give_the_same_due_time() {
        let broken = Outcome::Broken { kind: BreakKind::Dns, message: String::new() };
        let due = || minutes_until_due(&broken, |inputs| inputs.failures = 4);
        assert_eq!(due(), due());
    }

    #[test]
    fn rest_after_rate_limit_grows_up_to_a_day() {
        let rests = [0, 1, 2, 30, 200].map(|failures| rest_after_rate_limit(failures).as_secs() / 60);
        assert_eq!(rests, [15, 30, 60, 24 * 60, 24 * 60]);
    }
}
