//! What systemd is told, where it is systemd that started us (`Type=notify-reload`, `WatchdogSec=`): see `sd_notify(3)`.

use std::time::Duration;

use sd_notify::{NotifyState, notify, watchdog_enabled};
use tokio::time::sleep;

use crate::serve::Health;

/// Everything is there and under way.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// feeds.toml is read again; `ready` follows.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The end is near.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Whoever starts us again when we give no sign of life.
pub(super) struct Watchdog {
    /// How often it wants one.
    every: Option<Duration>,
}

impl Watchdog {
    /// As the environment says: `WATCHDOG_USEC`, `WATCHDOG_PID`.
    pub(super) fn of_environment() -> Self {
        // Half the time, as systemd recommends.
        Self { every: watchdog_enabled().map(|every| every / 2) }
    }

    /// Gives the next sign of life when it is time for it, if ingest gave one itself: else systemd starts us again. Where nobody
    /// wants one this never ends.
    pub(super) async fn feed(&self, health: &Health) {
        let Some(every) = self.every else { return std::future::pending().await };
        sleep(every).await;
        if health.liveness().is_ok() {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = notify(states) {
        tracing::warn!("systemd was not told: {error}");
    }
}
