//! When to come back: one pure function. The same question has the same answer on every worker.
//!
//! Whoever reads wants news at once, and whoever publishes wants few visits. So a source is visited more often in the hours in
//! which it is used to publish, never more often than every two minutes nor less often than its `every`; and what it asks for
//! itself comes before that ([decision 12](../../docs/decisions/0012-when-to-come-back.md)).

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use super::source_health::is_paused;
use crate::model::{Outcome, PollHints, PublishRate, SourceId, Time};

/// No source is left alone for longer because it fails, or because its cache is said to be good.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a source that is paused is left alone.
const PAUSE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// While its hub tells of what is new, a source is visited so many times less often: a hub may fail, too.
const PUSHED: u32 = 4;
/// None is visited more often, unless its `every` says so.
const SHORTEST: Duration = Duration::from_secs(2 * 60);
/// A visit should find a new entry about once in so many.
const VISITS_AN_ENTRY: f64 = 8.0;
/// `ttl` and `sy:updatePeriod` up to this are what software writes by itself (`WordPress`: hourly): they keep us from coming more
/// often than `every`, and no more. A longer one was meant.
const CARELESS: Duration = Duration::from_secs(60 * 60);

/// What the answer depends on.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The source.
    pub source: &'a SourceId,
    /// How the visit ended.
    pub outcome: &'a Outcome,
    /// Its interval as feeds.toml has it: the longest between two good visits, unless the source asks for a longer one.
    pub every: Duration,
    /// How many visits in a row failed, this one included.
    pub failures: u32,
    /// Since when.
    pub failing_since: Option<Time>,
    /// Whether its hub tells of what is new.
    pub is_pushed: bool,
    /// What its feed asks for.
    pub poll_hints: &'a PollHints,
    /// When it publishes.
    pub publish_rate: &'a PublishRate,
    /// For how long its server says that the answer is good.
    pub fresh_for: Option<Duration>,
    /// When the visit ended.
    pub now: Time,
}

/// When a source is due again.
pub fn next_due(ask: &Question<'_>) -> Time {
    match ask.outcome {
        Outcome::Fresh(_) | Outcome::Same | Outcome::Moved { .. } => ask.poll_hints.next_allowed(ask.now.plus(interval(ask))),
        Outcome::Later { until, .. } => ask.now.plus(ask.every).max(*until),
        Outcome::Gone { .. } => ask.now.plus(LONGEST.max(ask.every)),
        Outcome::Broken { .. } => {
            if is_paused(ask.failing_since, ask.now) {
                return ask.now.plus(PAUSE.max(ask.every));
            }
            let doublings = ask.failures.saturating_sub(1);
            let doubled = ask.every.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(LONGEST);
            // Sources that failed together do not come back together.
            ask.now.plus((doubled + doubled.mul_f64(jitter(ask))).max(ask.every).min(LONGEST.max(ask.every)))
        }
    }
}

/// How long a source is left alone after a good visit.
fn interval(ask: &Question<'_>) -> Duration {
    if ask.is_pushed {
        return asked(ask, ask.every.saturating_mul(PUSHED).min(LONGEST.max(ask.every)));
    }
    let an_hour = ask
        .publish_rate
        .entries_per_hour_at(ask.now, ask.now)
        .max(ask.publish_rate.entries_per_hour_at(ask.now.plus(ask.every), ask.now));
    // `an_hour_at` counts entries a day of which one hour is like this.
    let expected = if an_hour > 0.0 { Duration::try_from_secs_f64(3600.0 / an_hour / VISITS_AN_ENTRY).ok() } else { None };
    let habitual = expected.map_or(ask.every, |time| time.max(SHORTEST).min(ask.every));
    asked(ask, habitual)
}

/// At least `time`, and as long as the feed and its server ask for.
fn asked(ask: &Question<'_>, time: Duration) -> Duration {
    let asked = ask.poll_hints.minutes.map(|minutes| Duration::from_secs(60 * u64::from(minutes))).unwrap_or_default();
    // What says when it is updated is looked at a moment after that.
    let until_next = ask.poll_hints.until_next_update(ask.now).map(|until| until + SHORTEST);
    let asked = if asked > CARELESS { until_next.unwrap_or(asked).min(LONGEST) } else { asked.min(ask.every) };
    let fresh = ask.fresh_for.unwrap_or_default().min(LONGEST);
    time.max(asked).max(fresh)
}

/// A tenth at most, by the source and how often it has failed.
#[expect(clippy::cast_precision_loss, reason = "it is a number between 0 and 1,000")]
fn jitter(ask: &Question<'_>) -> f64 {
    let hash = xxh3_64(format!("{} {}", ask.source, ask.failures).as_bytes());
    if ask.failures < 2 { 0.0 } else { (hash % 1000) as f64 / 10_000.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BreakKind, Found};

    const QUARTER: Duration = Duration::from_secs(900);

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    /// The minutes until a source is due after `outcome`; `with` changes the question.
    fn due(outcome: &Outcome, with: impl FnOnce(&mut Question<'_>)) -> u64 {
        let (source, poll_hints, publish_rate) = (SourceId::new("a"), PollHints::default(), PublishRate::default());
        // 2026-11-24, 10:00 UTC.
        let now = Time::from_millis(1_795_514_400_000);
        let mut ask = Question {
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
        with(&mut ask);
        next_due(&ask).since(ask.now).as_secs() / 60
    }

    fn asks(minutes: u32) -> PollHints {
        PollHints { minutes: Some(minutes), ..PollHints::default() }
    }

    /// A source that publishes so many entries in each hour of the day.
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
    fn each_outcome_has_its_interval() {
        let broken = Outcome::Broken { kind: BreakKind::Dns, message: String::new() };
        assert_eq!(due(&Outcome::Same, |_| ()), 15);
        assert_eq!(due(&Outcome::Fresh(Found::default()), |_| ()), 15);
        assert_eq!(due(&Outcome::Moved { to: String::new(), found: Found::default() }, |_| ()), 15);
        assert_eq!(due(&Outcome::Gone { message: String::new() }, |_| ()), 24 * 60);
        assert_eq!(due(&broken, |ask| ask.failures = 1), 15);
        let third = due(&broken, |ask| ask.failures = 3);
        assert!((60..=66).contains(&third), "doubled twice, and a little more: {third}");
        assert_eq!(due(&broken, |ask| ask.failures = 200), 24 * 60);
        assert_eq!(
            due(&broken, |ask| (ask.failures, ask.every) = (9, minutes(3000))),
            3000,
            "its own interval is longer than a day"
        );
    }

    #[test]
    fn what_fails_for_a_month_is_paused_and_what_is_pushed_is_polled_less() {
        let broken = Outcome::Broken { kind: BreakKind::Http, message: String::new() };
        for (days, expected) in [(29, 24 * 60), (30, 7 * 24 * 60), (300, 7 * 24 * 60)] {
            let since = |now: Time| Some(Time::from_millis(now.millis() - days * 86_400_000));
            assert_eq!(due(&broken, |ask| (ask.failures, ask.failing_since) = (40, since(ask.now))), expected, "{days} days");
        }
        let busy: &'static PublishRate = Box::leak(Box::new(publish_rate(30)));
        assert_eq!(due(&Outcome::Same, |ask| (ask.is_pushed, ask.publish_rate) = (true, busy)), 60);
        assert_eq!(due(&Outcome::Same, |ask| (ask.is_pushed, ask.fresh_for) = (true, Some(minutes(90)))), 90);
        assert_eq!(due(&Outcome::Same, |ask| (ask.is_pushed, ask.every) = (true, minutes(12 * 60))), 24 * 60);
        assert_eq!(due(&Outcome::Same, |ask| (ask.is_pushed, ask.every) = (true, minutes(48 * 60))), 48 * 60);
    }

    #[test]
    fn what_a_server_asks_for_wins() {
        let later = |minutes: i64| Outcome::Later {
            until: Time::from_millis(1_795_514_400_000 + minutes * 60_000),
            message: String::new(),
        };
        assert_eq!(due(&later(1), |_| ()), 15, "not sooner than the source's own interval");
        assert_eq!(due(&later(120), |_| ()), 120);
        for (fresh_for, expected) in [(5, 15), (40, 40), (600, 600), (90_000, 24 * 60)] {
            assert_eq!(due(&Outcome::Same, |ask| ask.fresh_for = Some(minutes(fresh_for))), expected);
        }
    }

    #[test]
    fn what_a_feed_asks_for_is_heeded_when_it_was_meant() {
        for (asked, expected) in [(0, 15), (1, 15), (60, 15), (61, 61), (720, 720), (100_000, 24 * 60)] {
            assert_eq!(due(&Outcome::Same, |ask| ask.poll_hints = Box::leak(Box::new(asks(asked)))), expected, "{asked}");
        }
        let busy = publish_rate(30);
        assert_eq!(
            due(&Outcome::Same, |ask| (ask.poll_hints, ask.publish_rate) =
                (Box::leak(Box::new(asks(60))), Box::leak(Box::new(busy)))),
            15,
            "not more often than `every`"
        );
        // Daily, at noon: it is ten now.
        let noon = PollHints { base: Time::from_rfc3339("2000-01-01T12:00:00Z"), ..asks(24 * 60) };
        assert_eq!(due(&Outcome::Same, |ask| ask.poll_hints = Box::leak(Box::new(noon))), 122);
        let yesterday = PollHints { minutes: Some(7 * 24 * 60), ..noon };
        assert_eq!(
            due(&Outcome::Same, |ask| ask.poll_hints = Box::leak(Box::new(yesterday))),
            24 * 60,
            "weekly: never more than a day"
        );
        let hourly = PollHints { minutes: Some(60), ..noon };
        assert_eq!(due(&Outcome::Same, |ask| ask.poll_hints = Box::leak(Box::new(hourly))), 15, "as software writes by itself");
        let mut night = PollHints::default();
        (10..14).for_each(|hour| night.skip_hour(hour));
        assert_eq!(due(&Outcome::Same, |ask| ask.poll_hints = Box::leak(Box::new(night))), 240, "until 14:00");
    }

    /// Every header and element with every other: the answer is what the strictest of them asks for.
    #[test]
    fn of_what_is_asked_together_the_strictest_counts() {
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
                            let found = due(&Outcome::Same, |ask| {
                                (ask.every, ask.poll_hints, ask.publish_rate, ask.is_pushed) =
                                    (minutes(every), poll_hints, publish_rate, pushed);
                                ask.fresh_for = fresh_for.map(minutes);
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
                                let found = due(&busy, |ask| (ask.every, ask.poll_hints) = (minutes(every), poll_hints));
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
    fn a_busy_source_is_visited_more_often_within_bounds() {
        for (an_hour, expected) in [(30, 2), (3, 2), (1, 7)] {
            let publish_rate: &'static PublishRate = Box::leak(Box::new(publish_rate(an_hour)));
            let found = due(&Outcome::Same, |ask| ask.publish_rate = publish_rate);
            assert!(found.abs_diff(expected) <= 1, "{an_hour} an hour: {found}");
            assert_eq!(
                due(&Outcome::Same, |ask| (ask.publish_rate, ask.every) = (publish_rate, minutes(1))),
                1,
                "`every` is the longest"
            );
        }
        assert_eq!(
            due(&Outcome::Same, |ask| ask.publish_rate = Box::leak(Box::new(PublishRate::default()))),
            15,
            "nothing is known"
        );
    }

    #[test]
    fn the_same_question_has_the_same_answer() {
        let broken = Outcome::Broken { kind: BreakKind::Dns, message: String::new() };
        let answer = || due(&broken, |ask| ask.failures = 4);
        assert_eq!(answer(), answer());
    }
}
