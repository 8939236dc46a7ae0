//! The connections to PostgreSQL: a pool to the host that accepts writes, which is replaced when that host fails.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions, Connection, Row};
use tokio::time::{sleep, timeout};

use super::Access;
use super::server::{HostName, Server, TargetSession};

/// The time within which a server must answer when it is connected to.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The same where there is another host to ask.
const CONNECT_TIMEOUT_OF_SEVERAL: Duration = Duration::from_secs(3);
/// The time for which an operation waits for a connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// The same where there may be another host: before it is asked.
const ACQUIRE_TIMEOUT_OF_SEVERAL: Duration = Duration::from_secs(5);
/// The time that a fail-over may take: for so long a host that accepts writes is looked for.
const FAILOVER: Duration = Duration::from_secs(60);
/// The pause between two looks at all hosts.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The most connections of a pool.
const MAX_CONNECTIONS: u32 = 8;

/// Begins a transaction on a connection that is lent for it. What others have prepared there under the names that sqlx gives is dropped:
/// it would be in the way. The statements that a pool renames (`PgBouncer` from 1.21 on) have other names.
macro_rules! begin_lent {
    ($begin:literal) => {
        concat!(
            $begin,
            "; do $$ declare statement text; begin for statement in select name from pg_prepared_statements where name like 'sqlx\\_s\\_%'",
            " loop execute 'deallocate ' || quote_ident(statement); end loop; end $$"
        )
    };
}

/// The pools of a store.
pub(super) struct Pools {
    server: Server,
    access: Access,
    current: Mutex<AnyPool>,
    /// Held while another host is looked for: one look serves all who wait.
    search: tokio::sync::Mutex<()>,
}

/// No host can be used: the error of each, or the last one.
#[derive(Debug)]
pub(super) struct NoHost {
    /// The error of the host, if there is only one.
    pub(super) error: Option<sqlx::Error>,
    /// The fault of each.
    pub(super) reason: String,
}

impl Pools {
    /// Makes a pool to the host with these options.
    pub(super) fn new(server: Server, access: Access, options: AnyConnectOptions) -> Self {
        let pool = pool(&server, access, options);
        Self { server, access, current: Mutex::new(pool), search: tokio::sync::Mutex::new(()) }
    }

    /// Makes the pools of one host, for tests.
    #[cfg(test)]
    pub(super) fn of_pool(pool: AnyPool, url: &str) -> Self {
        let server = Server::parse(url).expect("an address");
        Self { server, access: Access::Work, current: Mutex::new(pool), search: tokio::sync::Mutex::new(()) }
    }

    fn current(&self) -> AnyPool {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns a connection to a host that serves the purpose, and its pool. Where there are several hosts, it waits for a fail-over.
    pub(super) async fn acquire(&self) -> Result<(PoolConnection<Any>, AnyPool), sqlx::Error> {
        let begun = Instant::now();
        loop {
            let pool = self.current();
            match pool.acquire().await {
                Err(error) if self.server.hosts.len() > 1 && begun.elapsed() < FAILOVER && !pool.is_closed() => {
                    tracing::debug!(error = %error, "no connection to the database: looking for a host that serves");
                    self.replace(&pool).await;
                }
                acquired => return acquired.map(|connection| (connection, pool)),
            }
        }
    }

    /// Returns the statement that begins the transaction in which an operation runs, if it needs one.
    pub(super) fn begin_lent(&self) -> Option<&'static str> {
        begin_lent(&self.server, self.access)
    }

    /// Looks for a host that serves, after an operation has failed on the present pool, and takes a new pool to it.
    pub(super) async fn replace(&self, failed: &AnyPool) {
        let _search = self.search.lock().await;
        if !Arc::ptr_eq(&self.current().connect_options(), &failed.connect_options()) || failed.is_closed() {
            // Another operation has replaced it.
            return;
        }
        match find_host(&self.server, self.access).await {
            Ok((connection, options, url)) => {
                let _ = connection.close().await;
                tracing::warn!("the database has failed: now on {}", HostName(&url));
                let next = pool(&self.server, self.access, options);
                let old = std::mem::replace(&mut *self.current.lock().unwrap_or_else(PoisonError::into_inner), next);
                // Operations that are in flight there come to their end first.
                tokio::spawn(async move { old.close().await });
            }
            Err(_) => sleep(LOOK_EVERY).await,
        }
    }

    /// Closes the connections.
    pub(super) async fn close(&self) {
        self.current().close().await;
    }
}

/// Returns true if a failure may be that of the host: its connection is lost, or it accepts no writes any more.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // read_only_sql_transaction, admin_shutdown, crash_shutdown, cannot_connect_now, and connection exceptions.
            matches!(&*code, "25006" | "57P01" | "57P02" | "57P03") || code.starts_with("08")
        }
        _ => false,
    }
}

fn begin_lent(server: &Server, access: Access) -> Option<&'static str> {
    match access {
        _ if !server.is_pooled => None,
        Access::Look => Some(begin_lent!("begin transaction read only")),
        Access::Work | Access::Note => Some(begin_lent!("begin")),
    }
}

/// Connects to the first host that serves the purpose. Who writes waits for a fail-over, where there are several.
pub(super) async fn connect(server: &Server, access: Access) -> Result<(AnyConnection, AnyConnectOptions), NoHost> {
    let begun = Instant::now();
    loop {
        match find_host(server, access).await {
            Ok((connection, options, _)) => return Ok((connection, options)),
            Err(error) if server.hosts.len() == 1 || access == Access::Look || begun.elapsed() >= FAILOVER => return Err(error),
            Err(error) => {
                tracing::debug!("no host of the database serves yet: {}", error.reason);
                sleep(LOOK_EVERY).await;
            }
        }
    }
}

/// Asks each host once.
async fn find_host(server: &Server, access: Access) -> Result<(AnyConnection, AnyConnectOptions, url::Url), NoHost> {
    let wanted = server.target_session(access);
    let mut none = NoHost { error: None, reason: String::new() };
    let mut second_choice = None;
    for url in &server.hosts {
        match connect_to(server, url, access, wanted).await {
            Ok((connection, options, accepts_writes)) if wanted.takes(accepts_writes) => {
                return Ok((connection, options, url.clone()));
            }
            Ok((connection, options, _)) if wanted == TargetSession::PreferStandby => {
                second_choice = second_choice.or(Some((connection, options, url.clone())));
            }
            Ok((_, _, accepts_writes)) => {
                let is = if accepts_writes { "accepts writes" } else { "accepts no writes" };
                none.add(url, is);
            }
            Err(error) => {
                none.add(url, &error.to_string());
                none.error = Some(error);
            }
        }
    }
    none.error = none.error.filter(|_| server.hosts.len() == 1);
    second_choice.ok_or(none)
}

impl NoHost {
    fn add(&mut self, url: &url::Url, reason: &str) {
        let separator = if self.reason.is_empty() { "" } else { "; " };
        self.reason = format!("{}{separator}{}: {reason}", self.reason, HostName(url));
    }
}

/// Connects to one host, and asks it whether it accepts writes, if that matters.
async fn connect_to(
    server: &Server,
    url: &url::Url,
    access: Access,
    wanted: TargetSession,
) -> Result<(AnyConnection, AnyConnectOptions, bool), sqlx::Error> {
    let options: AnyConnectOptions = url.as_str().parse()?;
    let options = options.disable_statement_logging();
    let limit = if server.hosts.len() > 1 { CONNECT_TIMEOUT_OF_SEVERAL } else { CONNECT_TIMEOUT };
    let connected = async {
        let mut connection = options.connect().await?;
        let mut accepts_writes = true;
        if wanted != TargetSession::Any {
            // In the simple protocol, so that nothing is prepared.
            let row = sqlx::raw_sql("select cast(pg_is_in_recovery() as text)").fetch_one(&mut connection).await?;
            accepts_writes = row.try_get::<String, _>(0)? == "false";
        }
        set_up(&mut connection, server, access).await?;
        Ok((connection, accepts_writes))
    };
    let (connection, accepts_writes) = timeout(limit, connected).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
    Ok((connection, options, accepts_writes))
}

/// Sets what holds for a session. A connection that is lent for a transaction has none.
async fn set_up(connection: &mut AnyConnection, server: &Server, access: Access) -> Result<(), sqlx::Error> {
    if access == Access::Look && !server.is_pooled {
        sqlx::raw_sql("set default_transaction_read_only = on").execute(connection).await?;
    }
    Ok(())
}

/// Makes the pool. Its connections are made when they are needed.
fn pool(server: &Server, access: Access, options: AnyConnectOptions) -> AnyPool {
    let is_read_only = access == Access::Look && !server.is_pooled;
    let limit = if server.hosts.len() > 1 { ACQUIRE_TIMEOUT_OF_SEVERAL } else { ACQUIRE_TIMEOUT };
    let pool = AnyPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(limit)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if is_read_only {
                    sqlx::raw_sql("set default_transaction_read_only = on").execute(connection).await?;
                }
                Ok(())
            })
        })
        // A connection that was in use a moment ago is not pinged: that would be one more round trip to the server.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move { Ok(used.idle_for < Duration::from_secs(30) || connection.ping().await.is_ok()) })
        });
    pool.connect_lazy_with(options)
}
