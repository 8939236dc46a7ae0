//! Statements for two databases. They differ in how JSON becomes rows and rows become JSON, how locked rows are skipped, and how
//! the size is read. A statement names these parts, and the rest of its text is the same for both. See
//! docs/decisions/0001-one-sql-for-two-databases.md and 0017.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Connection, Transaction};

/// A statement with parameters that it owns, so that it can be sent to another task.
pub(super) type OwnedQuery = Query<'static, Any, AnyArguments>;

/// The kind of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Returns the settings of a new SQLite connection that writes. Sessions of PostgreSQL have theirs in `pools.rs`.
    pub(super) fn setup_to_write() -> &'static str {
        // NORMAL with a write-ahead log: a power cut can lose the last transactions, never tear one. The log may grow to
        // 32 MB before it is copied: a run writes the same pages of the indexes again and again. The statement journal,
        // a megabyte at most, is kept in memory: SQLite would write it to a file for every batch, with more system calls
        // than everything else in a run.
        "pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -8192; \
         pragma wal_autocheckpoint = 8000; pragma temp_store = memory"
    }

    /// Returns the settings of a new SQLite connection that only reads.
    pub(super) fn setup_to_read() -> &'static str {
        "pragma busy_timeout = 10000; pragma query_only = on"
    }

    /// Returns the statement that sets whether commits survive a power cut, if the database has to be told. SQLite then waits
    /// for the disk at each commit: little beside a request to an engine, much beside a visit. PostgreSQL always waits.
    fn durability(self, is_durable: bool) -> Option<&'static str> {
        match (self, is_durable) {
            (Self::Postgres, _) => None,
            (Self::Sqlite, true) => Some("pragma synchronous = full"),
            (Self::Sqlite, false) => Some("pragma synchronous = normal"),
        }
    }
}

/// Begins a transaction that will write. On SQLite it takes the write lock at once: taking it later, after a read, fails without waiting
/// if another program has written meanwhile. On PostgreSQL it is a savepoint where the operation runs in a transaction already.
pub(super) async fn begin(connection: &mut AnyConnection, dialect: Dialect) -> Result<Transaction<'_, Any>, sqlx::Error> {
    match dialect {
        Dialect::Sqlite => connection.begin_with("begin immediate").await,
        Dialect::Postgres => connection.begin().await,
    }
}

/// Sets whether the next commits survive a power cut. After an error in between it may stay on: then commits are slower, and as good.
pub(super) async fn set_durability(
    connection: &mut AnyConnection,
    dialect: Dialect,
    is_durable: bool,
) -> Result<(), sqlx::Error> {
    match dialect.durability(is_durable) {
        Some(sql) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ()),
        None => Ok(()),
    }
}

/// One statement in both dialects.
pub(super) struct Sql {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

impl Sql {
    /// Makes a query of the statement, still without parameters.
    pub(super) fn query(&self, dialect: Dialect) -> OwnedQuery {
        sqlx::query(match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        })
    }
}

/// Makes a [`Sql`] of string literals and of these words for the parts that differ. Their JSON is always the parameter `$1`.
///
/// - `in_ids`, `in_names`: true if a number or a string is in a JSON array. PostgreSQL gets an array, for which it uses the
///   index; for a subquery it would read a small table as a whole.
/// - `json_values`: a table of the strings and numbers of a JSON array, as text in the column `value`.
/// - `json_rows`: a table of the objects in a JSON array, in the column `value`; a field is `value ->> 'name'`.
/// - `json_pairs`: a table of the keys and values of a JSON object, as text in the columns `key` and `value`.
/// - `collect_rows`, `end_rows`: stand around columns and make one JSON array of all rows, each an array, in no order. sqlx needs
///   6 µs for a row, so that a list of many small rows is read faster as one value.
/// - `collect_documents`, `with_document`, `end_documents`: the same around columns and a JSON document, which may be null. The
///   value is a sequence of pairs: the columns as an array, and the document as it is, not as a text within a text that would
///   have to be parsed twice.
/// - `full_text_field`: the field `full_text` of the JSON object in the column `doc`, as text.
/// - `skip_locked`: skips rows that another transaction has locked, and locks the others.
/// - `sqlite "…" or postgres "…"`: a statement without a common text.
macro_rules! sql {
    (sqlite $sqlite:literal or postgres $postgres:literal) => {
        $crate::store::sql::Sql { sqlite: $sqlite, postgres: $postgres }
    };
    ($($part:tt)+) => {
        $crate::store::sql::Sql {
            sqlite: concat!($($crate::store::sql::piece!(sqlite $part)),+),
            postgres: concat!($($crate::store::sql::piece!(postgres $part)),+),
        }
    };
}

#[rustfmt::skip]
macro_rules! piece {
    (sqlite in_ids) => { " in (select value from json_each($1)) " };
    (postgres in_ids) => { " = any(array(select cast(value as bigint) from json_array_elements_text(cast($1 as json)))) " };
    (sqlite in_names) => { " in (select value from json_each($1)) " };
    (postgres in_names) => { " = any(array(select value from json_array_elements_text(cast($1 as json)))) " };
    (sqlite json_values) => { " json_each($1) " };
    (postgres json_values) => { " json_array_elements_text(cast($1 as json)) as t(value) " };
    (sqlite json_rows) => { " json_each($1) " };
    (postgres json_rows) => { " json_array_elements(cast($1 as json)) as t(value) " };
    (sqlite json_pairs) => { " json_each($1) " };
    (postgres json_pairs) => { " json_each_text(cast($1 as json)) as t(key, value) " };
    (sqlite collect_rows) => { " json_group_array(json_array(" };
    (postgres collect_rows) => { " cast(json_agg(json_build_array(" };
    (sqlite end_rows) => { ")) " };
    (postgres end_rows) => { ")) as text) " };
    (sqlite collect_documents) => { " group_concat('[' || json_array(" };
    (postgres collect_documents) => { " string_agg('[' || cast(json_build_array(" };
    (sqlite with_document) => { ") || ',' || coalesce(" };
    (postgres with_document) => { ") as text) || ',' || coalesce(" };
    ($database:ident end_documents) => { ", 'null') || ']', '') " };
    (sqlite full_text_field) => { " doc ->> 'full_text' " };
    (postgres full_text_field) => { " cast(doc as json) ->> 'full_text' " };
    (sqlite skip_locked) => { "" };
    (postgres skip_locked) => { " for update skip locked " };
    ($database:ident $text:literal) => { $text };
}

pub(super) use {piece, sql};
