//! Runs CPU work off the async threads, one piece per core, with one core left for the network. More would not be faster, and each
//! piece holds a feed in memory.

use std::sync::LazyLock;

use tokio::sync::Semaphore;

static CORES: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    Semaphore::new(cores.saturating_sub(1).max(1))
});

/// A panic in CPU work: a bug of relais, which ends this piece of work only.
#[derive(Debug, thiserror::Error)]
#[error("relais failed while it was {stage} ({reason}); please report it")]
pub struct Panicked {
    /// The work, such as "rendering an edition".
    pub stage: &'static str,
    /// The message of the panic.
    pub reason: String,
}

/// Runs `work` on a blocking thread as soon as a core is free; `stage` names it in the error if it panics.
pub(super) async fn spawn_cpu<T: Send + 'static>(
    stage: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Panicked> {
    // The semaphore is never closed.
    let _core = CORES.acquire().await.ok();
    tokio::task::spawn_blocking(work).await.map_err(|error| Panicked { stage, reason: error.to_string() })
}
