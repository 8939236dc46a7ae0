//! Measures what joining entries into stories costs: 1,000, 10,000 and 100,000 entries of one window, three of each event, and one entry more.
//!
//!     cargo bench -- stories                 the figures
//!     cargo bench -- stories --check      ends with 1 when a bound is passed

use std::process::{Command, ExitCode};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use relais::model::{ArticleKey, EntryId, EntryRow, LinkOrigin, Revision, SourceId, StoryRules, Time};
use relais::select::{Stories, story_key};

const SIZES: [u32; 3] = [1_000, 10_000, 100_000];
const REPEATS: usize = 3;
/// Bounds of 100,000 entries, and of one entry more.
const MOST_SECONDS: f64 = 10.0;
const MOST_MIB: f64 = 500.0;
const MOST_MICROSECONDS: f64 = 1000.0;
/// Of 100,000 against 10,000 entries: one is in the caches, the other is not, and has more candidates by chance. It was 17 on one machine.
const MOST_GROWTH: f64 = 20.0;
/// The entries that are added one by one.
const MORE: u32 = 1000;

pub(crate) fn main(args: &[&str]) -> ExitCode {
    match args {
        ["--measure", size] => measure(size.parse().expect("a number")),
        _ => return compare(args.contains(&"--check")),
    }
    ExitCode::SUCCESS
}

/// The cost of a number of entries.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    mib: f64,
    /// Of one entry more.
    microseconds: f64,
}

fn compare(check: bool) -> ExitCode {
    println!("{:>9}{:>11}{:>9}{:>18}", "entries", "CPU s", "MiB", "one more, CPU µs");
    let costs: Vec<Cost> = SIZES
        .iter()
        .map(|size| {
            let cost = (0..REPEATS).map(|_| in_a_process(*size)).min_by(|a, b| a.seconds.total_cmp(&b.seconds)).expect("some");
            println!("{size:>9}{:>11.3}{:>9.1}{:>18.1}", cost.seconds, cost.mib, cost.microseconds);
            cost
        })
        .collect();
    let last = costs[SIZES.len() - 1];
    let growth = last.seconds / costs[SIZES.len() - 2].seconds;
    let mut passed = true;
    println!();
    for (what, figure, most) in [
        ("CPU s of 100,000", last.seconds, MOST_SECONDS),
        ("peak MiB", last.mib, MOST_MIB),
        ("one more, CPU µs", last.microseconds, MOST_MICROSECONDS),
        ("× for ten times as many", growth, MOST_GROWTH),
    ] {
        passed &= figure <= most;
        println!("{what:<24}{figure:>9.2}   at most {most:>6.1}   {}", if figure <= most { "ok" } else { "TOO MUCH" });
    }
    if check && !passed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn in_a_process(size: u32) -> Cost {
    let own = std::env::current_exe().expect("this program");
    let output = Command::new(own).args(["stories", "--measure", &size.to_string()]).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    let mut numbers = said.split_whitespace().map(|number| number.parse().expect("a number"));
    let mut next = || numbers.next().expect("three numbers");
    Cost { seconds: next(), mib: next(), microseconds: next() }
}

/// Joins so many entries, and then some more one by one; prints seconds, MiB, and microseconds of one more.
fn measure(size: u32) {
    let (rows, more) = (rows(size, 0), rows(MORE, size));
    let begin = cpu_seconds();
    let mut stories = Stories::new(StoryRules::default());
    stories.extend(rows);
    let middle = cpu_seconds();
    let before = Instant::now();
    for row in more {
        stories.extend(vec![row]);
    }
    let one = before.elapsed().as_secs_f64() / f64::from(MORE) * 1e6;
    let last = cpu_seconds();
    let joined = stories.into_stories().len();
    assert!(joined < size as usize, "some are joined");
    let mib = getrusage(UsageWho::RUSAGE_SELF).expect("accounts are kept").max_rss() as f64 / 1024.0;
    println!("{} {mib} {one}", middle - begin + cpu_seconds() - last);
}

fn cpu_seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("accounts are kept");
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

/// Entries of one window, newest first: three sources tell each event, each in words of its own.
fn rows(count: u32, from: u32) -> Vec<EntryRow> {
    (0..count)
        .map(|number| {
            let number = from + number;
            let (event, telling) = (number / 3, number % 3);
            let mut chance = Chance(u64::from(event) + 1);
            let names: Vec<String> = (0..3).map(|_| format!("Nom{}", chance.below(40_000))).collect();
            let words: Vec<String> = (0..16).map(|_| format!("mot{}", chance.skewed(5_000))).collect();
            let mut own = Chance(u64::from(number) << 20);
            let mut pick = |some: &[String]| some[usize::try_from(own.below(some.len() as u64)).unwrap_or_default()].clone();
            let title = format!("{} : le {} de {} et {} {}", pick(&words), pick(&words), names[0], names[1], pick(&words));
            let lede: String = (0..20).map(|_| format!(" {}", pick(&words))).collect();
            let lede = format!("Le {} {lede} avec {} et {}, {} fois.", pick(&words), names[1], names[2], 2 + event % 90);
            EntryRow {
                id: EntryId(i64::from(number)),
                source: SourceId::new(&format!("s{}", telling * 20 + event % 20)),
                revision: Revision(0),
                at: Time::from_millis(1_000_000_000 - i64::from(number) * 500),
                first_seen: Time::EPOCH,
                lang: None,
                article: ArticleKey::new(Some(&format!("https://s.example/{number}")), &title, Some(&lede), LinkOrigin::FeedHost),
                story: story_key(&title, &lede, lede.len()),
                is_withdrawn: false,
            }
        })
        .collect()
}

/// Numbers that look like chance, and are the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A number below `limit`, the small ones most often, as words in a language.
    fn skewed(&mut self, limit: u64) -> u64 {
        self.below(limit) * self.below(limit) / limit
    }
}
