//! When sources are visited again: what servers ask for, what repeated visits mean, and a simulated week of five hundred sources.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a simulation counts in small numbers"
)]

use std::time::Duration;

use relais::model::{BreakKind, Found, Outcome, PollHints, PublishRate, SourceId, Time};
use relais::policy::{PollInputs, next_due};

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

fn due_in(status: &serde_json::Value, source: usize) -> i64 {
    let time = |value: &serde_json::Value| Time::from_rfc3339(value.as_str().expect("a time")).expect("a time");
    let (due, visited) = (time(&status["sources"][source]["due"]), time(&status["sources"][source]["visited"]));
    (due.millis() - visited.millis()) / 60_000
}

#[tokio::test]
async fn poll_hints_and_cache_headers_set_the_due_time() {
    let origin = Origin::start().await;
    let feed =
        |more: &str| rss("a", &stories(0..1)).replace("<language>fr</language>", &format!("<language>fr</language>{more}"));
    let daily = "<sy:updatePeriod xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\">daily</sy:updatePeriod>";
    let twice =
        format!("{daily}<sy:updateFrequency xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\">2</sy:updateFrequency>");
    let hours: String = (0..24).map(|hour| format!("<hour>{hour}</hour>")).collect();
    let cases = [
        (feed(""), None, 15),
        (feed("<ttl>60</ttl>"), None, 15),
        (feed("<ttl>180</ttl>"), None, 180),
        (feed("<ttl>often</ttl>"), None, 15),
        (feed(daily), None, 24 * 60),
        (feed(&twice), None, 12 * 60),
        (feed(&format!("<skipHours>{hours}</skipHours><skipDays><day>Someday</day></skipDays>")), None, 15),
        (feed(""), Some("max-age=3000"), 50),
        (feed("<ttl>180</ttl>"), Some("max-age=3000"), 180),
        (feed("<ttl>180</ttl>"), Some("no-cache"), 180),
    ];
    let names: Vec<String> = (0..cases.len()).map(|number| format!("s{number}")).collect();
    for (name, (body, cache, _)) in names.iter().zip(&cases) {
        let reply = Reply::ok(body.clone()).tagged();
        origin.on(&format!("/{name}"), if let Some(cache) = cache { reply.header("cache-control", cache) } else { reply });
    }
    let sources: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), origin.url(&format!("/{name}")))).collect();
    let world = World::new(&tables(&sources));
    for turn in ["a body", "a 304"] {
        assert_eq!(world.relais(&["run", "--force"]).await.code, Some(0));
        let status = world.relais(&["status", "--json"]).await.json();
        for (number, (_, _, minutes)) in cases.iter().enumerate() {
            assert_eq!(due_in(&status, number), *minutes, "{turn}, {}", names[number]);
        }
    }
}

#[tokio::test]
async fn retry_after_postpones_all_sources_of_the_host() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::status(403).header("retry-after", "7200"));
    for path in ["/b", "/c"] {
        origin.on(path, Reply::ok(rss("b", &stories(0..1))));
    }
    let sources = [("a", origin.url("/a")), ("b", origin.url("/b")), ("c", origin.url("/c"))];
    let world = World::new(&tables(&sources));
    let config = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there").replace("per_host = 8", "per_host = 1");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(world.path("feeds.toml"), config).expect("it can be written");
    world.relais(&["run"]).await;
    assert_eq!((origin.seen("/a").len(), origin.count()), (1, 1), "the others are not asked any more");
    let status = world.relais(&["status", "--json"]).await.json();
    let due = |source: usize| Time::from_rfc3339(status["sources"][source]["due"].as_str().expect("a time")).expect("a time");
    let until = due(0);
    assert!(
        (1..3)
            .all(|source| due(source).since(until) < Duration::from_secs(5) && until.since(due(source)) < Duration::from_secs(5)),
        "{status}"
    );
    world.relais(&["run"]).await;
    assert_eq!(origin.count(), 1, "nor in the next run");
}

#[tokio::test]
async fn permanent_redirect_is_adopted_after_three_visits() {
    let origin = Origin::start().await;
    origin.on("/old", Reply::redirect(301, "/new"));
    origin.on("/new", Reply::ok(rss("a", &stories(0..2))).tagged());
    let world = World::new(&tables(&[("a", origin.url("/old"))]));
    for _ in 0..3 {
        assert_eq!(world.relais(&["run", "--force"]).await.code, Some(0));
    }
    assert_eq!((origin.seen("/old").len(), origin.seen("/new").len()), (3, 3));
    for _ in 0..2 {
        let report = world.relais(&["run", "--force", "--json"]).await.json();
        assert_eq!((&report["sources"]["same"], &report["entries"]["new"]), (&1.into(), &0.into()), "{report}");
    }
    assert_eq!((origin.seen("/old").len(), origin.seen("/new").len()), (3, 5), "the new address is asked at once");
    assert!(world.relais(&["status"]).await.stdout.contains("has moved to"));

    origin.on("/new", Reply::status(410));
    origin.on("/old", Reply::ok(rss("a", &stories(0..3))));
    world.relais(&["run", "--force"]).await;
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!(
        (&report["entries"]["new"], origin.seen("/old").len()),
        (&1.into(), 4),
        "and the old one when that is gone: {report}"
    );
    assert_eq!(world.relais(&["status", "--json"]).await.json()["store"]["entries"], 3, "its entries are the same");
}

#[tokio::test]
async fn temporary_redirect_or_one_with_credentials_is_not_adopted() {
    let (origin, other) = (Origin::start().await, Origin::start().await);
    for status in [302, 303, 307] {
        origin.on(&format!("/{status}"), Reply::redirect(status, "/new"));
    }
    origin.on("/secret", Reply::redirect(308, &other.url("/new")));
    for server in [&origin, &other] {
        server.on("/new", Reply::ok(rss("a", &stories(0..2))).tagged());
    }
    let names = [("s302", "/302"), ("s303", "/303"), ("s307", "/307"), ("secret", "/secret")];
    let sources: Vec<(&str, String)> = names.iter().map(|(name, path)| (*name, origin.url(path))).collect();
    let world = World::new(
        &tables(&sources)
            .replace("[source.secret]\n", "[source.secret]\nheaders = { \"X-Key\" = { env = \"RELAIS_TEST_KEY\" } }\n"),
    );
    for _ in 0..5 {
        let mut command = world.command(&["run", "--force"]);
        let ended = crate::support::program::finish(command.env("RELAIS_TEST_KEY", "k").spawn().expect("it starts")).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    for path in ["/302", "/303", "/307", "/secret"] {
        assert_eq!(origin.seen(path).len(), 5, "{path}");
    }
    assert!(other.seen("/new").iter().all(|seen| seen.header("x-key").is_empty()));
}

#[tokio::test]
async fn source_that_answered_410_is_not_visited_until_its_address_changes() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    origin.on("/b", Reply::ok(rss("a", &stories(0..2))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    world.relais(&["run"]).await;
    origin.on("/a", Reply::status(410));
    assert_eq!(world.relais(&["run", "--force"]).await.code, Some(3));
    let database = format!("sqlite:{}", world.path("relais.db").display());
    let make_due = || async {
        let store = relais::store::Store::open(&database, relais::store::Access::Work).await.expect("a store");
        drop(store);
        sqlx_run(&database, "update source set due_at = 0").await;
    };
    make_due().await;
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!((ended.code, &ended.json()["sources"]["gone"]), (Some(3), &1.into()), "it is told each time: {ended:?}");
    assert_eq!(origin.seen("/a").len(), 2, "and not asked");
    assert!(world.output("jeux.atom").contains("Titre 0"), "its entries stay");
    world.configure("", &tables(&[("a", origin.url("/b"))]));
    make_due().await;
    assert_eq!(world.relais(&["run", "--json"]).await.json()["entries"]["new"], 1);
}

async fn sqlx_run(url: &str, sql: &'static str) {
    use sqlx::Connection;
    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(url).await.expect("a connection");
    sqlx::query(sql).execute(&mut connection).await.expect("it runs");
    connection.close().await.expect("closed");
}

const SOURCES: usize = 500;
const HOUR: i64 = 3_600_000;
/// A week to learn in, and the one that counts.
const DAYS: i64 = 14;
const EVERY: Duration = Duration::from_secs(900);
const SHORTEST: i64 = 120_000;

/// Numbers that look random and are the same each time (xorshift64*).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// When a source with so many entries a day publishes: by day more than by night, at weekends half.
pub(crate) fn published(a_day: f64, begin: i64, days: i64, chance: &mut Chance) -> Vec<i64> {
    let weight = |time: i64| {
        let (hour, day) = ((time / HOUR).rem_euclid(24), (time / HOUR / 24 + 3).rem_euclid(7));
        let by_hour = if (5..21).contains(&hour) { 1.4 } else { 0.2 };
        by_hour * if day > 4 { 0.5 } else { 1.0 }
    };
    let (mut times, mut time) = (Vec::new(), begin as f64);
    loop {
        // The busiest hours' rate, thinned.
        time += -(1.0 - chance.next()).ln() / (a_day * 1.4 / 24.0 / HOUR as f64);
        if time >= (begin + days * 24 * HOUR) as f64 {
            return times;
        }
        if chance.next() < weight(time as i64) / 1.4 {
            times.push(time as i64);
        }
    }
}

/// What is wrong with a source's server at a time.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Down,
    /// Until then.
    Busy(i64),
    Dead,
}

#[test]
fn week_of_five_hundred_sources_finds_news_soon_with_few_visits() {
    let begin = Time::from_rfc3339("2026-11-02T00:00:00Z").expect("a time").millis();
    let counted = begin + 7 * 24 * HOUR;
    let end = begin + DAYS * 24 * HOUR;
    let mut chance = Chance(42);
    let (mut visits, mut quiet, mut delays, mut quick_delays, mut requests) = (0u32, 0u32, Vec::new(), Vec::new(), Vec::new());
    for number in 0..SOURCES {
        let a_day = [0.3, 1.0, 3.0, 8.0, 12.0, 25.0, 60.0][number % 7];
        let entries = published(a_day, begin, DAYS, &mut chance);
        let outage = (number % 10 == 0).then(|| counted + (number as i64 % 5) * 24 * HOUR);
        let limit = (number % 10 == 5).then(|| counted + (number as i64 % 6) * 24 * HOUR + 9 * HOUR);
        let mood = |time: i64| match (outage, limit) {
            _ if number == 7 => Mood::Dead,
            (Some(from), _) if (from..from + 4 * HOUR).contains(&time) => Mood::Down,
            (_, Some(from)) if (from..from + HOUR).contains(&time) => Mood::Busy(from + HOUR),
            _ => Mood::Well,
        };
        let (source, poll_hints, mut publish_rate) =
            (SourceId::new(&format!("s{number}")), PollHints::default(), PublishRate::default());
        let (mut now, mut seen, mut failures, mut made, mut last) = (begin + (number as i64) * 977, 0, 0, 0u32, begin - HOUR);
        while now < end {
            assert!(now - last >= SHORTEST, "s{number}: visits are two minutes apart");
            last = now;
            let at = Time::from_millis(now);
            let new = entries[seen..].iter().take_while(|time| **time <= now).count();
            let outcome = match mood(now) {
                Mood::Dead | Mood::Down => Outcome::Broken { kind: BreakKind::Connect, message: String::new() },
                Mood::Busy(until) => Outcome::Later { until: Time::from_millis(until), message: String::new() },
                Mood::Well if new == 0 => Outcome::Same,
                Mood::Well => Outcome::Fresh(Found { new: u32::try_from(new).expect("few"), ..Found::default() }),
            };
            failures = if matches!(outcome, Outcome::Broken { .. }) { failures + 1 } else { 0 };
            if matches!(outcome, Outcome::Fresh(_)) {
                let fresh = &entries[seen..seen + new];
                publish_rate.record_published(fresh.iter().map(|time| Time::from_millis(*time)), at);
                if now >= counted {
                    for time in fresh.iter().filter(|time| **time >= counted) {
                        // What an outage holds up is not the schedule's doing.
                        let was_held_up = outage.is_some_and(|from| (from..from + 10 * HOUR).contains(time))
                            || limit.is_some_and(|from| (from..from + HOUR).contains(time));
                        if !was_held_up {
                            delays.push(now - time);
                            if a_day > 10.0 {
                                quick_delays.push(now - time);
                            }
                        }
                    }
                }
                seen += new;
            }
            if now >= counted {
                visits += 1;
                made += 1;
                quiet += u32::from(!matches!(outcome, Outcome::Fresh(_)));
            }
            let inputs = PollInputs {
                source: &source,
                outcome: &outcome,
                every: EVERY,
                failures,
                failing_since: None,
                is_pushed: false,
                poll_hints: &poll_hints,
                publish_rate: &publish_rate,
                fresh_for: None,
                now: at,
            };
            let due = next_due(&inputs).millis();
            if let Outcome::Later { until, .. } = outcome {
                assert!(due >= until.millis(), "s{number}: a server that asks for time gets it");
            }
            now = due;
        }
        requests.push(made);
        assert!(number != 7 || made <= 14, "the dead one was asked {made} times in a week");
    }
    delays.sort_unstable();
    quick_delays.sort_unstable();
    requests.sort_unstable();
    let part = |delays: &[i64], percent: usize| delays[delays.len() * percent / 100] as f64 / 60_000.0;
    println!(
        "{visits} visits ({} a source and day; the least {}, the most {}), {} % found nothing; delay: median {:.1} min, p95 {:.1}; of sources with more than 10 a day {:.1} and {:.1}",
        visits as usize / SOURCES / 7,
        requests[0] / 7,
        requests[SOURCES - 1] / 7,
        quiet * 100 / visits,
        part(&delays, 50),
        part(&delays, 95),
        part(&quick_delays, 50),
        part(&quick_delays, 95),
    );
    assert!(part(&quick_delays, 95) < 10.0);
    assert!(quiet * 100 >= visits * 80);
}

#[tokio::test]
async fn host_that_answers_429_without_a_time_is_asked_once() {
    let origin = Origin::start().await;
    let names = ["a", "b", "c"];
    for name in names {
        origin.on(&format!("/{name}"), Reply::status(429));
    }
    let sources = names.map(|name| (name, origin.url(&format!("/{name}"))));
    let world = World::new(&tables(&sources));
    let config = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there").replace("per_host = 8", "per_host = 1");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(world.path("feeds.toml"), config).expect("it can be written");
    world.relais(&["run"]).await;
    world.relais(&["run"]).await;
    let asked: usize = names.iter().map(|name| origin.seen(&format!("/{name}")).len()).sum();
    assert_eq!(asked, 1, "the other sources of the host wait, also in the next run");
}
