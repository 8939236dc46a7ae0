//! Opening a store: the connection, the tables.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{AppliedMigration, Migrate, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, ConnectOptions, Connection, SqlSafeStr};

use super::connection::Connections;
use super::error::{StoreError, altered, classify, classify_migration};
use super::location::{Location, LocationError, with_suffix};
use super::lock::lock_file;
use super::memory_leases::MemoryLeases;
use super::permissions::{make_private, warn_if_emptied};
use super::sql::Dialect;
use super::{Access, Store};

/// The table in which sqlx records the migrations that were applied.
const MIGRATIONS: &str = "_sqlx_migrations";

/// Releases the leases of workers that were killed.
const RELEASE_ALL_LEASES: [&str; 3] = [
    "update source set lease_by = null, lease_until = null where lease_until is not null",
    "update outbox set lease_by = null, lease_until = null where lease_until is not null",
    "delete from segment_claim",
];

/// The time within which a server must answer when the store is opened.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The time for which an operation waits for a connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

impl Store {
    /// Opens the database at `url`: `sqlite:FILE` or `postgres://USER@HOST/DATABASE`.
    pub async fn open(url: &str, access: Access) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let mut location = Location::parse(url).map_err(LocationError::into_store_error)?;
        let mut lock = None;
        if let Location::File(file) = &mut location {
            *file = resolve_path(file)?;
            match access {
                Access::Work => {
                    lock = Some(lock_file(file)?);
                    warn_if_emptied(file);
                    make_private(file);
                }
                Access::Look | Access::Note if !file.exists() => {
                    return Err(StoreError::Empty { place: file.display().to_string() });
                }
                Access::Look | Access::Note => {}
            }
        }
        let dialect = location.dialect();
        let options = connect_options(&location, access)?;
        // A pool would retry until its time-out and hide the cause: so the first connection is made without it.
        let mut first = connect(&location, &options, access).await?;
        match access {
            Access::Work => migrate(&location, &mut first).await?,
            Access::Look | Access::Note => check_version(&location, &mut first).await?,
        }
        let connections = match dialect {
            Dialect::Sqlite => Connections::sqlite(first, lock),
            Dialect::Postgres => {
                first.close().await.map_err(|error| classify(&location, "close a connection", &error))?;
                Connections::postgres(pool_options(setup_sql(dialect, access)).connect_lazy_with(options))
            }
        };
        let memory_leases = (dialect == Dialect::Sqlite).then(Arc::<MemoryLeases>::default);
        Ok(Self { connections, location, dialect, memory_leases })
    }
}

/// Resolves symbolic links, so that two names of one file share one lock.
pub(super) fn resolve_path(file: &Path) -> Result<PathBuf, StoreError> {
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

fn connect_options(location: &Location, access: Access) -> Result<AnyConnectOptions, StoreError> {
    let mode = match (access, location) {
        (Access::Work, _) => "rwc",
        (Access::Note, _) => "rw",
        // No worker has the file open. A reader would make the files of the write-ahead log itself: they would stay, belong to
        // the user who looked, and could keep the next run from writing; and in a read-only folder it could not open the file.
        (Access::Look, Location::File(file)) if !with_suffix(file, "-wal").exists() => "ro&immutable=1",
        (Access::Look, _) => "ro",
    };
    let options: Result<AnyConnectOptions, _> = location.address(mode).parse();
    Ok(options.map_err(|error| classify(location, "read its address", &error))?.disable_statement_logging())
}

fn pool_options(setup: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(move |connection, _| Box::pin(async move { sqlx::raw_sql(setup).execute(connection).await.map(|_| ()) }))
        // A connection that was in use a moment ago is not pinged: that would be one more round trip to the server.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move { Ok(used.idle_for < Duration::from_secs(30) || connection.ping().await.is_ok()) })
        })
}

fn setup_sql(dialect: Dialect, access: Access) -> &'static str {
    match access {
        Access::Work | Access::Note => dialect.setup_to_write(),
        Access::Look => dialect.setup_to_read(),
    }
}

async fn connect(location: &Location, options: &AnyConnectOptions, access: Access) -> Result<AnyConnection, StoreError> {
    let failed = |error| classify(location, "open it", &error);
    let attempt = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
    let mut connection = attempt.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(failed)?;
    sqlx::raw_sql(setup_sql(location.dialect(), access)).execute(&mut connection).await.map_err(failed)?;
    Ok(connection)
}

/// Applies the migrations that are missing. Two workers may do this at once: on PostgreSQL sqlx takes an advisory lock, on
/// SQLite the file is locked.
async fn migrate(location: &Location, connection: &mut AnyConnection) -> Result<(), StoreError> {
    let migrated = migrator(location.dialect()).run_direct(None, connection, false).await;
    migrated.map_err(|error| classify_migration(location, &error))?;
    if location.dialect() == Dialect::Sqlite {
        // This process is alone here: the holders of the leases were killed.
        for sql in RELEASE_ALL_LEASES {
            let released = sqlx::query(sql).execute(&mut *connection).await;
            released.map_err(|error| classify(location, "release old leases", &error))?;
        }
    }
    Ok(())
}

/// Checks that the tables are there, and as this program makes them.
async fn check_version(location: &Location, connection: &mut AnyConnection) -> Result<(), StoreError> {
    let applied = applied_migrations(location, connection).await?;
    let migrator = migrator(location.dialect());
    let checksums: BTreeMap<i64, _> = migrator.iter().map(|migration| (migration.version, &migration.checksum)).collect();
    for migration in &applied {
        match checksums.get(&migration.version) {
            None => return Err(StoreError::Newer { place: location.to_string(), found: migration.version }),
            Some(checksum) if **checksum != migration.checksum => return Err(altered(location, migration.version)),
            Some(_) => {}
        }
    }
    if applied.is_empty() {
        return Err(StoreError::Empty { place: location.to_string() });
    }
    if applied.len() < checksums.len() {
        let reason = "an older relais made it; `relais run` brings it up to date".to_owned();
        return Err(StoreError::Unreachable { place: location.to_string(), reason });
    }
    Ok(())
}

/// Returns the migrations that were applied.
pub(super) async fn applied_migrations(
    location: &Location,
    connection: &mut AnyConnection,
) -> Result<Vec<AppliedMigration>, StoreError> {
    let exists = match location.dialect() {
        Dialect::Sqlite => "select 1 from sqlite_master where name = '_sqlx_migrations'",
        Dialect::Postgres => "select 1 where to_regclass('_sqlx_migrations') is not null",
    };
    let table = sqlx::query(exists).fetch_optional(&mut *connection).await;
    if table.map_err(|error| classify(location, "list its tables", &error))?.is_none() {
        return Ok(Vec::new());
    }
    let applied = connection.list_applied_migrations(MIGRATIONS).await;
    applied.map_err(|error| classify_migration(location, &error))
}

/// A migration: its number, its name, and its text for each dialect.
struct Step {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// Names the files of a migration once.
macro_rules! step {
    ($file:literal, $version:literal, $name:literal) => {
        Step {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("migrations/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!("migrations/postgres/", $file, ".sql")),
        }
    };
}

/// All migrations, in their order. One that was released is never changed.
const STEPS: &[Step] = &[
    step!("0001_first", 1, "first"),
    step!("0002_translation", 2, "translation"),
    step!("0003_servers", 3, "servers"),
    step!("0004_refusals", 4, "refusals"),
    step!("0005_engines", 5, "engines"),
    step!("0006_articles", 6, "articles"),
    step!("0007_stories", 7, "stories"),
    step!("0008_rule_facts", 8, "rule facts"),
    step!("0009_cached_tokens", 9, "cached tokens"),
    step!("0010_corrections", 10, "corrections"),
    step!("0011_changes", 11, "changes"),
    step!("0012_readings", 12, "readings"),
    step!("0013_output_leases", 13, "output leases"),
    step!("0014_archives", 14, "archives"),
    step!("0015_shown", 15, "shown"),
    step!("0018_visits", 18, "visits"),
    step!("0019_outbox", 19, "outbox"),
];

fn migrator(dialect: Dialect) -> Migrator {
    let migration = |step: &Step| {
        let sql = match dialect {
            Dialect::Sqlite => step.sqlite,
            Dialect::Postgres => step.postgres,
        };
        Migration::new(step.version, step.name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(STEPS.iter().map(migration).collect())
}
