//! A real PostgreSQL: each test works in a schema of its own.
//!
//! `RELAIS_TEST_POSTGRES` says where the server is (default: the database `test` of this machine). Where there is none the
//! tests are skipped with one line, or fail if `RELAIS_REQUIRE_SERVERS=1`.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, ConnectOptions, any::AnyConnectOptions};

/// A schema; call [`Schema::drop`] when done with it.
pub(crate) struct Schema {
    name: String,
    server: String,
}

/// Where the server is.
pub(crate) fn server() -> String {
    std::env::var("RELAIS_TEST_POSTGRES").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned())
}

impl Schema {
    /// Makes an empty schema; nothing when there is no server.
    pub(crate) async fn make() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = server();
        let name = format!("relais_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        match run(&server, &format!("drop schema if exists {name} cascade; create schema {name}")).await {
            Ok(()) => Some(Self { name, server }),
            Err(error) => {
                absent(&error.to_string());
                None
            }
        }
    }

    /// The address by which tables are made and found in this schema.
    pub(crate) fn url(&self) -> String {
        let more = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{more}options=-csearch_path%3D{}", self.server, self.name)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements within it.
    pub(crate) async fn run(&self, sql: &str) {
        run(&self.url(), sql).await.expect(sql);
    }

    /// Deletes it with all that is in it.
    pub(crate) async fn drop(self) {
        run(&self.server, &format!("drop schema {} cascade", self.name)).await.expect("the schema can be dropped");
    }
}

/// Runs statements on a connection of their own.
async fn run(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::any::install_default_drivers();
    let options: AnyConnectOptions = url.parse()?;
    let connection = tokio::time::timeout(Duration::from_secs(5), options.disable_statement_logging().connect()).await;
    let mut connection = connection.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
    sqlx::Connection::close(connection).await
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests must see that some were not")]
fn absent(error: &str) {
    static SAID: Once = Once::new();
    assert!(std::env::var_os("RELAIS_REQUIRE_SERVERS").is_none_or(|v| v != "1"), "PostgreSQL is required: {error}");
    SAID.call_once(|| eprintln!("skipped: the tests on PostgreSQL ({error})"));
}
