//! Notifications to systemd, if it started the daemon (`Type=notify-reload`, `WatchdogSec=`): see `sd_notify(3)`.

use std::time::Duration;

use sd_notify::{NotifyState, notify, watchdog_enabled};
use tokio::time::sleep;

use crate::serve::Health;

/// Notifies that the daemon is running.
pub(super) fn notify_ready(status: &str) {
    send(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Notifies that feeds.toml is being reloaded. [`notify_ready`] must follow.
pub(super) fn notify_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(_) => send(&[NotifyState::Reloading]),
    }
}

/// Notifies that the daemon is shutting down.
pub(super) fn notify_stopping() {
    send(&[NotifyState::Stopping]);
}

/// The watchdog of systemd, which restarts the daemon if the notifications stop.
pub(super) struct Watchdog {
    /// The time between two notifications, if it wants any.
    every: Option<Duration>,
}

impl Watchdog {
    /// Reads `WATCHDOG_USEC` and `WATCHDOG_PID`.
    pub(super) fn from_environment() -> Self {
        // Half the time, as systemd recommends.
        Self { every: watchdog_enabled().map(|every| every / 2) }
    }

    /// Sends the next notification when it is due, unless ingest has stopped: then systemd restarts the daemon. Never returns
    /// if there is no watchdog.
    pub(super) async fn notify_when_due(&self, health: &Health) {
        let Some(every) = self.every else { return std::future::pending().await };
        sleep(every).await;
        if health.heartbeat().is_ok() {
            send(&[NotifyState::Watchdog]);
        }
    }
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = notify(states) {
        tracing::warn!("cannot notify systemd: {error}");
    }
}
