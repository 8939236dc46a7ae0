//! What a run costs: CPU seconds and peak memory, cold (nothing known) and warm (every answer 304), beside a bare loop that
//! fetches, parses with feed-rs and writes the newest 100 entries as one Atom file, in the same run.
//!
//!     cargo bench -- run                     1,000 sources × 20 entries of 5.5 kB
//!     cargo bench -- run --large          10,000 sources too
//!     cargo bench -- run --check          ends with 1 when a bound is passed
//!
//! Ratios of one run are what counts: seconds differ from machine to machine. Each figure is the least of five (three of the
//! large ones).

mod bare;
mod feeds;
mod measure;

use std::path::Path;
use std::process::ExitCode;

use measure::{Cost, measure};

/// Cold and warm CPU time against the bare loop, and peak memory of 1,000 sources.
const MOST_COLD: f64 = 2.4;
const MOST_WARM: f64 = 2.4;
/// What `--check` lets a figure exceed its bound by. The same ratio, of the least of five runs each, differed by an eighth
/// on a machine that had four times as much to do as it has cores.
const SLACK: f64 = 1.15;
const MOST_MIB: f64 = 66.0;
/// CPU time of 10,000 sources against 1,000.
const MOST_GROWTH: f64 = 12.0;
const REPEATS: usize = 5;
const LARGE_REPEATS: usize = 3;
const MEMORY: &str = "peak MiB";

pub(crate) fn main(args: &[&str]) -> ExitCode {
    match args {
        ["--serve"] => feeds::serve(),
        ["--bare", address, sources, folder] => bare::run(address, sources.parse().expect("a number"), Path::new(folder)),
        ["--measure", command @ ..] => measure::child(command),
        _ => return compare(args.contains(&"--large"), args.contains(&"--check")),
    }
    ExitCode::SUCCESS
}

/// The cost of a cold and of a warm run.
struct Costs {
    cold: Cost,
    warm: Cost,
}

fn compare(large: bool, check: bool) -> ExitCode {
    let origin = feeds::Server::start();
    let small = 1000;
    // In turns: a machine that others use is twice as fast in one minute as in the next.
    let (bare, relais): (Vec<Costs>, Vec<Costs>) = (0..REPEATS)
        .map(|_| {
            (
                in_new_folder(|folder| both(folder, |folder| bare_command(&origin.address, small, folder))),
                in_new_folder(|folder| both(folder, |folder| relais_command(&origin.address, small, folder))),
            )
        })
        .unzip();
    let (bare, relais) = (least(&bare), least(&relais));
    println!(
        "{:<22}{:>12}{:>12}{:>12}{:>12}{:>14}",
        "1,000 sources × 20", "cold CPU s", "warm CPU s", "cold MiB", "warm MiB", "entries/CPU s"
    );
    show("bare loop", &bare, small);
    show("relais run", &relais, small);
    let cold = relais.cold.cpu / bare.cold.cpu;
    let warm = relais.warm.cpu / bare.warm.cpu;
    let mut bounds = vec![
        ("cold CPU, × bare", cold, MOST_COLD),
        ("warm CPU, × bare", warm, MOST_WARM),
        (MEMORY, relais.cold.mib.max(relais.warm.mib), MOST_MIB),
    ];
    if large {
        let many = 10_000;
        let costs: Vec<Costs> = (0..LARGE_REPEATS)
            .map(|_| in_new_folder(|folder| both(folder, |folder| relais_command(&origin.address, many, folder))))
            .collect();
        let costs = least(&costs);
        show("relais run, 10,000", &costs, many);
        bounds.push(("10,000 ÷ 1,000, cold", costs.cold.cpu / relais.cold.cpu, MOST_GROWTH));
        bounds.push(("10,000 ÷ 1,000, warm", costs.warm.cpu / relais.warm.cpu, MOST_GROWTH));
    }
    println!();
    let mut passed = true;
    for (what, figure, most) in bounds {
        // Memory does not depend on who else works on the machine.
        let slack = if what == MEMORY { 1.0 } else { SLACK };
        passed &= figure <= most * slack;
        println!("{what:<24}{figure:>8.2}   at most {most:>5.1}   {}", if figure <= most { "ok" } else { "TOO MUCH" });
    }
    if check && !passed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn show(what: &str, costs: &Costs, sources: u32) {
    let per_second = f64::from(sources * feeds::ENTRIES) / costs.cold.cpu;
    println!(
        "{what:<22}{:>12.3}{:>12.3}{:>12.1}{:>12.1}{per_second:>14.0}",
        costs.cold.cpu, costs.warm.cpu, costs.cold.mib, costs.warm.mib
    );
}

fn in_new_folder(measure: impl Fn(&Path) -> Costs) -> Costs {
    measure(tempfile::tempdir().expect("a temporary folder").path())
}

/// The least of several measurements.
fn least(all: &[Costs]) -> Costs {
    let pick = |of: fn(&Costs) -> &Cost| {
        let cpu = all.iter().map(|costs| of(costs).cpu).fold(f64::INFINITY, f64::min);
        let mib = all.iter().map(|costs| of(costs).mib).fold(f64::INFINITY, f64::min);
        Cost { cpu, mib }
    };
    Costs { cold: pick(|costs| &costs.cold), warm: pick(|costs| &costs.warm) }
}

/// Runs a command twice in one folder.
fn both(folder: &Path, command: impl Fn(&Path) -> Vec<String>) -> Costs {
    let command = command(folder);
    Costs { cold: measure(&command, folder), warm: measure(&command, folder) }
}

fn bare_command(address: &str, sources: u32, folder: &Path) -> Vec<String> {
    let own = std::env::current_exe().expect("this program").to_string_lossy().into_owned();
    vec![
        own,
        "run".to_owned(),
        "--bare".to_owned(),
        address.to_owned(),
        sources.to_string(),
        folder.to_string_lossy().into_owned(),
    ]
}

/// The program over as many sources, with a plan that asks for no more patience than the bare loop has.
#[expect(clippy::disallowed_methods, reason = "a plan of our own, in a folder of our own")]
fn relais_command(address: &str, sources: u32, folder: &Path) -> Vec<String> {
    let mut plan = "base_url = \"https://relais.example.org/\"\n[fetch]\nallow_private = [\"127.0.0.1/32\"]\nhost_interval = \"0s\"\nper_host = 64\nconcurrency = 64\n".to_owned();
    for number in 0..sources {
        plan.push_str(&format!("[source.s{number}]\nurl = \"http://{address}/{number}\"\nlang = \"fr\"\ntags = [\"olympic\"]\n"));
    }
    plan.push_str("[edition.jeux]\ntitle = \"Les Jeux\"\nfrom = [\"tag:olympic\"]\nlimit = 100\nformats = [\"atom\"]\n");
    std::fs::write(folder.join("feeds.toml"), plan).expect("it can be written");
    vec![env!("CARGO_BIN_EXE_relais").to_owned(), "run".to_owned(), "--force".to_owned(), "--quiet".to_owned()]
}
