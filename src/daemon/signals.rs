//! The signals that control a running daemon.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// The time within which a repeated signal counts as the same request.
const SAME_REQUEST: Duration = Duration::from_secs(1);

/// The request that a signal stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignalRequest {
    /// SIGTERM, SIGINT: finish the work in flight, and exit.
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
    /// Registers the signals. From now on they do not end the process by themselves.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> SignalRequest {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => SignalRequest::Stop,
            _ = self.interrupt.recv() => SignalRequest::Stop,
            _ = self.hang_up.recv() => SignalRequest::Reload,
        }
    }

    /// Waits for a second request to stop. Signals within a second of the first belong to it: `timeout(1)` and shells signal a
    /// process and then its group.
    pub(super) async fn stop_again(&mut self) {
        let repeats = async {
            loop {
                self.stop().await;
            }
        };
        let Err(_) = timeout(SAME_REQUEST, repeats).await;
        self.stop().await;
    }

    /// Waits for a request to stop.
    pub(super) async fn stop(&mut self) {
        while self.next().await != SignalRequest::Stop {}
    }
}
