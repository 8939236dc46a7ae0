//! The connections of a store, and the tasks that own them.
//!
//! An operation is a closure over a connection. It is sent to a task that owns one, and its result comes back. So no future of
//! a client ever holds a connection, or a place in a queue for one: a client that is not polled for a while (as one of several
//! in a `FuturesUnordered`) blocks nobody. See docs/decisions/0017-one-owner-of-the-connection.md.

use std::any::Any as AnyValue;
use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::{AnyConnection, Connection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::error::OperationError;
use super::pools::{Pools, is_lost};

/// Operations that take longer are reported in the log at level debug.
const SLOW: Duration = Duration::from_millis(250);

/// The result of an operation.
pub(super) type OperationResult<T> = Result<T, OperationError>;

/// An operation, with the channel to its client.
type Job = Box<dyn for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, ()> + Send>;

/// A message to the owner of the SQLite connection.
enum Message {
    Run(Job),
    Close(oneshot::Sender<Result<(), sqlx::Error>>),
}

/// The connections of a store.
pub(super) enum Connections {
    Sqlite(SqliteConnection),
    Postgres(PostgresPool),
}

/// The one SQLite connection, reached by messages to the task that owns it. One is enough: there can be one writer anyway,
/// reads are small, and one page cache serves all. It is not in a pool, because a pool of sqlx pings it each time that it is
/// returned, which costs as much as a small query.
pub(super) struct SqliteConnection {
    messages: mpsc::UnboundedSender<Message>,
    /// The lock on the file, which keeps other processes out. Each queued operation holds it too: it is released when the
    /// store is gone and nothing is left to do.
    lock: Mutex<Option<Arc<File>>>,
}

/// The PostgreSQL connections. Each operation runs in a task of its own, which waits for a connection and holds it.
pub(super) struct PostgresPool {
    pools: Arc<Pools>,
    tasks: TaskTracker,
}

impl Connections {
    /// Starts the task that owns `connection`. `lock` is released when the store is closed or dropped.
    pub(super) fn sqlite(connection: AnyConnection, lock: Option<File>) -> Self {
        let (messages, queue) = mpsc::unbounded_channel();
        tokio::spawn(own_connection(connection, queue));
        Self::Sqlite(SqliteConnection { messages, lock: Mutex::new(lock.map(Arc::new)) })
    }

    /// Runs operations on the connections of `pools`.
    pub(super) fn postgres(pools: Pools) -> Self {
        Self::Postgres(PostgresPool { pools: Arc::new(pools), tasks: TaskTracker::new() })
    }

    /// Runs an operation and returns its result. `attempt` names it in the log. The operation is carried out even if the
    /// client stops waiting. A panic in it is its error, and harms no other.
    pub(super) async fn run<T, F>(&self, attempt: &'static str, operation: F) -> OperationResult<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, OperationResult<T>> + Send + 'static,
    {
        let (sender, result) = oneshot::channel();
        let queued = Instant::now();
        match self {
            Self::Sqlite(sqlite) => {
                let lock = sqlite.lock.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let job: Job = Box::new(move |connection| {
                    Box::pin(async move {
                        let result = execute(connection, operation, attempt, queued).await;
                        // Before the client goes on: it may drop the store and open it again.
                        drop(lock);
                        let _ = sender.send(result);
                    })
                });
                sqlite.messages.send(Message::Run(job)).map_err(|_| OperationError::Closed)?;
            }
            Self::Postgres(PostgresPool { tasks, .. }) if tasks.is_closed() => return Err(OperationError::Closed),
            Self::Postgres(PostgresPool { pools, tasks }) => {
                let pools = Arc::clone(pools);
                tasks.spawn(async move {
                    let _ = sender.send(execute_on_pool(&pools, operation, attempt, queued).await);
                });
            }
        }
        // The sender is lost only with the runtime itself.
        result.await.unwrap_or(Err(OperationError::Closed))
    }

    /// Finishes the operations that are queued, then closes the connections. On SQLite this folds the write-ahead log into the
    /// file and releases the lock. Later operations fail with [`OperationError::Closed`].
    pub(super) async fn close(&self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(sqlite) => {
                let (sender, closed) = oneshot::channel();
                let is_open = sqlite.messages.send(Message::Close(sender)).is_ok();
                let result = if is_open { closed.await.unwrap_or(Ok(())) } else { Ok(()) };
                sqlite.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
                result
            }
            Self::Postgres(PostgresPool { pools, tasks }) => {
                tasks.close();
                tasks.wait().await;
                pools.close().await;
                Ok(())
            }
        }
    }
}

/// Owns the SQLite connection: runs one job after the other, until the store is closed or dropped and the queue is empty.
///
/// This must stay true, or callers can block each other for ever:
/// - The connection lives here and nowhere else, and each job is polled to its end, whatever becomes of its client.
/// - The channel is unbounded. A bounded one hands its permits to waiting senders in order, also to one that is not polled.
///   The queue cannot grow without limit: each client waits for its result.
/// - A job awaits nothing but the connection. If it awaited another operation of the store, it would wait for itself.
async fn own_connection(mut connection: AnyConnection, mut queue: mpsc::UnboundedReceiver<Message>) {
    let mut closing = None;
    while let Some(message) = queue.recv().await {
        match message {
            Message::Run(job) => job(&mut connection).await,
            Message::Close(closed) => {
                closing = Some(closed);
                // Refuses new messages; those in the queue are still received.
                queue.close();
            }
        }
    }
    let result = connection.close().await;
    match (closing, result) {
        (Some(closed), result) => drop(closed.send(result)),
        (None, Err(error)) => tracing::debug!(error = %error, "the SQLite connection was not closed in good order"),
        (None, Ok(())) => {}
    }
}

/// Runs an operation on a connection, turns a panic into its error, and reports it if it was slow.
async fn execute<T, F>(connection: &mut AnyConnection, operation: F, attempt: &'static str, queued: Instant) -> OperationResult<T>
where
    F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, OperationResult<T>>,
{
    let begun = Instant::now();
    // A transaction that is dropped by a panic is rolled back by sqlx before the connection is used again.
    let result = AssertUnwindSafe(async move { operation(connection).await }).catch_unwind().await;
    let duration = begun.elapsed();
    if duration > SLOW {
        tracing::debug!(
            attempt,
            duration_ms = millis(duration),
            wait_ms = millis(begun - queued),
            "slow database operation: {attempt} took {} ms",
            millis(duration)
        );
    }
    result.unwrap_or_else(|panic| Err(OperationError::Panicked(panic_message(&*panic))))
}

/// Runs an operation on a connection of a pool. If the host has failed, the next operations meet another one, or a new connection.
async fn execute_on_pool<T, F>(pools: &Pools, operation: F, attempt: &'static str, queued: Instant) -> OperationResult<T>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, OperationResult<T>> + Send + 'static,
{
    let (mut connection, pool) = pools.acquire().await?;
    let result = match pools.begin_lent() {
        None => execute(&mut connection, operation, attempt, queued).await,
        Some(begin) => {
            execute(&mut connection, move |connection| Box::pin(execute_lent(connection, begin, operation)), attempt, queued)
                .await
        }
    };
    if matches!(&result, Err(OperationError::Database(error)) if is_lost(error)) {
        drop(connection);
        pools.replace(&pool).await;
    }
    result
}

/// Runs an operation in a transaction, on a connection that is lent for it.
async fn execute_lent<T, F>(connection: &mut AnyConnection, begin: &'static str, operation: F) -> OperationResult<T>
where
    F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, OperationResult<T>>,
{
    let mut tx = connection.begin_with(begin).await?;
    let value = operation(&mut tx).await?;
    tx.commit().await?;
    Ok(value)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn panic_message(panic: &(dyn AnyValue + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use sqlx::any::AnyPoolOptions;
    use tempfile::TempDir;

    use super::*;

    async fn sqlite(folder: &TempDir) -> Connections {
        sqlx::any::install_default_drivers();
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("a.db").display());
        Connections::sqlite(AnyConnection::connect(&url).await.expect("a SQLite file"), None)
    }

    /// The PostgreSQL of the tests; nothing if there is none, unless it is required.
    async fn postgres() -> Option<Connections> {
        sqlx::any::install_default_drivers();
        let server = std::env::var("RELAIS_TEST_POSTGRES");
        let server = server.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        let options = AnyPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(5));
        match options.connect(&server).await {
            Ok(pool) => Some(Connections::postgres(Pools::of_pool(pool, &server))),
            Err(error) => {
                let is_required = std::env::var_os("RELAIS_REQUIRE_SERVERS").is_some_and(|value| value == "1");
                assert!(!is_required, "PostgreSQL is required: {error}");
                None
            }
        }
    }

    async fn run_sql(connections: &Connections, sql: &'static str) -> OperationResult<u64> {
        let execute = connections.run("run a statement", move |connection| {
            Box::pin(async move { Ok(sqlx::query(sql).execute(connection).await?.rows_affected()) })
        });
        execute.await
    }

    /// Writes in a transaction and panics before the commit.
    async fn panic_in_transaction(connections: &Connections) -> OperationResult<()> {
        let panic = connections.run("panic", |connection| {
            Box::pin(async move {
                let mut tx = connection.begin().await?;
                sqlx::query("insert into panic_test (id) values (1)").execute(&mut *tx).await?;
                panic!("on purpose");
            })
        });
        panic.await
    }

    async fn assert_panic_harms_no_other(connections: &Connections) {
        run_sql(connections, "drop table if exists panic_test").await.expect("a statement");
        run_sql(connections, "create table panic_test (id bigint)").await.expect("a statement");
        for _ in 0..3 {
            let error = panic_in_transaction(connections).await.expect_err("it panics");
            assert!(matches!(&error, OperationError::Panicked(message) if message == "on purpose"), "{error:?}");
        }
        let left = run_sql(connections, "delete from panic_test").await.expect("the connection still works");
        assert_eq!(left, 0, "the transactions were rolled back");
        run_sql(connections, "drop table panic_test").await.expect("a statement");
        connections.close().await.expect("it can be closed");
        let error = run_sql(connections, "select 1").await.expect_err("it is closed");
        assert!(matches!(error, OperationError::Closed), "{error:?}");
    }

    #[tokio::test]
    async fn panic_in_an_operation_is_its_error_on_sqlite() {
        let folder = TempDir::new().expect("a folder");
        assert_panic_harms_no_other(&sqlite(&folder).await).await;
    }

    #[tokio::test]
    async fn panic_in_an_operation_is_its_error_on_postgres() {
        let Some(connections) = postgres().await else { return };
        assert_panic_harms_no_other(&connections).await;
    }
}
