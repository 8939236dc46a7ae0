//! What somebody asks of a running daemon by a signal.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// How long a signal may take to arrive a second time.
const ECHO: Duration = Duration::from_secs(1);

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// SIGTERM, SIGINT: finish what is in hand, and end.
    Stop,
    /// SIGHUP: read feeds.toml again.
    Reload,
}

/// The signals that a daemon listens for.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From now on these signals do not end the process by themselves.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Asked {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.hang_up.recv() => Asked::Reload,
        }
    }

    /// Waits until stop is asked for once more. What comes within a moment of the first time is the same wish: `timeout(1)` and
    /// shells tell a process and then its group.
    pub(super) async fn stop_again(&mut self) {
        let echoes = async {
            loop {
                self.stop().await;
            }
        };
        let Err(_) = timeout(ECHO, echoes).await;
        self.stop().await;
    }

    /// Waits until stop is asked for.
    pub(super) async fn stop(&mut self) {
        while self.next().await != Asked::Stop {}
    }
}
