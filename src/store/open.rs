//! Opening a store: the connection, the tables.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::migrate::{AppliedMigration, Migrate, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, ConnectOptions, Connection, SqlSafeStr};

use super::connection::Connections;
use super::error::{StoreError, altered, classify, classify_migration};
use super::location::{Location, LocationError, file_address, with_suffix};
use super::lock::lock_file;
use super::memory_leases::MemoryLeases;
use super::permissions::{make_private, warn_if_emptied};
use super::pools::{self, Pools};
use super::server::Server;
use super::sql::Dialect;
use super::{Access, Store};

/// The table in which sqlx records the migrations that were applied.
const MIGRATIONS: &str = "_sqlx_migrations";

/// Releases the leases of workers that were killed.
const RELEASE_ALL_LEASES: [&str; 4] = [
    "update source set lease_by = null, lease_until = null where lease_until is not null",
    "update outbox set lease_by = null, lease_until = null where lease_until is not null",
    "update vendor_batch set lease_until = null where lease_until is not null",
    "delete from segment_claim",
];

/// Lets one worker at a time make tables, until its transaction ends.
const LOCK_MIGRATIONS: &str = "select pg_advisory_xact_lock(7215491)";

/// The time within which a file must be opened.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

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
        // A pool would retry until its time-out and hide the cause: so the first connection is made without it.
        let connections = match &location {
            Location::File(file) => open_file(&location, file, access, lock).await?,
            Location::Server(server) => open_server(&location, server, access).await?,
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

async fn open_file(location: &Location, file: &Path, access: Access, lock: Option<File>) -> Result<Connections, StoreError> {
    let mode = match access {
        Access::Work => "rwc",
        Access::Note => "rw",
        // No worker has the file open. A reader would make the files of the write-ahead log itself: they would stay, belong to
        // the user who looked, and could keep the next run from writing; and in a read-only folder it could not open the file.
        Access::Look if !with_suffix(file, "-wal").exists() => "ro&immutable=1",
        Access::Look => "ro",
    };
    let failed = |error| classify(location, "open it", &error);
    let options: Result<AnyConnectOptions, _> = file_address(file, mode).parse();
    let options = options.map_err(|error| classify(location, "read its address", &error))?.disable_statement_logging();
    let attempt = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
    let mut connection = attempt.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(failed)?;
    let setup = if access == Access::Look { Dialect::setup_to_read() } else { Dialect::setup_to_write() };
    sqlx::raw_sql(setup).execute(&mut connection).await.map_err(failed)?;
    prepare_tables(location, &mut connection, access).await?;
    Ok(Connections::sqlite(connection, lock))
}

async fn open_server(location: &Location, server: &Server, access: Access) -> Result<Connections, StoreError> {
    let connected = pools::connect(server, access).await;
    let (mut first, options) = connected.map_err(|none| {
        if let Some(error) = none.error {
            return classify(location, "open it", &error);
        }
        let reason = format!("none of its hosts serves ({})", none.reason);
        StoreError::Unreachable { place: location.to_string(), reason }
    })?;
    let failed = |error| classify(location, "open it", &error);
    let pools = Pools::new(server.clone(), access, options);
    // One transaction: a pool may lend another connection for the next one. It also holds the lock of the migrations.
    let begin = pools.begin_lent().unwrap_or("begin");
    let mut tx = first.begin_with(begin).await.map_err(failed)?;
    prepare_tables(location, &mut tx, access).await?;
    tx.commit().await.map_err(failed)?;
    first.close().await.map_err(|error| classify(location, "close a connection", &error))?;
    Ok(Connections::postgres(pools))
}

async fn prepare_tables(location: &Location, connection: &mut AnyConnection, access: Access) -> Result<(), StoreError> {
    match access {
        Access::Work => migrate(location, connection).await,
        Access::Look | Access::Note => check_version(location, connection).await,
    }
}

/// Applies the migrations that are missing. Two workers may do this at once: on SQLite the file is locked; on PostgreSQL the
/// transaction that `connection` is in takes a lock, which ends with it. That of sqlx is one of the session, which a pool would keep.
async fn migrate(location: &Location, connection: &mut AnyConnection) -> Result<(), StoreError> {
    if location.dialect() == Dialect::Postgres {
        let locked = sqlx::raw_sql(LOCK_MIGRATIONS).execute(&mut *connection).await;
        locked.map_err(|error| classify(location, "lock its tables", &error))?;
    }
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
    step!("0016_vendor_batches", 16, "vendor batches"),
    step!("0017_visits", 17, "visits"),
    step!("0018_outbox", 18, "outbox"),
];

fn migrator(dialect: Dialect) -> Migrator {
    let migration = |step: &Step| {
        let sql = match dialect {
            Dialect::Sqlite => step.sqlite,
            Dialect::Postgres => step.postgres,
        };
        Migration::new(step.version, step.name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(STEPS.iter().map(migration).collect());
    migrator.set_locking(false);
    migrator
}
