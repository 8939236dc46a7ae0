//! What a command costs, from the system's own accounts.

use std::path::Path;
use std::process::Command;

use nix::sys::resource::{UsageWho, getrusage};

/// What a command cost.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// CPU time of user and system, in seconds.
    pub(super) cpu: f64,
    /// Peak resident memory, in MiB.
    pub(super) mib: f64,
}

/// Runs a command in a folder. A process between us and it waits for it alone, so that its accounts are of nothing else.
pub(super) fn measure(command: &[String], folder: &Path) -> Cost {
    let own = std::env::current_exe().expect("this program");
    let output = Command::new(own).args(["run", "--measure"]).args(command).current_dir(folder).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?} failed: {said}{}", String::from_utf8_lossy(&output.stderr));
    let mut numbers = said.lines().last().unwrap_or_default().split(' ').map(|number| number.parse().expect("a number"));
    Cost { cpu: numbers.next().expect("seconds"), mib: numbers.next().expect("MiB") }
}

/// The process between: runs the command and prints what it cost.
pub(super) fn child(command: &[&str]) {
    let status = Command::new(command[0]).args(&command[1..]).status().expect("it starts");
    assert!(status.success(), "{command:?}: {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("accounts are kept");
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    println!("{} {}", seconds(usage.user_time()) + seconds(usage.system_time()), usage.max_rss() as f64 / 1024.0);
}
