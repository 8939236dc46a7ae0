//! Connections, and whose turn it is: one for SQLite, a pool for PostgreSQL.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool};
use tokio::sync::{Mutex, MutexGuard};

use super::sql::Dialect;

/// The connections of a store.
pub(super) enum Connections {
    /// SQLite's. One is enough: there can be one writer anyway, what is read is small, and one page cache serves all. It is
    /// not in a pool, because a pool of sqlx asks it for a sign of life each time that it comes back, which costs as much
    /// as a small query. Nothing once the store is closed.
    One(Mutex<Option<AnyConnection>>),
    /// PostgreSQL's.
    Many(AnyPool),
}

/// A connection while it is in use.
pub(super) enum ConnectionGuard<'a> {
    One(MutexGuard<'a, Option<AnyConnection>>),
    Many(PoolConnection<Any>),
}

impl Connections {
    /// Waits for a turn.
    pub(super) async fn hold(&self) -> Result<ConnectionGuard<'_>, sqlx::Error> {
        match self {
            Self::One(one) => {
                let one = one.lock().await;
                if one.is_some() { Ok(ConnectionGuard::One(one)) } else { Err(sqlx::Error::PoolClosed) }
            }
            Self::Many(pool) => Ok(ConnectionGuard::Many(pool.acquire().await?)),
        }
    }

    /// Closes them all in good order.
    pub(super) async fn close(&self) -> Result<(), sqlx::Error> {
        match self {
            Self::One(one) => match one.lock().await.take() {
                Some(connection) => sqlx::Connection::close(connection).await,
                None => Ok(()),
            },
            Self::Many(pool) => {
                pool.close().await;
                Ok(())
            }
        }
    }
}

impl ConnectionGuard<'_> {
    /// Whether what is committed from now on outlasts a power cut. On SQLite the last transactions would not: this costs a
    /// wait for the disk, which is little beside a request to an engine and much beside a visit. PostgreSQL always waits.
    /// After an error it may stay on: then the next commits are slower, and as good.
    pub(super) async fn durable(&mut self, dialect: Dialect, durable: bool) -> Result<(), sqlx::Error> {
        if dialect == Dialect::Postgres {
            return Ok(());
        }
        let sql = if durable { "pragma synchronous = full" } else { "pragma synchronous = normal" };
        sqlx::raw_sql(sql).execute(&mut **self).await.map(|_| ())
    }
}

const OPEN: &str = "`hold` gives no closed connection, and nobody else can close it meanwhile";

impl Deref for ConnectionGuard<'_> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        match self {
            Self::One(one) => one.as_ref().expect(OPEN),
            Self::Many(one) => one,
        }
    }
}

impl DerefMut for ConnectionGuard<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        match self {
            Self::One(one) => one.as_mut().expect(OPEN),
            Self::Many(one) => one,
        }
    }
}
