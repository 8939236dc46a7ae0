//! Statements for two databases. They differ in how JSON becomes rows and rows become JSON, how rows are
//! locked, and how the size is asked for; a statement names these, and the rest of its text is the same for both.

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// How a transaction begins that is going to write. On SQLite it asks for the one right to write at once: asking later,
    /// with something read before, fails without waiting when another program has written meanwhile.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "begin immediate",
            Self::Postgres => "begin",
        }
    }

    /// What is said to a new connection that works.
    pub(super) fn greeting(self) -> &'static str {
        match self {
            // NORMAL with a write-ahead log: a power cut can lose the last transactions, never tear one. The log may grow to
            // 32 MB before it is copied: a run writes the same pages of the indexes again and again. What a statement would
            // take back if it failed half-way is kept in memory: it is a megabyte at most, and SQLite would write it to a file
            // for every batch, with more system calls than all else in a run.
            Self::Sqlite => {
                "pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -8192; \
                 pragma wal_autocheckpoint = 8000; pragma temp_store = memory"
            }
            Self::Postgres => "set application_name = 'relais'",
        }
    }

    /// What is said to a new connection that only looks.
    pub(super) fn looking(self) -> &'static str {
        match self {
            Self::Sqlite => "pragma busy_timeout = 10000; pragma query_only = on",
            Self::Postgres => "set application_name = 'relais'; set default_transaction_read_only = on",
        }
    }
}

/// One statement, as each database takes it.
pub(super) struct Sql {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

impl Sql {
    /// The text for this database.
    pub(super) const fn of(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

/// Writes a [`Sql`] of string literals and of these words for what differs; the JSON is always the parameter `$1`:
///
/// - `items`: the strings and numbers of a JSON array, each as text in `value`;
/// - `rows`: the arrays within a JSON array, each in `value`, their parts as `value ->> 0`, `value ->> 1` …;
/// - `pairs`: the keys and values of a JSON object, in `key` and `value`, both as text;
/// - `in_keys`, `in_names`: whether a number or a string is one of a JSON array. PostgreSQL is given an array, for which it
///   goes to the index; for a subquery it would read a small table as a whole;
/// - `gather`, `gathered`: stand around columns and make one JSON array of all rows, each an array, in no order. A row costs
///   sqlx 6 µs, so that a list of many small ones is better had as one;
/// - `gather_docs`, `with_doc`, `docs_gathered`: the same around columns and then a JSON document, which may be null. It makes
///   one text of pairs, one after the other: the columns as an array, and the document as it stands, not as a text in a text
///   that would have to be read twice;
/// - `full_text`: that part of the column `doc`, a JSON object, as text;
/// - `lock`: passes over rows that another transaction has locked, and locks the others;
/// - `sqlite "…" or postgres "…"`: anything else.
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

macro_rules! piece {
    (sqlite in_keys) => {
        " in (select value from json_each($1)) "
    };
    (postgres in_keys) => {
        " = any(array(select cast(value as bigint) from json_array_elements_text(cast($1 as json)))) "
    };
    (sqlite in_names) => {
        " in (select value from json_each($1)) "
    };
    (postgres in_names) => {
        " = any(array(select value from json_array_elements_text(cast($1 as json)))) "
    };
    (sqlite gather) => {
        " json_group_array(json_array("
    };
    (postgres gather) => {
        " cast(json_agg(json_build_array("
    };
    (sqlite gathered) => {
        ")) "
    };
    (postgres gathered) => {
        ")) as text) "
    };
    (sqlite gather_docs) => {
        " group_concat('[' || json_array("
    };
    (postgres gather_docs) => {
        " string_agg('[' || cast(json_build_array("
    };
    (sqlite with_doc) => {
        ") || ',' || coalesce("
    };
    (postgres with_doc) => {
        ") as text) || ',' || coalesce("
    };
    (sqlite docs_gathered) => {
        ", 'null') || ']', '') "
    };
    (postgres docs_gathered) => {
        ", 'null') || ']', '') "
    };
    (sqlite items) => {
        " json_each($1) "
    };
    (postgres items) => {
        " json_array_elements_text(cast($1 as json)) as t(value) "
    };
    (sqlite rows) => {
        " json_each($1) "
    };
    (postgres rows) => {
        " json_array_elements(cast($1 as json)) as t(value) "
    };
    (sqlite pairs) => {
        " json_each($1) "
    };
    (postgres pairs) => {
        " json_each_text(cast($1 as json)) as t(key, value) "
    };
    (sqlite full_text) => {
        " doc ->> 'full_text' "
    };
    (postgres full_text) => {
        " cast(doc as json) ->> 'full_text' "
    };
    (sqlite lock) => {
        ""
    };
    (postgres lock) => {
        " for update skip locked "
    };
    ($database:ident $text:literal) => {
        $text
    };
}

pub(super) use {piece, sql};
