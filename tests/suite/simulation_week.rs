//! Five simulated days through the whole of ingest: real sockets, a real store, and a clock that jumps from one visit to the
//! next. What each server asks for is written down where it is asked.

#![expect(clippy::cast_precision_loss, reason = "a simulation counts in small numbers")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use relais::model::{Clock, Outcome, SourceId, Time};
use relais::pipeline::{Passes, Prepared, Progress, Scope, Until};
use relais::store::{Access, Store};
use tokio_util::sync::CancellationToken;

use crate::schedule::{Chance, published};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * HOUR;
/// Of which the last three count.
const DAYS: i64 = 5;
const SOURCES: usize = 36;
/// When servers are in trouble, on the first day that counts.
const BUSY: i64 = 9 * HOUR;
const DOWN: i64 = 12 * HOUR;

struct Simulated(AtomicI64);

impl Clock for Simulated {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// What is special about a source, if anything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Usual,
    /// Nobody listens.
    Dead,
    /// 410 from the third day on.
    Gone,
    /// 301 to its new path.
    Moved,
    /// 302 to another path.
    Elsewhere,
    /// 429 with Retry-After, for an hour.
    Busy,
    /// 500 for four hours.
    Down,
    /// `ttl` of two hours.
    Slow,
    /// Not between 0 and 6.
    Asleep,
    /// Good for half an hour.
    Cached,
}

fn kind(number: usize) -> Kind {
    use Kind::{Asleep, Busy, Cached, Dead, Down, Elsewhere, Gone, Moved, Slow, Usual};
    [(3, Dead), (7, Gone), (11, Moved), (15, Elsewhere), (19, Busy), (23, Down), (27, Slow), (31, Asleep), (35, Cached)]
        .into_iter()
        .find_map(|(special, kind)| (special == number).then_some(kind))
        .unwrap_or(Usual)
}

fn a_day(number: usize) -> f64 {
    [1.0, 8.0, 25.0, 60.0][number % 4]
}

/// The feed of a source as it stands at a time.
fn feed(number: usize, entries: &[i64], now: i64, kind: Kind) -> Reply {
    let there: Vec<i64> = entries.iter().copied().take_while(|time| *time <= now).collect();
    let items: String = there
        .iter()
        .enumerate()
        .rev()
        .take(100)
        .map(|(entry, time)| {
            let date = Time::from_millis(*time);
            format!("<item><guid>{number}-{entry}</guid><title>{number}, {entry}</title><dc:date>{date}</dc:date></item>")
        })
        .collect();
    let asks = match kind {
        Kind::Slow => "<ttl>120</ttl>".to_owned(),
        Kind::Asleep => {
            format!("<skipHours>{}</skipHours>", (0..6).map(|hour| format!("<hour>{hour}</hour>")).collect::<String>())
        }
        _ => String::new(),
    };
    let body = format!(
        "<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>{number}</title>{asks}{items}</channel></rss>"
    );
    let reply = Reply::ok(body).tagged();
    if kind == Kind::Cached { reply.header("cache-control", "max-age=1800") } else { reply }
}

/// When each path was asked for.
type Asked = Arc<Mutex<HashMap<String, Vec<i64>>>>;

/// The server of one source.
#[derive(Clone)]
struct Server {
    number: usize,
    times: Vec<i64>,
    counted: i64,
    clock: Arc<Simulated>,
    asked: Asked,
}

impl Server {
    fn answer(&self, path: &str) -> Reply {
        let now = self.clock.0.load(Ordering::SeqCst);
        self.asked.lock().expect("no panic").entry(format!("{}{path}", self.number)).or_default().push(now);
        let kind = kind(self.number);
        let until = self.counted + BUSY + HOUR;
        let is_within = |from: i64, lasts: i64| (self.counted + from..self.counted + from + lasts).contains(&now);
        match (kind, path) {
            (Kind::Gone, _) if now >= self.counted => Reply::status(410),
            (Kind::Moved, "/a") => Reply::redirect(301, "/new"),
            (Kind::Elsewhere, "/a") => Reply::redirect(302, "/new"),
            (Kind::Busy, _) if is_within(BUSY, HOUR) => {
                Reply::status(429).header("retry-after", ((until - now) / 1000).to_string())
            }
            (Kind::Down, _) if is_within(DOWN, 4 * HOUR) => Reply::status(500),
            _ => feed(self.number, &self.times, now, kind),
        }
    }
}

/// What each server asked for, at each of its requests.
fn assert_manners(asked: &HashMap<String, Vec<i64>>, begin: i64, counted: i64) {
    let (busy, down) = (counted + BUSY, counted + DOWN);
    let at = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let apart = |times: &[i64]| times.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(i64::MAX);
    for (name, times) in asked {
        assert!(apart(times) >= 2 * MINUTE, "{name}: {} s", apart(times) / 1000);
    }
    let gone = at("7/a");
    assert_eq!(gone.iter().filter(|time| **time >= counted).count(), 1, "410 is asked once");
    assert_eq!((at("11/a").len(), at("11/new").len() > 100), (3, true), "a move is believed after three visits");
    assert_eq!(at("15/a").len(), at("15/new").len(), "one for a while is not");
    assert!(at("19/a").iter().filter(|time| (busy..busy + HOUR).contains(*time)).count() <= 1, "Retry-After is kept");
    let tried = at("23/a").iter().filter(|time| (down..down + 4 * HOUR).contains(*time)).count();
    assert!((3..=9).contains(&tried), "one that fails is asked less and less: {tried} times in four hours");
    assert!(apart(&at("27/a")) >= 120 * MINUTE && apart(&at("35/a")) >= 30 * MINUTE);
    assert!(at("31/a").iter().skip(1).all(|time| (time - begin) % DAY >= 6 * HOUR), "skipHours are kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_days_of_ingest_respect_hosts_and_find_news() {
    let begin = Time::from_rfc3339("2026-11-02T00:00:00Z").expect("a time").millis();
    let (counted, end) = (begin + 2 * DAY, begin + DAYS * DAY);
    let clock = Arc::new(Simulated(AtomicI64::new(begin)));
    let asked = Asked::default();
    let mut chance = Chance(7);
    let (mut origins, mut entries, mut tables) = (Vec::new(), Vec::new(), String::new());
    for number in 0..SOURCES {
        let kind = kind(number);
        // What was there before is in the feed, too.
        let times = published(a_day(number), begin - 3 * DAY, 3 + DAYS, &mut chance);
        let origin = Origin::start().await;
        let server = Server { number, times: times.clone(), counted, clock: Arc::clone(&clock), asked: Arc::clone(&asked) };
        for path in ["/a", "/new"] {
            let server = server.clone();
            origin.answer(path, move |_| server.answer(path));
        }
        tables.push_str(&format!("[source.s{number}]\nurl = \"{}\"\n", origin.url("/a")));
        entries.push(times);
        // A dead one has an address, and nobody is there.
        origins.push((kind != Kind::Dead).then_some(origin));
    }
    let world = World::new(&(tables + "[edition.all]\nfrom = [\"*\"]\n"));
    let plan = relais::config::load(&world.path("feeds.toml")).map_err(|problems| problems.render(false)).expect("a plan");
    let store = Store::open(plan.state.url(), Access::Work).await.expect("a state");
    let ids: Vec<SourceId> = plan.enabled().map(|source| source.id.clone()).collect();
    let prepared = Prepared::open(plan).await.expect("what the plan names is there");
    let seen: Mutex<Vec<usize>> = Mutex::new(vec![0; SOURCES]);
    let (delays, counts) = (Mutex::new(Vec::new()), Mutex::new((0_u32, 0_u32)));
    let progress = |event: Progress<'_>| {
        let Progress::Visited(visit) = event else { return };
        let number: usize = visit.source.as_str()[1..].parse().expect("a number");
        let now = visit.at.millis();
        if now >= counted {
            let mut counts = counts.lock().expect("no panic");
            counts.0 += 1;
            counts.1 += u32::from(!matches!(visit.outcome, Outcome::Fresh(_) | Outcome::Moved { .. }));
        }
        if !matches!(visit.outcome, Outcome::Fresh(_) | Outcome::Moved { .. }) {
            return;
        }
        let first = &mut seen.lock().expect("no panic")[number];
        let fresh: Vec<i64> = entries[number][*first..].iter().copied().take_while(|time| *time <= now).collect();
        *first += fresh.len();
        if kind(number) == Kind::Usual && a_day(number) > 10.0 {
            delays.lock().expect("no panic").extend(fresh.iter().filter(|time| **time >= counted).map(|time| now - time));
        }
    };
    let (scope, stop) = (Scope::default(), CancellationToken::new());
    let ingest = Passes {
        prepared: &prepared,
        scope: &scope,
        store: &store,
        clock: &*clock,
        worker: "w",
        run: 1,
        until: Until::Idle,
        stop: &stop,
        progress: &progress,
        heartbeat: &|| (),
        published: &|| (),
        engines: &|_| (),
        subscribing: None,
    };
    let mut passes = 0;
    loop {
        ingest.run_ingest().await.expect("the store works");
        passes += 1;
        let next = store.next_due(&ids, clock.now()).await.expect("the store works").expect("nobody has any");
        // A worker that looks twice a minute.
        let now = next.max(clock.now().plus(Duration::from_secs(30))).millis();
        if now >= end {
            break;
        }
        clock.0.store(now, Ordering::SeqCst);
    }

    let there = store.load_counts().await.expect("the store works");
    assert_manners(&asked.lock().expect("no panic"), begin, counted);
    let kept: usize =
        entries.iter().enumerate().filter(|(number, _)| kind(*number) == Kind::Usual).map(|(_, times)| times.len()).sum();
    assert!(
        usize::try_from(there.entries).expect("few") >= kept * 95 / 100 && there.withdrawn == 0,
        "{} of {kept}: {there:?}",
        there.entries
    );

    let mut delays = delays.into_inner().expect("no panic");
    delays.sort_unstable();
    let part = |percent: usize| delays[delays.len() * percent / 100] as f64 / MINUTE as f64;
    let (visits, quiet) = counts.into_inner().expect("no panic");
    println!(
        "{passes} passes, {visits} visits in three days ({} a source and day), {} % found nothing; sources with more than 10 a day: delay {:.1} min median, {:.1} p95",
        visits as usize / SOURCES / 3,
        quiet * 100 / visits,
        part(50),
        part(95)
    );
    assert!(part(95) < 10.0 && quiet * 100 >= visits * 80);
}
