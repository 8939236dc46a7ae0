//! Budgets against workers that are killed: processes that reserve, settle, and die in between.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use relais::model::{Period, Time, Unit, Usage};
use relais::store::{Access, BudgetUsage, Reservation, Spending, Store};

use crate::support::postgres::Schema;

/// Where a worker finds the store.
const PLACE: &str = "RELAIS_TEST_LEDGER";
const LIMIT: u64 = 10_000;
/// The most that one request reserves.
const MOST: u64 = 60;

fn reservation(amount: u64) -> Reservation {
    Reservation {
        engine: "deepl".to_owned(),
        unit: Unit::Characters,
        per: Period::Month,
        since: Period::Month.start(Time::EPOCH),
        amount,
    }
}

async fn standing(store: &Store) -> u64 {
    let Reservation { engine, unit, per, since, .. } = reservation(0);
    let BudgetUsage { reserved, spent } = store.load_budget_usage(&engine, unit, per, since).await.expect("a standing");
    reserved + spent
}

/// What a worker does, in a process of its own: says what it was granted, what it is going to settle, and that it did.
#[tokio::test]
#[ignore = "a process of the other tests here, which kill it"]
async fn worker() {
    let url = std::env::var(PLACE).expect("the test that starts it says where");
    let store = Store::open(&url, Access::Work).await.expect("a store");
    let mut state = u64::from(std::process::id());
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).expect("somebody listens");
    };
    loop {
        let amount = 1 + random(MOST);
        let reserved = reservation(amount);
        if !store.reserve_budget(&reserved, LIMIT).await.expect("a budget can be asked") {
            say("full 0\n".to_owned());
            return;
        }
        say(format!("granted {amount}\n"));
        if random(8) == 0 {
            continue; // nobody ever hears how this request ended
        }
        let spent = random(amount + 1);
        say(format!("settling {spent}\n"));
        let used = Usage { characters: spent, ..Usage::default() };
        let done = Spending { engine: "deepl".to_owned(), day: Time::EPOCH, texts: 1, used, money: 0 };
        store.settle_spending(&done, Some((&reserved, spent))).await.expect("it is settled");
        say("settled 0\n".to_owned());
    }
}

fn start(url: &str) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "budgets::worker", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PLACE, url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("a worker starts")
}

/// What a worker has certainly used up, as far as it could tell, and whether it found the budget full.
#[derive(Default)]
struct Told {
    used: u64,
    is_full: bool,
}

/// Listens to a worker, and kills it after so many lines; it goes on meanwhile, and dies wherever it is by then.
fn listen(mut child: Child, lines: usize) -> Told {
    let mut told = Told::default();
    let mut granted = None;
    let out = BufReader::new(child.stdout.take().expect("its output"));
    let mut heard = 0;
    for line in out.lines() {
        let line = line.expect("UTF-8");
        let words: Vec<&str> = line.split(' ').collect();
        // The harness writes the name of the test before the first line of it.
        let [.., what, amount] = words[..] else { continue };
        let amount: u64 = amount.parse().unwrap_or(0);
        match what {
            "granted" => told.used += granted.replace(amount).unwrap_or(0),
            // From here on either amount may be in the ledger: what is spent certainly is.
            "settling" => granted = Some(amount),
            "settled" => told.used += granted.take().unwrap_or(0),
            "full" => told.is_full = true,
            _ => continue,
        }
        heard += 1;
        if heard == lines {
            child.kill().expect("SIGKILL");
        }
    }
    child.wait().expect("it can be waited for");
    told.used += granted.unwrap_or(0);
    told
}

/// Workers, `at_once` at a time, each killed after a while and followed by another, until the budget is full.
async fn spend_all(url: &str, at_once: usize) {
    Store::open(url, Access::Work).await.expect("a store").close().await.expect("it can be closed");
    let chains: Vec<_> = (0..at_once)
        .map(|chain| {
            let url = url.to_owned();
            std::thread::spawn(move || {
                let (mut used, mut killed) = (0, 0_usize);
                loop {
                    // In which of the three steps it dies changes from one to the next.
                    let told = listen(start(&url), 40 + 13 * chain + killed);
                    used += told.used;
                    if told.is_full {
                        return (used, killed);
                    }
                    killed += 1;
                }
            })
        })
        .collect();
    let look = Store::open(url, Access::Look).await.expect("one can look");
    let mut looks = 0_u32;
    while !chains.iter().all(std::thread::JoinHandle::is_finished) {
        let now = standing(&look).await;
        assert!(now <= LIMIT, "{now} of {LIMIT}");
        looks += 1;
        // A look now and then leaves the workers their share of the processor.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (mut used, mut killed) = (0, 0);
    for chain in chains {
        let (more, dead) = chain.join().expect("a chain of workers");
        used += more;
        killed += dead;
    }
    drop(look);
    let store = Store::open(url, Access::Work).await.expect("a store");
    let counted = standing(&store).await;
    println!("{at_once} at a time: {killed} killed, {looks} looks; {used} used for certain, {counted} counted, {LIMIT} allowed");
    assert!(killed >= 3 * at_once, "few were killed: {killed}");
    assert!(used <= counted, "of {used} that were used {counted} are counted");
    assert!(counted <= LIMIT && counted > LIMIT - MOST);
    // Each of the killed may have been granted once what it could not tell any more.
    assert!(counted - used <= killed as u64 * MOST, "{counted} counted, {used} used");
    while store.reserve_budget(&reservation(1), LIMIT).await.expect("a budget can be asked") {}
    assert_eq!(standing(&store).await, LIMIT, "full to the last character");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_killed_never_exceed_a_budget_on_postgresql() {
    let Some(schema) = Schema::make().await else { return };
    spend_all(&schema.url(), 4).await;
    schema.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_killed_never_exceed_a_budget_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    spend_all(&format!("sqlite:{}", folder.path().join("relais.db").display()), 1).await;
}
