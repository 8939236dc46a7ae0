//! Whether a daemon is alive, and whether what it publishes is up to date.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Without a sign of ingest for so long it is not alive: it gives one at least twice a minute.
const DEAD: Duration = Duration::from_secs(120);
/// Without publishing for so long it is not ready: it tries at least once a minute, and again when that fails.
const LATE: Duration = Duration::from_secs(5 * 60);

/// The last signs of life.
#[derive(Debug)]
pub struct Health {
    beat: Mutex<Instant>,
    published: Mutex<Option<Instant>>,
}

impl Default for Health {
    fn default() -> Self {
        Self { beat: Mutex::new(Instant::now()), published: Mutex::new(None) }
    }
}

impl Health {
    /// Ingest is alive.
    pub fn record_heartbeat(&self) {
        *lock(&self.beat) = Instant::now();
    }

    /// Everything was published as it should be; true for the first time.
    pub fn record_published(&self) -> bool {
        lock(&self.published).replace(Instant::now()).is_none()
    }

    /// Whether ingest has given a sign of life of late, or how long ago it last did.
    pub fn liveness(&self) -> Result<(), String> {
        let ago = lock(&self.beat).elapsed();
        if ago < DEAD { Ok(()) } else { Err(format!("ingest gave no sign of life for {} s", ago.as_secs())) }
    }

    /// Whether the output is up to date, or why not.
    pub fn readiness(&self) -> Result<(), String> {
        self.liveness()?;
        match lock(&self.published).map(|at| at.elapsed()) {
            None => Err("nothing was published yet".to_owned()),
            Some(ago) if ago >= LATE => Err(format!("nothing could be published for {} s: see the log", ago.as_secs())),
            Some(_) => Ok(()),
        }
    }
}

/// No panic can happen while one is held, so that a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_ready_while_it_lives_and_publishes() {
        let health = Health::default();
        assert!(health.liveness().is_ok());
        assert_eq!(health.readiness(), Err("nothing was published yet".to_owned()));
        assert!(health.record_published() && !health.record_published());
        assert_eq!(health.readiness(), Ok(()));
        for _ in 0..5 {
            advance(Duration::from_secs(60)).await;
            health.record_heartbeat();
        }
        assert!(health.liveness().is_ok());
        assert!(health.readiness().expect_err("it is late").contains("for 300 s"));
        health.record_published();
        advance(DEAD).await;
        assert!(health.readiness().expect_err("it is dead").contains("no sign of life"));
    }
}
