//! CPU work, off the thread of the network and as much at a time as there are cores besides it: more would not be faster, each
//! holds a feed in memory, and what one thread has just read it packs from its own cache.

use std::sync::LazyLock;

use tokio::sync::Semaphore;
use tokio::task::JoinError;

static CORES: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    Semaphore::new(cores.saturating_sub(1).max(1))
});

/// Runs `work` on a thread for such work; an error is a panic in it.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    // The semaphore is never closed.
    let _core = CORES.acquire().await.ok();
    tokio::task::spawn_blocking(work).await
}
