//! Runs CPU work off the async threads, on threads of its own.
//!
//! Each piece of work may hold a feed and the tree of its markup in memory. So there are few threads, and they are always the
//! same: what an allocator keeps for each thread would else be the peak of one piece of work, times the threads that ever did one.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;

use tokio::sync::{Semaphore, oneshot};

use crate::panic;

/// The most threads. One core is left for the network.
const MAX_THREADS: usize = 3;

static POOL: LazyLock<CpuPool> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    CpuPool::new(cores.saturating_sub(1).clamp(1, MAX_THREADS))
});

type Job = Box<dyn FnOnce() + Send>;

/// Threads for CPU work.
struct CpuPool {
    /// As many permits as threads: no work is queued before a thread is free, so that work that nobody waits for any more is not begun.
    free: Semaphore,
    jobs: Sender<Job>,
}

/// A panic in CPU work: a bug of relais, which ends this piece of work only.
#[derive(Debug, thiserror::Error)]
#[error("relais failed while it was {stage} ({reason}); please report it")]
pub struct Panicked {
    /// The work, such as "rendering an edition".
    pub stage: &'static str,
    /// The message of the panic.
    pub reason: String,
}

impl CpuPool {
    /// Starts the threads. They end when the pool is dropped.
    fn new(threads: usize) -> Self {
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            let thread = thread::Builder::new().name(format!("cpu-{number}")).spawn(move || work_off(&queue));
            thread.expect("the system can start a thread");
        }
        Self { free: Semaphore::new(threads), jobs }
    }

    async fn run<T: Send + 'static>(
        &self,
        stage: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        // The semaphore is never closed.
        let _free = self.free.acquire().await.ok();
        let (send, result) = oneshot::channel();
        // Whoever asked may have gone meanwhile.
        let job = move || drop(send.send(panic::catch_bug(work)));
        let lost = |reason: &str| Panicked { stage, reason: reason.to_owned() };
        self.jobs.send(Box::new(job)).map_err(|_| lost("its threads have ended"))?;
        let result = result.await.map_err(|_| lost("its thread has ended"))?;
        result.map_err(|panic| lost(&panic.to_string()))
    }
}

/// Does one piece of work after the other.
fn work_off(queue: &Mutex<Receiver<Job>>) {
    loop {
        // The lock is held while one thread waits, and released before the work begins.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        job();
    }
}

/// Runs `work` as soon as a thread is free; `stage` names it in the error if it panics.
pub(super) async fn spawn_cpu<T: Send + 'static>(
    stage: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Panicked> {
    POOL.run(stage, work).await
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn work_is_done_on_the_threads_of_the_pool_only() {
        let pool = CpuPool::new(2);
        let names = join_all((0..50).map(|_| pool.run("thinking", || thread::current().name().map(str::to_owned)))).await;
        let names: HashSet<String> = names.into_iter().map(|name| name.expect("no panic").expect("a name")).collect();
        assert!(names.iter().all(|name| name == "cpu-0" || name == "cpu-1"), "{names:?}");
    }

    #[tokio::test]
    async fn panic_ends_one_piece_of_work_and_no_thread() {
        let pool = CpuPool::new(1);
        for _ in 0..2 {
            let error = pool.run("thinking", || -> u8 { panic!("a bug") }).await.expect_err("it panics");
            assert_eq!(error.to_string(), "relais failed while it was thinking (it panicked: a bug); please report it");
        }
        assert_eq!(pool.run("thinking", || 1).await.expect("no panic"), 1);
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_not_begun() {
        let pool = CpuPool::new(1);
        let (go, wait) = channel::<()>();
        let busy = pool.run("waiting", move || wait.recv());
        let mut busy = std::pin::pin!(busy);
        assert!(futures::poll!(busy.as_mut()).is_pending());
        let (begun, is_begun) = channel::<()>();
        let mut left = Box::pin(pool.run("thinking", move || drop(begun)));
        assert!(futures::poll!(left.as_mut()).is_pending());
        assert_eq!(is_begun.try_recv(), Err(std::sync::mpsc::TryRecvError::Empty));
        drop(left);
        go.send(()).expect("somebody waits");
        busy.await.expect("no panic").expect("it was told to go");
        assert_eq!(is_begun.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected), "it was dropped");
    }
}
