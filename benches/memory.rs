//! What the memory and the ledger cost: segments looked up, claimed and remembered a second, and requests paid for, with few
//! segments in the memory and with many.
//!
//!     cargo bench -- memory                     10,000 and 300,000 segments, on SQLite
//!     cargo bench -- memory --check          ends with 1 when more segments cost too much
//!     RELAIS_TEST_POSTGRES=postgres://…              on PostgreSQL too, in a schema of its own
//!
//! What `--check` asks is a ratio of one run: figures themselves differ from machine to machine. Each is the best of three.

use std::process::ExitCode;
use std::time::Instant;

use relais::model::{Lang, Marked, MemoryResult, Period, SegmentKey, Time, Unit, Usage};
use relais::store::{Access, MemoryEntry, Reservation, Spending, Store};
use sqlx::{AssertSqlSafe, Connection};

const FEW: usize = 10_000;
const MANY: usize = 300_000;
const REPEATS: usize = 3;
/// How much longer a look-up or a claim may take in a memory thirty times as large: a tree is some levels deeper, and less of
/// it is in the cache.
const MOST_GROWTH: f64 = 4.0;
/// How often that is measured, if it is more.
const ATTEMPTS: usize = 3;
/// Keys that a round of 200 entries looks up at once, and texts of one request.
const LOOKED_UP: usize = 5000;
const REQUEST: usize = 50;

/// Segments a second.
struct Rates {
    remembered: f64,
    looked_up: f64,
    claimed: f64,
    paid: f64,
}

pub(crate) fn main(args: &[&str]) -> ExitCode {
    let check = args.contains(&"--check");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(compare(check))
}

async fn compare(check: bool) -> ExitCode {
    println!("{:<34}{:>12}{:>12}{:>12}{:>12}", "", "remembered/s", "looked up/s", "claimed/s", "requests/s");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let mut growth = Vec::new();
    for attempt in 0..ATTEMPTS {
        let few = measure("SQLite", &file(&format!("few{attempt}.db")), FEW).await;
        let many = measure("SQLite", &file(&format!("many{attempt}.db")), MANY).await;
        growth = vec![("look-ups", few.looked_up / many.looked_up), ("claims", few.claimed / many.claimed)];
        // Another program may have had the machine for one of the two: a growth that is one is there each time.
        if growth.iter().all(|(_, growth)| *growth <= MOST_GROWTH) {
            break;
        }
    }
    if let Ok(server) = std::env::var("RELAIS_TEST_POSTGRES") {
        let schema = format!("relais_bench_{}", std::process::id());
        run(&server, &format!("create schema {schema}")).await;
        let more = if server.contains('?') { '&' } else { '?' };
        measure("PostgreSQL", &format!("{server}{more}options=-csearch_path%3D{schema}"), MANY).await;
        run(&server, &format!("drop schema {schema} cascade")).await;
    }
    for (what, growth) in &growth {
        println!("{what} take {growth:.2} times as long with 30 times as many segments (at most {MOST_GROWTH})");
    }
    if check && growth.iter().any(|(_, growth)| *growth > MOST_GROWTH) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn measure(name: &str, url: &str, segments: usize) -> Rates {
    let store = Store::open(url, Access::Work).await.expect("a store");
    let begin = Instant::now();
    let memories: Vec<MemoryEntry> = (0..segments).map(memory).collect();
    for page in memories.chunks(2000) {
        store.save_memory(page, "w", false).await.expect("they are remembered");
    }
    let mut rates =
        Rates { remembered: segments as f64 / begin.elapsed().as_secs_f64(), looked_up: 0.0, claimed: 0.0, paid: 0.0 };
    for repeat in 0..REPEATS {
        rates.looked_up = rates.looked_up.max(look_up(&store, &memories, repeat).await);
        rates.claimed = rates.claimed.max(claim(&store, segments, repeat).await);
        rates.paid = rates.paid.max(pay(&store).await);
    }
    store.close().await.expect("it can be closed");
    println!(
        "{:<34}{:>12.0}{:>12.0}{:>12.0}{:>12.0}",
        format!("{name}, {segments} segments"),
        rates.remembered,
        rates.looked_up,
        rates.claimed,
        rates.paid
    );
    rates
}

/// Half of what is asked for is known, and it is spread over all of the memory.
async fn look_up(store: &Store, memories: &[MemoryEntry], repeat: usize) -> f64 {
    let step = (memories.len() / (LOOKED_UP / 2)).max(1);
    let known = memories.iter().skip(repeat).step_by(step).take(LOOKED_UP / 2).map(|memory| memory.key);
    let unknown = (0..LOOKED_UP / 2).map(|n| memory(1_000_000_000 + n).key);
    let keys: Vec<SegmentKey> = known.chain(unknown).collect();
    let begin = Instant::now();
    let found = store.recall_segments(&keys).await.expect("the memory answers");
    let rate = keys.len() as f64 / begin.elapsed().as_secs_f64();
    assert!(found.len() * 2 >= keys.len() * 9 / 10, "{} of {}", found.len(), keys.len());
    rate
}

/// Claims as a request does before it is sent, and gives back.
async fn claim(store: &Store, segments: usize, repeat: usize) -> f64 {
    let keys: Vec<SegmentKey> = (0..20 * REQUEST).map(|n| memory(segments + repeat * 20 * REQUEST + n).key).collect();
    let (now, until) = (Time::EPOCH, Time::from_millis(60_000));
    let begin = Instant::now();
    for request in keys.chunks(REQUEST) {
        let mine = store.lease_segments(request, "w", now, until).await.expect("a claim");
        assert_eq!(mine.len(), REQUEST);
        store.release_segments(request, "w").await.expect("they are given back");
    }
    keys.len() as f64 / begin.elapsed().as_secs_f64()
}

/// Reserves a part of a budget and settles it.
async fn pay(store: &Store) -> f64 {
    const REQUESTS: usize = 50;
    let reservation =
        Reservation { engine: "deepl".to_owned(), unit: Unit::Characters, per: Period::Month, since: Time::EPOCH, amount: 1000 };
    let used = Usage { characters: 900, ..Usage::default() };
    let begin = Instant::now();
    for _ in 0..REQUESTS {
        assert!(store.reserve_budget(&reservation, u64::MAX).await.expect("a budget can be asked"));
        let done = Spending { engine: "deepl".to_owned(), day: Time::EPOCH, texts: REQUEST as u64, used, money: 18_000 };
        store.settle_spending(&done, Some((&reservation, 900))).await.expect("it is settled");
    }
    REQUESTS as f64 / begin.elapsed().as_secs_f64()
}

fn memory(n: usize) -> MemoryEntry {
    let (from, to) = (Lang::new("fr").expect("a tag"), Lang::new("en").expect("a tag"));
    let source = Marked::text(format!("La délégation numéro {n} a défilé sous la pluie devant les tribunes combles."));
    MemoryEntry {
        key: SegmentKey::new(&source, &from, &to, "deepl", &[]),
        from,
        to,
        engine: "deepl".to_owned(),
        source: source.to_tagged(),
        result: MemoryResult::Translation(format!("Delegation number {n} marched in the rain past packed stands.")),
        made: Time::EPOCH,
    }
}

async fn run(url: &str, sql: &str) {
    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(url).await.expect("a connection");
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect(sql);
    connection.close().await.expect("it can be closed");
}
