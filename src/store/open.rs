//! Opening a store: the lock, the connection, the tables.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, ConnectOptions, Connection, SqlSafeStr};
use tokio::sync::Mutex;

use super::connection::Connections;
use super::error::{classify, classify_migration};
use super::location::Location;
use super::source_queue::Leases;
use super::sql::Dialect;
use super::{Access, Store, StoreError};

/// The name that sqlx gives to the table where it notes which migrations were made.
const MIGRATIONS: &str = "_sqlx_migrations";

/// What workers leave behind that were killed.
const VOID: [&str; 2] =
    ["update source set lease_by = null, lease_until = null where lease_until is not null", "delete from segment_claim"];

/// How long a server may take to answer when the store is opened.
const PATIENCE: Duration = Duration::from_secs(10);

impl Store {
    /// Opens the database at `url`: `sqlite:FILE` or `postgres://USER@HOST/DATABASE`.
    pub async fn open(url: &str, access: Access) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let mut place = Location::read(url)?;
        let mut lock = None;
        if let Location::File(file) = &mut place {
            *file = settled_path(file)?;
            match access {
                Access::Work => lock = Some(lock_beside(file)?),
                Access::Look if !file.exists() => return Err(StoreError::Empty { place: file.display().to_string() }),
                Access::Look => {}
            }
        }
        let dialect = place.dialect();
        let options = options(&place, access)?;
        // A pool would try for ever, and not say why it failed; so the first connection is made without it.
        let mut first = connect(&place, &options, access).await?;
        match access {
            Access::Work => prepare(&place, &mut first).await?,
            Access::Look => inspect(&place, &mut first).await?,
        }
        let connections = match dialect {
            Dialect::Sqlite => Connections::One(Mutex::new(Some(first))),
            Dialect::Postgres => {
                first.close().await.map_err(|error| classify(&place, "close a connection", &error))?;
                Connections::Many(pool(greeting(dialect, access)).connect_lazy_with(options))
            }
        };
        let leases = (dialect == Dialect::Sqlite).then(Leases::default);
        Ok(Self { connections, location: place, dialect, leases, _lock: lock })
    }
}

/// The path without symbolic links, so that two names of one file share one lock.
fn settled_path(file: &Path) -> Result<PathBuf, StoreError> {
    if let Ok(path) = fs::canonicalize(file) {
        return Ok(path);
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return Ok(file.to_owned());
    }
    let reason = format!("the folder {} does not exist; make it, or change `state` in feeds.toml", folder.display());
    Err(StoreError::Unreachable { place: file.display().to_string(), reason })
}

/// A file of the same name with something added.
fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Locks `FILE.lock`. The file stays when the lock goes: deleting it would let two processes lock two files of one name.
fn lock_beside(file: &Path) -> Result<File, StoreError> {
    let beside = beside(file, ".lock");
    let unusable = |error: io::Error| StoreError::Unreachable {
        place: file.display().to_string(),
        reason: format!("{} cannot be locked ({error}); check who may write there", beside.display()),
    };
    let lock = OpenOptions::new().create(true).append(true).open(&beside).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { file: file.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

fn options(place: &Location, access: Access) -> Result<AnyConnectOptions, StoreError> {
    let mode = match (access, place) {
        (Access::Work, _) => "rwc",
        // Nobody works on it. A reader would make the log's files itself: they would stay, belong to whoever looked, and
        // could keep the next run from writing; and in a folder that one may only read it could not look at all.
        (Access::Look, Location::File(file)) if !beside(file, "-wal").exists() => "ro&immutable=1",
        (Access::Look, _) => "ro",
    };
    let options: AnyConnectOptions = place.address(mode).parse().map_err(|error| classify(place, "read its address", &error))?;
    Ok(options.disable_statement_logging())
}

fn pool(greeting: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(PATIENCE * 3)
        .after_connect(move |connection, _| {
            Box::pin(async move { sqlx::raw_sql(greeting).execute(connection).await.map(|_| ()) })
        })
        // A connection that was in use a moment ago is not asked for a sign of life: that is one more turn to the server.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move { Ok(used.idle_for < Duration::from_secs(30) || connection.ping().await.is_ok()) })
        })
}

fn greeting(dialect: Dialect, access: Access) -> &'static str {
    match access {
        Access::Work => dialect.greeting(),
        Access::Look => dialect.looking(),
    }
}

async fn connect(place: &Location, options: &AnyConnectOptions, access: Access) -> Result<AnyConnection, StoreError> {
    let failed = |error| classify(place, "open it", &error);
    let attempt = tokio::time::timeout(PATIENCE, options.connect()).await;
    let mut connection = attempt.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(failed)?;
    sqlx::raw_sql(greeting(place.dialect(), access)).execute(&mut connection).await.map_err(failed)?;
    Ok(connection)
}

/// Makes what tables are missing. Two workers may do this at once: PostgreSQL has an advisory lock for it, SQLite ours.
async fn prepare(place: &Location, connection: &mut AnyConnection) -> Result<(), StoreError> {
    migrator(place.dialect()).run_direct(None, connection, false).await.map_err(|error| classify_migration(place, &error))?;
    if place.dialect() == Dialect::Sqlite {
        // This process is alone here: whoever holds a lease was killed.
        for void in VOID {
            sqlx::query(void).execute(&mut *connection).await.map_err(|error| classify(place, "void old leases", &error))?;
        }
    }
    Ok(())
}

/// Whether the tables are there, and of a version that we know.
async fn inspect(place: &Location, connection: &mut AnyConnection) -> Result<(), StoreError> {
    let exists = match place.dialect() {
        Dialect::Sqlite => "select 1 from sqlite_master where name = '_sqlx_migrations'",
        Dialect::Postgres => "select 1 where to_regclass('_sqlx_migrations') is not null",
    };
    let found = sqlx::query(exists).fetch_optional(&mut *connection).await;
    let mut made = None;
    if found.map_err(|error| classify(place, "list its tables", &error))?.is_some() {
        let all = connection.list_applied_migrations(MIGRATIONS).await;
        made = all.map_err(|error| classify_migration(place, &error))?.iter().map(|migration| migration.version).max();
    }
    let known = migrator(place.dialect()).iter().map(|migration| migration.version).max();
    match made {
        Some(found) if Some(found) > known => Err(StoreError::Newer { place: place.to_string(), found }),
        None => Err(StoreError::Empty { place: place.to_string() }),
        made if made < known => {
            let reason = "an older relais made it; `relais run` brings it up to date".to_owned();
            Err(StoreError::Unreachable { place: place.to_string(), reason })
        }
        _ => Ok(()),
    }
}

fn migrator(dialect: Dialect) -> Migrator {
    let [first, translation, servers] = match dialect {
        Dialect::Sqlite => [
            include_str!("migrations/sqlite/0001_first.sql"),
            include_str!("migrations/sqlite/0002_translation.sql"),
            include_str!("migrations/sqlite/0003_servers.sql"),
        ],
        Dialect::Postgres => [
            include_str!("migrations/postgres/0001_first.sql"),
            include_str!("migrations/postgres/0002_translation.sql"),
            include_str!("migrations/postgres/0003_servers.sql"),
        ],
    };
    let step = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![step(1, "first", first), step(2, "translation", translation), step(3, "servers", servers)])
}
