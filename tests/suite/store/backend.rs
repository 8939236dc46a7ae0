//! The two databases as the contract sees them.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;

use futures::FutureExt;
use relais::store::{Access, Store, StoreError};
use sqlx::{AssertSqlSafe, Connection};
use tempfile::TempDir;

use crate::support::postgres::Schema;

/// An empty database.
pub(super) enum Backend {
    Sqlite(TempDir),
    Postgres(Schema),
}

impl Backend {
    /// Its address.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite(_) => format!("sqlite:{}", self.file().display()),
            Self::Postgres(schema) => schema.url(),
        }
    }

    /// The SQLite file.
    pub(super) fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.path().join("relais.db"),
            Self::Postgres(_) => unreachable!("PostgreSQL has no file"),
        }
    }

    /// Makes another empty database of the same kind.
    pub(super) async fn another(&self) -> Self {
        match self {
            Self::Sqlite(_) => Self::Sqlite(TempDir::new().expect("a folder")),
            Self::Postgres(_) => Self::Postgres(Schema::make().await.expect("the server is there")),
        }
    }

    /// Deletes it.
    pub(super) async fn end(self) {
        if let Self::Postgres(schema) = self {
            schema.drop().await;
        }
    }

    /// Opens it to work.
    pub(super) async fn open(&self) -> Store {
        Store::open(&self.url(), Access::Work).await.expect("an empty database can be opened")
    }

    /// Opens it to look, or says why not.
    pub(super) async fn look(&self) -> Result<Store, StoreError> {
        Store::open(&self.url(), Access::Look).await
    }

    /// Runs statements of SQLite or of PostgreSQL from outside.
    pub(super) async fn meddle(&self, sqlite: &str, postgres: &str) {
        match self {
            Self::Sqlite(_) => {
                let mut connection = sqlx::AnyConnection::connect(&self.url()).await.expect("a second connection");
                sqlx::raw_sql(AssertSqlSafe(sqlite.to_owned())).execute(&mut connection).await.expect(sqlite);
                connection.close().await.expect("a connection can be closed");
            }
            Self::Postgres(schema) => schema.run(postgres).await,
        }
    }
}

/// Holds a promise to SQLite.
pub(super) async fn on_sqlite(promise: impl AsyncFnOnce(&Backend)) {
    promise(&Backend::Sqlite(TempDir::new().expect("a folder"))).await;
}

/// Holds a promise to PostgreSQL, if there is one.
pub(super) async fn on_postgres(promise: impl AsyncFnOnce(&Backend)) {
    let Some(schema) = Schema::make().await else { return };
    let backend = Backend::Postgres(schema);
    let end = AssertUnwindSafe(promise(&backend)).catch_unwind().await;
    if let Backend::Postgres(schema) = backend {
        schema.drop().await;
    }
    end.unwrap_or_else(|panic| resume_unwind(panic));
}

/// Makes of each promise (`async fn(&Backend)`) two tests.
macro_rules! promises {
    ($($promise:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::store::backend::on_sqlite(super::$promise).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::store::backend::on_postgres(super::$promise).await;
            })+
        }
    };
}

pub(super) use promises;
