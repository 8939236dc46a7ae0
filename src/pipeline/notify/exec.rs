//! Starts a program for each event, which reads it from standard input. No shell is involved.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::{Failure, explanation};
use crate::config::Notification;
use crate::model::OutboxEvent;

/// The variables of the environment that a program gets. Others may hold keys of engines.
const VARIABLES: [&str; 8] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"];
/// The most that is kept of what a program writes to standard error, in bytes.
const MAX_STDERR: u64 = 4096;
/// The time between two looks at whether a program has ended.
const POLL: Duration = Duration::from_millis(10);
/// The exit code by which a program refuses an event for its content (`EX_DATAERR` of sysexits.h).
const REFUSED: i32 = 65;

/// Starts the program in its folder, and waits for its end. One that takes longer than the notification allows is killed with all
/// programs that it has started.
pub(super) async fn send(
    (program, args, folder): (&PathBuf, &[String], &Path),
    notification: &Notification,
    event: &OutboxEvent,
) -> Result<(), Failure> {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).env_clear().process_group(0);
    command.envs(VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.env("RELAIS_NOTIFICATION", &notification.id).env("RELAIS_EVENT", event.news.kind.as_str());
    command.env("RELAIS_EVENT_ID", &event.id);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let (feed, timeout) = (event.news.feed.clone(), notification.timeout);
    let given_up = GivenUp::default();
    let is_given_up = Arc::clone(&given_up.0);
    let ended = tokio::task::spawn_blocking(move || run(command, feed, timeout, &is_given_up)).await;
    ended.unwrap_or_else(|error| Err(Failure::Later(format!("relais failed while it ran: {error}"), None)))
}

/// Tells the thread of a program, when it is dropped, that nobody waits for its end any more.
#[derive(Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn run(mut command: Command, feed: String, timeout: Duration, is_given_up: &AtomicBool) -> Result<(), Failure> {
    let deadline = Instant::now() + timeout;
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(|error| Failure::Later(format!("cannot start {name}: {error}"), None))?;
    let stderr = exchange(&mut child, feed);
    let status = wait_until(&mut child, deadline, is_given_up);
    let Some(status) = status else {
        // Its programs may hold the pipes open: they are stopped as well, and nobody waits for the pipes.
        if let Ok(group) = i32::try_from(child.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = child.wait();
        return Err(Failure::Later(format!("it has not ended after {} s, and was stopped", timeout.as_secs_f64()), None));
    };
    // What it has started may hold the pipe open for longer.
    let said = stderr.recv_timeout(Duration::from_millis(200)).unwrap_or_default();
    judge(status, &said)
}

/// Writes the event to the program, and reads what it writes to standard error, on threads of their own: a program may do neither.
fn exchange(child: &mut Child, feed: String) -> Receiver<Vec<u8>> {
    if let Some(mut stdin) = child.stdin.take() {
        // A program need not read all of it.
        thread::spawn(move || drop(stdin.write_all(feed.as_bytes())));
    }
    let (sender, receiver) = channel();
    if let Some(stderr) = child.stderr.take() {
        thread::spawn(move || {
            let mut said = Vec::new();
            let mut beginning = stderr.take(MAX_STDERR);
            let _ = beginning.read_to_end(&mut said);
            let _ = sender.send(said);
            // The rest is read, so that the program does not wait for it, and not kept.
            let _ = std::io::copy(&mut beginning.into_inner(), &mut std::io::sink());
        });
    }
    receiver
}

/// Waits for the end of a program. Returns nothing if it is not there by then.
fn wait_until(child: &mut Child, deadline: Instant, is_given_up: &AtomicBool) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline && !is_given_up.load(Ordering::Acquire) => thread::park_timeout(POLL),
            Ok(None) | Err(_) => return None,
        }
    }
}

fn judge(status: ExitStatus, said: &[u8]) -> Result<(), Failure> {
    let said = explanation(said);
    match status.code() {
        Some(0) => Ok(()),
        Some(REFUSED) => Err(Failure::Refused(format!("it ends with the exit code {REFUSED}{said}"))),
        Some(code) => Err(Failure::Later(format!("it ends with the exit code {code}{said}"), None)),
        None => {
            let signal = status.signal().unwrap_or_default();
            Err(Failure::Later(format!("it was ended by the signal {signal}{said}"), None))
        }
    }
}
