//! Health checks: liveness (ingest runs, and publishing has not stopped) and readiness (the output is up to date).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The time without a heartbeat of ingest after which the daemon is not alive. There is one at least twice a minute.
const MAX_SILENCE: Duration = Duration::from_secs(120);
/// The time without publishing after which the daemon is not ready. It publishes at least once a minute, and retries on failure.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// The time without publishing after which the daemon is not alive: retries do not help any more.
const MAX_STANDSTILL: Duration = Duration::from_secs(15 * 60);

/// The times of the last heartbeat and of the last publication.
#[derive(Debug)]
pub struct Health {
    heartbeat: Mutex<Instant>,
    published: Mutex<Option<Instant>>,
    started: Instant,
    /// The failure of an engine, if one fails.
    engine_failure: Mutex<Option<String>>,
}

/// A health check failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unhealthy {
    /// There was no heartbeat for this time.
    #[error("ingest sent no heartbeat for {} s", .0.as_secs())]
    Silent(Duration),
    /// The output was never published.
    #[error("nothing has been published yet")]
    Unpublished,
    /// The output was last published this long ago.
    #[error("nothing has been published for {} s: see the log", .0.as_secs())]
    Outdated(Duration),
    /// An engine does not translate, for this reason.
    #[error("{0}")]
    Engine(String),
}

impl Default for Health {
    fn default() -> Self {
        Self {
            heartbeat: Mutex::new(Instant::now()),
            published: Mutex::new(None),
            started: Instant::now(),
            engine_failure: Mutex::default(),
        }
    }
}

impl Health {
    /// Records that ingest is alive.
    pub fn record_heartbeat(&self) {
        *lock(&self.heartbeat) = Instant::now();
    }

    /// Records that everything was published. Returns true the first time.
    pub fn record_published(&self) -> bool {
        lock(&self.published).replace(Instant::now()).is_none()
    }

    /// Records that an engine fails, and why; or that all work.
    pub fn record_engine_failure(&self, failure: Option<String>) {
        *lock(&self.engine_failure) = failure;
    }

    /// Checks that there was a heartbeat lately, and that publishing has not stopped.
    pub fn liveness(&self) -> Result<(), Unhealthy> {
        self.heartbeat()?;
        let ago = lock(&self.published).unwrap_or(self.started).elapsed();
        if ago < MAX_STANDSTILL { Ok(()) } else { Err(Unhealthy::Outdated(ago)) }
    }

    /// Checks that there was a heartbeat lately.
    pub fn heartbeat(&self) -> Result<(), Unhealthy> {
        let ago = lock(&self.heartbeat).elapsed();
        if ago < MAX_SILENCE { Ok(()) } else { Err(Unhealthy::Silent(ago)) }
    }

    /// Checks that the output is up to date, and that no engine fails.
    pub fn readiness(&self) -> Result<(), Unhealthy> {
        self.heartbeat()?;
        match lock(&self.published).map(|at| at.elapsed()) {
            None => Err(Unhealthy::Unpublished),
            Some(ago) if ago >= MAX_AGE => Err(Unhealthy::Outdated(ago)),
            Some(_) => lock(&self.engine_failure).clone().map_or(Ok(()), |failure| Err(Unhealthy::Engine(failure))),
        }
    }
}

/// Locks a mutex under which nothing panics: a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn daemon_is_ready_while_it_is_alive_and_publishes() {
        let health = Health::default();
        assert!(health.liveness().is_ok());
        assert_eq!(health.readiness(), Err(Unhealthy::Unpublished));
        assert!(health.record_published() && !health.record_published());
        assert_eq!(health.readiness(), Ok(()));
        for _ in 0..5 {
            advance(Duration::from_secs(60)).await;
            health.record_heartbeat();
        }
        assert!(health.liveness().is_ok());
        assert_eq!(health.readiness().expect_err("it is late").to_string(), "nothing has been published for 300 s: see the log");
        health.record_published();
        health.record_engine_failure(Some("engine lt: it answers 500".to_owned()));
        assert_eq!(health.readiness().expect_err("an engine fails").to_string(), "engine lt: it answers 500");
        health.record_engine_failure(None);
        assert_eq!(health.readiness(), Ok(()));
        advance(MAX_SILENCE).await;
        assert_eq!(health.readiness(), Err(Unhealthy::Silent(MAX_SILENCE)));
    }

    #[tokio::test(start_paused = true)]
    async fn daemon_that_has_stopped_publishing_is_not_alive() {
        let health = Health::default();
        for has_published in [false, true] {
            if has_published {
                health.record_published();
                assert_eq!(health.liveness(), Ok(()));
            }
            advance(MAX_STANDSTILL).await;
            health.record_heartbeat();
            assert_eq!(health.liveness(), Err(Unhealthy::Outdated(MAX_STANDSTILL)));
            assert_eq!(health.heartbeat(), Ok(()));
        }
    }
}
