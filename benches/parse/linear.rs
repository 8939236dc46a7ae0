//! Whether time and memory grow with the size of a body and not faster, in every shape that somebody thought of.
//!
//! Time: what eight times as much takes, in ratio; whole bodies are of 8 MB, and of 1 MB where an entry is cleaned, whose text
//! is cut there. Memory: the peak of a process of its own that does just this, beyond what
//! it holds with the body made (`/proc`, so on Linux only), per byte of the body.

use std::process::Command;
use std::time::{Duration, Instant};

use super::shapes::{SHAPES, Shape};

/// Eight times the size may take so many times the time: twice what is linear, since what no longer fits a cache, and pages
/// that the system gives anew, cost their own. What is quadratic takes 64.
const MOST_GROWTH: f64 = 16.0;
const STEP: usize = 8;
/// A shorter time is taken for this one: it tells noise from growth, and what grows from here is no danger.
const SHORTEST: Duration = Duration::from_micros(2_500);
/// Rounds of the same work end with so much time, or so many of them.
const LONG_ENOUGH: Duration = Duration::from_millis(60);
const MOST_ROUNDS: u32 = 200;
/// Memory per byte of the body, in reading and in cleaning, where a tree is made of the markup.
const MOST_READING: f64 = 16.0;
const MOST_CLEANING: f64 = 200.0;

/// Measures every shape (of those whose name holds `only`); gives whether all are linear.
pub(super) fn check(only: &str) -> bool {
    println!("\n{:<26}{:>10}{:>10}{:>10}{:>10}{:>12}", "", "10 kB", "eighth", "whole", "growth", "memory");
    println!("{:<26}{:>10}{:>10}{:>10}{:>10}{:>12}", "", "ms", "ms", "ms", "× of 8", "bytes/byte");
    let mut passed = true;
    for (place, shape) in SHAPES.iter().enumerate().filter(|(_, shape)| shape.name.contains(only)) {
        let large = shape.largest();
        let [small, middle, long] = [10_000, large / STEP, large].map(|size| time(shape, size));
        let growth = long.as_secs_f64() / middle.max(SHORTEST).as_secs_f64();
        let memory = memory(place, large);
        let linear = growth <= MOST_GROWTH;
        let most = if shape.name.starts_with("clean") { MOST_CLEANING } else { MOST_READING };
        let spare = memory.is_none_or(|memory| memory <= most);
        passed &= linear && spare;
        let verdict = if linear && spare { "ok" } else { "TOO MUCH" };
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let memory = memory.map_or("?".to_owned(), |memory| format!("{memory:.1}"));
        println!(
            "{:<26}{:>10.2}{:>10.1}{:>10.1}{growth:>10.1}{memory:>12}   {verdict}",
            shape.name,
            milliseconds(small),
            milliseconds(middle),
            milliseconds(long)
        );
    }
    passed
}

/// The time that the work takes on the processor, which others may have meanwhile: the system counts it in steps, so it is
/// done often enough to be long.
fn time(shape: &Shape, size: usize) -> Duration {
    let body = shape.body(size);
    let (start, before) = (Instant::now(), on_processor());
    for rounds in 1..=MOST_ROUNDS {
        shape.work(&body);
        let taken = before.and_then(|before| on_processor()?.checked_sub(before)).unwrap_or_else(|| start.elapsed());
        if taken >= LONG_ENOUGH || rounds == MOST_ROUNDS {
            return taken / rounds;
        }
    }
    Duration::ZERO
}

/// How long this thread has run, where the system tells (Linux).
fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// What a process of its own takes at most beside the body, per byte of it; nothing where the system does not tell.
fn memory(place: usize, size: usize) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new(program).args(["parse", "--peak", &place.to_string(), &size.to_string()]).output().ok()?;
    let taken: f64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(taken * 1024.0 / size as f64)
}

/// The process of its own: prints the KiB that the work took.
pub(super) fn peak(place: &str, size: &str) {
    let (Ok(place), Ok(size)) = (place.parse::<usize>(), size.parse()) else { return };
    let body = SHAPES[place].body(size);
    let Some(before) = status("VmRSS:") else { return };
    SHAPES[place].work(&body);
    if let Some(after) = status("VmHWM:") {
        println!("{}", after.saturating_sub(before));
    }
}

/// A line of what Linux tells of this process, in KiB.
fn status(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}
